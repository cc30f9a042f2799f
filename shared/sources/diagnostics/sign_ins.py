"""
Sign-ins from the storage account that a diagnostic setting of Entra writes to.

There is a container for each category (`diagnostic_hours.CATEGORIES`), made with its first record,
and in it an append blob for each hour, one record a line (Azure Monitor, resource logs). Records
stand in the blob of the hour in which they came in, whenever the sign-in was; on some accounts in
the one of the sign-in itself, into which late ones are then added. Both are met: a slice reads the
blobs of its own hours and of those in which its late sign-ins may have come in, and keeps what
``createdDateTime`` puts into it. Some 4 % of sign-ins are delivered more than once; these are
copies, and merged as all copies are.

A tenant's folder is ``tenantId=<GUID>/``, although Microsoft's page knows only ``resourceId=/…/``;
this, the 4 % and the hours of the sign-ins themselves were measured by another reader of such
accounts (rknightion/graph2otel, "Blob ingest"). So folders are followed down to the years, whatever
they are called, and taken where the only GUID in their path is the tenant's.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.errors import OutOfTimeError, SourceDeniedError, SourceIncompleteError
from shared.sources.diagnostics.files import HourFile, StrictIntake
from shared.sources.diagnostics.hours import (
    CATEGORIES,
    Exported,
    Stretch,
    gap,
    hour_of,
    is_year,
    names_another_tenant,
)
from shared.sources.files.exports import read_stream
from shared.sources.files.skimming import Skimmer
from shared.sources.files.streams import Stream
from shared.sources.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources.diagnostics.hours import Category

MOST_REACH_DAYS = 30  #: as far as Graph's log goes; blobs may be kept for years
#: A blob that was appended to no longer ago may end in the middle of a record. Appends follow each
#: other within minutes.
WRITTEN_TO = timedelta(hours=1)
_DEEPEST = 8  #: folders above the years; the documented form has five
_FEW = 25  #: names to find the first blob among, should there be markers of folders

_log = logging.getLogger(__name__)


class LogBlob(NamedTuple):
    """An hour of one category's log, as it was listed."""

    hour: datetime  #: the first instant of the hour that its name tells, UTC
    container: str
    name: str
    size_bytes: int
    written_at: datetime  #: when it was last appended to


class Listed(NamedTuple):
    """A blob as an account lists it."""

    name: str
    size_bytes: int
    written_at: datetime  #: aware


class Logs(Protocol):
    """
    A storage account, as far as it is read. Names of folders end with a slash.

    Raises `SourceDeniedError` where a role is missing, and `SourceIncompleteError` for what a later
    try may mend.
    """

    @property
    def host(self) -> str:
        """The account's host."""

    def folders(self, container: str, below: str) -> list[str]:
        """The folders right below a folder, in full; none where there is no such container."""

    def blobs(self, container: str, below: str, at_most: int | None = None) -> Iterable[Listed]:
        """The blobs below a folder, by name; the first page alone has no more than `at_most`."""

    def read(self, container: str, name: str, offset: int, size_bytes: int) -> bytes:
        """That many bytes of a blob."""


