"""
Where each finding is fixed, and by whom: the one table of addresses in the Entra admin center.

Hosts: Microsoft Entra, "Frequently asked questions" (``fundamentals/faq``), the addresses to allow
in a firewall. The tenant's id before ``#`` opens the page in that tenant, as in CIPP's links to
customers. Views: github.com/merill/cmd, ``website/config/commands.csv`` (the site cmd.ms); those of
a policy and of registered methods as in Maester's reports. No page of Microsoft's lists them.
Roles: Microsoft Entra, "Least privileged roles by task" (``delegate-by-task``), and for security
defaults the page of that name.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared.mfa.guid import is_guid

ADMIN_CENTERS = {  #: by cloud, as in the setting `CLOUD`
    "global": "https://entra.microsoft.com",
    "usgov": "https://entra.microsoft.us",
    "dod": "https://entra.microsoft.us",
    "china": "https://entra.microsoftonline.cn",
}

POLICIES = "Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"
SECURITY_DEFAULTS = "Microsoft_AAD_IAM/TenantOverview.ReactView"  #: below Properties there
_POLICY = "Microsoft_AAD_ConditionalAccess/PolicyBlade/policyId/"
_USERS = "Microsoft_AAD_UsersAndTenants/UserManagementMenuBlade/~/AllUsers/menuId/AllUsers"
_METHODS = "Microsoft_AAD_IAM/AuthenticationMethodsMenuBlade/~"
_PER_USER_MFA = "Microsoft_AAD_IAM/MultifactorAuthenticationConfig.ReactView"
_DOMAINS = "Microsoft_AAD_IAM/DomainsManagementMenuBlade/~/CustomDomainNames"
_ROLES = "Microsoft_AAD_IAM/RolesManagementMenuBlade/~/AllRoles"
_APPLICATIONS = "Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview"
_SIGN_INS = (
    "Microsoft_AAD_IAM/SignInEventsV3Blade/timeRangeType/last7days/showApplicationSignIns~/true"
)

_CONDITIONAL_ACCESS = "Conditional Access Administrator"
_POLICY_OF_METHODS = "Authentication Policy Administrator"


class Kind(StrEnum):
    """What a finding is about, and its remedy changes."""

    POLICY = "policy"  #: one policy; its id is the first of the finding's ids
    POLICIES = "policies"  #: what the policies together leave open
    ACCOUNTS = "accounts"
    APPLICATION = "application"
    REQUESTS = "requests"
    DOMAIN = "domain"
    READING = "reading"  #: what was not read, or could not show it
    EXCEPTIONS = "exceptions"


class Place(msgspec.Struct, frozen=True):
    """Where a finding is fixed."""

    kind: Kind
    role: str  #: the least role that may do so; for people
    view: str  #: below ``#view/``; empty if it is not fixed in Entra

    def address(self, cloud: str, tenant_id: str, ids: list[str]) -> str:
        """The address in the tenant's admin center; empty if it is not fixed in Entra."""
        if not self.view:
            return ""
        is_one = self.kind is Kind.POLICY and bool(ids) and is_guid(ids[0])
        return blade(cloud, tenant_id, f"{_POLICY}{ids[0]}" if is_one else self.view)


def blade(cloud: str, tenant_id: str, view: str) -> str:
    """The address of a view; in the tenant that one is signed in to, unless the id is a GUID."""
    host = ADMIN_CENTERS.get(cloud, ADMIN_CENTERS["global"])
    tenant = f"{tenant_id}/" if is_guid(tenant_id) else ""
    return f"{host}/{tenant}#view/{view}"


_ONE_POLICY = Place(Kind.POLICY, _CONDITIONAL_ACCESS, POLICIES)
_ALL_POLICIES = Place(Kind.POLICIES, _CONDITIONAL_ACCESS, POLICIES)
_ACCOUNTS_IN_POLICIES = Place(Kind.ACCOUNTS, _CONDITIONAL_ACCESS, POLICIES)
_READING_OF_LOGS = Place(Kind.READING, "Reports Reader", _SIGN_INS)

