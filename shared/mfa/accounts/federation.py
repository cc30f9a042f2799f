"""Federated domains: another identity provider signs their users in, and may do their MFA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.directory import FederatedMfaBehavior

if TYPE_CHECKING:
    from shared.mfa.accounts.directory import Directory, Domain, User

#: What the provider's token must contain, or Entra and Partner Center see no MFA.
CLAIM_REMEDY = (
    "Make the provider's token contain http://schemas.microsoft.com/claims/multipleauthn in the "
    "claim authnmethodsreferences; otherwise Partner Center sees no MFA."
)

_PROVIDER = {
    FederatedMfaBehavior.ACCEPT: "the provider's MFA is accepted where its token says so",
    FederatedMfaBehavior.ENFORCE: "Entra sends its users to the provider for MFA",
    FederatedMfaBehavior.UNKNOWN: "its federatedIdpMfaBehavior has an unknown value",
    None: "its federatedIdpMfaBehavior is not set, so an older setting decides",
}


def provider_behavior(domain: Domain) -> str:
    """Whose MFA counts, in words; empty if Entra always does it itself."""
    settings = domain.federation_configuration
    if settings is None:
        return "its federatedIdpMfaBehavior was not read"
    behavior = settings[0].federated_idp_mfa_behavior if settings else None
    return "" if behavior is FederatedMfaBehavior.REJECT else _PROVIDER[behavior]


def federated_domains(directory: Directory) -> dict[str, str]:
    """Each domain whose provider's MFA may count, in lower case, and how it counts, in words."""
    return {
        domain.id.lower(): behavior
        for domain in directory.domains or ()
        if domain.is_federated and (behavior := provider_behavior(domain))
    }


def domain_of(user: User) -> str:
    """The domain of an account's name, in lower case."""
    return (user.user_principal_name or "").rpartition("@")[2].lower()
