"""What a report says in words."""

from __future__ import annotations

import msgspec
import pytest

from shared.delivery.text import sentences
from shared.delivery.text.figures import State, account_figure, overall_state, request_figures
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.mfa.report import InputSummary
from tests.delivery.making import (
    DAYS,
    EXEMPTED,
    NOT_COMPLETED,
    NOT_VERIFIED,
    UNKNOWN,
    VERIFIED,
    api,
    portal,
    report,
    user,
    worked_api,
    worked_portal,
)
from tests.delivery.scenarios import a_missing_day, all_green, many, nothing_at_all, worked_examples


def said(text) -> str:
    return str(text).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("sign_ins", "state", "sentence"),
    [
        (
            [portal(**NOT_VERIFIED), api(**VERIFIED)],
            State.BELOW,
            (
                "The only portal request was made without MFA; "
                "every API or SDK request was made with MFA."
            ),
        ),
        (
            [portal(**NOT_VERIFIED), portal(**NOT_VERIFIED)],
            State.BELOW,
            "Both portal requests were made without MFA; no API or SDK request was made.",
        ),
        (
            [portal(**NOT_VERIFIED), portal(**VERIFIED)],
            State.BELOW,
            "1 of 2 portal requests was made without MFA; no API or SDK request was made.",
        ),
        (
            [portal(**NOT_VERIFIED), portal(**UNKNOWN)],
            State.BELOW,
            (
                "The only portal request whose MFA status is known was made without MFA; "
                "no API or SDK request was made."
            ),
        ),
        (
            [portal(**VERIFIED), portal(**user("B"), **UNKNOWN), api(**VERIFIED)],
            State.MET,
            (
                "Every portal request whose MFA status is known and every API or SDK request "
                "was made with MFA."
            ),
        ),
        (
            [portal(**UNKNOWN), api(**UNKNOWN), api(**UNKNOWN)],
            State.UNDECIDED,
            (
                "Whether MFA was used is unknown for 1 portal request; "
                "whether MFA was used is unknown for 2 API or SDK requests."
            ),
        ),
        (
            [portal(**NOT_COMPLETED)],
            State.EMPTY,
            "No request to Partner Center was recorded in these seven days.",
        ),
    ],
)
def test_the_headline_says_what_was_made_without_mfa(sign_ins, state, sentence):
    made = report(*sign_ins)

    assert overall_state(made) is state
    assert sentences.headline(made) == sentence


def test_one_request_among_many_without_mfa_is_below_100_percent():
    sign_ins = [portal(time=f"{n // 60:02}:{n % 60:02}:00", **VERIFIED) for n in range(1439)]
    made = report(*sign_ins, portal(**NOT_VERIFIED))

    assert overall_state(made) is State.BELOW
    assert request_figures(made)[0].state is State.BELOW


def test_the_worked_examples_read_as_one_sentence():
    assert sentences.headline(worked_examples()) == (
        "10 of 100 enabled accounts do not have MFA enforced; "
        "8 of 10 portal requests and 3 of 5 API or SDK requests were made without MFA."
    )
    assert [str(line) for line in sentences.worst(worked_examples())] == [
        "Of the 8 portal requests without MFA, 5 were made by agent.b@fabrikam.example.",
        "All 3 API or SDK requests without MFA were made by the application Control Panel.",
    ]


def test_a_green_report_says_so_in_one_sentence():
    assert sentences.headline(all_green()) == (
        "MFA is enforced for all 100 enabled accounts; "
        "every portal request and every API or SDK request was made with MFA."
    )
    assert sentences.worst(all_green()) == []


def test_a_missing_day_outweighs_every_figure_and_what_is_known_is_called_provisional():
    made = a_missing_day()

    assert overall_state(made) is State.INCOMPLETE
    assert sentences.headline(made) == (
        "The request shares are unknown, because 1 of 7 days is missing."
    )
    assert sentences.so_far(made) == (
        "Provisionally, over the 6 complete days, "
        "8 of 10 portal requests and 3 of 5 API or SDK requests were made without MFA."
    )
    assert sentences.so_far(worked_examples()) == ""
    assert said(sentences.completeness(made)).startswith("6 of 7 days are complete.")
    assert said(*sentences.missing_days(made)).startswith("21 November 2026: Microsoft Graph was")


def test_exempted_and_unknown_requests_are_said_beside_the_headline():
    made = report(portal(**EXEMPTED), portal(**NOT_VERIFIED), api(**EXEMPTED), api(**UNKNOWN))

    assert sentences.asides(made) == [
        "Counted as without MFA: 1 exempted portal request and 1 exempted API or SDK request.",
        "Left out, because unknown: 1 API or SDK request.",
    ]
    assert sentences.asides(worked_examples()) == []


