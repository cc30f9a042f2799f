"""Visits: one sign-in of a user and the silent ones that live off it, and what each is meant as."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.tenants.people import make_guid
from simulator.tenants.rows import (
    INTERACTIVE,
    NON_INTERACTIVE,
    SERVICE_PRINCIPAL,
    Attempt,
    Proofs,
    Row,
    Writer,
)

if TYPE_CHECKING:
    import random
    from datetime import date, datetime

    from simulator.tenants.applications import Door
    from simulator.tenants.people import Person

#: What a proof is meant to amount to, in the words of the report.
_MEANINGS = {
    Proofs.MFA_COMPLETED: "verified",
    Proofs.MFA_BY_STRONG_METHOD: "verified",
    Proofs.MFA_BY_CLAIM: "verified",
    Proofs.MFA_BY_CLAIM_SILENTLY: "verified",
    Proofs.MFA_BY_PROVIDER: "verified",
    Proofs.MFA_BY_POLICY: "verified",
    Proofs.PASSWORD: "not_verified",
    Proofs.FEDERATED: "not_verified",
    Proofs.REMEMBERED: "exempted",
    Proofs.NOTHING: "unknown",
}
_MFA_DEMANDED = 50074  #: the interrupt that asks for the second factor


@dataclass(frozen=True, slots=True)
class ExpectedSignIn:
    """A sign-in that happened, its row, and what whoever made it up meant it to be."""

    at: datetime
    row: Row
    channel: str  #: ``portal``, ``api``, or empty for what has nothing to do with Partner Center
    meant: str
    rests_on: date | None = None  #: for one without evidence, the day of the sign-in it lives off
    first_row: Row | None = None  #: the log's earlier, incomplete copy, where it wrote one

    @property
    def has_own_evidence(self) -> bool:
        """Whether it is told from its own row alone."""
        return self.rests_on is None and self.meant in ("verified", "not_verified", "exempted")


class Visitors:
    """Makes people and programs come and go, and keeps what the log is to say of it."""

    def __init__(self, chance: random.Random, writer: Writer) -> None:
        self.told: list[ExpectedSignIn] = []
        self._chance = chance
        self._writer = writer

    def visit(
        self, person: Person, door: Door, at: datetime, proof: Proofs, *, followers: int = 0
    ) -> None:
        """
        An interactive sign-in, and silent ones of the same session within the next two hours.

        One in eight visits is interrupted first, and the last silent sign-in of one in five is tied
        to the visit by its correlation id only.
        """
        first = Attempt(at, person, door, INTERACTIVE, proof, self._guid(), self._guid())
        if self._chance.random() < 1 / 8:
            self._interrupt(first)
        self._tell(first, _MEANINGS[proof])
        for number in reversed(range(followers)):
            follower = self._follower(first)
            if number == 0:
                is_loose = self._chance.random() < 1 / 5
                follower = replace(
                    follower,
                    session_id=None if is_loose else first.session_id,
                    correlation_id=first.correlation_id,
                )
            self._tell(follower, _MEANINGS[proof], rests_on=at.date())

    def redeem(self, person: Person, door: Door, at: datetime, proof: Proofs) -> None:
        """A refresh token turned into an access token, without anybody at the keyboard."""
        attempt = Attempt(at, person, door, NON_INTERACTIVE, proof, self._guid(), self._guid())
        self._tell(attempt, _MEANINGS[proof])

    def fail(self, person: Person, door: Door, at: datetime, error_code: int) -> None:
        """A sign-in that was interrupted or refused."""
        attempt = Attempt(at, person, door, INTERACTIVE, Proofs.PASSWORD, None, self._guid())
        self._tell(replace(attempt, error_code=error_code), "not_completed")

    def run(
        self, door: Door, at: datetime, event: str = SERVICE_PRINCIPAL, error_code: int = 0
    ) -> None:
        """A program that signs in as itself."""
        row = self._writer.write_app_only(at, door, event, error_code)
        self.told.append(ExpectedSignIn(at, row, door.channel, "app_only"))

    def _interrupt(self, first: Attempt) -> None:
        before = replace(
            first,
            at=first.at - timedelta(seconds=40),
            proof=Proofs.PASSWORD,
            error_code=_MFA_DEMANDED,
        )
        self._tell(before, "not_completed")

    def _follower(self, first: Attempt) -> Attempt:
        return replace(
            first,
            at=first.at + timedelta(seconds=self._chance.randint(60, 7200)),
            event=NON_INTERACTIVE,
            proof=Proofs.NOTHING,
            correlation_id=self._guid(),
        )

    def _tell(self, attempt: Attempt, meant: str, rests_on: date | None = None) -> None:
        row = self._writer.write(attempt)
        self.told.append(ExpectedSignIn(attempt.at, row, attempt.door.channel, meant, rests_on))

    def _guid(self) -> str:
        return make_guid(self._chance)
