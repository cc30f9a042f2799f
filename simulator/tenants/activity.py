"""The sign-ins that the simulated users and programs make, and the verdict on each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.tenants.expected import ExpectedSignIn
from simulator.tenants.people import make_guid
from simulator.tenants.rows import (
    INTERACTIVE,
    NON_INTERACTIVE,
    SERVICE_PRINCIPAL,
    Attempt,
    Proofs,
    RowWriter,
)

if TYPE_CHECKING:
    import random
    from datetime import date, datetime

    from simulator.tenants.applications import SignInTarget
    from simulator.tenants.people import Person

#: The verdict on a sign-in with this proof, in the words of the report.
_VERDICTS = {
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
_MFA_REQUIRED = 50074  #: error code of the interrupt that asks for the second factor


class Activity:
    """Lets users and programs sign in, and collects what happened."""

    def __init__(self, rng: random.Random, writer: RowWriter) -> None:
        self.sign_ins: list[ExpectedSignIn] = []
        self._rng = rng
        self._writer = writer

    def sign_in(
        self,
        person: Person,
        target: SignInTarget,
        at: datetime,
        proof: Proofs,
        *,
        followers: int = 0,
    ) -> None:
        """
        An interactive sign-in, and silent ones of the same session within the next two hours.

        One in eight is interrupted first. One in five has a last silent sign-in that shares only
        its correlation id, not its session.
        """
        first = Attempt(at, person, target, INTERACTIVE, proof, self._guid(), self._guid())
        if self._rng.random() < 1 / 8:
            self._interrupt(first)
        self._add(first, _VERDICTS[proof])
        for remaining in reversed(range(followers)):
            follower = self._follower(first)
            if remaining == 0:
                has_no_session = self._rng.random() < 1 / 5
                follower = replace(
                    follower,
                    session_id=None if has_no_session else first.session_id,
                    correlation_id=first.correlation_id,
                )
            self._add(follower, _VERDICTS[proof], inherits_from=at.date())

    def redeem_token(
        self, person: Person, target: SignInTarget, at: datetime, proof: Proofs
    ) -> None:
        """A refresh token exchanged for an access token, without user interaction."""
        attempt = Attempt(at, person, target, NON_INTERACTIVE, proof, self._guid(), self._guid())
        self._add(attempt, _VERDICTS[proof])

    def fail(self, person: Person, target: SignInTarget, at: datetime, error_code: int) -> None:
        """A sign-in that was interrupted or refused."""
        attempt = Attempt(at, person, target, INTERACTIVE, Proofs.PASSWORD, None, self._guid())
        self._add(replace(attempt, error_code=error_code), "not_completed")

    def record(self, attempt: Attempt) -> None:
        """One interactive sign-in, exactly as it is given."""
        self._add(attempt, _VERDICTS[attempt.proof])

    def run_program(
        self,
        target: SignInTarget,
        at: datetime,
        event: str = SERVICE_PRINCIPAL,
        error_code: int = 0,
    ) -> None:
        """An application that signs in as itself."""
        row = self._writer.write_app_only(at, target, event, error_code)
        self.sign_ins.append(ExpectedSignIn(at, row, target.channel, "app_only"))

    def _interrupt(self, first: Attempt) -> None:
        before = replace(
            first,
            at=first.at - timedelta(seconds=40),
            proof=Proofs.PASSWORD,
            error_code=_MFA_REQUIRED,
        )
        self._add(before, "not_completed")

    def _follower(self, first: Attempt) -> Attempt:
        return replace(
            first,
            at=first.at + timedelta(seconds=self._rng.randint(60, 7200)),
            event=NON_INTERACTIVE,
            proof=Proofs.NOTHING,
            correlation_id=self._guid(),
        )

    def _add(self, attempt: Attempt, verdict: str, inherits_from: date | None = None) -> None:
        row, channel = self._writer.write(attempt), attempt.target.channel
        self.sign_ins.append(ExpectedSignIn(attempt.at, row, channel, verdict, inherits_from))

    def _guid(self) -> str:
        return make_guid(self._rng)
