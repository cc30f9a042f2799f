"""What the HTTP functions answer. Names in a request are checked before the store sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.errors import BadSettingError, MfaStatusError
from shared.mfa.guid import is_guid
from shared.service.http.answers import (
    Answer,
    RefusedError,
    json_answer,
    redirect,
)
from shared.service.http.callers import Role, refuse_long_bodies, refuse_other_sites
from shared.service.http.days import NEIGHBOURS, index_page, meta_of, neighbour
from shared.service.http.details import (
    account_page,
    application_page,
    customer_page,
    stored_history,
)
from shared.service.http.health import health_of
from shared.service.http.listings import ACCOUNTS, APPLICATIONS, CUSTOMERS
from shared.service.http.orders import run_state, start_mail, start_run
from shared.service.http.report_files import ReportFiles
from shared.service.http.search import list_answer
from shared.stores.models import REPORT_FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from shared.mfa.changes.account_history import AccountHistory
    from shared.service.http.callers import Caller
    from shared.service.http.recent_reports import RecentReports
    from shared.service.http.search import Listing
    from shared.service.mail_requests import MailRequests
    from shared.service.runs import Runs


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RESOURCES = ("nonMfaCompliantPartnerPrincipals", "applicationmfaadoptionstatus", "partnerRequests")
_BY_NAME = ("report.json", "report.html", "findings.html")
FILES = tuple(
    name for name in REPORT_FILES if name.endswith((".csv", ".xlsx")) or name in _BY_NAME
)  #: served under their own name
OF_CUSTOMERS = "customers.csv"  #: the only one that requires the role for customers
SCRIPT_FILES = (*(name for name in FILES if name != OF_CUSTOMERS), *_RESOURCES)  #: with a key
#: The files large enough for a redirect to the store.
_BIGGEST = ("all-api-requests.csv", "portal-requests.csv")
_NO_RECEIPT = (
    "The newest report was made without reading the directory, or permissions were not kept yet."
)


def _no_mails() -> MailRequests:
    raise BadSettingError("Mails are not set up.")


@dataclass(frozen=True, slots=True)
class ReportApi:
    """
    Serves what is stored; one object per request.

    Each method returns an `Answer`, or raises an error that `answered` turns into one.
    """

    tenant_id: str  #: the partner's
    reports: RecentReports
    runs: Callable[[], Runs]  #: called only to start a run; everything else needs the store alone
    now: Callable[[], datetime]
    headers: Mapping[str, str]  #: of the request; names in any case
    caller: Caller
    has_links: bool = True  #: whether callers can reach the store by a link
    silent_timers: Callable[[], list[str]] = list  #: a sentence for each that should have fired
    mails: Callable[[], MailRequests] = _no_mails  #: called only to send one

    def newest_page(self) -> Answer:
        """The partner's newest page."""
        self.caller.demand(Role.READ)
        return self._files.stored(self._files.newest(), "page.html")

    def page(self, tenant_id: str, ending: str) -> Answer:
        """One report's page."""
        self.caller.demand(Role.READ)
        files, day = self._report(tenant_id, ending)
        return files.stored(day, "page.html")

    def index(self, params: Mapping[str, str] | None = None) -> Answer:
        """The partner's reports as a page, each day a link; parameters as for tables."""
        self.caller.demand(Role.READ)
        reports = self.reports.reports(self.tenant_id)
        if not reports:
            raise self._files.no_report()
        newest = reports[0]
        meta = self._files.head(newest.metrics.ending).meta if newest.files else meta_of(newest)
        return self._files.answer(index_page(reports, FILES, meta, params or {}), "page.html")

    def file(self, tenant_id: str, ending: str, file: str) -> Answer:
        """
        One file of a report by its name, or a redirect to it in the store.

        ``before`` and ``after`` lead to the report of the nearest day.
        """
        self.caller.demand(Role.CUSTOMERS if file == OF_CUSTOMERS else Role.READ)
        if file in NEIGHBOURS:
            files, day = self._report(tenant_id, ending)
            return neighbour(self.reports.reports(files.tenant_id), files.tenant_id, day, file)
        if file not in FILES:
            raise RefusedError(
                HTTPStatus.BAD_REQUEST, f"Unknown file; expected one of {', '.join(FILES)}."
            )
        files, day = self._report(tenant_id, ending)
        is_linked = file in _BIGGEST and self.has_links
        url = files.url(day, file, self.now()) if is_linked else None
        return redirect(url) if url else files.stored(day, file)

    def resource(self, name: str) -> Answer:
        """One of Partner Center's resources, as of the partner's newest report."""
        self.caller.demand(Role.READ)
        return self._files.stored(self._files.newest(), f"{name}.json")

    def for_script(self, name: str) -> Answer:
        """What a script gets with a key and no role: the newest report's files and resources."""
        self.caller.demand(Role.READ)
        if name not in SCRIPT_FILES:
            sentence = f"Unknown file; expected one of {', '.join(SCRIPT_FILES)}."
            raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
        in_resources = name in _RESOURCES
        return self.resource(name) if in_resources else self.file(self.tenant_id, "latest", name)

    def permissions(self) -> Answer:
        """The scope receipt: what the newest report was read with, and what its figures need."""
        self.caller.demand(Role.READ)
        return self._files.stored(self._files.newest(), "permissions.html", _NO_RECEIPT)

    def customers(self, params: Mapping[str, str] | None = None) -> Answer:
        """The customers' status as a page; with parameters, those of them that are asked for."""
        return self._list(CUSTOMERS, "customers.html", params)

    def customers_json(self, params: Mapping[str, str] | None = None) -> Answer:
        """The same as JSON."""
        return self._list(CUSTOMERS, "customers.json", params)

    def customers_csv(self, params: Mapping[str, str] | None = None) -> Answer:
        """The same as CSV."""
        return self._list(CUSTOMERS, "customers.csv", params)

    def customer(self, tenant_id: str) -> Answer:
        """One customer's page."""
        self.caller.demand(Role.CUSTOMERS)
        files, ending = self._files, self._files.newest()
        page = customer_page(
            tenant_id,
            files.reader(ending, CUSTOMERS.too_old),
            files.head(ending).meta,
            partial(self.reports.customer_days, self.tenant_id),
        )
        return files.answer(page, "page.html")

    def accounts(self, params: Mapping[str, str] | None = None) -> Answer:
        """The accounts as a page; with parameters, those of them that are asked for."""
        return self._list(ACCOUNTS, "accounts.html", params)

    def accounts_json(self, params: Mapping[str, str] | None = None) -> Answer:
        """The same as JSON."""
        return self._list(ACCOUNTS, "accounts.json", params)

    def accounts_csv(self, params: Mapping[str, str] | None = None) -> Answer:
        """The same as CSV."""
        return self._list(ACCOUNTS, "accounts.csv", params)

    def account(self, object_id: str) -> Answer:
        """One account's page."""
        self.caller.demand(Role.READ)
        files, ending = self._files, self._files.newest()
        names = self.reports.names(self.tenant_id, ending)
        read, meta = files.reader(ending), files.head(ending).meta
        page = account_page(object_id, names, read, meta, self._history)
        return files.answer(page, "page.html")

    def applications(self, params: Mapping[str, str] | None = None) -> Answer:
        """The applications that used Partner Center, as a page."""
        return self._list(APPLICATIONS, "applications.html", params)

    def application(self, app_id: str) -> Answer:
        """One application's page."""
        self.caller.demand(Role.READ)
        files, ending = self._files, self._files.newest()
        read = files.reader(ending, APPLICATIONS.too_old)
        return files.answer(application_page(app_id, read, files.head(ending).meta), "page.html")

    def start_run(self, body: bytes = b"") -> Answer:
        """
        Start a run, of what is owed or of the day that the body names.

        409 while another run is active, 429 once too many have started within the hour, 503 if its
        messages did not get into the queue: then there is no such run.
        """
        self._demand_own(Role.RUN)
        return start_run(body, self.runs)

    def start_mail(self, body: bytes = b"") -> Answer:
        """
        Queue a mail of the newest report to the recipients, although the day's has gone.

        Refusals are those of runs, and its address is that of a run. The body may name the
        request's id: asking again with the same one sends nothing more.
        """
        self._demand_own(Role.RUN)
        return start_mail(body, self.mails, self._files.newest)

    def run(self, run_id: str) -> Answer:
        """The state of a run."""
        self.caller.demand(Role.RUN)
        return run_state(run_id, self.reports.store, self.tenant_id)

    def health(self) -> Answer:
        """
        Versions, and how recent the reports are; nothing personal, so no role is required.

        503 while a timer is silent: then no day begins by itself.
        """
        return json_answer(*self._health())

    def probe(self) -> Answer:
        """
        As `health`, in one word and the status, for strangers.

        Nothing else of the app is theirs to know, what is wrong with its store included.
        """
        try:
            status, found = self._health()
        except MfaStatusError:
            status, found = HTTPStatus.SERVICE_UNAVAILABLE, {"status": "unavailable"}
        return json_answer(status, {"status": found["status"]})

    def _health(self) -> tuple[HTTPStatus, dict[str, object]]:
        newest = self.reports.latest_ending(self.tenant_id)
        window = self._files.head(newest).window if newest else None
        today, store, silent = self.now().date(), self.reports.store, self.silent_timers()
        return health_of(self.tenant_id, store, today, window, silent)

    def _history(self, object_id: str) -> AccountHistory:
        read = partial(self.reports.file, self.tenant_id)
        return stored_history(object_id, self.reports.reports(self.tenant_id), read)

    def _demand_own(self, role: Role) -> None:
        """Refuse a request to start something, before anything is done for it."""
        self.caller.demand(role)
        refuse_other_sites(self.headers)
        refuse_long_bodies(self.headers)

    @property
    def _files(self) -> ReportFiles:
        """The partner's files."""
        return self._files_of(self.tenant_id)

    def _files_of(self, tenant_id: str) -> ReportFiles:
        return ReportFiles(tenant_id, self.reports, self.headers.get("if-none-match", ""))

    def _report(self, tenant_id: str, ending: str) -> tuple[ReportFiles, date]:
        """A tenant's files and the ending that a request names; checks them, and the role."""
        if not is_guid(tenant_id):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "Invalid tenant id; expected a GUID.")
        tenant = tenant_id.lower()
        if tenant != self.tenant_id:
            self.caller.demand(Role.CUSTOMERS)
        files = self._files_of(tenant)
        return files, files.newest() if ending == "latest" else _day(ending)

    def _list(self, listing: Listing, name: str, params: Mapping[str, str] | None) -> Answer:
        self.caller.demand(listing.role)
        return list_answer(listing, name, self._files, params or {})


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # no such day
    raise RefusedError(
        HTTPStatus.BAD_REQUEST,
        "Invalid ending; expected a report's last day, YYYY-MM-DD, or latest.",
    )
