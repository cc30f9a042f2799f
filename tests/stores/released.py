"""
What releases have stored, kept as test data for all later ones.

`tests/stores/data/2026-11-29` is what the code before the first release (commit 62eed59) left after
two daily runs and a run that a person started, over a fortieth of the simulated partner's sign-ins:
as a folder, and as the tables and blobs of an account. Rows had neither a format nor a digest.
Later folders are named after their release; `tests.stores.keep_release` made them.
"""

from __future__ import annotations

import base64
import json
import lzma
import tarfile
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.service.composition import Service
from shared.settings import Settings
from shared.sources.graph.session import ThrottleLimits
from simulator.tenants.partner import TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.coverage import LogKinds
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources import SignInSource
    from shared.stores.store import Store
    from simulator.simulation import Simulation

RELEASES = sorted(path for path in Path(__file__).with_name("data").iterdir() if path.is_dir())
ENDINGS = (date(2026, 11, 22), date(2026, 11, 23))  #: of the reports in the data
LAST_RUN = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
RECIPIENT = "security@contoso.example"
_ONE_OF = 40
BLOBS_VERSION = "2026-06-06"  #: that the emulator supports


def unpack(release: Path, folder: Path) -> None:
    """A store and an outbox as folders."""
    with tarfile.open(release / "folder.tar.xz") as archive:
        archive.extractall(folder, filter="data")


def upload(release: Path, connection_string: str) -> None:
    """The same in the emulator."""
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient, ContentSettings

    account = json.loads(lzma.decompress((release / "account.json.xz").read_bytes()))
    tables = TableServiceClient.from_connection_string(connection_string)
    for name, rows in account["tables"].items():
        table = tables.create_table_if_not_exists(name)
        for row in rows:
            table.create_entity({name: read_value(value) for name, value in row.items()})
    blobs = BlobServiceClient.from_connection_string(connection_string, api_version=BLOBS_VERSION)
    for path, blob in account["blobs"].items():
        container, _, name = path.partition("/")
        client = blobs.get_container_client(container)
        if not client.exists():
            client.create_container()
        client.upload_blob(
            name,
            base64.b64decode(blob["content"]),
            metadata=blob["metadata"],
            content_settings=ContentSettings(content_type=blob["type"]),
        )


def read_value(value: Any) -> Any:
    """A value of a table, as `keep_release` wrote it."""
    from azure.data.tables import EdmType, EntityProperty

    match value:
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"edm": [content, kind]}:
            return EntityProperty(content, EdmType(kind))
    return value


class Sampled:
    """A source with a fortieth of the sign-ins, which notes what it was asked for."""

    def __init__(self, source: SignInSource) -> None:
        self._source = source
        self.name = source.name
        self.asked: list[str] = []

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        self.asked.append(slice_.name)
        for sign_in in self._source.sign_ins(slice_):
            if zlib.crc32(sign_in.id.encode()) % _ONE_OF == 0:
                yield sign_in

    def logs(self, slice_: Slice) -> LogKinds:
        return self._source.logs(slice_)

    def reach_days(self, _: date) -> int:
        return 7


def service_over(
    store: Store | None, simulation: Simulation, folder: Path, now: datetime, **settings: Any
) -> tuple[Service, Sampled]:
    """The service over a store, or over the one in a folder."""
    given = {
        "TENANT_ID": TENANT_ID,
        "GRAPH_ENDPOINT": simulation.url,
        "GRAPH_TOKEN": simulation.token,
        "STORE_FOLDER": str(folder / "store"),
        "OUTBOX_FOLDER": str(folder / "outbox"),
        "REPORT_RECIPIENTS": RECIPIENT,
    }
    service = Service(Settings(given | settings), now=lambda: now, today=now.date())
    access = service._partner_access()  # noqa: SLF001  # no setting takes the waiting away
    service._partner = replace(access, limits=ThrottleLimits.unlimited(), clock=None)  # noqa: SLF001
    if store:
        service.store = store
    daily = service.partner.daily
    source = Sampled(daily.source)
    service.partner.daily = replace(daily, source=source)
    return service, source