class DiagnosticSignIns:
    """
    One tenant's sign-ins at Partner Center, from the blobs of a diagnostic setting.

    Whether a slice is known is `diagnostic_hours.gap`'s to say. A category that is needed and has
    no blob of the tenant is a denial that names it, since only a person can switch it on. One that
    is not needed and not there is told in the log: app-only sign-ins are then not counted.
    """

    name = "diagnostics"

    def __init__(  # noqa: PLR0913 (what it is made of, each named where it is made)
        self,
        logs: Logs,
        scope: Scope,
        *,
        tenant_id: str,
        today: date,
        late: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        budget: Budget | None = None,
    ) -> None:
        """`late`: how long after a sign-in its record may come in and still be found."""
        self._logs = logs
        self._scope = scope
        self._tenant_id = tenant_id
        self._today = today
        self._late = late
        self._now = now
        self._budget = budget or Budget()

    def sign_ins(self, owed: Slice) -> Iterator[SignIn]:
        """
        Yield every sign-in of the slice, or raise.

        Halving a slice takes off hours of its own, but not the late ones after it, which are the
        more the greater `SETTLE_DAYS`.
        """
        found: list[SignIn] = []
        intake = StrictIntake(self._scope.ids, found.append)
        blobs = self._blobs_of(owed)
        for number, blob in enumerate(blobs):
            try:
                self._take_in(blob, intake)
            except OutOfTimeError as error:
                told = f"{number} of the {len(blobs)} blobs that may hold sign-ins of it were read"
                raise OutOfTimeError(f"{told}. {error}") from error
            yield from (sign_in for sign_in in found if self._is_of(sign_in, owed))
            found.clear()
        _tell(owed, blobs, intake)

    def reach_days(self) -> int:
        """How many closed days back both of the needed categories go, 30 at most."""
        needed = [category for category in CATEGORIES if category.is_needed]
        oldest = [self._oldest(each, self._roots(each)) for each in needed]
        begun = [hour for hour in oldest if hour]
        if len(begun) < len(needed):
            return 0
        first_whole_day = max(begun).date() + timedelta(days=1)
        return min(MOST_REACH_DAYS, max(0, (self._today - first_whole_day).days))

    def _blobs_of(self, owed: Slice) -> list[LogBlob]:
        """
        The blobs that may hold sign-ins of a slice, in the order of their hours.

        Later copies of a sign-in are read later, so that they win.
        """
        stretch = Stretch.of(owed)
        looked_at, read = stretch.looked_at(self._late), stretch.read(self._late)
        blobs: list[LogBlob] = []
        exported: list[Exported] = []
        for category in CATEGORIES:
            roots = self._roots(category)
            listed = [blob for root in roots for blob in self._listed(category, root, looked_at)]
            oldest = self._oldest(category, roots) if category.is_needed else None
            exported.append(Exported(category, oldest, [blob.hour for blob in listed]))
            blobs += (blob for blob in listed if read.holds(blob.hour))
        if reason := gap(stretch, exported):
            raise SourceIncompleteError(f"{self._logs.host}: {reason}")
        return sorted(blobs, key=attrgetter("hour", "container", "name"))

    def _roots(self, category: Category) -> list[str]:
        """The folders in which the tenant's years are."""
        roots: list[str] = []
        level = [""]
        for _ in range(_DEEPEST):
            below = [(each, self._logs.folders(category.container, each)) for each in level]
            roots += [each for each, folders in below if any(map(is_year, folders))]
            level = [
                folder
                for _, folders in below
                for folder in folders
                if not is_year(folder) and not names_another_tenant(folder, self._tenant_id)
            ]
        roots = [root for root in roots if self._tenant_id in root.lower()]
        if not roots:
            self._tell_missing(category)
        return roots

    def _tell_missing(self, category: Category) -> None:
        if category.is_needed:
            raise SourceDeniedError(
                f"{self._logs.host} has no {category.name} of tenant {self._tenant_id}: switch "
                "that category on in a diagnostic setting of Entra that archives to this account; "
                f"the container {category.container} comes with its first record."
            )
        _warn_of_missing(self._logs.host, self._tenant_id, category.name)

    def _listed(self, category: Category, root: str, stretch: Stretch) -> Iterator[LogBlob]:
        for month in stretch.months():
            for name, size_bytes, written_at in self._logs.blobs(category.container, root + month):
                hour = hour_of(name)
                if hour and stretch.holds(hour):
                    yield LogBlob(hour, category.container, name, size_bytes, written_at)

    def _oldest(self, category: Category, roots: list[str]) -> datetime | None:
        """The first hour of a category."""
        first = [self._first(category.container, root) for root in roots]
        return min((hour for hour in first if hour), default=None)

    def _first(self, container: str, root: str) -> datetime | None:
        """The first hour below a folder: names sort by time."""
        listed = self._logs.blobs(container, root, at_most=_FEW)
        return next((hour for blob in listed if (hour := hour_of(blob.name))), None)

    def _take_in(self, blob: LogBlob, intake: StrictIntake) -> None:
        def read(offset: int, size_bytes: int) -> bytes:
            self._budget.remaining_seconds()
            return self._logs.read(blob.container, blob.name, offset, size_bytes)

        is_written_to = self._now() - blob.written_at < WRITTEN_TO
        file = HourFile(blob.size_bytes, read, is_written_to=is_written_to)
        intake.begin(f"{blob.container}/{blob.name}")
        read_stream(Stream(file, lambda _: None), intake, Skimmer(self._scope.ids))
        if file.torn_bytes:
            _log.info("diagnostics: the end of %s is still being written", intake.file)

    def _is_of(self, sign_in: SignIn, owed: Slice) -> bool:
        return owed.owns(sign_in) and sign_in.tenant_id in ("", owed.tenant_id)


@cache  # once a process, not with each slice
def _warn_of_missing(host: str, tenant_id: str, category: str) -> None:
    told = "diagnostics: %s has no %s of tenant %s: app-only sign-ins of that kind are not counted"
    _log.warning(told, host, category, tenant_id)


def _tell(owed: Slice, blobs: list[LogBlob], intake: StrictIntake) -> None:
    megabytes = sum(blob.size_bytes for blob in blobs) / 1e6
    _log.info(
        "diagnostics: %s: %d blobs, %.1f MB, %d records",
        *(owed.name, len(blobs), megabytes, intake.records),
    )
