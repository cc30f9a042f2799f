"""The verdict table, row by row. Sources: the fact sheet's 3.3 to 3.7, which name theirs."""

from __future__ import annotations

import pytest

from shared.mfa.sign_in import Evidence, Requirement, SignInEventType
from shared.mfa.verdict import Verdict, judge
from tests.sign_ins import portal_sign_in

#: (what the row of the table says, where that is documented, what the record shows, the verdict)
TABLE = [
    (
        "row 1: an application on its own has no MFA to ask for",
        "Partner Center status report, example 3: App-only is left out",
        {"event": SignInEventType.SERVICE_PRINCIPAL},
        Verdict.APP_ONLY,
    ),
    (
        "row 1: nor has a managed identity",
        "Graph beta signIn, signInEventTypes",
        {"event": SignInEventType.MANAGED_IDENTITY},
        Verdict.APP_ONLY,
    ),
    (
        "row 1 before row 2: app-only counts failed sign-ins too",
        "ruling: failed ones too",
        {"event": SignInEventType.SERVICE_PRINCIPAL, "error_code": 7000215},
        Verdict.APP_ONLY,
    ),
    (
        "no error code anywhere: nothing is known of its end, so nothing is decided",
        "ruling: no error code anywhere: undecided",
        {"error_code": None, "details": Evidence.SATISFIED},
        None,
    ),
    (
        "row 2: an interrupt for MFA is not a request yet",
        "Entra error 50074, 50076, 50079",
        {"error_code": 50074},
        Verdict.NOT_COMPLETED,
    ),
    (
        "row 2 before row 5: one sign-in of the public capture says 90072 and multi-factor",
        "microsoft/msticpy aad_logons",
        {"error_code": 90072, "requirement": Requirement.MULTI},
        Verdict.NOT_COMPLETED,
    ),
    (
        "row 3: single factor with the claim in the token is MFA (24 of 45 in the public capture)",
        "microsoft/msticpy aad_logons; entra-docs howto-mfa-reporting",
        {"details": Evidence.SATISFIED},
        Verdict.VERIFIED,
    ),
    (
        "row 3: a step that says so is enough",
        "entra-docs howto-mfa-reporting",
        {"steps": Evidence.SATISFIED},
        Verdict.VERIFIED,
    ),
    (
        "row 3 before row 4: satisfied wins over skipped",
        "table order",
        {"details": Evidence.SKIPPED, "steps": Evidence.SATISFIED},
        Verdict.VERIFIED,
    ),
    (
        "row 4: a remembered device skips MFA, which proves no claim",
        "entra-docs howto-mfa-reporting, 'skipped due to remembered device'",
        {"details": Evidence.SKIPPED},
        Verdict.EXEMPTED,
    ),
    (
        "row 4 before row 5: a skip counts even where MFA was demanded",
        "table order",
        {"details": Evidence.SKIPPED, "requirement": Requirement.MULTI},
        Verdict.EXEMPTED,
    ),
    (
        "row 5: MFA was demanded and the sign-in succeeded",
        "Graph beta signIn, authenticationRequirement",
        {"requirement": Requirement.MULTI},
        Verdict.VERIFIED,
    ),
    (
        "row 6: a policy that accepts MFA alone was satisfied",
        "Graph appliedConditionalAccessPolicy, result success",
        {"policies": Evidence.SATISFIED},
        Verdict.VERIFIED,
    ),
    (
        "row 7: interactive, single factor, with its steps: no MFA",
        "Graph beta signIn",
        {},
        Verdict.NOT_VERIFIED,
    ),
    (
        "row 7 needs the steps: they arrive late",
        "ruling: an empty step list is undecided; entra-docs reports-faq, up to two hours",
        {"steps": Evidence.NOT_GIVEN},
        None,
    ),
    (
        "row 8: non-interactive single factor is undecided whatever its steps",
        "SEKOIA sign-in_activity6: PRT, single factor, claim satisfied",
        {"event": SignInEventType.NON_INTERACTIVE},
        None,
    ),
    (
        "row 8: an empty requirement is undecided",
        "first copies in microsoft/msticpy aad_logons; all of v1.0",
        {"requirement": Requirement.NOT_GIVEN},
        None,
    ),
    (
        "a requirement nobody has heard of decides nothing",
        "Graph enums grow",
        {"requirement": Requirement.OTHER},
        None,
    ),
    (
        "a sign-in whose kind is not told cannot be held against MFA",
        "ruling: event type",
        {"event": SignInEventType.NOT_GIVEN},
        None,
    ),
]


@pytest.mark.parametrize(
    ("shows", "verdict"), [row[2:] for row in TABLE], ids=[f"{row[0]} ({row[1]})" for row in TABLE]
)
def test_the_first_row_that_matches_decides(shows, verdict):
    assert judge(portal_sign_in(**shows)) is verdict
