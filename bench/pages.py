"""
What the pages of a big tenant cost the app: 3,000 customers, accounts and applications.

The app's own API answers from a local store, in this process and warm, as it does in Azure from the
second request on. A page with parameters is made for each request; one without is stored. A 304 is
compared with the page that it saves.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

from msgspec.structs import replace

from bench.accounts import make_directory
from bench.costs import TODAY, EvenDays, daily_of
from bench.frame import Amount, Given, Row, Way
from bench.stores import TENANT
from shared.mfa.accounts.directory import Customer, CustomerMfa
from shared.mfa.scope import Scope
from shared.service.day_run import collect_owed
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from shared.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.service.http.answers import Answer

Making = Callable[[Given], Callable[[], Amount]]

AT = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
ENOUGH = 20  #: requests, whose mean is one figure


class _ManyApplications(EvenDays):
    """A source in which each sign-in of a day is of another application."""

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        for n, sign_in in enumerate(super().sign_ins(slice_)):
            yield replace(sign_in, app_id=str(UUID(int=n)), app_name=f"Application {n}")


@cache
def _stored(size: int) -> TemporaryDirectory[str]:
    """A store with the report of a partner of that size; removed when the process ends."""
    folder = TemporaryDirectory(prefix="bench")
    store = open_store("local", folder=Path(folder.name))
    directory = replace(make_directory(size), customers=tuple(map(_customer, range(size))))
    snapshot = DirectorySnapshot(directory, Scope(), read_at=f"{AT:%Y-%m-%dT%H:%M:%SZ}")
    daily = daily_of(store, _ManyApplications(size), lambda: AT, snapshot)
    assert collect_owed(daily, TODAY, lambda *_: None) == []
    daily.publish(*[TODAY - timedelta(days=1)] * 2)
    store.close()
    return folder


def _customer(n: int) -> Customer:
    figures = CustomerMfa(n % 3, n % 7, 9, "enabled", "disabled") if n % 11 else None
    return Customer(str(UUID(int=n << 64)), f"Customer {n}", figures)


@contextmanager
def _with_report(given: Given) -> Iterator[None]:
    shutil.copytree(_stored(given.size).name, given.folder, dirs_exist_ok=True)
    yield


def _asking(route: str, params: Mapping[str, str], *, again: bool = False) -> Making:
    """Asks for a page, in seconds a request; `again` as a browser does that has it already."""

    def make(given: Given) -> Callable[[], Amount]:
        reports = RecentReports(open_store("local", folder=given.folder))
        page = _ask(reports, route, params, {})
        headers = {"if-none-match": page.headers["ETag"]} if again else {}
        return lambda: _mean(lambda: _ask(reports, route, params, headers), len(page.body))

    return make


def _ask(
    reports: RecentReports, route: str, params: Mapping[str, str], headers: Mapping[str, str]
) -> Answer:
    api: Any = ReportApi(TENANT, reports, _no_runs, lambda: AT, headers, OWN_MACHINE)
    ask = getattr(api, route)
    answer: Answer = ask(params) if params else ask()
    assert answer.status == (304 if headers else 200), answer
    return answer


def _no_runs() -> Any:  # noqa: ANN401 (never called)
    raise AssertionError


def _mean(ask: Callable[[], object], length: int) -> Amount:
    start = time.process_time()
    for _ in range(ENOUGH):
        ask()
    return Amount(length, (time.process_time() - start) / ENOUGH)


def _weighed(given: Given) -> Callable[[], Amount]:
    reports = RecentReports(open_store("local", folder=given.folder))
    return lambda: Amount(None, len(_ask(reports, "customers", {}, {}).body) / 1000)


def _row(name: str, route: str, before: str, at_most: float, **params: str) -> Row:
    """What a page takes, and a 304 in its place."""
    return Row(
        what=f"Page of {name}",
        before=before,
        size=3000,
        short_size=30,
        ours=Way("the page", _asking(route, params)),
        others=(Way("a 304 in its place", _asking(route, params, again=True), of_ours=0.8),),
        prepare=_with_report,
        unit="ms",
        at_most=at_most,
    )


ROWS = [
    Row(
        what="Page of 3,000 customers, in kB",
        before="944 kB",
        size=3000,
        short_size=30,
        ours=Way("ours", _weighed),
        prepare=_with_report,
        unit="kB",
        at_most=300,
        runs=1,
    ),
    _row("3,000 customers, searched", "customers", "305 ms; a 304 more", 60, search="1"),
    _row("3,000 accounts, searched", "accounts", "a 304 as much as the page", 60, search="1"),
    _row(
        "3,000 applications, searched", "applications", "a 304 as much as the page", 60, search="1"
    ),
    _row("3,000 customers, not searched", "customers", "a 304 as much as the page", 60),
    _row("the report", "newest_page", "0.012 ms; a 304 0.009 ms", 5),
]
