"""Findings that take both the accounts and their requests: the policy says this, the log that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.findings.finding import by_gain, finding, listed, named, worth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.findings.finding import Finding, Subjects


class RequestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A window's requests as far as findings need them, by account (object) id."""

    without_mfa: Mapping[str, str] = {}  #: newest not-verified record's id
    exempted: Mapping[str, str] = {}  #: newest record's id of those where MFA was skipped
    active: Collection[str] = ()  #: everybody who made a request
    app_only: Mapping[str, int] = {}  #: calls without a user, by application name
    names: Mapping[str, str] = {}  #: user principal names as the log tells them


def request_findings(accounts: JudgedAccounts | None, requests: RequestSummary) -> list[Finding]:
    """
    Every finding about requests; what buys most first.

    Without *accounts*, when no directory was read, those that the log alone supports.
    """
    active = () if accounts is None else _active(accounts, requests)
    return by_gain(
        [
            *_without_mfa(accounts, requests),
            *active,
            *_exempted(accounts, requests),
            *_app_only(requests),
        ]
    )


def _without_mfa(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Finding]:
    """Users who made requests without MFA: those of whom it is enforced contradict the policies."""
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
    """How a user stands; `None` for one who is not in the directory, or where none was read."""
    number = accounts.membership.roster.number(user_id) if accounts else None
    if accounts is None or number is None:
        return None
    return accounts.class_of(number).judgement.enforcement


def _active(accounts: JudgedAccounts, requests: RequestSummary) -> Iterator[Finding]:
    """Contract and technical enforcement side by side: who used Partner Center, not enforced."""
    numbers = map(accounts.membership.roster.number, requests.active)
    open_ones = [
        number
        for number in sorted({number for number in numbers if number is not None})
        if accounts.class_of(number).judgement.enforcement in NOT_ENFORCED
    ]
    if open_ones:
        subjects = named(accounts, iter(open_ones))
        found = finding("active-without-enforcement", subjects)
        yield worth(found, accounts, subjects.total)


def _exempted(accounts: JudgedAccounts | None, requests: RequestSummary) -> Iterator[Finding]:
    if requests.exempted:
        yield finding("remembered-device", _with_records(accounts, requests, requests.exempted))


def _app_only(requests: RequestSummary) -> Iterator[Finding]:
    if requests.app_only:
        calls = sum(requests.app_only.values())
        told = f"{len(requests.app_only):,} applications with {calls:,} calls"
        if len(requests.app_only) == 1:
            told = "1 application"
        yield finding("app-only-access", listed(requests.app_only), applications=told)


def _with_records(
    accounts: JudgedAccounts | None, requests: RequestSummary, records: Mapping[str, str]
) -> Subjects:
    return listed(
        f"{_name(accounts, requests, user)} (record {record})" for user, record in records.items()
    )


def _name(accounts: JudgedAccounts | None, requests: RequestSummary, user_id: str) -> str:
    """As the directory has it, else as the log does."""
    number = accounts.membership.roster.number(user_id) if accounts else None
    known = accounts.membership.roster.users[number] if accounts and number is not None else None
    return (known and known.user_principal_name) or requests.names.get(user_id) or user_id
