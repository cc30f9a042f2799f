"""Why accounts stand as they do and what to do, in sentences for a security lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import elsewhere, enforcement_of
from shared.mfa.accounts.conditional_access import TargetKind
from shared.mfa.accounts.conditions import names
from shared.mfa.accounts.enforcement import Enforcement, enforcers, matters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.mfa.accounts.account_facts import AccountFacts, EvaluatedPolicy, TenantFacts
    from shared.mfa.accounts.conditional_access import Demand, PolicyTarget
    from shared.mfa.accounts.membership import Groups

MOST_TOLD = 2  #: policies told of in one cause; the rest are counted
_DEFAULTS_NOTE = (
    "Security defaults ask administrators at every sign-in, everybody else only when Microsoft "
    "sees a need."
)

_EVERYWHERE = "Demand MFA for all cloud apps, without conditions"
_INCLUDE = "Take the account out of the policy's exclusions."


class Judgement(msgspec.Struct, frozen=True):
    """How the accounts of one class stand, and why."""

    enforcement: Enforcement | None = None  #: `None` for disabled accounts
    enforced_by: str = ""
    cause: str = ""
    remedy: str = ""
    excluded_from: tuple[int, ...] = ()  #: policies, by place; by which entry differs per account


class _Reason(msgspec.Struct, frozen=True):
    """One sentence of cause, and what to do about it."""

    cause: str
    remedy: str


#: What is said where no policy comes near an account.
NOTHING = _Reason(
    "Nothing demands MFA of this account: no policy, no per-user MFA, no security defaults.",
    "Add the account to a policy that demands MFA for all cloud apps.",
)


def judge(tenant: TenantFacts, standing: AccountFacts) -> Judgement:
    """The answer for one class of accounts."""
    answer = enforcement_of(tenant, standing)
    if answer is None:
        return Judgement()
    if answer is Enforcement.ENFORCED:
        return _enforced(tenant, standing)
    if answer is Enforcement.UNKNOWN:
        return _from_reasons(answer, [_not_read(tenant, standing)])
    excluded_from = exclusions(tenant, standing)
    if answer is Enforcement.CONDITIONAL:
        asked = demands_with_conditions(tenant, standing)
        return _from_reasons(answer, [_condition(demand) for demand in asked], excluded_from)
    reasons = list(_near_misses(tenant, standing))
    if not reasons and not excluded_from:
        reasons = list(_futile_reasons(tenant, standing)) or [NOTHING]
    return _from_reasons(answer, reasons, excluded_from)


def tell_exclusion(
    policy: EvaluatedPolicy, excluding: Sequence[PolicyTarget], number: int, groups: Groups
) -> str:
    """By which entries, *excluding*, a policy leaves account *number* out."""
    ways = [
        f"through the group {groups.path(entry.id, number)}"
        if entry.kind is TargetKind.GROUP
        else way_of(entry)
        for entry in excluding
    ]
    return f"Excluded from policy “{policy.demand.name}” {_phrases(ways, ' and ')}."


def way_of(entry: PolicyTarget) -> str:
    """How an entry in a policy's lists reaches people, in words."""
    match entry.kind:
        case TargetKind.GROUP:
            return f"through the group {entry.name}"
        case TargetKind.ROLE:
            return f"through the role {entry.name}"
        case TargetKind.GUESTS:
            return f"through the guest types {entry.name}"
        case TargetKind.EVERYONE:
            return "with everybody"
    return "by name"


def exclusions(tenant: TenantFacts, standing: AccountFacts) -> tuple[int, ...]:
    """The policies, by place, that would demand MFA of the accounts but exclude them."""
    return tuple(
        place
        for place, demand in enumerate(tenant.demands)
        if demand.asks
        and not demand.grant.blocks
        and standing.included[place]
        and standing.applies[place] is False
    )


def demands_with_conditions(tenant: TenantFacts, standing: AccountFacts) -> list[Demand]:
    """What is asked of the accounts, MFA first, then MFA or something else, then blocks."""
    asked = [demand for demand in _reaching(tenant, standing) if demand.asks]
    return sorted(asked, key=lambda demand: (demand.grant.blocks, not demand.grant.requires_mfa))


def unread(tenant: TenantFacts, standing: AccountFacts) -> Iterator[str]:
    """What was not read and the answer hangs on."""
    if standing.enabled is None:
        yield "whether the account is enabled"
        return
    if standing.per_user is None:
        yield "the per-user MFA state"
    if tenant.security_defaults is None:
        yield "security defaults"
    if not tenant.policies_were_read:
        yield "the conditional access policies"
    doubted = [
        place
        for place in range(len(tenant.policies))
        if matters(tenant.demands, standing.applies, place)
    ]
    if not doubted and elsewhere(tenant, standing) is not None:  # only several at once matter
        doubted = list(range(len(tenant.policies)))
    for place in doubted:
        yield from _unread_of(tenant.policies[place], standing, place)


def _unread_of(policy: EvaluatedPolicy, standing: AccountFacts, place: int) -> Iterator[str]:
    demand, name = policy.demand, f"policy “{policy.demand.name}”"
    if demand.in_force is None:
        yield f"whether {name} is switched on"
    if demand.grant.doubt:
        yield f"whether {demand.grant.doubt} of {name} is MFA"
    if any(not limit.is_certain for limit in demand.extent.limits):
        yield f"which applications the filter of {name} excludes"
    if standing.included[place] is None:
        yield from (f"{what}, which {name} includes" for what in _open(policy.reach.inclusions))
    if standing.applies[place] is None:
        yield from (f"{what}, which {name} excludes" for what in _open(policy.reach.exclusions))


