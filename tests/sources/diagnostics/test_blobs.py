"""What the account of the logs answers, and how that is reported."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport

from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.sources.diagnostics.account import LogAccount
from shared.sources.diagnostics.blobs import AccountLogs
from tests.azurite import EmulatorCredential, running_azurite
from tests.sources.diagnostics.diagnostic_doubles import nobody

CONTAINER = "insights-logs-signinlogs"
NAME = "tenantId=x/y=2026/m=11/d=20/h=09/m=00/PT1H.json"
SECRET = "eyJ-secret"
QUICK = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}


@pytest.fixture(scope="module")
def secured():
    with running_azurite(https=True) as server:
        yield server


@pytest.fixture
def filled(secured):
    """The emulator's account, reached by https as a real one is, with one blob of ten bytes."""
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient(
        secured.blobs_url,
        EmulatorCredential(),
        connection_verify=str(secured.certificate),
        api_version="2026-06-06",
    ) as service:
        container = service.get_container_client(CONTAINER)
        if not container.exists():
            container.create_container()
        blob = container.get_blob_client(NAME)
        blob.create_append_blob()
        blob.append_block(b"0123456789")
    return LogAccount(secured.blobs_url, is_emulator=False)


def opened(account, secured, credential=EmulatorCredential, transport=None, **options):
    options |= {"connection_verify": str(secured.certificate)} | QUICK
    if transport:
        options |= {"transport": transport}
    return AccountLogs.open(account, credential, options)


class Failing(RequestsTransport):  # type: ignore[misc]  # comes without types
    """Lets a number of requests fail on the way before they get through."""

    def __init__(self, failures, certificate):
        super().__init__(connection_verify=str(certificate))
        self.failures = failures

    def send(self, request, **options):
        from azure.core.exceptions import ServiceResponseError

        if self.failures:
            self.failures -= 1
            raise ServiceResponseError("the connection was closed")
        return super().send(request, **options)


@pytest.mark.azurite
def test_an_account_is_listed_and_read_in_ranges_by_identity(filled, secured) -> None:
    logs = opened(filled, secured)

    assert logs.folders(CONTAINER, "") == ["tenantId=x/"]
    assert logs.folders(CONTAINER, "tenantId=x/") == ["tenantId=x/y=2026/"]
    [blob] = logs.blobs(CONTAINER, "tenantId=x/y=2026/m=11/")
    assert (blob.name, blob.size_bytes) == (NAME, 10)
    assert logs.read(CONTAINER, NAME, 3, 4) == b"3456"
    logs.close()


@pytest.mark.azurite
def test_a_container_that_is_not_there_has_no_folders(filled, secured) -> None:
    logs = opened(filled, secured)

    assert logs.folders("insights-logs-unheardof", "") == []
    logs.close()


@pytest.mark.azurite
def test_passing_faults_are_retried(filled, secured) -> None:
    logs = opened(filled, secured, transport=Failing(3, secured.certificate))

    assert logs.read(CONTAINER, NAME, 0, 10) == b"0123456789"
    logs.close()


@pytest.mark.azurite
def test_lasting_faults_are_named_and_left_to_a_later_attempt(filled, secured) -> None:
    logs = opened(filled, secured, transport=Failing(99, secured.certificate))

    with pytest.raises(SourceIncompleteError, match=f"{NAME} cannot be read .the connection was"):
        logs.read(CONTAINER, NAME, 0, 10)
    logs.close()


@pytest.mark.azurite
def test_a_blob_that_was_removed_or_replaced_is_left_to_a_later_attempt(filled, secured) -> None:
    logs = opened(filled, secured)

    with pytest.raises(SourceIncompleteError, match="404 BlobNotFound"):
        logs.read(CONTAINER, f"{NAME}.gone", 0, 10)
    with pytest.raises(SourceIncompleteError, match=r"shorter|416 InvalidRange"):
        logs.read(CONTAINER, NAME, 5, 10)
    logs.close()


