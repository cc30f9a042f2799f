"""The report in a few lines of plain text."""

from __future__ import annotations

from datetime import date

import msgspec

from shared.delivery.text.summary import summarise
from shared.mfa.assessment import ReportMeta, assess, make_report
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.mfa.report import InputSummary, UnreadableRecord
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.sign_in import Evidence
from shared.mfa.window import make_window, window_days
from tests.delivery.scenarios import with_findings
from tests.sign_ins import api_sign_in, portal_sign_in

ENDING = date(2026, 11, 23)
HEADING = ReportMeta("tenant", "Contoso", "exports", "2026-11-24T00:00:00Z")


def summary(*sign_ins, accounts=None, others=None, reading=None, missing=(), **more):
    rollups = {day: Rollup() for day in window_days(ENDING) if day not in missing}
    for sign_in in sign_ins:
        rollups[date.fromisoformat(sign_in.day)].add(sign_in)
    report = make_report(
        assess(make_window(ENDING, rollups, **more), Scope(), ShareRule()),
        HEADING,
        {},
        reading=reading,
    )
    metrics = msgspec.structs.replace(
        report.metrics, accounts=accounts or AccountMetrics(), **others or {}
    )
    return summarise(msgspec.structs.replace(report, metrics=metrics))


def test_each_figure_comes_with_its_numerator_and_denominator() -> None:
    verified = portal_sign_in(details=Evidence.SATISFIED)
    accounts = AccountMetrics(100, 10, 90, 4, 6, 0, 0.9, 0.9)

    text = summary(verified, portal_sign_in(), portal_sign_in(), accounts=accounts)

    assert "Contoso: 17–23 November 2026, 7 of 7 days known" in text
    assert "Accounts with MFA enforced" in text
    assert "90 %   90 of 100 enabled accounts" in text
    assert "33.3 %   1 of 3 decided" in text


def test_shares_and_counts_are_columns_however_long_the_bounds_are() -> None:
    verified = portal_sign_in(details=Evidence.SATISFIED)
    accounts = AccountMetrics(100, 10, 90, 4, 6, 0, 0.9, 0.9)

    text = summary(
        *(verified, portal_sign_in()),
        *(api_sign_in(details=Evidence.SATISFIED, user_id="bob"), api_sign_in()),
        accounts=accounts,
    )

    rows = [line for line in text.splitlines() if " with MFA" in line]
    assert len(rows) == 3
    assert "at least 50 %, at most 100 %   1 of 2" in rows[2]
    assert len({row.rindex("   ") for row in rows}) == 1  # the gap before the counts


def test_the_first_step_stands_between_the_figures_and_the_worst() -> None:
    text = summarise(with_findings())

    step = text.index("Fix this first: Two administrators are excluded from the MFA policy")
    assert text.index("API or SDK requests with MFA") < step < text.index("Most API or SDK")
    assert "from 20 % to 100 % (+80 points, 8 portal requests)." in text


def test_what_is_neither_for_nor_against_is_said_beside_the_figure() -> None:
    exempted = portal_sign_in(details=Evidence.SKIPPED)
    interrupted = portal_sign_in(error_code=50074)

    text = summary(exempted, interrupted, api_sign_in())

    assert "0 %   0 of 1 decided; 1 exempted; 1 not completed" in text
    assert "unknown   0 of 0 decided; 1 unknown" in text


def test_a_missing_day_is_named_and_the_provisional_figure_says_that_it_is_one() -> None:
    verified = portal_sign_in(details=Evidence.SATISFIED)

    text = summary(verified, missing=[date(2026, 11, 18)])

    assert "missing: 18 November 2026, not collected yet" in text
    assert "unknown   1 of 1 decided (provisional: 100 %)" in text


def test_accounts_that_were_not_read_are_not_zero() -> None:
    assert "Accounts with MFA enforced    not read" in summary()


def accounts_line(**counts) -> str:
    kinds = ("enabled", "disabled", "enforced", "conditional", "unprotected", "unknown")
    numbers = {**dict.fromkeys(kinds, 0), **counts}
    enabled = numbers["enabled"]
    shares = [
        part / enabled if enabled else None
        for part in (numbers["enforced"], numbers["enforced"] + numbers["unknown"])
    ]
    [line] = [
        line
        for line in summary(accounts=AccountMetrics(*numbers.values(), *shares)).splitlines()
        if "with MFA enforced" in line
    ]
    return line.partition("enforced")[2].strip()


def test_accounts_of_which_nothing_is_known_are_unknown_as_on_the_page() -> None:
    line = accounts_line(enabled=1, unknown=1)

    assert line == "unknown   0 of 1 enabled account could be judged"


def test_accounts_that_could_not_all_be_judged_are_at_least_and_at_most() -> None:
    line = accounts_line(enabled=10, enforced=7, unprotected=2, unknown=1)

    assert line == "at least 70 %, at most 80 %   7 of 10 enabled accounts"


def test_a_directory_without_enabled_accounts_and_a_window_without_requests_say_so() -> None:
    assert accounts_line(disabled=3) == "no enabled accounts"
    assert "Portal requests with MFA      no requests\n" in summary()
    assert "unknown   no requests" in summary(missing=[date(2026, 11, 18)])


def test_the_worst_applications_and_users_are_named_and_harmless() -> None:
    hostile = portal_sign_in(upn="ann\u202egpj.exe\x1b[31m", user_id="ann")

    text = summary(
        hostile, api_sign_in(session_id="s"), portal_sign_in(user_id="b", session_id="s")
    )

    assert "Most portal requests without MFA, by user:" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_records_that_could_not_be_read_are_said_with_file_and_line() -> None:
    found = [UnreadableRecord("signins.json", 7, "no timestamp")]
    reading = InputSummary(12, 1, found, 0, ENDING, ENDING, other_tenants=3)

    text = summary(reading=reading)

    assert "12 records read, 1 could not be read and 3 of other tenants left out" in text
    assert "signins.json, line 7: no timestamp" in text


def test_unknown_requests_bound_the_share() -> None:
    verified = api_sign_in(details=Evidence.SATISFIED)

    text = summary(verified, api_sign_in(user_id="b"))

    assert "at least 50 %, at most 100 %   1 of 2; 1 unknown" in text


def test_each_kind_of_log_has_its_own_number_of_days_if_one_is_missing() -> None:
    logs = dict.fromkeys(window_days(ENDING), LogKinds(non_interactive=False))

    text = summary(portal_sign_in(), logs=logs, provisional=[ENDING])

    assert "days known: interactive sign-ins 7 of 7, non-interactive sign-ins 0 of 7" in text
    assert "may still change: 23 November 2026" in text
    assert "unknown   no requests read" in text
