"""The two figures below the three, as page, mail and terminal say them."""

from __future__ import annotations

import msgspec

from shared.delivery.text.account_shares import account_share_lines, method_quality
from shared.delivery.text.summary import summarise
from shared.mfa.metrics import AccountShare, MethodCounts
from shared.mfa.report import Report
from tests.delivery.making import report, worked_portal


def with_shares(administrators=None, active=None, **fields):
    """A report with these two figures."""
    made = report(*worked_portal())
    metrics = msgspec.structs.replace(
        made.metrics,
        administrators=administrators or AccountShare(),
        active_accounts=active or AccountShare(),
    )
    return msgspec.structs.replace(made, metrics=metrics, **fields)


def of_administrators(*share, **fields):
    (line,) = account_share_lines(with_shares(AccountShare(*share), **fields))
    return line


def of_active(*share):
    (line,) = account_share_lines(with_shares(active=AccountShare(*share)))
    return line


def test_each_has_its_share_its_counts_and_what_hangs_on_it() -> None:
    line = of_administrators(5, 4, 0, 0.8, 0.8)

    assert (line.title, line.share) == ("Administrators with MFA enforced", "80\u00a0%")
    assert line.sentence == "4 of 5 administrators have MFA enforced."
    assert "Since October 2025, your authorisation as a Cloud Solution Provider" in line.meaning


def test_the_technical_world_is_told_from_the_contractual_one() -> None:
    line = of_active(8, 6, 0, 0.75, 0.75)

    assert line.sentence == ("6 of 8 accounts that made a portal or API request have MFA enforced.")
    assert "checked technically only where these accounts go" in line.meaning
    assert "Your agreement with Microsoft requires it of every enabled account" in line.meaning


def test_what_is_unknown_bounds_them() -> None:
    line = of_administrators(3, 1, 2, 1 / 3, 1.0)

    assert line.share == "at least 33.3\u00a0%, at most 100\u00a0%"
    assert "Of 2 accounts it is unknown whether they are administrators" in line.sentence
    assert of_administrators(4, 0, 4, 0.0, 1.0).share == "unknown"
    assert of_administrators(4, 0, 4, 1.0, 1.0).share == "100\u00a0%"


def test_an_incomplete_window_has_no_share_of_the_accounts_in_use() -> None:
    line = of_active(2, 2, 0, None, None)

    assert line.share == "unknown"
    assert line.sentence == (
        "2 of 2 accounts known to have made a portal or API request have MFA enforced. "
        "What is missing may show more of them."
    )


def test_without_such_an_account_there_is_nothing_to_measure() -> None:
    assert of_administrators(0, 0, 0).sentence == "No enabled account holds a directory role."
    assert of_active(0, 0, 0).share == "no accounts"


def test_the_anniversary_month_says_when_authorisation_is_validated_next() -> None:
    share = (5, 4, 0, 0.8, 0.8)

    assert "next in March 2027" in of_administrators(*share, csp_anniversary_month=3).meaning
    assert "next in December 2026" in of_administrators(*share, csp_anniversary_month=12).meaning
    assert "which is November: now" in of_administrators(*share, csp_anniversary_month=11).meaning
    assert "(setting CSP_ANNIVERSARY_MONTH)" in of_administrators(*share).meaning


def test_a_terminal_has_a_line_for_each() -> None:
    text = summarise(
        with_shares(AccountShare(5, 4, 0, 0.8, 0.8), AccountShare(3, 1, 1, 1 / 3, 2 / 3))
    )

    assert "  Administrators with MFA enforced       " in text
    assert "80 %   4 of 5 enforced" in text
    assert "at least 33.3 %, at most 66.7 %   1 of 3 enforced, 1 unknown" in text


def test_a_report_of_an_earlier_release_has_neither_and_is_readable() -> None:
    stored = msgspec.json.decode(report(*worked_portal()).to_json())
    del stored["metrics"]["administrators"], stored["metrics"]["active_accounts"]
    del stored["csp_anniversary_month"]

    assert account_share_lines(Report.from_json(msgspec.json.encode(stored))) == []


def test_registered_methods_are_counted_by_what_they_can_prove() -> None:
    made = report(*worked_portal())
    metrics = msgspec.structs.replace(made.metrics, methods=MethodCounts(2, 5, 1, 0, 3))

    line = method_quality(msgspec.structs.replace(made, metrics=metrics))

    assert line is not None
    assert line.share == "2 phishing-resistant"
    assert line.sentence == (
        "Enabled accounts by their best method: "
        "2 phishing-resistant, 5 MFA, 1 one factor and 3 unknown."
    )
    assert "Registered is not enforced" in line.meaning
    assert method_quality(made) is None
