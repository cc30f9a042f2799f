"""The accounts' page: a table that technicians work in."""

from __future__ import annotations

import re
from datetime import date

import msgspec
import pytest

from shared.delivery.files.accounts import MOST_LISTED, Accounts, account_entries, account_notes
from shared.delivery.files.directory_rows import AccountStatusRow
from shared.delivery.page.accounts_page import render_accounts
from shared.delivery.page.accounts_table import (
    FINDING_FILTERS,
    accounts_table,
    filters_of_finding,
)
from shared.delivery.page.table import PAGE_ROWS, PageContext, Query
from shared.errors import DamagedError
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.exceptions import (
    ExceptionsMetrics,
    ExceptionsSummary,
    ExceptionStatus,
    JudgedException,
)
from shared.mfa.assessment import ReportMeta
from shared.mfa.findings.catalogue import CATALOGUE
from shared.mfa.findings.finding import finding, named_subjects
from shared.mfa.metrics import AccountMetrics
from tests.delivery.opened import DESK
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE

TENANT = "cccccccc-0000-4000-8000-00000000000c"
READ_AT = "2026-11-24T02:00:00Z"


def guid(number):
    return f"00000000-0000-4000-8000-{number:012}"


def account(number, state, **facts):
    given = {
        "object_id": guid(number),
        "tenant_id": TENANT,
        "upn": f"user.{number}@northwind.example",
        "display_name": f"User {number}",
        "user_type": "Member",
        "enabled": True,
        "is_admin": False,
        "enforcement": state,
        "enforced_by": "",
        "cause": "",
        "remedy": "",
        "mfa_registered": True,
        "last_request": None,
        "last_request_mfa_compliant": None,
    }
    return AccountStatusRow(**(given | facts))


SOME = [
    account(10, Enforcement.UNPROTECTED, cause="No policy.", remedy="Add it to one."),
    account(9, Enforcement.UNPROTECTED, user_type="Guest", cause="Guest.", is_admin=None),
    account(3, Enforcement.UNKNOWN, cause="Groups were not read.", mfa_registered=None),
    account(2, Enforcement.CONDITIONAL, cause="In browsers only.", is_admin=True),
    account(
        *(1, Enforcement.ENFORCED),
        enforced_by="policy “Require MFA”",
        last_request="2026-11-23T08:15:00Z",
        last_request_mfa_compliant=False,
    ),
    account(4, None, enabled=False),
]
METRICS = AccountMetrics(enabled=5, disabled=1, enforced=1, conditional=1, unprotected=2, unknown=1)


def exceptions(*accounts):
    listed = [
        JudgedException(
            "a", "o", "r", "t", date(2026, 12, 31), ExceptionStatus.ACCEPTED, object_id=guid(each)
        )
        for each in accounts
    ]
    return ExceptionsSummary(ExceptionsMetrics(len(accounts), 0, 0, 0, 0, None), listed)


def accounts(rows=None, metrics=METRICS, accepted=(2,)):
    entries = account_entries(rows or SOME, exceptions(*accepted))
    return Accounts.of(TENANT, READ_AT, entries, metrics)


def html(rows=None, metrics=METRICS, *, base="/api", notes=(), **asked):
    meta = ReportMeta(TENANT, "Northwind Cloud", "graph", "2026-11-24T02:15:00Z")
    return render_accounts(accounts(rows, metrics), meta, PageContext(base, notes, Query(**asked)))


def listed(**asked):
    return [int(number) for number in re.findall(r"user\.(\d+)", _names(html(**asked)))]


def _names(made):
    return " ".join(re.findall(r'<th scope="row">(?:<a [^>]+>)?<bdi>(.+?)</bdi>', made)).replace(
        "<wbr>", ""
    )


def test_the_headline_is_the_figure_with_what_is_not_known():
    assert accounts().headline() == "1 of 5 enabled accounts has MFA enforced; 1 not known."
    assert accounts(metrics=AccountMetrics()).headline() == "There are no enabled accounts."


def test_every_account_is_listed_worst_first_with_cause_and_remedy():
    text = Page(html()).text

    assert listed() == [10, 9, 3, 2, 1, 4]
    assert "Not enforced No policy. Add it to one." in text
    assert "Enforced by policy “Require MFA”" in text
    assert "23 Nov, 08:15 without MFA" in text


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"state": "unprotected"}, [10, 9]),
        ({"state": "disabled"}, [4]),
        ({"is_admin": "true"}, [2]),
        ({"is_admin": "unknown"}, [9]),
        ({"user_type": "guest"}, [9]),
        ({"active": "true"}, [1]),
        ({"exception": "accepted"}, [2]),
        ({"exception": "none", "state": "conditional"}, []),
    ],
)
def test_each_filter_shows_what_it_names(filters, found):
    assert listed(filters=filters) == found


