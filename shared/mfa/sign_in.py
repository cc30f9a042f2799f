"""One sign-in as logged, in any of the three shapes."""

from __future__ import annotations

from enum import StrEnum
from functools import reduce
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.circumstances import NO_TRACES, Circumstance, PolicyTraces, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable


class SignInEventType(StrEnum):
    """Who signed in, and how: Graph beta ``signInEventTypes``; empty if no field says so."""

    INTERACTIVE = "interactiveUser"
    NON_INTERACTIVE = "nonInteractiveUser"
    SERVICE_PRINCIPAL = "servicePrincipal"
    MANAGED_IDENTITY = "managedIdentity"
    NOT_GIVEN = ""

    @property
    def is_app_only(self) -> bool:
        """Whether an application signed in as itself, without a user."""
        return self in (SignInEventType.SERVICE_PRINCIPAL, SignInEventType.MANAGED_IDENTITY)


class Evidence(StrEnum):
    """What a field says about MFA; `SILENT`: the field is filled in but says nothing about it."""

    SATISFIED = "satisfied"
    SKIPPED = "skipped"
    PROMPTED = "prompted"  #: to register for MFA, which a user can put off
    SILENT = "silent"
    NOT_GIVEN = ""


class Requirement(StrEnum):
    """Graph beta ``authenticationRequirement``: what was required, which is not what happened."""

    SINGLE = "singleFactorAuthentication"
    MULTI = "multiFactorAuthentication"
    OTHER = "other"
    NOT_GIVEN = ""


class SignIn(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """
    One copy of one sign-in. Fields have their meaning in Graph (beta ``signIn``); empty: not given.

    Times are UTC with seven fractional digits, ``2026-11-23T08:15:00.0000000Z``, so that the order
    of the texts is the order of the instants. Ids that are GUIDs are in lower case.
    """

    created_at: str  #: ``createdDateTime``
    id: str  #: the record's id; if it has none, a digest of its content (see `has_own_id`)
    received_at: str = ""  #: when this copy was logged (Log Analytics ``TimeGenerated``), if given
    sequence: int = 0  #: position in the input: of two copies, the greater was read later
    has_own_id: bool = True
    tenant_id: str = ""  #: the directory whose log this is
    event: SignInEventType = SignInEventType.NOT_GIVEN
    error_code: int | None = None  #: ``status.errorCode``; 0 is success, `None`: not given
    requirement: Requirement = Requirement.NOT_GIVEN
    details: Evidence = Evidence.NOT_GIVEN  #: what ``status.additionalDetails`` says
    steps: Evidence = Evidence.NOT_GIVEN  #: what all steps in ``authenticationDetails`` say
    policies: Evidence = Evidence.NOT_GIVEN  #: whether an applied policy's MFA requirement was met
    user_id: str = ""
    upn: str = ""
    user_name: str = ""
    app_id: str = ""
    app_name: str = ""
    resource_id: str = ""
    resource_name: str = ""
    ip_address: str = ""
    correlation_id: str = ""
    session_id: str = ""
    not_understood: bool = False  #: a field about MFA is filled, but its content is not understood
    circumstance: Circumstance = Circumstance.NOT_GIVEN
    traces: PolicyTraces = NO_TRACES  #: the policies that came nearest to requiring MFA

    @property
    def day(self) -> str:
        """Its UTC calendar day, as ``YYYY-MM-DD``."""
        return self.created_at[:10]

    @property
    def can_show_single_factor(self) -> bool:
        """
        Whether its shape has a field that could show that MFA was not used.

        Graph v1.0, and queries that project neither column, have texts about MFA at most: such a
        record may be verified, but never not verified.
        """
        return self.requirement is not Requirement.NOT_GIVEN or self.steps is not Evidence.NOT_GIVEN

    @property
    def shows_single_factor(self) -> bool:
        """
        Whether it shows, as far as texts and policies do not say otherwise, that there was no MFA.

        An interactive record only, and only if its list of steps is there: steps arrive late.
        """
        return (
            self.event is SignInEventType.INTERACTIVE
            and self.requirement is Requirement.SINGLE
            and self.steps is not Evidence.NOT_GIVEN
        )

    @property
    def user_key(self) -> str:
        """What identifies its user: the object id, else the name; empty if neither is given."""
        return self.user_id or self.upn


moment = attrgetter("created_at", "id")  #: what sorts sign-ins oldest first, ties broken by id


def merge_copies(copies: Iterable[SignIn]) -> SignIn:
    """
    One sign-in merged from its logged copies, given in any order.

    The log republishes sign-ins (Entra ``reports-faq``: risk re-evaluation, MFA aggregation,
    retried batches), and first copies are often incomplete. So the later copy wins field by field,
    but an empty field never overwrites a filled one. Later means received later, then read later.
    Only a later copy that shows a single factor also takes back what an earlier text or policy said
    (Entra's sign-in log activity details: "satisfied by claim" is at first displayed wrongly).
    """
    return reduce(_overlay, sorted(copies, key=_lateness))


_TAKEN_BACK = ("details", "policies", "circumstance", "traces")


def distinct_copies(copies: Iterable[SignIn]) -> tuple[SignIn, ...]:
    """The copies that differ in more than when they were read, the latest of each; sorted."""
    latest: dict[SignIn, SignIn] = {}
    for copy in sorted(copies, key=_lateness):
        latest[msgspec.structs.replace(copy, received_at="", sequence=0)] = copy
    return tuple(sorted(latest.values(), key=_lateness))


def _lateness(copy: SignIn) -> tuple[str, int, bytes]:
    return copy.received_at, copy.sequence, encoded(copy)  # the last only breaks ties


def encoded(sign_in: SignIn) -> bytes:
    """The sign-in as JSON."""
    return msgspec.json.encode(sign_in, enc_hook=to_text)


def _overlay(earlier: SignIn, later: SignIn) -> SignIn:
    filled = {
        name: value
        for name in SignIn.__struct_fields__
        if (value := getattr(later, name)) not in ("", None)
    }
    if later.shows_single_factor:
        filled |= {name: getattr(later, name) for name in _TAKEN_BACK}
    return msgspec.structs.replace(earlier, **filled)
