"""
Sign-ins from the storage account that a diagnostic setting of Entra writes to.

Each category (`hours.CATEGORIES`) has a container, created with its first record, and in it one
append blob per hour, one record a line (Azure Monitor, resource logs). A record is in the blob of
the hour in which it arrived, whenever the sign-in was; on some accounts it is in the blob of the
sign-in's own hour, to which late records are appended. Both occur, so a slice reads the blobs of
its own hours and of those in which its late sign-ins may have arrived, and keeps what belongs to it
by ``createdDateTime``. Some 4 % of sign-ins are delivered more than once; such copies are merged
like all copies.

A tenant's folder is ``tenantId=<GUID>/``, although Microsoft's page knows only ``resourceId=/…/``;
this, the 4 % and the use of the sign-in's own hour were measured by another reader of such accounts
(rknightion/graph2otel, "Blob ingest"). So folders are followed down to the years, whatever they are
called, and used if the only GUID in their path is the tenant's.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import (
    OutOfReachError,
    OutOfTimeError,
    SourceDeniedError,
    SourceIncompleteError,
)
from shared.mfa.window import WINDOW_DAYS
from shared.sources.diagnostics.files import HourFile, StrictIntake
from shared.sources.diagnostics.hours import (
    CATEGORIES,
    CategoryExport,
    HourRange,
    beyond_reach,
    hour_of,
    is_year,
    kinds_of,
    missing_reason,
    names_another_tenant,
)
from shared.sources.files.exports import read_stream
from shared.sources.files.skimming import Skimmer
from shared.sources.files.streams import Stream
from shared.sources.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.mfa.coverage import LogKinds
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources.diagnostics.blobs import AccountLogs
    from shared.sources.diagnostics.hours import Category

MOST_REACH_DAYS = 30  #: as Graph's log; blobs may be kept for years
#: A blob whose last append is more recent may end in the middle of a record. Appends follow each
#: other within minutes.
GROWING_FOR = timedelta(hours=1)
_DEEPEST = 8  #: levels of folders above the years; the documented form has five
_FEW = 25  #: blobs to find the first hour among: folders may have marker blobs

_log = logging.getLogger(__name__)


class HourBlob(NamedTuple):
    """The blob of one hour of one category, as listed."""

    hour: datetime  #: the hour in its name, UTC
    container: str
    name: str
    size_bytes: int
    written_at: datetime  #: time of the last append


class DiagnosticSignIns:
    """
    One tenant's sign-ins at Partner Center, from the blobs of a diagnostic setting.

    `hours.missing_reason` decides whether a slice is complete. If a needed category has no blob of
    the tenant, the source is denied, since only an administrator can switch the category on. If
    another category has none, the log says that its app-only sign-ins are not counted.
    """

    name = "diagnostics"

    def __init__(  # noqa: PLR0913 (all by keyword)
        self,
        logs: AccountLogs,
        scope: Scope,
        *,
        tenant_id: str,
        max_delay: timedelta,
        now: Callable[[], datetime],
        budget: Budget | None = None,
    ) -> None:
        """`max_delay`: how long after a sign-in its record may arrive and still be found."""
        self._logs = logs
        self._scope = scope
        self._tenant_id = tenant_id
        self._max_delay = max_delay
        self._now = now
        self._budget = budget or Budget()

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """
        Yield every sign-in of the slice, or raise.

        Halving a slice saves hours of its own, but not the hours of late sign-ins after it, whose
        number grows with `SETTLE_DAYS`.
        """
        found: list[SignIn] = []
        intake = StrictIntake(self._scope.ids, found.append)
        blobs = self._blobs_of(slice_)
        for number, blob in enumerate(blobs):
            try:
                self._take_in(blob, intake)
            except OutOfTimeError as error:
                progress = f"{number} of the {len(blobs)} blobs that may hold sign-ins were read"
                raise OutOfTimeError(f"{progress}. {error}") from error
            yield from (sign_in for sign_in in found if self._is_of(sign_in, slice_))
            found.clear()
        _log_reading(slice_, blobs, intake)

    def logs(self, slice_: Slice) -> LogKinds:
        """The kinds of log that are exported for the slice: one may be silent, or not exported."""
        hours = HourRange.of(slice_)
        return kinds_of(hours, [exported for exported, _ in self._exports(hours)])

    def reach_days(self, today: date) -> int:
        """How many closed days back both needed categories go: the window's days to 30."""
        needed = [category for category in CATEGORIES if category.is_needed]
        oldest = [self._oldest(each, self._roots(each)) for each in needed]
        begun = [hour for hour in oldest if hour]
        if len(begun) < len(needed):
            return WINDOW_DAYS
        first_whole_day = max(begun).date() + timedelta(days=1)
        return min(MOST_REACH_DAYS, max(WINDOW_DAYS, (today - first_whole_day).days))

    def _blobs_of(self, slice_: Slice) -> list[HourBlob]:
        """
        The blobs that may hold sign-ins of a slice, by hour.

        Later copies of a sign-in are read later, so that they win.
        """
        hours = HourRange.of(slice_)
        to_read = hours.hours_to_read(self._max_delay)
        exports = list(self._exports(hours))
        blobs = [blob for _, listed in exports for blob in listed if to_read.contains(blob.hour)]
        exported = [export for export, _ in exports]
        if reason := beyond_reach(hours, exported):
            raise OutOfReachError(f"{self._logs.host}: {reason}")
        if reason := missing_reason(hours, exported):
            raise SourceIncompleteError(f"{self._logs.host}: {reason}")
        return sorted(blobs, key=attrgetter("hour", "container", "name"))

    def _exports(self, hours: HourRange) -> Iterator[tuple[CategoryExport, list[HourBlob]]]:
        """What is exported of each category around some hours, with the blobs."""
        to_list = hours.hours_to_list(self._max_delay)
        for category in CATEGORIES:
            roots = self._roots(category)
            listed = [blob for root in roots for blob in self._listed(category, root, to_list)]
            oldest = self._oldest(category, roots)
            yield CategoryExport(category, oldest, [blob.hour for blob in listed]), listed

    def _roots(self, category: Category) -> list[str]:
        """The folders that hold the tenant's years."""
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
            self._report_missing(category)
        return roots

    def _report_missing(self, category: Category) -> None:
        if category.is_needed:
            raise SourceDeniedError(
                f"{self._logs.host} has no {category.name} of tenant {self._tenant_id}: switch "
                "that category on in a diagnostic setting of Entra that archives to this account; "
                f"the container {category.container} appears with its first record."
            )
        _warn_of_missing(self._logs.host, self._tenant_id, category.name)

    def _listed(self, category: Category, root: str, hours: HourRange) -> Iterator[HourBlob]:
        for month in hours.months():
            for name, size_bytes, written_at in self._logs.blobs(category.container, root + month):
                hour = hour_of(name)
                if hour and hours.contains(hour):
                    yield HourBlob(hour, category.container, name, size_bytes, written_at)

    def _oldest(self, category: Category, roots: list[str]) -> datetime | None:
        """The first hour of a category."""
        first = [self._first(category.container, root) for root in roots]
        return min((hour for hour in first if hour), default=None)

    def _first(self, container: str, root: str) -> datetime | None:
        """The first hour below a folder; names sort by time."""
        listed = self._logs.blobs(container, root, page_size=_FEW)
        return next((hour for blob in listed if (hour := hour_of(blob.name))), None)

    def _take_in(self, blob: HourBlob, intake: StrictIntake) -> None:
        def read(offset: int, size_bytes: int) -> bytes:
            self._budget.remaining_seconds()
            return self._logs.read(blob.container, blob.name, offset, size_bytes)

        is_growing = self._now() - blob.written_at < GROWING_FOR
        file = HourFile(blob.size_bytes, read, is_growing=is_growing)
        intake.begin(f"{blob.container}/{blob.name}")
        read_stream(Stream(file, lambda _: None), intake, Skimmer(self._scope.ids))
        if file.torn_bytes:
            _log.info("diagnostics: the end of %s is still being written", intake.file)

    def _is_of(self, sign_in: SignIn, slice_: Slice) -> bool:
        return slice_.owns(sign_in) and sign_in.tenant_id in ("", slice_.tenant_id)


@cache  # once per process, not with each slice
def _warn_of_missing(host: str, tenant_id: str, category: str) -> None:
    warning = (
        "diagnostics: %s has no %s of tenant %s: app-only sign-ins of that kind are not counted"
    )
    _log.warning(warning, host, category, tenant_id)


def _log_reading(slice_: Slice, blobs: list[HourBlob], intake: StrictIntake) -> None:
    megabytes = sum(blob.size_bytes for blob in blobs) / 1e6
    _log.info(
        "diagnostics: %s: %d blobs, %.1f MB, %d records",
        *(slice_.name, len(blobs), megabytes, intake.records),
    )