PLACES: dict[str, Place] = {
    "mfa-not-implemented": Place(Kind.POLICIES, _CONDITIONAL_ACCESS, SECURITY_DEFAULTS),
    "accounts-not-targeted": _ACCOUNTS_IN_POLICIES,
    "accounts-excluded": _ONE_POLICY,
    "excluded-by-activation": _ONE_POLICY,
    "guests-without-mfa": _ACCOUNTS_IN_POLICIES,
    "conditional-applications": _ONE_POLICY,
    "conditional-partner-center": _ONE_POLICY,
    "conditional-azure-management": _ONE_POLICY,
    "conditional-client-app": _ONE_POLICY,
    "conditional-platform": _ONE_POLICY,
    "conditional-location": _ONE_POLICY,
    "conditional-risk": _ONE_POLICY,
    "conditional-device-filter": _ONE_POLICY,
    "conditional-authentication-flow": _ONE_POLICY,
    "conditional-other": _ONE_POLICY,
    "mfa-or-something-else": _ONE_POLICY,
    "blocked-not-mfa": _ONE_POLICY,
    "report-only": _ONE_POLICY,
    "custom-control": _ONE_POLICY,
    "policy-without-sign-ins": _ONE_POLICY,
    "security-defaults": Place(Kind.POLICIES, _CONDITIONAL_ACCESS, SECURITY_DEFAULTS),
    "federation-alone": _ACCOUNTS_IN_POLICIES,
    "federation-claim": Place(Kind.DOMAIN, "Hybrid Identity Administrator", _DOMAINS),
    "third-party-mfa": Place(Kind.POLICIES, _POLICY_OF_METHODS, f"{_METHODS}/AdminAuthMethods"),
    "strength-not-registered": Place(
        Kind.ACCOUNTS, "Authentication Administrator", f"{_METHODS}/UserRegistrationDetails"
    ),
    "mfa-not-registered": Place(
        Kind.ACCOUNTS, "Authentication Administrator", f"{_METHODS}/UserRegistrationDetails"
    ),
    "service-accounts-as-users": Place(Kind.ACCOUNTS, "User Administrator", _USERS),
    "agent-accounts": Place(Kind.ACCOUNTS, "User Administrator", _USERS),
    "synchronisation-accounts": Place(Kind.ACCOUNTS, "Hybrid Identity Administrator", _USERS),
    "legacy-authentication": _ALL_POLICIES,
    "eligible-admins": Place(Kind.ACCOUNTS, "Privileged Role Administrator", _ROLES),
    "not-read": Place(Kind.READING, "Privileged Role Administrator", _APPLICATIONS),
    "what-if-disagrees": Place(Kind.READING, _CONDITIONAL_ACCESS, POLICIES),
    "exception-expired": _ACCOUNTS_IN_POLICIES,
    "exception-needless": Place(Kind.EXCEPTIONS, "owner of the exceptions file", ""),
    "signed-in-without-mfa": Place(Kind.REQUESTS, _CONDITIONAL_ACCESS, POLICIES),
    "enforced-but-without-mfa": Place(Kind.REQUESTS, "Reports Reader", _SIGN_INS),
    "record-and-directory-disagree": Place(Kind.REQUESTS, "Reports Reader", _SIGN_INS),
    "applications-without-mfa": Place(Kind.APPLICATION, "application owner", _APPLICATIONS),
    "active-without-enforcement": _ACCOUNTS_IN_POLICIES,
    "remembered-device": Place(Kind.REQUESTS, _POLICY_OF_METHODS, _PER_USER_MFA),
    "applications-unknown": _READING_OF_LOGS,
    "users-unknown": _READING_OF_LOGS,
    "records-cannot-show": _READING_OF_LOGS,
    "app-only-access": Place(Kind.APPLICATION, "application owner", _APPLICATIONS),
}


def place_of(finding_id: str) -> Place:
    """Where a finding is fixed; a policy's page needs the finding's ids."""
    return PLACES.get(finding_id, _ALL_POLICIES)
