"""What other people have to do, one filled-in block for each: ready to be sent to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.registration import Deployed

_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def is_address(text: str) -> bool:
    """Whether a text is a mail address that a command may contain without quoting."""
    return _ADDRESS.fullmatch(text) is not None


def entra_block(deployed: Deployed) -> list[str]:
    """For somebody who may grant permissions and register applications."""
    return _block(
        "the Entra administrator (Privileged Role Administrator)",
        [
            "# in a copy of this project's folder; python3 where it is called so",
            f"az login --tenant {deployed.tenant_id} --allow-no-subscriptions",
            (
                f"python dev.py setup entra --tenant {deployed.tenant_id} --cloud {deployed.cloud} "
                f"--principal {deployed.principal_id} --redirect-uri {deployed.redirect_uri}"
            ),
        ],
    )


def deployer_block(client_id: str) -> list[str]:
    """For the deployer, after somebody else has registered the app."""
    return _block("the deployer", [f"azd env set AUTH_CLIENT_ID {client_id}", "azd provision"])


def exchange_block(sender: str, client_id: str, principal_id: str) -> list[str]:
    """For somebody who may let the app send from one mailbox, and from no other."""
    return _block(
        "the Exchange administrator, in Exchange Online PowerShell",
        [
            "Connect-ExchangeOnline",
            f'New-Mailbox -Shared -Name "MFA status" -PrimarySmtpAddress {sender}',
            (
                f"New-ServicePrincipal -AppId {client_id} -ObjectId {principal_id} "
                '-DisplayName "MFA status"'
            ),
            (
                'New-ManagementScope -Name "MFA status mailbox" '
                f"-RecipientRestrictionFilter \"PrimarySmtpAddress -eq '{sender}'\""
            ),
            (
                f'New-ManagementRoleAssignment -Name "MFA status mail" -App {principal_id} '
                '-Role "Application Mail.Send" -CustomResourceScope "MFA status mailbox"'
            ),
            (
                f"Test-ServicePrincipalAuthorization -Identity {principal_id} -Resource {sender}  "
                "# InScope: True"
            ),
        ],
    )


def exchange_removal_block(principal_id: str) -> list[str]:
    """For somebody who let the app send mail, once the app is removed."""
    return _block(
        "the Exchange administrator, in Exchange Online PowerShell",
        [
            "Connect-ExchangeOnline",
            'Remove-ManagementRoleAssignment "MFA status mail" -Confirm:$false',
            'Remove-ManagementScope "MFA status mailbox" -Confirm:$false',
            f"Remove-ServicePrincipal {principal_id} -Confirm:$false",
        ],
    )


def entra_removal_block(tenant_id: str, cloud: str, principal_id: str) -> list[str]:
    """For somebody who may remove the registration and take the grants back."""
    return _block(
        "the Entra administrator (Cloud Application Administrator)",
        [
            f"az login --tenant {tenant_id} --allow-no-subscriptions",
            (
                f"python dev.py setup remove --tenant {tenant_id} --cloud {cloud} "
                f"--principal {principal_id}"
            ),
        ],
    )


def _block(person: str, commands: list[str]) -> list[str]:
    return ["", f"---- For {person} ----", *commands, "----", ""]
