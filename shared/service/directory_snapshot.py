"""The people behind a report: who is in the directory, and how each account stands."""

from __future__ import annotations

import gzip
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Self

import msgspec

from shared.errors import DamagedError
from shared.mfa.accounts.assessment import JudgedAccounts, assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.exceptions import AcceptedException, judge_exceptions
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_accounts import account_findings
from shared.mfa.findings.of_exceptions import exception_findings
from shared.mfa.findings.of_requests import RequestSummary, request_findings
from shared.mfa.requests import newness
from shared.mfa.scope import Channel
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.accounts.exceptions import ExceptionsSummary
    from shared.mfa.assessment import Assessment
    from shared.mfa.findings.finding import Finding
    from shared.mfa.requests import Request
    from shared.mfa.scope import Scope

DIRECTORY_FILE = "directory.json.gz"  #: stored beside a report, so that it can be made again


class _StoredDirectory(msgspec.Struct, frozen=True):
    """What is stored of a directory that was read."""

    read_at: str
    notes: dict[str, str]
    directory: Directory
    exceptions: tuple[AcceptedException, ...] | None = None
    granted: tuple[str, ...] | None = None


class DirectorySnapshot:
    """A directory with every account judged, and when and how completely it was read."""

    def __init__(  # noqa: PLR0913 (all that was read at once, each named where it is called)
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
        Judge; `read_at` is UTC, and empty for a file, which does not tell how old it is.

        `granted`: the permissions it was read with, `None` where that is not known.
        """
        self.directory = directory
        self.read_at = read_at
        self.notes = notes or {}
        self.granted = granted
        self._kept_exceptions = exceptions
        self.accounts: JudgedAccounts = assess_accounts(directory, partner_center_ids=scope.ids)

    @property
    def tenant_name(self) -> str | None:
        """What the tenant calls itself."""
        organization = self.directory.organization
        return organization.display_name if organization else None

    def findings(self, assessment: Assessment) -> list[Finding]:
        """Why the figures are below 100 %, what buys most first."""
        about_requests = request_findings(self.accounts, requests_of(assessment))
        about_accounts = account_findings(self.directory, self.accounts)
        exceptions = self.exceptions(assessment.window.ending)
        stale = exception_findings(exceptions, self.accounts) if exceptions else ()
        return by_gain([*about_accounts, *about_requests, *stale])

    def exceptions(self, ending: date) -> ExceptionsSummary | None:
        """What has become of the accepted exceptions; `None` where no list of them is kept."""
        if self._kept_exceptions is None:
            return None
        return judge_exceptions(self._kept_exceptions, self.accounts, ending)

    def to_bytes(self) -> bytes:
        """The directory to be stored; personal data."""
        exceptions, granted = self._kept_exceptions, self.granted
        kept = _StoredDirectory(self.read_at, self.notes, self.directory, exceptions, granted)
        return gzip.compress(msgspec.json.encode(kept), 3, mtime=0)

    def is_of(self, data: bytes) -> bool:
        """Whether stored bytes tell the same, whenever they were read."""
        kept, mine = _decode(data), _decode(self.to_bytes())  # as read back, both ways
        return kept == msgspec.structs.replace(mine, read_at=kept.read_at)

    @classmethod
    def from_bytes(cls, data: bytes, scope: Scope) -> Self:
        """What `to_bytes` gave, judged again; `DamagedError` if it is none."""
        kept = _decode(data)
        return cls(
            kept.directory,
            scope,
            read_at=kept.read_at,
            notes=kept.notes,
            exceptions=kept.exceptions,
            granted=kept.granted,
        )


def _decode(data: bytes) -> _StoredDirectory:
    try:
        return msgspec.json.decode(gzip.decompress(data), type=_StoredDirectory)
    except (OSError, EOFError, zlib.error, RecursionError, msgspec.DecodeError) as error:
        raise DamagedError(f"A stored directory cannot be read: {error}.") from error


def requests_of(assessment: Assessment) -> RequestSummary:
    """A window's requests as findings need them."""
    made = chain.from_iterable(assessment.requests.values())
    oldest_first = sorted((item for item in made if item.sign_in.user_id), key=newness)
    return RequestSummary(
        without_mfa=_newest_records(oldest_first, Verdict.NOT_VERIFIED),
        exempted=_newest_records(oldest_first, Verdict.EXEMPTED),
        active={item.sign_in.user_id for item in oldest_first if item.verdict.is_request},
        app_only=_app_only(assessment),
        names={item.sign_in.user_id: item.sign_in.upn for item in oldest_first if item.sign_in.upn},
    )


def _newest_records(oldest_first: list[Request], verdict: Verdict) -> dict[str, str]:
    return {
        request.sign_in.user_id: request.sign_in.id
        for request in oldest_first
        if request.verdict is verdict
    }


def _app_only(assessment: Assessment) -> dict[str, int]:
    calls: dict[str, int] = {}
    for request in assessment.requests[Channel.API]:
        if request.verdict is Verdict.APP_ONLY:
            name = request.sign_in.app_name or request.sign_in.app_id
            calls[name] = calls.get(name, 0) + 1
    return calls
