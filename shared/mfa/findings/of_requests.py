"""Findings from both the accounts and their requests: what policies say, and what the log says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.findings.finding import (
    Gap,
    count_of,
    finding,
    named_subjects,
    not_enforced_finding,
    user_name,
)
from shared.mfa.findings.gains import Fix
from shared.mfa.findings.of_applications import application_findings
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.findings.finding import Finding, Subjects
    from shared.mfa.findings.request_summary import RequestSummary
    from shared.mfa.reasons.disagreement import Disagreement


def request_findings(
    accounts: JudgedAccounts | None, requests: RequestSummary
) -> Iterator[Finding | Gap]:
    """
    Every finding about requests.

    Without *accounts* (no directory was read), only those that the log alone supports.
    """
    yield from _without_mfa(accounts, requests)
    yield from application_findings(accounts, requests)
    if accounts is not None:
        yield from _active(accounts, requests)
    yield from _exempted(accounts, requests)
    yield from _unknown(accounts, requests)
    yield from _app_only(requests)


def _without_mfa(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Gap]:
    """Users who made requests without MFA; if MFA is enforced for them, log and policy disagree."""
    contradicting: dict[str, str] = {}
    expected: dict[str, str] = {}
    for user_id, record_id in requests.without_mfa.items():
        is_enforced = _enforcement(accounts, user_id) is Enforcement.ENFORCED
        (contradicting if is_enforced else expected)[user_id] = record_id
    if contradicting:
        subjects = _with_records(accounts, requests, contradicting)
        found = finding("enforced-but-without-mfa", subjects)
        yield Gap(found, _made_by(contradicting, Verdict.NOT_VERIFIED, requests))
    if expected:
        found = finding("signed-in-without-mfa", _with_records(accounts, requests, expected))
        yield Gap(found, _made_by(expected, Verdict.NOT_VERIFIED, requests))


def _made_by(users: Collection[str], verdict: Verdict, requests: RequestSummary) -> Fix:
    """The requests of these users with this verdict, if it counts against the share."""
    return Fix(
        groups=frozenset(
            index
            for index in requests.indexes_against()
            if requests.groups[index].verdict is verdict and requests.groups[index].user in users
        )
    )


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


def _exempted(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Gap]:
    if requests.exempted:
        found = finding("remembered-device", _with_records(accounts, requests, requests.exempted))
        yield Gap(found, _made_by(requests.exempted, Verdict.EXEMPTED, requests))


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
        by_name = {user_name(accounts, requests, user): count for user, count in unknown.items()}
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
    names = (
        f"{user_name(accounts, requests, user)} (record {record})"
        for user, record in records.items()
    )
    return named_subjects(names, sorted(records.values()))


def disagreement_findings(
    accounts: JudgedAccounts, requests: RequestSummary, found: Sequence[Disagreement]
) -> Iterator[Finding]:
    """Accounts of which their records say something else than the directory."""
    if not found:
        return
    users = accounts.membership.roster.users
    names = [
        f"{user_name(accounts, requests, users[each.account].id)} (policy “{each.policy}”: "
        f"{each.words}; record {each.record_id})"
        for each in found
    ]
    subjects = named_subjects(names, (each.record_id for each in found))
    concerned = count_of(len({each.account for each in found}))
    yield finding("record-and-directory-disagree", subjects, accounts=concerned)
