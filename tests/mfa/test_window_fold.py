"""The fold of a window says exactly what the plain way says, which holds every request."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.delivery.files.accounts import account_entries
from shared.delivery.files.details import Applications, account_files, read_account_file
from shared.delivery.files.directory_rows import account_rows
from shared.delivery.files.request_rows import (
    application_day_rows,
    portal_user_rows,
    request_rows,
)
from shared.delivery.text.formatting import plain_quotes, utc_time
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.assessment import ReportMeta, assess, make_report
from shared.mfa.by_day import figures_by_day
from shared.mfa.circumstances import Circumstance, PolicyTrace, PolicyTraces
from shared.mfa.coverage import LogKinds
from shared.mfa.findings.request_summary import summary_of
from shared.mfa.inheritance import Inheritance
from shared.mfa.metrics import ShareRule, Tally
from shared.mfa.reasons.disagreement import disagreements
from shared.mfa.reasons.reason import ReasonKind
from shared.mfa.requests import REQUESTS_CAP
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Channel, Scope
from shared.mfa.sign_in import Evidence
from shared.mfa.verdict import Verdict
from shared.mfa.window import make_window, window_days
from shared.mfa.window_fold import ACCOUNT_SIGN_INS_CAP
from shared.mfa.window_sign_ins import WindowSignIns
from shared.mfa.windows import measure_windows
from tests.directories import assess as judged_accounts
from tests.directories import policy, user
from tests.mfa.plain_window import TENANT, PlainWindow
from tests.sign_ins import PORTAL, VENDOR, any_sign_in, api_sign_in, at, portal_sign_in

ENDING = date(2026, 11, 23)
DAYS = list(window_days(ENDING))
META = ReportMeta(TENANT, "Contoso", "exports", "2026-11-24T00:00:00Z")
YOUNG = {**policy("Young"), "createdDateTime": "2026-11-20T01:00:00Z"}
ACCOUNTS = judged_accounts(YOUNG, users=[user("ann"), user("BOB")])


def window_of(sign_ins, *, missing=(), partly=(), provisional=()):
    """Each copy in the rollup of its own day, as slices own them."""
    rollups = {day: Rollup() for day in DAYS if day not in missing}
    for sign_in in sign_ins:
        day = date.fromisoformat(sign_in.day)
        if day in rollups:
            rollups[day].add(sign_in)
    logs = {day: LogKinds(interactive=False) for day in partly}
    return make_window(ENDING, rollups, logs=logs, provisional=provisional)


def check(window, rule=None, accounts=None):
    """Compare everything that is made of the fold with what the plain way says."""
    rule = rule or ShareRule()
    folded = assess(window, Scope(), rule, accounts)
    plain = PlainWindow(window, Scope(), rule, accounts)
    report = make_report(folded, META, {})
    metrics = {Channel.PORTAL: report.metrics.portal, Channel.API: report.metrics.api}
    for channel in Channel:
        expected = plain.report(channel)
        figure = msgspec.structs.asdict(metrics[channel])
        assert figure == {name: expected["metrics"][name] for name in figure}
        assert getattr(report.forecast, channel.value) == expected["forecast"]
        assert report.breakdown[channel] == expected["breakdown"]
        assert request_rows(folded, channel, TENANT) == plain.rows(channel, REQUESTS_CAP)
    assert report.days == plain.days()
    assert figures_by_day(folded) == plain.figures_by_day()
    assert portal_user_rows(folded, TENANT) == plain.portal_users()
    assert application_day_rows(folded) == plain.application_days()
    assert Applications.of(TENANT, folded).applications == plain.applications()
    assert summary(folded) == plain.summary()
    if accounts is not None:
        assert last_requests(folded, accounts) == expected_last_requests(plain, accounts)
        pages = plain.accounts(ACCOUNT_SIGN_INS_CAP)
        for user_id, page in of_accounts(folded, accounts).items():
            assert page == pages.get(user_id, (Tally(), []))
        every = [each.sign_in for each in plain.every]
        assert disagreements(folded.requests.with_traces, accounts) == disagreements(
            every, accounts
        )


def last_requests(folded, accounts):
    """What the accounts' rows say of their newest requests."""
    rows = account_rows(accounts.rows(DAYS[0]), folded, TENANT)
    return {
        row.object_id.lower(): (row.last_request, row.last_request_mfa_compliant, row.cause)
        for row in rows
    }


def expected_last_requests(plain, accounts):
    expected = {}
    known = plain.last_requests()
    for row in accounts.rows(DAYS[0]):
        user_id = row.object_id.lower()
        made_at, verdict, reason = known.get(user_id, ("", Verdict.UNKNOWN, None))
        is_told = row.enforcement is Enforcement.ENFORCED and reason
        cause = row.cause
        if is_told and (reason.kind is not ReasonKind.POLICY_TOO_YOUNG or not cause):
            cause = f"{reason.sentence}. {cause}".strip()
        last = utc_time(made_at) if made_at else None
        expected[user_id] = last, plain.rule.is_compliant(verdict), plain_quotes(cause)
    return expected


def of_accounts(folded, accounts):
    """What the accounts' own pages say of their sign-ins."""
    rows = account_rows(accounts.rows(DAYS[0]), folded, TENANT)
    entries = list(account_entries(rows, None, lambda _: "", lambda _: []))
    written = account_files(["a"], entries, accounts, folded)["a"]
    file = read_account_file(written)
    found: dict[str, Any] = {user_id: file.account(user_id.upper()) for user_id in file.accounts}
    plain = {"policies": file.policies, "accounts": found}
    assert gzip.decompress(written) == msgspec.json.encode(plain)
    return {user_id: (it.requests, it.sign_ins) for user_id, it in found.items()}


