"""One account's page, one application's and the list of applications, with any names."""

from __future__ import annotations

import re
from datetime import date

import msgspec
import pytest

from shared.delivery.files.accounts import AccountEntry
from shared.delivery.files.details import (
    AccountDetails,
    ApplicationDay,
    ApplicationDetails,
    Applications,
    PolicyReach,
    SignInEntry,
    place_of,
)
from shared.delivery.page.detail_pages import (
    render_account,
    render_application,
    render_applications,
)
from shared.delivery.page.table import PageContext
from shared.mfa.assessment import ReportMeta
from shared.mfa.breakdown import CauseContribution, Contribution
from shared.mfa.changes.account_history import AccountDay, AccountHistory
from shared.mfa.changes.account_states import StateSince
from shared.mfa.metrics import ShareRule, Tally
from shared.mfa.scope import Channel
from tests.delivery.opened import DESK, PHONE
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE

META = ReportMeta(
    "cccccccc-0000-4000-8000-00000000000c", "Northwind", "graph", "2026-11-24T02:15:00Z"
)
COUNTS = Tally(requests=5, verified=2, not_verified=2, unknown=1)


def account_page(name="ann@northwind.example"):
    entry = AccountEntry(
        *(name, name, name, "Member", True, None, "unprotected", "", name, name, None, None, None)
    )
    sign_in = SignInEntry(
        *("id", "2026-11-23T08:15:00.0000000Z", Channel.API, name, name, name),
        verdict="not_verified",
        reason=name,
    )
    details = AccountDetails(
        entry, 0, COUNTS, [sign_in, msgspec.structs.replace(sign_in, verdict="verified")]
    )
    days = ["enforced", None, "absent", "unprotected", "unprotected"]
    history = AccountHistory(
        [AccountDay(date(2026, 11, 19 + n), state) for n, state in enumerate(days)],
        StateSince("unprotected", date(2026, 11, 22), open_since=date(2026, 11, 22)),
    )
    policies = [PolicyReach("id", name, "on", "excluded")]
    return render_account(details, policies, history, META, "/api")


def test_an_account_s_page_has_its_days_as_periods():
    text = " ".join(Page(account_page()).text.split())

    assert "Not enforced for at least 2 days, since 22 November 2026." in text
    for row in (
        "22–23 November 2026 Not enforced 2 days",
        "21 November 2026 Not in the directory 1 day",
        "20 November 2026 Not known: nothing was stored 1 day",
        "19 November 2026 Enforced 1 day",
    ):
        assert row in text


def application(name="Control Panel"):
    part = (name, name, name, COUNTS, 2, 0.4, "2026-11-23T08:15:00Z")
    return ApplicationDetails(
        *(name, name, COUNTS, [Contribution(*part)], [CauseContribution(*part)]),
        [ApplicationDay("2026-11-23", COUNTS)],
    )


def application_page(name="Control Panel"):
    return render_application(application(name), ShareRule(), META, "/api")


def applications_page(name="Control Panel"):
    found = Applications("t", ShareRule(), [application(name)])
    return render_applications(found, META, PageContext("/api"))


PAGES = {"account": account_page, "application": application_page, "list": applications_page}


def test_a_share_with_unknown_requests_is_said_by_its_bounds():
    assert "At least 40 %, at most 60 % were made with MFA." in Page(application_page()).text


def test_the_same_account_is_always_in_the_same_file():
    assert [place_of("ANN", files) for files in (1, 7)] == [
        place_of("ann", files) for files in (1, 7)
    ]
    assert {place_of(f"user {each}", 4) for each in range(99)} == {0, 1, 2, 3}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_and_its_links_stay_here(page, name):
    made = PAGES[page](name)
    parsed = Page(made)

    assert not [tag for tag, _ in parsed.elements if tag in ("script", "img", "b", "iframe")]
    assert all((link["href"] or "").startswith(("/api/", "#", "?")) for link in parsed.all("a"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x1b]", made)


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("screen", "scheme"), [(PHONE, "dark"), (DESK, "light")])
def test_nothing_scrolls_sideways(opened, page, screen, scheme):
    made = opened(PAGES[page](), color_scheme=scheme, **screen)

    assert max(made.overhangs()) <= 0
    assert made.complaints == []
