"""The simulated partner tenant: its people, and thirty days of its sign-in log."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.tenants.people import make_people
from simulator.tenants.rows import Proofs, Row, Writer, to_instant
from simulator.tenants.scenario import DAYS, Scenario
from simulator.tenants.visits import ExpectedSignIn, Visitors

if TYPE_CHECKING:
    from datetime import date, datetime

    from simulator.tenants.people import Person

TENANT_NAME = "Northwind Cloud Partners (simulated)"
TENANT_ID = "5e1c0de0-0000-4000-8000-000000000365"  #: of the demo; plainly made up
SEED = 365

_USUALLY_LOGGED_AFTER = timedelta(minutes=4)
_COPIED_AFTER = timedelta(minutes=95)  #: Entra aggregates MFA details "within two hours" (FAQ)
_LATE_AFTER = timedelta(hours=30)  #: past the run that first pulls the day


@dataclass(frozen=True, slots=True)
class Logged:
    """One copy of a row, and when the log has it."""

    instant: str  #: of the sign-in, with all seven digits: texts sort as the instants do
    row: Row
    logged_at: datetime


@dataclass(frozen=True, slots=True)
class SimulatedPartner:
    """Everything that is simulated of the tenant; equal for equal `seed` and `ending`."""

    ending: date
    people: tuple[Person, ...]
    told: tuple[ExpectedSignIn, ...]
    log: tuple[Logged, ...]  #: every copy of every row, oldest sign-in first
    tenant_id: str = TENANT_ID
    tenant_name: str = TENANT_NAME


def simulate_partner(ending: date, seed: int = SEED, days: int = DAYS) -> SimulatedPartner:
    """
    Make up the tenant and its sign-ins of the `days` up to and with `ending`.

    One row in twelve with evidence of its own has an earlier, incomplete copy, and one in fifty of
    the silent ones reaches the log only thirty hours after it happened.
    """
    chance = random.Random(f"{seed} {ending}")  # noqa: S311 (made-up data, to be repeatable)
    people = make_people(chance, TENANT_ID)
    writer = Writer(chance, TENANT_ID, TENANT_NAME)
    visitors = Visitors(chance, writer)
    story = Scenario(chance, visitors, people, ending)
    for days_before in reversed(range(days)):
        story.tell(days_before)
    told = tuple(_with_copies(chance, visitors.told))
    log = [logged for sign_in in told for logged in _logged(chance, sign_in)]
    log.sort(key=lambda logged: (logged.instant, logged.logged_at))
    return SimulatedPartner(ending, people, told, tuple(log))


def logged_by(partner: SimulatedPartner, instant: datetime) -> list[ExpectedSignIn]:
    """The sign-ins of which the log has a copy at an instant."""
    there = {logged.row["id"] for logged in partner.log if logged.logged_at <= instant}
    return [sign_in for sign_in in partner.told if sign_in.row["id"] in there]


def _with_copies(chance: random.Random, told: list[ExpectedSignIn]) -> list[ExpectedSignIn]:
    return [
        replace(sign_in, first_row=_incomplete(sign_in.row))
        if sign_in.has_own_evidence and chance.random() < 1 / 12
        else sign_in
        for sign_in in told
    ]


def _incomplete(row: Row) -> Row:
    proof = Proofs.INCOMPLETE.value
    return {
        **row,
        "authenticationRequirement": proof.requirement,
        "authenticationDetails": [],
        "appliedConditionalAccessPolicies": [],
        "status": {**row["status"], "additionalDetails": None},
    }


def _logged(chance: random.Random, told: ExpectedSignIn) -> list[Logged]:
    instant = to_instant(told.row["createdDateTime"])
    if told.first_row is not None:
        return [
            Logged(instant, told.first_row, told.at + _USUALLY_LOGGED_AFTER),
            Logged(instant, told.row, told.at + _COPIED_AFTER),
        ]
    is_late = _lives_alone(told) and chance.random() < 1 / 50
    logged_after = _LATE_AFTER if is_late else _USUALLY_LOGGED_AFTER
    return [Logged(instant, told.row, told.at + logged_after)]


def _lives_alone(told: ExpectedSignIn) -> bool:
    """Whether no other sign-in lives off it, so that its being late changes no other's meaning."""
    return told.has_own_evidence and not told.row["isInteractive"]