def summary(folded):
    found = summary_of(folded.requests, folded.metrics, folded.rule)
    listed = ("without_mfa", "exempted", "app_only", "unknown_applications", "unknown_users")
    others = ("active", "cannot_show", "names", "applications", "groups")
    return {name: list(getattr(found, name).items()) for name in listed} | {
        name: getattr(found, name) for name in others
    }


_traces = [
    PolicyTraces(),
    PolicyTraces.of([PolicyTrace("id of Young", "Young", "notapplied", "mfa", unmet="users")]),
    PolicyTraces.of(
        [PolicyTrace("id of Young", "Young", "notapplied", excluded_by="users:groupid")]
    ),
]
#: With more of what a log can hold: an id in capitals, traces, fields that are not understood.
_any_of_a_log = st.builds(
    msgspec.structs.replace,
    any_sign_in(),
    user_id=st.sampled_from(["ann", "ANN", "bob", "gone", ""]),
    user_name=st.sampled_from(["", "Ann", "Ann B."]),
    app_id=st.sampled_from([PORTAL, VENDOR, "other", ""]),
    traces=st.sampled_from(_traces),
    circumstance=st.sampled_from(Circumstance),
    not_understood=st.sampled_from([False, False, True]),
    has_own_id=st.sampled_from([True, True, False]),
)
#: Many copies of few sign-ins, some of them in several days; or every sign-in once.
_logs = st.lists(_any_of_a_log, max_size=25) | st.lists(_any_of_a_log, max_size=25).map(
    lambda sign_ins: [
        msgspec.structs.replace(each, id=f"id-{number}") for number, each in enumerate(sign_ins)
    ]
)
_some_days = st.sets(st.sampled_from(DAYS), max_size=2)


@given(_logs, _some_days, _some_days, _some_days, st.booleans())
def test_folded_day_by_day_a_window_is_the_same_as_with_every_request_held(
    sign_ins, missing, partly, provisional, exempted_counts
) -> None:
    window = window_of(sign_ins, missing=missing, partly=partly, provisional=provisional)

    check(window, ShareRule(exempted_counts), ACCOUNTS)


def test_without_a_directory_it_is_the_same() -> None:
    sign_ins = [portal_sign_in(created_at=at(17 + n % 7, n % 24)) for n in range(40)]

    check(window_of(sign_ins))


def test_a_verdict_is_inherited_over_days_and_not_from_a_missing_one() -> None:
    decided = portal_sign_in(created_at=at(17), session_id="s")
    later = portal_sign_in(created_at=at(20), session_id="s", details=Evidence.SATISFIED)
    undecided = [api_sign_in(created_at=at(day, 10), session_id="s") for day in range(17, 24)]

    folded = assess(window_of([decided, later, *undecided]), Scope(), ShareRule())
    without = window_of([decided, later, *undecided], missing=[date(2026, 11, 20)])

    assert (folded.metrics.api.not_verified, folded.metrics.api.verified) == (3, 4)
    assert assess(without, Scope(), ShareRule()).metrics.api.not_verified == 6
    check(window_of([decided, later, *undecided]), accounts=ACCOUNTS)
    check(without, accounts=ACCOUNTS)


def test_a_sign_in_whose_copies_lie_in_two_days_is_one_request_of_the_later_copys_day() -> None:
    first = portal_sign_in(id="x", created_at=at(18, 23), session_id="s")
    second = portal_sign_in(id="x", created_at=at(19, 0), received_at=at(20), session_id="s")
    heir = api_sign_in(created_at=at(18, 23), session_id="s")
    window = window_of([first, second, heir])

    folded = assess(window, Scope(), ShareRule())

    assert folded.metrics.portal.requests == 1
    assert [each.day for each in folded.requests.days if each.channel is Channel.PORTAL] == [
        "2026-11-19"
    ]
    assert folded.metrics.api.unknown == 1
    check(window, accounts=ACCOUNTS)


def test_an_account_keeps_its_newest_sign_ins_and_all_are_counted() -> None:
    count = 3 * ACCOUNT_SIGN_INS_CAP
    sign_ins = [
        portal_sign_in(created_at=f"2026-11-20T{n // 60:02}:{n % 60:02}:00.0000000Z")
        for n in range(count)
    ]

    folded = assess(window_of(sign_ins), Scope(), ShareRule(), ACCOUNTS)

    assert len(folded.requests.of_accounts["ann"]) == ACCOUNT_SIGN_INS_CAP
    check(window_of(sign_ins), accounts=ACCOUNTS)


def test_sign_ins_in_another_order_than_that_of_time_are_refused() -> None:
    late, early = portal_sign_in(created_at=at(20)), portal_sign_in(created_at=at(19))
    sign_ins = WindowSignIns([Rollup([late]), Rollup([early])])
    sign_ins.survey(Inheritance())

    with pytest.raises(ValueError, match="comes after 2026-11-20T"):
        list(sign_ins.batches())


#: Two copies of one sign-in, which together are not a sign-in to Partner Center.
_split = [
    portal_sign_in(created_at=at(17), id="one"),
    portal_sign_in(created_at=at(18), id="one", resource_id="other", app_id="other"),
]


@example(_split, set())
@given(_logs, _some_days)
def test_windows_judged_in_one_pass_have_the_figures_that_each_has_on_its_own(
    sign_ins, missing
) -> None:
    rollups = {day: Rollup() for day in DAYS if day not in missing}
    for sign_in in sign_ins:
        day = date.fromisoformat(sign_in.day)
        if day in rollups:
            rollups[day].add(sign_in)
    windows = [make_window(DAYS[0] + timedelta(days=n), rollups) for n in range(12)]

    assert measure_windows(windows, Scope(), ShareRule()) == [
        assess(window, Scope(), ShareRule()).metrics for window in windows
    ]
