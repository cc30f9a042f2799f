"""The directory behind a report, with every account judged."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Self

import msgspec

from shared.decoding import decode_json, inflate
from shared.errors import DamagedError, NewerError
from shared.mfa.accounts.assessment import JudgedAccounts, assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.exceptions import AcceptedException, judge_exceptions
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_accounts import account_findings
from shared.mfa.findings.of_exceptions import exception_findings
from shared.mfa.findings.of_requests import request_findings
from shared.mfa.findings.request_summary import summary_of

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.accounts.exceptions import ExceptionsSummary
    from shared.mfa.assessment import Assessment
    from shared.mfa.findings.finding import Finding
    from shared.mfa.scope import Scope

DIRECTORY_FILE = "directory.json.gz"  #: stored with a report, so that the report can be made again


_VERSION = 1


class _DirectoryVersion(msgspec.Struct, frozen=True):
    version: int = 1  #: absent in files of the first releases


class _StoredDirectory(msgspec.Struct, frozen=True):
    """The form in which a snapshot is stored."""

    read_at: str
    notes: dict[str, str]
    directory: Directory
    exceptions: tuple[AcceptedException, ...] | None = None
    granted: tuple[str, ...] | None = None
    version: int = _VERSION


class DirectorySnapshot:
    """A directory with every account judged, and when and how completely it was read."""

    def __init__(  # noqa: PLR0913 (what one reading gives, each named where it is called)
        self,
        directory: Directory,
        scope: Scope,
        *,
        read_at: str = "",
        notes: dict[str, str] | None = None,
        exceptions: tuple[AcceptedException, ...] | None = None,
        granted: tuple[str, ...] | None = None,
    ) -> None:
        """
        Judge every account.

        `read_at` is an instant in UTC, empty for a file, which does not say how old it is.
        `granted` are the permissions that it was read with, `None` if they are unknown.
        """
        self.directory = directory
        self.read_at = read_at
        self.notes = notes or {}
        self.granted = granted
        self._accepted = exceptions
        self.accounts: JudgedAccounts = assess_accounts(directory, partner_center_ids=scope.ids)

    @property
    def tenant_name(self) -> str | None:
        """The tenant's own name."""
        organization = self.directory.organization
        return organization.display_name if organization else None

    def findings(self, assessment: Assessment) -> list[Finding]:
        """Return why the figures are below 100 %, the largest gain first."""
        requests = summary_of(assessment.requests, assessment.metrics, assessment.rule)
        about_requests = request_findings(self.accounts, requests)
        about_accounts = account_findings(
            self.directory, self.accounts, is_from_file=not self.read_at
        )
        exceptions = self.exceptions(assessment.window.ending)
        stale = exception_findings(exceptions, self.accounts) if exceptions else ()
        return by_gain([*about_accounts, *about_requests, *stale], self.accounts, requests)

    def exceptions(self, ending: date) -> ExceptionsSummary | None:
        """Return the state of the accepted exceptions; `None` without a list of them."""
        if self._accepted is None:
            return None
        return judge_exceptions(self._accepted, self.accounts, ending)

    def to_bytes(self) -> bytes:
        """Return the bytes to store; they hold personal data."""
        exceptions, granted = self._accepted, self.granted
        stored = _StoredDirectory(self.read_at, self.notes, self.directory, exceptions, granted)
        return gzip.compress(msgspec.json.encode(stored), 3, mtime=0)

    def is_same_as(self, data: bytes) -> bool:
        """Whether stored bytes hold the same directory, whenever that was read."""
        stored, own = _decode(data), _decode(self.to_bytes())  # both as they are read back
        return stored == msgspec.structs.replace(own, read_at=stored.read_at)

    @classmethod
    def from_bytes(cls, data: bytes, scope: Scope) -> Self:
        """Read what `to_bytes` gave, and judge again; raises `DamagedError` if it is unreadable."""
        stored = _decode(data)
        return cls(
            stored.directory,
            scope,
            read_at=stored.read_at,
            notes=stored.notes,
            exceptions=stored.exceptions,
            granted=stored.granted,
        )


def _decode(data: bytes) -> _StoredDirectory:
    content = inflate(data, _damaged)
    version = decode_json(content, _DirectoryVersion, _damaged).version
    if version > _VERSION:
        raise NewerError.of("A stored directory has version", version, _VERSION)
    return decode_json(content, _StoredDirectory, _damaged)


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"A stored directory cannot be read: {reason}.")