def _open(entries: Sequence[PolicyTarget]) -> list[str]:
    return [entry.unread for entry in entries if not entry.people.is_certain]


def _not_read(tenant: TenantFacts, standing: AccountFacts) -> _Reason:
    missing = list(dict.fromkeys(unread(tenant, standing)))
    return _Reason(
        f"Not read: {_phrases(missing, '; ')}.",
        "Read it, then this account can be judged; the permission may be missing.",
    )


def _enforced(tenant: TenantFacts, standing: AccountFacts) -> Judgement:
    found = enforcers(tenant.demands, standing.applies)
    by = [together(policies) for policies in found]
    if standing.per_user:
        by.insert(0, "per-user MFA")
    if tenant.security_defaults:
        by.insert(0, "security defaults")
    if by == ["security defaults"]:
        return Judgement(Enforcement.ENFORCED, by[0], _DEFAULTS_NOTE)
    note = _note(found, tenant, standing) if len(by) == len(found) else _Reason("", "")
    return Judgement(Enforcement.ENFORCED, "; ".join(by), note.cause, note.remedy)


def together(policies: Sequence[Demand]) -> str:
    """Name policies that enforce MFA alone, or only together."""
    listed = " and ".join(f"“{demand.name}”" for demand in policies)
    return f"policy {listed}" if len(policies) == 1 else f"policies {listed} together"


def _note(found: list[list[Demand]], tenant: TenantFacts, standing: AccountFacts) -> _Reason:
    """Applications that every enforcing policy leaves out, and no other one names."""
    gaps = [
        frozenset[str]().union(*(demand.extent.left_out for demand in group)) for group in found
    ]
    named = (
        demand.extent.named or frozenset()
        for demand in _reaching(tenant, standing)
        if demand.requires(surely=True) and len(demand.extent.limits) == 1
    )
    left_out = frozenset[str].intersection(*gaps).difference(*named)
    if not left_out:
        return _Reason("", "")
    return _Reason(
        f"MFA is not demanded for {names(left_out)}: {together(found[0])} leaves it out.",
        f"Check whether {names(left_out)} must be left out.",
    )


def _condition(demand: Demand) -> _Reason:
    name, when = f"“{demand.name}”", demand.extent.when
    if demand.grant.blocks:
        return _Reason(
            f"Policy {name} demands no MFA; it blocks sign-in{_after(when)}.",
            f"{_EVERYWHERE}; the block of policy {name} may stay.",
        )
    if demand.grant.requires_mfa:
        return _Reason(
            f"Policy {name} demands MFA {when}.", f"Remove the condition of policy {name}."
        )
    others = " or ".join(demand.grant.others)
    return _Reason(
        f"Policy {name} accepts {others} instead of MFA{_after(when)}.",
        f"Let policy {name} require all of its controls, or MFA alone.",
    )


def _after(when: str) -> str:
    return f", {when}" if when else ""


def _near_misses(tenant: TenantFacts, standing: AccountFacts) -> Iterator[_Reason]:
    """Policies that reach the accounts and would be MFA, but for their state or their control."""
    for demand in _reaching(tenant, standing):
        name = f"“{demand.name}”"
        if demand.is_report_only and demand.grant.requires_mfa and not demand.extent.futile:
            cause = f"Policy {name} would demand MFA{_after(demand.extent.when)}, but only reports."
            yield _Reason(cause, f"Switch policy {name} from report-only to on.")
        elif demand.in_force and demand.grant.has_custom_control:
            cause = f"Policy {name} asks for a custom control, which never yields the MFA claim."
            yield _Reason(cause, f"Let policy {name} demand MFA instead of the custom control.")


def _futile_reasons(tenant: TenantFacts, standing: AccountFacts) -> Iterator[_Reason]:
    """Policies that reach the accounts and demand MFA, but of no sign-in."""
    for demand in _reaching(tenant, standing):
        if demand.in_force and demand.grant.requires_mfa and demand.extent.futile:
            yield _Reason(f"Policy “{demand.name}” {demand.extent.futile}.", f"{_EVERYWHERE}.")


def _reaching(tenant: TenantFacts, standing: AccountFacts) -> list[Demand]:
    return [demand for demand, on in zip(tenant.demands, standing.applies, strict=True) if on]


def _from_reasons(
    answer: Enforcement, reasons: Sequence[_Reason], excluded_from: tuple[int, ...] = ()
) -> Judgement:
    causes = [reason.cause for reason in reasons]
    remedies = dict.fromkeys(reason.remedy for reason in reasons[:MOST_TOLD])
    if excluded_from:
        remedies = {_INCLUDE: None, **remedies}
    return Judgement(
        answer,
        cause=sentences(causes, len(causes)),
        remedy=" ".join(remedies),
        excluded_from=excluded_from,
    )


def sentences(parts: Sequence[str], count: int) -> str:
    """The first of *count* sentences that could be told."""
    told = [*parts[:MOST_TOLD], *([f"And {count - MOST_TOLD} more."] if count > MOST_TOLD else [])]
    return " ".join(told)


def _phrases(parts: Sequence[str], between: str) -> str:
    rest = len(parts) - MOST_TOLD
    return between.join(parts[:MOST_TOLD]) + (f" and {rest} more" if rest > 0 else "")
