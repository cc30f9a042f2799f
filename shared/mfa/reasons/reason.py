"""The reason of one request: its kind, one short sentence, and what that is based on."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ReasonKind(StrEnum):
    """The kinds of reasons, as in ``report.json``."""

    EXCLUDED = "excluded"  #: from the policy that would have required MFA
    CONDITION = "condition"  #: the policy applies only sometimes, or accepts something else
    NOT_TARGETED = "not_targeted"  #: the policy does not reach this account, or Partner Center
    REPORT_ONLY = "report_only"
    REMEMBERED_DEVICE = "remembered_device"
    FEDERATION_CLAIM = "federation_claim"  #: another identity provider sent no MFA claim
    CUSTOM_CONTROL = "custom_control"
    SECURITY_DEFAULTS = "security_defaults"
    POLICY_TOO_YOUNG = "policy_too_young"
    NO_POLICY = "no_policy"
    AGENT = "agent"  #: an agent's user account can hold no factor
    NO_EVIDENCE = "no_evidence"  #: of unknown requests: nothing says whether there was MFA
    NOT_TOLD = "not_told"  #: there was no MFA, and neither record nor directory says why


class ReasonBasis(StrEnum):
    """What a reason is based on."""

    RECORD = "record"  #: the request's own record, or the one whose verdict it inherits
    DIRECTORY = "directory"  #: our evaluation of accounts and policies


class Reason(msgspec.Struct, frozen=True):
    """Why one request had no MFA, or is unknown. Equal reasons are one object in a window."""

    kind: ReasonKind
    sentence: str  #: short, without a full stop
    basis: ReasonBasis

    @property
    def remedy(self) -> str:
        """What to do about a reason of this kind."""
        return REMEDIES[self.kind]


_KIND = ReasonKind

#: What to do, in one sentence.
REMEDIES: dict[ReasonKind, str] = {
    _KIND.EXCLUDED: "Remove the account from the policy's exclusions.",
    _KIND.CONDITION: "Remove the condition, so that nothing but MFA satisfies the policy.",
    _KIND.NOT_TARGETED: "Let the policy include every account and all cloud apps.",
    _KIND.REPORT_ONLY: "Switch the policy from report-only to on.",
    _KIND.REMEMBERED_DEVICE: "Let MFA not be remembered on devices, or revoke the sessions.",
    _KIND.FEDERATION_CLAIM: "Let the identity provider send the multipleauthn claim, or let Entra "
    "do MFA for the domain.",
    _KIND.CUSTOM_CONTROL: "Let the policy require MFA instead of the custom control.",
    _KIND.SECURITY_DEFAULTS: "Require MFA by a policy instead of security defaults.",
    _KIND.POLICY_TOO_YOUNG: "Nothing is left to do: the requests leave the window within seven "
    "days. Revoke sessions that began before.",
    _KIND.NO_POLICY: "Require MFA of the account by a policy for all cloud apps.",
    _KIND.AGENT: "Block the agent's account from Partner Center.",
    _KIND.NO_EVIDENCE: "Export all sign-in logs with their columns about MFA.",
    _KIND.NOT_TOLD: "Open the record in Entra's sign-in log, tab “Conditional Access”.",
}


def from_record(kind: ReasonKind, sentence: str) -> Reason:
    """A reason that the record tells."""
    return Reason(kind, sentence, ReasonBasis.RECORD)


def from_directory(kind: ReasonKind, sentence: str) -> Reason:
    """A reason that follows from the directory."""
    return Reason(kind, sentence, ReasonBasis.DIRECTORY)
