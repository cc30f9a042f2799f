"""
The cost of assessing and publishing a week, by the number of its requests.

A made-up partner's week lies in a local store, as daily runs would have left it, and is published
by the step that a report's message starts: the rollups are read, every sign-in is judged, and all
files of the report are made and stored. The other way holds every request in a list and a list for
each group (tests/mfa/plain_window.py, what the app did once), and makes no files.
"""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from bench.frame import Row, Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.frame import Given
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.report import Report

USERS = 1_000
READ_AT = "2026-11-24T02:00:00Z"


def _prepare(given: Given) -> nullcontext[None]:
    from bench._made_up_week import store_week
    from bench.accounts import make_directory
    from shared.stores import open_store

    store = open_store("local", folder=given.folder / "week")
    store_week(store, make_directory(_users(given.size)).users, given.size)
    return nullcontext()


def _ours(given: Given) -> Callable[[], Any]:
    folder = given.folder / "published"  # what an earlier run published would be left as it is
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(given.folder / "week", folder)
    return lambda: _figures(_publish(folder, given.size))


def _users(size: int) -> int:
    return min(USERS, size // 100)


def _publish(folder: Path, size: int) -> Report:
    from bench._made_up_week import AT, ENDING, TENANT
    from bench.accounts import make_directory
    from shared.mfa.metrics import ShareRule
    from shared.mfa.scope import Scope
    from shared.service.daily import Daily
    from shared.service.directory_snapshot import DirectorySnapshot
    from shared.stores import open_store

    directory = make_directory(_users(size))
    daily = Daily(
        tenant_id=TENANT,
        tenant_name=None,
        source=_Source(),
        store=open_store("local", folder=folder),
        scope=Scope(),
        rule=ShareRule(),
        settle_days=2,
        now=lambda: AT + timedelta(hours=1),
        read_directory=lambda: DirectorySnapshot(directory, Scope(), read_at=READ_AT),
    )
    return daily.publish(ENDING, ENDING)


class _Source:
    """The name that a report gives as its source; nothing is collected here."""

    name = "graph"

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        raise NotImplementedError(name)


def _figures(report: Report) -> dict[str, Any]:
    """What both ways have: counts and shares, and a digest of everything split by day or cause."""
    channels = {"portal": report.metrics.portal, "api": report.metrics.api}
    parts = report.days, report.breakdown, report.forecast
    return {
        **{name: _plain(msgspec.structs.asdict(figure)) for name, figure in channels.items()},
        "digest": sha256(msgspec.json.encode(parts)).hexdigest(),
    }


def _plain(figure: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figure.items() if name != "app_only"}


def _held(given: Given) -> Callable[[], Any]:
    from bench._made_up_week import ENDING, TENANT
    from bench.accounts import make_directory
    from shared.mfa.metrics import ShareRule
    from shared.mfa.report import Forecast
    from shared.mfa.scope import Channel, Scope
    from shared.mfa.window import Slice, make_window, window_days
    from shared.service.directory_snapshot import DirectorySnapshot
    from shared.stores import open_store
    from tests.mfa.plain_window import PlainWindow

    store = open_store("local", folder=given.folder / "week")

    def work() -> dict[str, Any]:
        accounts: JudgedAccounts = DirectorySnapshot(
            make_directory(_users(given.size)), Scope()
        ).accounts
        rollups = {day: store.rollup(Slice(TENANT, day)) for day in window_days(ENDING)}
        known = {day: rollup for day, rollup in rollups.items() if rollup is not None}
        plain = PlainWindow(make_window(ENDING, known), Scope(), ShareRule(), accounts)
        reports = {channel: plain.report(channel) for channel in Channel}
        breakdown = {channel: each["breakdown"] for channel, each in reports.items()}
        forecast = Forecast(*(each["forecast"] for each in reports.values()))
        parts = plain.days(), breakdown, forecast
        return {
            **{channel.value: _plain(each["metrics"]) for channel, each in reports.items()},
            "digest": sha256(msgspec.json.encode(parts)).hexdigest(),
        }

    return work


_OURS = Way("folded, and published", _ours)
_HELD = Way("every request in lists, without files", _held)

ROWS = [
    Row(
        "A week of 100,000 requests, assessed and published",
        before="4 s, 160–200 MB",
        size=100_000,
        short_size=3_000,
        ours=_OURS,
        others=(_HELD,),
        prepare=_prepare,
    ),
    Row(
        "A week of 1,000,000 requests, assessed and published",
        before="34 s, 2.0 GB",
        size=1_000_000,
        short_size=2_000,
        ours=_OURS,
        others=(_HELD,),
        prepare=_prepare,
        at_most=15,
        at_most_mb=200,
    ),
    Row(
        "A week of 5,000,000 requests, assessed and published",
        before="10 GB, by extrapolation",
        size=5_000_000,
        short_size=1_000,
        ours=_OURS,
        prepare=_prepare,
        at_most=120,
        at_most_mb=600,
        runs=1,
    ),
]
