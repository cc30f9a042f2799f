"""
The hours of a diagnostic setting's logs: which there are, and whether a slice is known by them.

A blob is one hour of one category, ``tenantId=…/y=2026/m=11/d=20/h=09/m=00/PT1H.json``. Nothing in
the account says whether an hour without a blob had no sign-ins or was not exported, so that has to
follow from the hours around it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.mfa.window import Slice

#: A needed category that was silent for longer is taken to be switched off: longer than a weekend.
SILENCE = timedelta(hours=72)
#: The clocks of who logs and of who stores may be that far apart.
EARLIER = timedelta(hours=1)
#: Entra puts a sign-in with MFA together out of several events, which takes up to two hours
#: (reports FAQ); the third is the hour that is being written then.
LEAST_LATE = timedelta(hours=3)
#: "A blob can contain data from the previous 48 hours" (Azure Monitor, resource logs).
MOST_LATE = timedelta(hours=48)

_HOUR = re.compile(r"(?:^|/)y=(\d{4})/m=(\d\d)/d=(\d\d)/h=(\d\d)/m=\d\d/[^/]+$", re.ASCII)
_YEAR = re.compile(r"(?:^|/)y=\d{4}/$", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Category(NamedTuple):
    """One kind of sign-in, as diagnostic settings call it."""

    name: str
    is_needed: bool  #: whether a share could be wrong without it

    @property
    def container(self) -> str:
        """Where its blobs are."""
        return f"insights-logs-{self.name.lower()}"


#: Applications without a user are in no share: their number is beside it. Their containers are not
#: needed, because a tenant that has no such sign-in never gets them.
CATEGORIES = (
    Category("SignInLogs", is_needed=True),
    Category("NonInteractiveUserSignInLogs", is_needed=True),
    Category("ServicePrincipalSignInLogs", is_needed=False),
    Category("ManagedIdentitySignInLogs", is_needed=False),
)


class Stretch(NamedTuple):
    """A slice's hours, half-open, UTC."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, owed: Slice) -> Stretch:
        """The hours of a slice."""
        midnight = datetime.combine(owed.day, time(), UTC)
        hours = timedelta(hours=owed.from_hour), timedelta(hours=owed.to_hour)
        return cls(midnight + hours[0], midnight + hours[1])

    def read(self, late: timedelta) -> Stretch:
        """The hours whose blobs may hold its sign-ins, where these come at most so late."""
        return Stretch(self.start - EARLIER, self.end + late)

    def looked_at(self, late: timedelta) -> Stretch:
        """The hours that have to be listed to see whether it is known."""
        next_day = datetime.combine(self.start, time(), UTC) + timedelta(days=1)
        return Stretch(
            min(self.start - EARLIER, self.end - SILENCE), max(self.end + late, next_day)
        )

    def holds(self, hour: datetime) -> bool:
        """Whether an hour begins in it."""
        return self.start <= hour < self.end

    def months(self) -> list[str]:
        """The folders of all months that it touches."""
        hours = range(int((self.end - self.start) / timedelta(hours=1)))
        folders = (f"{self.start + timedelta(hours=hour):y=%Y/m=%m/}" for hour in hours)
        return list(dict.fromkeys(folders))


class Exported(NamedTuple):
    """What there is of one category."""

    category: Category
    oldest: datetime | None  #: its first hour; `None` where there is no blob at all
    hours: Sequence[datetime]  #: of the blobs in the stretch that was looked at


def lateness(settle_days: int) -> timedelta:
    """
    How late a sign-in may come and still be found: as late as days are pulled again for.

    Microsoft gives 48 hours as the most, which is what the two `SETTLE_DAYS` of the default allow.
    """
    return min(MOST_LATE, max(LEAST_LATE, timedelta(days=settle_days)))


def gap(stretch: Stretch, exported: Sequence[Exported]) -> str | None:
    """
    Why the sign-ins of a stretch are not all there; `None` where nothing speaks against it.

    An hour without a blob is an hour without sign-ins only while the export is known to run. Each
    needed category must have begun before the stretch, and must have written something not longer
    than `SILENCE` before its end, or since. And one of all categories must have written something
    on the day: non-interactive sign-ins go on at night and on Sundays, so that a day without any
    is rather one that was not exported, or that the export has not come to yet.
    """
    for log in exported:
        if log.category.is_needed and (reason := _gap_of(stretch, log)):
            return reason
    day = stretch.start.date()
    if not any(hour.date() == day for log in exported for hour in log.hours):
        return (
            f"No sign-in log has a blob of {day}: that day was not exported, or the export has not "
            "come to it yet."
        )
    return None


def _gap_of(stretch: Stretch, log: Exported) -> str | None:
    name = log.category.name
    if log.oldest is None:
        return f"{name} has no blob yet."
    if log.oldest >= stretch.start:
        return f"{name} is exported, or kept, only from {log.oldest:%Y-%m-%d %H}:00 UTC on."
    silent_since = stretch.end - SILENCE
    if not any(hour >= silent_since for hour in log.hours):
        return (
            f"{name} has no blob from {silent_since:%Y-%m-%d %H}:00 UTC on: check that the "
            "diagnostic setting still exports that category."
        )
    return None


def hour_of(name: str) -> datetime | None:
    """The hour that a blob's name tells; `None` for a blob of another kind."""
    told = _HOUR.search(name)
    try:
        return datetime.strptime("-".join(told.groups()) + "Z", "%Y-%m-%d-%H%z") if told else None
    except ValueError:
        return None


def is_year(folder: str) -> bool:
    """Whether hours begin below a folder."""
    return bool(_YEAR.search(folder))


def names_another_tenant(folder: str, tenant_id: str) -> bool:
    """Whether a GUID is in a folder's path that is not the tenant's."""
    return not set(_GUID.findall(folder.lower())) <= {tenant_id}
