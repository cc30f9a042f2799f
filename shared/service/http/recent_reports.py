"""
The reports as requests read them: what was just read is not read again.

Which report is the newest, and what its files are, is asked of the store once in a few seconds,
however many requests there are. A file's bytes are kept as long as the report lists it under the
same ETag, and there is room. An error of the store is never remembered, and never answered with
what was read before.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from concurrent.futures import Future
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shared.errors import MfaStatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from datetime import date

    from shared.stores.models import CustomerDay, ReportRow, StoredFile
    from shared.stores.store import Store

    T = TypeVar("T")

FRESH_SECONDS = 5.0  #: how long an answer may be behind the store
NEWEST_DAYS = 31  #: of a customer's history; before them one of each month
MOST_REPORTS = 401  #: in the index of reports
KEPT_BYTES = 32_000_000  #: of files, in one process
_LONGEST_FILE = KEPT_BYTES // 8  #: a longer one is read each time
_MOST_LOOKUPS = 256
MOST_TAGS = 1000  #: of some hundred bytes each


class RecentReports:
    """What is stored of all tenants' reports, for many threads at once."""

    def __init__(
        self,
        store: Store,
        *,
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """With `fresh_seconds` 0 the store is asked each time, and only bytes are kept."""
        self.store = store
        self._lookups = _Lookups(fresh_seconds, clock)
        self._files = _Files()
        self.tags = _Tags()

    def latest_ending(self, tenant_id: str) -> date | None:
        """The last day of the newest report, or `None`."""
        return self._lookups.find(tenant_id, lambda: self.store.latest_ending(tenant_id))

    def has_newer(self, tenant_id: str) -> bool:
        """Whether there are reports that a newer release wrote, which this one cannot read."""
        return self._lookups.find(("newer", tenant_id), lambda: self.store.has_newer(tenant_id))

    def reports(self, tenant_id: str) -> list[ReportRow]:
        """The reports of which at least the figures are there, newest first."""
        return self._lookups.find(
            ("reports", tenant_id), lambda: self.store.reports(tenant_id, MOST_REPORTS)
        )

    def customer_days(self, tenant_id: str, customer_id: str) -> list[CustomerDay]:
        """A customer's figures, oldest first: of the newest month, and of each month before."""
        endings = [report.metrics.ending for report in self.reports(tenant_id)]
        days = sorted(newest_and_months(endings))
        return self._lookups.find(
            ("customer", tenant_id, customer_id),
            lambda: self.store.customer_days(tenant_id, customer_id, days),
        )

    def etag(self, tenant_id: str, ending: date, name: str) -> str | None:
        """The ETag of one file of a report, or `None` if there is no such file."""
        return self._etags(tenant_id, ending).get(name)

    def names(self, tenant_id: str, ending: date) -> frozenset[str]:
        """The names of a report's files."""
        return frozenset(self._etags(tenant_id, ending))

    def version(self, tenant_id: str, ending: date) -> str:
        """A word for all files of a report; it changes if any of them does."""
        listed = sorted(self._etags(tenant_id, ending).items())
        return hashlib.sha256(repr(listed).encode()).hexdigest()

    def file(self, tenant_id: str, ending: date, name: str) -> StoredFile | None:
        """One file of a report, or `None`."""
        key, etag = (tenant_id, ending, name), self.etag(tenant_id, ending, name)
        kept = self._files.find(key)
        if kept and kept.etag == etag:
            return kept
        read = self.store.report_file(tenant_id, ending, name) if etag else None
        self._files.keep(key, read)
        if read and read.etag != etag:  # the report was just replaced
            self._lookups.forget((tenant_id, ending))
        return read

    def _etags(self, tenant_id: str, ending: date) -> Mapping[str, str]:
        return self._lookups.find(
            (tenant_id, ending), lambda: self.store.report_etags(tenant_id, ending)
        )


def newest_and_months(newest_first: Sequence[date]) -> list[date]:
    """The newest month's days, and the last one of each month before."""
    days, earlier = list(newest_first[:NEWEST_DAYS]), newest_first[NEWEST_DAYS:]
    for _, month in groupby(earlier, lambda day: (day.year, day.month)):
        days.append(next(month))
    return days


class _Lookup(NamedTuple):
    begun: float
    found: Future[Any]


class _Lookups:
    """Answers of the store, each for some seconds; who asks meanwhile waits for the same answer."""

    def __init__(self, fresh_seconds: float, clock: Callable[[], float]) -> None:
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._lock = Lock()
        self._known: dict[Hashable, _Lookup] = {}

    def find(self, key: Hashable, ask: Callable[[], T]) -> T:
        """What `ask` returned when it was last called for `key`, unless that is too long ago."""
        with self._lock:
            now, lookup = self._clock(), self._known.get(key)
            is_ours = lookup is None or now - lookup.begun >= self._fresh_seconds
            if lookup is None or is_ours:
                lookup = self._begin(key, now)
        if is_ours:
            self._answer(key, lookup, ask)
        found: T = lookup.found.result()
        return found

    def forget(self, key: Hashable) -> None:
        """Ask again next time."""
        with self._lock:
            self._known.pop(key, None)

    def _begin(self, key: Hashable, now: float) -> _Lookup:
        self._known.pop(key, None)
        if len(self._known) >= _MOST_LOOKUPS:
            del self._known[next(iter(self._known))]  # the one that was begun first
        self._known[key] = lookup = _Lookup(now, Future())
        return lookup

    def _answer(self, key: Hashable, lookup: _Lookup, ask: Callable[[], object]) -> None:
        try:
            lookup.found.set_result(ask())
        except MfaStatusError as error:  # raised again, in every thread that waits
            lookup.found.set_exception(error)
        finally:
            if lookup.found.cancel() or lookup.found.exception():  # ask again next time
                with self._lock:
                    if self._known.get(key) is lookup:
                        del self._known[key]


class _Files:
    """Some files' bytes; if there are too many, those that nobody asked for longest go first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, StoredFile] = OrderedDict()
        self._size = 0

    def find(self, key: Hashable) -> StoredFile | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, file: StoredFile | None) -> None:
        """Keep a file in place of the one that had the key; `None` or too long: keep neither."""
        with self._lock:
            if before := self._kept.pop(key, None):
                self._size -= len(before.content)
            if file and len(file.content) <= _LONGEST_FILE:
                self._kept[key] = file
                self._size += len(file.content)
            while self._size > KEPT_BYTES:
                self._size -= len(self._kept.popitem(last=False)[1].content)


class _Tags:
    """The ETags of answers that are not stored, by what they were made of."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tags: OrderedDict[Hashable, str] = OrderedDict()

    def find(self, made_of: Hashable) -> str | None:
        """The tag of what was made of this, or `None` if nothing was made of it lately."""
        with self._lock:
            return self._tags.get(made_of)

    def remember(self, made_of: Hashable, etag: str) -> None:
        """Remember a tag; if there are too many, the one that was made first goes."""
        with self._lock:
            self._tags[made_of] = etag
            self._tags.move_to_end(made_of)
            while len(self._tags) > MOST_TAGS:
                self._tags.popitem(last=False)
