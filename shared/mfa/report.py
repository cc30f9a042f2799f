"""The Report: one versioned JSON value. Page, mail, CSV list and table row only render it."""

from __future__ import annotations

from datetime import date
from typing import Self

import msgspec

from shared.decoding import decode_json
from shared.errors import DamagedError, NewerError
from shared.mfa.accounts.customer_counts import CustomerCounts
from shared.mfa.accounts.exceptions import ExceptionsSummary
from shared.mfa.accounts.partner_roles import PartnerRole
from shared.mfa.breakdown import Breakdown
from shared.mfa.changes.changes import ReportChanges
from shared.mfa.coverage import Coverage
from shared.mfa.findings.finding import Finding
from shared.mfa.findings.first_step import FirstStep
from shared.mfa.metrics import Metrics, ShareRule, Tally
from shared.mfa.reasons.of_accounts import AccountCause
from shared.mfa.scope import Channel
from shared.mfa.verdict_changes import VerdictChanges
from shared.mfa.window import MissingDay

SCHEMA_VERSION = 1


class WindowSummary(msgspec.Struct, frozen=True):
    """The report's seven days, and how many of them are known."""

    start: date
    ending: date
    complete_days: int
    missing: list[MissingDay]
    provisional_days: list[date] = []  #: read, but Entra may still complete their records
    coverage: Coverage | None = None  #: `None`: every kind of log of every day that is not missing
    verdict_changes: VerdictChanges | None = None  #: of days that were read again; `None`: of none


class DayCounts(msgspec.Struct, frozen=True):
    """One day's requests; `None` if the day is missing, or there are none for want of a log."""

    day: date
    portal: Tally | None
    api: Tally | None


class FileEntry(msgspec.Struct, frozen=True):
    """One file that belongs to the report."""

    href: str  #: relative to the report
    rows: int  #: rows in the file
    total: int | None  #: rows there would be without the cap; `None` if nothing was read


class ChannelForecast(msgspec.Struct, frozen=True):
    """When the last known request that counts against the share leaves the window."""

    reads_100_on: date | None  #: an `ending`; `None` if nothing counts against the share


class Forecast(msgspec.Struct, frozen=True):
    """The forecast per channel."""

    portal: ChannelForecast
    api: ChannelForecast


class HistoryPoint(msgspec.Struct, frozen=True):
    """The three shares of an earlier report; `None` if unknown."""

    ending: date
    accounts: float | None
    portal: float | None
    api: float | None
    portal_lower: float | None = None  #: "at least"; `None` if unknown or not recorded then
    portal_upper: float | None = None  #: "at most"
    api_lower: float | None = None
    api_upper: float | None = None

    @property
    def least_portal(self) -> float | None:
        """What is certain of the portal's share; earlier releases did not record it."""
        return self.portal if self.portal_lower is None else self.portal_lower

    @property
    def least_api(self) -> float | None:
        """The same of the API's."""
        return self.api if self.api_lower is None else self.api_lower


class UnreadableRecord(msgspec.Struct, frozen=True):
    """A record that could not be read: where it is, and why not."""

    file: str
    line: int
    reason: str


class InputSummary(msgspec.Struct, frozen=True):
    """What was read for this report; every record is accounted for."""

    records: int  #: readable records, of any application
    unreadable: int
    unreadable_records: list[UnreadableRecord]  #: the first few
    copies: int  #: Partner Center records that were additional copies of a sign-in
    first_day: date | None  #: of the records read
    last_day: date | None
    other_tenants: int = 0  #: Partner Center sign-ins left out because they are of another tenant
    broken_off: list[str] = []  #: truncated files; the days they may lack are missing
    other_logs: dict[str, int] = {}  #: records of logs without sign-ins, left aside, by log
    not_understood: int = 0  #: Partner Center records with a filled field about MFA, not understood


class _SchemaVersion(msgspec.Struct, frozen=True):
    schema_version: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one tenant and one window. Shares are fractions (0 to 1) or `None`."""

    schema_version: int = SCHEMA_VERSION
    tenant_id: str | None
    tenant_name: str | None
    generated_at: str
    source: str
    window: WindowSummary
    metrics: Metrics
    files: dict[str, FileEntry]
    cloud: str = "global"  #: Microsoft's cloud that the tenant is in
    first_step: FirstStep | None = None  #: `None` in reports of the first releases
    findings: list[Finding] = []
    directory_notes: dict[str, str] = {}  #: why parts of the directory were not read
    exceptions: ExceptionsSummary | None = None  #: `None` if there is no exceptions file
    forecast: Forecast
    history: list[HistoryPoint]
    days: list[DayCounts]
    breakdown: dict[Channel, Breakdown]
    rule: ShareRule
    reading: InputSummary | None = None
    account_causes: list[AccountCause] = []  #: add up to 1 - the accounts share
    partner_roles: list[PartnerRole] = []  #: empty: no directory was read
    customers: CustomerCounts | None = None  #: `None`: they were not read
    csp_anniversary_month: int | None = None  #: 1 to 12; `None` if it was not given
    changes: ReportChanges | None = None  #: since the day and the week before; `None`: not compared
    partner_center_ids: list[str] = []  #: applications and resources that are Partner Center's

    def to_json(self) -> bytes:
        """Indented UTF-8 JSON, ending in a newline; equal reports give equal bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """
        The report that `to_json` wrote.

        Raises `DamagedError` if it cannot be read, `NewerError` for a later schema version.
        """
        refuse_newer_report(data)
        return decode_json(data, cls, damaged_report)


def refuse_newer_report(data: bytes) -> None:
    """Raise `NewerError` if a newer release made a report, `DamagedError` if it names no schema."""
    version = decode_json(data, _SchemaVersion, damaged_report).schema_version
    if version > SCHEMA_VERSION:
        raise NewerError.of("A stored report has schema version", version, SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise damaged_report(f"schema version {version} does not exist")


def damaged_report(reason: str) -> DamagedError:
    """The error for a stored report that cannot be read."""
    return DamagedError(f"A stored report cannot be read: {reason}.")
