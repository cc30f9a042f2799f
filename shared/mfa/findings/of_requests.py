"""Findings from both the accounts and their requests: what policies say, and what the log says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.findings.finding import finding, named_subjects, not_enforced_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.findings.finding import Finding, Gap, Subjects


class RequestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What findings need of a window's requests, by user id (the account's object id)."""

    without_mfa: Mapping[str, str] = {}  #: id of the newest record that is not verified
    exempted: Mapping[str, str] = {}  #: id of the newest record with MFA skipped
    active: Collection[str] = ()  #: ids of all users who made a request
    app_only: Mapping[str, int] = {}  #: calls without a user, by application name
    names: Mapping[str, str] = {}  #: user principal names, from the log
    unknown_applications: Mapping[str, int] = {}  #: unknown API requests, by application name
    unknown_users: Mapping[str, int] = {}  #: unknown portal requests, by user id or name
    cannot_show: int = 0  #: requests whose records lack the fields that show a single factor


def request_findings(
    accounts: JudgedAccounts | None, requests: RequestSummary
) -> Iterator[Finding | Gap]:
    """
    Every finding about requests.

    Without *accounts* (no directory was read), only those that the log alone supports.
    """
    yield from _without_mfa(accounts, requests)
    if accounts is not None:
        yield from _active(accounts, requests)
    yield from _exempted(accounts, requests)
    yield from _unknown(accounts, requests)
    yield from _app_only(requests)


def _without_mfa(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Finding]:
    """Users who made requests without MFA; if MFA is enforced for them, log and policy disagree."""
    contradicting: dict[str, str] = {}
    expected: dict[str, str] = {}
    for user_id, record_id in requests.without_mfa.items():
        is_enforced = _enforcement(accounts, user_id) is Enforcement.ENFORCED
        (contradicting if is_enforced else expected)[user_id] = record_id
    if contradicting:
        subjects = _with_records(accounts, requests, contradicting)
        yield finding("enforced-but-without-mfa", subjects)
    if expected:
        yield finding("signed-in-without-mfa", _with_records(accounts, requests, expected))


def _enforcement(accounts: JudgedAccounts | None, user_id: str) -> Enforcement | None:
    """The enforcement of a user's account; `None` if it is not in the directory that was read."""
    index = accounts.membership.roster.index_of(user_id) if accounts else None
    if accounts is None or index is None:
        return None
    return accounts.class_of(index).judgement.enforcement


def _active(accounts: JudgedAccounts, requests: RequestSummary) -> Iterator[Finding | Gap]:
    """Accounts that used Partner Center and have no MFA enforced."""
    indexes = map(accounts.membership.roster.index_of, requests.active)
    not_enforced = [
        index
        for index in sorted({index for index in indexes if index is not None})
        if accounts.class_of(index).judgement.enforcement in NOT_ENFORCED
    ]
    yield from not_enforced_finding("active-without-enforcement", accounts, iter(not_enforced))


def _exempted(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Finding]:
    if requests.exempted:
        yield finding("remembered-device", _with_records(accounts, requests, requests.exempted))


def _unknown(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Finding]:
    if requests.cannot_show:
        found = named_subjects([])
        yield finding("records-cannot-show", found, requests=_requests(requests.cannot_show))
    if unknown := requests.unknown_applications:
        yield finding(
            "applications-unknown",
            _with_counts(unknown),
            requests=_requests(sum(unknown.values())),
            applications="1 application" if len(unknown) == 1 else f"{len(unknown):,} applications",
        )
    if unknown := requests.unknown_users:
        by_name = {_name(accounts, requests, user): count for user, count in unknown.items()}
        total = _requests(sum(unknown.values()))
        yield finding("users-unknown", _with_counts(by_name), requests=total)


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _with_counts(unknown: Mapping[str, int]) -> Subjects:
    return named_subjects(f"{name} ({_requests(count)})" for name, count in unknown.items())


def _app_only(requests: RequestSummary) -> Iterator[Finding]:
    if requests.app_only:
        calls = sum(requests.app_only.values())
        applications = f"{len(requests.app_only):,} applications with {calls:,} calls"
        if len(requests.app_only) == 1:
            applications = "1 application"
        yield finding(
            "app-only-access", named_subjects(requests.app_only), applications=applications
        )


def _with_records(
    accounts: JudgedAccounts | None, requests: RequestSummary, records: Mapping[str, str]
) -> Subjects:
    return named_subjects(
        f"{_name(accounts, requests, user)} (record {record})" for user, record in records.items()
    )


def _name(accounts: JudgedAccounts | None, requests: RequestSummary, user_id: str) -> str:
    """The name in the directory, else the one in the log."""
    index = accounts.membership.roster.index_of(user_id) if accounts else None
    known = accounts.membership.roster.users[index] if accounts and index is not None else None
    return (known and known.user_principal_name) or requests.names.get(user_id) or user_id