def test_exempted_requests_are_said_to_count_as_mfa_where_a_setting_makes_them():
    made = report(portal(**EXEMPTED), rule=ShareRule(exempted_counts_as_mfa=True))

    assert sentences.asides(made) == ["Counted as with MFA: 1 exempted portal request."]
    assert sentences.headline(made).startswith("Every portal request was made with MFA")


def test_numerator_and_denominator_are_said_and_the_unknown_are_in_neither():
    figure = request_figures(report(portal(**VERIFIED), portal(**user("B"), **UNKNOWN)))[0]

    assert (
        sentences.made_with(figure) == "1 of 1 request whose MFA status is known was made with MFA."
    )


def test_the_forecast_is_the_day_the_last_request_without_mfa_has_left_the_window():
    made = report(*worked_portal(), *worked_api())
    forecasts = [said(sentences.forecast(made, figure)) for figure in request_figures(made)]

    assert forecasts == [
        "Reads 100 % on 25 November 2026 if no further request without MFA is made.",
        "Reads 100 % on 24 November 2026 if no further request without MFA is made.",
    ]
    assert not any(sentences.forecast(all_green(), f) for f in request_figures(all_green()))


def test_with_a_day_missing_the_forecast_is_a_lower_bound():
    made = a_missing_day()

    assert "no earlier than" in sentences.forecast(made, request_figures(made)[0])


@pytest.mark.parametrize(
    ("numbers", "clause"),
    [
        ((1, 1, 0, 0), "MFA is enforced for the only enabled account"),
        ((3, 2, 1, 0), "1 of 3 enabled accounts does not have MFA enforced"),
        ((9, 2, 4, 3), "4 of 9 enabled accounts do not have MFA enforced (3 unknown)"),
        ((9, 6, 0, 3), "Whether MFA is enforced is unknown for 3 of 9 enabled accounts"),
        ((9, 0, 0, 9), "Whether MFA is enforced is unknown for all 9 enabled accounts"),
    ],
)
def test_accounts_that_could_not_be_judged_are_never_said_to_be_enforced(numbers, clause):
    enabled, enforced, unprotected, unknown = numbers
    accounts = AccountMetrics(
        enabled, 0, enforced, 0, unprotected, unknown,
        share=enforced / enabled, share_upper=(enforced + unknown) / enabled,
    )  # fmt: skip

    headline = sentences.headline(report(portal(**VERIFIED), accounts=accounts))
    assert headline.startswith(f"{clause}; every portal request")


def test_accounts_of_which_nothing_is_known_are_no_zero_out_of_all():
    accounts = AccountMetrics(1, 0, 0, 0, 0, 1, share=0.0, share_upper=1.0)

    sentence = sentences.enforced_of(account_figure(report(accounts=accounts)))

    assert sentence == "Whether MFA is enforced is unknown for 1 enabled account."


@pytest.mark.parametrize(("complete", "verb"), [(0, "are"), (1, "is"), (2, "are"), (6, "are")])
def test_the_verb_agrees_with_how_many_days_are_complete(complete, verb):
    made = report(missing=dict.fromkeys(DAYS[complete:], "not read"))

    assert sentences.completeness(made).startswith(f"{complete} of 7 days {verb} complete.")


def test_the_verb_agrees_with_a_single_request_and_a_single_account():
    accounts = AccountMetrics(1, 0, 0, 0, 1, 0, share=0.0, share_upper=0.0)
    made = report(portal(**NOT_VERIFIED), accounts=accounts)

    assert sentences.made_with(request_figures(made)[0]) == "0 of 1 request was made with MFA."
    sentence = sentences.enforced_of(account_figure(made))
    assert sentence == "0 of 1 enabled account has MFA enforced."


def test_accounts_that_were_not_read_are_not_in_the_headline():
    assert "account" not in sentences.headline(report(*worked_portal()))


def test_a_window_without_requests_is_neither_good_nor_bad():
    assert overall_state(nothing_at_all()) is State.EMPTY
    assert "9 records could not be read" in sentences.unreadable(nothing_at_all())
    assert sentences.unreadable(all_green()) == ""


def test_the_headline_of_a_large_partner_stays_short():
    assert len(sentences.headline(many())) < 200


def test_nothing_is_said_to_be_met_while_a_record_could_not_be_read():
    reading = InputSummary(10, 3, [], 0, None, None)
    made = msgspec.structs.replace(all_green(), reading=reading)

    assert overall_state(made) is State.UNDECIDED
    assert sentences.headline(made).endswith("; 3 records could not be read.")
    assert overall_state(all_green()) is State.MET
