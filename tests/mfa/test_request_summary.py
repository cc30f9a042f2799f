"""What findings get to know of a window's unknown requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.findings.request_summary import summary_of
from shared.mfa.sign_in import Evidence, Requirement
from tests.delivery.making import UNKNOWN, VERIFIED, api, assessment, portal, user

if TYPE_CHECKING:
    from shared.mfa.assessment import Assessment
    from shared.mfa.findings.request_summary import RequestSummary


def summary(judged: Assessment) -> RequestSummary:
    return summary_of(judged.requests, judged.metrics, judged.rule)


def test_unknown_requests_are_counted_by_application_and_by_portal_user() -> None:
    judged = assessment(
        *(api(**UNKNOWN, **user("B")) for _ in range(3)),
        api(**VERIFIED),
        portal(**UNKNOWN, **user("C")),
    )

    found = summary(judged)

    assert found.unknown_applications == {"Control Panel": 3}
    assert found.unknown_users == {user("C")["user_id"]: 1}
    assert found.cannot_show == 0


def test_requests_whose_records_cannot_show_a_single_factor_are_counted() -> None:
    text_only = {"requirement": Requirement.NOT_GIVEN, "steps": Evidence.NOT_GIVEN}

    found = summary(assessment(portal(**{**VERIFIED, **text_only}), portal(**VERIFIED)))

    assert found.cannot_show == 1
