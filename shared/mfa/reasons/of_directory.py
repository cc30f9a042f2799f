"""What the directory tells about why an account made requests without MFA."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_facts import enforced_elsewhere, security_defaults_apply
from shared.mfa.accounts.causes import demands_with_conditions
from shared.mfa.accounts.enforcement import Enforcement, enforcing_policies
from shared.mfa.accounts.extent import ConditionKind
from shared.mfa.reasons.of_record import (
    AGENT,
    excluded_sentence,
    exclusion_name,
    federation_sentence,
)
from shared.mfa.reasons.reason import ReasonKind, from_directory

if TYPE_CHECKING:
    from shared.mfa.accounts.account_facts import AccountFacts, TenantFacts
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand
    from shared.mfa.reasons.reason import Reason

_OF_APPLICATIONS = (
    ConditionKind.APPLICATIONS,
    ConditionKind.PARTNER_CENTER,
    ConditionKind.AZURE_MANAGEMENT,
)
_DAYS = ("less than a day", "one day", "two days", "three days", "four days", "five days")
_DEFAULTS = "Security defaults ask for MFA only when Microsoft considers it necessary"
_NOT_READ = from_directory(ReasonKind.NOT_TOLD, "Neither the record nor the directory tells why")
UNKNOWN_ACCOUNT = from_directory(
    ReasonKind.NOT_TOLD, "The record does not tell why, and the account is not in the directory"
)
_DISABLED = from_directory(
    ReasonKind.NOT_TOLD, "The record does not tell why, and the account is disabled now"
)
_ENFORCED = from_directory(
    ReasonKind.NOT_TOLD, "MFA is enforced, and the record does not tell why it was not used"
)


def cause_kind(accounts: JudgedAccounts, object_id: str) -> str:
    """The kind of an account's cause; empty if the account is not in the directory."""
    index = accounts.membership.roster.index_of(object_id)
    return "" if index is None else directory_reason(accounts, index).kind.value


def directory_reason(accounts: JudgedAccounts, index: int) -> Reason:
    """Why the account at *index* can make requests without MFA."""
    judged = accounts.class_of(index)
    match judged.judgement.enforcement:
        case None:
            return _DISABLED
        case Enforcement.UNKNOWN:
            return _NOT_READ
        case Enforcement.ENFORCED:
            return _of_enforced(accounts.tenant, judged.facts)
    if judged.facts.is_agent:
        return from_directory(ReasonKind.AGENT, AGENT)
    if judged.judgement.enforcement is Enforcement.CONDITIONAL:
        return _of_conditional(accounts, index)
    return _of_unprotected(accounts, index)


def _of_enforced(tenant: TenantFacts, facts: AccountFacts) -> Reason:
    if security_defaults_apply(tenant, facts) and not facts.per_user:
        return from_directory(ReasonKind.SECURITY_DEFAULTS, _DEFAULTS)
    return _ENFORCED


def _of_conditional(accounts: JudgedAccounts, index: int) -> Reason:
    """The first condition, as in the account's own cause."""
    judged = accounts.class_of(index)
    if left := judged.judgement.left:
        name = f"“{accounts.tenant.demands[left[0]].name}”"
        sentence = f"Policy {name} stops applying when the account activates a role"
        return from_directory(ReasonKind.EXCLUDED, sentence)
    demands = demands_with_conditions(accounts.tenant, judged.facts)
    return _of_condition(demands[0]) if demands else _NOT_READ


def _of_condition(demand: Demand) -> Reason:
    name = f"“{demand.name}”"
    if demand.grant.blocks:
        sentence = f"Policy {name} blocks some sign-ins, and requires MFA for none"
        return from_directory(ReasonKind.CONDITION, sentence)
    if not demand.grant.requires_mfa:
        others = " or ".join(demand.grant.others)
        sentence = f"Policy {name} accepts {others} instead of MFA"
        return from_directory(ReasonKind.CONDITION, sentence)
    of_applications = [limit.condition in _OF_APPLICATIONS for limit in demand.extent.limits]
    kind = ReasonKind.NOT_TARGETED if any(of_applications) else ReasonKind.CONDITION
    return from_directory(kind, f"Policy {name} applies {demand.extent.when}")


