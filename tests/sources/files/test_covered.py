"""Which days exported files are complete for, as a source of daily runs sees them."""

from __future__ import annotations

import gzip
import random
from datetime import date
from typing import TYPE_CHECKING

import pytest

from shared.errors import SourceError
from shared.mfa.coverage import LogKinds
from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.sources.files.exports import ExportedSignIns
from tests.records import TENANT, graph_record, line, ndjson, of_every_log, page

if TYPE_CHECKING:
    from pathlib import Path

DAYS = [f"2026-11-{day}" for day in range(17, 24)]


class Folder:
    """A folder of exports, read as a daily run reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = ExportedSignIns(path, Scope())

    def write(self, name: str, content: bytes) -> None:
        (self.path / name).write_bytes(content)

    def complete(self) -> list[int]:
        """The days of the month that are complete."""
        return [day for day in range(17, 25) if not self.why_not(day)]

    def why_not(self, day: int) -> str:
        try:
            list(self.source.sign_ins(self.slice(day)))
        except SourceError as error:
            return str(error)
        return ""

    def logs(self, day: int) -> LogKinds:
        return self.source.logs(self.slice(day))

    def slice(self, day: int) -> Slice:
        return Slice(TENANT, date(2026, 11, day))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_days_after_the_first_record_s_up_to_the_last_are_complete(folder: Folder) -> None:
    folder.write("all.ndjson", ndjson(*of_every_log(*DAYS)))

    assert folder.complete() == [18, 19, 20, 21, 22, 23]
    assert "complete from 2026-11-18 to 2026-11-23" in folder.why_not(17)
    assert folder.logs(20) == LogKinds()


def test_a_kind_of_log_has_days_of_its_own(folder: Folder) -> None:
    folder.write("all.json", page(*of_every_log(*DAYS[:3])))
    folder.write("interactive.json", page(*(of_every_log(day)[0] for day in DAYS)))

    assert folder.complete() == [18, 19, 20, 21, 22, 23]
    assert folder.logs(19) == LogKinds()
    assert folder.logs(20) == LogKinds(non_interactive=False, service_principal=False)


def test_a_file_that_breaks_off_makes_the_days_incomplete_that_it_may_lack(folder: Folder) -> None:
    whole = gzip.compress(ndjson(*of_every_log(*DAYS[:4])) + random.Random(1).randbytes(200_000))
    folder.write("all.json", page(*of_every_log(*DAYS)))
    folder.write("cut.ndjson.gz", whole[: len(whole) // 2])

    assert folder.complete() == [18, 19]
    assert "cut.ndjson.gz breaks off" in folder.why_not(21)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (DAYS, [18, 19, 22, 23]),
        (DAYS[::-1], [18, 19, 22, 23]),
        ([DAYS[0], *DAYS[2:5], DAYS[1], *DAYS[5:]], []),
    ],
    ids=["rising", "falling", "without order"],
)
def test_an_unreadable_record_makes_the_days_incomplete_that_it_may_be_of(
    folder: Folder, days: list[str], expected: list[int]
) -> None:
    lines = [line(record) for record in of_every_log(*days)]
    between_20_and_21 = 12 if days[0] == DAYS[0] else 9
    lines.insert(between_20_and_21, b'{"createdDateTime": broken')
    folder.write("all.ndjson", b"\n".join(lines))

    assert folder.complete() == expected
    assert "has records that cannot be read" in folder.why_not(20)


def test_records_of_unknown_logs_cover_no_day(folder: Folder) -> None:
    unsaid = {"isInteractive": None, "signInEventTypes": None}
    folder.write("signins.json", page(*(graph_record(**unsaid) for _ in range(2))))

    assert folder.complete() == []
    assert "do not say which log they are from" in folder.why_not(20)
