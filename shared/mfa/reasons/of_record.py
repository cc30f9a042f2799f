"""What a request's own record tells about why there was no MFA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.conditional_access import TargetKind
from shared.mfa.accounts.grant import control_name
from shared.mfa.circumstances import Circumstance
from shared.mfa.reasons.reason import ReasonKind, from_record
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand, PolicyTarget
    from shared.mfa.circumstances import PolicyTrace
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.sign_in import SignIn

_SKIPPED = {
    Circumstance.REMEMBERED_DEVICE: (
        ReasonKind.REMEMBERED_DEVICE,
        "MFA was skipped on a remembered device",
    ),
    Circumstance.REGISTERED_DEVICE: (
        ReasonKind.REMEMBERED_DEVICE,
        "MFA was skipped on a registered device",
    ),
    Circumstance.BROKER: (
        ReasonKind.REMEMBERED_DEVICE,
        "MFA was skipped by the Windows broker of a known device",
    ),
    Circumstance.LOCATION: (
        ReasonKind.CONDITION,
        "MFA was skipped at a location that is exempt from it",
    ),
    Circumstance.LEGACY_APP: (ReasonKind.CONDITION, "MFA was skipped with an app password"),
}
#: How an exclusion is named if the directory does not tell by what.
_EXCLUDED_BY = {
    "groupid": "a group",
    "roleid": "a role",
    "userid": "name",
    "allusers": "“All users”",
}
#: What did not match, by the word of the condition.
_CONDITIONS = {
    "clienttype": "from this kind of client",
    "client": "from this kind of client",
    "deviceplatform": "on this platform",
    "location": "at this location",
    "ipaddressseenbyazuread": "at this location",
    "ipaddressseenbyresourceprovider": "at this location",
    "signinrisk": "at this sign-in risk",
    "userrisk": "at this user risk",
    "insiderrisk": "at this insider risk",
    "devicestate": "on this device",
    "authenticationflows": "for this authentication flow",
    "time": "at this time",
}


class Named:
    """The policies of the record, with what the directory knows about them; it may be unread."""

    def __init__(self, accounts: JudgedAccounts | None, index: int | None) -> None:
        self._accounts = accounts
        self._index = index

    @property
    def has_security_defaults(self) -> bool:
        """Whether security defaults are known to be on."""
        return bool(self._accounts and self._accounts.tenant.security_defaults)

    def demand(self, trace: PolicyTrace) -> Demand | None:
        """The policy as the directory has it."""
        index = self._accounts.policy_index(trace.id) if self._accounts else None
        if self._accounts is None or index is None:
            return None
        return self._accounts.tenant.policies[index].demand

    def accepts_mfa(self, trace: PolicyTrace) -> bool:
        """Whether MFA, or a custom control, satisfies it: as recorded, else as read."""
        if trace.accepts_mfa is not None:
            return trace.accepts_mfa
        demand = self.demand(trace)
        return bool(demand and (demand.grant.offers_mfa or demand.grant.has_custom_control))

    def excluding(self, trace: PolicyTrace) -> list[PolicyTarget]:
        """By what the directory says that it excludes the account."""
        policy = self._accounts.policy_index(trace.id) if self._accounts else None
        if self._accounts is None or policy is None or self._index is None:
            return []
        return self._accounts.excluding(policy, self._index)


def unknown_reason(sign_in: SignIn) -> Reason:
    """Why it is unknown whether there was MFA."""
    if sign_in.not_understood:
        sentence = "A field about MFA in the record is not understood"
    elif not sign_in.can_show_single_factor:
        sentence = "The record lacks the fields that show whether MFA was used"
    else:
        sentence = "Neither the record nor an earlier one of its session shows whether MFA was used"
    return from_record(ReasonKind.NO_EVIDENCE, sentence)


def record_reason(sign_in: SignIn, verdict: Verdict, named: Named) -> Reason | None:
    """Why a record shows no MFA; `None` if it does not tell."""
    circumstance = sign_in.circumstance
    if verdict is Verdict.EXEMPTED:
        return from_record(*_SKIPPED[circumstance]) if circumstance in _SKIPPED else None
    if circumstance is Circumstance.AGENT:
        return from_record(ReasonKind.AGENT, AGENT)
    if circumstance is Circumstance.FEDERATED:
        return from_record(ReasonKind.FEDERATION_CLAIM, federation_sentence(sign_in.upn))
    nearest = (trace for trace in sign_in.traces.policies if named.accepts_mfa(trace))
    found = next(filter(None, (_of_policy(trace, named) for trace in nearest)), None)
    if found is None and circumstance is Circumstance.PROMPTED:
        return _of_prompt(named)
    return found


def _of_prompt(named: Named) -> Reason:
    sentence = "Registration for MFA was prompted and put off"
    if named.has_security_defaults:
        sentence += ", as security defaults let users do for 14 days"
        return from_record(ReasonKind.SECURITY_DEFAULTS, sentence)
    return from_record(ReasonKind.CONDITION, sentence)


AGENT = "An agent's user account can hold no MFA factor"


def federation_sentence(upn: str) -> str:
    """For a user of a federated domain."""
    domain = upn.rpartition("@")[2].lower()
    name = f"The federated domain {domain}" if domain else "The federated identity provider"
    return f"{name} sent no multipleauthn claim"


def _of_policy(trace: PolicyTrace, named: Named) -> Reason | None:
    name, demand = f"“{trace.name or trace.id}”", named.demand(trace)
    if trace.was_applied:
        return _of_applied(trace, name, demand)
    if trace.result.startswith("reportonly"):
        sentence = f"Policy {name} is report-only: it asks nobody for MFA"
        return from_record(ReasonKind.REPORT_ONLY, sentence)
    if trace.result == "notenabled":
        return from_record(ReasonKind.NO_POLICY, f"Policy {name} is switched off")
    return _of_not_applied(trace, name, named)


def _of_not_applied(trace: PolicyTrace, name: str, named: Named) -> Reason | None:
    if excluded := [rule for rule in trace.excluded_by.split(",") if rule]:
        return _of_exclusion(excluded, trace, name, named)
    unmet = [word for word in trace.unmet.split(",") if word]
    if "users" in unmet:
        sentence = f"Policy {name} does not include the account"
        return from_record(ReasonKind.NOT_TARGETED, sentence)
    if "application" in unmet:
        sentence = f"Policy {name} does not target Partner Center"
        return from_record(ReasonKind.NOT_TARGETED, sentence)
    return _of_condition(unmet, name, named.demand(trace)) if unmet else None


def _of_applied(trace: PolicyTrace, name: str, demand: Demand | None) -> Reason | None:
    if demand and demand.grant.has_custom_control:
        sentence = f"Policy {name} requires a custom control, which never yields the MFA claim"
        return from_record(ReasonKind.CUSTOM_CONTROL, sentence)
    others = [control_name(control) for control in trace.control_names if control != "mfa"]
    accepted = " or ".join(dict.fromkeys(others)) or "a strength that is not known to be MFA"
    sentence = f"Policy {name} accepts {accepted} instead of MFA"
    return from_record(ReasonKind.CONDITION, sentence)


def _of_exclusion(rules: list[str], trace: PolicyTrace, name: str, named: Named) -> Reason:
    """What the record says was excluded: the account, if any rule is about users."""
    kinds = [rule.partition(":")[2] for rule in rules if rule.startswith("users:")]
    if not kinds:
        conditions = {rule.partition(":")[0] for rule in rules}
        if "application" in conditions:
            sentence = f"Policy {name} excludes the application"
            return from_record(ReasonKind.NOT_TARGETED, sentence)
        return _of_condition(sorted(conditions), name, named.demand(trace))
    by = _known_exclusion(kinds[0], named.excluding(trace))
    return from_record(ReasonKind.EXCLUDED, excluded_sentence(by, name))


def excluded_sentence(by: str, name: str) -> str:
    """By what an account is excluded from the policy of that name, which is in quotation marks."""
    return f"Excluded by {by} in policy {name}"


def _known_exclusion(rule: str, excluding: list[PolicyTarget]) -> str:
    """By its name if the directory has one of that kind, else by its kind."""
    kind = {"groupid": TargetKind.GROUP, "roleid": TargetKind.ROLE, "userid": TargetKind.USERS}
    wanted = kind.get(rule, TargetKind.GUESTS)
    match = next((target for target in excluding if target.kind is wanted), None)
    return exclusion_name(match) if match else _EXCLUDED_BY.get(rule, "guest type")


def exclusion_name(target: PolicyTarget) -> str:
    """What excludes an account, for the middle of a sentence."""
    match target.kind:
        case TargetKind.GROUP:
            return f"group “{target.name}”"
        case TargetKind.ROLE:
            return f"role “{target.name}”"
        case TargetKind.GUESTS:
            return "guest type"
        case TargetKind.EVERYONE:
            return "“All users”"
        case TargetKind.UNKNOWN:
            return "an entry that is not understood"
    return "name"


def _of_condition(conditions: list[str], name: str, demand: Demand | None) -> Reason:
    if demand and demand.extent.when:
        sentence = f"Policy {name} applies {demand.extent.when}"
    else:
        words = dict.fromkeys(_CONDITIONS.get(word, "in this case") for word in conditions)
        sentence = f"Policy {name} does not apply {' and '.join(words)}"
    return from_record(ReasonKind.CONDITION, sentence)