def _of_unprotected(accounts: JudgedAccounts, index: int) -> Reason:
    tenant, judged = accounts.tenant, accounts.class_of(index)
    reaching = [
        demand for demand, on in zip(tenant.demands, judged.facts.applies, strict=True) if on
    ]
    for demand in reaching:
        if demand.is_report_only and demand.grant.requires_mfa and not demand.extent.futile:
            sentence = f"Policy “{demand.name}” is report-only: it asks nobody for MFA"
            return from_directory(ReasonKind.REPORT_ONLY, sentence)
        if demand.in_force and demand.grant.has_custom_control:
            sentence = (
                f"Policy “{demand.name}” requires a custom control, which never yields the MFA "
                "claim"
            )
            return from_directory(ReasonKind.CUSTOM_CONTROL, sentence)
    if excluded_from := judged.judgement.excluded_from:
        return _of_exclusion(accounts, excluded_from[0], index)
    return _of_nothing(accounts, index, reaching)


def _of_exclusion(accounts: JudgedAccounts, policy_index: int, index: int) -> Reason:
    excluding = accounts.excluding(policy_index, index)
    by = exclusion_name(excluding[0]) if excluding else "an entry that was not read"
    name = f"“{accounts.tenant.demands[policy_index].name}”"
    return from_directory(ReasonKind.EXCLUDED, excluded_sentence(by, name))


def _of_nothing(accounts: JudgedAccounts, index: int, reaching: list[Demand]) -> Reason:
    """Nothing requires MFA of the account, and nothing excludes it."""
    tenant, facts = accounts.tenant, accounts.class_of(index).facts
    upn = accounts.membership.roster.users[index].user_principal_name or ""
    if upn.rpartition("@")[2].lower() in accounts.federated_domains:
        return from_directory(ReasonKind.FEDERATION_CLAIM, federation_sentence(upn))
    if tenant.security_defaults and facts.is_exempt:
        sentence = "Security defaults exempt directory synchronisation accounts"
        return from_directory(ReasonKind.SECURITY_DEFAULTS, sentence)
    for demand in reaching:
        if demand.in_force and demand.grant.requires_mfa and demand.extent.futile:
            sentence = f"Policy “{demand.name}” {demand.extent.futile}"
            return from_directory(ReasonKind.NOT_TARGETED, sentence)
    if not any(demand.asks for demand in tenant.demands):
        return from_directory(ReasonKind.NO_POLICY, "No policy requires MFA of anybody")
    return from_directory(ReasonKind.NO_POLICY, "No policy that requires MFA includes the account")


def policy_since(accounts: JudgedAccounts, index: int) -> Demand | None:
    """
    The policy by which the account has MFA enforced, if a policy alone does so.

    Of several, the one that has been as it is for the longest. `None` if anything else enforces
    MFA too, of which nothing says since when, or if no policy does so on its own.
    """
    tenant, facts = accounts.tenant, accounts.class_of(index).facts
    is_enforced = accounts.class_of(index).judgement.enforcement is Enforcement.ENFORCED
    if not is_enforced or enforced_elsewhere(tenant, facts) is not False:
        return None
    found = enforcing_policies(tenant.demands, facts.applies)
    latest = [max(policies, key=_changed_at) for policies in found]
    return min(latest, key=_changed_at, default=None)


def _changed_at(demand: Demand) -> str:
    """When the policy became what it is; empty if Graph does not say."""
    return max(demand.created_at, demand.changed_at)


def too_young(demand: Demand, made_at: str, ending: date) -> Reason | None:
    """The reason of a request made before the policy was what it is; `None` if it was not."""
    if made_at >= _changed_at(demand):
        return None
    is_new = demand.created_at > made_at
    age = _age(demand.created_at if is_new else demand.changed_at, ending)
    what = f"is {age} old" if is_new else f"was changed {age} ago"
    sentence = f"Policy “{demand.name}” {what}: the window still holds requests from before"
    return from_directory(ReasonKind.POLICY_TOO_YOUNG, sentence)


def _age(instant: str, ending: date) -> str:
    """How old something is at the end of the window, in words; it may be younger than that."""
    try:
        since = datetime.fromisoformat(instant).date()
    except ValueError:
        return _DAYS[0]
    days = max((ending + timedelta(days=1) - since).days - 1, 0)
    return _DAYS[days] if days < len(_DAYS) else f"{days} days"
