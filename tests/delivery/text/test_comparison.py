"""What changed between two reports, and what stays unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.delivery.text.comparison import (
    FigureChange,
    change_words,
    compare,
    points,
    unclear_sentence,
)
from shared.mfa.breakdown import SUBJECTS_SHOWN
from shared.mfa.metrics import AccountMetrics, ShareRule
from tests.delivery.mail.mail_making import earlier_report
from tests.delivery.making import (
    DAYS,
    ENDING,
    NOT_VERIFIED,
    VERIFIED,
    api,
    portal,
    report,
    user,
)


def compared(now, before):
    comparison = compare(now, before)
    assert comparison is not None
    return comparison


def ids(parts):
    return [part.name for part in parts]


def without_mfa(letter, times=1):
    return [portal(DAYS[n % 7], **user(letter), **NOT_VERIFIED) for n in range(times)]


def app(letter):
    return {"app_id": letter * 8, "app_name": f"App {letter}"}


def test_users_and_applications_come_go_and_stay_the_worst_first() -> None:
    now = report(
        *without_mfa("a"), *without_mfa("b", 3), api(**user("c"), **app("x"), **NOT_VERIFIED)
    )
    before = earlier_report(
        *without_mfa("b"), *without_mfa("d"), api(**user("b"), **app("y"), **NOT_VERIFIED)
    )

    found = compared(now, before)

    assert ids(found.users.still) == ["agent.b@fabrikam.example"]
    assert ids(found.users.newly) == ["agent.a@fabrikam.example", "agent.c@fabrikam.example"]
    assert ids(found.users.no_longer) == ["agent.d@fabrikam.example"]
    assert ids(found.applications.newly) == ["App x"]
    assert ids(found.applications.no_longer) == ["App y"]
    assert found.caveats == []


def test_who_moves_from_one_channel_to_the_other_stays() -> None:
    now = report(api(**user("a"), **NOT_VERIFIED))
    before = earlier_report(portal(**user("a"), **NOT_VERIFIED))

    assert ids(compared(now, before).users.still) == ["agent.a@fabrikam.example"]


def test_who_signs_in_with_mfa_now_is_no_longer_listed() -> None:
    now = report(portal(**user("a"), **VERIFIED))
    before = earlier_report(portal(**user("a"), **NOT_VERIFIED))

    assert ids(compared(now, before).users.no_longer) == ["agent.a@fabrikam.example"]


def test_beyond_the_named_ones_nobody_is_said_to_have_come_or_gone() -> None:
    crowd = [
        portal(user_id=f"u{n}", upn=f"u{n}@fabrikam.example", **NOT_VERIFIED)
        for n in range(SUBJECTS_SHOWN + 5)
    ]
    few = compared(report(*without_mfa("a")), earlier_report(*crowd)).users
    many = compared(report(*crowd), earlier_report(*without_mfa("a"))).users

    assert (few.newly, few.unclear, len(few.no_longer)) == ([], 1, SUBJECTS_SHOWN)
    assert (many.no_longer, many.unclear, len(many.newly)) == ([], 1, SUBJECTS_SHOWN)
    assert unclear_sentence(few, "user").startswith(
        "Whether 1 other user is new or gone is unknown"
    )
    assert unclear_sentence(compared(report(), earlier_report()).users, "user") == ""


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (0.2, 0.15, "+5 points since 22 Nov"),
        (0.15, 0.2, "−5 points since 22 Nov"),
        (0.4, 0.39, "+1 point since 22 Nov"),
        (0.998, 1.0, "−0.2 points since 22 Nov"),
        (0.2, 0.2, "unchanged since 22 Nov"),
        (0.0, 0.0, "unchanged since 22 Nov"),
        (None, 0.35, "was 35 % on 22 Nov"),
        (0.35, None, "was unknown on 22 Nov"),
        (None, None, ""),
    ],
)
def test_a_change_is_told_in_points_and_an_unknown_never_as_one(now, before, words) -> None:
    text = change_words(FigureChange(now, before), ENDING - timedelta(days=1))

    assert text.replace("\u00a0", " ") == words


def test_points_are_the_difference_of_the_printed_shares() -> None:
    assert FigureChange(0.99999, 0.9).tenths == 99  # printed 99.9 and 90
    assert points(99).replace("\u00a0", " ") == "+9.9 points"


def test_two_bounds_have_no_difference_that_means_anything() -> None:
    judged = AccountMetrics(100, 0, 85, 5, 10, 0, 0.85, 0.85)
    guessed = AccountMetrics(100, 0, 90, 0, 5, 5, 0.9, 0.95)

    change = compared(report(accounts=guessed), earlier_report(accounts=judged)).accounts

    assert change.tenths is None
    assert change_words(change, ENDING).replace("\u00a0", " ") == "was at least 85 % on 23 Nov"


@pytest.mark.parametrize("missing", ["now", "before"])
def test_a_missing_day_on_either_side_makes_a_caveat(missing) -> None:
    gap = {DAYS[3]: "not collected yet"}
    now = report(missing=gap if missing == "now" else None)
    before = earlier_report(missing=gap if missing == "before" else None)

    [caveat] = compared(now, before).caveats

    assert "1 day" in caveat
    assert ("may have requests on" if missing == "now" else "may have had requests on") in caveat


def test_another_rule_another_source_and_a_gap_between_the_two_are_said() -> None:
    before = earlier_report(days=3, rule=ShareRule(exempted_counts_as_mfa=True))
    now = report(meta={"source": "graph"})

    text = " ".join(compared(now, before).caveats).replace("\u00a0", " ")

    assert "The newest earlier report is that of 20 Nov." in text
    assert "A changed setting counts exempted requests differently" in text
    assert "different sources" in text


def test_only_an_earlier_report_of_the_same_tenant_can_be_compared_with() -> None:
    now = report()

    assert compare(now, None) is None
    assert compare(now, now) is None
    assert compare(now, earlier_report(days=-1)) is None
    assert compare(now, earlier_report(meta={"tenant_id": "another"})) is None
