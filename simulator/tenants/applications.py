"""The applications that the simulated partner's people and programs sign in with."""

from __future__ import annotations

from dataclasses import dataclass

MICROSOFT_TENANT_ID = (
    "f8cdef31-a31e-4b4a-93e4-5f571e91255a"  #: owner of Microsoft's own applications
)
VENDOR_TENANT_ID = "7b3c1f52-4a0e-4d38-9c65-21d0a8e94b77"  #: made up


@dataclass(frozen=True, slots=True)
class Resource:
    """An API that tokens are requested for."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Application:
    """A client; `owner_tenant_id` is `None` for one that the partner registered itself."""

    id: str
    name: str
    owner_tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignInTarget:
    """The application a user signs in with, and the API it calls."""

    application: Application
    resource: Resource
    channel: str  #: ``portal``, ``api``, or empty if it is not Partner Center


PARTNER_CENTER = Resource("fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd", "Microsoft Partner Center")
AZURE_MANAGEMENT = Resource(
    "797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API"
)
MICROSOFT_GRAPH = Resource("00000003-0000-0000-c000-000000000000", "Microsoft Graph")
EXCHANGE = Resource("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online")
SHAREPOINT = Resource("00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online")

PORTAL = Application(
    "4990cffe-04e8-4e8b-808a-1175604b879f", "Microsoft Partner", MICROSOFT_TENANT_ID
)
OTHER_PORTAL = Application(
    "fabfbdc4-5751-471c-ac43-3826fa1afc31", "Microsoft Partner Center", MICROSOFT_TENANT_ID
)
VENDOR = Application(
    "5d0f7a36-8c1b-4f0a-9a53-0c4be2c7d811", "CloudDeck Control Panel", VENDOR_TENANT_ID
)
PRICE_SYNC = Application("c7f2b0de-1c4f-4a67-8f0b-6d1e9b2a5f43", "NCP Price Sync (PowerShell)")
LICENSE_DESK = Application("0e9a4d17-73b8-4c9e-b1f6-58f3c20d7e9a", "NCP License Desk")
INVOICE_EXPORT = Application("b64c8e02-9f5d-4e11-a7d3-90a2f71c6d35", "ncp-invoice-export")

TEAMS = Application("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams", MICROSOFT_TENANT_ID)
OUTLOOK = Application(
    "5d661950-3475-41cd-a2c3-d671a3162bc1", "Microsoft Outlook", MICROSOFT_TENANT_ID
)
AZURE_PORTAL = Application(
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal", MICROSOFT_TENANT_ID
)

#: Targets outside Partner Center, which make up most of a real log.
NOISE = (
    (TEAMS, MICROSOFT_GRAPH),
    (TEAMS, SHAREPOINT),
    (OUTLOOK, EXCHANGE),
    (AZURE_PORTAL, AZURE_MANAGEMENT),
)
