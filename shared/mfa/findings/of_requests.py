"""Findings that take both the accounts and their requests: the policy says this, the log that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.findings.finding import by_gain, finding, listed, named, worth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import Accounts
    from shared.mfa.findings.finding import Finding, Subjects


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """A window's requests as far as findings need them, by account (object) id."""

    without_mfa: Mapping[str, str] = {}  #: newest not-verified record's id
    exempted: Mapping[str, str] = {}  #: newest record's id of those where MFA was skipped
    active: Collection[str] = ()  #: everybody who made a request
    app_only: Mapping[str, int] = {}  #: calls without a user, by application name


def request_findings(accounts: Accounts, requests: Requests) -> list[Finding]:
    """Every finding about requests; what buys most first."""
    return by_gain(
        [
            *_without_mfa(accounts, requests),
            *_active(accounts, requests),
            *_exempted(accounts, requests),
            *_app_only(requests),
        ]
    )


def _without_mfa(accounts: Accounts, requests: Requests) -> Iterator[Finding]:
    """Users who made requests without MFA: those of whom it is enforced contradict the policies."""
    contradicting: dict[str, str] = {}
    expected: dict[str, str] = {}
    for user_id, record_id in requests.without_mfa.items():
        number = accounts.membership.roster.number(user_id)
        if number is None:
            continue
        answer = accounts.class_of(number).judgement.enforcement
        (contradicting if answer is Enforcement.ENFORCED else expected)[user_id] = record_id
    if contradicting:
        yield finding("enforced-but-without-mfa", _with_records(accounts, contradicting))
    if expected:
        yield finding("signed-in-without-mfa", _with_records(accounts, expected))


def _active(accounts: Accounts, requests: Requests) -> Iterator[Finding]:
    """Contract and technical enforcement side by side: who used Partner Center, not enforced."""
    numbers = map(accounts.membership.roster.number, requests.active)
    open_ones = [
        number
        for number in sorted({number for number in numbers if number is not None})
        if accounts.class_of(number).judgement.enforcement
        in (Enforcement.UNPROTECTED, Enforcement.CONDITIONAL)
    ]
    if open_ones:
        subjects = named(accounts, iter(open_ones))
        found = finding("active-without-enforcement", subjects)
        yield worth(found, accounts, subjects.total)


def _exempted(accounts: Accounts, requests: Requests) -> Iterator[Finding]:
    if requests.exempted:
        yield finding("remembered-device", _with_records(accounts, requests.exempted))


def _app_only(requests: Requests) -> Iterator[Finding]:
    if requests.app_only:
        calls = sum(requests.app_only.values())
        told = f"{len(requests.app_only):,} applications with {calls:,} calls"
        if len(requests.app_only) == 1:
            told = "1 application"
        yield finding("app-only-access", listed(requests.app_only), applications=told)


def _with_records(accounts: Accounts, records: Mapping[str, str]) -> Subjects:
    return listed(f"{_name(accounts, user)} (record {record})" for user, record in records.items())


def _name(accounts: Accounts, user_id: str) -> str:
    number = accounts.membership.roster.number(user_id)
    if number is None:
        return user_id
    return accounts.membership.roster.users[number].user_principal_name or user_id
