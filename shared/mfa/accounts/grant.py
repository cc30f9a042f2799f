"""What a policy requires before it lets a sign-in through: MFA, MFA or something else, a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.graph import flag_words, id_key
from shared.mfa.accounts.policy import AuthenticationStrength, GrantControls, GrantOperator
from shared.mfa.accounts.truth import Truth, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.accounts.policy import ConditionalAccessPolicy

#: Microsoft's built-in strengths: multifactor, passwordless, phishing-resistant; all are MFA.
BUILT_IN_STRENGTHS = frozenset(f"00000000-0000-0000-0000-00000000000{digit}" for digit in (2, 3, 4))

_CONTROLS = {
    "mfa": "MFA",
    "compliantdevice": "a compliant device",
    "domainjoineddevice": "a hybrid joined device",
    "approvedapplication": "an approved app",
    "compliantapplication": "an app with a protection policy",
    "passwordchange": "a password change",
    "riskremediation": "the remediation of a risk",
}


def control_name(control: str) -> str:
    """A control in words; one that has none, in quotation marks."""
    return _CONTROLS.get(control.lower().removeprefix("require"), f"“{control}”")


class Grant(msgspec.Struct, frozen=True):
    """What a policy requires, regardless of when and of whom."""

    requires_mfa: Truth = False  #: whether nothing but MFA satisfies it
    offers_mfa: Truth = False  #: whether MFA is one of the controls that satisfy it
    blocks: bool = False
    others: tuple[str, ...] = ()  #: the controls that are not MFA: "a compliant device"
    has_custom_control: bool = False  #: never yields the MFA claim (Partner Center's status page)
    doubt: str = ""  #: the controls of which it is unknown whether they are MFA
    strength: AuthenticationStrength | None = None  #: what was read of it


class _JudgedControl(msgspec.Struct, frozen=True):
    """A control, and whether it is MFA."""

    is_mfa: Truth
    name: str


def read_grant(
    policy: ConditionalAccessPolicy, strengths: Iterable[AuthenticationStrength]
) -> Grant:
    """
    Judge a policy's grant controls; `strengths` are those of the tenant that were read.

    ``AND`` requires MFA if any control is MFA, ``OR`` only if all of them are: "MFA or a compliant
    device" lets a sign-in through without MFA. Controls of which nothing can be read may be MFA:
    where Graph knows no strengths (China), it leaves a required one out.
    """
    controls = policy.grant_controls or GrantControls()
    if any(control.lower() == "block" for control in controls.built_in_controls or ()):
        return Grant(blocks=True)
    strength = _best_known(controls.authentication_strength, strengths)
    judged = [*_judge_controls(controls, strength), *_not_understood(policy)]
    if policy.grant_controls and not judged:
        judged = [_JudgedControl(is_mfa=None, name="its grant controls")]
    unknown = bool(policy.unknown_in("grantControls"))
    requires_mfa = None if unknown else _required(judged, controls.operator)
    doubt = " or ".join(control.name for control in judged if control.is_mfa is None)
    return Grant(
        requires_mfa=requires_mfa,
        offers_mfa=any_of(control.is_mfa for control in judged),
        others=tuple(
            dict.fromkeys(control.name for control in judged if control.is_mfa is not True)
        ),
        has_custom_control=bool(controls.custom_authentication_factors),
        doubt=doubt or ("an operator that is not given" if requires_mfa is None else ""),
        strength=strength,
    )


def _not_understood(policy: ConditionalAccessPolicy) -> Iterator[_JudgedControl]:
    if "grantControls" in policy.missing:
        yield _JudgedControl(is_mfa=None, name="its grant controls")
    for path in policy.unknown_in("grantControls"):
        yield _JudgedControl(is_mfa=None, name=f"what “{path}” means")


def _required(judged: list[_JudgedControl], operator: GrantOperator | None) -> Truth:
    truths = [control.is_mfa for control in judged]
    with_all, with_any = any_of(truths), bool(truths) and all_of(truths)
    if operator is GrantOperator.AND:
        return with_all
    if operator is GrantOperator.OR:
        return with_any
    return with_all if with_all == with_any else None


def _judge_controls(
    controls: GrantControls, strength: AuthenticationStrength | None
) -> list[_JudgedControl]:
    judged = [_judge_control(control) for control in controls.built_in_controls or ()]
    if controls.custom_authentication_factors:
        judged.append(_JudgedControl(is_mfa=False, name="a custom control"))
    if controls.terms_of_use:
        judged.append(_JudgedControl(is_mfa=False, name="terms of use"))
    if strength is not None:
        name = f"the authentication strength “{strength.display_name or strength.id}”"
        judged.append(_JudgedControl(is_mfa=_is_mfa(strength), name=name))
    return judged


def _judge_control(control: str) -> _JudgedControl:
    name = _CONTROLS.get(control.lower())
    if name is None:
        return _JudgedControl(is_mfa=None, name=f"the unknown control “{control}”")
    return _JudgedControl(is_mfa=name == "MFA", name=name)


def _best_known(
    strength: AuthenticationStrength | None, strengths: Iterable[AuthenticationStrength]
) -> AuthenticationStrength | None:
    """The strength as the policy expands it, completed from the tenant's list."""
    if strength is None:
        return None
    listed = next(
        (other for other in strengths if id_key(other.id) == id_key(strength.id)), strength
    )
    return AuthenticationStrength(
        strength.id,
        strength.display_name or listed.display_name,
        strength.requirements_satisfied or listed.requirements_satisfied,
        strength.allowed_combinations or listed.allowed_combinations,
    )


def _is_mfa(strength: AuthenticationStrength) -> Truth:
    satisfied = flag_words(strength.requirements_satisfied)
    if "mfa" in satisfied or (not satisfied and id_key(strength.id) in BUILT_IN_STRENGTHS):
        return True
    return False if satisfied == {"none"} else None
