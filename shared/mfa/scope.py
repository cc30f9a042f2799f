"""Which sign-ins concern Partner Center, and through which channel."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from shared.mfa.sign_in import SignIn

#: Clients that are the Partner Center portal: "Microsoft Partner" (called "Partner Center Web" in
#: portal audit records) and "Microsoft Partner Center", the portal's application in sign-in logs.
PORTAL_APP_IDS = frozenset(
    {"4990cffe-04e8-4e8b-808a-1175604b879f", "fabfbdc4-5751-471c-ac43-3826fa1afc31"}
)

#: The Partner Center API as a resource, ``https://api.partnercenter.microsoft.com``.
PARTNER_CENTER_RESOURCE_IDS = frozenset({"fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"})


class Channel(StrEnum):
    """The two ways to Partner Center that its own report distinguishes."""

    PORTAL = "portal"
    API = "api"


class Scope(msgspec.Struct, frozen=True):
    """
    The application ids that decide the channel, as lower-case GUIDs.

    Microsoft documents only some of the ids, so both sets can be replaced by settings, and
    ``analyze --discover`` lists the pairs that occur in a tenant's log.
    """

    portal_app_ids: frozenset[str] = PORTAL_APP_IDS
    resource_ids: frozenset[str] = PARTNER_CENTER_RESOURCE_IDS

    @property
    def ids(self) -> frozenset[str]:
        """All ids; a record in scope has at least one of them."""
        return self.portal_app_ids | self.resource_ids

    def channel(self, sign_in: SignIn) -> Channel | None:
        """
        The channel of a sign-in, or `None` if it does not concern Partner Center.

        The portal is recognised by its client alone, because it also requests resources other than
        Partner Center; an application without a user cannot use it. Every other sign-in to
        Partner Center's API belongs to the API channel.
        """
        if sign_in.app_id in self.portal_app_ids and not sign_in.event.is_app_only:
            return Channel.PORTAL
        return Channel.API if sign_in.resource_id in self.resource_ids else None
