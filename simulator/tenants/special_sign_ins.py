"""
Single sign-ins of the last days without MFA, each for a reason that the scenario does not have.

They have a random generator of their own, so that the scenario is the same with and without them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from simulator.tenants import applications as apps
from simulator.tenants.applications import SignInTarget
from simulator.tenants.applied import applied_policy, not_applied, satisfied
from simulator.tenants.people import make_guid
from simulator.tenants.rows import INTERACTIVE, Attempt, Proofs
from simulator.tenants.users import Staff

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from datetime import date

    from simulator.tenants.activity import Activity
    from simulator.tenants.people import Person
    from simulator.tenants.rows import Row

_PORTAL = SignInTarget(apps.PORTAL, apps.PARTNER_CENTER, "portal")


def play_special_sign_ins(
    rng: random.Random, activity: Activity, people: Sequence[Person], ending: date, policy_id: str
) -> None:
    """One sign-in each, on the day before the last; `policy_id` is of the policy for everybody."""
    morning = datetime.combine(ending - timedelta(days=1), time(8), tzinfo=UTC)
    for number, (person, policies) in enumerate(_whose(people, policy_id)):
        at = morning + timedelta(minutes=7 * number)
        ids = make_guid(rng), make_guid(rng)
        attempt = Attempt(at, person, _PORTAL, INTERACTIVE, Proofs.PASSWORD, *ids)
        is_agents = person is Staff(people).services[2]
        activity.record(replace(attempt, policies=policies, is_agents=is_agents))


def _whose(
    people: Sequence[Person], policy_id: str
) -> Iterator[tuple[Person, tuple[Row, ...] | None]]:
    """Who signs in, and what the record says of policies; `None`: by the general rules."""
    staff = Staff(people)
    others = staff.others
    excluded = applied_policy(policy_id, "Require MFA for all users", "groupId")
    yield others[0], (excluded, not_applied("Field sales: MFA in browsers", "clientType"))
    yield others[3], (excluded, satisfied("Third-party MFA", "ThirdPartyMfa"))
    yield (
        others[5],
        (excluded, satisfied("Operations: MFA or compliant device", "Mfa", "CompliantDevice")),
    )
    yield others[6], ()  # in rollout wave 3, which the policy for Azure alone is for
    yield staff.license_desk[4], ()  # MFA is enforced, and nothing says why it was not used
    yield staff.guests[1], None
    yield staff.services[2], None
