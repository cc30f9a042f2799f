"""Sign-ins for tests: a plain interactive portal sign-in, and variations of it."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import strategies as st

from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType

PORTAL = "4990cffe-04e8-4e8b-808a-1175604b879f"
API = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
VENDOR = "aaaaaaaa-0000-4000-8000-00000000000a"

_numbers = count(1)


def portal_sign_in(**changes: Any) -> SignIn:
    """Ann opens the portal in a browser with only a password: not verified."""
    plain: dict[str, Any] = {
        "created_at": "2026-11-20T09:00:00.0000000Z",
        "id": f"id-{next(_numbers)}",
        "event": SignInEventType.INTERACTIVE,
        "error_code": 0,
        "requirement": Requirement.SINGLE,
        "steps": Evidence.SILENT,
        "user_id": "ann",
        "upn": "ann@contoso.example",
        "app_id": PORTAL,
        "app_name": "Microsoft Partner",
        "resource_name": "Partner Center",
    }
    return SignIn(**(plain | changes))


def api_sign_in(**changes: Any) -> SignIn:
    """The vendor's application calls Partner Center's API on Ann's behalf, without evidence."""
    plain: dict[str, Any] = {
        "event": SignInEventType.NON_INTERACTIVE,
        "app_id": VENDOR,
        "app_name": "Control Panel",
        "resource_id": API,
        "steps": Evidence.NOT_GIVEN,
    }
    return portal_sign_in(**(plain | changes))


def at(day: int, hour: int = 9) -> str:
    """An instant in November 2026, in the format of sign-ins."""
    return f"2026-11-{day:02}T{hour:02}:00:00.0000000Z"


_ids = st.sampled_from([f"id-{n}" for n in range(8)])


def any_sign_in() -> st.SearchStrategy[SignIn]:
    """Sign-ins from few values, so that ids, users, sessions and instants often collide."""
    return st.builds(
        SignIn,
        created_at=st.builds(at, st.integers(17, 23), st.integers(0, 3)),
        id=_ids,
        received_at=st.sampled_from(["", at(20), at(21)]),
        sequence=st.integers(0, 5),
        event=st.sampled_from(SignInEventType),
        error_code=st.sampled_from([None, 0, 0, 0, 50074]),
        requirement=st.sampled_from(Requirement),
        details=st.sampled_from(Evidence),
        steps=st.sampled_from(Evidence),
        policies=st.sampled_from([Evidence.NOT_GIVEN, Evidence.SILENT, Evidence.SATISFIED]),
        user_id=st.sampled_from(["ann", "bob", ""]),
        upn=st.sampled_from(["ann@contoso.example", ""]),
        app_id=st.sampled_from([PORTAL, VENDOR]),
        app_name=st.sampled_from(["", "Control Panel", "Panel"]),
        resource_id=st.sampled_from([API, API, "other"]),
        correlation_id=st.sampled_from(["", "c1", "c2"]),
        session_id=st.sampled_from(["", "s1", "s2"]),
    )
