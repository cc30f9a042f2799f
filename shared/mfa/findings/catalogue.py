"""
Every possible finding: its stable id, severity and text.

The ``{names}`` are filled in when a finding is made. Each id has a page of the same name in
``docs/findings``, which explains what it means, how it is known, and where to fix it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is; worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class CatalogueEntry(msgspec.Struct, frozen=True):
    """The severity and text of one kind of finding."""

    severity: Severity
    title: str
    cause: str
    remedy: str


CATALOGUE: dict[str, CatalogueEntry] = {
    "mfa-not-implemented": CatalogueEntry(
        Severity.HIGH,
        "MFA is not implemented",
        "No policy, no per-user setting and no security defaults require MFA for anybody.",
        "Switch on security defaults, or require MFA for all users and all cloud apps by a policy.",
    ),
    "accounts-not-targeted": CatalogueEntry(
        Severity.HIGH,
        "No policy targets these accounts",
        "Nothing requires MFA for {accounts}: no policy includes or excludes them.",
        "Add them to a policy that requires MFA for all cloud apps, or disable those not needed.",
    ),
    "accounts-excluded": CatalogueEntry(
        Severity.HIGH,
        "Accounts are excluded from a policy that requires MFA",
        "Policy “{policy}” excludes {accounts} for which nothing else enforces MFA: {entries}.",
        "Remove these exclusions. The requirement has no exceptions, not even for emergency access "
        "accounts: give those a security key.",
    ),
    "excluded-by-activation": CatalogueEntry(
        Severity.HIGH,
        "Accounts can leave a policy by activating a role",
        "Policy “{policy}” requires MFA of {accounts} until they activate a role that it excludes: "
        "{roles}.",
        "Remove these roles from the policy's exclusions.",
    ),
    "guests-without-mfa": CatalogueEntry(
        Severity.MEDIUM,
        "Guests without MFA",
        "The requirement covers guests as well as members; {accounts} have no MFA enforced.",
        "Include guests and external users in the policy for all users; remove those not needed.",
    ),
    "conditional-applications": CatalogueEntry(
        Severity.HIGH,
        "MFA for some applications only",
        "Policy “{policy}” requires MFA {when}.",
        "Target all resources (formerly all cloud apps).",
    ),
    "conditional-partner-center": CatalogueEntry(
        Severity.HIGH,
        "Partner Center is excluded from MFA",
        "Policy “{policy}” requires MFA {when}.",
        "Remove Partner Center from the excluded resources.",
    ),
    "conditional-azure-management": CatalogueEntry(
        Severity.HIGH,
        "Azure Service Management is excluded from MFA",
        "Policy “{policy}” requires MFA {when}, which the Partner Center portal asks for.",
        "Remove the Azure Service Management API from the excluded resources: without it, the "
        "portal itself may open without MFA.",
    ),
    "conditional-client-app": CatalogueEntry(
        Severity.HIGH,
        "MFA for some kinds of client only",
        "Policy “{policy}” requires MFA {when}.",
        "Target browsers, mobile apps and desktop clients.",
    ),
    "conditional-platform": CatalogueEntry(
        Severity.HIGH,
        "MFA on some platforms only",
        "Policy “{policy}” requires MFA {when}. A client can claim to be any platform.",
        "Remove the platform condition.",
    ),
    "conditional-location": CatalogueEntry(
        Severity.HIGH,
        "MFA from some locations only",
        "Policy “{policy}” requires MFA {when}.",
        "Remove the location condition: Partner Center requires MFA in the office, too.",
    ),
    "conditional-risk": CatalogueEntry(
        Severity.HIGH,
        "MFA only when a risk is detected",
        "Policy “{policy}” requires MFA {when}.",
        "You can keep it, but require MFA regardless of risk in another policy.",
    ),
    "conditional-device-filter": CatalogueEntry(
        Severity.HIGH,
        "MFA on some devices only",
        "Policy “{policy}” requires MFA {when}.",
        "Remove the device filter.",
    ),
    "conditional-authentication-flow": CatalogueEntry(
        Severity.HIGH,
        "MFA for some authentication flows only",
        "Policy “{policy}” requires MFA {when}.",
        "You can keep it, but require MFA for every flow in another policy.",
    ),
    "conditional-other": CatalogueEntry(
        Severity.HIGH,
        "MFA under a condition only",
        "Policy “{policy}” requires MFA {when}.",
        "Remove the condition.",
    ),
    "mfa-or-something-else": CatalogueEntry(
        Severity.HIGH,
        "Something else is accepted instead of MFA",
        "Policy “{policy}” accepts {others} instead of MFA.",
        "Require all of its controls, or MFA alone: a compliant device yields no MFA claim.",
    ),
    "blocked-not-mfa": CatalogueEntry(
        Severity.LOW,
        "Blocked sometimes, but never asked for MFA",
        "Only a block applies to {accounts}: policy “{policy}”.",
        "Add a policy that requires MFA; the block can stay.",
    ),
    "report-only": CatalogueEntry(
        Severity.MEDIUM,
        "A policy that requires MFA is in report-only mode",
        "Policy “{policy}” requires MFA but is in report-only mode; {effect}.",
        "Check its effect in the sign-in log, then switch it on.",
    ),
    "custom-control": CatalogueEntry(
        Severity.HIGH,
        "A custom control replaces MFA",
        "Policy “{policy}” requires a custom control, which never adds the MFA claim to the token.",
        "Set up the provider as an external authentication method and require MFA. Custom controls "
        "can no longer be changed since September 2026, and are retired early in 2027.",
    ),
    "policy-without-sign-ins": CatalogueEntry(
        Severity.LOW,
        "A policy requires MFA, but for no sign-in",
        "Policy “{policy}” {futile}.",
        "In addition, require MFA for all resources and all clients.",
    ),
    "security-defaults": CatalogueEntry(
        Severity.INFO,
        "Security defaults ask for MFA only when necessary",
        "Administrators are asked at every sign-in, everybody else only when Microsoft considers "
        "it necessary: accounts count as enforced, yet requests without MFA still occur.",
        "To bring requests to 100 %, too, require MFA by policies instead (needs Entra ID P1).",
    ),
    "federation-alone": CatalogueEntry(
        Severity.HIGH,
        "Only another identity provider can ask for MFA",
        "The domain {domain} is federated, and nothing in Entra enforces MFA for {accounts} there. "
        "What the provider requires is unknown.",
        "Require MFA for them in Entra as well; the provider's MFA then satisfies it.",
    ),
    "federation-claim": CatalogueEntry(
        Severity.INFO,
        "MFA is done by another identity provider",
        "The domain {domain} is federated: {behavior}.",
        "Make the provider's token contain http://schemas.microsoft.com/claims/multipleauthn in "
        "the claim authnmethodsreferences; otherwise Partner Center sees no MFA.",
    ),
    "third-party-mfa": CatalogueEntry(
        Severity.INFO,
        "Third-party MFA is in use",
        "{sources}. Partner Center counts such MFA only if the provider's token gives Entra the "
        "MFA claim; a custom control never does.",
        "Use Entra's MFA, or set up the provider as an external authentication method. With the "
        "claim, its MFA is accepted by the portal, by the API and for customers' tenants (GDAP); "
        "without it, all of these are blocked.",
    ),
    "strength-not-registered": CatalogueEntry(
        Severity.MEDIUM,
        "Registered methods do not satisfy the required strength",
        "Policy “{policy}” requires an authentication strength that no registered method of "
        "{accounts} is known to satisfy; certificates are not visible here.",
        "Ask them to register a method that does, before they are locked out.",
    ),
    "mfa-not-registered": CatalogueEntry(
        Severity.MEDIUM,
        "Accounts have not registered for MFA",
        "{accounts} have no MFA method. Anyone who knows the password can register one.",
        "Ask them to register from a trusted location or with a temporary access pass.",
    ),
    "service-accounts-as-users": CatalogueEntry(
        Severity.MEDIUM,
        "User accounts that look like service accounts",
        "The names of {accounts} suggest that software signs in with them, without MFA.",
        "Replace them with application identities or managed identities.",
    ),
    "agent-accounts": CatalogueEntry(
        Severity.MEDIUM,
        "Agents have user accounts",
        "{accounts} of agents can hold no MFA factor, so no policy can enforce MFA for them.",
        "Disable those that are not needed; block the others from Partner Center, and let them "
        "hold no administrator role.",
    ),
    "synchronisation-accounts": CatalogueEntry(
        Severity.MEDIUM,
        "Directory synchronisation is exempt from security defaults",
        "Security defaults do not ask {accounts} of directory synchronisation for MFA, and nothing "
        "else does.",
        "Let the synchronisation sign in as an application, then delete the accounts.",
    ),
    "legacy-authentication": CatalogueEntry(
        Severity.MEDIUM,
        "Legacy protocols are not covered",
        "No policy stops {accounts} from signing in by protocols that cannot do MFA, although MFA "
        "is enforced for modern clients.",
        "Block the client types “Exchange ActiveSync” and “Other clients” for all users.",
    ),
    "eligible-admins": CatalogueEntry(
        Severity.MEDIUM,
        "Accounts that can activate a directory role have no MFA enforced",
        "{accounts} can activate a directory role, and it is not certain that MFA is enforced "
        "before they do: policies that target roles reach only their current holders.{unread}",
        "Require MFA for all users, and MFA on activation in the PIM settings of each role.",
    ),
    "not-read": CatalogueEntry(
        Severity.HIGH,
        "Not everything could be read",
        "{accounts} cannot be judged. Not read: {missing}.",
        "Grant the missing permission. What is new to this version can be judged by a later one.",
    ),
    "what-if-disagrees": CatalogueEntry(
        Severity.HIGH,
        "Entra's What If judges accounts otherwise",
        "Of {accounts} it is unknown whether MFA is enforced, because Entra's What If says that "
        "{differences}.",
        "Read the directory again: policies or memberships may have changed while it was read. If "
        "they still differ, compare them in Entra's What If tool for an account named here.",
    ),
    "exception-expired": CatalogueEntry(
        Severity.MEDIUM,
        "Accepted exceptions have expired",
        "The exceptions for {accounts} have expired, and MFA is still not known to be enforced.",
        "Enforce MFA for them, or have the owner renew the exception with a later date.",
    ),
    "exception-needless": CatalogueEntry(
        Severity.LOW,
        "Accepted exceptions are not needed",
        "MFA is enforced for {accounts} in the exceptions file, so there is nothing to accept.",
        "Remove them from the exceptions file, or nobody will notice if MFA is lifted again.",
    ),
    "signed-in-without-mfa": CatalogueEntry(
        Severity.HIGH,
        "Users signed in without MFA",
        "{accounts} made requests without MFA in the window.",
        "Enforce MFA for them first: Partner Center counts or refuses each of these requests.",
    ),
    "enforced-but-without-mfa": CatalogueEntry(
        Severity.HIGH,
        "MFA is enforced, but the log shows single factor",
        "By the policies, MFA is enforced for {accounts}, yet they made requests without it.",
        "Open the record in the sign-in log: its Conditional Access tab shows what did not apply.",
    ),
    "record-and-directory-disagree": CatalogueEntry(
        Severity.MEDIUM,
        "Sign-in records contradict our evaluation of the policies",
        "For {accounts}, the newest sign-in's record says something else about a policy than "
        "follows from the directory. The reasons of requests follow the records.",
        "Open the record in the sign-in log, tab “Conditional Access”, and compare it with the "
        "policy's groups and roles. A membership that changed since explains it; if none did, "
        "believe the record.",
    ),
    "applications-without-mfa": CatalogueEntry(
        Severity.HIGH,
        "An application calls Partner Center for users without MFA",
        "“{application}” made {without} of its {requests} without MFA (App+User), {times}, in the "
        "name of {users}. Who consented to it, and when, was not read.",
        "Have each of these users consent again with MFA, as the Secure Application Model asks, "
        "and replace the stored refresh token. Where the API allows it, call it app-only instead.",
    ),
    "active-without-enforcement": CatalogueEntry(
        Severity.HIGH,
        "Accounts that used Partner Center have no MFA enforced",
        "{accounts} used Partner Center in the window and have no MFA enforced.",
        "Enforce MFA for these first: Partner Center counts and refuses requests without it. Your "
        "agreement with Microsoft requires it for all other accounts, too.",
    ),
    "remembered-device": CatalogueEntry(
        Severity.MEDIUM,
        "MFA was skipped on remembered devices",
        "MFA was skipped for {accounts}: a remembered device, a trusted address, an app password.",
        "Switch off “remember MFA on trusted devices” and use sign-in frequency instead.",
    ),
    "applications-unknown": CatalogueEntry(
        Severity.MEDIUM,
        "Applications with requests whose MFA is unknown",
        "Whether MFA was used is unknown for {requests} by {applications}: neither these records "
        "nor earlier ones of their sessions show it.",
        "Require MFA by a policy for the users whose tokens they use: from then on every record "
        "says whether MFA was satisfied. Give the log further back, if these files do not have "
        "it: an earlier sign-in of the session decides, too.",
    ),
    "users-unknown": CatalogueEntry(
        Severity.MEDIUM,
        "Users with requests whose MFA is unknown",
        "Whether MFA was used is unknown for {requests} by {accounts}: neither these records nor "
        "earlier ones of their sessions show it.",
        "Require MFA by a policy for these users: from then on every record says whether MFA was "
        "satisfied.",
    ),
    "records-cannot-show": CatalogueEntry(
        Severity.HIGH,
        "Records lack the fields that would show a sign-in without MFA",
        "{requests} have neither authenticationRequirement nor authenticationDetails, as in Graph "
        "v1.0 and in queries that leave both out. Without MFA they stay unknown, so no share "
        "follows from them alone.",
        "Export the same sign-ins from Graph beta or a diagnostic setting, or include both columns "
        "in the query.",
    ),
    "app-only-access": CatalogueEntry(
        Severity.INFO,
        "Applications call Partner Center without a user",
        "{applications} called Partner Center's API app-only, where nobody can be asked for MFA.",
        "Check that these calls need no user; app-only is refused where App+User is required.",
    ),
}


def page_of(finding_id: str) -> str:
    """The path of a finding's page in the project."""
    return f"docs/findings/{finding_id}.md"
