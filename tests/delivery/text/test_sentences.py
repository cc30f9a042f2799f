"""What a report says in words."""

from __future__ import annotations

import msgspec
import pytest

from shared.delivery.text import completeness, figure_words, sentences
from shared.delivery.text.figures import State, account_figure, overall_state, request_figures
from shared.delivery.text.summary import summarise
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.mfa.report import InputSummary
from shared.mfa.sign_in import Requirement
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
                "At least 0 % and at most 50 % of 2 portal requests were made with MFA; "
                "no API or SDK request was made."
            ),
        ),
        (
            [portal(**VERIFIED), portal(**user("B"), **UNKNOWN), api(**VERIFIED)],
            State.PARTLY,
            (
                "At least 50 % and at most 100 % of 2 portal requests were made with MFA; "
                "every API or SDK request was made with MFA."
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
    assert said(sentences.headline(made)) == sentence


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
    assert said(completeness.completeness(made)).startswith("6 of 7 days are complete.")
    assert said(*completeness.missing_days(made)).startswith(
        "21 November 2026: Microsoft Graph was"
    )


def test_exempted_and_unknown_requests_are_said_beside_the_headline():
    made = report(portal(**EXEMPTED), portal(**NOT_VERIFIED), api(**EXEMPTED), api(**UNKNOWN))

    assert [said(line) for line in sentences.asides(made)] == [
        "Counted as without MFA: 1 exempted portal request and 1 exempted API or SDK request.",
        "Unknown: 1 API or SDK request. The share of the others: API or SDK 0 %.",
    ]
    assert sentences.asides(worked_examples()) == []


def test_exempted_requests_are_said_to_count_as_mfa_where_a_setting_makes_them():
    made = report(portal(**EXEMPTED), rule=ShareRule(exempted_counts_as_mfa=True))

    assert sentences.asides(made) == ["Counted as with MFA: 1 exempted portal request."]
    assert sentences.headline(made).startswith("Every portal request was made with MFA")


def test_unknown_requests_leave_a_least_and_a_greatest_share():
    figure = request_figures(report(portal(**VERIFIED), portal(**user("B"), **UNKNOWN)))[0]

    assert said(figure_words.made_with(figure)) == (
        "At least 1 of 2 requests was made with MFA; at most 100 %, because 1 is unknown."
    )
    assert said(figure_words.share_words(figure)) == "at least 50 %, at most 100 %"


def test_the_forecast_is_the_day_the_last_request_without_mfa_has_left_the_window():
    made = report(*worked_portal(), *worked_api())
    forecasts = [said(figure_words.forecast(made, figure)) for figure in request_figures(made)]

    assert forecasts == [
        "Reads 100 % on 25 November 2026 if no further request without MFA is made.",
        "Reads 100 % on 24 November 2026 if no further request without MFA is made.",
    ]
    assert not any(figure_words.forecast(all_green(), f) for f in request_figures(all_green()))


def test_with_unknown_requests_the_forecast_is_a_lower_bound():
    made = report(portal(**NOT_VERIFIED), portal(**user("B"), **UNKNOWN))

    assert said(figure_words.forecast(made, request_figures(made)[0])) == (
        "Reads 100 % no earlier than 30 November 2026: "
        "the unknown requests may have been made without MFA."
    )


def test_with_a_day_missing_the_forecast_is_a_lower_bound():
    made = a_missing_day()

    assert "no earlier than" in figure_words.forecast(made, request_figures(made)[0])


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

    sentence = figure_words.enforced_of(account_figure(report(accounts=accounts)))

    assert sentence == "Whether MFA is enforced is unknown for 1 enabled account."


@pytest.mark.parametrize(("complete", "verb"), [(0, "are"), (1, "is"), (2, "are"), (6, "are")])
def test_the_verb_agrees_with_how_many_days_are_complete(complete, verb):
    made = report(missing=dict.fromkeys(DAYS[complete:], "not read"))

    assert completeness.completeness(made).startswith(f"{complete} of 7 days {verb} complete.")


def by_many(users, each=1):
    return [
        portal(user_id=f"user-{n:04}", upn=f"user.{n}@fabrikam.example", **NOT_VERIFIED)
        for n in range(users)
        for _ in range(each)
    ]


@pytest.mark.parametrize(
    ("users", "each", "spread"),
    [
        (1000, 1, "1,000 portal requests without MFA are spread over 1,000 users"),
        (20, 2, "40 portal requests without MFA are spread over 20 users"),
        (60, 2, "120 portal requests without MFA are spread over at least 60 users"),
    ],
)
def test_requests_of_many_of_whom_nobody_stands_out_name_nobody(users, each, spread):
    assert [str(line) for line in sentences.worst(report(*by_many(users, each)))] == [
        f"The {spread}."
    ]


def test_who_has_a_tenth_of_the_requests_and_more_than_others_is_named():
    (line,) = sentences.worst(report(*by_many(9), *by_many(1)))
    (among_equals,) = sentences.worst(report(*by_many(10)))

    assert str(line) == (
        "Of the 10 portal requests without MFA, 2 were made by user.0@fabrikam.example."
    )
    assert str(among_equals) == "The 10 portal requests without MFA are spread over 10 users."


def test_the_terminal_lists_nobody_if_nobody_stands_out():
    many, few = (summarise(report(*by_many(users))) for users in (1000, 10))

    assert "  The 1,000 portal requests without MFA are spread over 1,000 users." in many
    assert "user.0@" not in many
    assert "Most portal requests without MFA, by user:\n    user.0@fabrikam.example" in few


def test_the_verb_agrees_with_a_single_request_and_a_single_account():
    accounts = AccountMetrics(1, 0, 0, 0, 1, 0, share=0.0, share_upper=0.0)
    made = report(portal(**NOT_VERIFIED), accounts=accounts)

    assert figure_words.made_with(request_figures(made)[0]) == "0 of 1 request was made with MFA."
    sentence = figure_words.enforced_of(account_figure(made))
    assert sentence == "0 of 1 enabled account has MFA enforced."


def test_accounts_that_were_not_read_are_not_in_the_headline():
    assert "account" not in sentences.headline(report(*worked_portal()))


def test_a_window_without_requests_is_neither_good_nor_bad():
    assert overall_state(report()) is State.EMPTY
    assert sentences.verdict(report()) == "2 of 3 figures with nothing to measure, 1 not read"
    assert "9 records could not be read" in completeness.unreadable(nothing_at_all())
    assert completeness.unreadable(all_green()) == ""


def test_the_headline_of_a_large_partner_stays_short():
    assert len(sentences.headline(many())) < 270


def test_nothing_is_said_to_be_met_while_a_record_could_not_be_read():
    reading = InputSummary(10, 3, [], 0, None, None)
    made = msgspec.structs.replace(all_green(), reading=reading)

    assert overall_state(made) is State.PARTLY
    assert [figure.state for figure in request_figures(made)] == [State.PARTLY, State.PARTLY]
    assert said(sentences.verdict(made)) == "1 of 3 figures at 100 %, 2 not fully known"
    assert sentences.headline(made).endswith("; 3 records could not be read.")
    assert overall_state(all_green()) is State.MET


def test_the_head_speaks_of_all_three_figures():
    made = report(portal(**VERIFIED), api(**VERIFIED))

    assert said(sentences.verdict(made)) == "2 of 3 figures at 100 %, 1 not read"
    assert overall_state(made) is State.PARTLY
    assert said(sentences.verdict(all_green())) == "At 100 %"


def test_no_request_is_not_a_success():
    made = msgspec.structs.replace(report(portal(**VERIFIED)), reading=None)

    assert said(sentences.verdict(made)) == (
        "1 of 3 figures at 100 %, 1 with nothing to measure, 1 not read"
    )


def test_without_unreadable_records_no_request_is_certain_and_with_them_it_is_not():
    unreadable = report(reading=InputSummary(10, 3, [], 0, None, None))

    assert request_figures(report())[0].state is State.EMPTY
    assert request_figures(unreadable)[0].state is State.UNDECIDED
    assert sentences.headline(unreadable).startswith("No portal request was read;")


def test_a_figure_whose_log_is_missing_is_unknown_and_says_which_log():
    logs = dict.fromkeys(DAYS, LogKinds(non_interactive=False, service_principal=False))
    made = report(portal(**VERIFIED), logs=logs)

    assert [figure.state for figure in request_figures(made)] == [State.INCOMPLETE] * 2
    assert said(sentences.headline(made)) == (
        "The share of portal requests and API or SDK requests is unknown, "
        "because the log of non-interactive sign-ins is missing."
    )
    assert said(sentences.so_far(made)) == (
        "Provisionally, over the logs that were read, every portal request was made with MFA."
    )
    assert completeness.completeness(made).startswith(
        "Days known: interactive sign-ins 7 of 7, non-interactive sign-ins 0 of 7, "
        "service principals' sign-ins 0 of 7."
    )
    assert figure_words.made_with(request_figures(made)[1]) == "No request was read."


def test_the_portal_needs_the_log_of_interactive_sign_ins_and_the_api_does_not():
    logs = {DAYS[2]: LogKinds(interactive=False)}
    portal_figure, api_figure = request_figures(report(api(**VERIFIED), logs=logs))

    assert portal_figure.missing_logs == {"interactive": [DAYS[2]]}
    assert (portal_figure.state, api_figure.state) == (State.INCOMPLETE, State.PARTLY)
    assert said(figure_words.share_words(api_figure)) == "100 % of what was read"


def test_records_that_cannot_show_a_single_factor_make_no_share():
    text_only = {"requirement": Requirement.NOT_GIVEN}
    sign_ins = [portal(**{**VERIFIED, **text_only}) for _ in range(7)]
    unknown = [portal(**user("B"), **{**UNKNOWN, **text_only}) for _ in range(28)]

    figure = request_figures(report(*sign_ins, *unknown))[0]
    alone = request_figures(report(*sign_ins))[0]

    assert (figure.share, figure.state) == (None, State.PARTLY)
    assert said(figure_words.share_words(figure)) == "at least 20 %, at most 100 %"
    assert (alone.share, alone.state) == (None, State.UNDECIDED)
    assert figure_words.share_words(alone) == "unknown"
    assert figure_words.made_with(alone).endswith(
        " The records lack the fields that would show a sign-in without MFA."
    )


def test_days_that_may_still_change_are_named():
    made = report(portal(**VERIFIED), provisional=DAYS[5:])

    assert said(completeness.completeness(made)) == (
        "7 of 7 days are complete. 22–23 November 2026 may still change: "
        "Entra completes records for up to two days."
    )
