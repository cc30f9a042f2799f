"""What changed, in words: in the page's head, on a terminal, in a card."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from shared.delivery.page.report_page import PageLinks, render_page
from shared.delivery.teams.card import render_card
from shared.delivery.text.changes import change_lines, figure_change, open_for
from shared.delivery.text.formatting import NBSP
from shared.delivery.text.summary import summarise
from shared.mfa.accounts.customer_counts import CustomerCounts
from shared.mfa.changes.account_changes import AccountChanges, FixedAccount
from shared.mfa.changes.changes import Changes, ReportChanges
from shared.mfa.changes.figure_changes import FigureChange, Incomparable
from tests.delivery.making import ENDING, finding, report

DAY, WEEK = ENDING - timedelta(days=1), ENDING - timedelta(days=7)


def figures(accounts, portal, api):
    return {"accounts": accounts, "portal": portal, "api": api}


def known(points, total=10, total_before=10):
    return FigureChange(0.5, 0.4, total, total_before, points)


def unknown(reason):
    return FigureChange(0.5, None, 10, None, None, reason)


def accounts(**counts):
    plain = {"fixed": 0, "new": 0, "still_open": 0, "gone": 0, "unclear": 0}
    names = [FixedAccount("ann", "ann@contoso.example")]
    return AccountChanges(**(plain | counts), new_accounts=[], fixed_accounts=names)


def changed(day, week=None):
    changes = ReportChanges(day, week or Changes(WEEK, reason=Incomparable.NO_REPORT))
    return msgspec.structs.replace(report(), changes=changes, findings=[finding()])


def lines_of(*found, **fields):
    made = changed(Changes(DAY, figures=figures(*found), **fields))
    return [line.replace(NBSP, " ") for line in change_lines(made)]


def test_a_line_says_what_changed_since_which_day() -> None:
    since_yesterday, since_last_week = lines_of(
        known(4.2), known(0.0), known(-0.3), accounts=accounts(fixed=2, new=1, still_open=23)
    )

    assert since_yesterday == (
        "Since 22 Nov: 2 accounts fixed, 1 new, 23 still open; accounts with MFA enforced "
        "+4.2 points; portal requests with MFA unchanged; API or SDK requests with MFA "
        "−0.3 points."
    )
    assert since_last_week == "Not compared with 16 Nov: there is no report of that day."


def test_figures_without_a_difference_say_why_and_no_number() -> None:
    partial = unknown(Incomparable.PARTIAL)

    line = lines_of(unknown(Incomparable.NOT_READ), partial, partial)[0]

    assert line == (
        "Since 22 Nov: accounts with MFA enforced not compared, because the directory of one of "
        "the days was not read; portal requests with MFA and API or SDK requests with MFA not "
        "compared, because days or logs are missing."
    )


@pytest.mark.parametrize("reason", Incomparable)
def test_every_reason_has_words(reason) -> None:
    assert "not compared, because" in lines_of(*[unknown(reason)] * 3)[0]


def test_another_denominator_source_and_what_is_unclear_are_said() -> None:
    line = lines_of(
        known(1.0, 104, 100),
        known(1.0, 200, 5000),
        known(1.0, 200, 190),
        accounts=accounts(fixed=1, gone=2, unclear=3),
        is_other_source=True,
    )[0]

    assert "1 account fixed, 0 new, 0 still open, 2 disabled or deleted, 3 not known" in line
    assert "accounts with MFA enforced +1 point (of 104 now, of 100 before)" in line
    assert "portal requests with MFA +1 point (of 200 now, of 5,000 before)" in line
    assert "API or SDK requests with MFA +1 point;" in line
    assert line.endswith("the two reports were made from different sources.")


def test_the_same_line_stands_on_page_terminal_and_card_which_names_nobody() -> None:
    made = changed(
        Changes(
            DAY, figures=figures(known(4.2), known(0.0), known(1.0)), accounts=accounts(fixed=1)
        )
    )
    made = msgspec.structs.replace(made, customers=CustomerCounts(42, 7, 3))
    line = change_lines(made)[0]

    page = render_page(made, PageLinks(customers="customers.html"))
    card = render_card(made, None, None).decode()

    assert line in page
    assert line.replace(NBSP, " ") in summarise(made)
    assert line in {run["text"] for run in _runs(json.loads(card))}
    assert "ann@contoso.example" not in card
    for text in (page, summarise(made)):
        assert "7 of 42 customers have MFA for all users; 3 not known." in text
    assert "<small>+4.2\u00a0points since 22\u00a0Nov</small>" in page


def _runs(value):
    if isinstance(value, list):
        return [run for each in value for run in _runs(each)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get("type") == "TextRun" else []
    return own + [run for each in value.values() for run in _runs(each)]


def test_a_report_that_was_not_compared_says_nothing() -> None:
    assert change_lines(report()) == []
    assert figure_change(report(), "portal") == ""
    assert "change" not in summarise(report())


@pytest.mark.parametrize(
    ("days", "is_exact", "words"),
    [
        (1, True, "new"),
        (1, False, ""),
        (23, True, "open for 23 days"),
        (23, False, "open for at least 23 days"),
        (None, False, ""),
    ],
)
def test_an_age_is_never_greater_than_its_evidence(days, is_exact, words) -> None:
    assert open_for(ENDING if days else None, days, is_exact=is_exact) == words
