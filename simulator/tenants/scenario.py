"""
Thirty days at the simulated partner, so that the trend has something to tell.

Until day 13 before the end, the control panel of a vendor shows the MFA claim for three of its four
users, and two of five portal users sign in with a password alone. On day 12 an update of the panel
loses the claim for everybody. From then on things get better a little every day: the vendor repairs
one user after the other, portal users register for MFA, and the price script moves from a service
account to an app-only token. What is left at the end: one vendor user, a federated domain without
the claim, a service account, a remembered device, and one use of an emergency account.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from simulator.tenants import applications as apps
from simulator.tenants.applications import Door
from simulator.tenants.people import PersonKind
from simulator.tenants.rows import MANAGED_IDENTITY, Proofs

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from simulator.tenants.people import Person
    from simulator.tenants.visits import Visitors

DAYS = 30
BAD_DAY = 12  #: days before the end on which the vendor's update loses the claim
_SATURDAY = 5
_WEAK_OF_FIVE = 2  #: portal users that begin without MFA

_PORTAL = Door(apps.PORTAL, apps.AZURE_MANAGEMENT, "portal")
_PORTAL_ITSELF = Door(apps.PORTAL, apps.PARTNER_CENTER, "portal")
_PORTAL_TOO = Door(apps.PORTAL_TOO, apps.MICROSOFT_GRAPH, "portal")
_VENDOR = Door(apps.VENDOR, apps.PARTNER_CENTER, "api")
_DESK = Door(apps.LICENSE_DESK, apps.PARTNER_CENTER, "api")
_SCRIPT = Door(apps.PRICE_SYNC, apps.PARTNER_CENTER, "api")
_EXPORT = Door(apps.INVOICE_EXPORT, apps.PARTNER_CENTER, "api")

_DESK_PROOFS = (
    Proofs.MFA_BY_CLAIM_SILENTLY,
    Proofs.MFA_BY_STRONG_METHOD,
    Proofs.MFA_COMPLETED,
    Proofs.MFA_BY_POLICY,
)
_REFUSALS = (50076, 50126, 53003, 65001)


class Scenario:
    """Who does what on a day; days are counted backwards from the last one, which is 0."""

    def __init__(
        self,
        chance: random.Random,
        visitors: Visitors,
        people: Sequence[Person],
        ending: date,
    ) -> None:
        enabled = [person for person in people if person.is_enabled]
        members = [person for person in enabled if person.kind is PersonKind.MEMBER]
        self._chance = chance
        self._visitors = visitors
        self._ending = ending
        self._enabled = enabled
        self._agents = members[:20]
        self._vendor_users = members[20:24]
        self._desk_users = members[24:30]
        self._remembered = members[30]
        self._federated = [person for person in enabled if person.kind is PersonKind.FEDERATED]
        self._guests = [person for person in enabled if person.kind is PersonKind.GUEST]
        self._services = [person for person in enabled if person.kind is PersonKind.SERVICE]
        self._emergency = next(
            person for person in enabled if person.kind is PersonKind.BREAK_GLASS
        )

    def tell(self, days_before: int) -> None:
        """Everything that happens on one day."""
        day = self._ending - timedelta(days=days_before)
        is_weekend = day.weekday() >= _SATURDAY
        self._portal(day, days_before, visits=1 if is_weekend else 3)
        self._vendor(day, days_before)
        self._script(day, days_before)
        self._desk(day, visits=1 if is_weekend else 4)
        self._oddities(day, days_before)
        self._noise(day, rows=1 if is_weekend else 3)

    def _portal(self, day: date, days_before: int, visits: int) -> None:
        for number, agent in enumerate(self._agents):
            if number % 5 < _WEAK_OF_FIVE and days_before >= self._mfa_since(number):
                proof = Proofs.PASSWORD
            elif number % 3 == 0:
                proof = Proofs.MFA_BY_STRONG_METHOD
            else:
                proof = self._chance.choice((Proofs.MFA_COMPLETED, Proofs.MFA_BY_CLAIM))
            door = self._chance.choice((_PORTAL, _PORTAL, _PORTAL_ITSELF, _PORTAL_TOO))
            for _ in range(self._chance.randint(0, visits)):
                self._come(agent, door, day, proof, followers=self._chance.randint(0, 3))

    @staticmethod
    def _mfa_since(number: int) -> int:
        """How many days before the end an agent without MFA registers: one after the other."""
        return BAD_DAY - 1 - number // 2

    def _vendor(self, day: date, days_before: int) -> None:
        """Four users' refresh tokens, redeemed all day; lost claims come back user by user."""
        for number, user in enumerate(self._vendor_users):
            repaired = BAD_DAY - 2 * (number + 1)
            is_lost = repaired < days_before <= BAD_DAY
            is_weak = number == len(self._vendor_users) - 1
            if is_lost or is_weak:
                at = self._at(day, hours=(0, 1))
                self._visitors.visit(user, _VENDOR, at, Proofs.PASSWORD, followers=16)
                continue
            for _ in range(24):
                self._visitors.redeem(user, _VENDOR, self._at(day), Proofs.MFA_BY_CLAIM_SILENTLY)

    def _script(self, day: date, days_before: int) -> None:
        """The price script: a service account with a password, and more and more app-only calls."""
        with_user = min(12, 2 + days_before // 2)
        at = self._at(day, hours=(2, 3))
        self._visitors.visit(self._services[0], _SCRIPT, at, Proofs.PASSWORD, followers=with_user)
        for number in range(48 - 2 * with_user):
            error_code = 7000222 if number == 0 and days_before == BAD_DAY else 0
            self._visitors.run(_SCRIPT, self._at(day), error_code=error_code)
        self._visitors.run(_EXPORT, self._at(day, hours=(4, 5)), event=MANAGED_IDENTITY)

    def _desk(self, day: date, visits: int) -> None:
        for user in self._desk_users:
            for _ in range(visits):
                proof = self._chance.choice(_DESK_PROOFS)
                if proof is Proofs.MFA_BY_CLAIM_SILENTLY:
                    self._visitors.redeem(user, _DESK, self._at(day), proof)
                else:
                    self._come(user, _DESK, day, proof, followers=1)
        loner = self._chance.choice(self._desk_users)
        self._visitors.redeem(loner, _DESK, self._at(day), Proofs.NOTHING)

    def _oddities(self, day: date, days_before: int) -> None:
        self._come(self._remembered, _PORTAL, day, Proofs.REMEMBERED, followers=2)
        for person in self._federated[:2]:
            self._come(person, _PORTAL, day, Proofs.FEDERATED, followers=1)
        self._come(self._federated[2], _PORTAL, day, Proofs.MFA_BY_PROVIDER, followers=1)
        guest = self._guests[days_before % len(self._guests)]
        is_weak = guest is self._guests[0] and days_before >= BAD_DAY // 2
        proof = Proofs.PASSWORD if is_weak else Proofs.MFA_COMPLETED
        self._come(guest, _PORTAL, day, proof)
        for code in _REFUSALS:
            door = self._chance.choice((_PORTAL, _VENDOR, _DESK))
            self._visitors.fail(self._chance.choice(self._enabled), door, self._at(day), code)
        if days_before == BAD_DAY // 2 - 1:
            self._come(self._emergency, _PORTAL, day, Proofs.PASSWORD)
        self._at_the_edges_of_the_day(day)

    def _at_the_edges_of_the_day(self, day: date) -> None:
        """A token on the stroke of midnight, and a visit that lasts into the next day."""
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        worker = self._desk_users[0]
        self._visitors.redeem(worker, _DESK, midnight, Proofs.MFA_BY_CLAIM_SILENTLY)
        late = midnight + timedelta(hours=23, minutes=self._chance.randint(0, 59))
        self._visitors.visit(self._desk_users[1], _DESK, late, Proofs.MFA_COMPLETED, followers=4)

    def _noise(self, day: date, rows: int) -> None:
        for person in self._enabled:
            for _ in range(self._chance.randint(0, rows)):
                application, resource = self._chance.choice(apps.NOISE)
                proof = self._chance.choice((Proofs.MFA_BY_CLAIM, Proofs.PASSWORD))
                self._come(person, Door(application, resource, ""), day, proof)

    def _come(
        self, person: Person, door: Door, day: date, proof: Proofs, *, followers: int = 0
    ) -> None:
        self._visitors.visit(person, door, self._at(day), proof, followers=followers)

    def _at(self, day: date, hours: tuple[int, int] = (6, 20)) -> datetime:
        """Some instant of a day, early enough for a visit to end on the same day."""
        first, last = hours
        seconds = self._chance.randint(first * 3600, last * 3600)
        start = datetime.combine(day, time(), tzinfo=UTC)
        return start + timedelta(seconds=seconds, microseconds=self._chance.randrange(1, 999_999))
