"""From sign-ins to the report: figures, what they leave out, and the same bytes however it came."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import StoreError
from shared.mfa.assessment import ReportMeta, assess, make_report
from shared.mfa.breakdown import SUBJECTS_SHOWN
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.mfa.report import HistoryPoint, Report
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Channel, Scope
from shared.mfa.sign_in import Evidence, Requirement, SignInEventType
from shared.mfa.window import make_window, window_days
from tests.sign_ins import any_sign_in, api_sign_in, at, portal_sign_in

ENDING = date(2026, 11, 23)
HEADING = ReportMeta("tenant", "Contoso", "exports", "2026-11-24T00:00:00Z")
VERIFIED = Evidence.SATISFIED


def window_of(sign_ins, ending=ENDING, without=(), **more):
    rollups = {day: Rollup() for day in window_days(ending) if day not in without}
    for sign_in in sign_ins:
        day = date.fromisoformat(sign_in.day)
        if day in rollups:
            rollups[day].add(sign_in)
    return make_window(ending, rollups, **more)


def report_of(*sign_ins, rule=None, **window):
    assessment = assess(window_of(sign_ins, **window), Scope(), rule or ShareRule())
    return make_report(assessment, HEADING, {})


def test_portal_example_of_the_original_report_reads_20_percent() -> None:
    # Partner Center: agent A 3 operations without MFA, agent B 5 without, agent A 2 with
    sign_ins = (
        [portal_sign_in(created_at=at(17), user_id="a") for _ in range(3)]
        + [portal_sign_in(created_at=at(18), user_id="b") for _ in range(5)]
        + [portal_sign_in(created_at=at(19), user_id="a", details=VERIFIED) for _ in range(2)]
    )

    portal = report_of(*sign_ins).metrics.portal

    assert (portal.requests, portal.verified, portal.not_verified) == (10, 2, 8)
    assert portal.share == portal.provisional_share == 0.2


def test_api_example_of_the_original_report_reads_40_percent_and_leaves_app_only_out() -> None:
    interactive = {"event": SignInEventType.INTERACTIVE, "steps": Evidence.SILENT}
    sign_ins = (
        [api_sign_in(created_at=at(17), **interactive) for _ in range(3)]
        + [
            api_sign_in(created_at=at(18), event=SignInEventType.SERVICE_PRINCIPAL)
            for _ in range(5)
        ]
        + [api_sign_in(created_at=at(19), details=VERIFIED) for _ in range(2)]
    )

    api = report_of(*sign_ins).metrics.api

    assert (api.requests, api.verified, api.not_verified, api.app_only) == (5, 2, 3, 5)
    assert api.share == 0.4


def test_a_missing_day_makes_the_share_unknown_and_the_provisional_one_keeps_its_own_name() -> None:
    portal = report_of(
        portal_sign_in(details=VERIFIED), without=[date(2026, 11, 18)]
    ).metrics.portal

    assert (portal.share, portal.provisional_share) == (None, 1.0)


def test_no_request_at_all_is_an_unknown_share_not_zero_and_not_success() -> None:
    report = report_of()

    assert report.metrics.portal.share is None
    assert report.metrics.portal.provisional_share is None


def test_unknown_requests_are_not_part_of_the_share() -> None:
    unknown = api_sign_in()
    verified = api_sign_in(details=VERIFIED)

    api = report_of(unknown, verified).metrics.api

    assert (api.requests, api.unknown, api.share) == (2, 1, 1.0)


def test_unknown_requests_bound_the_share_from_below_and_above() -> None:
    sign_ins = [api_sign_in(details=VERIFIED) for _ in range(39)]
    sign_ins += [api_sign_in(app_id="integration") for _ in range(61)]

    api = report_of(*sign_ins).metrics.api

    assert (api.share_lower, api.share, api.share_upper) == (0.39, 1.0, 1.0)


def test_records_that_cannot_show_a_single_factor_have_bounds_but_no_share() -> None:
    text_only = {"requirement": Requirement.NOT_GIVEN, "steps": Evidence.NOT_GIVEN}
    sign_ins = [portal_sign_in(details=VERIFIED, **text_only) for _ in range(7)]
    sign_ins += [portal_sign_in(**text_only) for _ in range(28)]

    portal = report_of(*sign_ins).metrics.portal
    with_another = report_of(*sign_ins, portal_sign_in()).metrics.portal

    assert (portal.verified, portal.unknown) == (7, 28)
    assert (portal.share, portal.provisional_share) == (None, None)
    assert (portal.share_lower, portal.share_upper) == (0.2, 1.0)
    assert with_another.share == 7 / 8


def test_the_history_has_the_bounds() -> None:
    point = report_of(api_sign_in(), api_sign_in(details=VERIFIED)).history[-1]

    assert (point.api, point.api_lower, point.api_upper) == (1.0, 0.5, 1.0)


def test_a_missing_day_leaves_no_bounds() -> None:
    portal = report_of(portal_sign_in(), without=[date(2026, 11, 18)]).metrics.portal

    assert (portal.share_lower, portal.share_upper) == (None, None)


def test_without_the_log_of_non_interactive_sign_ins_no_share_is_known() -> None:
    logs = {day: LogKinds(non_interactive=False) for day in window_days(ENDING)}

    report = report_of(portal_sign_in(details=VERIFIED), logs=logs)

    assert (report.metrics.portal.share, report.metrics.portal.share_lower) == (None, None)
    assert (report.metrics.api.share, report.metrics.api.share_lower) == (None, None)
    assert report.metrics.portal.provisional_share == 1.0
    assert report.window.coverage is not None
    assert report.window.coverage.non_interactive == []
    assert report.window.coverage.interactive == list(window_days(ENDING))


def test_without_the_log_of_interactive_sign_ins_only_the_api_has_a_share() -> None:
    logs = {ENDING: LogKinds(interactive=False)}
    sign_ins = [api_sign_in(details=VERIFIED), portal_sign_in(details=VERIFIED)]

    metrics = report_of(*sign_ins, logs=logs).metrics

    assert (metrics.portal.share, metrics.api.share) == (None, 1.0)


def test_the_report_names_its_provisional_days() -> None:
    report = report_of(provisional=[ENDING])

    assert report.window.provisional_days == [ENDING]


def test_a_report_stored_without_coverage_is_still_read() -> None:
    stored = json.loads(report_of(portal_sign_in()).to_json())
    for name in ("coverage", "provisional_days"):
        del stored["window"][name]
    for channel in ("portal", "api"):
        del stored["metrics"][channel]["share_lower"], stored["metrics"][channel]["share_upper"]

    read = Report.from_json(json.dumps(stored).encode())

    assert read.window.coverage is None
    assert read.metrics.portal.share == 0.0


@pytest.mark.parametrize(("counts", "share"), [(False, 0.5), (True, 1.0)])
def test_exempted_requests_count_against_the_share_unless_the_setting_says_otherwise(
    counts, share
) -> None:
    exempted = portal_sign_in(details=Evidence.SKIPPED)
    verified = portal_sign_in(details=VERIFIED)

    report = report_of(exempted, verified, rule=ShareRule(exempted_counts_as_mfa=counts))

    assert report.metrics.portal.exempted == 1
    assert report.metrics.portal.share == share


def test_a_verdict_is_inherited_across_days_but_not_from_before_the_window() -> None:
    decided = portal_sign_in(created_at=at(17), session_id="s", details=VERIFIED)
    undecided = api_sign_in(created_at=at(23), session_id="s")

    assert report_of(decided, undecided).metrics.api.verified == 1
    assert report_of(decided, undecided, ending=ENDING + timedelta(days=1)).metrics.api.unknown == 1


def test_it_reads_100_percent_seven_days_after_the_last_request_that_counts_against() -> None:
    sign_ins = [portal_sign_in(created_at=at(18)), portal_sign_in(created_at=at(20))]
    clean = api_sign_in(created_at=at(22), details=VERIFIED)

    forecast = report_of(*sign_ins, clean).forecast

    assert forecast.portal.reads_100_on == date(2026, 11, 27)
    assert forecast.api.reads_100_on is None


@given(st.lists(any_sign_in(), max_size=25))
def test_the_forecast_comes_true_when_nothing_else_happens(sign_ins) -> None:
    heard = list(Rollup(sign_ins))
    reads_100_on = report_of(*heard).forecast.portal.reads_100_on
    if reads_100_on:
        portal_then = report_of(*heard, ending=reads_100_on).metrics.portal
        portal_before = report_of(*heard, ending=reads_100_on - timedelta(days=1)).metrics.portal
        assert portal_then.not_verified + portal_then.exempted == 0
        assert portal_before.not_verified + portal_before.exempted + portal_before.unknown > 0


@given(st.lists(any_sign_in(), max_size=25))
def test_the_parts_of_the_missing_share_add_up_exactly(sign_ins) -> None:
    report = report_of(*sign_ins)
    metrics = {Channel.PORTAL: report.metrics.portal, Channel.API: report.metrics.api}

    for channel, figure in metrics.items():
        for parts in (report.breakdown[channel].by_user, report.breakdown[channel].by_application):
            assert sum(part.against for part in parts) == figure.not_verified + figure.exempted
            assert sum(part.counts.requests for part in parts) == figure.requests
        causes = report.breakdown[channel].by_cause
        against = figure.not_verified + figure.exempted
        decided = figure.verified + against
        assert sum(cause.against for cause in causes) == against
        assert sum(cause.counts.unknown for cause in causes) == figure.unknown
        assert sum(cause.counts.requests for cause in causes) == against + figure.unknown
        assert sum(cause.points for cause in causes) == pytest.approx(
            against / decided if decided else 0
        )
        assert all(cause.against == 0 for cause in causes if cause.kind == "no_evidence")


def test_subjects_that_are_not_shown_are_added_up_as_others() -> None:
    count = SUBJECTS_SHOWN + 3
    report = report_of(*(portal_sign_in(user_id=f"u{n}", upn=f"u{n}") for n in range(count)))

    parts = report.breakdown[Channel.PORTAL].by_user

    assert (len(parts), parts[-1].name, parts[-1].others) == (SUBJECTS_SHOWN + 1, "others", 3)
    assert sum(part.against for part in parts) == count


def test_a_user_is_shown_with_the_newest_name() -> None:
    old = portal_sign_in(created_at=at(18), upn="ann.old@contoso.example")
    new = portal_sign_in(created_at=at(20), upn="ann.new@contoso.example")

    assert [part.name for part in report_of(old, new).breakdown[Channel.PORTAL].by_user] == [
        "ann.new@contoso.example"
    ]


@given(st.lists(any_sign_in(), max_size=25), st.data())
def test_split_anywhere_in_any_order_the_report_has_the_same_bytes(sign_ins, data) -> None:
    shuffled = data.draw(st.permutations(sign_ins))
    cut = data.draw(st.integers(0, len(sign_ins)))
    halves = (window_of(shuffled[:cut]), window_of(shuffled[cut:]))
    rollups = {day: halves[0].rollups[day] + halves[1].rollups[day] for day in window_days(ENDING)}

    joined = make_report(assess(make_window(ENDING, rollups), Scope(), ShareRule()), HEADING, {})

    assert joined.to_json() == report_of(*sign_ins).to_json()


def test_the_days_of_the_window_are_listed_and_a_missing_one_has_no_counts() -> None:
    report = report_of(portal_sign_in(created_at=at(20)), without=[date(2026, 11, 18)])

    portal = {counts.day.day: counts.portal and counts.portal.requests for counts in report.days}

    assert portal == {17: 0, 18: None, 19: 0, 20: 1, 21: 0, 22: 0, 23: 0}


def test_history_keeps_earlier_reports_in_order_and_adds_this_one() -> None:
    earlier = [HistoryPoint(date(2026, 11, day), None, 0.5, None) for day in (22, 21, 23, 25)]

    report = make_report(assess(window_of([]), Scope(), ShareRule()), HEADING, {}, earlier)

    assert [point.ending.day for point in report.history] == [21, 22, 23]
    assert report.history[-1].portal is None


@given(st.lists(any_sign_in(), max_size=10))
def test_a_report_is_read_back_equal(sign_ins) -> None:
    report = report_of(*sign_ins)

    assert Report.from_json(report.to_json()) == report


def test_bytes_that_are_not_a_report_of_this_version_are_refused() -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        Report.from_json(b"{}")
    other = report_of().to_json().replace(b'"schema_version": 1', b'"schema_version": 2')
    with pytest.raises(StoreError, match="schema version 2"):
        Report.from_json(other)


def test_unknown_accounts_are_not_a_zero_in_the_history() -> None:
    nothing = AccountMetrics(3, 0, 0, 0, 0, 3, 0.0, 1.0)
    something = AccountMetrics(3, 0, 1, 0, 0, 2, 1 / 3, 1.0)

    assert nothing.known_share is None
    assert something.known_share == 1 / 3
    assert AccountMetrics().known_share is None
