"""The files of stored reports, as answers to one request."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.service.http.answers import (
    Answer,
    RefusedError,
    matches,
    not_modified,
    stored_answer,
)
from shared.service.http.report_head import read_head
from shared.stores.models import REPORT_FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from shared.service.http.recent_reports import RecentReports
    from shared.service.http.report_head import ReportHead
    from shared.stores.models import StoredFile

_NO_REPORT = "There is no report of this tenant yet."
_NEWER_REPORTS = (
    "The reports of this tenant were stored by a newer release of this app; this one cannot read "
    "them. Deploy the newer one again."
)


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """One tenant's files, for a caller that may already have some of them."""

    tenant_id: str
    reports: RecentReports
    if_none_match: str  #: the header of the request

    def newest(self) -> date:
        """The newest report's ending; raises `RefusedError` if there is none."""
        newest = self.reports.latest_ending(self.tenant_id)
        if newest is None:
            raise self.no_report()
        return newest

    def no_report(self) -> RefusedError:
        """Why there is no report: 503 if only a newer release can read what is stored, else 404."""
        if self.reports.has_newer(self.tenant_id):
            return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, _NEWER_REPORTS)
        return RefusedError(HTTPStatus.NOT_FOUND, _NO_REPORT)

    def head(self, ending: date) -> ReportHead:
        """What requests need of a report."""
        return read_head(self.file(ending, "report.json").content)

    def reader(self, ending: date, missing: str = "") -> Callable[[str], bytes]:
        """Reads the files of one report by their names."""
        return lambda name: self.file(ending, name, missing).content

    def file(self, ending: date, name: str, missing: str = "") -> StoredFile:
        """Return a stored file; raises `RefusedError` (404, with `missing`) if there is none."""
        stored = self.reports.file(self.tenant_id, ending, name)
        if stored is None:
            sentence = missing or f"There is no report of this tenant that ends on {ending}."
            raise RefusedError(HTTPStatus.NOT_FOUND, sentence)
        return stored

    def url(self, ending: date, name: str, now: datetime) -> str | None:
        """A link to a file in the store, valid for minutes; `None` if the store has no links."""
        return self.reports.store.report_url(self.tenant_id, ending, name, now)

    def stored(self, ending: date, name: str, missing: str = "") -> Answer:
        """Answer with a stored file; it is not read if the caller already has it."""
        return self.held(ending, name) or self.answer(self.file(ending, name, missing), name)

    def held(self, ending: date, name: str) -> Answer | None:
        """Return 304 if the caller already has the stored file; nothing is read for that."""
        return self.unchanged(self.reports.etag(self.tenant_id, ending, name), name)

    def answer(self, made: StoredFile, name: str) -> Answer:
        """Answer with a file that was stored or made, under a name."""
        attached_as = name if name.endswith(".csv") else ""
        return self.unchanged(made.etag, name) or stored_answer(
            made, REPORT_FILES[name], attached_as
        )

    def unchanged(self, etag: str | None, name: str) -> Answer | None:
        """Return 304 if the caller already has the file with this tag; otherwise `None`."""
        if etag and matches(self.if_none_match, etag):
            return not_modified(etag, REPORT_FILES[name])
        return None
