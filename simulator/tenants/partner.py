"""The simulated partner tenant: its people, and thirty days of its sign-in log."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.tenants.activity import Activity
from simulator.tenants.people import make_people
from simulator.tenants.rows import Proofs, Row, RowWriter, to_instant
from simulator.tenants.scenario import DAYS, Scenario
from simulator.tenants.special_sign_ins import play_special_sign_ins

if TYPE_CHECKING:
    from datetime import date, datetime

    from simulator.tenants.expected import ExpectedSignIn
    from simulator.tenants.people import Person

TENANT_NAME = "Northwind Cloud Partners (simulated)"
TENANT_ID = "5e1c0de0-0000-4000-8000-000000000365"  #: of the demo; obviously made up
SEED = 365

_LOGGED_AFTER = timedelta(minutes=4)
_COMPLETED_AFTER = timedelta(minutes=95)  #: Entra aggregates MFA details "within two hours" (FAQ)
_LATE_AFTER = timedelta(hours=30)  #: after the run that first collects the day


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One copy of a row, and when it appears in the log."""

    instant: (
        str  #: of the sign-in, with all seven fractional digits, so that text order is time order
    )
    row: Row
    logged_at: datetime


@dataclass(frozen=True, slots=True)
class SimulatedPartner:
    """Everything simulated about the tenant; equal for equal `seed` and `ending`."""

    ending: date
    people: tuple[Person, ...]
    expected: tuple[ExpectedSignIn, ...]
    log: tuple[LogEntry, ...]  #: every copy of every row, oldest sign-in first
    tenant_id: str = TENANT_ID
    tenant_name: str = TENANT_NAME


def simulate_partner(ending: date, seed: int = SEED, days: int = DAYS) -> SimulatedPartner:
    """
    Make up the tenant and its sign-ins of the `days` up to and including `ending`.

    One row in twelve with evidence of its own has an earlier, incomplete copy. One in fifty of the
    silent ones reaches the log thirty hours after it happened.
    """
    rng = random.Random(f"{seed} {ending}")  # noqa: S311 (repeatable made-up data)
    people = make_people(rng, TENANT_ID)
    writer = RowWriter(rng, TENANT_ID, TENANT_NAME, people)
    activity = Activity(rng, writer)
    scenario = Scenario(rng, activity, people, ending)
    for days_before in reversed(range(days)):
        scenario.play_day(days_before)
    special = _special_sign_ins(people, ending, seed, writer.policy_id)
    expected = (*_with_first_copies(rng, activity.sign_ins), *special)
    log = [entry for sign_in in expected for entry in _log_entries(rng, sign_in)]
    log.sort(key=lambda entry: (entry.instant, entry.logged_at))
    return SimulatedPartner(ending, people, expected, tuple(log))


def _special_sign_ins(
    people: tuple[Person, ...], ending: date, seed: int, policy_id: str
) -> list[ExpectedSignIn]:
    rng = random.Random(f"special {seed} {ending}")  # noqa: S311 (repeatable made-up data)
    activity = Activity(rng, RowWriter(rng, TENANT_ID, TENANT_NAME, people, policy_id))
    play_special_sign_ins(rng, activity, people, ending, policy_id)
    return activity.sign_ins


def logged_by(partner: SimulatedPartner, instant: datetime) -> list[ExpectedSignIn]:
    """The sign-ins of which the log has a copy by an instant."""
    ids = {entry.row["id"] for entry in partner.log if entry.logged_at <= instant}
    return [sign_in for sign_in in partner.expected if sign_in.row["id"] in ids]


def _with_first_copies(rng: random.Random, sign_ins: list[ExpectedSignIn]) -> list[ExpectedSignIn]:
    return [
        replace(sign_in, first_row=_incomplete(sign_in.row))
        if sign_in.has_own_evidence and rng.random() < 1 / 12
        else sign_in
        for sign_in in sign_ins
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


def _log_entries(rng: random.Random, sign_in: ExpectedSignIn) -> list[LogEntry]:
    instant = to_instant(sign_in.row["createdDateTime"])
    if sign_in.first_row is not None:
        return [
            LogEntry(instant, sign_in.first_row, sign_in.at + _LOGGED_AFTER),
            LogEntry(instant, sign_in.row, sign_in.at + _COMPLETED_AFTER),
        ]
    is_late = _is_independent(sign_in) and rng.random() < 1 / 50
    logged_after = _LATE_AFTER if is_late else _LOGGED_AFTER
    return [LogEntry(instant, sign_in.row, sign_in.at + logged_after)]


def _is_independent(sign_in: ExpectedSignIn) -> bool:
    """Whether no other sign-in inherits from it: its late arrival then changes no other verdict."""
    return sign_in.has_own_evidence and not sign_in.row["isInteractive"]
