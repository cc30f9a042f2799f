"""Which accounts Entra's What If is asked about, and a table of what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import enforced_elsewhere
from shared.mfa.accounts.directory import UserType
from shared.mfa.accounts.disagreements import places_of
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.second_opinion import AskedSignIn, ClientType, Requirement
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.mfa.accounts.assessment import AccountClass, JudgedAccounts
    from shared.mfa.accounts.directory import User
    from shared.mfa.accounts.second_opinion import Answer, PolicyAnswer
    from shared.mfa.scope import Scope

#: Requests to Entra for one report: five minutes, at one a second.
MOST_SIGN_INS = 300
_STRONGEST_FIRST = (Requirement.MFA, Requirement.BLOCK, Requirement.EITHER, Requirement.UNKNOWN)
_OUTCOMES = {
    Requirement.MFA: "MFA required",
    Requirement.BLOCK: "blocked",
    Requirement.EITHER: "MFA or something else",
    Requirement.UNKNOWN: "not understood",
}


class Questions(msgspec.Struct, frozen=True):
    """The sign-ins to ask about, and the accounts that these leave out."""

    sign_ins: tuple[AskedSignIn, ...]
    classes: int  #: that these sign-ins stand for
    left_out_classes: int = 0
    left_out_accounts: int = 0

    @property
    def note(self) -> str:
        """The accounts that are left out, in a sentence; empty if there are none."""
        if not self.left_out_classes:
            return ""
        return (
            f"Entra's What If is asked about the {self.classes:,} largest classes of accounts "
            f"only; not verified: {self.left_out_accounts:,} in {self.left_out_classes:,} smaller."
        )


class VerifiedClass(msgspec.Struct, frozen=True):
    """A class of accounts, an example, our answer and Entra's, each in words."""

    size: int
    example: str
    ours: str
    theirs: str
    result: str


def questions(accounts: JudgedAccounts, scope: Scope, most: int = MOST_SIGN_INS) -> Questions:
    """
    One account of each class in the portal and the API, by each kind of client.

    The largest classes come first. Left out are those of which Entra can say nothing that counts:
    disabled accounts, those that something else than policies covers, and unknown ones, because a
    class that was not read in full may have members that differ.
    """
    applications = [
        *((Channel.PORTAL, id_) for id_ in sorted(scope.portal_app_ids)[:1]),
        *((Channel.API, id_) for id_ in sorted(scope.resource_ids)[:1]),
    ]
    classes = [
        index
        for index in _largest_first(accounts)
        if not _why_not_asked(accounts, accounts.classes[index])
    ]
    count = most // max(1, len(applications) * len(ClientType))
    asked, left_out = classes[:count], classes[count:]
    examples = _examples(accounts, asked)
    return Questions(
        sign_ins=tuple(
            AskedSignIn(examples[index].id, channel, id_, client, _external_type(examples[index]))
            for index in asked
            for channel, id_ in applications
            for client in ClientType
        ),
        classes=len(asked),
        left_out_classes=len(left_out),
        left_out_accounts=accounts.size_of(left_out),
    )


def verified_classes(
    before: JudgedAccounts, after: JudgedAccounts, answers: Sequence[Answer]
) -> list[VerifiedClass]:
    """Each class of enabled accounts, as judged *before* Entra's answers and *after* them."""
    given = before.by_class(answers)
    classes = _largest_first(before)
    examples = _examples(before, classes)
    for index, of_class in given.items():
        asked = before.membership.roster.index_of(of_class[0].sign_in.user_id)
        if asked is not None:
            examples[index] = before.membership.roster.users[asked]
    return [
        _verified(before, index, after.classes[index], examples[index], given.get(index, ()))
        for index in classes
    ]


def _verified(
    before: JudgedAccounts,
    index: int,
    after: AccountClass,
    example: User,
    answers: Sequence[Answer],
) -> VerifiedClass:
    ours = before.classes[index]
    return VerifiedClass(
        size=ours.size,
        example=example.user_principal_name or example.id,
        ours=_ours(ours),
        theirs=_theirs(answers),
        result=_result(after, answers) or _why_not_asked(before, ours) or "not verified",
    )


def _ours(account_class: AccountClass) -> str:
    judgement = account_class.judgement
    by = f" by {judgement.enforced_by}" if judgement.enforced_by else ""
    return f"{judgement.enforcement}{by}"


def _theirs(answers: Iterable[Answer]) -> str:
    """What Entra requires, and where if it is not the same everywhere."""
    where: dict[str, list[AskedSignIn]] = {}
    for answer in answers:
        where.setdefault(_outcome(answer.policies), []).append(answer.sign_in)
    if len(where) < 2:  # noqa: PLR2004 (the same everywhere)
        return "".join(where)
    return "; ".join(
        f"{outcome} ({', '.join(places_of(sign_ins))})" for outcome, sign_ins in where.items()
    )


def _outcome(policies: Sequence[PolicyAnswer]) -> str:
    applied = {policy.requirement for policy in policies if policy.applies}
    possible = {policy.requirement for policy in policies if policy.applies is None}
    for requirement in _STRONGEST_FIRST:
        if requirement in applied:
            return _OUTCOMES[requirement]
    return "not certain" if possible & set(_STRONGEST_FIRST) else "MFA not required"


def _result(after: AccountClass, answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    texts = "; ".join(found.text for found in after.facts.disagreements)
    if not texts:
        return "agrees"
    is_disputed = after.judgement.enforcement is Enforcement.UNKNOWN
    return f"differs, so unknown: {texts}" if is_disputed else f"agrees, although {texts}"


def _why_not_asked(accounts: JudgedAccounts, account_class: AccountClass) -> str:
    """Why Entra's answer could change nothing; empty if it could."""
    facts = account_class.facts
    if account_class.judgement.enforcement is Enforcement.UNKNOWN:
        return "not asked: not everything was read"
    if facts.is_agent:
        return "not asked: no policy can enforce MFA for agents"
    if enforced_elsewhere(accounts.tenant, facts) is not False:
        return "not asked: something other than policies enforces MFA"
    return ""


def _largest_first(accounts: JudgedAccounts) -> list[int]:
    enabled = accounts.classes_where(lambda found: found.judgement.enforcement is not None)
    return sorted(enabled, key=lambda index: (-accounts.classes[index].size, index))


def _examples(accounts: JudgedAccounts, classes: Iterable[int]) -> dict[int, User]:
    """The account of each class that has the first id: the same one day after day."""
    wanted, users = set(classes), accounts.membership.roster.users
    found: dict[int, User] = {}
    for own, index in _members(accounts, wanted):
        if own not in found or users[index].id < found[own].id:
            found[own] = users[index]
    return found


def _members(accounts: JudgedAccounts, wanted: set[int]) -> Iterator[tuple[int, int]]:
    return ((accounts.class_index(index), index) for index in accounts.indexes_in(wanted))


def _external_type(user: User) -> str:
    """Graph's word for an invited account; for internal guests it is not known."""
    if not user.is_external:
        return ""
    return "b2bCollaborationGuest" if user.user_type is UserType.GUEST else "b2bCollaborationMember"
