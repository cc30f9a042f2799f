"""
The parts of a tenant's directory that matter for MFA: accounts, groups, roles and policies.

Every value mirrors a Microsoft Graph object: same names, same nesting, unknown keys ignored.
`None` means *not read*, an empty tuple means *read, and there are none*; the difference decides
between "unknown" and "unprotected". Enumerations that Graph may extend (`OpenWord`) always decode:
a word that this version does not know becomes `UNKNOWN`, which protects nobody.
"""

from typing import Any, Self

import msgspec

from shared.mfa.accounts.graph import GraphObject, OpenWord
from shared.mfa.accounts.policy import AuthenticationStrength, ConditionalAccessPolicy
from shared.mfa.accounts.policy_reading import read_policy
from shared.mfa.accounts.truth import Truth

FORMAT = "partner-mfa-status/directory"
VERSION = 1


class UserType(OpenWord):
    """Graph ``userType``: what a user may see, not which directory is the account's home."""

    MEMBER = "Member"
    GUEST = "Guest"
    UNKNOWN = "unknownFutureValue"


class PerUserMfaState(OpenWord):
    """Graph ``perUserMfaState``; `ENABLED` asks for registration and MFA, as `ENFORCED` does."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    ENFORCED = "enforced"
    UNKNOWN = "unknownFutureValue"


class CreationType(OpenWord):
    """Graph ``creationType``; Graph gives none for an ordinary account."""

    INVITATION = "Invitation"
    LOCAL_ACCOUNT = "LocalAccount"
    EMAIL_VERIFIED = "EmailVerified"
    SELF_SERVICE = "SelfServiceSignUp"
    UNKNOWN = "unknownFutureValue"


class ExternalUserState(OpenWord):
    """Graph ``externalUserState``: whether somebody has accepted the invitation."""

    PENDING = "PendingAcceptance"
    ACCEPTED = "Accepted"
    UNKNOWN = "unknownFutureValue"


class MemberKind(OpenWord):
    """
    What a group member, an account or a role's principal is, by ``@odata.type``.

    Only groups nest, only users and agents' users are accounts; the rest can be neither.
    """

    USER = "#microsoft.graph.user"
    AGENT_USER = "#microsoft.graph.agentUser"
    GROUP = "#microsoft.graph.group"
    SERVICE_PRINCIPAL = "#microsoft.graph.servicePrincipal"
    AGENT_IDENTITY = "#microsoft.graph.agentIdentity"
    AGENT_BLUEPRINT = "#microsoft.graph.agentIdentityBlueprintPrincipal"
    APPLICATION = "#microsoft.graph.application"
    AGENT_APPLICATION = "#microsoft.graph.agentIdentityBlueprint"
    ADMINISTRATIVE_UNIT = "#microsoft.graph.administrativeUnit"
    DIRECTORY_ROLE = "#microsoft.graph.directoryRole"
    CONTRACT = "#microsoft.graph.contract"
    ORGANIZATION = "#microsoft.graph.organization"
    DEVICE = "#microsoft.graph.device"
    CONTACT = "#microsoft.graph.orgContact"
    UNKNOWN = "unknownFutureValue"


class AuthenticationMethod(OpenWord):
    """
    Graph ``methodsRegistered``: an authentication method that an account has set up.

    Graph types them as plain text, so a word that this version does not know stays as it is.
    """

    PUSH = "microsoftAuthenticatorPush"
    PASSWORDLESS = "microsoftAuthenticatorPasswordless"
    SOFTWARE_CODE = "softwareOneTimePasscode"
    HARDWARE_CODE = "hardwareOneTimePasscode"
    MOBILE = "mobilePhone"
    ALTERNATE_MOBILE = "alternateMobilePhone"
    OFFICE_PHONE = "officePhone"
    EMAIL = "email"
    SECURITY_QUESTION = "securityQuestion"
    FIDO2 = "fido2SecurityKey"
    PASSKEY = "passKeyDeviceBound"
    PASSKEY_AUTHENTICATOR = "passKeyDeviceBoundAuthenticator"
    PASSKEY_WINDOWS_HELLO = "passKeyDeviceBoundWindowsHello"
    WINDOWS_HELLO = "windowsHelloForBusiness"
    MAC_ENCLAVE = "macOsSecureEnclaveKey"
    PASSKEY_SYNCED = "passKeySynced"
    QR_CODE = "qrCode"
    EXTERNAL = "externalAuthMethod"
    ONE_TIME_CODE = "oneTimePasscode"
    SMS = "sms"
    MOBILE_SMS = "mobileSMS"
    MOBILE_CALL = "mobileCall"
    ALTERNATE_MOBILE_CALL = "alternateMobileCall"
    APP_NOTIFICATION = "appNotification"
    APP_CODE = "appCode"
    FIDO = "fido"
    APP_PASSWORD = "appPassword"  # noqa: S105 -- Graph's word, not a password
    TEMPORARY_PASS = "temporaryAccessPass"  # noqa: S105 -- Graph's word, not a password
    UNKNOWN = "unknownFutureValue"

    @classmethod
    def _missing_(cls, value: object) -> Self:
        known = super()._missing_(value)
        if known.value != "unknownFutureValue":
            return known
        word = str.__new__(cls, value)
        word._name_, word._value_ = "OTHER", str(value)
        cls._value2member_map_[word.value] = word  # one object, however many accounts have it
        return word


class FederatedMfaBehavior(OpenWord):
    """Graph ``federatedIdpMfaBehavior``: whose MFA counts for users of a federated domain."""

    ACCEPT = "acceptIfMfaDoneByFederatedIdp"
    ENFORCE = "enforceMfaByFederatedIdp"
    REJECT = "rejectMfaByFederatedIdp"
    UNKNOWN = "unknownFutureValue"


#: Whether an account's home is elsewhere, by how it was created (Graph, "user resource type").
_IS_EXTERNAL: dict[CreationType | None, Truth] = {
    CreationType.INVITATION: True,
    CreationType.SELF_SERVICE: True,
    CreationType.UNKNOWN: None,
}


class User(GraphObject, frozen=True, gc=False):
    """An account (``/users``). There may be hundreds of thousands, so only the fields needed."""

    id: str
    user_principal_name: str | None = None
    display_name: str | None = None
    account_enabled: bool | None = None
    user_type: UserType | None = None
    kind: MemberKind | None = msgspec.field(default=None, name="@odata.type")
    creation_type: CreationType | None = None
    external_user_state: ExternalUserState | None = None
    per_user_mfa_state: PerUserMfaState | None = None

    @property
    def is_external(self) -> Truth:
        """
        Whether the account's home is another directory: its name, creation or invitation says so.

        The name may have been changed since, and only invited users have an invitation's state.
        """
        if self.external_user_state or "#EXT#" in (self.user_principal_name or "").upper():
            return True
        return _IS_EXTERNAL.get(self.creation_type, False)


class Member(GraphObject, frozen=True, gc=False):
    """One direct member of a group, or the principal of a role assignment."""

    id: str = ""
    kind: MemberKind | None = msgspec.field(default=None, name="@odata.type")


class Group(GraphObject, frozen=True):
    """A group with its direct members; `members` is `None` if they were not read."""

    id: str
    display_name: str | None = None
    members: tuple[Member, ...] | None = None
    #: Where Graph has more members than these.
    more_members: str | None = msgspec.field(default=None, name="members@odata.nextLink")


class RoleDefinition(GraphObject, frozen=True):
    """A directory role; policies name it by `template_id`, assignments by `id`."""

    id: str
    template_id: str | None = None
    display_name: str | None = None


class RoleAssignment(GraphObject, frozen=True):
    """
    A role that somebody holds or, in `role_eligibilities`, can activate.

    Policies apply only to roles that are held, and only if the scope is the whole directory.
    """

    principal_id: str
    role_definition_id: str
    directory_scope_id: str | None = None
    principal: Member | None = None

    @property
    def is_tenant_wide(self) -> bool:
        """Whether policies see it; they ignore scopes such as administrative units and objects."""
        return self.directory_scope_id in (None, "", "/")


class SecurityDefaults(GraphObject, frozen=True):
    """``identitySecurityDefaultsEnforcementPolicy``, as Graph or PowerShell writes it."""

    is_enabled: bool | None = None
    is_enabled_in_powershell: bool | None = msgspec.field(default=None, name="IsEnabled")

    @property
    def are_on(self) -> Truth:
        """Whether they are switched on."""
        return self.is_enabled_in_powershell if self.is_enabled is None else self.is_enabled


class NamedLocation(GraphObject, frozen=True):
    """A location that policies can name."""

    id: str
    display_name: str | None = None
    is_trusted: bool | None = None


class DomainFederation(GraphObject, frozen=True):
    """``internalDomainFederation`` of a domain."""

    federated_idp_mfa_behavior: FederatedMfaBehavior | None = None


class Domain(GraphObject, frozen=True):
    """A domain of the tenant; `authentication_type` is ``Managed`` or ``Federated``."""

    id: str
    authentication_type: str | None = None
    federation_configuration: tuple[DomainFederation, ...] | None = None

    @property
    def is_federated(self) -> bool:
        """Whether another identity provider signs its users in."""
        return (self.authentication_type or "").casefold() == "federated"


class UserRegistration(GraphObject, frozen=True):
    """What an account has registered (``userRegistrationDetails``), which enforces nothing."""

    id: str
    is_mfa_registered: bool | None = None
    is_admin: bool | None = None
    methods_registered: tuple[AuthenticationMethod, ...] | None = None


class CustomerMfa(GraphObject, frozen=True):
    """A customer's MFA figures (``customerMfaInsight``)."""

    compliant_admins_count: int | None = None
    compliant_non_admins_count: int | None = None
    total_users_count: int | None = None
    security_defaults_status: str | None = None
    mfa_conditional_access_policy_status: str | None = None
    legacy_per_user_mfa_status: str | None = None


