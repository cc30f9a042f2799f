"""A report from exported records, without an account or a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.clock import timestamp
from shared.errors import BadInputError
from shared.mfa.assessment import ReportMeta, assess, history_point
from shared.mfa.changes.changes import DAY_BEFORE, WEEK_BEFORE
from shared.mfa.changes.of_report import past_of
from shared.mfa.changes.past import EarlierDays
from shared.mfa.report import InputSummary
from shared.mfa.rollup import Rollup
from shared.mfa.window import SETTLE_DAYS, WINDOW_DAYS, make_window, window_days
from shared.mfa.windows import measure_windows
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.publishing import Earlier, Publication, publish
from shared.sources.files.covered import CoveredDays
from shared.sources.files.documents import read_directory
from shared.sources.files.exceptions_file import read_exceptions
from shared.sources.files.exports import discover, read_exports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shared.mfa.metrics import ShareRule
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Window
    from shared.sources.files.exports import Pair, ReadingResult

HISTORY_DAYS = 30  #: how many earlier windows are assessed, if the files reach back that far


@dataclass(frozen=True, slots=True)
class Question:
    """What `analyze` is asked."""

    paths: Sequence[Path]
    scope: Scope
    rule: ShareRule
    now: datetime  #: aware, UTC
    tenant_id: str | None = None
    ending: date | None = None  #: default: the newest closed UTC day in the records
    since: date | None = None  #: default: the day after that of a kind's first record
    until: date | None = None  #: default: the day of a kind's last record
    directory: Path | None = None  #: a ``--directory`` file; without it accounts are not assessed
    exceptions: Path | None = None  #: an ``--exceptions`` file, shown next to the accounts figure
    csp_anniversary_month: int | None = None  #: 1 to 12; shown with the administrators' figure
    cloud: str = "global"  #: the cloud whose admin center findings lead to


@dataclass(slots=True)
class _Collected:
    """Partner Center's sign-ins by day, and the tenants they belong to."""

    scope: Scope
    tenant_id: str | None  #: the partner's, if it is known beforehand
    days: dict[date, Rollup] = field(default_factory=dict)
    tenants: set[str] = field(default_factory=set)
    taken: int = 0
    other_tenants: int = 0
    not_understood: int = 0

    def take(self, sign_in: SignIn) -> None:
        """Keep a sign-in that concerns Partner Center, unless another tenant's log has it."""
        if self.scope.channel(sign_in) is None:
            return
        if self.tenant_id and sign_in.tenant_id not in ("", self.tenant_id):
            self.other_tenants += 1
            return
        self.taken += 1
        self.not_understood += sign_in.not_understood
        self.tenants.add(sign_in.tenant_id)
        self.days.setdefault(date.fromisoformat(sign_in.day), Rollup()).add(sign_in)


def analyze(question: Question, on_progress: Callable[[int, int], None]) -> Publication:
    """
    Read the files to their end, then assess them; nothing is written here.

    Raises `BadInputError` if the files hold no readable record, or sign-ins of several tenants,
    or if the window would end on a day that is not over.
    """
    _check_days(question)
    snapshot = _snapshot(question)
    collected = _Collected(question.scope, _known_tenant(question, snapshot))
    result = read_exports(question.paths, question.scope.ids, collected.take, on_progress)
    _check_last_day(result.last_day, question.now)
    ending = question.ending or _newest_closed_day(result, question)
    lost = result.broken_off + result.doubtful
    covered = CoveredDays(result.spans, lost, question.since, question.until)
    assessment = assess(
        _window(collected.days, covered, ending, question.now),
        question.scope,
        question.rule,
        snapshot.accounts if snapshot else None,
    )
    return publish(
        assessment,
        _meta(question, collected, snapshot),
        _earlier(collected.days, covered, ending, question),
        reading=_reading(result, collected),
        snapshot=snapshot,
    )


def _snapshot(question: Question) -> DirectorySnapshot | None:
    exceptions = read_exceptions(question.exceptions) if question.exceptions else None
    if question.directory:
        directory = read_directory(question.directory)
        return DirectorySnapshot(directory, question.scope, exceptions=exceptions)
    if exceptions is not None:
        raise BadInputError(
            f"{question.exceptions} is about accounts: give the tenant's with --directory too."
        )
    return None


