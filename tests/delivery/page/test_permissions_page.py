"""The scope receipt as a page: what is granted, missing, superfluous or unknown."""

from __future__ import annotations

import re

import pytest

from shared.delivery.page.permissions_page import Granted, render_permissions
from shared.mfa.assessment import ReportMeta
from shared.mfa.permissions import NEEDS, USUAL_FIGURES
from tests.delivery.opened import DESK, PHONE
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE

USUAL = list(dict.fromkeys(need.role for need in NEEDS if need.figure in USUAL_FIGURES))


def html(*roles, known=True, name="Northwind Cloud", notes=None):
    heading = ReportMeta(
        "cccccccc-0000-4000-8000-00000000000c", name, "graph", "2026-11-24T02:15:00Z"
    )
    granted = Granted(roles if known else None, "2026-11-24T02:00:00Z", notes or {})
    return render_permissions(granted, heading, "/api")


def states(made):
    """Each permission with its state, row by row."""
    row = r"<code>([^<]+)</code></td><td>[^<]*</td><td class=\"state\">([^<]+)<"
    return re.findall(row, made.replace("<wbr>", ""))


def text(made):
    return Page(made).text


def test_every_need_of_the_usual_figures_has_its_row_and_its_state() -> None:
    made = html(*USUAL)

    assert [role for role, _ in states(made)] == [
        need.role for need in NEEDS if need.figure in USUAL_FIGURES
    ]
    assert {state for _, state in states(made)} == {"Granted"}
    assert "Everything that the figures need is granted, and nothing else." in text(made)


def test_what_is_missing_is_said_in_its_row_and_counted_once() -> None:
    made = html(*(role for role in USUAL if role != "AuditLog.Read.All"))

    missing = [role for role, state in states(made) if state == "Missing"]
    assert missing == ["AuditLog.Read.All", "AuditLog.Read.All"]  # two figures need it
    assert "1 permission missing." in text(made)


def test_what_no_figure_needs_could_be_removed() -> None:
    made = html(*USUAL, "Mail.Send", "Directory.ReadWrite.All")

    assert "2 permissions could be removed." in text(made)
    assert "it covers every mailbox of the tenant" in text(made)
    assert "Directory.ReadWrite.All" in text(made)


def test_an_optional_figure_is_listed_where_it_was_granted_on_purpose() -> None:
    assert "Member.Read.Hidden" not in html(*USUAL)
    assert ("Member.Read.Hidden", "Granted") in states(html(*USUAL, "Member.Read.Hidden"))


def test_what_is_not_known_is_neither_granted_nor_missing() -> None:
    made = html(known=False)

    assert {state for _, state in states(made)} == {"Not known"}
    assert "The app's permissions are unknown" in text(made)
    assert "nothing else." not in text(made)


def test_what_was_refused_although_it_is_granted_is_told_beside_it() -> None:
    made = html(*USUAL, notes={"domains": "Domains were not read: Graph refuses."})

    assert "Domains were not read: Graph refuses." in text(made)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text(name) -> None:
    page = Page(html(name, name=name, notes={"x": name}))

    assert page.all("script") == []
    assert {tag for tag, _ in page.elements}.isdisjoint({"img", "iframe", "object", "b"})
    assert not any(key.startswith("on") for _, has in page.elements for key in has)


LOOKS = {
    "usual": lambda: html(*USUAL),
    "something to do": lambda: html(*USUAL[1:], "Mail.Send", "Directory.ReadWrite.All"),
    "unknown": lambda: html(known=False, notes={"domains": "Domains were not read: denied."}),
    "hostile": lambda: html(*HOSTILE, name=HOSTILE[0], notes=dict(enumerate(HOSTILE))),
}


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", [{"viewport": {"width": 320, "height": 700}}, PHONE, DESK])
def test_the_page_never_scrolls_sideways_and_runs_nothing(opened, look, screen) -> None:
    made = opened(LOOKS[look](), **screen)

    assert max(made.overhangs()) <= 0
    assert made.complaints == []
    assert len(made.requests) == 1


@pytest.mark.browser
@pytest.mark.parametrize("look", ["usual", "something to do", "unknown"])
def test_it_prints_on_one_sheet_without_the_link_back(opened, look) -> None:
    made = opened(LOOKS[look]())
    back = made.page.get_by_role("link", name="Back to the report")
    on_screen = back.is_visible()
    made.page.emulate_media(media="print")

    pdf = made.page.pdf(prefer_css_page_size=True, print_background=True)

    assert (on_screen, back.is_visible()) == (True, False)
    assert pdf.count(b"/Type /Page\n") == 1
