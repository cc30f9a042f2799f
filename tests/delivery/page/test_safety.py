"""What people who sign in can write into the page, and that it does no harm."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.page import report_page
from shared.delivery.page.report_page import render_page
from shared.delivery.text.findings import finding_card, safe_link
from tests.delivery.making import ENDING, NOT_VERIFIED, finding, portal, report
from tests.delivery.parsed import Page, page
from tests.delivery.scenarios import HOSTILE, hostile, worked_examples

TEMPLATES = Path(report_page.__file__).parents[3] / "templates" / "report"


def test_names_that_are_markup_stay_text():
    found = page(hostile())

    assert not [tag for tag, _ in found.elements if tag in ("script", "img", "b")]
    for name in HOSTILE[:8]:
        assert name in found.text


def test_names_cannot_reorder_hide_or_break_the_text_around_them():
    html = render_page(hostile())

    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x1b\U000e0041]", html)
    assert "[U+202E]gpj.exe[U+202C]" in html


def test_a_finding_may_hold_anything_and_stays_text():
    card = dict.fromkeys(("id", "title", "cause", "remedy", "gain"), HOSTILE[0])
    attack = finding(**card, href="javascript:alert(1)", subjects=[*HOSTILE])
    found = page(msgspec.structs.replace(worked_examples(), findings=[attack]))

    assert not found.all("script")
    assert not [link for link in found.all("a") if "javascript" in (link["href"] or "")]


def test_texts_that_are_no_names_are_made_harmless_too():
    attack = finding(title="a\u202eb", cause="c\u2066d", remedy="e\x1bf")
    missing = {ENDING: "g\u202eh"}
    made = msgspec.structs.replace(report(missing=missing), findings=[attack])

    html = render_page(made)

    for shown in ("a[U+202E]b", "c[U+2066]d", "e[U+001B]f", "g[U+202E]h"):
        assert shown in html
    assert not re.search("[\u202e\u2066\x1b]", html)


def test_a_finding_shows_twenty_subjects_and_counts_the_others():
    listed = finding_card(finding(subjects=[f"s{n}" for n in range(25)], subjects_total=25))
    cut = finding_card(finding(subjects=[f"s{n}" for n in range(25)], subjects_total=4000))

    assert (len(listed.subjects), listed.more) == (20, 5)
    assert (len(cut.subjects), cut.more) == (20, 3980)


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        ("all-api-requests.csv", "all-api-requests.csv"),
        ("https://entra.microsoft.com/#view", "https://entra.microsoft.com/#view"),
        ("javascript:alert(1)", ""),
        (" JavaScript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example/x", ""),
        ("http://evil.example", ""),
        ("https://[", ""),
    ],
)
def test_a_link_leads_beside_the_report_or_over_tls_or_nowhere(href, kept):
    assert safe_link(href) == kept


@given(st.text(st.characters(), max_size=40))
def test_any_name_makes_a_page_that_can_be_parsed_and_encoded(name):
    made = report(
        portal(upn=name, user_name=name, app_name=name, **NOT_VERIFIED),
        meta={"tenant_name": name},
    )

    html = render_page(made)

    assert html.encode()
    assert Page(html).all("script") == []


def test_a_template_that_prints_none_or_something_undefined_fails():
    environment = report_page.environment()

    with pytest.raises(TypeError, match="say 'unknown' in words"):
        environment.from_string("{{ x }}").render(x=None)
    with pytest.raises(Exception, match="undefined"):
        environment.from_string("{{ y }}").render()


def test_no_template_marks_text_as_safe_or_switches_escaping_off():
    for template in TEMPLATES.glob("*.html"):
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", template.read_text("utf-8"))
