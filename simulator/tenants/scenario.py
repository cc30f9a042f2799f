"""
Thirty days at the simulated partner, so that the trend shows something.

Up to 13 days before the end, a vendor's control panel passes on the MFA claim for three of its four
users, and two of five portal users sign in with a password alone. On day 12 an update of the panel
loses the claim for everybody. After that things improve a little every day: the vendor fixes one
user after the other, portal users register for MFA, and the price script moves from a service
account to an app-only token. Remaining at the end: one vendor user, a federated domain without the
claim, a service account, a remembered device, and one use of an emergency account.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from simulator.tenants import applications as apps
from simulator.tenants.applications import SignInTarget
from simulator.tenants.people import PersonKind
from simulator.tenants.rows import MANAGED_IDENTITY, Proofs

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from simulator.tenants.activity import Activity
    from simulator.tenants.people import Person

DAYS = 30
BAD_DAY = 12  #: days before the end on which the vendor's update loses the claim
_SATURDAY = 5
_WITHOUT_MFA_OF_FIVE = 2  #: portal users who start without MFA

_PORTAL = SignInTarget(apps.PORTAL, apps.AZURE_MANAGEMENT, "portal")
_PORTAL_ITSELF = SignInTarget(apps.PORTAL, apps.PARTNER_CENTER, "portal")
_OTHER_PORTAL = SignInTarget(apps.OTHER_PORTAL, apps.MICROSOFT_GRAPH, "portal")
_VENDOR = SignInTarget(apps.VENDOR, apps.PARTNER_CENTER, "api")
_LICENSE_DESK = SignInTarget(apps.LICENSE_DESK, apps.PARTNER_CENTER, "api")
_SCRIPT = SignInTarget(apps.PRICE_SYNC, apps.PARTNER_CENTER, "api")
_EXPORT = SignInTarget(apps.INVOICE_EXPORT, apps.PARTNER_CENTER, "api")

_LICENSE_DESK_PROOFS = (
    Proofs.MFA_BY_CLAIM_SILENTLY,
    Proofs.MFA_BY_STRONG_METHOD,
    Proofs.MFA_COMPLETED,
    Proofs.MFA_BY_POLICY,
)
_REFUSALS = (50076, 50126, 53003, 65001)


class Scenario:
    """Who does what on which day; days count backwards from the last one, which is 0."""

    def __init__(
        self,
        rng: random.Random,
        activity: Activity,
        people: Sequence[Person],
        ending: date,
    ) -> None:
        enabled = [person for person in people if person.is_enabled]
        members = [person for person in enabled if person.kind is PersonKind.MEMBER]
        self._rng = rng
        self._activity = activity
        self._ending = ending
        self._enabled = enabled
        self._agents = members[:20]
        self._vendor_users = members[20:24]
        self._license_desk_users = members[24:30]
        self._remembered = members[30]
        self._federated = [person for person in enabled if person.kind is PersonKind.FEDERATED]
        self._guests = [person for person in enabled if person.kind is PersonKind.GUEST]
        self._services = [person for person in enabled if person.kind is PersonKind.SERVICE]
        self._emergency = next(
            person for person in enabled if person.kind is PersonKind.BREAK_GLASS
        )

    def play_day(self, days_before: int) -> None:
        """Make everything happen that happens on one day."""
        day = self._ending - timedelta(days=days_before)
        is_weekend = day.weekday() >= _SATURDAY
        self._portal(day, days_before, visits=1 if is_weekend else 3)
        self._vendor(day, days_before)
        self._script(day, days_before)
        self._license_desk(day, visits=1 if is_weekend else 4)
        self._special_cases(day, days_before)
        self._noise(day, rows=1 if is_weekend else 3)

    def _portal(self, day: date, days_before: int, visits: int) -> None:
        for number, agent in enumerate(self._agents):
            if number % 5 < _WITHOUT_MFA_OF_FIVE and days_before >= self._mfa_since(number):
                proof = Proofs.PASSWORD
            elif number % 3 == 0:
                proof = Proofs.MFA_BY_STRONG_METHOD
            else:
                proof = self._rng.choice((Proofs.MFA_COMPLETED, Proofs.MFA_BY_CLAIM))
            target = self._rng.choice((_PORTAL, _PORTAL, _PORTAL_ITSELF, _OTHER_PORTAL))
            for _ in range(self._rng.randint(0, visits)):
                self._sign_in(agent, target, day, proof, followers=self._rng.randint(0, 3))

    @staticmethod
    def _mfa_since(number: int) -> int:
        """How many days before the end an agent without MFA registers, one after the other."""
        return BAD_DAY - 1 - number // 2

    def _vendor(self, day: date, days_before: int) -> None:
        """Four users' refresh tokens, redeemed all day; lost claims return user by user."""
        for number, user in enumerate(self._vendor_users):
            repaired = BAD_DAY - 2 * (number + 1)
            is_lost = repaired < days_before <= BAD_DAY
            is_without_mfa = number == len(self._vendor_users) - 1
            if is_lost or is_without_mfa:
                at = self._at(day, hours=(0, 1))
                self._activity.sign_in(user, _VENDOR, at, Proofs.PASSWORD, followers=16)
                continue
            for _ in range(24):
                self._activity.redeem_token(
                    user, _VENDOR, self._at(day), Proofs.MFA_BY_CLAIM_SILENTLY
                )

    def _script(self, day: date, days_before: int) -> None:
        """The price script: a service account with a password, and more and more app-only calls."""
        with_user = min(12, 2 + days_before // 2)
        at = self._at(day, hours=(2, 3))
        self._activity.sign_in(self._services[0], _SCRIPT, at, Proofs.PASSWORD, followers=with_user)
        for number in range(48 - 2 * with_user):
            error_code = 7000222 if number == 0 and days_before == BAD_DAY else 0
            self._activity.run_program(_SCRIPT, self._at(day), error_code=error_code)
        self._activity.run_program(_EXPORT, self._at(day, hours=(4, 5)), event=MANAGED_IDENTITY)

    def _license_desk(self, day: date, visits: int) -> None:
        for user in self._license_desk_users:
            for _ in range(visits):
                proof = self._rng.choice(_LICENSE_DESK_PROOFS)
                if proof is Proofs.MFA_BY_CLAIM_SILENTLY:
                    self._activity.redeem_token(user, _LICENSE_DESK, self._at(day), proof)
                else:
                    self._sign_in(user, _LICENSE_DESK, day, proof, followers=1)
        user_without_evidence = self._rng.choice(self._license_desk_users)
        self._activity.redeem_token(
            user_without_evidence, _LICENSE_DESK, self._at(day), Proofs.NOTHING
        )

    def _special_cases(self, day: date, days_before: int) -> None:
        self._sign_in(self._remembered, _PORTAL, day, Proofs.REMEMBERED, followers=2)
        for person in self._federated[:2]:
            self._sign_in(person, _PORTAL, day, Proofs.FEDERATED, followers=1)
        self._sign_in(self._federated[2], _PORTAL, day, Proofs.MFA_BY_PROVIDER, followers=1)
        guest = self._guests[days_before % len(self._guests)]
        is_without_mfa = guest is self._guests[0] and days_before >= BAD_DAY // 2
        proof = Proofs.PASSWORD if is_without_mfa else Proofs.MFA_COMPLETED
        self._sign_in(guest, _PORTAL, day, proof)
        for code in _REFUSALS:
            target = self._rng.choice((_PORTAL, _VENDOR, _LICENSE_DESK))
            self._activity.fail(self._rng.choice(self._enabled), target, self._at(day), code)
        if days_before == BAD_DAY // 2 - 1:
            self._sign_in(self._emergency, _PORTAL, day, Proofs.PASSWORD)
        self._at_the_edges_of_the_day(day)

    def _at_the_edges_of_the_day(self, day: date) -> None:
        """A token exactly at midnight, and a session that lasts into the next day."""
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        worker = self._license_desk_users[0]
        self._activity.redeem_token(worker, _LICENSE_DESK, midnight, Proofs.MFA_BY_CLAIM_SILENTLY)
        late = midnight + timedelta(hours=23, minutes=self._rng.randint(0, 59))
        self._activity.sign_in(
            self._license_desk_users[1], _LICENSE_DESK, late, Proofs.MFA_COMPLETED, followers=4
        )

    def _noise(self, day: date, rows: int) -> None:
        for person in self._enabled:
            for _ in range(self._rng.randint(0, rows)):
                application, resource = self._rng.choice(apps.NOISE)
                proof = self._rng.choice((Proofs.MFA_BY_CLAIM, Proofs.PASSWORD))
                self._sign_in(person, SignInTarget(application, resource, ""), day, proof)

    def _sign_in(
        self, person: Person, target: SignInTarget, day: date, proof: Proofs, *, followers: int = 0
    ) -> None:
        self._activity.sign_in(person, target, self._at(day), proof, followers=followers)

    def _at(self, day: date, hours: tuple[int, int] = (6, 20)) -> datetime:
        """An instant of a day, early enough for a session to end on the same day."""
        first, last = hours
        seconds = self._rng.randint(first * 3600, last * 3600)
        start = datetime.combine(day, time(), tzinfo=UTC)
        return start + timedelta(seconds=seconds, microseconds=self._rng.randrange(1, 999_999))