def users_with_mfa(admins: int | None, others: int | None, total: int | None) -> int | None:
    """How many of a customer's users have MFA; `None` if its counts are unknown or contradict."""
    if admins is None or others is None or total is None:
        return None
    is_possible = admins >= 0 and others >= 0 and admins + others <= total
    return admins + others if is_possible else None


class Customer(GraphObject, frozen=True):
    """A customer of the partner; `mfa` is `None` if its figures were not read."""

    tenant_id: str
    display_name: str | None = None
    mfa: CustomerMfa | None = None


class PartnerSecurityScore(GraphObject, frozen=True):
    """How old Microsoft's figures of the customers are: one date for all of them."""

    last_refresh_date_time: str | None = None


class Organization(GraphObject, frozen=True):
    """The tenant itself."""

    id: str | None = None
    display_name: str | None = None


class Directory(GraphObject, frozen=True, kw_only=True):
    """Everything that was read. Only the accounts are mandatory."""

    users: tuple[User, ...]
    organization: Organization | None = None
    groups: tuple[Group, ...] | None = None
    role_definitions: tuple[RoleDefinition, ...] | None = None
    role_assignments: tuple[RoleAssignment, ...] | None = None
    role_eligibilities: tuple[RoleAssignment, ...] | None = None
    security_defaults: SecurityDefaults | None = None
    conditional_access_policies: tuple[dict[str, Any], ...] | None = None  #: see `policies`
    authentication_strength_policies: tuple[AuthenticationStrength, ...] | None = None
    named_locations: tuple[NamedLocation, ...] | None = None
    domains: tuple[Domain, ...] | None = None
    user_registration_details: tuple[UserRegistration, ...] | None = None
    customers: tuple[Customer, ...] | None = None
    partner_security_score: PartnerSecurityScore | None = None

    @property
    def policies(self) -> tuple[ConditionalAccessPolicy, ...] | None:
        """The conditional access policies, with what is not understood in them."""
        if self.conditional_access_policies is None:
            return None
        return tuple(map(read_policy, self.conditional_access_policies))
