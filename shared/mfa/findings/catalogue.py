"""
Every finding there can be: stable ids, and the words for them.

A template's ``{names}`` are filled in by whoever finds it. Each id has a page of the same name in
``docs/findings``, which says what it means, how it is known, and where to mend it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

_ENTRA = "https://entra.microsoft.com/#view/"
POLICIES = f"{_ENTRA}Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"
POLICY = f"{_ENTRA}Microsoft_AAD_ConditionalAccess/PolicyBlade/policyId/{{policy_id}}"


class Severity(StrEnum):
    """How bad it is; worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class CatalogueEntry(msgspec.Struct, frozen=True):
    """One kind of finding."""

    severity: Severity
    title: str
    cause: str
    remedy: str


CATALOGUE: dict[str, CatalogueEntry] = {
    "mfa-not-implemented": CatalogueEntry(
        Severity.HIGH,
        "MFA is not implemented",
        "No policy, no per-user setting and no security defaults demand MFA of anybody.",
        "Switch security defaults on, or demand MFA of all users for all cloud apps by a policy.",
    ),
    "accounts-not-targeted": CatalogueEntry(
        Severity.HIGH,
        "No policy is about these accounts",
        "Nothing demands MFA of {accounts}: no policy names them, and none excludes them.",
        "Add them to a policy that demands MFA for all cloud apps, or disable those not needed.",
    ),
    "accounts-excluded": CatalogueEntry(
        Severity.HIGH,
        "Accounts are excluded from a policy that demands MFA",
        "Policy “{policy}” excludes {accounts} of which nothing else enforces MFA, {entries}.",
        "Remove these exclusions. The requirement knows no exceptions, for emergency accounts "
        "neither: give these a security key.",
    ),
    "guests-without-mfa": CatalogueEntry(
        Severity.MEDIUM,
        "Guests without MFA",
        "The requirement counts guests as it does members; {accounts} have no MFA enforced.",
        "Include guests and external users in the policy for all users, remove those not needed.",
    ),
    "conditional-applications": CatalogueEntry(
        Severity.HIGH,
        "MFA for some applications only",
        "Policy “{policy}” demands MFA {when}.",
        "Let it be about all resources (formerly all cloud apps).",
    ),
    "conditional-partner-center": CatalogueEntry(
        Severity.HIGH,
        "Partner Center is excluded from MFA",
        "Policy “{policy}” demands MFA {when}.",
        "Remove Partner Center from the excluded resources.",
    ),
    "conditional-client-app": CatalogueEntry(
        Severity.HIGH,
        "MFA for some kinds of client only",
        "Policy “{policy}” demands MFA {when}.",
        "Let it be about browsers, mobile apps and desktop clients alike.",
    ),
    "conditional-platform": CatalogueEntry(
        Severity.HIGH,
        "MFA on some platforms only",
        "Policy “{policy}” demands MFA {when}. A client can claim to be any platform.",
        "Remove the platform condition.",
    ),
    "conditional-location": CatalogueEntry(
        Severity.HIGH,
        "MFA from some places only",
        "Policy “{policy}” demands MFA {when}.",
        "Remove the location condition: Partner Center wants MFA from the office too.",
    ),
    "conditional-risk": CatalogueEntry(
        Severity.HIGH,
        "MFA at risk only",
        "Policy “{policy}” demands MFA {when}.",
        "Keep it if you like, and demand MFA without regard to risk by another policy.",
    ),
    "conditional-device-filter": CatalogueEntry(
        Severity.HIGH,
        "MFA on some devices only",
        "Policy “{policy}” demands MFA {when}.",
        "Remove the device filter.",
    ),
    "conditional-authentication-flow": CatalogueEntry(
        Severity.HIGH,
        "MFA for some ways to sign in only",
        "Policy “{policy}” demands MFA {when}.",
        "Keep it if you like, and demand MFA for every flow by another policy.",
    ),
    "conditional-other": CatalogueEntry(
        Severity.HIGH,
        "MFA under a condition only",
        "Policy “{policy}” demands MFA {when}.",
        "Remove the condition.",
    ),
    "mfa-or-something-else": CatalogueEntry(
        Severity.HIGH,
        "Something else will do instead of MFA",
        "Policy “{policy}” accepts {others} instead of MFA.",
        "Let it require all of its controls, or MFA alone: a compliant device yields no MFA claim.",
    ),
    "blocked-not-mfa": CatalogueEntry(
        Severity.LOW,
        "Blocked at times, but never asked for MFA",
        "All that reaches {accounts} is a block: policy “{policy}”.",
        "Add a policy that demands MFA; the block may stay.",
    ),
    "report-only": CatalogueEntry(
        Severity.MEDIUM,
        "A policy that demands MFA only reports",
        "Policy “{policy}” demands MFA but is in report-only mode; {effect}.",
        "Look at its effect in the sign-in log, then switch it on.",
    ),
    "custom-control": CatalogueEntry(
        Severity.HIGH,
        "A custom control stands in for MFA",
        "Policy “{policy}” asks for a custom control. Its sign-ins never carry the MFA claim.",
        "Move the provider to an external authentication method and demand MFA.",
    ),
    "policy-without-sign-ins": CatalogueEntry(
        Severity.LOW,
        "A policy demands MFA, but of no sign-in",
        "Policy “{policy}” {futile}.",
        "Demand MFA for all resources, from all clients, besides.",
    ),
    "security-defaults": CatalogueEntry(
        Severity.INFO,
        "Security defaults enforce MFA by need",
        "Administrators are asked at every sign-in, everybody else when Microsoft sees a need: "
        "accounts count as enforced while requests without MFA still occur.",
        "To bring requests to 100 % too, demand MFA by policies instead (takes Entra ID P1).",
    ),
    "federation-alone": CatalogueEntry(
        Severity.HIGH,
        "Only another identity provider may ask for MFA",
        "The domain {domain} is federated, and nothing in Entra enforces MFA of {accounts} there. "
        "What the provider demands is not seen.",
        "Demand MFA of them in Entra as well; the provider's MFA then satisfies it.",
    ),
    "federation-claim": CatalogueEntry(
        Severity.INFO,
        "MFA is done by another identity provider",
        "The domain {domain} is federated: {behavior}.",
        "Let the provider's token carry http://schemas.microsoft.com/claims/multipleauthn in the "
        "claim authnmethodsreferences, or Partner Center sees no MFA.",
    ),
    "third-party-mfa": CatalogueEntry(
        Severity.INFO,
        "MFA of a third party is in use",
        "{sources}. Partner Center counts such MFA only where the provider's token brings Entra "
        "the MFA claim, and a custom control never does.",
        "Use Entra's MFA, or bind the provider in as an external authentication method. With the "
        "claim, its MFA is taken in the portal and by the API; for customers' tenants (GDAP) it "
        "may still be refused, and there are no exceptions.",
    ),
    "strength-not-registered": CatalogueEntry(
        Severity.MEDIUM,
        "Registered methods do not satisfy the demanded strength",
        "Policy “{policy}” demands an authentication strength that no registered method of "
        "{accounts} satisfies; certificates are not seen here.",
        "Let them register a method that does, before they are locked out.",
    ),
    "mfa-not-registered": CatalogueEntry(
        Severity.MEDIUM,
        "Accounts have not registered for MFA",
        "{accounts} have no MFA method. The next who knows the password can register one.",
        "Have them register, from a trusted place or with a temporary access pass.",
    ),
    "service-accounts-as-users": CatalogueEntry(
        Severity.MEDIUM,
        "User accounts that look like service accounts",
        "The names of {accounts} suggest that software signs in with them, without MFA.",
        "Replace them by application identities or managed identities.",
    ),
    "legacy-authentication": CatalogueEntry(
        Severity.MEDIUM,
        "Legacy protocols are not covered",
        "No policy stops {accounts} from signing in by protocols that cannot do MFA, though MFA "
        "is enforced for modern clients.",
        "Block the client types “Exchange ActiveSync” and “Other clients” for all users.",
    ),
    "eligible-admins": CatalogueEntry(
        Severity.MEDIUM,
        "Who can activate a directory role has no MFA enforced",
        "{accounts} can activate a directory role, and MFA is not enforced for certain before they "
        "do: policies aimed at roles reach only who holds them at the time.{unread}",
        "Demand MFA of all users, and in PIM's settings of each role require MFA on activation.",
    ),
    "not-read": CatalogueEntry(
        Severity.HIGH,
        "Not everything could be read",
        "{accounts} cannot be judged. Not read: {missing}.",
        "Grant the missing permission, or add the missing key to the directory file.",
    ),
    "exception-expired": CatalogueEntry(
        Severity.MEDIUM,
        "Accepted exceptions have expired",
        "Of {accounts} the exception has expired, and MFA is still not known to be enforced.",
        "Enforce MFA for them, or let the owner accept the exception anew, with a later date.",
    ),
    "exception-needless": CatalogueEntry(
        Severity.LOW,
        "Accepted exceptions are not needed",
        "MFA is enforced for {accounts} of the exceptions file, so there is nothing to accept.",
        "Remove them from the exceptions file, or nobody notices when MFA is lifted again.",
    ),
    "signed-in-without-mfa": CatalogueEntry(
        Severity.HIGH,
        "Users signed in without MFA",
        "{accounts} made requests without MFA in the window.",
        "Enforce MFA for them first: each is a request that Partner Center counts or refuses.",
    ),
    "enforced-but-without-mfa": CatalogueEntry(
        Severity.HIGH,
        "The policy says covered, the log says single factor",
        "MFA is judged to be enforced for {accounts}, yet they made requests without it.",
        "Open the record in the sign-in log: its conditional access tab says what did not apply.",
    ),
    "active-without-enforcement": CatalogueEntry(
        Severity.HIGH,
        "Used Partner Center, and no MFA is enforced",
        "{accounts} used Partner Center in the window and have no MFA enforced.",
        "Enforce MFA for these first: requests without it are what Partner Center counts and "
        "refuses. Your agreement with Microsoft demands it of all other accounts, too.",
    ),
    "remembered-device": CatalogueEntry(
        Severity.MEDIUM,
        "MFA was skipped on remembered devices",
        "MFA was skipped for {accounts}: a remembered device, a trusted address, an app password.",
        "Switch “remember MFA on trusted devices” off and use sign-in frequency instead.",
    ),
    "app-only-access": CatalogueEntry(
        Severity.INFO,
        "Applications call Partner Center without a user",
        "{applications} called Partner Center's API app-only. MFA cannot be asked for there.",
        "Check that these calls need no user; where App+User is demanded, app-only is refused.",
    ),
}


def page_of(finding_id: str) -> str:
    """The path of a finding's page in the project."""
    return f"docs/findings/{finding_id}.md"
