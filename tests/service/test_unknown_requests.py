"""What findings get to know of a window's unknown requests."""

from __future__ import annotations

from shared.mfa.sign_in import Evidence, Requirement
from shared.service.directory_snapshot import requests_of
from tests.delivery.making import UNKNOWN, VERIFIED, api, assessment, portal, user


def test_unknown_requests_are_counted_by_application_and_by_portal_user() -> None:
    judged = assessment(
        *(api(**UNKNOWN, **user("B")) for _ in range(3)),
        api(**VERIFIED),
        portal(**UNKNOWN, **user("C")),
    )

    found = requests_of(judged)

    assert found.unknown_applications == {"Control Panel": 3}
    assert found.unknown_users == {user("C")["user_id"]: 1}
    assert found.cannot_show == 0


def test_requests_whose_records_cannot_show_a_single_factor_are_counted() -> None:
    text_only = {"requirement": Requirement.NOT_GIVEN, "steps": Evidence.NOT_GIVEN}

    found = requests_of(assessment(portal(**{**VERIFIED, **text_only}), portal(**VERIFIED)))

    assert found.cannot_show == 1
