"""Graph over real HTTP: the SDK's adapter against a loopback server."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from shared.endpoints import Cloud, Endpoint, make_endpoint
from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.http_client import LONGEST_ANSWER
from shared.identity import GraphClient, Login, open_credential, open_graph
from shared.sources.graph.reader import GraphReader
from shared.sources.pacing import Budget, Pacer
from simulator.graph.api import GraphResponse
from simulator.graph.faults import cut, drip, hang, refuse, reset, swell
from simulator.graph.server import GraphServer
from simulator.graph.sign_ins import LogBehaviour
from simulator.simulation import TOKEN, make_graph
from tests.sources.graph.graph_doubles import partner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.graph.api import Fault, SimulatedGraph

SIGN_INS = "/beta/auditLogs/signIns"


@contextmanager
def served(
    faults: dict[int, Fault] | None = None, *, page_rows: int = 3
) -> Iterator[tuple[GraphClient, SimulatedGraph]]:
    site, _, _ = make_graph(partner(), LogBehaviour(page_rows=page_rows), faults=faults)
    with GraphServer(site) as server:
        endpoint = make_endpoint("GRAPH_ENDPOINT", server.url, TOKEN)
        with open_graph(endpoint, Login()) as graph:
            yield graph, site


def test_status_headers_and_body_come_as_graph_sent_them() -> None:
    with served() as (graph, _):
        answer = graph.get(f"{graph.url}{SIGN_INS}", headers={"Prefer": "x"})

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert len(json.loads(answer.body)["value"]) == 3


@pytest.mark.parametrize("status", [302, 400, 401, 403, 410, 429, 500, 503, 504])
def test_no_status_is_retried_followed_or_turned_into_an_error(status: int) -> None:
    fault = refuse(status, "Code", location="http://127.0.0.1:9/", retry_after="1")
    with served({1: fault}) as (graph, site):
        answer = graph.get(f"{graph.url}{SIGN_INS}")

    assert answer.status == status
    assert json.loads(answer.body)["error"]["code"] == "Code"
    assert answer.headers["retry-after"] == "1"
    assert len(site.requests) == 1


def test_a_next_link_arrives_exactly_as_it_was_given() -> None:
    with served() as (graph, site):
        page = graph.get(f"{graph.url}{SIGN_INS}?$filter=createdDateTime%20ge%202026-11-20")
        link = json.loads(page.body)["@odata.nextLink"]
        following = graph.get(link)

    assert graph.url + site.requests[1].request.target == link
    assert following.status == 200


@pytest.mark.parametrize(
    "query",
    [
        "$filter=appId%20eq%20'a%2Bb'%20or%20(x)",
        "%24skiptoken=A%3D%3D",  # the SDK would decode the name
        "$skiptoken=/users/me-token-to-replace",  # and replace this by "me"
        "$skiptoken=a+b%2fc_~-.!*",
    ],
)
def test_queries_are_sent_unchanged(query: str) -> None:
    with served() as (graph, site):
        graph.get(f"{graph.url}{SIGN_INS}?{query}")

    assert site.requests[0].request.target == f"{SIGN_INS}?{query}"


@pytest.mark.parametrize("fault", [reset, cut(0.0), cut(0.5)], ids=["reset", "nothing", "half"])
def test_a_broken_connection_is_a_connection_error_and_the_next_request_works(fault: Fault) -> None:
    with served({1: fault}) as (graph, _):
        with pytest.raises(ConnectionError):
            graph.get(f"{graph.url}{SIGN_INS}")

        assert graph.get(f"{graph.url}{SIGN_INS}").status == 200


def test_nobody_there_is_a_connection_error() -> None:
    with served() as (graph, _):
        url = graph.url
    endpoint = make_endpoint("GRAPH_ENDPOINT", url, TOKEN)

    with open_graph(endpoint, Login()) as gone, pytest.raises(ConnectionError):
        gone.get(f"{url}{SIGN_INS}")


def test_an_answer_that_does_not_come_is_a_timeout() -> None:
    with served({2: hang}) as (graph, _):
        graph.get(f"{graph.url}{SIGN_INS}")  # opens the connection
        with pytest.raises(TimeoutError):
            graph.get(f"{graph.url}{SIGN_INS}", timeout_seconds=0.5)  # time enough to be sent

        assert graph.get(f"{graph.url}{SIGN_INS}").status == 200


def test_an_answer_that_drips_is_a_timeout_although_something_always_comes() -> None:
    with served({1: drip}) as (graph, _):
        with pytest.raises(TimeoutError):
            graph.get(f"{graph.url}{SIGN_INS}", timeout_seconds=0.2)

        assert graph.get(f"{graph.url}{SIGN_INS}").status == 200


def test_an_answer_that_is_compressed_is_inflated() -> None:
    def compressed(request, respond):
        response = respond(request)
        headers = {**response.headers, "Content-Encoding": "gzip"}
        return replace(response, body=gzip.compress(response.body), headers=headers)

    with served({1: compressed}) as (graph, site):
        first, second = (graph.get(f"{graph.url}{SIGN_INS}?$top=3") for _ in range(2))

    assert json.loads(first.body)["value"] == json.loads(second.body)["value"]
    assert site.requests[0].request.headers["accept-encoding"] == "gzip"


def test_an_answer_that_swells_is_not_inflated_to_its_end() -> None:
    with served({1: swell(LONGEST_ANSWER + 1)}) as (graph, _):
        tracemalloc.start()
        with pytest.raises(ConnectionError, match="inflates to more than 67,108,864 bytes"):
            graph.get(f"{graph.url}{SIGN_INS}")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 2.5 * LONGEST_ANSWER
        assert graph.get(f"{graph.url}{SIGN_INS}").status == 200


def test_an_answer_that_is_too_long_is_not_read_to_its_end(monkeypatch) -> None:
    monkeypatch.setattr("shared.http_client.LONGEST_ANSWER", 1000)
    with served() as (graph, _), pytest.raises(ConnectionError, match="longer than 1,000 bytes"):
        graph.get(f"{graph.url}{SIGN_INS}")


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("br", b"{}", "it is encoded as 'br'"),
        ("gzip", gzip.compress(b"{}")[:-4], "it is truncated"),
        ("gzip", b"{}", "incorrect header check"),
    ],
    ids=["another encoding", "truncated", "no gzip"],
)
def test_an_answer_that_cannot_be_inflated_is_a_connection_error(encoding, body, reason) -> None:
    def fault(*_):
        return GraphResponse(200, body, {"Content-Encoding": encoding})

    with served({1: fault}) as (graph, _), pytest.raises(ConnectionError, match=reason):
        graph.get(f"{graph.url}{SIGN_INS}")


def test_what_graph_sends_too_much_of_is_tried_again_and_then_given_up() -> None:
    """Every error of the way ends as one that the ledger knows."""
    with served(dict.fromkeys(range(1, 9), swell(LONGEST_ANSWER + 1))) as (graph, site):
        budget = Budget(pause=lambda _: None)
        reader = GraphReader(graph, "AuditLog.Read.All", Pacer.unlimited(), budget, tries=2)
        with pytest.raises(SourceIncompleteError, match=r"2 times in a row.*cannot be used"):
            reader.read(f"{graph.url}{SIGN_INS}", bytes)

    assert len(site.requests) == 2


def test_a_post_carries_json_and_the_token() -> None:
    mail = {"message": {"toRecipients": [{}], "body": {"content": "x"}}}
    with served() as (graph, site):
        answer = graph.post(f"{graph.url}/v1.0/users/me/sendMail", json.dumps(mail).encode())

    assert answer.status == 202
    assert site.requests[0].request.headers["content-type"] == "application/json"
    assert json.loads(site.requests[0].request.body) == mail


def test_no_token_leaves_for_another_host() -> None:
    with served() as (graph, _), served() as (other, site):
        with pytest.raises(SourceIncompleteError, match="token"):
            graph.get(f"{other.url}{SIGN_INS}")

        assert site.requests == []


def test_no_proxy_is_used_for_a_loopback_host(monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.example:3128")

    with served() as (graph, _):
        assert graph.get(f"{graph.url}{SIGN_INS}").status == 200


# Credentials


class FakeCredential:
    """A stand-in for azure.identity's credentials."""

    def __init__(self, token: str | Exception) -> None:
        self.token = token
        self.asked: list[tuple[Any, ...]] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append((scopes, options))
        if isinstance(self.token, Exception):
            raise self.token
        return AccessToken(self.token, 2**31)


