"""Reads the `Extent` of a policy from its conditions as Graph returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.extent import (
    MODERN_CLIENTS,
    Axis,
    ConditionKind,
    Extent,
    FutileReason,
    Limit,
    Span,
)
from shared.mfa.accounts.graph import flag_words
from shared.mfa.accounts.policy import PolicyApplications, PolicyConditions
from shared.mfa.guid import is_guid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.mfa.accounts.policy import (
        ConditionalAccessPolicy,
        PolicyDevices,
        PolicyLocations,
        PolicyPlatforms,
    )

_LEGACY_CLIENTS = frozenset({"exchangeactivesync", "eassupported", "other"})
AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
_APPLICATION_GROUPS = frozenset({"none", "office365", "microsoftadminportals"})
_NAMES = {
    "browser": "browsers",
    "mobileappsanddesktopclients": "mobile apps and desktop clients",
    "android": "Android",
    "ios": "iOS",
    "linux": "Linux",
    "macos": "macOS",
    "windows": "Windows",
    "windowsphone": "Windows Phone",
    "alltrusted": "trusted locations",
    "00000000-0000-0000-0000-000000000000": "MFA trusted addresses",
    "office365": "Office 365",
    "microsoftadminportals": "Microsoft Admin Portals",
    AZURE_MANAGEMENT: "Windows Azure Service Management API",
    "00000002-0000-0ff1-ce00-000000000000": "Office 365 Exchange Online",
    "00000003-0000-0ff1-ce00-000000000000": "Office 365 SharePoint Online",
    "devicecodeflow": "device code flow",
    "authenticationtransfer": "authentication transfer",
}


def read_extent(
    policy: ConditionalAccessPolicy,
    partner_center_ids: frozenset[str],
    location_names: Mapping[str, str],
) -> Extent:
    """
    Read a policy's conditions; *location_names* is keyed by lower-case id.

    Partner Center is in neither of the two groups of applications that Graph has words for: it is
    missing from Microsoft's lists of what ``Office365`` and ``MicrosoftAdminPortals`` contain
    (entra-docs, "Targeting resources", 01/26/2026). So a policy for one of these groups does not
    reach Partner Center, and a policy that excludes one of them still does. The portal asks for the
    Azure Service Management API, so a policy that excludes this one may leave the portal open.
    """
    conditions = policy.conditions or PolicyConditions()
    applications = conditions.applications or PolicyApplications()
    clients = flag_words(conditions.client_app_types) or {"all"}
    included = flag_words(applications.include_applications)
    ids = partner_center_ids | {AZURE_MANAGEMENT}
    doubts = tuple(_doubts(policy, applications, partner_center_ids))
    limits = (
        *doubts,
        None if doubts else _applications(applications, partner_center_ids),
        _clients(clients),
        _platforms(conditions.platforms),
        _locations(conditions.locations, location_names),
        *_opaque_limits(conditions, applications),
    )
    return Extent(
        limits=tuple(limit for limit in limits if limit is not None),
        left_out=flag_words(applications.exclude_applications) - ids,
        named=None if "all" in included else included,
        covers_legacy=bool(clients & {"all", "other"}),
        futile=None if doubts else _futile(applications, clients),
    )


def _doubts(
    policy: ConditionalAccessPolicy,
    applications: PolicyApplications,
    partner_center_ids: frozenset[str],
) -> Iterator[Limit]:
    """What may narrow the policy, and is not understood or missing."""
    accounts = policy.unknown_in("conditions.users")  # these concern its reach
    unknown = [path for path in policy.unknown_in("conditions") if path not in accounts]
    for path in unknown:
        yield _doubt(f"what “{path}” means")
    excluded = flag_words(applications.exclude_applications) - partner_center_ids
    for word in sorted(excluded - _APPLICATION_GROUPS):
        if not is_guid(word):
            yield _doubt(f"which applications “{word}” excludes")
    if not unknown and not _names_anything(applications):
        yield _doubt("which applications are targeted")


def _doubt(what: str) -> Limit:
    return Limit(ConditionKind.OTHER, "under a condition that is not understood", doubt=what)


def _names_anything(applications: PolicyApplications) -> bool:
    return any(
        (
            applications.include_applications,
            applications.include_user_actions,
            applications.application_filter,
            _contexts(applications),
        )
    )


def listed_names(values: Iterable[str], known: Mapping[str, str] | None = None) -> str:
    """Values as a list in words: "Android, iOS and Windows"; four at most."""
    listed = sorted((known or {}).get(value) or _NAMES.get(value, value) for value in values)
    if len(listed) > 4:  # noqa: PLR2004
        listed = [*listed[:3], f"{len(listed) - 3} more"]
    return " and ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]]))


def _futile(
    applications: PolicyApplications, clients: frozenset[str] | set[str]
) -> FutileReason | None:
    if clients <= _LEGACY_CLIENTS:
        return FutileReason.LEGACY_ONLY
    aims = flag_words(applications.include_applications) - {"none"}
    if aims or applications.application_filter or _contexts(applications):
        return None
    return (
        FutileReason.USER_ACTION
        if applications.include_user_actions
        else FutileReason.NO_APPLICATION
    )


def _contexts(applications: PolicyApplications) -> tuple[str, ...]:
    return applications.include_authentication_context_class_references or ()


def _applications(
    applications: PolicyApplications, partner_center_ids: frozenset[str]
) -> Limit | None:
    included = flag_words(applications.include_applications) - {"none"}
    ids = partner_center_ids | {AZURE_MANAGEMENT}
    excluded = flag_words(applications.exclude_applications) & ids
    if "all" not in included:
        span = Span(Axis.APPLICATION, included & ids, excluded)
        reaches = included & partner_center_ids and not excluded
        among = "among them" if reaches else "not among them"
        text = f"for {listed_names(included)} (Partner Center {among})" if included else ""
        return Limit(ConditionKind.APPLICATIONS, text, span)
    span = Span(Axis.APPLICATION, exclude=excluded)
    if excluded & partner_center_ids:
        text = "for applications other than Partner Center"
        return Limit(ConditionKind.PARTNER_CENTER, text, span)
    if excluded:
        text = f"for applications other than {listed_names(excluded)}"
        return Limit(ConditionKind.AZURE_MANAGEMENT, text, span)
    return None


def _clients(clients: frozenset[str] | set[str]) -> Limit | None:
    modern = frozenset(clients & set(MODERN_CLIENTS))
    if "all" in clients or len(modern) == len(MODERN_CLIENTS):
        return None
    text = f"in {listed_names(modern) or 'clients of an unknown kind'}"
    return Limit(ConditionKind.CLIENT_APP, text, Span(Axis.CLIENT, modern))


def _platforms(platforms: PolicyPlatforms | None) -> Limit | None:
    if platforms is None:
        return None
    span = _span(Axis.PLATFORM, platforms.include_platforms, platforms.exclude_platforms)
    text = _listed(span, "on", "on platforms other than")
    return Limit(ConditionKind.PLATFORM, text, span) if span.values else None


def _locations(
    locations: PolicyLocations | None, location_names: Mapping[str, str]
) -> Limit | None:
    if locations is None:
        return None
    span = _span(Axis.LOCATION, locations.include_locations, locations.exclude_locations)
    text = _listed(span, "from", "from locations other than", location_names)
    return Limit(ConditionKind.LOCATION, text, span) if span.values else None


def _span(axis: Axis, include: tuple[str, ...] | None, exclude: tuple[str, ...] | None) -> Span:
    included = flag_words(include)
    return Span(axis, None if "all" in included or not included else included, flag_words(exclude))


def _listed(span: Span, on: str, other: str, known: Mapping[str, str] | None = None) -> str:
    excluded = listed_names(span.exclude, known)
    if span.include is None:
        return f"{other} {excluded}"
    included = f"{on} {listed_names(span.include, known)}"
    return f"{included} except {excluded}" if span.exclude else included


def _opaque_limits(
    conditions: PolicyConditions, applications: PolicyApplications
) -> Iterator[Limit]:
    """The conditions that no other policy can complement."""
    yield from _filter_limit(applications)
    if _contexts(applications):
        text = "where an application asks for an authentication context"
        yield Limit(ConditionKind.APPLICATIONS, text)
    yield from _risk_limits(conditions)
    if _has_device_condition(conditions):
        yield Limit(ConditionKind.DEVICE_FILTER, "on devices that a filter selects")
    flows = conditions.authentication_flows
    methods = flag_words(flows.transfer_methods if flows else None) - {"none"}
    if methods:
        yield Limit(ConditionKind.AUTHENTICATION_FLOW, f"by {listed_names(methods)}")
    if conditions.times:
        yield Limit(ConditionKind.OTHER, "at certain times")
    if conditions.client_applications:
        yield Limit(ConditionKind.OTHER, "for workload identities or agents")


def _filter_limit(applications: PolicyApplications) -> Iterator[Limit]:
    """
    The limit by an application filter.

    It tests custom security attributes, which are not part of the directory that is read: if the
    filter excludes, it is unknown whether it excludes Partner Center.
    """
    rule = applications.application_filter
    is_for_all = "all" in flag_words(applications.include_applications)
    if rule is None or (rule.mode == "include" and is_for_all):
        return
    if rule.mode == "include":
        yield Limit(ConditionKind.APPLICATIONS, "for applications that a filter selects")
    else:
        text = "for applications that a filter does not exclude"
        doubt = "which applications the filter excludes"
        yield Limit(ConditionKind.APPLICATIONS, text, doubt=doubt)


def _risk_limits(conditions: PolicyConditions) -> Iterator[Limit]:
    levels = {
        "sign-in risk": flag_words(conditions.sign_in_risk_levels),
        "user risk": flag_words(conditions.user_risk_levels),
        "service principal risk": flag_words(conditions.service_principal_risk_levels),
        "insider risk": flag_words(conditions.insider_risk_levels),
        "agent risk": flag_words(conditions.agent_id_risk_levels),
    }
    for kind, wanted in levels.items():
        if wanted:
            yield Limit(ConditionKind.RISK, f"at {listed_names(wanted)} {kind}")


def _has_device_condition(conditions: PolicyConditions) -> bool:
    devices: PolicyDevices | None = conditions.devices
    states = conditions.device_states
    older = devices and (
        devices.exclude_devices
        or devices.exclude_device_states
        or {"all"} - flag_words(devices.include_devices or ("All",))
        or {"all"} - flag_words(devices.include_device_states or ("All",))
    )
    oldest = states and (
        states.exclude_states or {"all"} - flag_words(states.include_states or ("All",))
    )
    return bool((devices and devices.device_filter) or older or oldest)
