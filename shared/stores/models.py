"""What is stored."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from shared.errors import BadInputError
from shared.mfa.report import HistoryPoint

if TYPE_CHECKING:
    from shared.mfa.report import Report

_CSV = "text/csv; charset=utf-8; header=present"

#: Accounts' details are spread over as many of these as they need.
ACCOUNT_DETAILS = tuple(f"account-details-{place}.json.gz" for place in range(32))

#: The state of each account, which later reports compare themselves with.
ACCOUNT_STATES = "account-states.json.gz"

#: The files of a report, each with its media type; the store accepts no other name.
REPORT_FILES = {
    "report.json": "application/json",
    "report.html": "text/html; charset=utf-8",
    "findings.html": "text/html; charset=utf-8",
    "portal-requests-without-mfa.csv": _CSV,
    "portal-requests.csv": _CSV,
    "api-requests-summary.csv": _CSV,
    "all-api-requests.csv": _CSV,
    "accounts.csv": _CSV,
    "customers.csv": _CSV,
    "report.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "directory.json.gz": "application/gzip",
    # Served under other names: accounts and customers, the page with other links, and Partner
    # Center's resources.
    **dict.fromkeys(ACCOUNT_DETAILS, "application/gzip"),
    ACCOUNT_STATES: "application/gzip",
    "applications.html": "text/html; charset=utf-8",
    "applications.json": "application/json",
    "accounts.html": "text/html; charset=utf-8",
    "accounts.json": "application/json",
    "customers.html": "text/html; charset=utf-8",
    "customers.json": "application/json",
    "page.html": "text/html; charset=utf-8",
    "permissions.html": "text/html; charset=utf-8",
    "nonMfaCompliantPartnerPrincipals.json": "application/json",
    "applicationmfaadoptionstatus.json": "application/json",
    "partnerRequests.json": "application/json",
}


class CustomerDay(msgspec.Struct, frozen=True):
    """What is still known of a customer on a day; `None` is unknown."""

    day: date
    users_with_mfa: int | None = None
    total_users: int | None = None
    share: float | None = None


class ReportRow(msgspec.Struct, frozen=True):
    """A report as the list of reports shows it."""

    metrics: MetricsRow
    files: tuple[str, ...]  #: names; none once they have been removed


class TenantRow(msgspec.Struct, frozen=True):
    """A tenant of which something is stored."""

    id: str
    name: str
    kind: Literal["partner", "customer"]


class StoredFile(msgspec.Struct, frozen=True):
    """One file as it was read."""

    content: bytes
    etag: str  #: strong, in quotes; depends on the content only, so it is the same in every store


class Run(msgspec.Struct, frozen=True):
    """One daily run, started by the timer or by a person."""

    id: str
    tenant_id: str
    state: str  #: ``accepted``, ``running``, ``done``, ``failed``
    asked_at: str  #: UTC
    finished_at: str = ""
    reason: str = ""


class DeliveryState(StrEnum):
    """What became of a report's mails, or of its card."""

    WAITING = "waiting"  #: for the report, for its time, or for days that it lacks
    SENT = "sent"
    WRITTEN = "written to the outbox"
    UNCERTAIN = "may or may not have been sent"
    FAILED = "not sent"


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report's mails, or its card; no address."""

    tenant_id: str
    ending: date
    channel: str  #: ``mail`` or ``teams``
    opened_at: str = ""  #: UTC; when people could first be written to, empty before
    state: DeliveryState = DeliveryState.WAITING
    at: str = ""  #: UTC; when the state was entered
    reason: str = ""
    lacked: str = ""  #: what the report lacked when it was first sent, in words
    said: str = ""  #: its figures at that time, in words
    told_at: str = ""  #: UTC; when people were written to that there is no report
    passed_at: str = (
        ""  #: UTC; when it was found that it is nobody's day; empty if it is somebody's
    )

    @property
    def has_gone(self) -> bool:
        """Whether everything was sent, or written to the outbox."""
        return self.state in (DeliveryState.SENT, DeliveryState.WRITTEN)

    @property
    def has_begun(self) -> bool:
        """Whether people may be written to, and a message has found out what to do about it."""
        is_untouched = self.state is DeliveryState.WAITING and not self.reason
        return bool(self.opened_at) and not is_untouched

    def is_owed(self, newest: date) -> bool:
        """Whether it was due and has not gone; the newest day's may still be waiting."""
        may_wait = self.ending >= newest and self.state is DeliveryState.WAITING
        is_anybodys = not (self.has_gone or self.passed_at)
        return bool(self.opened_at) and is_anybodys and not may_wait


class MetricsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report's figures as a row to query by day. Shares are fractions, 0 to 1, or `None`."""

    tenant_id: str
    ending: date
    generated_at: str  #: UTC
    complete_days: int  #: known days of the window, of seven
    accounts_share: float | None
    accounts_enforced: int | None
    accounts_enabled: int | None
    portal_share: float | None
    portal_compliant: int  #: requests with MFA, including exempted ones if the rule counts them
    portal_decided: int  #: requests that are known to have had MFA or not
    api_share: float | None
    api_compliant: int
    api_decided: int
    portal_share_lower: float | None = None  #: absent in rows of earlier releases
    portal_share_upper: float | None = None
    api_share_lower: float | None = None
    api_share_upper: float | None = None

    @classmethod
    def of(cls, report: Report) -> Self:
        """The row of a report; raises `BadInputError` if the report does not name its tenant."""
        if report.tenant_id is None:
            raise BadInputError("A report without a tenant id cannot be stored; expected one.")
        accounts, portal, api = report.metrics.accounts, report.metrics.portal, report.metrics.api
        exempted = int(report.rule.exempted_counts_as_mfa)
        return cls(
            tenant_id=report.tenant_id,
            ending=report.window.ending,
            generated_at=report.generated_at,
            complete_days=report.window.complete_days,
            accounts_share=accounts.known_share,
            accounts_enforced=accounts.enforced,
            accounts_enabled=accounts.enabled,
            portal_share=portal.share,
            portal_compliant=portal.verified + exempted * portal.exempted,
            portal_decided=portal.verified + portal.not_verified + portal.exempted,
            api_share=api.share,
            api_compliant=api.verified + exempted * api.exempted,
            api_decided=api.verified + api.not_verified + api.exempted,
            portal_share_lower=portal.share_lower,
            portal_share_upper=portal.share_upper,
            api_share_lower=api.share_lower,
            api_share_upper=api.share_upper,
        )

    @property
    def point(self) -> HistoryPoint:
        """The three shares, as a report shows its history."""
        return HistoryPoint(
            ending=self.ending,
            accounts=self.accounts_share,
            portal=self.portal_share,
            api=self.api_share,
            portal_lower=self.portal_share_lower,
            portal_upper=self.portal_share_upper,
            api_lower=self.api_share_lower,
            api_upper=self.api_share_upper,
        )
