"""One sign-in as the logs tell it, whichever of the three shapes it came in."""

from __future__ import annotations

from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class SignInEventType(StrEnum):
    """Who signed in, and how: Graph beta ``signInEventTypes``; empty where no field tells."""

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
    SILENT = "silent"
    NOT_GIVEN = ""


class Requirement(StrEnum):
    """Graph beta ``authenticationRequirement``: what was demanded, which is not what happened."""

    SINGLE = "singleFactorAuthentication"
    MULTI = "multiFactorAuthentication"
    OTHER = "other"
    NOT_GIVEN = ""


class SignIn(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """
    One copy of one sign-in. Fields mean what Graph's (beta ``signIn``) do; empty is "not told".

    Times are UTC with seven fractional digits, ``2026-11-23T08:15:00.0000000Z``, so that the order
    of the texts is the order of the instants. Ids that are GUIDs are in lower case.
    """

    created_at: str  #: ``createdDateTime``
    id: str  #: the record's id; where it has none, a digest of its content (see `has_own_id`)
    received_at: str = ""  #: when this copy was logged (Log Analytics ``TimeGenerated``), if told
    sequence: int = 0  #: position in what was read: of two copies, the greater was read later
    has_own_id: bool = True
    tenant_id: str = ""  #: the directory whose log this is
    event: SignInEventType = SignInEventType.NOT_GIVEN
    error_code: int | None = None  #: ``status.errorCode``; 0 is success, `None` not told
    requirement: Requirement = Requirement.NOT_GIVEN
    details: Evidence = Evidence.NOT_GIVEN  #: what ``status.additionalDetails`` says
    steps: Evidence = (
        Evidence.NOT_GIVEN
    )  #: what the ``authenticationDetails`` say, all steps together
    policies: Evidence = Evidence.NOT_GIVEN  #: whether an applied policy's MFA demand was met
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

    @property
    def day(self) -> str:
        """The UTC calendar day it belongs to, as ``YYYY-MM-DD``."""
        return self.created_at[:10]

    @property
    def user_key(self) -> str:
        """What tells its user from others: the object id, else the name; empty if untold."""
        return self.user_id or self.upn


def merge_copies(copies: Iterable[SignIn]) -> SignIn:
    """
    One sign-in out of the copies of it that were logged, given in any order.

    The log republishes sign-ins (Entra ``reports-faq``: risk re-evaluation, MFA aggregation,
    retried batches), first copies often being incomplete. So the later copy wins field by field,
    but an empty field never overwrites a filled one. Later is: received later, then read later.
    """
    return reduce(_overlay, sorted(copies, key=_lateness))


def distinct_copies(copies: Iterable[SignIn]) -> tuple[SignIn, ...]:
    """The copies that differ in more than when they were read, each at its latest; sorted."""
    latest: dict[SignIn, SignIn] = {}
    for copy in sorted(copies, key=_lateness):
        latest[msgspec.structs.replace(copy, received_at="", sequence=0)] = copy
    return tuple(sorted(latest.values(), key=_lateness))


def _lateness(copy: SignIn) -> tuple[str, int, bytes]:
    return copy.received_at, copy.sequence, msgspec.json.encode(copy)  # the last only breaks ties


def _overlay(earlier: SignIn, later: SignIn) -> SignIn:
    told = {
        name: value
        for name in SignIn.__struct_fields__
        if (value := getattr(later, name)) not in ("", None)
    }
    return msgspec.structs.replace(earlier, **told)
