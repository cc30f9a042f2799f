"""One thing that keeps a figure below 100 %, or is worth knowing about it."""

from __future__ import annotations

from array import array
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_set import AccountLookup, AccountSet
from shared.mfa.findings.catalogue import CATALOGUE, Severity, page_of
from shared.mfa.findings.gains import ACCOUNTS, FigureGain, Figures, Fix, Progress, gains_of
from shared.mfa.findings.places import Kind, place_of
from shared.mfa.percent import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.findings.gains import Effect
    from shared.mfa.findings.request_summary import RequestSummary

MOST_SUBJECTS = 1000  #: names listed; the accounts file has all of them
MOST_IDS = 20


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding; the page `doc` explains what it means in general."""

    id: str  #: stable; a key of the catalogue
    severity: Severity
    title: str
    cause: str
    remedy: str
    subjects: list[str]  #: the first names of accounts, policies, domains or applications
    subjects_total: int
    ids: list[str] = []  #: of its policy, its application, or its first accounts or records
    kind: Kind | None = None  #: what it is about; `None` in reports of the first releases
    role: str = ""  #: the role of the person who can fix it
    gained: int = 0  #: accounts for which the fix would enforce MFA
    gain_after_those_above: int | None = None  #: of `gained`; `None` if the fix gains no accounts
    gain: str = ""  #: the accounts figure after the fix, in words
    share_after: float | None = None  #: the same as a fraction; `None` if it would not change
    gains: dict[str, FigureGain] = {}  #: of each figure that the fix raises, by its name
    doc: str
    href: str  #: where to fix it in the Entra admin center
    open_since: date | None = None  #: the first report of all in a row that have it
    open_days: int | None = None  #: since then, the report's own day among them
    is_since_exact: bool = False  #: if not, it may have been there before: "at least"


class Subjects(msgspec.Struct, frozen=True):
    """What a finding is about: the first names, and how many there are."""

    names: list[str]
    total: int
    ids: list[str] = []  #: of the first accounts or records

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
    first = [users[index] for index in islice(indexes, MOST_SUBJECTS)]
    return Subjects(
        sorted(user.user_principal_name or user.id for user in first),
        len(first) + sum(1 for _ in indexes),
        [user.id for user in first[:MOST_IDS]],
    )


def named_subjects(names: Iterable[str], ids: Iterable[str] = ()) -> Subjects:
    """Anything else, by name."""
    every = sorted(names)
    return Subjects(every[:MOST_SUBJECTS], len(every), list(islice(ids, MOST_IDS)))


def user_name(accounts: JudgedAccounts | None, requests: RequestSummary, user_id: str) -> str:
    """The name in the directory, else the one in the log."""
    index = accounts.membership.roster.index_of(user_id) if accounts else None
    known = accounts.membership.roster.users[index] if accounts and index is not None else None
    return (known and known.user_principal_name) or requests.names.get(user_id) or user_id


def finding(
    finding_id: str,
    subjects: Subjects,
    *,
    policy_id: str = "",
    **words: str,
) -> Finding:
    """A finding of the catalogue with *words* filled in."""
    entry, place = CATALOGUE[finding_id], place_of(finding_id)
    ids = [policy_id] if policy_id and place.kind is Kind.POLICY else subjects.ids
    words.setdefault("accounts", subjects.accounts)
    return Finding(
        id=finding_id,
        severity=entry.severity,
        title=entry.title,
        cause=entry.cause.format_map(words),
        remedy=entry.remedy,
        subjects=subjects.names,
        subjects_total=subjects.total,
        ids=ids,
        kind=place.kind,
        role=place.role,
        doc=page_of(finding_id),
        href=place.address("global", "", ids),
    )


class Gap(msgspec.Struct, frozen=True):
    """A finding, and what its fix changes."""

    finding: Finding
    fix: Fix
    app_only: Fix | None = None  #: the requests that would leave the figure if made without a user


def with_gain(found: Finding, accounts: JudgedAccounts, indexes: Iterable[int]) -> Finding | Gap:
    """The finding if its fix enforces MFA for these accounts, none of which has it enforced."""
    metrics = accounts.metrics
    if not metrics.enabled:
        return found
    closed = _closable(accounts, indexes)
    gained = closed.bit_count()
    share_after = ((metrics.enforced or 0) + gained) / metrics.enabled
    found = msgspec.structs.replace(
        found,
        gained=gained,
        share_after=share_after,
        gain=f"{percent(share_after)} of the accounts would have MFA enforced ({gained:+,}).",
    )
    return Gap(found, Fix(closed))


def with_fewer_accounts(
    found: Finding, accounts: JudgedAccounts, indexes: Iterable[int]
) -> Finding | Gap:
    """The finding if its fix removes these accounts, none of which has MFA enforced."""
    metrics = accounts.metrics
    removed = accounts.membership.roster.bits(indexes)
    enforced, left = metrics.enforced or 0, (metrics.enabled or 0) - removed.bit_count()
    if left <= 0:
        return found
    share_after = enforced / left
    found = msgspec.structs.replace(
        found,
        share_after=share_after,
        gain=f"{percent(share_after)} of the remaining {count_of(left)} would have MFA enforced.",
    )
    return Gap(found, Fix(removed, removes=True))


def _closable(accounts: JudgedAccounts, indexes: Iterable[int]) -> int:
    """These accounts except agents', for which nothing can enforce MFA."""
    return accounts.membership.roster.bits(
        index for index in indexes if not accounts.class_of(index).facts.is_agent
    )


