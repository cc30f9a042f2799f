"""A storage account that diagnostic settings write to: in memory, or in the emulator."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from uuid import uuid4

from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.sources.diagnostics.blobs import ListedBlob
from shared.sources.diagnostics.sign_ins import DiagnosticSignIns
from tests.records import OTHER, diagnostic_record, ndjson

DAY = date(2026, 11, 20)
TODAY = DAY + timedelta(days=4)
MAX_DELAY = timedelta(hours=48)
LONG_AFTER = datetime(2126, 12, 24, 12, tzinfo=UTC)  # after the emulator's own clock, too

INTERACTIVE, BACKGROUND = "SignInLogs", "NonInteractiveUserSignInLogs"
PRINCIPALS, IDENTITIES = "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"


def container(category):
    return f"insights-logs-{category.lower()}"


class MemoryLogs:
    """Blobs in a dictionary, listed and read as an account lists and reads them."""

    host = "contoso.blob.core.windows.net"

    def __init__(self):
        self.content: dict[tuple[str, str], bytes] = {}
        self.written_at = datetime(2026, 11, 24, tzinfo=UTC)
        self.requests = 0
        self.reads: list[tuple[str, int, int]] = []

    def folders(self, container, below):
        self.requests += 1
        return sorted(
            {
                f"{below}{rest.partition('/')[0]}/"
                for name in self._names(container, below)
                if "/" in (rest := name[len(below) :])
            }
        )

    def blobs(self, container, below, page_size=None):
        del page_size  # pages are not visible here
        self.requests += 1
        for name in self._names(container, below):
            yield ListedBlob(name, len(self.content[container, name]), self.written_at)

    def read(self, container, name, offset, size_bytes):
        self.reads.append((name, offset, size_bytes))
        return self.content[container, name][offset : offset + size_bytes]

    def append(self, container, name, data):
        self.content[container, name] = self.content.get((container, name), b"") + data

    def _names(self, container, below):
        return sorted(n for c, n in self.content if c == container and n.startswith(below))


class EmulatedLogs:
    """Appends to append blobs in the emulator; the product's own code reads them."""

    def __init__(self, service):
        self._service = service

    def append(self, container, name, data):
        from azure.core.exceptions import ResourceExistsError

        with suppress(ResourceExistsError):
            self._service.create_container(container)
        blob = self._service.get_blob_client(container, name)
        if not blob.exists():
            blob.create_append_blob()
        blob.append_block(data)


def nobody() -> NoReturn:
    """No credential: the emulator is opened with its key."""
    raise AssertionError("a credential was requested")


class Account:
    """One tenant's logs in an account; each test has its own tenant."""

    def __init__(self, logs: Any, writer: Any) -> None:
        self.logs = logs
        self.tenant = str(uuid4())
        self._writer = writer

    def log(self, category, hour, *records, root=None):
        """Append records to the blob of an hour, ``2026-11-20T09``; bytes unchanged."""
        for record in records:
            data = record if isinstance(record, bytes) else self.line(category, record)
            self._writer.append(container(category), self.name(hour, root), data)

    def name(self, hour, root=None):
        day, _, hours = str(hour).replace(" ", "T").partition("T")
        year, month, day = day.split("-")
        tail = f"y={year}/m={month}/d={day}/h={hours[:2]}/m=00/PT1H.json"
        return (f"tenantId={self.tenant}/" if root is None else root) + tail

    def line(self, category, record):
        """A record as Azure writes it: one line that ends with a carriage return."""
        envelope = {"category": category, "tenantId": self.tenant} | record.get("envelope", {})
        written = diagnostic_record(**record | {"envelope": envelope})
        return ndjson(written).replace(b"\n", b"\r\n")

    def usual(self, first=DAY - timedelta(days=2), days=6):
        """Unrelated sign-ins: interactive ones at noon of every day, the others day and night."""
        for back in range(days):
            day = first + timedelta(days=back)
            for category, hours in ((INTERACTIVE, (12,)), (BACKGROUND, (4, 12, 20))):
                for hour in hours:
                    name = f"{day}T{hour:02}"
                    created = sign_in(f"{name}:00:00", appId=OTHER, resourceId=OTHER)
                    self.log(category, name, created)
        return self

    def source(self, scope=None, **changes):
        given: dict[str, Any] = {"tenant_id": self.tenant, "max_delay": MAX_DELAY}
        given["now"] = lambda: LONG_AFTER
        return DiagnosticSignIns(self.logs, scope or Scope(), **given | changes)

    def slice(self, day=DAY, from_hour=0, to_hour=24):
        return Slice(self.tenant, day, from_hour, to_hour)

    def found(self, day=DAY, from_hour=0, to_hour=24, **changes):
        """The ids of a slice's sign-ins, in order."""
        slice_ = self.slice(day, from_hour, to_hour)
        return sorted(sign_in.id for sign_in in self.source(**changes).sign_ins(slice_))


def sign_in(created, **changes):
    """A portal sign-in of an instant, ``2026-11-20T09:00:00``."""
    return {"createdDateTime": f"{created}+00:00", **changes}


def in_memory(logs=None):
    logs = logs or MemoryLogs()
    return Account(logs, logs)


def emulated(logs, service):
    return Account(logs, EmulatedLogs(service))
