"""
The hours of a diagnostic setting's logs, and whether they are enough for a slice.

A blob is one hour of one category, ``tenantId=…/y=2026/m=11/d=20/h=09/m=00/PT1H.json``. Nothing in
the account says whether an hour without a blob had no sign-ins or was not exported, so that has to
be concluded from the hours around it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from shared.mfa.coverage import LogKinds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shared.mfa.window import Slice

#: A needed category that is silent for longer counts as switched off. Longer than a weekend.
LONGEST_SILENCE = timedelta(hours=72)
#: A continuous category that is silent for longer was not exported meanwhile.
LONGEST_PAUSE = timedelta(hours=8)
_HOUR_LENGTH = timedelta(hours=1)
#: How far the clocks of Entra and of the storage account may differ.
CLOCK_SKEW = timedelta(hours=1)
#: Entra combines several events into a sign-in with MFA, which takes up to two hours (reports FAQ);
#: the third hour is the one being written at that time.
SHORTEST_DELAY = timedelta(hours=3)
#: "A blob can contain data from the previous 48 hours" (Azure Monitor, resource logs).
LONGEST_DELAY = timedelta(hours=48)

_HOUR = re.compile(r"(?:^|/)y=(\d{4})/m=(\d\d)/d=(\d\d)/h=(\d\d)/m=\d\d/[^/]+$", re.ASCII)
_YEAR = re.compile(r"(?:^|/)y=\d{4}/$", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Category(NamedTuple):
    """A log category of diagnostic settings: one kind of sign-in."""

    name: str
    is_needed: bool  #: whether a share may be wrong without it
    is_continuous: bool = False  #: whether every tenant has such sign-ins day and night

    @property
    def container(self) -> str:
        """The container of its blobs."""
        return f"insights-logs-{self.name.lower()}"


#: App-only sign-ins are in no share, only counted next to it. Their containers are not needed: a
#: tenant without such sign-ins never gets them.
CATEGORIES = (
    Category("SignInLogs", is_needed=True),
    Category("NonInteractiveUserSignInLogs", is_needed=True, is_continuous=True),
    Category("ServicePrincipalSignInLogs", is_needed=False),
    Category("ManagedIdentitySignInLogs", is_needed=False),
)


class HourRange(NamedTuple):
    """A half-open range of whole hours, UTC."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, slice_: Slice) -> HourRange:
        """The hours of a slice."""
        midnight = datetime.combine(slice_.day, time(), UTC)
        start, end = timedelta(hours=slice_.from_hour), timedelta(hours=slice_.to_hour)
        return cls(midnight + start, midnight + end)

    def hours_to_read(self, max_delay: timedelta) -> HourRange:
        """The hours whose blobs may hold its sign-ins, if these arrive within `max_delay`."""
        return HourRange(self.start - CLOCK_SKEW, self.end + max_delay)

    def hours_to_list(self, max_delay: timedelta) -> HourRange:
        """The hours to list in order to find out whether it is complete."""
        next_day = datetime.combine(self.start, time(), UTC) + timedelta(days=1)
        return HourRange(
            min(self.start - CLOCK_SKEW, self.end - LONGEST_SILENCE),
            max(self.end + max_delay, next_day, self.end + LONGEST_SILENCE),
        )

    def contains(self, hour: datetime) -> bool:
        """Whether an hour begins within the range."""
        return self.start <= hour < self.end

    def months(self) -> list[str]:
        """The folders of all its months."""
        hours = range(int((self.end - self.start) / timedelta(hours=1)))
        folders = (f"{self.start + timedelta(hours=hour):y=%Y/m=%m/}" for hour in hours)
        return list(dict.fromkeys(folders))


class CategoryExport(NamedTuple):
    """The exported hours of one category."""

    category: Category
    oldest: datetime | None  #: its first hour; `None` if it has no blob
    hours: Sequence[datetime]  #: of the listed blobs

    def has_day(self, day: date) -> bool:
        """Whether a listed blob is of a day."""
        return any(hour.date() == day for hour in self.hours)


def accepted_delay(settle_days: int) -> timedelta:
    """
    How late a sign-in may arrive and still be found: for as long as its day is pulled again.

    At most 48 hours, Microsoft's maximum, which the default of two `SETTLE_DAYS` allows.
    """
    return min(LONGEST_DELAY, max(SHORTEST_DELAY, timedelta(days=settle_days)))