@contextmanager
def signed_in(*credentials: FakeCredential, login: Login | None = None) -> Iterator[Any]:
    """A loopback Graph with a credential, which the settings never allow."""
    site, _, _ = make_graph(partner())
    site.tokens = {"good"}
    made = iter(credentials)
    with GraphServer(site) as server:
        endpoint = Endpoint(server.url, token=None)
        with open_graph(endpoint, login or Login(), lambda: next(made)) as graph:
            yield graph, site


def test_a_token_for_this_host_and_tenant_is_requested_before_each_request() -> None:
    credential = FakeCredential("good")
    with signed_in(credential, login=Login(tenant_id="tenant")) as (graph, _):
        graph.get(f"{graph.url}{SIGN_INS}")
        graph.get(f"{graph.url}{SIGN_INS}")

    scopes, options = credential.asked[0]
    assert scopes == (f"{graph.url}/.default",)
    assert options["tenant_id"] == "tenant"
    assert len(credential.asked) == 2


def test_a_renewed_token_comes_from_a_new_credential() -> None:
    with signed_in(FakeCredential("stale"), FakeCredential("good")) as (graph, _):
        refused = graph.get(f"{graph.url}{SIGN_INS}")
        graph.renew_token()
        taken = graph.get(f"{graph.url}{SIGN_INS}")

    assert (refused.status, taken.status) == (401, 200)


