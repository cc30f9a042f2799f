"""
What Entra's What If says: which policies apply to one account's sign-in.

Source: Graph, ``conditionalAccessRoot: evaluate`` and ``whatIfAnalysisResult`` (v1.0, 07/08/2025).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from shared.mfa.accounts.grant import read_grant
from shared.mfa.accounts.graph import flag_words
from shared.mfa.accounts.policy import PolicyState
from shared.mfa.accounts.policy_reading import read_policy
from shared.mfa.accounts.truth import Truth, all_of
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.mfa.accounts.grant import Grant

#: The platform of every sign-in that Entra is asked about, which it requires; in lower case.
PLATFORM = "windows"
#: Reasons of a policy not to apply that say nothing about it, in lower case.
_NO_ANSWER = frozenset({"notenoughinformation", "unknownfuturevalue"})
_STATES = {
    PolicyState.ENABLED: True,
    PolicyState.REPORT_ONLY: False,
    PolicyState.DISABLED: False,
}


class ClientType(StrEnum):
    """The kinds of client that policies distinguish (Graph ``conditionalAccessClientApp``)."""

    BROWSER = "browser"
    APPS = "mobileAppsAndDesktopClients"
    LEGACY = "other"


class Requirement(StrEnum):
    """What a policy requires before it lets a sign-in through."""

    MFA = "MFA"
    BLOCK = "a block"
    EITHER = "MFA or something else"
    OTHER = "something other than MFA"
    UNKNOWN = "something that is not understood"


class AskedSignIn(msgspec.Struct, frozen=True):
    """A sign-in that Entra is asked about."""

    user_id: str
    channel: Channel
    application_id: str  #: of the portal, or of Partner Center's API
    client: ClientType
    external_user_type: str = ""  #: Graph's word for the kind of guest, if the account is one


class PolicyAnswer(msgspec.Struct, frozen=True):
    """What Entra says of one policy."""

    id: str
    name: str
    applies: Truth  #: whether it is on and applies; `None`: Entra does not say
    requirement: Requirement
    reasons: str = ""  #: Graph's words for why it does not apply: ``users``
    is_report_only: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What Entra says of one sign-in: each policy that it looked at."""

    sign_in: AskedSignIn
    policies: tuple[PolicyAnswer, ...]


class SecondOpinion(msgspec.Struct, frozen=True):
    """Entra's answers, as they are stored with the directory."""

    answers: tuple[Answer, ...] = ()


def read_policy_answer(raw: dict[str, Any]) -> PolicyAnswer:
    """A ``whatIfAnalysisResult``, which is a whole policy and whether it applies."""
    policy = read_policy(raw)
    reasons = raw.get("analysisReasons")
    applies = raw.get("policyApplies")
    if not isinstance(applies, bool) or (
        not applies and flag_words(str(reasons or "")) & _NO_ANSWER
    ):
        applies = None
    is_on = _STATES.get(policy.state) if policy.state else None
    return PolicyAnswer(
        id=policy.id,
        name=policy.display_name or policy.id or "without a name",
        applies=all_of((is_on, applies)),
        requirement=_requirement(read_grant(policy, ())),
        reasons=str(reasons or "") if applies is not True else "",
        is_report_only=policy.state is PolicyState.REPORT_ONLY,
    )


def _requirement(grant: Grant) -> Requirement:
    if grant.blocks:
        return Requirement.BLOCK
    if grant.requires_mfa:
        return Requirement.MFA
    if grant.requires_mfa is None or grant.offers_mfa is None:
        return Requirement.UNKNOWN
    return Requirement.EITHER if grant.offers_mfa else Requirement.OTHER