def beyond_reach(hours: HourRange, exported: Sequence[CategoryExport]) -> str | None:
    """Why sign-ins of these hours are not in the account, and never will be; `None` if they are."""
    for log in exported:
        if log.category.is_needed and log.oldest and log.oldest >= hours.start:
            since = f"{log.oldest:%Y-%m-%d %H}:00 UTC"
            return f"{log.category.name} is exported, or kept, only from {since} on."
    return None


def missing_reason(hours: HourRange, exported: Sequence[CategoryExport]) -> str | None:
    """
    Why sign-ins of these hours may be missing; `None` if nothing suggests it.

    An hour without a blob is an hour without sign-ins only while the export is known to run. Each
    needed category must have begun before the first of the hours (`beyond_reach`), and must have
    written something at most `LONGEST_SILENCE` before their end, or since. Non-interactive sign-ins
    go on at night and on Sundays: that category must have written something on the day, and again
    after the hours, and not have paused for longer than `LONGEST_PAUSE` in between.
    """
    for log in exported:
        if log.category.is_needed and (reason := _missing_reason_of(hours, log)):
            return reason
    day = hours.start.date()
    if not any(log.has_day(day) for log in exported):
        return (
            f"No sign-in log has a blob of {day}: that day was not exported, or not exported yet."
        )
    for log in exported:
        if log.category.is_continuous and (reason := _gap_of(hours, log)):
            return reason
    return None


def kinds_of(hours: HourRange, exported: Sequence[CategoryExport]) -> LogKinds:
    """
    The kinds of log that are there for these hours, if `missing_reason` finds nothing.

    A category that is silent for a whole day, or from the day's last hours on, may have been
    switched off meanwhile. Sign-ins of applications are rare, so that their category only has to
    have begun before.
    """
    logs = {log.category.name: log for log in exported}
    principals = logs["ServicePrincipalSignInLogs"].oldest
    return LogKinds(
        interactive=_goes_on(hours, logs["SignInLogs"]),
        service_principal=principals is not None and principals < hours.start,
    )


def _missing_reason_of(hours: HourRange, log: CategoryExport) -> str | None:
    name = log.category.name
    if log.oldest is None:
        return f"{name} has no blob yet."
    silent_since = hours.end - LONGEST_SILENCE
    if not any(hour >= silent_since for hour in log.hours):
        return (
            f"{name} has no blob from {silent_since:%Y-%m-%d %H}:00 UTC on: check that the "
            "diagnostic setting still exports that category."
        )
    return None


def _gap_of(hours: HourRange, log: CategoryExport) -> str | None:
    day = hours.start.date()
    if not log.has_day(day):
        return f"{log.category.name} has no blob of {day}: it may have been switched off that day."
    if not any(hour >= hours.end for hour in log.hours):
        return (
            f"{log.category.name} has no blob from {hours.end:%Y-%m-%d %H}:00 UTC on, so the last "
            f"hours of {day} may not be exported yet."
        )
    if pause := _pause_of(hours, log):
        since, until = (f"{hour:%Y-%m-%d %H}:00" for hour in pause)
        return (
            f"{log.category.name} has no blob from {since} to {until} UTC: it may not have been "
            "exported meanwhile."
        )
    return None


def _goes_on(hours: HourRange, log: CategoryExport) -> bool:
    """Whether a category wrote something on the day, and near its end or after it."""
    day = hours.start.date()
    day_end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    return log.has_day(day) and any(hour >= day_end - LONGEST_PAUSE for hour in log.hours)


def _pause_of(hours: HourRange, log: CategoryExport) -> tuple[datetime, datetime] | None:
    """Hours without a blob, too many in a row, that include one of these."""
    for before, after in pairwise(sorted(set(log.hours))):
        begin = before + _HOUR_LENGTH
        if begin < hours.end and after > hours.start and after - begin > LONGEST_PAUSE:
            return begin, after
    return None


def hour_of(name: str) -> datetime | None:
    """The hour in a blob's name; `None` for a blob of another kind."""
    match = _HOUR.search(name)
    try:
        return datetime.strptime("-".join(match.groups()) + "Z", "%Y-%m-%d-%H%z") if match else None
    except ValueError:
        return None


def is_year(folder: str) -> bool:
    """Whether a folder holds one year, with the hours below it."""
    return bool(_YEAR.search(folder))


def names_another_tenant(folder: str, tenant_id: str) -> bool:
    """Whether a folder's path contains a GUID other than the tenant's."""
    return not set(_GUID.findall(folder.lower())) <= {tenant_id}
