"""The first step in the head of page, mail and card."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.delivery.mail.content import render_mail
from shared.delivery.page.report_page import render_page
from shared.delivery.teams.card import render_card
from shared.delivery.text.findings import request_gains
from shared.delivery.text.first_step import first_step_words
from shared.delivery.text.formatting import NBSP
from shared.mfa.findings.first_step import FirstStep, StepKind
from shared.mfa.metrics import AccountMetrics
from tests.delivery.making import (
    DAYS,
    NOT_VERIFIED,
    finding,
    portal,
    report,
    worked_api,
    worked_portal,
)
from tests.mfa.test_first_step import gain

ALL_ENFORCED = AccountMetrics(2, 0, 2, 0, 0, 0, 1.0, 1.0)
PLACE = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/RolesManagementMenuBlade/~/AllRoles"


def step(**changes: Any) -> FirstStep:
    plain = FirstStep(
        kind=StepKind.GAIN,
        finding="accounts-excluded",
        number=1,
        title="Accounts are excluded",
        remedy="Remove these exclusions. There are no exceptions.",
        role="Conditional Access Administrator",
        href=PLACE,
        figure="portal",
        gained=8,
        share=0.2,
        share_after=1.0,
        points=0.8,
    )
    return msgspec.structs.replace(plain, **changes)


def with_step(first: FirstStep | None, *sign_ins: Any, **given: Any) -> Any:
    made = report(*(sign_ins or (*worked_portal(), *worked_api())), **given)
    return msgspec.structs.replace(made, first_step=first, findings=[finding()])


def words(first: FirstStep | None, *sign_ins: Any, **given: Any) -> Any:
    return first_step_words(with_step(first, *sign_ins, **given))


def test_the_step_says_what_it_gains_where_and_for_whom() -> None:
    found = words(step())

    assert found.heading == "Fix this first"
    assert found.remedy == "Remove these exclusions."
    assert found.gain == (
        f"Portal requests with MFA: from 20{NBSP}% to 100{NBSP}% (+80{NBSP}points, "
        "8 portal requests)."
    )
    assert (found.role, found.href) == ("Conditional Access Administrator", PLACE)


def test_while_the_figure_is_unknown_only_the_number_is_said() -> None:
    found = words(step(share=None, share_after=None, points=None))

    assert found.gain == (
        "Of those read, 8 portal requests would have MFA; the figure itself is unknown."
    )


def test_what_was_not_read_is_cleared_up_without_a_promise() -> None:
    found = words(step(kind=StepKind.READ))

    assert found.heading == "Clear this up first"
    assert found.gain == "It raises no figure by itself, but more of it will be known."


NONE = FirstStep(kind=StepKind.NONE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"accounts": AccountMetrics(2, 0, 1, 0, 1, 0, 0.5, 0.5)}, "No step is known that would"),
        ({"missing": {DAYS[0]: "It was not read."}}, "No step is known yet: days or logs"),
        ({}, "No step is known: the directory was not read"),
    ],
)
def test_if_no_step_is_known_the_reason_is_said(given: dict[str, Any], said: str) -> None:
    assert words(NONE, portal(DAYS[1], **NOT_VERIFIED), **given).gain.startswith(said)


def test_that_there_is_nothing_to_do_is_said_only_at_100_percent() -> None:
    verified = [made for made in (*worked_portal(), *worked_api()) if made.details == "satisfied"]

    assert words(NONE, *verified, accounts=ALL_ENFORCED).gain == (
        f"There is nothing to do: all three figures are at 100{NBSP}%."
    )
    assert "nothing to do" not in words(NONE, accounts=ALL_ENFORCED).gain


def test_a_report_of_a_release_without_first_steps_shows_none() -> None:
    assert words(None) is None
    assert "first-step" not in render_page(with_step(None))


def test_page_mail_and_card_have_it_in_their_head() -> None:
    made = with_step(step())
    page, mail = render_page(made), render_mail(made, None, None)
    card = msgspec.json.decode(render_card(made, None, None))["attachments"][0]["content"]

    assert page.index("Remove these exclusions.") < page.index("The three figures")
    assert mail.text.index("Fix this first: Accounts are excluded") < mail.text.index(
        "THE THREE FIGURES"
    )
    assert PLACE in mail.text
    assert f'href="{PLACE}"' in mail.html
    assert mail.html.index("Remove these exclusions.") < mail.html.index("The three figures")
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open the first step in Entra", "url": PLACE}
    ]
    assert "Fix this first: Accounts are excluded" in str(card["body"])


def test_a_link_that_is_not_safe_is_not_shown() -> None:
    made = with_step(step(href="javascript:alert(1)"))

    assert words(made.first_step).href == ""
    assert "javascript" not in render_page(made) + render_mail(made, None, None).html
    assert b"javascript" not in render_card(made, None, None)


def test_a_finding_says_what_it_gains_for_portal_and_api() -> None:
    found = finding(
        gains={
            "accounts": gain(),
            "portal": gain(gain_after_those_above=1),
            "api": gain(share_if_app_only=0.95, is_least=True),
        }
    )

    after = f"90{NBSP}% of the requests would be made with MFA (+20{NBSP}points, 3 requests)."
    portal, api = request_gains(found)
    assert portal == f"Portal: {after} 1 of these are left after the findings above."
    assert api == (
        f"API or SDK: at least {after} Called app-only instead, they would leave the figure: "
        f"95{NBSP}% of the others are made with MFA."
    )
