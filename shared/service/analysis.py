"""A report from exported records, without an account or a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import BadInputError
from shared.mfa.assessment import ReportMeta, assess, history_point
from shared.mfa.report import InputSummary
from shared.mfa.rollup import Rollup
from shared.mfa.window import WINDOW_DAYS, make_window, window_days
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.publishing import Publication, publish
from shared.sources.files.documents import read_directory
from shared.sources.files.exceptions_file import read_exceptions
from shared.sources.files.exports import discover, read_exports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shared.mfa.metrics import ShareRule
    from shared.mfa.report import HistoryPoint
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Window
    from shared.sources.files.exports import Pair, ReadingResult
    from shared.sources.files.intake import TruncatedFile

HISTORY_DAYS = 30  #: how many earlier windows are assessed, if the files reach back that far
NOT_IN_FILES = "not in the files"


@dataclass(frozen=True, slots=True)
class Question:
    """What `analyze` is asked."""

    paths: Sequence[Path]
    scope: Scope
    rule: ShareRule
    now: datetime  #: aware, UTC
    tenant_id: str | None = None
    ending: date | None = None  #: default: the newest closed UTC day in the records
    since: date | None = None  #: default: the day of the first record
    directory: Path | None = None  #: a ``--directory`` file; without it accounts are not assessed
    exceptions: Path | None = None  #: an ``--exceptions`` file, shown next to the accounts figure


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

    Raises `BadInputError` if the files hold no readable record, or sign-ins of several tenants.
    """
    snapshot = _snapshot(question)
    collected = _Collected(question.scope, _known_tenant(question, snapshot))
    result = read_exports(question.paths, question.scope.ids, collected.take, on_progress)
    ending = question.ending or _newest_closed_day(result, question.now)
    first = question.since or result.first_day
    known = _Known(first, result.broken_off)
    assessment = assess(
        _window(collected.days, known, ending),
        question.scope,
        question.rule,
        snapshot.accounts.metrics if snapshot else None,
    )
    return publish(
        assessment,
        _meta(question, collected, snapshot),
        history=_history(collected.days, known, ending, question),
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
    return ReportMeta(tenant_id, name, "exports", f"{question.now:%Y-%m-%dT%H:%M:%SZ}")


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


def _newest_closed_day(result: ReadingResult, now: datetime) -> date:
    return min(result.last_day, now.date() - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class _Known:
    """The days that the files are taken to be complete for."""

    first: date
    broken_off: Sequence[TruncatedFile]

    def why_not(self, day: date) -> str:
        """Return why a day is missing; empty if it is not."""
        if day < self.first:
            return NOT_IN_FILES
        files = [each.file for each in self.broken_off if each.may_have_lost(day)]
        return f"{', '.join(files[:3])} breaks off" if files else ""


def _window(days: dict[date, Rollup], known: _Known, ending: date) -> Window:
    """The files count as complete from their first day to `ending`, unless one breaks off."""
    reasons = {day: known.why_not(day) for day in window_days(ending)}
    complete = {day: days.get(day, Rollup()) for day, reason in reasons.items() if not reason}
    return make_window(ending, complete, reasons)


def _history(
    days: dict[date, Rollup], known: _Known, ending: date, question: Question
) -> list[HistoryPoint]:
    """Every earlier window that the files hold completely."""
    first = known.first
    earliest = max(first + timedelta(days=WINDOW_DAYS - 1), ending - timedelta(days=HISTORY_DAYS))
    endings = [earliest + timedelta(days=n) for n in range((ending - earliest).days)]
    return [
        history_point(assess(_window(days, known, day), question.scope, question.rule))
        for day in endings
    ]


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
    )