def jwt(**claims):
    parts = ({"alg": "none"}, claims)
    made = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*made, "x"])


@pytest.mark.parametrize(
    ("token", "roles"),
    [
        (jwt(idtyp="app", roles=["AuditLog.Read.All", "User.Read.All"]), 2),
        (jwt(oid="a", sub="a", appid="b", roles=["User.Read.All"]), 1),
        (jwt(idtyp="app", roles=[]), 0),
        (jwt(idtyp="user", scp="AuditLog.Read.All", roles=["Report.Read"]), None),
        (jwt(idtyp="app"), None),
        ("good", None),
    ],
)
def test_the_granted_permissions_are_those_that_the_apps_own_token_names(token, roles) -> None:
    with signed_in(FakeCredential(token)) as (graph, _):
        granted = graph.granted_roles()

    assert granted is None if roles is None else len(granted) == roles


def test_the_granted_permissions_are_unknown_without_a_token(caplog) -> None:
    error = ClientAuthenticationError("AADSTS700016: app of adele@x not found")
    with signed_in(FakeCredential(error)) as (graph, _):
        assert graph.granted_roles() is None

    assert "ClientAuthenticationError" in caplog.text
    assert "adele" not in caplog.text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClientAuthenticationError("AADSTS700016: app of adele@x not found"), "AADSTS700016"),
        (CredentialUnavailableError("adele is not logged in"), "no login found"),
    ],
)
def test_no_login_is_a_denial_that_names_nobody(error: Exception, expected: str) -> None:
    with (
        signed_in(FakeCredential(error)) as (graph, _),
        pytest.raises(SourceDeniedError, match=expected) as caught,
    ):
        graph.get(f"{graph.url}{SIGN_INS}")

    assert "adele" not in str(caught.value)
    assert "az login" in str(caught.value)


@pytest.mark.parametrize("error", [ServiceRequestError("x"), ClientAuthenticationError("x")])
def test_a_token_service_that_cannot_be_reached_is_a_connection_error(error: Exception) -> None:
    with signed_in(FakeCredential(error)) as (graph, _), pytest.raises(ConnectionError):
        graph.get(f"{graph.url}{SIGN_INS}")


def test_the_credential_is_the_managed_identity_in_azure_and_a_users_login_elsewhere() -> None:
    managed = open_credential(
        Login(is_managed=True, client_id="00000000-0000-0000-0000-000000000001")
    )
    developer = open_credential(Login(cloud=Cloud.USGOV, tenant_id="tenant"))
    browser = open_credential(Login(cloud=Cloud.USGOV, tenant_id="tenant", uses_browser=True))

    assert type(managed).__name__ == "ManagedIdentityCredential"
    assert type(developer).__name__ == "DefaultAzureCredential"
    assert type(browser).__name__ == "InteractiveBrowserCredential"


def test_importing_it_loads_neither_the_sdk_nor_azure() -> None:
    program = (
        "import sys, shared.identity;"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('azure', 'msgraph', 'msgraph_core', 'httpx', 'kiota_http')])"
    )

    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert output.stdout.strip() == b"[]"
