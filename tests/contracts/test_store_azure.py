"""What only a storage account can do, and how it can fail."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.cli.loopback import LoopbackServer
from shared.errors import BadSettingError, StoreError
from shared.stores import open_store
from shared.stores.azure.account import StorageAccount
from shared.stores.azure.medium import AzureMedium
from shared.stores.medium import RowId
from shared.stores.store import Store
from simulator.graph.api import GraphResponse
from tests.azurite import EmulatorCredential
from tests.clock import real_now
from tests.contracts.store_backends import faulty_transport
from tests.contracts.store_examples import (
    DAY,
    FILES,
    OTHER,
    TENANT,
    everything,
    metrics_row,
    save_new_report,
    save_old_report,
    save_old_slice,
)

ROOT = Path(__file__).parents[2]
NO_ACCOUNT = "Setting STORAGE_ACCOUNT_NAME is not set; expected an account for STORE=azure."
KEY = "c2VjcmV0LXNlY3JldA=="


def test_the_sdk_logs_no_request_whatever_opened_first(emulated, caplog) -> None:
    """Before, a page logged 93 lines until the first Graph client silenced them."""
    logging.getLogger("azure").setLevel(logging.NOTSET)
    caplog.set_level(logging.INFO)

    with closing(emulated.open()) as store:
        save_new_report(store)
        store.report_file(TENANT, DAY, "report.json")

    assert [record.name for record in caplog.records if record.name.startswith("azure")] == []


class Downloads:
    """A client that has a URL and nothing else."""

    def __init__(self, certificate):
        self._trust = ssl.create_default_context(cafile=certificate)

    def get(self, url, method="GET"):
        request = urllib.request.Request(url, method=method)
        if method == "PUT":
            request.data = b"forged"
            request.add_header("x-ms-blob-type", "BlockBlob")
        with urllib.request.urlopen(request, context=self._trust) as response:
            return response.headers, response.read()

    def is_refused(self, url, method="GET"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.get(url, method)
        with caught.value:
            return caught.value.code == 403


@pytest.fixture
def downloads(secured_azurite):
    return Downloads(secured_azurite.certificate)


@pytest.mark.azurite
def test_a_url_signed_with_our_identity_gives_one_csv_file_and_nothing_else(identified, downloads):
    store = identified.open()
    files = {**FILES, "accounts.csv": b"ObjectId\r\n"}
    store.save_report(metrics_row(), files)

    url = store.report_url(TENANT, DAY, "all-api-requests.csv", real_now())

    headers, content = downloads.get(url)
    assert content == FILES["all-api-requests.csv"]
    assert headers["Content-Disposition"] == 'attachment; filename="all-api-requests.csv"'
    assert headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert headers["Cache-Control"] == "private, no-store"
    assert downloads.is_refused(url.replace("all-api-requests.csv?", "accounts.csv?"))
    assert downloads.is_refused(url.replace("sp=r", "sp=rw"))
    assert downloads.is_refused(url, "PUT")
    assert downloads.is_refused(url, "DELETE")
    assert "spr=https&" in url
    assert "sr=b&" in url


@pytest.mark.azurite
def test_a_signed_url_is_valid_for_minutes(identified, downloads):
    store = identified.open()
    save_old_report(store)

    long_ago = datetime(2026, 11, 24, 1, tzinfo=UTC)
    url = store.report_url(TENANT, DAY, "all-api-requests.csv", long_ago)

    assert "st=2026-11-24T00%3A55%3A00Z&se=2026-11-24T01%3A10%3A00Z&" in url
    assert downloads.is_refused(url)


@pytest.mark.azurite
def test_only_csv_files_that_exist_get_a_url_and_only_with_an_identity(identified, emulated):
    store, now = identified.open(), real_now()
    save_old_report(store)
    save_old_report(emulated.open())

    assert store.report_url(TENANT, DAY, "report.html", now) is None
    assert store.report_url(TENANT, DAY, "customers.csv", now) is None
    assert store.report_url(OTHER, DAY, "all-api-requests.csv", now) is None
    assert emulated.open().report_url(TENANT, DAY, "all-api-requests.csv", now) is None


@pytest.mark.azurite
def test_rows_of_reports_can_be_queried_by_day_and_come_newest_first(emulated, azurite):
    from azure.data.tables import TableServiceClient

    store = emulated.open()
    days = [DAY.replace(day=day) for day in (21, 23, 22)]
    for day in days:
        store.save_report(metrics_row(day), {})

    name = f"{emulated._prefix}publications"  # noqa: SLF001
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        table = service.get_table_client(name)
        found = list(table.query_entities("Day ge '2026-11-22'"))
    assert [entity["Day"] for entity in found] == ["2026-11-23", "2026-11-22"]
    assert found[0]["ApiShare"] == 1.0
    assert found[0]["AccountsEnforced"] == 90
    assert "PortalShare" not in found[0]


@pytest.mark.azurite
def test_a_blob_has_its_media_type_and_digest(emulated, azurite):
    from azure.storage.blob import BlobServiceClient

    store = emulated.open()
    save_old_report(store)
    save_old_slice(store)

    with BlobServiceClient.from_connection_string(
        azurite.connection_string, api_version="2026-06-06"
    ) as service:
        blobs: dict[str, Any] = {}
        for container in ("reports", "rollups"):
            client = service.get_container_client(f"{emulated._prefix}{container}")  # noqa: SLF001
            blobs |= {b.name.split("/")[-1]: b for b in client.list_blobs(include=["metadata"])}
    csv = blobs["all-api-requests.csv"]
    assert csv.content_settings.content_type.startswith("text/csv")
    assert csv.content_settings.cache_control == "private, no-cache"
    page = blobs["report.html"]
    assert page.content_settings.content_type == "text/html; charset=utf-8"
    etag = store.report_file(TENANT, DAY, "report.html").etag
    assert page.metadata == {"digest": etag.strip('"')}
    assert len(blobs) == 4


@pytest.mark.azurite
def test_the_file_behind_a_link_does_not_change_while_it_is_read(emulated):
    store = emulated.open()
    save_old_report(store)
    old = {name for name in everything(store) if "report.json" in name}
    save_new_report(store)

    assert old.isdisjoint(everything(store))


@pytest.mark.azurite
def test_a_claim_whose_response_was_lost_is_still_ours(emulated):
    emulated.open().claim("creates the table")
    lossy = faulty_transport(1, verify=True, response_is_lost=True)

    assert emulated.open(transport=lossy, retry_total=0).claim("mail")
    assert not emulated.open().claim("mail")


@pytest.mark.azurite
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_slice_whose_response_was_lost_can_be_saved_again(emulated, step):
    lossy = faulty_transport(step, verify=True, response_is_lost=True)
    store = emulated.open(transport=lossy, retry_total=0)

    with pytest.raises(StoreError, match="connection was closed"):
        save_old_slice(store)
    save_old_slice(store)
    save_old_slice(emulated.fresh().open())
    assert len(store.ledger(TENANT, DAY)) == 1


@pytest.mark.azurite
@pytest.mark.filterwarnings("ignore:Testing an element's truth value")  # in Azure's SDK
def test_the_error_for_an_identity_without_a_role_names_the_role(secured_azurite):
    options = {"connection_verify": str(secured_azurite.certificate), "retry_total": 0}
    credential = EmulatorCredential(audience="https://graph.microsoft.com")
    store = Store(AzureMedium.in_account(secured_azurite.account, credential, options=options))

    with pytest.raises(StoreError, match=r"refused; .* role Storage Table Data Contributor"):
        store.ledger(TENANT, DAY)
    with pytest.raises(StoreError, match=r"refused; .* role Storage Blob Data Contributor"):
        save_old_slice_blob(store)
    store.close()


def save_old_slice_blob(store):
    store._medium.write("rollups/x", b"")  # noqa: SLF001


@pytest.mark.azurite
def test_a_refusal_of_the_service_contains_its_error_code(emulated):
    medium = emulated.open()._medium  # noqa: SLF001
    too_long = {"Name": "x" * 100_000}

    with pytest.raises(StoreError, match=r"written in Azure Storage: status 400, PropertyValueToo"):
        medium.put_row(RowId("tenants", "", "contoso"), too_long, over=None)


def connection(account="devstoreaccount1", blobs="http://127.0.0.1:1/a", tables=None, key=KEY):
    """A connection string without the parts that are empty."""
    given = {
        "AccountName": account,
        "AccountKey": key,
        "BlobEndpoint": blobs,
        "TableEndpoint": blobs if tables is None else tables,
    }
    return ";".join(f"{name}={value}" for name, value in given.items() if value)


def test_an_account_that_does_not_respond_is_reported_in_one_sentence():
    store = Store(AzureMedium.in_emulator(connection(), options={"retry_total": 0}))

    with pytest.raises(
        StoreError, match=r"^Table ledger cannot be read in Azure Storage: "
    ) as caught:
        store.ledger(TENANT, DAY)
    assert KEY not in str(caught.value)
    store.close()


def test_a_refusal_by_a_proxy_is_reported_in_one_sentence():
    """The SDK raises `TypeError` for an error in XML that has no message."""
    page = GraphResponse(503, b"<html/>", {"Content-Type": "application/xml"})
    with LoopbackServer(lambda _: page, lambda *_: page) as server:
        text = connection(blobs=f"{server.url}/a")
        medium = AzureMedium.in_emulator(text, options={"retry_total": 0})
        with pytest.raises(StoreError, match=r"^rollups/ cannot be listed .* status 503, "):
            medium.paths("rollups/")
        medium.close()


@pytest.mark.parametrize(
    "text",
    [
        f"{connection('contoso', '')};EndpointSuffix=core.windows.net",
        connection("contoso", "https://contoso.blob.core.windows.net"),
        connection("contoso", tables="https://contoso.table.core.windows.net"),
        connection(blobs=""),
        connection(tables=""),
        connection(key=""),
        f"BlobEndpoint=https://contoso.blob.core.windows.net;SharedAccessSignature={KEY}",
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://contoso.example",
        "BlobEndpoint=http://[1;TableEndpoint=",
        "nonsense",
    ],
)
def test_a_key_of_a_real_account_is_refused_and_not_repeated(text):
    with pytest.raises(
        BadSettingError, match=r"^Setting STORAGE_CONNECTION_STRING .* emulator"
    ) as caught:
        open_store("azure", connection_string=text)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "UseDevelopmentStorage=true",
        "usedevelopmentstorage=TRUE;",
        connection(blobs="http://azurite:10000/a", tables="http://azurite:10002/a"),
        connection("mine", "http://localhost:1/mine", "http://127.0.0.1:2/mine"),
    ],
)
def test_the_emulator_is_accepted_on_any_host(text):
    open_store("azure", connection_string=text).close()


@pytest.mark.parametrize("name", ["", "a", "Contoso", "contoso.evil.example/", "contoso#"])
def test_an_account_name_cannot_send_our_token_elsewhere(name):
    with pytest.raises(BadSettingError, match="STORAGE_ACCOUNT_NAME"):
        open_store("azure", account_name=name, credential=EmulatorCredential())


def test_every_cloud_has_its_own_urls():
    assert StorageAccount.in_cloud("contoso", "core.chinacloudapi.cn") == (
        "contoso",
        "https://contoso.table.core.chinacloudapi.cn",
        "https://contoso.blob.core.chinacloudapi.cn",
    )


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        ("local", {}, "Setting STORE_FOLDER is not set; expected a folder for STORE=local."),
        ("azure", {"account_name": "contoso"}, NO_ACCOUNT),
        ("azure", {}, NO_ACCOUNT),
        ("S3", {}, "Setting STORE is 'S3'; expected azure or local."),
    ],
)
def test_a_store_that_cannot_be_opened_names_the_setting(kind, given, sentence):
    with pytest.raises(BadSettingError, match=sentence.replace(".", r"\.")):
        open_store(kind, **given)


def test_opening_a_local_store_creates_nothing(tmp_path):
    store = open_store("local", folder=tmp_path / "store")
    store.close()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_loads_no_azure_modules(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom shared.stores import open_store\n"
        "open_store('local', folder=Path(sys.argv[1])).tenants()\n"
        "print(*(name for name in sys.modules if name.startswith('azure')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