def _known_tenant(question: Question, snapshot: DirectorySnapshot | None) -> str | None:
    """Return the partner's tenant id if the question or the directory names it."""
    organization = snapshot.directory.organization if snapshot else None
    found = ((organization.id if organization else None) or "").lower()
    if found and question.tenant_id and found != question.tenant_id:
        raise BadInputError(
            f"{question.directory} is the directory of tenant {found}; "
            f"expected that of the partner, {question.tenant_id}."
        )
    return question.tenant_id or found or None


def _meta(
    question: Question, collected: _Collected, snapshot: DirectorySnapshot | None
) -> ReportMeta:
    """Whose report it is: as asked, else by the directory, else by the records."""
    tenant_id = collected.tenant_id or _only_tenant(collected.tenants - {""})
    name = snapshot.tenant_name if snapshot else None
    return ReportMeta(
        tenant_id,
        name,
        "exports",
        timestamp(question.now),
        question.csp_anniversary_month,
        question.cloud,
        sorted(question.scope.ids),
    )


def pairs_in(paths: Sequence[Path], on_progress: Callable[[int, int], None]) -> list[Pair]:
    """Return which applications ask for which resources, the most frequent first."""
    return discover(paths, on_progress)


def _only_tenant(tenants: set[str]) -> str | None:
    if len(tenants) > 1:
        shown = ", ".join(sorted(tenants)[:5])
        message = (
            f"The files hold Partner Center sign-ins of {len(tenants)} tenants ({shown}); "
            "give the partner's with --tenant-id."
        )
        raise BadInputError(message)
    return next(iter(tenants), None)


def _check_days(question: Question) -> None:
    newest = _yesterday(question.now)
    if question.ending and question.ending > newest:
        raise BadInputError(
            f"{question.ending} is not over yet (UTC); expected {newest} or an earlier day."
        )
    if question.since and question.until and question.since > question.until:
        raise BadInputError(f"--since {question.since} is later than --until {question.until}.")


def _check_last_day(last: date, now: datetime) -> None:
    if last > now.date():
        raise BadInputError(
            f"The files hold sign-ins of {last}, a day that has not begun: are their times right? "
            "In CSV the month comes before the day."
        )


def _yesterday(now: datetime) -> date:
    return now.date() - timedelta(days=1)


def _newest_closed_day(result: ReadingResult, question: Question) -> date:
    return min(question.until or result.last_day, _yesterday(question.now))


def _window(days: dict[date, Rollup], covered: CoveredDays, ending: date, now: datetime) -> Window:
    """What the files hold, also of days that they may hold in part only."""
    wanted = list(window_days(ending))
    reasons = {day: covered.why_not(day) for day in wanted}
    held = {day: days.get(day, Rollup()) for day in wanted if day in days or not reasons[day]}
    logs = {day: covered.logs(day) for day in held}
    fresh = {day for day in held if (now.date() - day).days <= SETTLE_DAYS}
    return make_window(ending, held, reasons, logs=logs, provisional=fresh)


def _earlier(
    days: dict[date, Rollup], covered: CoveredDays, ending: date, question: Question
) -> Earlier:
    """Every earlier window that the files hold; the accounts of these days are not known."""
    if covered.days is None:
        return Earlier()
    first = covered.days.first
    earliest = max(first + timedelta(days=WINDOW_DAYS - 1), ending - timedelta(days=HISTORY_DAYS))
    endings = [earliest + timedelta(days=n) for n in range((ending - earliest).days)]
    windows = [_window(days, covered, day, question.now) for day in endings]
    metrics = measure_windows(windows, question.scope, question.rule)
    points = [history_point(ending, each) for ending, each in zip(endings, metrics, strict=True)]
    compared = {
        window.ending: past_of(window, each, question.rule, "exports", question.scope)
        for window, each in zip(windows, metrics, strict=True)
    }
    before, week = compared.get(ending - DAY_BEFORE), compared.get(ending - WEEK_BEFORE)
    return Earlier(points, EarlierDays(before, week))


def _reading(result: ReadingResult, collected: _Collected) -> InputSummary:
    return InputSummary(
        records=result.records,
        unreadable=result.unreadable,
        unreadable_records=list(result.unreadable_records),
        copies=collected.taken - sum(map(len, collected.days.values())),
        first_day=result.first_day,
        last_day=result.last_day,
        other_tenants=collected.other_tenants,
        broken_off=[each.file for each in result.broken_off],
        not_understood=collected.not_understood,
        other_logs=result.other_logs,
    )
