"""
Reads a conditional access policy, and notes everything filled in it that is not understood.

A policy may be written by Graph (``includeUsers``) or by PowerShell (``IncludeUsers``), which turns
unset objects into objects of nulls. A key that is not known here may narrow the policy or exclude
somebody, so it is never passed over.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from shared.mfa.accounts.graph import GraphObject
from shared.mfa.accounts.policy import (
    AuthenticationStrength,
    ConditionalAccessPolicy,
    GuestsOrExternalUsers,
    PolicyState,
)

#: Objects of which only some properties matter: what is new in them cannot weaken the policy.
_OPEN = (ConditionalAccessPolicy, AuthenticationStrength)
#: The fields of each kind of object by their names in Graph, in lower case; slow to list.
_FIELDS: dict[type[Any], dict[str, msgspec.structs.FieldInfo]] = {}


def read_policy(raw: dict[str, Any]) -> ConditionalAccessPolicy:
    """The policy, with the paths of everything that is missing or was not understood."""
    unknown: list[str] = []
    policy: ConditionalAccessPolicy = _read(ConditionalAccessPolicy, raw, "", unknown)
    missing = [part for part in ("id", "state", "conditions") if not getattr(policy, part)]
    if policy.conditions and not _has_client_types(raw):
        missing.append("clientAppTypes")
    if not policy.grant_controls and not _is_without_grant(raw):
        missing.append("grantControls")
    return msgspec.structs.replace(
        policy,
        state=PolicyState.DISABLED if policy.deleted_date_time else policy.state,
        missing=tuple(missing),
        not_understood=tuple(unknown),
    )


def _has_client_types(raw: dict[str, Any]) -> bool:
    """Whether the policy says something of client types, if only that none are configured."""
    conditions = next(value for key, value in raw.items() if key.lower() == "conditions")
    return any(key.lower() == "clientapptypes" for key in conditions)


def _is_without_grant(raw: dict[str, Any]) -> bool:
    """Whether the policy is known to have only session controls, which require nothing."""
    values = {key.lower(): value for key, value in raw.items()}
    grant = values.get("grantcontrols", "absent")
    return grant is None or (isinstance(grant, dict) and _is_null_of_powershell(grant, "operator"))


def _read(kind: type[Any], raw: dict[str, Any], path: str, unknown: list[str]) -> Any:  # noqa: ANN401
    """An object of this kind; appends the paths of what was not understood to *unknown*."""
    if kind not in _FIELDS:
        fields_of = msgspec.structs.fields(kind)
        _FIELDS[kind] = {field.encode_name.lower(): field for field in fields_of}
    fields = _FIELDS[kind]
    found: dict[str, Any] = {}
    for key, value in raw.items():
        field = fields.get(key.lower())
        where = f"{path}.{key}".lstrip(".")
        if "@" in key or _is_unset(value, field):
            continue
        if field is None and kind in _OPEN:
            continue
        if field is None or field.name in found:
            unknown.append(where)
        else:
            found[field.name] = _value(field.type, value, where, unknown)
    return kind(**found)


def _value(wanted: Any, value: object, path: str, unknown: list[str]) -> Any:  # noqa: ANN401
    part = _object_type(wanted)
    if part and isinstance(value, dict):
        return _read(part, value, path, unknown)
    if isinstance(value, dict) and value.keys() == {"value", "Count"}:  # Windows PowerShell's lists
        value = value["value"]
    for candidate in (value, [value]):  # PowerShell writes a list of one as its only item
        try:
            return msgspec.convert(candidate, wanted)
        except msgspec.ValidationError:
            continue
    unknown.append(path)
    return None


def _object_type(wanted: Any) -> type[GraphObject] | None:  # noqa: ANN401
    kinds = (kind for kind in get_args(wanted) if isinstance(kind, type))
    return next((kind for kind in kinds if issubclass(kind, GraphObject)), None)


def _is_unset(value: object, field: msgspec.structs.FieldInfo | None) -> bool:
    """
    Whether nothing is configured.

    An object that names no kind of guest is not unset: it may mean any of them.
    """
    names_guests = field is not None and _object_type(field.type) is GuestsOrExternalUsers
    if names_guests and isinstance(value, dict):
        return _is_null_of_powershell(value, "externaltenants")
    return _is_empty(value)


def _is_null_of_powershell(value: dict[str, Any], property_: str) -> bool:
    """Whether this is an unset object, which PowerShell writes with all of its properties."""
    return _is_empty(value) and property_ in {key.lower() for key in value}


def _is_empty(value: object) -> bool:
    if isinstance(value, dict):
        return all("@" in key or _is_empty(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_empty, value))
    return value is None or value == ""
