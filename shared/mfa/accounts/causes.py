"""The cause and the remedy of each answer, in sentences for a security lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import (
    enforcement_of,
    security_defaults_apply,
)
from shared.mfa.accounts.conditional_access import TargetKind
from shared.mfa.accounts.conditions import listed_names
from shared.mfa.accounts.enforcement import (
    Enforcement,
    combined_enforcement,
    enforcing_policies,
)
from shared.mfa.accounts.unread import unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.mfa.accounts.account_facts import AccountFacts, EvaluatedPolicy, TenantFacts
    from shared.mfa.accounts.conditional_access import Demand, PolicyTarget
    from shared.mfa.accounts.membership import Groups

MOST_NAMED = 2  #: policies named in one cause; the rest are counted
SECURITY_DEFAULTS = "security defaults"  #: what enforces MFA where they alone do
_DEFAULTS_NOTE = (
    "Security defaults ask administrators for MFA at every sign-in, everybody else only when "
    "Microsoft considers it necessary, and for up to 14 days nobody who has not registered."
)

_EVERYWHERE = "Require MFA for all cloud apps, without conditions"
_INCLUDE = "Remove the account from the policy's exclusions."


class Judgement(msgspec.Struct, frozen=True):
    """The answer for the accounts of one class, and why."""

    enforcement: Enforcement | None = None  #: `None` for disabled accounts
    enforced_by: str = ""
    cause: str = ""
    remedy: str = ""
    excluded_from: tuple[int, ...] = ()  #: indexes of policies; the way differs per account
    left: tuple[int, ...] = ()  #: indexes of policies that the accounts leave with a role


class Reason(msgspec.Struct, frozen=True):
    """One sentence of cause, and what to do about it."""

    cause: str
    remedy: str


#: For accounts that no policy affects.
NOTHING = Reason(
    "Nothing requires MFA for this account: no policy, no per-user MFA, no security defaults.",
    "Add the account to a policy that requires MFA for all cloud apps.",
)


#: For agents' user accounts.
AGENT = Reason(
    "This is an agent's user account, which can hold no MFA factor: no policy can enforce MFA.",
    "Disable it if it is not needed; otherwise block it from Partner Center and let it hold no "
    "administrator role.",
)
#: For directory synchronisation accounts that nothing else affects.
EXEMPT = Reason(
    "Security defaults exempt directory synchronisation accounts, and nothing else requires MFA.",
    "Let the synchronisation sign in as an application, then delete the account.",
)


def judge_class(tenant: TenantFacts, facts: AccountFacts) -> Judgement:
    """The answer for one class of accounts."""
    answer = enforcement_of(tenant, facts)
    if answer is None:
        return Judgement()
    if answer is Enforcement.ENFORCED:
        return _enforced(tenant, facts)
    if answer is Enforcement.UNKNOWN:
        reason = _disputed(facts) if facts.disagreements else _not_read(tenant, facts)
        return _from_reasons(answer, [reason])
    if facts.is_agent:
        return _from_reasons(answer, [AGENT])
    excluded_from, left = exclusions(tenant, facts), policies_left(tenant, facts)
    if answer is Enforcement.CONDITIONAL:
        reasons = [_leaving(tenant.demands[policy_index]) for policy_index in left]
        reasons = reasons or [_condition(d) for d in demands_with_conditions(tenant, facts)]
        reasons += _custom_controls(tenant, facts)
        return _from_reasons(answer, reasons, excluded_from, left)
    reasons = [*_report_only(tenant, facts), *_custom_controls(tenant, facts)]
    if not reasons and not excluded_from:
        nothing = EXEMPT if tenant.security_defaults and facts.is_exempt else NOTHING
        reasons = list(_futile_reasons(tenant, facts)) or [nothing]
    return _from_reasons(answer, reasons, excluded_from)


def exclusion_sentence(
    policy: EvaluatedPolicy, excluding: Sequence[PolicyTarget], index: int, groups: Groups
) -> str:
    """How a policy excludes the account at *index*, given the targets that do so."""
    ways = [
        f"through the group {groups.path(target.id, index)}"
        if target.kind is TargetKind.GROUP
        else target_phrase(target)
        for target in excluding
    ]
    return f"Excluded from policy “{policy.demand.name}” {_phrases(ways, ' and ')}."


def target_phrase(target: PolicyTarget) -> str:
    """How a policy includes or excludes accounts by this target, in words."""
    match target.kind:
        case TargetKind.GROUP:
            return f"through the group {target.name}"
        case TargetKind.ROLE:
            return f"through the role {target.name}"
        case TargetKind.GUESTS:
            return f"through the guest types {target.name}"
        case TargetKind.EVERYONE:
            return "through “All users”"
        case TargetKind.UNKNOWN:
            return "through an entry that is not understood"
    return "by name"


def exclusions(tenant: TenantFacts, facts: AccountFacts) -> tuple[int, ...]:
    """The indexes of the policies that would ask the accounts for MFA but exclude them."""
    return tuple(
        policy_index
        for policy_index, demand in enumerate(tenant.demands)
        if demand.asks
        and not demand.grant.blocks
        and facts.included[policy_index]
        and facts.applies[policy_index] is False
    )


def policies_left(tenant: TenantFacts, facts: AccountFacts) -> tuple[int, ...]:
    """
    The indexes of the policies that enforce MFA until the accounts activate a role.

    Empty if nothing enforces MFA for them even before.
    """
    if combined_enforcement(tenant.demands, facts.applies) is not Enforcement.ENFORCED:
        return ()
    return tuple(index for index, leaves in enumerate(facts.may_leave) if leaves)


def demands_with_conditions(tenant: TenantFacts, facts: AccountFacts) -> list[Demand]:
    """The demands on the accounts: first MFA, then MFA or something else, then blocks."""
    asked = [demand for demand in _reaching(tenant, facts) if demand.asks]
    return sorted(asked, key=lambda demand: (demand.grant.blocks, not demand.grant.requires_mfa))


def _not_read(tenant: TenantFacts, facts: AccountFacts) -> Reason:
    missing = list(dict.fromkeys(unread(tenant, facts)))
    return Reason(
        f"Not read: {_phrases(missing, '; ')}.",
        "Once this is read, the account can be judged.",
    )


def _disputed(facts: AccountFacts) -> Reason:
    return Reason(
        f"Entra's What If says that {_phrases([d.text for d in facts.disagreements], '; ')}.",
        "Read the directory again; if they still differ, compare them in Entra's What If tool.",
    )


def _enforced(tenant: TenantFacts, facts: AccountFacts) -> Judgement:
    found = enforcing_policies(tenant.demands, facts.applies)
    by = [policy_names(policies) for policies in found]
    if facts.per_user:
        by.insert(0, "per-user MFA")
    if security_defaults_apply(tenant, facts):
        by.insert(0, SECURITY_DEFAULTS)
    if by == [SECURITY_DEFAULTS]:
        return Judgement(Enforcement.ENFORCED, by[0], _DEFAULTS_NOTE)
    note = _note(found, tenant, facts) if len(by) == len(found) else Reason("", "")
    return Judgement(Enforcement.ENFORCED, "; ".join(by), note.cause, note.remedy)


def policy_names(policies: Sequence[Demand]) -> str:
    """The names of policies that enforce MFA alone, or only together."""
    listed = " and ".join(f"“{demand.name}”" for demand in policies)
    return f"policy {listed}" if len(policies) == 1 else f"policies {listed} together"


def _note(found: list[list[Demand]], tenant: TenantFacts, facts: AccountFacts) -> Reason:
    """The applications that every enforcing policy excludes and no other policy names."""
    gaps = [
        frozenset[str]().union(*(demand.extent.left_out for demand in group)) for group in found
    ]
    named = (
        demand.extent.named or frozenset()
        for demand in _reaching(tenant, facts)
        if demand.requires(surely=True) and len(demand.extent.limits) == 1
    )
    left_out = frozenset[str].intersection(*gaps).difference(*named)
    if not left_out:
        return Reason("", "")
    applications = listed_names(left_out)
    exclude = "excludes" if len(found[0]) == 1 else "exclude"
    return Reason(
        f"MFA is not required for {applications}, which {policy_names(found[0])} {exclude}.",
        f"Check whether {applications} must be excluded.",
    )


def _condition(demand: Demand) -> Reason:
    name, when = f"“{demand.name}”", demand.extent.when
    if demand.grant.blocks:
        return Reason(
            f"Policy {name} does not require MFA; it blocks sign-in{_spaced(when)}.",
            f"{_EVERYWHERE}; the block in policy {name} can stay.",
        )
    if demand.grant.requires_mfa:
        return Reason(
            f"Policy {name} requires MFA {when}.", f"Remove the condition from policy {name}."
        )
    others = " or ".join(demand.grant.others)
    applies = f" and applies {when}" if when else ""
    return Reason(
        f"Policy {name} accepts {others} instead of MFA{applies}.",
        f"Change policy {name} to require all of its controls, or MFA alone.",
    )


def _leaving(demand: Demand) -> Reason:
    name = f"“{demand.name}”"
    return Reason(
        f"Policy {name} requires MFA until the account activates a role that it excludes.",
        f"Remove the role from the exclusions of policy {name}.",
    )


def _spaced(when: str) -> str:
    return f" {when}" if when else ""


def _report_only(tenant: TenantFacts, facts: AccountFacts) -> Iterator[Reason]:
    """Policies that reach the accounts and would enforce MFA if not for their state."""
    for demand in _reaching(tenant, facts):
        name, when = f"“{demand.name}”", _spaced(demand.extent.when)
        if demand.is_report_only and demand.grant.requires_mfa and not demand.extent.futile:
            cause = f"Policy {name} would require MFA{when} but is in report-only mode."
            yield Reason(cause, f"Switch policy {name} from report-only to on.")


def _custom_controls(tenant: TenantFacts, facts: AccountFacts) -> Iterator[Reason]:
    """Policies that reach the accounts and leave MFA to another provider, without its claim."""
    for demand in _reaching(tenant, facts):
        if demand.in_force and demand.grant.has_custom_control and not demand.grant.offers_mfa:
            name = f"“{demand.name}”"
            yield Reason(
                f"Policy {name} requires a custom control, which never yields the MFA claim.",
                f"Let policy {name} require MFA instead of the custom control: nobody can add or "
                "edit those since September 2026, and they are retired early in 2027.",
            )


def _futile_reasons(tenant: TenantFacts, facts: AccountFacts) -> Iterator[Reason]:
    """Policies that reach the accounts and require MFA, but not at sign-in."""
    for demand in _reaching(tenant, facts):
        if demand.in_force and demand.grant.requires_mfa and demand.extent.futile:
            yield Reason(f"Policy “{demand.name}” {demand.extent.futile}.", f"{_EVERYWHERE}.")


def _reaching(tenant: TenantFacts, facts: AccountFacts) -> list[Demand]:
    return [demand for demand, on in zip(tenant.demands, facts.applies, strict=True) if on]


def _from_reasons(
    answer: Enforcement,
    reasons: Sequence[Reason],
    excluded_from: tuple[int, ...] = (),
    left: tuple[int, ...] = (),
) -> Judgement:
    causes = [reason.cause for reason in reasons]
    remedies = dict.fromkeys(reason.remedy for reason in reasons[:MOST_NAMED])
    if excluded_from:
        remedies = {_INCLUDE: None, **remedies}
    return Judgement(
        answer,
        cause=first_sentences(causes, len(causes)),
        remedy=" ".join(remedies),
        excluded_from=excluded_from,
        left=left,
    )


def first_sentences(sentences: Sequence[str], count: int) -> str:
    """The first few of *count* sentences, and how many more there are."""
    rest = count - MOST_NAMED
    return " ".join([*sentences[:MOST_NAMED], *([f"And {rest} more."] if rest > 0 else [])])


def _phrases(parts: Sequence[str], separator: str) -> str:
    rest = len(parts) - MOST_NAMED
    return separator.join(parts[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
