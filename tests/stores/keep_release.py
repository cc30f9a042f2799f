"""
Keeps what this code stores, as test data for all later releases (`tests.stores.released`).

    python -m tests.stores.keep_release tests/stores/data/0.1.0

Two daily runs and a run that a person started, over a fortieth of the simulated partner's sign-ins:
as a folder, and as the tables and blobs of an account in the storage emulator (with Node.js).
"""

from __future__ import annotations

import base64
import json
import lzma
import sys
import tarfile
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from shared.service.day_run import collect_owed, publish_owed
from shared.service.mail_now import mail_newest
from shared.stores.azure.medium import AzureMedium
from shared.stores.store import Store
from simulator.simulation import Simulation, open_simulated
from tests.azurite import running_azurite
from tests.delivery.mail.mail_sink import MailSink
from tests.stores.released import BLOBS_VERSION, ENDINGS, LAST_RUN, service_over

if TYPE_CHECKING:
    from collections.abc import Mapping

DAYS = (LAST_RUN - timedelta(days=1), LAST_RUN)


def run(simulation: Simulation, folder: Path, store: Store | None) -> None:
    """Two daily runs, each with its mail, over a store or the one in a folder."""
    with MailSink() as sink:
        mail = {"MAILER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(sink.port)}
        for now in DAYS:
            sender = {"REPORT_SENDER": "mfa@contoso.example"}
            service, _ = service_over(store, simulation, folder, now, **mail, **sender)
            daily = service.partner.daily
            collect_owed(daily, now.date(), lambda *_: None)
            publish_owed(daily, now.date(), lambda *_: None)
            mail_newest(service)


def keep_folder(simulation: Simulation, kept: Path) -> None:
    """A store and an outbox as folders."""
    with TemporaryDirectory() as name, tarfile.open(kept / "folder.tar.xz", "w:xz") as archive:
        run(simulation, Path(name), None)
        for part in sorted(Path(name).iterdir()):
            archive.add(part, part.name)


def keep_account(simulation: Simulation, kept: Path) -> None:
    """The same as an account's tables and blobs."""
    with TemporaryDirectory() as name, running_azurite() as server:
        store = Store(AzureMedium.in_emulator(server.connection_string))
        run(simulation, Path(name), store)
        store.close()
        account = {"tables": _tables(server), "blobs": _blobs(server)}
    text = json.dumps(account, sort_keys=True)  # raises for a type that JSON has not
    (kept / "account.json.xz").write_bytes(lzma.compress(text.encode()))


def _tables(server: Any) -> dict[str, list[Mapping[str, Any]]]:
    from azure.data.tables import TableServiceClient

    with TableServiceClient.from_connection_string(server.connection_string) as tables:
        return {
            table.name: [
                {name: _written(value) for name, value in row.items()}
                for row in tables.get_table_client(table.name).list_entities()
            ]
            for table in tables.list_tables()
        }


def _written(value: Any) -> Any:
    """A value of a table as JSON that `released.read_value` reads: dates and long numbers too."""
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, tuple):  # an EntityProperty
        return {"edm": [value[0], str(value[1].value)]}
    return value


def _blobs(server: Any) -> dict[str, dict[str, Any]]:
    from azure.storage.blob import BlobServiceClient

    found = {}
    with BlobServiceClient.from_connection_string(
        server.connection_string, api_version=BLOBS_VERSION
    ) as blobs:
        for container in blobs.list_containers():
            client = blobs.get_container_client(container.name)
            for blob in client.list_blobs(include=["metadata"]):
                found[f"{container.name}/{blob.name}"] = {
                    "content": base64.b64encode(client.download_blob(blob.name).readall()).decode(),
                    "metadata": blob.metadata or {},
                    "type": blob.content_settings.content_type,
                }
    return found


def main() -> None:
    """Keep both."""
    kept = Path(sys.argv[1])
    kept.mkdir(parents=True)
    with open_simulated(ENDINGS[-1]) as simulation:
        keep_folder(simulation, kept)
        keep_account(simulation, kept)


if __name__ == "__main__":
    main()
