"""The simulated partner's people: some sixty accounts, with the properties their sign-ins show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

DOMAIN = "northwindcloud.example"
FEDERATED_DOMAIN = "emea.northwindcloud.example"  #: its identity provider sends no MFA claim

_MEMBERS = """
Adele Vance, Alex Wilber, Amara Okafor, Anders Lindqvist, Beatriz Carvalho, Bianca Pisani, Chen
Wei, Christie Cline, Dana Kowalski, Debra Berger, Diego Siciliani, Elif Yildirim, Emily Braun,
Enrico Cattaneo, Farah Haddad, Grady Archie, Hannah Fischer, Henrietta Mueller, Irvin Sayers,
Isaiah Langer, Johanna Lorenz, Joni Sherman, Jordan Miller, Kofi Mensah, Lee Gu, Lidia Holloway,
Lynne Robbins, Maria Petrova, Megan Bowen, Miriam Graham, Nestor Wilke, Noor Rahman, Olivia
Hansen, Patti Fernandez, Pradeep Gupta, Priya Raman, Rasmus Holm, Sofia Marchetti, Tariq Aziz,
Thandiwe Nkosi, Tomasz Nowak, Ulrike Bauer, Wanjiru Kamau, Yuki Tanaka
"""
_FEDERATED = (
    "Camille Laurent, Emile Dubois, Giulia Ferrari, Katrin Vogel, Mateo Garcia, Sven Eriksen"
)
_GUESTS = "Ana Trujillo, Hari Kumar, Laura Callahan, Roland Mendel, Victoria Ashworth"
_DISABLED = "Ben Walters, Delia Dennis, Gerhart Moller, Mallory Cortez, Rob Young, Zrinka Makovac"
_SERVICES = ("svc-price-sync", "svc-backup-report", "svc-ticket-bridge")
_BREAK_GLASS = ("Emergency Access 1", "Emergency Access 2")

_LOCATIONS = (
    ("Seattle", "Washington", "US", 47.6062, -122.3321),
    ("Dublin", "Dublin", "IE", 53.3498, -6.2603),
    ("Munich", "Bayern", "DE", 48.1374, 11.5755),
    ("Toronto", "Ontario", "CA", 43.6532, -79.3832),
)
_DEVICES = (
    ("Windows 11", "Edge 142.0.0"),
    ("Windows 10", "Chrome 142.0.0"),
    ("MacOs", "Safari 18.1"),
    ("Windows 11", "Firefox 144.0"),
)
_DEPARTMENTS = ("Cloud Sales", "Licensing Desk", "Customer Support", "Operations", "Finance", "IT")


class PersonKind(StrEnum):
    """The kind of account."""

    MEMBER = "member"
    FEDERATED = "federated"
    GUEST = "guest"
    SERVICE = "service"
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and where it signs in from."""

    id: str
    name: str
    upn: str  #: in lower case, as in the log; a guest's is that of the home tenant
    kind: PersonKind
    department: str
    is_enabled: bool
    home_tenant_id: str
    ip_address: str  #: from the blocks reserved for documentation
    location: tuple[str, str, str, float, float]
    device: tuple[str, str]  #: operating system, browser


def make_people(rng: random.Random, tenant_id: str) -> tuple[Person, ...]:
    """Sixty enabled accounts and six disabled ones, in a fixed order."""
    people = [
        *(_person(rng, name, PersonKind.MEMBER, tenant_id) for name in _names(_MEMBERS)),
        *(_person(rng, name, PersonKind.FEDERATED, tenant_id) for name in _names(_FEDERATED)),
        *(_person(rng, name, PersonKind.SERVICE, tenant_id) for name in _SERVICES),
        *(_person(rng, name, PersonKind.BREAK_GLASS, tenant_id) for name in _BREAK_GLASS),
        *(_person(rng, name, PersonKind.GUEST, make_guid(rng)) for name in _names(_GUESTS)),
        *(
            _person(rng, name, PersonKind.MEMBER, tenant_id, is_enabled=False)
            for name in _names(_DISABLED)
        ),
    ]
    return tuple(people)


def make_guid(rng: random.Random) -> str:
    """A random GUID of version 4, in lower case."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _person(
    rng: random.Random,
    name: str,
    kind: PersonKind,
    home_tenant_id: str,
    *,
    is_enabled: bool = True,
) -> Person:
    location = rng.choice(_LOCATIONS)
    block = rng.choice(("192.0.2", "198.51.100", "203.0.113"))
    return Person(
        id=make_guid(rng),
        name=name,
        upn=_upn(name, kind),
        kind=kind,
        department="IT"
        if kind in (PersonKind.SERVICE, PersonKind.BREAK_GLASS)
        else rng.choice(_DEPARTMENTS),
        is_enabled=is_enabled,
        home_tenant_id=home_tenant_id,
        ip_address=f"{block}.{rng.randint(1, 254)}",
        location=location,
        device=rng.choice(_DEVICES),
    )


def _upn(name: str, kind: PersonKind) -> str:
    mailbox = name.lower().replace(" ", ".")
    if kind is PersonKind.GUEST:
        return f"{mailbox}@fabrikam-consulting.example"
    return f"{mailbox}@{FEDERATED_DOMAIN if kind is PersonKind.FEDERATED else DOMAIN}"


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",")]
