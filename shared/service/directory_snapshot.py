"""The directory behind a report, with every account judged."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import msgspec

from shared.decoding import decode_json, inflate
from shared.errors import DamagedError, NewerError
from shared.mfa.accounts.assessment import JudgedAccounts, assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.exceptions import AcceptedException, judge_exceptions
from shared.mfa.accounts.second_opinion import SecondOpinion
from shared.mfa.findings.finding import by_gain, fixed_by
from shared.mfa.findings.of_accounts import account_findings
from shared.mfa.findings.of_exceptions import exception_findings
from shared.mfa.findings.of_requests import disagreement_findings, request_findings
from shared.mfa.findings.request_summary import summary_of
from shared.mfa.reasons.disagreement import disagreements

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from shared.mfa.accounts.exceptions import ExceptionsSummary
    from shared.mfa.assessment import Assessment
    from shared.mfa.findings.finding import Finding, Gap
    from shared.mfa.findings.request_summary import RequestSummary
    from shared.mfa.scope import Scope

DIRECTORY_FILE = "directory.json.gz"  #: stored with a report, so that the report can be made again


_VERSION = 2
_VERSION_WITHOUT_WHAT_IF = 1  #: what every release can read


class _DirectoryVersion(msgspec.Struct, frozen=True):
    version: int = 1  #: absent in files of the first releases


class _StoredDirectory(msgspec.Struct, frozen=True):
    """The form in which a snapshot is stored."""

    read_at: str
    notes: dict[str, str]
    directory: Directory
    exceptions: tuple[AcceptedException, ...] | None = None
    granted: tuple[str, ...] | None = None
    version: int = _VERSION_WITHOUT_WHAT_IF
    second_opinion: SecondOpinion | None = None  #: needs version 2: without it, more is enforced


@dataclass(frozen=True, slots=True)
class Found:
    """Why the figures are below 100 %."""

    findings: list[Finding]  #: the largest gain first
    of_account: Callable[[str], list[str]]  #: by object id: the ids of those whose fix concerns it


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
        second_opinion: SecondOpinion | None = None,
    ) -> None:
        """
        Judge every account.

        `read_at` is an instant in UTC, empty for a file, which does not say how old it is.
        `granted` are the permissions that it was read with, `None` if they are unknown.
        `second_opinion` is that of Entra's What If, `None` if it was not asked.
        """
        self.directory = directory
        self.read_at = read_at
        self.notes = notes or {}
        self.granted = granted
        self.second_opinion = second_opinion
        self._accepted = exceptions
        self._scope = scope
        answers = second_opinion.answers if second_opinion else ()
        self.accounts: JudgedAccounts = assess_accounts(
            directory, partner_center_ids=scope.ids, answers=answers
        )

    def with_second_opinion(self, opinion: SecondOpinion, note: str) -> DirectorySnapshot:
        """Judge again with what Entra's What If says; `note` is about what it did not answer."""
        return DirectorySnapshot(
            self.directory,
            self._scope,
            read_at=self.read_at,
            notes=self.notes | ({"whatIf": note} if note else {}),
            exceptions=self._accepted,
            granted=self.granted,
            second_opinion=opinion,
        )

    @property
    def tenant_name(self) -> str | None:
        """The tenant's own name."""
        organization = self.directory.organization
        return organization.display_name if organization else None

    def find(self, assessment: Assessment) -> Found:
        """Find out why the figures are below 100 %."""
        requests = summary_of(assessment.requests, assessment.metrics, assessment.rule)
        found = self._found(assessment, requests)
        return Found(by_gain(found, self.accounts, requests), fixed_by(found, self.accounts))

    def _found(self, assessment: Assessment, requests: RequestSummary) -> list[Finding | Gap]:
        about_requests = request_findings(self.accounts, requests)
        about_accounts = account_findings(
            self.directory, self.accounts, is_from_file=not self.read_at
        )
        exceptions = self.exceptions(assessment.window.ending)
        stale = exception_findings(exceptions, self.accounts) if exceptions else ()
        of_records = disagreement_findings(
            self.accounts,
            requests,
            disagreements(assessment.requests.with_traces, self.accounts),
        )
        return [*about_accounts, *about_requests, *of_records, *stale]

    def exceptions(self, ending: date) -> ExceptionsSummary | None:
        """Return the state of the accepted exceptions; `None` without a list of them."""
        if self._accepted is None:
            return None
        return judge_exceptions(self._accepted, self.accounts, ending)

    def to_bytes(self) -> bytes:
        """Return the bytes to store; they hold personal data."""
        stored = _StoredDirectory(
            self.read_at,
            self.notes,
            self.directory,
            self._accepted,
            self.granted,
            _VERSION if self.second_opinion else _VERSION_WITHOUT_WHAT_IF,
            self.second_opinion,
        )
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
            second_opinion=stored.second_opinion,
        )


def _decode(data: bytes) -> _StoredDirectory:
    content = inflate(data, _damaged)
    version = decode_json(content, _DirectoryVersion, _damaged).version
    if version > _VERSION:
        raise NewerError.of("A stored directory has version", version, _VERSION)
    return decode_json(content, _StoredDirectory, _damaged)


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"A stored directory cannot be read: {reason}.")
