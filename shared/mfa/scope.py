"""Which sign-ins concern Partner Center, and through which channel."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from shared.mfa.sign_in import SignIn

#: Clients that are the Partner Center portal: "Microsoft Partner" (portal audit records carry it as
#: "Partner Center Web") and "Microsoft Partner Center", seen as the portal's app in sign-in logs.
PORTAL_APP_IDS = frozenset(
    {"4990cffe-04e8-4e8b-808a-1175604b879f", "fabfbdc4-5751-471c-ac43-3826fa1afc31"}
)

#: The Partner Center API as a resource, ``https://api.partnercenter.microsoft.com``.
PARTNER_CENTER_RESOURCE_IDS = frozenset({"fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"})


class Channel(StrEnum):
    """The two ways to Partner Center that its own report tells apart."""

    PORTAL = "portal"
    API = "api"


class Scope(msgspec.Struct, frozen=True):
    """
    The application ids that decide a channel. Lower-case GUIDs.

    Microsoft documents the ids only in part, so both sets can be replaced by settings, and
    ``analyze --discover`` lists the pairs that a tenant's own log holds.
    """

    portal_app_ids: frozenset[str] = PORTAL_APP_IDS
    resource_ids: frozenset[str] = PARTNER_CENTER_RESOURCE_IDS

    @property
    def ids(self) -> frozenset[str]:
        """Every id of which a record must hold at least one to be of concern."""
        return self.portal_app_ids | self.resource_ids

    def channel(self, sign_in: SignIn) -> Channel | None:
        """
        The channel a sign-in took, or `None` where it does not concern Partner Center.

        The portal is told by its client alone, because it asks for resources other than Partner
        Center too; an application without a user cannot use it. Everything else that asks for
        Partner Center's API is the API channel.
        """
        if sign_in.app_id in self.portal_app_ids and not sign_in.event.is_app_only:
            return Channel.PORTAL
        return Channel.API if sign_in.resource_id in self.resource_ids else None
