"""The accounts of a tenant as ``accounts.json`` holds them: ``accounts.csv``, and exceptions."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Self

import msgspec

from shared.decoding import decode_json
from shared.delivery.text.formatting import count
from shared.errors import DamagedError
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.metrics import AccountMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shared.delivery.files.directory_rows import AccountStatusRow
    from shared.mfa.accounts.exceptions import ExceptionsSummary

MOST_LISTED = 50_000  #: accounts, worst first: what can be searched within a second
DISABLED = "disabled"  #: the state of an account of which nothing is required


class AccountEntry(msgspec.Struct, frozen=True):
    """One account; `None` is unknown."""

    object_id: str
    upn: str
    display_name: str
    user_type: str
    enabled: bool | None
    is_admin: bool | None
    enforcement: str | None  #: `None` for a disabled account
    enforced_by: str
    cause: str
    remedy: str
    mfa_registered: bool | None
    last_request: str | None  #: UTC; `None` if it made no request in the window
    last_request_mfa_compliant: bool | None
    exception: str | None = None  #: the status of its accepted exception; `None` without one
    cause_kind: str = ""  #: the kind of its cause, as of reasons; empty if MFA is enforced
    findings: list[str] = []  #: the ids of those whose fix would enforce MFA for it

    @property
    def state(self) -> str:
        """Whether MFA is enforced, or that the account is disabled."""
        return self.enforcement or DISABLED


class Accounts(msgspec.Struct, frozen=True):
    """A tenant's accounts, worst first."""

    tenant_id: str | None
    as_of: str | None  #: when they were read, UTC; `None` if a file does not say it
    metrics: AccountMetrics  #: of all accounts
    accounts: list[AccountEntry]  #: the first `MOST_LISTED`

    @classmethod
    def of(
        cls,
        tenant_id: str | None,
        as_of: str,
        entries: Iterable[AccountEntry],
        metrics: AccountMetrics,
    ) -> Self:
        """The first `MOST_LISTED` of these entries."""
        return cls(tenant_id, as_of or None, metrics, list(islice(entries, MOST_LISTED)))

    def to_json(self) -> bytes:
        """UTF-8 JSON, ending in a newline; equal accounts give equal bytes."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote. Raises `DamagedError` if it is not valid."""
        return decode_json(data, cls, _damaged)

    def headline(self) -> str:
        """The figure in words: ``90 of 100 enabled accounts have MFA enforced; 3 not known.``."""
        enabled = self.metrics.enabled or 0
        enforced, unknown = self.metrics.enforced or 0, self.metrics.unknown or 0
        if not enabled:
            return "There are no enabled accounts."
        have = "has" if 1 in (enforced, enabled) else "have"
        rest = f"; {unknown:,} not known" if unknown else ""
        return f"{enforced:,} of {count(enabled, 'enabled account')} {have} MFA enforced{rest}."


def account_entries(
    rows: Iterable[AccountStatusRow],
    exceptions: ExceptionsSummary | None = None,
    kind_of: Callable[[str], str] = lambda _: "",
    findings_of: Callable[[str], list[str]] = lambda _: [],
) -> Iterator[AccountEntry]:
    """
    The rows of ``accounts.csv`` in their order.

    `kind_of` knows the kind of an account's cause by its object id, `findings_of` its findings.
    """
    listed = exceptions.listed if exceptions else ()
    accepted = {found.object_id.lower(): found.standing.value for found in listed}
    for row in rows:
        entry = msgspec.convert(row, AccountEntry, from_attributes=True)
        is_open = row.enforcement not in (None, Enforcement.ENFORCED)
        yield msgspec.structs.replace(
            entry,
            exception=accepted.get(row.object_id.lower()),
            cause_kind=kind_of(row.object_id) if is_open else "",
            findings=findings_of(row.object_id) if is_open else [],
        )


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"Stored accounts cannot be read: {reason}.")


def account_notes(notes: Mapping[str, str]) -> list[str]:
    """The directory notes that say why accounts, or what decides about them, were not read."""
    return [notes[part] for part in notes if not part.startswith(("customer", "delegated"))]