def test_every_finding_s_filter_is_one_that_the_table_knows():
    table = accounts_table(accounts())

    assert set(FINDING_FILTERS) <= set(CATALOGUE)
    for filters in FINDING_FILTERS.values():
        for name, word in filters.items():
            assert word in table.filters[name].words


def test_a_finding_that_gains_accounts_is_a_filter_of_its_own():
    entries = account_entries(
        SOME, findings_of=lambda object_id: ["report-only"] * (object_id == guid(9))
    )
    table = accounts_table(Accounts.of(TENANT, READ_AT, entries, METRICS))
    found = finding("report-only", named_subjects([]), policy="p", effect="e")

    filters = filters_of_finding(msgspec.structs.replace(found, gained=1))

    assert [it.object_id for it in table.select(Query(filters=filters)).rows] == [guid(9)]
    assert filters_of_finding(found) == {}


def test_accounts_are_filtered_by_the_kind_of_their_cause():
    entries = account_entries(SOME, kind_of=lambda _: "excluded")
    made = Accounts.of(TENANT, READ_AT, entries, METRICS)

    assert [it.cause_kind for it in made.accounts] == [*["excluded"] * 4, "", ""]
    chosen = accounts_table(made).select(Query(filters={"cause": "excluded"}))
    assert len(chosen.rows) == 4


def test_names_are_sorted_in_their_natural_order_and_found_by_any_part():
    assert listed(sort="upn") == [1, 2, 3, 4, 9, 10]
    assert listed(search="USER 1") == [10, 1]
    assert listed(search=guid(9)) == [9]


def test_what_is_not_known_says_so():
    made = html(filters={"state": "unknown"})

    assert "Groups were not read." in made
    assert made.count("<i>not known</i>") == 1


def test_accounts_are_read_back_from_their_json_as_they_were():
    assert Accounts.from_json(accounts().to_json()) == accounts()
    with pytest.raises(DamagedError, match="cannot be read"):
        Accounts.from_json(b"{}")


def test_only_as_many_are_listed_as_can_be_searched_and_the_page_says_so():
    many = Accounts.of(TENANT, "", [next(account_entries(SOME))] * (MOST_LISTED + 5), METRICS)
    meta = ReportMeta(TENANT, None, "graph", "2026-11-24T02:15:00Z")

    made = render_accounts(many, meta, PageContext("/api"))

    assert len(many.accounts) == MOST_LISTED
    assert "Only the first 50,000 are listed here" in Page(made).text


def test_ten_thousand_accounts_are_shown_a_hundred_a_page_in_less_than_300_kilobytes():
    rows = [account(each, Enforcement.UNPROTECTED, cause="Why. " * 20) for each in range(10_000)]
    made = html(rows, page=100, sort="upn")

    assert len(made.encode()) < 300_000
    assert made.count('<th scope="row">') == PAGE_ROWS
    assert "user.9999@" in made.replace("<wbr>", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_and_makes_no_link(name):
    made = html([account(1, Enforcement.UNPROTECTED, upn=name, display_name=name, cause=name)])
    page = Page(made)

    assert not [tag for tag, _ in page.elements if tag in ("script", "img", "b", "iframe")]
    assert not [link for link in page.all("a") if "evil" in (link["href"] or "")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x1b]", made)


def test_in_a_folder_the_page_has_no_form_and_no_link_of_the_app():
    made = html(base="")

    assert "<form" not in made
    assert "/api" not in made


def test_notes_about_customers_are_left_to_their_own_page():
    notes = {"groups": "Groups were not read.", "customerInsights": "Figures were not read."}

    assert account_notes(notes) == ["Groups were not read."]


LOOKS = {
    "some": lambda: html(notes=["Groups were not read: denied."]),
    "searched": lambda: html(search="user", sort="-state"),
    "hostile": lambda: html(
        [account(1, Enforcement.UNPROTECTED, upn=name, cause=name) for name in HOSTILE]
    ),
}


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", [{"viewport": {"width": 320, "height": 700}}, DESK])
def test_the_page_never_scrolls_sideways_and_the_browser_has_no_complaint(opened, look, screen):
    made = opened(LOOKS[look](), **screen)

    assert max(made.overhangs()) <= 0
    assert made.complaints == []
    assert len(made.requests) == 1
