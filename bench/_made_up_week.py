"""A made-up partner's week of Partner Center sign-ins, stored as a daily run would store it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.mfa.circumstances import PolicyTrace, PolicyTraces
from shared.mfa.rollup import Rollup
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.mfa.window import LedgerEntry, Slice, SliceState, window_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.mfa.accounts.directory import User
    from shared.stores.store import Store

ENDING = date(2026, 11, 23)
TENANT = "6f0a3c5e-7d21-4b8e-9c40-2a1b3c4d5e6f"
AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
SEED = 15
APPLICATIONS = 40
_PORTAL, _API = min(PORTAL_APP_IDS), min(PARTNER_CENTER_RESOURCE_IDS)
_SECONDS = 86_400

_KINDS = {
    "token_with_mfa": 58,
    "token_of_a_session": 28,
    "password_only": 4,
    "skipped": 3,
    "refused": 4,
    "application": 3,
}
_NON_INTERACTIVE: dict[str, Any] = {
    "event": SignInEventType.NON_INTERACTIVE,
    "requirement": Requirement.SINGLE,
}
_FIELDS: dict[str, dict[str, Any]] = {
    "token_with_mfa": _NON_INTERACTIVE | {"details": Evidence.SATISFIED},
    "token_of_a_session": _NON_INTERACTIVE,  # its session says whether there was MFA
    "password_only": {
        "event": SignInEventType.INTERACTIVE,
        "requirement": Requirement.SINGLE,
        "steps": Evidence.SILENT,
    },
    "skipped": {"event": SignInEventType.INTERACTIVE, "details": Evidence.SKIPPED},
    "refused": {"event": SignInEventType.INTERACTIVE, "error_code": 50074},
    "application": {"event": SignInEventType.SERVICE_PRINCIPAL},
}


class _Person(NamedTuple):
    user_id: str
    upn: str
    name: str
    addresses: Sequence[str]
    applications: Sequence[tuple[str, str]]


def store_week(store: Store, users: Sequence[User], requests: int) -> None:
    """Enter the seven days up to `ENDING` in a store: so many sign-ins of these users."""
    rng = Random(SEED)
    applications = [(guid(rng), f"Application {number}") for number in range(APPLICATIONS)]
    people = [_person(user, applications, rng) for user in users]
    for number, day in enumerate(window_days(ENDING)):
        rollup = Rollup(_sign_ins(day, people, requests // 7, Random(SEED + number)))
        made_at = f"{AT:%Y-%m-%dT%H:%M:%SZ}"
        slice_ = Slice(TENANT, day)
        entry = LedgerEntry(
            slice_, SliceState.COMPLETE, "graph", made_at, len(rollup), has_rollup=True
        )
        store.save_slice(entry, rollup)


def _person(user: User, applications: Sequence[tuple[str, str]], rng: Random) -> _Person:
    return _Person(
        user.id,
        user.user_principal_name or "",
        user.display_name or "",
        [f"203.0.{rng.randrange(256)}.{rng.randrange(256)}" for _ in range(3)],
        [(_PORTAL, "Microsoft Partner"), *rng.sample(applications, 3)],
    )


def _sign_ins(day: date, people: Sequence[_Person], count: int, rng: Random) -> Iterator[SignIn]:
    traces = [
        PolicyTraces.of([PolicyTrace(f"policy-{number}", f"Policy {number}", "notapplied", "mfa")])
        for number in range(20)
    ]
    kinds = rng.choices(list(_KINDS), list(_KINDS.values()), k=count)
    for number, kind in enumerate(kinds):
        person = people[rng.randrange(len(people))]
        app_id, app_name = person.applications[rng.randrange(4)]
        second = number * _SECONDS // count
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        yield SignIn(
            created_at=f"{day}T{clock}.{rng.randrange(10**7):07}Z",
            id=guid(rng),
            tenant_id=TENANT,
            user_id="" if kind == "application" else person.user_id,
            upn="" if kind == "application" else person.upn,
            user_name="" if kind == "application" else person.name,
            app_id=app_id,
            app_name=app_name,
            resource_id=_API,
            resource_name="Microsoft Partner Center",
            ip_address=person.addresses[rng.randrange(3)],
            correlation_id=guid(rng),
            session_id=f"{person.user_id[:23]}-{day:%m%d}{second // 21_600:08}",
            traces=traces[rng.randrange(20)] if kind == "password_only" else PolicyTraces(),
            **({"error_code": 0} | _FIELDS[kind]),
        )


def guid(rng: Random) -> str:
    """A random id."""
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
