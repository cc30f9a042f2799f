"""Writing the longest CSV file of a report: with a guard of cells, and by the csv module alone."""

from __future__ import annotations

import csv
import hashlib
from io import StringIO
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from bench.frame import Given, Row, Way
from shared.delivery.files.csv_files import csv_file
from shared.delivery.files.request_rows import RequestRow

if TYPE_CHECKING:
    from collections.abc import Callable

_REASON = "The policy “MFA for all” excludes this user (group Break glass)."


def _rows(size: int) -> list[RequestRow]:
    """Rows without anything that a spreadsheet would run, so that both ways write the same."""
    return [
        RequestRow(
            request_id=str(UUID(int=n << 64)),
            correlation_id=str(UUID(int=n * 40_503)),
            operation_name="Partner Center API",
            request_date_time=f"2026-11-23T{n % 24:02}:{n % 60:02}:{n % 59:02}.1234567Z",
            ip_address=f"198.51.100.{n % 250}",
            object_id=str(UUID(int=n % 500)),
            tenant_id=str(UUID(int=1)),
            upn=f"user{n % 500}@contoso.example",
            application_id=str(UUID(int=n % 9)),
            mfa_compliant=(True, False, None)[n % 3],
            reason=_REASON if n % 3 else "",
        )
        for n in range(size)
    ]


def _ours(given: Given) -> Callable[[], str]:
    rows = _rows(given.size)
    return lambda: _digest(csv_file("all-api-requests.csv", RequestRow, rows).content)


def _alone(given: Given) -> Callable[[], str]:
    rows = _rows(given.size)

    def write() -> str:
        text = StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(RequestRow.__struct_encode_fields__)
        for row in rows:
            *cells, compliant, reason = msgspec.structs.astuple(row)
            words = {True: "true", False: "false", None: ""}
            writer.writerow([*cells, words[compliant], reason])
        return _digest(text.getvalue().encode())

    return write


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


ROWS = [
    Row(
        what="CSV of requests, rows",
        before="233 ms (64 ms since the cheap test before the regex)",
        size=10_000,
        short_size=100,
        ours=Way("ours", _ours),
        others=(Way("the csv module, no guard", _alone, at_most=2.5),),
        unit="ms",
        at_most=80,
    )
]
