"""The monotonicity of knowledge: whatever is taken away, a report never says more than before."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.text.figures import State, overall_state, request_figures
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import AccountMetrics
from shared.mfa.report import InputSummary
from shared.mfa.rollup import Rollup
from shared.mfa.sign_in import Evidence, SignInEventType
from shared.mfa.verdict import Verdict, judge
from tests.delivery.making import DAYS, report
from tests.sign_ins import any_sign_in

ALL_ENFORCED = AccountMetrics(9, 0, 9, 0, 0, 0, 1.0, 1.0)
KINDS = LogKinds.__struct_fields__
windows = st.lists(any_sign_in(), max_size=14)
some_days = st.sets(st.sampled_from(DAYS), max_size=1)


def reported(sign_ins, missing=(), lacking=(), unreadable=0):
    """The report of a window without some days, and without some kinds of log on some days."""
    logs = {
        day: LogKinds(**{kind: (day, kind) not in lacking for kind in KINDS})
        for day in DAYS
        if any((day, kind) in lacking for kind in KINDS)
    }
    read = [
        sign_in
        for sign_in in Rollup(sign_ins)
        if (date.fromisoformat(sign_in.day), kind_of(sign_in)) not in lacking
    ]
    reading = InputSummary(len(read), unreadable, [], 0, None, None)
    gaps = dict.fromkeys(missing, "taken away")
    return report(*read, missing=gaps, logs=logs, reading=reading, accounts=ALL_ENFORCED)


def kind_of(sign_in):
    return {
        SignInEventType.INTERACTIVE: "interactive",
        SignInEventType.NON_INTERACTIVE: "non_interactive",
        SignInEventType.NOT_GIVEN: "",
    }.get(sign_in.event, "service_principal")


def is_certain(made, figure):
    """Whether nothing about a figure is said to be unknown."""
    is_known = figure.state in (State.MET, State.BELOW, State.EMPTY)
    return is_known and not figure.counts.unknown and not made.reading.unreadable


def assert_not_better(before, after):
    for figure, less in zip(request_figures(before), request_figures(after), strict=True):
        known = before.metrics.portal, before.metrics.api
        left = after.metrics.portal, after.metrics.api
        for had, has in zip(known, left, strict=True):
            assert (has.share_lower or 0) <= (had.share_lower or 0)
        if less.state is State.MET:
            assert figure.state is State.MET
        if is_certain(after, less):
            assert is_certain(before, figure)
    if overall_state(after) is State.MET:
        assert overall_state(before) is State.MET


@given(windows, some_days, st.sampled_from(DAYS))
def test_a_day_taken_away_makes_no_figure_better(sign_ins, missing, day) -> None:
    assert_not_better(reported(sign_ins, missing), reported(sign_ins, {*missing, day}))


@given(
    windows,
    some_days,
    st.sampled_from(DAYS),
    st.sampled_from(["interactive", "non_interactive"]),
)
def test_a_kind_of_log_taken_away_makes_no_figure_better(sign_ins, missing, day, kind) -> None:
    before, after = reported(sign_ins, missing), reported(sign_ins, missing, lacking={(day, kind)})

    for had, has in zip(request_figures(before), request_figures(after), strict=True):
        assert has.state is not State.MET
        assert has.state is not State.EMPTY
        if has.state is State.INCOMPLETE:
            assert (has.share, has.lower) == (None, None)
        else:  # the API's figure does not need interactive sign-ins
            assert (has.channel.value, kind) == ("api", "interactive")
            assert had.state is not State.INCOMPLETE
    assert overall_state(after) is State.INCOMPLETE


@given(windows, st.integers(0, 13))
def test_with_a_record_that_cannot_be_read_no_figure_is_certain(sign_ins, index) -> None:
    left = [sign_in for number, sign_in in enumerate(sign_ins) if number != index]

    made = reported(left, unreadable=1)

    assert State.MET not in [figure.state for figure in request_figures(made)]
    assert State.EMPTY not in [figure.state for figure in request_figures(made)]
    assert overall_state(made) is not State.MET


@given(
    st.lists(any_sign_in(), min_size=1, max_size=10),
    st.sampled_from(["requirement", "details", "steps", "policies", "error_code"]),
    st.data(),
)
def test_a_field_taken_away_makes_no_figure_better(sign_ins, field, data) -> None:
    """
    Of records that inherit nothing.

    An exemption (decision table 4) and a prompt to register rest on their text alone.
    """
    alone = [
        msgspec.structs.replace(sign_in, id=f"id-{index}", session_id="", correlation_id="")
        for index, sign_in in enumerate(sign_ins)
    ]
    index = data.draw(st.integers(0, len(alone) - 1))
    taken = alone[index]
    if judge(taken) is Verdict.EXEMPTED or Evidence.PROMPTED in (taken.details, taken.steps):
        return
    empty = {field: type(getattr(alone[index], field))("") if field != "error_code" else None}
    less = [*alone]
    less[index] = msgspec.structs.replace(alone[index], **empty)

    assert_not_better(reported(alone), reported(less))


@pytest.mark.parametrize("unknown", [0, 1, 9])
def test_an_account_that_is_not_known_makes_no_figure_better(unknown) -> None:
    enforced = 9 - unknown
    accounts = AccountMetrics(9, 0, enforced, 0, 0, unknown, enforced / 9, 1.0)
    made = report(accounts=accounts)

    assert (made.metrics.accounts.share == 1.0) is (unknown == 0)
    assert (overall_state(made) is State.MET) is False