def not_enforced_finding(
    finding_id: str, accounts: JudgedAccounts, indexes: Iterator[int], **words: str
) -> Iterator[Finding | Gap]:
    """The finding about these accounts, if there are any; fixing it would enforce MFA for all."""
    every = array("I", indexes)
    if every:
        found = finding(finding_id, account_subjects(accounts, iter(every)), **words)
        yield with_gain(found, accounts, every)


def in_admin_center(found: Finding, cloud: str, tenant_id: str) -> Finding:
    """The finding with the address where it is fixed in this tenant."""
    href = place_of(found.id).address(cloud, tenant_id, found.ids) if found.href else ""
    return msgspec.structs.replace(found, href=href)


def by_gain(
    findings: Iterable[Finding | Gap],
    accounts: JudgedAccounts | None,
    requests: RequestSummary | None = None,
) -> list[Finding]:
    """
    Largest gain for the figure that is furthest behind first, then worst first.

    Each with what it gains for every figure, and what is left of that after those above it.
    """
    figures = Figures(accounts, requests)
    gaps = [_whole_gap(found, figures) for found in findings]
    start = Progress(figures)
    effects = {id(gap): start.effects(gap.fix) for gap in gaps}
    gaps.sort(key=lambda gap: _order(gap.finding, effects[id(gap)], figures.furthest_behind))
    progress = Progress(figures)
    return [_with_gains(gap, figures, progress.make(gap.fix)) for gap in gaps]


def fixed_by(
    findings: Iterable[Finding | Gap], accounts: JudgedAccounts
) -> Callable[[str], list[str]]:
    """What says, by object id, which findings' fixes concern an account: their ids, sorted."""
    members: dict[str, int] = {}
    for found in findings:
        if isinstance(found, Gap) and found.fix.accounts:
            finding_id = found.finding.id
            members[finding_id] = members.get(finding_id, 0) | found.fix.accounts
    lookups = {
        finding_id: AccountLookup(AccountSet.exactly(bits), len(accounts))
        for finding_id, bits in sorted(members.items())
    }

    def ids_of(object_id: str) -> list[str]:
        index = accounts.membership.roster.index_of(object_id)
        return [] if index is None else [name for name, own in lookups.items() if own.truth(index)]

    return ids_of


def _whole_gap(found: Finding | Gap, figures: Figures) -> Gap:
    if not isinstance(found, Gap):
        return Gap(found, Fix())
    return msgspec.structs.replace(found, fix=figures.whole(found.fix))


def _order(
    found: Finding, effects: Mapping[str, Effect], first: str
) -> tuple[float, float, int, str, list[str]]:
    raised = {figure: max(effect.points, 0.0) for figure, effect in effects.items()}
    severity = list(Severity).index(found.severity)
    return -raised[first], -sum(raised.values()), severity, found.id, found.subjects


def _with_gains(gap: Gap, figures: Figures, made: Mapping[str, Effect]) -> Finding:
    found = msgspec.structs.replace(
        gap.finding, gains=gains_of(figures, gap.fix, made, gap.app_only)
    )
    if not found.gained:
        return found
    left = made[ACCOUNTS].gained
    overlap = (
        f" {left:,} of these are left after the findings above." if left < found.gained else ""
    )
    return msgspec.structs.replace(
        found, gain_after_those_above=left, gain=f"{found.gain}{overlap}"
    )
