"""The page: complete, self-contained, and made of text that stays text."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.delivery.page import report_page
from shared.delivery.page.report_page import PageLinks, page_for_folder, render_page
from shared.mfa.accounts.partner_roles import PartnerRole
from shared.mfa.circumstances import PolicyTrace, PolicyTraces
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import AccountMetrics, AccountShare, ShareRule
from shared.mfa.reasons.of_accounts import AccountCause
from shared.mfa.reasons.reason import ReasonKind
from shared.mfa.report import FileEntry, HistoryPoint, InputSummary, Report
from tests.delivery.making import (
    DAYS,
    ENDING,
    NOT_VERIFIED,
    UNKNOWN,
    VERIFIED,
    api,
    finding,
    portal,
    report,
    user,
    worked_api,
    worked_portal,
)
from tests.delivery.parsed import page
from tests.delivery.scenarios import (
    SCENARIOS,
    a_missing_day,
    all_green,
    many,
    nothing_at_all,
    with_findings,
    worked_examples,
)

TEMPLATES = Path(report_page.__file__).parents[3] / "templates" / "report"


@pytest.fixture(params=SCENARIOS)
def scenario(request) -> Report:
    return SCENARIOS[request.param]()


def test_every_scenario_makes_a_page_whose_tags_are_closed_and_whose_ids_are_its_own(scenario):
    ids = [attributes["id"] for _, attributes in page(scenario).elements if "id" in attributes]

    assert len(ids) == len(set(ids))


def test_the_page_that_is_served_becomes_the_page_for_a_folder_without_rendering_it_again(scenario):
    links = PageLinks(
        "/api/reports/t/2026-11-23/",
        "/api/accounts",
        "/api/applications",
        "/api/reports",
        "/api/customers",
        "/api/permissions",
    )
    served = render_page(scenario, links)

    for link in (*links[1:6], *(f"{links.files}{file.href}" for file in scenario.files.values())):
        assert f'href="{link}"' in served
    assert page_for_folder(served, links) == render_page(scenario)
    assert "/api/" not in render_page(scenario)


def test_every_page_is_smaller_than_300_kilobytes(scenario):
    assert len(render_page(scenario).encode()) < 300_000


def test_the_page_of_a_large_partner_with_long_names_stays_small_too():
    sign_ins = []
    for n in range(200):
        long: dict[str, Any] = {
            "time": f"{n // 60 % 24:02}:{n % 60:02}:00",
            "user_id": f"{n}" + "W" * 500,
            "upn": f"{n}" + "<" * 500,
            "user_name": f"{n}" + "&" * 500,
            "app_name": f"{n}" + '"' * 500,
            **NOT_VERIFIED,
        }
        sign_ins += [portal(**long), api(**long, app_id=f"{n}" + "'" * 500)]
    history = [HistoryPoint(ENDING - timedelta(days=n), 0.1, 0.2, 0.3) for n in range(1, 400)]

    assert len(render_page(report(*sign_ins, history=history)).encode()) < 300_000


def test_the_page_loads_nothing_runs_nothing_and_says_so_to_the_browser(scenario):
    made = page(scenario)
    policy = next(meta["content"] or "" for meta in made.all("meta") if "http-equiv" in meta)

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not [tag for tag, _ in made.elements if tag in ("script", "iframe", "object", "img")]
    assert not [
        name for _, attributes in made.elements for name in attributes if name.startswith("on")
    ]
    assert not [attributes for _, attributes in made.elements if "style" in attributes]
    assert {link["href"][:5] for link in made.all("link") if link["href"]} == {"data:"}
    assert not re.search(r"@import|url\((?!#)", render_page(scenario))


def test_equal_reports_give_equal_pages_and_a_report_read_back_gives_the_same(scenario):
    again = Report.from_json(scenario.to_json())

    assert render_page(scenario) == render_page(again)


def test_no_scenario_prints_none_or_a_float_with_many_digits(scenario):
    text = page(scenario).text

    assert not re.search(r"\bNone\b|\d\.\d{3,}", text)


def test_headings_go_down_one_level_at_a_time(scenario):
    levels = [int(tag[1]) for tag, _ in page(scenario).elements if re.fullmatch(r"h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))


def test_the_worked_examples_read_90_20_and_40_percent_with_their_fractions_in_words():
    text = page(worked_examples()).text

    assert "90 % Below 100 % 90 of 100 enabled accounts have MFA enforced." in text
    assert "20 % Below 100 % 2 of 10 requests were made with MFA." in text
    assert "40 % Below 100 % 2 of 5 requests were made with MFA." in text
    assert "10 disabled accounts left out. Delete those that are no longer needed." in text
    assert "one for each token, not for each HTTP request" in text


def test_the_heading_tells_whose_report_it_is_of_which_days_and_from_where():
    text = page(worked_examples()).text

    assert "Fabrikam Cloud Services" in text
    assert "17–23 November 2026, UTC" in text
    assert "24 November 2026, 06:02 UTC" in text
    assert "Exported sign-in records" in text
    assert "MFA status of Fabrikam Cloud Services, 17–23 November 2026" in text


def test_the_printed_waterfalls_add_up_to_100_percent_with_the_printed_share():
    html = render_page(many())
    falls = re.findall(r'<ol class="waterfall">(.*?)</ol>', html, re.DOTALL)

    assert len(falls) == 6
    for fall in falls:
        whole, *steps, share = re.findall(r'class="amount">(\u2212?[\d.]+)(?:\u00a0|&nbsp;)%', fall)
        assert whole == "100"
        taken = sum(round(10 * float(step.removeprefix("\u2212"))) for step in steps)
        assert taken + round(10 * float(share)) == 1000


def test_the_causes_are_shown_in_words_with_what_they_are_based_on():
    trace = PolicyTrace("1", "<Require MFA>", "notapplied", "mfa", excluded_by="users:groupid")
    excluded = portal(DAYS[0], **NOT_VERIFIED, traces=PolicyTraces.of([trace]))
    untold = portal(DAYS[1], **NOT_VERIFIED)

    made = page(report(excluded, untold))

    assert "By cause" in made.text
    assert "Excluded by a group in policy “<Require MFA>” As the records say 1 1" in made.text
    assert "The record does not tell why, and no directory was read 1 1" in made.text


def test_where_parts_are_fitted_to_add_up_the_page_says_so_once():
    note = "rounded so that they add up exactly"

    assert page(many()).text.count(note) == 1
    assert note not in page(all_green()).text


def test_what_a_fix_would_give_stays_on_one_line():
    made = msgspec.structs.replace(
        worked_examples(), findings=[finding(gain="66.7 % of the accounts would.")]
    )

    assert "66.7\u00a0% of the accounts would." in render_page(made)


def test_with_a_day_missing_the_figure_is_unknown_and_the_provisional_one_is_apart():
    text = page(a_missing_day()).text

    assert (
        "Portal requests with MFA Unknown Incomplete Provisional 20 % over the 6 complete days"
        in text
    )
    assert "Missing: 21 November 2026" in text
    assert "Microsoft Graph was throttling" in text
    assert "from 100 % down to 20 %, provisionally" in text


def test_a_window_of_which_no_day_is_known_still_makes_a_page():
    days = [ENDING - timedelta(days=back) for back in range(7)]
    text = page(report(missing=dict.fromkeys(days, "not in the files"))).text

    assert "0 of 7 days are complete." in text
    assert "Provisional " not in text.partition("Day by day")[0]


def test_accounts_that_were_not_read_say_how_to_have_them_read():
    text = page(report(*worked_portal())).text

    assert "Accounts with MFA enforced Not read" in text
    assert "analyze --directory FILE" in text


def test_accounts_that_could_not_all_be_judged_read_at_least():
    accounts = AccountMetrics(10, 0, 7, 1, 1, 1, share=0.7, share_upper=0.8)
    text = page(report(*worked_portal(), accounts=accounts)).text

    assert "at least 70 %" in text
    assert "at most 80 %, because 1 could not be judged." in text


def test_what_is_in_no_share_has_numbers_and_meanings_of_its_own():
    text = page(report(*worked_api(), portal(**UNKNOWN))).text

    assert re.search(r"Unknown Neither the record .*? 1 0", text)
    assert re.search(r"App-only An application without a user.*?–does not apply 5", text)
    assert "Whether MFA was used is unknown for 1 request." in text


def test_a_setting_that_counts_exempted_requests_as_mfa_is_said():
    text = page(report(portal(**VERIFIED), rule=ShareRule(exempted_counts_as_mfa=True))).text

    assert "EXEMPTED_COUNTS_AS_MFA" in text


def test_each_file_is_linked_with_its_number_of_rows():
    made = msgspec.structs.replace(
        worked_examples(),
        files={
            "all_api_requests": FileEntry("all-api-requests.csv", 10_000, 48_213),
            "accounts": FileEntry("accounts.csv", 0, None),
            "customers": FileEntry("customers.csv", 1, 1),
        },
    )
    found = page(made)

    assert "the newest 10,000 of 48,213 rows" in found.text
    assert "not read: header only" in found.text
    assert "1 row One row per customer" in found.text
    links = [link["href"] for link in found.all("a")]
    assert links[-3:] == ["all-api-requests.csv", "accounts.csv", "customers.csv"]


def test_simulated_data_is_said_to_be_simulated_and_other_data_is_not():
    assert "Simulated data." in page(many()).text
    assert "Simulated data." not in page(worked_examples()).text


def test_records_that_could_not_be_read_are_told_with_file_and_line():
    text = page(nothing_at_all()).text

    assert "9 records could not be read and are not included in any figure." in text
    assert "the first 5" in text
    assert "signins-2026-11-20.ndjson.gz 17 the record has no time" in text


def test_the_trend_is_shown_from_the_second_window_on():
    one_more = [HistoryPoint(date(2026, 11, 22), None, 0.5, 0.75)]

    assert "Is it getting better?" not in page(report(*worked_portal())).text
    text = page(report(*worked_portal(), history=one_more)).text
    assert "Is it getting better?" in text
    assert "22 November 2026 unknown 50 % 75 %" in text


def test_findings_are_left_out_where_there_are_none():
    assert "Why, and what to do" not in page(worked_examples()).text
    assert "Accounts would read 92 %" in page(with_findings()).text


def test_nothing_missing_is_said_and_not_drawn():
    text = page(all_green()).text

    assert "Nothing is missing: every request was made with MFA." in text
    assert "All requests whose MFA status is known" not in text


def test_unknown_requests_come_first_in_the_tile_and_nothing_is_called_complete():
    sign_ins = [api(**VERIFIED), api(**UNKNOWN, **user("B"))]

    text = page(report(*sign_ins)).text

    assert "at least 50 % at most 100 %" in text
    assert "At least 1 of 2 requests was made with MFA; at most 100 %" in text
    assert "Nothing is missing" not in text
    assert "At 100 %" not in text


def test_a_tile_is_not_at_100_percent_while_a_record_was_unreadable():
    reading = InputSummary(10, 3, [], 0, None, None)

    text = page(report(portal(**VERIFIED), reading=reading)).text

    assert "100 % of what was read" in text
    assert "At 100 %" not in text


def test_without_the_log_of_non_interactive_sign_ins_nobody_reads_that_no_request_was_made():
    logs = dict.fromkeys(DAYS, LogKinds(non_interactive=False))

    text = page(report(portal(**VERIFIED), logs=logs)).text

    assert "the log of non-interactive sign-ins is missing" in text
    assert "No request was made" not in text
    assert "No request was read" in text


def test_days_that_may_still_change_are_marked():
    text = page(report(*worked_portal(), provisional=[ENDING])).text

    assert text.count("Mon 23 so far") == 2
    assert "This may still change." in text


def test_the_history_shows_the_bounds_of_a_window_with_unknown_requests():
    bounds = {"api_lower": 0.39, "api_upper": 1.0}
    earlier = HistoryPoint(ENDING - timedelta(days=1), None, 0.5, 1.0, **bounds)

    text = page(report(*worked_portal(), history=[earlier])).text

    assert "at least 39 %, at most 100 %" in text


def test_no_file_of_the_page_is_longer_than_the_house_allows():
    for template in TEMPLATES.iterdir():
        assert len(template.read_text("utf-8").splitlines()) <= 300


def test_a_finding_that_invites_to_ask_for_an_exception_says_that_there_is_none():
    raised = page(
        msgspec.structs.replace(worked_examples(), findings=[finding(id="legacy-authentication")])
    ).text

    assert "Exception? Some of us use clients with legacy authentication" in raised
    assert "No, because such protocols cannot be protected by MFA" in raised
    assert (
        "Exception?"
        not in page(
            msgspec.structs.replace(worked_examples(), findings=[finding(id="remembered-device")])
        ).text
    )


def test_the_page_shows_who_may_open_what_and_the_seven_scenarios():
    role = PartnerRole(
        "Admin agents", ["Customers"], ["Customers"], AccountShare(2, 1, 0), ["x"], 1
    )
    text = page(msgspec.structs.replace(worked_examples(), partner_roles=[role])).text

    assert "Who may open what, without MFA enforced" in text
    assert "Admin agents Opens Customers. x 2 1" in text
    assert (
        "Discover (price, catalog, promotion) MFA supported Exception supported No access" in text
    )
    assert "User and license assignment MFA supported No exception supported" in text
    assert "Who may open what" not in page(worked_examples()).text


def test_the_page_shows_by_cause_why_accounts_have_no_mfa_enforced():
    causes = [
        AccountCause(ReasonKind.EXCLUDED, "Policy “MFA” excludes the account", 6, 0.06),
        AccountCause(ReasonKind.NO_POLICY, "No policy includes the account", 4, 0.04),
    ]
    text = page(msgspec.structs.replace(worked_examples(), account_causes=causes)).text

    assert "Why accounts have no MFA enforced" in text
    assert "All enabled accounts100 %" in text  # two columns
    assert "Policy “MFA” excludes the account 6 accounts −6 %" in text
    assert "No policy includes the account 4 accounts −4 %" in text
    assert "MFA enforced90 %" in text
    assert "Why accounts have no MFA enforced" not in page(worked_examples()).text
