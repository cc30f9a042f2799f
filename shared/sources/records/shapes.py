"""
The fields of a sign-in record that are used, typed, with their names in each shape.

A record is Graph's ``signIn`` (`Fields`), a diagnostic setting's envelope around one (`Envelope`),
or a row of a Log Analytics table (`Row`: both at once, in columns). `UNSET` means a missing key,
perhaps only because it is spelled in another case.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

if TYPE_CHECKING:
    from collections.abc import Mapping

Text = str | UnsetType | None
#: Most records name the same policies with the same results, so equal bytes are read only once.
RawPolicies = msgspec.Raw | UnsetType


class Status(msgspec.Struct, rename="camel", gc=False):
    """Graph ``signInStatus``."""

    error_code: int | str | UnsetType | None = UNSET  #: 0 is success
    additional_details: Text = UNSET

    @property
    def is_regular(self) -> bool:
        """Whether a key was spelled as in the schema."""
        return self.error_code is not UNSET or self.additional_details is not UNSET


class AuthenticationStep(msgspec.Struct, rename="camel", gc=False):
    """Graph ``authenticationDetail``: one step of the authentication."""

    result: Text = msgspec.field(default=UNSET, name="authenticationStepResultDetail")
    method: Text = msgspec.field(default=UNSET, name="authenticationMethod")

    @property
    def is_regular(self) -> bool:
        """Whether a key was spelled as in the schema."""
        return self.result is not UNSET or self.method is not UNSET


class AppliedStrength(msgspec.Struct, rename="camel", gc=False):
    """Graph beta ``authenticationStrength`` of an applied policy."""

    authentication_strength_id: str | None = None
    authentication_strength_result: str | None = None


class AppliedPolicy(msgspec.Struct, rename="camel", gc=False):
    """Graph ``appliedConditionalAccessPolicy``."""

    result: Text = UNSET
    enforced_grant_controls: list[str] | None = None
    authentication_strength: AppliedStrength | None = None
    id: Text = UNSET
    display_name: Text = UNSET
    #: Words or a number of flags, and lists of rules: read by `applied_policies` only if needed.
    conditions_not_satisfied: msgspec.Raw = msgspec.Raw()
    exclude_rules_satisfied: msgspec.Raw = msgspec.Raw()
    include_rules_satisfied: msgspec.Raw = msgspec.Raw()

    @property
    def is_regular(self) -> bool:
        """Whether the key was spelled as in the schema."""
        return self.result is not UNSET


class AgentDetails(msgspec.Struct, rename="camel", gc=False):
    """Graph beta ``agentSignIn``."""

    agent_subject_type: Text = UNSET


class Fields(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """A Graph record, or an envelope's ``properties``. Nested JSON may be text."""

    id: Text = UNSET
    created_date_time: Text = UNSET
    user_display_name: Text = UNSET
    user_principal_name: Text = UNSET
    user_id: Text = UNSET
    app_id: Text = UNSET
    app_display_name: Text = UNSET
    ip_address: Text = UNSET
    status: Status | str | UnsetType | None = UNSET
    correlation_id: Text = UNSET
    applied_conditional_access_policies: RawPolicies = UNSET
    is_interactive: bool | UnsetType | None = UNSET
    resource_display_name: Text = UNSET
    resource_id: Text = UNSET
    authentication_details: list[AuthenticationStep] | str | UnsetType | None = UNSET
    authentication_requirement: Text = UNSET
    service_principal_name: Text = UNSET
    session_id: Text = UNSET
    sign_in_event_types: list[str] | str | UnsetType | None = UNSET
    agent: AgentDetails | str | UnsetType | None = UNSET


class Envelope(msgspec.Struct, gc=False, kw_only=True):
    """What a diagnostic setting or Log Analytics adds to the record."""

    time: Text = UNSET  #: when it was logged
    received: Text = UNSET  #: a row's ``TimeGenerated``: when this copy arrived
    path: Text = msgspec.field(default=UNSET, name="resourceId")  #: ``/tenants/<id>/…``
    category: Text = UNSET
    table: Text = msgspec.field(default=UNSET, name="type")  #: of a row
    tenant: Text = msgspec.field(default=UNSET, name="tenantId")
    result_type: int | str | UnsetType | None = msgspec.field(default=UNSET, name="resultType")
    caller: Text = msgspec.field(default=UNSET, name="callerIpAddress")
    correlation: Text = msgspec.field(default=UNSET, name="correlationId")
    further_policies: RawPolicies = UNSET  #: of a row
    properties: Fields | UnsetType | None = UNSET


#: Columns of a row; all others have Graph's name with a capital first letter.
COLUMNS = {
    "resource_id": "ResourceIdentity",
    "ip_address": "IPAddress",
    "applied_conditional_access_policies": "ConditionalAccessPolicies",
    "received": "TimeGenerated",
    "path": "ResourceId",
    "table": "Type",
    "tenant": "AADTenantId",  # ``TenantId`` is the workspace
    "result_type": "ResultType",
    "caller": "CallerIPAddress",
    "further_policies": "AppliedConditionalAccessPolicies",
}


@cache  # msgspec evaluates all annotations of the shape each time
def names_of(shape: type[msgspec.Struct]) -> Mapping[str, str]:
    """The JSON keys of a shape, by attribute."""
    return {field.name: field.encode_name for field in msgspec.structs.fields(shape)}


def _columns(shape: type[msgspec.Struct]) -> list[tuple[str, Any, Any]]:
    return [
        (
            field.name,
            field.type,
            msgspec.field(
                default=UNSET, name=COLUMNS.get(field.name) or _pascal(field.encode_name)
            ),
        )
        for field in msgspec.structs.fields(shape)
        if field.name not in ("properties", "correlation")
    ]


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


#: A row of ``SigninLogs`` and related tables: `Fields` and `Envelope` in one.
Row = msgspec.defstruct("Row", _columns(Fields) + _columns(Envelope), gc=False)
