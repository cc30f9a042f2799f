"""Was MFA satisfied? The verdict from a sign-in's own record, before anything is inherited."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shared.mfa.sign_in import Evidence, Requirement

if TYPE_CHECKING:
    from shared.mfa.sign_in import SignIn


class Verdict(StrEnum):
    """What is known about a request's MFA. The first three are *decided*: based on evidence."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    EXEMPTED = "exempted"  #: MFA was skipped (remembered device, say): no proof of the claim
    UNKNOWN = "unknown"
    NOT_COMPLETED = "not_completed"  #: interrupted or refused, so no request was made
    APP_ONLY = "app_only"  #: no user who could be asked for MFA

    is_request: bool  #: whether it counts in the report: it was completed, and by a user

    def __init__(self, value: str) -> None:
        self.is_request = value not in ("not_completed", "app_only")


def judge(sign_in: SignIn) -> Verdict | None:
    """
    The verdict that a sign-in's own record supports, or `None` if there is none; first match wins.

    An interactive single-factor record counts as not verified only if its list of steps is there:
    steps arrive late. A non-interactive one never does, because a session that already has MFA is
    logged as single factor (24 of 45 sign-ins in a public capture). Source: the decision table in
    the project's fact sheet, 3.7, from Entra's "howto-mfa-reporting".
    """
    if sign_in.event.is_app_only:
        return Verdict.APP_ONLY
    if sign_in.error_code is None:
        return None
    if sign_in.error_code != 0:
        return Verdict.NOT_COMPLETED
    return _judge_completed(sign_in)


def _judge_completed(sign_in: SignIn) -> Verdict | None:
    texts = (sign_in.details, sign_in.steps)
    if Evidence.SATISFIED in texts:
        return Verdict.VERIFIED
    if Evidence.SKIPPED in texts:
        return Verdict.EXEMPTED
    if Evidence.PROMPTED in texts and sign_in.requirement is not Requirement.SINGLE:
        return None
    if sign_in.requirement is Requirement.MULTI or sign_in.policies is Evidence.SATISFIED:
        return Verdict.VERIFIED
    return Verdict.NOT_VERIFIED if sign_in.shows_single_factor else None
