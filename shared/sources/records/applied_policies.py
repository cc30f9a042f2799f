"""Which policies of a record came nearest to requiring MFA, and what kept them from it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from shared.decoding import UNREADABLE
from shared.mfa.circumstances import NO_TRACES, NOT_MFA, PolicyTrace, PolicyTraces
from shared.sources.records.plain import items_of, loads, object_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.sources.records.shapes import AppliedPolicy

MOST_KEPT = 4  #: policies of one record
_LONGEST_NAME = 256  #: characters, as in Entra
_LONGEST_WORDS = 200

#: Diagnostic logs have a number instead of Graph's words: ``conditionalAccessConditions``, a
#: flagged enumeration, with these values from 1 on (Graph beta's schema).
_FLAGS = (
    *("application", "users", "deviceplatform", "location", "clienttype", "signinrisk", "userrisk"),
    *("time", "devicestate", "client", "ipaddressseenbyazuread"),
    *("ipaddressseenbyresourceprovider", "", "serviceprincipals", "serviceprincipalrisk"),
    *("authenticationflows", "insiderrisk"),
)
_TIERS = {"success": 0, "failure": 0, "notapplied": 2, "reportonlynotapplied": 3, "notenabled": 4}
_OF_CLIENTS = frozenset(
    """
    clienttype client deviceplatform location devicestate ipaddressseenbyazuread
    ipaddressseenbyresourceprovider
    """.split()  # noqa: SIM905 (quotation marks would add nothing)
)
_REPORT_ONLY = 1
_OTHER = 5


def traces_of(policies: Iterable[AppliedPolicy]) -> PolicyTraces:
    """
    What the record says about the policies nearest to requiring MFA, nearest first.

    Applied ones first, then report-only ones that would have applied, then the others: those for
    this account and application first, and by how many conditions kept them from it. Policies whose
    controls are not MFA are left out; one that did not apply often has no controls in the record,
    so it is kept, after those that do.
    """
    kept = [
        policy
        for policy in policies
        if not policy.enforced_grant_controls
        or policy.authentication_strength
        or not _is_other(tuple(policy.enforced_grant_controls))
    ]
    return _nearest(tuple(map(_key, kept))) if kept else NO_TRACES


@lru_cache(maxsize=512)
def _is_other(controls: tuple[str, ...]) -> bool:
    """Whether none of these controls can be MFA or a custom control."""
    return NOT_MFA.issuperset(_plain(controls).split(","))


_Key = tuple[str, str, str, tuple[str, ...], str, bytes, bytes, bytes]


def _key(policy: AppliedPolicy) -> _Key:
    strength = policy.authentication_strength
    return (
        policy.id or "",
        policy.display_name or "",
        policy.result or "",
        tuple(policy.enforced_grant_controls or ()),
        (strength and strength.authentication_strength_id) or "",
        bytes(policy.conditions_not_satisfied),
        bytes(policy.exclude_rules_satisfied),
        bytes(policy.include_rules_satisfied),
    )


@lru_cache(maxsize=512)
def _nearest(policies: tuple[_Key, ...]) -> PolicyTraces:
    """Most records name the same policies with the same results."""
    traces = sorted((_trace(*policy) for policy in policies), key=_distance)
    return PolicyTraces.of(traces[:MOST_KEPT])


def _trace(  # noqa: PLR0913, PLR0917 (the parts of a policy in a record)
    policy_id: str,
    name: str,
    result: str,
    controls: tuple[str, ...],
    strength: str,
    unmet: bytes,
    excluded_by: bytes,
    included_by: bytes,
) -> PolicyTrace:
    return PolicyTrace(
        id=policy_id.lower()[:_LONGEST_WORDS],
        name=name[:_LONGEST_NAME],
        result=result.lower()[:_LONGEST_WORDS],
        controls=_plain(controls),
        strength="" if not strength.strip("0-") else strength.lower()[:_LONGEST_WORDS],
        unmet=_conditions(_value(unmet)),
        excluded_by=_rules(_value(excluded_by)),
        included_by=_rules(_value(included_by)),
    )


def _distance(trace: PolicyTrace) -> tuple[int, bool, int, int, str, str]:
    """The key that sorts the policies of a record, the nearest to requiring MFA first."""
    tier = _REPORT_ONLY if trace.is_report_only else _TIERS.get(trace.result, _OTHER)
    unmet = trace.unmet.split(",") if trace.unmet else []
    return tier, not trace.accepts_mfa, _remoteness(trace, unmet), len(unmet), trace.name, trace.id


def _remoteness(trace: PolicyTrace, unmet: list[str]) -> int:
    """How far the policy is from this sign-in: first one for this account, but not this client."""
    if "users:" in trace.excluded_by:
        return 1
    if "users" in unmet or "application" in unmet:
        return 3
    return 0 if _OF_CLIENTS.issuperset(unmet) else 2  # a risk, say, is hardly ever there


@lru_cache(maxsize=512)
def _plain(controls: tuple[str, ...]) -> str:
    """Control names in lower case, without blanks, joined by commas."""
    return ",".join("".join(control.lower().split()) for control in controls)[:_LONGEST_WORDS]


def _value(raw: bytes) -> Any:  # noqa: ANN401 (whatever the record has)
    try:
        return loads(raw) if raw else None
    except UNREADABLE:
        return None


def _conditions(value: object) -> str:
    """Conditions as words, from Graph's words or from a number of flags."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    if number is None and isinstance(value, str) and value.strip().isdecimal():
        number = int(value.strip()[:9])
    if number is not None:
        words = [name for bit, name in enumerate(_FLAGS) if name and number >> bit & 1]
    else:
        items = value if isinstance(value, list) else text_of(value).split(",")
        words = [text_of(item).strip().lower() for item in items]
    return ",".join(word for word in words if word not in ("", "none"))[:_LONGEST_WORDS]


def _rules(value: object) -> str:
    """Rules as ``users:groupid``, each once."""
    found: dict[str, None] = {}
    for item in items_of(value) or ():
        rule = object_of(item) or {}
        condition = _conditions(rule.get("conditionalaccesscondition"))
        satisfied = text_of(rule.get("rulesatisfied")).strip().lower()
        if satisfied:
            found[f"{condition}:{satisfied}"] = None
    return ",".join(found)[:_LONGEST_WORDS]


def raw_of(value: object) -> msgspec.Raw:
    """A value of an irregular record as the JSON that a regular one has there."""
    if value is None:
        return msgspec.Raw()
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except (TypeError, *UNREADABLE):
        return msgspec.Raw()
