"""
The parts of a record that speak of MFA, however a tool wrote them: its status, steps and policies.

Each function also returns whether all that is filled was understood. What was not is not evidence.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from shared.decoding import UNREADABLE
from shared.mfa.circumstances import NO_TRACES, Circumstance, PolicyTraces
from shared.mfa.sign_in import Evidence
from shared.sources.records.applied_policies import raw_of, traces_of
from shared.sources.records.evidence import (
    circumstance_of,
    policies_evidence,
    steps_evidence,
    text_evidence,
)
from shared.sources.records.plain import (
    Memory,
    is_empty,
    is_fragment,
    items_of,
    loads,
    object_of,
    text_of,
)
from shared.sources.records.shapes import (
    AgentDetails,
    AppliedPolicy,
    AppliedStrength,
    AuthenticationStep,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_Part = TypeVar("_Part", AuthenticationStep, AppliedPolicy)

_steps_decoder = msgspec.json.Decoder(list[AuthenticationStep])
_policies_decoder = msgspec.json.Decoder(list[AppliedPolicy])

_STATUS_KEYS = ("errorcode", "additionaldetails", "failurereason")
_CONDITION_KEYS = ("conditionsnotsatisfied", "excluderulessatisfied", "includerulessatisfied")
_STEP_KEYS = ("authenticationstepresultdetail", "authenticationmethod")


def read_status(value: object) -> tuple[Status, bool]:
    """``status``, an object or the text of one."""
    if isinstance(value, Status):
        return value, True
    if is_empty(value):
        return Status(None, None), True
    values = object_of(value)
    if values is None:
        text = text_of(value)
        return (Status(None, text), True) if _proves(text) else (Status(None, None), False)
    code, details = values.get("errorcode"), values.get("additionaldetails")
    status = Status(number_or_text(code), text_of(details))
    is_read = _is_read(code, status.error_code) and _is_read(details, status.additional_details)
    return status, is_read and _is_known(values, _STATUS_KEYS)


def read_steps(value: object) -> tuple[Evidence, Circumstance, bool]:
    """
    ``authenticationDetails``, a list or the text of one; a step without result and method is empty.

    Text that is not a JSON list (truncated when it was copied, or printed by Python, which may
    abbreviate) counts as a step only if it contains evidence: a fragment must not prove that there
    were steps without MFA.
    """
    typed = _regular(_steps_decoder, AuthenticationStep, value)
    if typed is not None:
        return *what_steps_say(tuple([s.result or "" for s in typed if s.result or s.method])), True
    items = None if is_fragment(value) else items_of(value)
    results = list(_step_results([value] if items is None else items))
    evidence, circumstance = what_steps_say(
        tuple(result for result in results if result is not None)
    )
    if None in results and evidence is Evidence.SILENT:
        return Evidence.NOT_GIVEN, circumstance, False
    return evidence, circumstance, None not in results


@lru_cache(maxsize=1024)
def what_steps_say(details: tuple[str, ...]) -> tuple[Evidence, Circumstance]:
    """What the steps' results say; the order of `Circumstance` decides between several."""
    found = {circumstance_of(detail) for detail in details}
    circumstance = next((each for each in Circumstance if each in found), Circumstance.NOT_GIVEN)
    return steps_evidence(details), circumstance


def is_agent(value: object) -> bool:
    """Whether ``agent`` says that the user is an agent's (Graph beta ``agentSignIn``)."""
    if isinstance(value, AgentDetails):
        subject: object = value.agent_subject_type
    else:
        subject = (object_of(value) or {}).get("agentsubjecttype")
    return text_of(subject).lower() == "agentiduser"


_ReadPolicies = tuple[Evidence, PolicyTraces, bool]
_NO_POLICIES: _ReadPolicies = Evidence.NOT_GIVEN, NO_TRACES, True


def read_policies(value: object) -> _ReadPolicies:
    """``appliedConditionalAccessPolicies``, a list or the text of one; or either as JSON."""
    if value is msgspec.UNSET:
        return _NO_POLICIES
    if isinstance(value, msgspec.Raw):
        return POLICIES_IN[bytes(value)]
    return _read_value(value)


def _read_policies_json(data: bytes) -> _ReadPolicies:
    if not data:
        return _NO_POLICIES
    try:
        policies = _policies_decoder.decode(data)
    except UNREADABLE:
        policies = []
    if policies and all(policy.is_regular for policy in policies):
        return _read_value(policies)
    try:
        return _read_value(loads(data))
    except UNREADABLE:
        return Evidence.NOT_GIVEN, NO_TRACES, False


POLICIES_IN = Memory(_read_policies_json)  #: `read_policies` of JSON; no bytes if it is absent


def _read_value(value: object) -> _ReadPolicies:
    typed = _regular(_policies_decoder, AppliedPolicy, value)
    if typed is not None:
        return policies_evidence(typed), traces_of(typed), True
    items = items_of(value)
    read = [_policy(item) for item in ([value] if items is None else items)]
    policies = [policy for policy in read if policy is not None]
    return policies_evidence(policies), traces_of(policies), None not in read


def number_or_text(value: object) -> int | str | None:
    """A whole number, or text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else text_of(value)


def _regular(
    decoder: msgspec.json.Decoder[list[_Part]], kind: type[_Part], value: object
) -> list[_Part] | None:
    """The parts of a list that was decoded already, or of a regular text; else `None`."""
    if isinstance(value, list) and value and isinstance(value[0], kind):  # so are all others
        return value
    if not isinstance(value, str):
        return None
    try:
        parts = decoder.decode(value)
    except UNREADABLE:
        return None
    return parts if all(part.is_regular for part in parts) else None


def _step_results(items: Iterable[object]) -> Iterator[str | None]:
    """The result of each filled step, or a text that proves MFA; `None` if it says neither."""
    for item in items:
        values = object_of(item)
        if values is None:
            text = text_of(item)
            yield text if _proves(text) else None
            continue
        result, method = (values.get(key) for key in _STEP_KEYS)
        if not _is_known(values, _STEP_KEYS) or not _is_read(result, text_of(result)):
            yield None
        elif not (is_empty(result) and is_empty(method)):
            yield text_of(result)


def _policy(item: object) -> AppliedPolicy | None:
    values = object_of(item) or {}
    result, controls = text_of(values.get("result")), values.get("enforcedgrantcontrols")
    names = items_of(controls)
    if names is None:
        names = [controls]  # PowerShell's list of one
    given = values.get("authenticationstrength")
    strength = object_of(given)
    is_read = is_empty(given) or strength is not None
    if not (result and is_read and all(isinstance(name, str) for name in names)):
        return None
    return AppliedPolicy(
        result,
        names,
        None if strength is None else _strength(strength),
        text_of(values.get("id")),
        text_of(values.get("displayname")),
        *(raw_of(values.get(key)) for key in _CONDITION_KEYS),
    )


def _strength(values: dict[str, Any]) -> AppliedStrength:
    return AppliedStrength(
        text_of(values.get("authenticationstrengthid")),
        text_of(values.get("authenticationstrengthresult")),
    )


def _proves(text: str) -> bool:
    return text_evidence(text) in (Evidence.SATISFIED, Evidence.SKIPPED)


def _is_read(value: object, read: object) -> bool:
    return bool(read) or read == 0 or is_empty(value)


def _is_known(values: dict[str, Any], keys: Collection[str]) -> bool:
    """Whether an object has one of these keys, empty or not."""
    return not values.keys().isdisjoint(keys)
