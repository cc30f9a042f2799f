"""
Conditional access policies, with the names that Graph gives their parts (v1.0 and beta).

`None` and empty both mean "nothing of this kind is configured". `policy_reading` makes these
objects from Graph's JSON, and lists what it does not understand or misses in the policy itself.
"""

from typing import Any

from shared.mfa.accounts.graph import GraphObject, OpenWord


class PolicyState(OpenWord):
    """Graph ``conditionalAccessPolicy.state``."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    REPORT_ONLY = "enabledForReportingButNotEnforced"
    UNKNOWN = "unknownFutureValue"


class GrantOperator(OpenWord):
    """Graph ``grantControls.operator``: all of the controls, or any of them."""

    AND = "AND"
    OR = "OR"
    UNKNOWN = "unknownFutureValue"


class PolicyFilter(GraphObject, frozen=True):
    """A rule over devices or applications; `mode` is ``include`` or ``exclude``."""

    mode: str | None = None
    rule: str | None = None


class PolicyApplications(GraphObject, frozen=True):
    """Which resources a policy targets."""

    include_applications: tuple[str, ...] | None = None
    exclude_applications: tuple[str, ...] | None = None
    application_filter: PolicyFilter | None = None
    include_user_actions: tuple[str, ...] | None = None
    include_authentication_context_class_references: tuple[str, ...] | None = None


class ExternalTenants(GraphObject, frozen=True):
    """Home directories of the external users; `membership_kind` is ``all`` or ``enumerated``."""

    membership_kind: str | None = None
    members: tuple[str, ...] | None = None


class GuestsOrExternalUsers(GraphObject, frozen=True):
    """Kinds of guests and external users; Graph returns them as one comma-separated text."""

    guest_or_external_user_types: str | tuple[str, ...] | None = None
    external_tenants: ExternalTenants | None = None


class PolicyUsers(GraphObject, frozen=True):
    """Whom a policy targets; an exclusion always beats an inclusion."""

    include_users: tuple[str, ...] | None = None
    exclude_users: tuple[str, ...] | None = None
    include_groups: tuple[str, ...] | None = None
    exclude_groups: tuple[str, ...] | None = None
    include_roles: tuple[str, ...] | None = None
    exclude_roles: tuple[str, ...] | None = None
    include_guests_or_external_users: GuestsOrExternalUsers | None = None
    exclude_guests_or_external_users: GuestsOrExternalUsers | None = None


class PolicyPlatforms(GraphObject, frozen=True):
    """Operating systems, as the browser or app reports them."""

    include_platforms: tuple[str, ...] | None = None
    exclude_platforms: tuple[str, ...] | None = None


class PolicyLocations(GraphObject, frozen=True):
    """Named locations by id, or ``All`` or ``AllTrusted``."""

    include_locations: tuple[str, ...] | None = None
    exclude_locations: tuple[str, ...] | None = None


class PolicyDevices(GraphObject, frozen=True):
    """A device filter, or the older lists of device states that it replaced."""

    device_filter: PolicyFilter | None = None
    include_devices: tuple[str, ...] | None = None
    exclude_devices: tuple[str, ...] | None = None
    include_device_states: tuple[str, ...] | None = None
    exclude_device_states: tuple[str, ...] | None = None


class DeviceStates(GraphObject, frozen=True):
    """What the device filter replaced; beta only."""

    include_states: tuple[str, ...] | None = None
    exclude_states: tuple[str, ...] | None = None


class AuthenticationFlows(GraphObject, frozen=True):
    """Flows that transfer a sign-in from one device to another."""

    transfer_methods: str | tuple[str, ...] | None = None


class PolicyConditions(GraphObject, frozen=True):
    """When a policy applies; `None` and empty both mean "no condition of this kind"."""

    applications: PolicyApplications | None = None
    users: PolicyUsers | None = None
    client_app_types: tuple[str, ...] | None = None
    platforms: PolicyPlatforms | None = None
    locations: PolicyLocations | None = None
    sign_in_risk_levels: tuple[str, ...] | None = None
    user_risk_levels: tuple[str, ...] | None = None
    service_principal_risk_levels: tuple[str, ...] | None = None
    insider_risk_levels: str | tuple[str, ...] | None = None
    agent_id_risk_levels: str | tuple[str, ...] | None = None  #: beta only
    devices: PolicyDevices | None = None
    device_states: DeviceStates | None = None
    authentication_flows: AuthenticationFlows | None = None
    times: dict[str, Any] | None = None  #: of old exports; in neither version's schema
    client_applications: dict[str, Any] | None = None  #: workload identities and agents


class AuthenticationStrength(GraphObject, frozen=True):
    """A set of accepted method combinations; only `requirements_satisfied` says it is MFA."""

    id: str = ""
    display_name: str | None = None
    requirements_satisfied: str | None = None
    allowed_combinations: tuple[str, ...] | None = None


class GrantControls(GraphObject, frozen=True):
    """What a policy requires before it lets a sign-in through."""

    operator: GrantOperator | None = None
    built_in_controls: tuple[str, ...] | None = None
    custom_authentication_factors: tuple[str, ...] | None = None
    terms_of_use: tuple[str, ...] | None = None
    authentication_strength: AuthenticationStrength | None = None


class ConditionalAccessPolicy(GraphObject, frozen=True):
    """
    One conditional access policy.

    `missing` has the parts that every policy has and this one lacks, `not_understood` the paths of
    values that are new to this version: ``conditions.users.includeRobots``.
    """

    id: str = ""
    display_name: str | None = None
    state: PolicyState | None = None
    deleted_date_time: str | None = None
    created_date_time: Any = None  #: see `instant_of`; PowerShell has a notation of its own
    modified_date_time: Any = None
    conditions: PolicyConditions | None = None
    grant_controls: GrantControls | None = None
    partial_enablement_strategy: Any = None  #: undocumented; null in every answer seen
    missing: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()

    def unknown_in(self, part: str) -> tuple[str, ...]:
        """The paths of what was not understood in a part: ``conditions.users``."""
        return tuple(
            path
            for path in self.not_understood
            if f"{path}.".lower().startswith(f"{part}.".lower())
        )
