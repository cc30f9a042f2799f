"""One thing that keeps a figure below 100 %, or is worth knowing about it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.findings.catalogue import CATALOGUE, POLICIES, POLICY, Severity, page_of
from shared.mfa.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts

MOST_SUBJECTS = 1000  #: names listed; the accounts file has all of them


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding; the page `doc` explains what it means in general."""

    id: str  #: stable; a key of the catalogue
    severity: Severity
    title: str
    cause: str
    remedy: str
    subjects: list[str]  #: the first names of accounts, policies, domains or applications
    subjects_total: int
    gained: int = 0  #: accounts for which the fix would enforce MFA
    gain: str = ""  #: the accounts figure after the fix, in words
    share_after: float | None = None  #: the same as a fraction; `None` if it would not change
    doc: str
    href: str  #: where to fix it in the Entra admin center


class Subjects(msgspec.Struct, frozen=True):
    """What a finding is about: the first names, and how many there are."""

    names: list[str]
    total: int

    @property
    def accounts(self) -> str:
        """How many accounts, in words."""
        return count_of(self.total)


def count_of(count: int) -> str:
    """A number of accounts in words."""
    return "1 account" if count == 1 else f"{count:,} accounts"


def account_subjects(accounts: JudgedAccounts, indexes: Iterator[int]) -> Subjects:
    """The accounts at these indexes, by name."""
    users = accounts.membership.roster.users
    first = [users[i].user_principal_name or users[i].id for i in islice(indexes, MOST_SUBJECTS)]
    return Subjects(sorted(first), len(first) + sum(1 for _ in indexes))


def named_subjects(names: Iterable[str]) -> Subjects:
    """Anything else, by name."""
    every = sorted(names)
    return Subjects(every[:MOST_SUBJECTS], len(every))


def finding(
    finding_id: str,
    subjects: Subjects,
    *,
    policy_id: str = "",
    **words: str,
) -> Finding:
    """A finding of the catalogue with *words* filled in."""
    entry = CATALOGUE[finding_id]
    words.setdefault("accounts", subjects.accounts)
    return Finding(
        id=finding_id,
        severity=entry.severity,
        title=entry.title,
        cause=entry.cause.format_map(words),
        remedy=entry.remedy,
        subjects=subjects.names,
        subjects_total=subjects.total,
        doc=page_of(finding_id),
        href=POLICY.format(policy_id=policy_id) if policy_id else POLICIES,
    )


def with_gain(found: Finding, accounts: JudgedAccounts, gained: int) -> Finding:
    """The finding, with the figure after MFA is enforced for *gained* more accounts."""
    metrics = accounts.metrics
    if not metrics.enabled:
        return found
    share_after = ((metrics.enforced or 0) + gained) / metrics.enabled
    return msgspec.structs.replace(
        found,
        gained=gained,
        share_after=share_after,
        gain=f"{percent(share_after)} of the accounts would have MFA enforced ({gained:+,}).",
    )


def not_enforced_finding(
    finding_id: str, accounts: JudgedAccounts, indexes: Iterator[int], **words: str
) -> Iterator[Finding]:
    """The finding about these accounts, if there are any; fixing it would enforce MFA for all."""
    subjects = account_subjects(accounts, indexes)
    if subjects.total:
        yield with_gain(finding(finding_id, subjects, **words), accounts, subjects.total)


def by_gain(findings: Iterable[Finding]) -> list[Finding]:
    """Largest gain first, then worst first."""
    return sorted(
        findings,
        key=lambda found: (
            -found.gained,
            list(Severity).index(found.severity),
            found.id,
            found.subjects,
        ),
    )