@pytest.mark.azurite
@pytest.mark.filterwarnings("ignore:Testing an element's truth value")  # in Azure's SDK
def test_an_app_without_the_role_learns_which_one_it_needs(filled, secured) -> None:
    logs = opened(filled, secured, lambda: EmulatorCredential("https://graph.microsoft.com"))

    for ask in (
        lambda: logs.folders(CONTAINER, ""),
        lambda: list(logs.blobs(CONTAINER, "")),
        lambda: logs.read(CONTAINER, NAME, 0, 10),
    ):
        with pytest.raises(SourceDeniedError, match=r"40[13] .* role Storage Blob Data Reader on"):
            ask()
    logs.close()


@pytest.fixture
def refusing():
    """An account in the emulator's place that answers with one status and error code."""

    class Handler(BaseHTTPRequestHandler):
        answer = (403, "AuthorizationPermissionMismatch")

        def do_GET(self):
            status, code = self.answer
            body = f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode()
            self.send_response(status)
            self.send_header("x-ms-error-code", code)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        account = LogAccount(
            f"http://127.0.0.1:{server.server_port}/devstoreaccount1", is_emulator=True
        )
        logs = AccountLogs.open(account, nobody, {"retry_total": 0})
        yield Handler, logs
        logs.close()
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("code", ["AuthorizationPermissionMismatch", "AuthorizationFailure"])
def test_a_refusal_names_the_role_and_repeats_nothing_else(refusing, code) -> None:
    handler, logs = refusing
    handler.answer = (403, code)

    for ask in (
        lambda: logs.folders(CONTAINER, ""),
        lambda: list(logs.blobs(CONTAINER, "")),
        lambda: logs.read(CONTAINER, NAME, 0, 10),
    ):
        with pytest.raises(SourceDeniedError) as raised:
            ask()
        assert f"(403 {code}): give the app's identity the role Storage Blob Data Reader" in str(
            raised.value
        )
        assert SECRET not in str(raised.value)


def test_a_busy_service_is_left_to_a_later_attempt(refusing) -> None:
    handler, logs = refusing
    handler.answer = (503, "ServerBusy")

    with pytest.raises(SourceIncompleteError, match=r"cannot be listed \(503 ServerBusy\)\.$"):
        logs.folders(CONTAINER, "")


class NoToken:
    """A credential without a token."""

    def __init__(self, error):
        self._error = error

    def get_token(self, *_, **__):
        raise self._error

    def __call__(self):
        return self


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        (f"AADSTS700016: {SECRET}", SourceDeniedError, r"No token .*\(AADSTS700016\).* `az login`"),
        (
            "DefaultAzureCredential failed to retrieve a token from the included credentials.",
            SourceDeniedError,
            "no login found",
        ),
        (f"the metadata service: {SECRET}", SourceIncompleteError, "no token for storage"),
    ],
)
def test_without_a_token_the_error_says_what_is_missing_and_no_more(text, error, sentence) -> None:
    account = LogAccount("https://contoso.blob.core.windows.net", is_emulator=False)
    logs = AccountLogs.open(account, NoToken(ClientAuthenticationError(text)), {"retry_total": 0})

    with pytest.raises(error, match=sentence) as raised:
        logs.folders(CONTAINER, "")
    assert SECRET not in str(raised.value)
    logs.close()


def test_an_unreachable_account_is_one_sentence_that_names_the_setting() -> None:
    account = LogAccount("https://127.0.0.1:1", is_emulator=False)
    token = AccessToken(SECRET, 2**31)
    credential = type("Given", (), {"get_token": lambda *_, **__: token})
    logs = AccountLogs.open(account, credential, {"retry_total": 0})

    with pytest.raises(
        SourceIncompleteError, match=r"^127.0.0.1:1, the account of DIAGNOSTICS_ACCOUNT_URL: "
    ) as raised:
        logs.folders(CONTAINER, "")
    assert SECRET not in str(raised.value)
    logs.close()
