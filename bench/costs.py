"""
What one day of the app asks of its platform, by meter, for three sizes of tenant.

Counted, in the app's own steps over a store that counts: the second of two days, on which three
slices are read (the newest day and two settle days) and the reports that they change are made.
docs/deploy.md multiplies the counts by prices. Graph is not here: its pages are those of the rows,
1,000 each, at 5 requests in 10 seconds.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from bench.accounts import make_directory
from bench.frame import peak_mb
from bench.stores import TENANT, sign_in
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import ShareRule
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, Scope
from shared.service.daily import Daily
from shared.service.day_run import collect_owed, publish_owed
from shared.service.directory_snapshot import DirectorySnapshot
from shared.stores.local import LocalMedium
from shared.stores.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources import SignInSource

USERS = (50, 1_000, 50_000)
SIGN_INS = 4  #: Partner Center sign-ins of a user and day
PARTNER_CENTER = min(PARTNER_CENTER_RESOURCE_IDS)
TODAY = date(2026, 11, 24)
PAGE_ROWS, PAGES_PER_SECOND = 1_000, 0.5
ROWS_AT_ONCE = 100  #: of the tables for people, in one transaction
#: Which meter an operation of the store is counted on; removing is free.
METERS = {
    "write": "blobs written",
    "paths": "blobs listed",
    "digests": "blobs listed",
    "read": "blobs read",
    "row": "rows read",
    "rows": "rows read",
    "put_row": "rows written",
    "remove_row": "rows written",
    "table_days": "rows read",
    "put_table_day": "rows written",  # a hundred at once
    "remove_table_days": "rows read",
}


class CountingMedium:
    """A folder as a medium that counts what a storage account would charge."""

    def __init__(self, folder: Path) -> None:
        self._medium = LocalMedium(folder)
        self.counts: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the medium has)
        operation = getattr(self._medium, name)

        def counted(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            times = ceil(len(arguments[3]) / ROWS_AT_ONCE) if name == "put_table_day" else 1
            self.counts[METERS.get(name, "free")] += times
            if name == "write":
                self.counts["bytes written"] += len(arguments[1])
            return operation(*arguments, **options)

        return counted

    def exclusive(self) -> AbstractContextManager[object]:
        """As a storage account: other writers cannot be kept out."""
        return nullcontext()

    def finalize(self, path: str, final_path: str) -> None:
        """As a storage account: blobs stay where they are."""


class EvenDays:
    """A source with as many sign-ins on every day."""

    name = "graph"

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """App+User requests of the day, always the same ones."""
        first = slice_.day.toordinal() * self._rows
        for n in range(first, first + self._rows):
            yield replace(sign_in(slice_.day, n), resource_id=PARTNER_CENTER)

    def logs(self, slice_: Slice) -> LogKinds:
        """Every kind of log."""
        del slice_
        return LogKinds()

    def reach_days(self, today: date) -> int:
        """Back to the oldest of the windows that are counted."""
        del today
        return 9


class Day(NamedTuple):
    """What one day came to."""

    counts: Counter[str]
    slices: int
    reports: int
    seconds: float  #: of the processor


def run() -> None:
    """Print the counts."""
    for users in USERS:
        day = _day(users)
        rows = users * SIGN_INS
        pages = day.slices * ceil(rows / PAGE_ROWS)
        print(f"{users:,} users, {rows:,} sign-ins a day")
        print(f"  messages: {day.slices} slices, {day.reports} reports")
        print(f"  Graph: {pages:,} pages of sign-ins, {pages / PAGES_PER_SECOND:,.0f} s of waiting")
        print(f"  processor: {day.seconds:.1f} s; peak memory so far: {peak_mb():.0f} MB")
        for meter, count in sorted(day.counts.items()):
            print(f"  {meter}: {count:,}")


def _day(users: int) -> Day:
    with TemporaryDirectory() as folder:
        medium = CountingMedium(Path(folder))
        snapshot = DirectorySnapshot(make_directory(users), Scope(), read_at=f"{TODAY}T02:00:00Z")
        clock = [datetime(2026, 11, 23, 2, 15, tzinfo=UTC)]
        daily = daily_of(Store(medium), EvenDays(users * SIGN_INS), lambda: clock[0], snapshot)
        _play(daily, TODAY - timedelta(days=1))
        medium.counts.clear()
        clock[0] += timedelta(days=1)
        started = time.process_time()
        slices, reports = _play(daily, TODAY)
        return Day(medium.counts, slices, reports, time.process_time() - started)


def daily_of(
    store: Store, source: SignInSource, now: Callable[[], datetime], snapshot: DirectorySnapshot
) -> Daily:
    """The daily run of the made-up tenant."""
    return Daily(
        tenant_id=TENANT,
        tenant_name="Bench",
        source=source,
        store=store,
        scope=Scope(),
        rule=ShareRule(),
        settle_days=2,
        now=now,
        read_directory=lambda: snapshot,
    )


def _play(daily: Daily, today: date) -> tuple[int, int]:
    slices = len(daily.plan(today))
    failed = collect_owed(daily, today, lambda *_: None)
    assert failed == [], failed
    return slices, len(publish_owed(daily, today, lambda *_: None))
