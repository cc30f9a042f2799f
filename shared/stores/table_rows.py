"""
The rows of the tables for people: a Struct a table, whose fields are its columns and their types.

docs/tables.md says what each means. Shares are fractions, 0 to 1. `None` is unknown: such a column
is not in the row.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

import msgspec


class EndingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report in ``metrics``: everything that is counted over its seven days."""

    ending: date
    tenant_name: str | None
    source: str
    complete_days: int
    missing_days: int
    provisional_days: int
    interactive_days: int | None
    non_interactive_days: int | None
    service_principal_days: int | None
    accounts_enabled: int | None
    accounts_disabled: int | None
    accounts_enforced: int | None
    accounts_conditional: int | None
    accounts_unprotected: int | None
    accounts_unknown: int | None
    accounts_share: float | None
    accounts_share_upper: float | None
    administrators_enabled: int | None
    administrators_enforced: int | None
    administrators_unknown: int | None
    administrators_share: float | None
    administrators_share_upper: float | None
    active_accounts_enabled: int | None
    active_accounts_enforced: int | None
    active_accounts_unknown: int | None
    active_accounts_share: float | None
    active_accounts_share_upper: float | None
    portal_requests: int
    portal_verified: int
    portal_not_verified: int
    portal_exempted: int
    portal_unknown: int
    portal_not_completed: int
    portal_compliant: int
    portal_decided: int
    portal_share: float | None
    portal_share_lower: float | None
    portal_share_upper: float | None
    portal_provisional_share: float | None
    api_requests: int
    api_verified: int
    api_not_verified: int
    api_exempted: int
    api_unknown: int
    api_not_completed: int
    api_app_only: int
    api_compliant: int
    api_decided: int
    api_share: float | None
    api_share_lower: float | None
    api_share_upper: float | None
    api_provisional_share: float | None
    findings: int

    @property
    def name(self) -> str:
        """There is one row a day."""
        return ""


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's requests of one day in ``days``."""

    day: date
    channel: str
    complete: bool
    provisional: bool
    reason: str | None
    requests: int | None
    verified: int | None
    not_verified: int | None
    exempted: int | None
    unknown: int | None
    not_completed: int | None
    app_only: int | None
    compliant: int | None
    decided: int | None
    share: float | None
    share_lower: float | None
    share_upper: float | None

    @property
    def name(self) -> str:
        """The channel."""
        return self.channel


class ApplicationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One application's requests of one day and channel in ``applications``."""

    day: date
    channel: str
    application_id: str
    application_name: str
    complete: bool
    provisional: bool
    requests: int
    verified: int
    not_verified: int
    exempted: int
    unknown: int
    not_completed: int
    app_only: int
    compliant: int
    decided: int
    share: float | None
    share_lower: float | None
    share_upper: float | None

    @property
    def name(self) -> str:
        """The channel and the application."""
        return f"{self.channel}-{self.application_id}"


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One customer on one day in ``customers``."""

    day: date
    customer: str | None
    customer_tenant_id: str
    status: str
    admins_with_mfa: int | None
    non_admins_with_mfa: int | None
    users_with_mfa: int | None
    total_users: int | None
    share: float | None
    security_defaults: str | None
    conditional_access: str | None
    per_user_mfa: str | None
    as_of: datetime | None

    @property
    def name(self) -> str:
        """The customer's tenant id."""
        return self.customer_tenant_id


TableRow: TypeAlias = EndingRow | DayRow | ApplicationRow | CustomerRow

#: The tables for people, in the order in which they are written.
TABLES: dict[str, type[TableRow]] = {
    "customers": CustomerRow,
    "applications": ApplicationRow,
    "days": DayRow,
    "metrics": EndingRow,
}
