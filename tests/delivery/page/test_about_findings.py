"""The page about the findings: what docs/findings says, as HTML."""

from __future__ import annotations

import msgspec
import pytest

from shared.delivery.appearance import Appearance, showing
from shared.delivery.page.about_findings import about_finding, render_about_findings
from shared.delivery.page.report_page import PageLinks, page_for_folder, render_page
from shared.mfa.findings.catalogue import CATALOGUE
from tests.delivery.english import english_in
from tests.delivery.making import TENANT, finding, report, worked_portal
from tests.delivery.parsed import Page

CENTER = "https://entra.microsoft.com/#view/"


@pytest.mark.parametrize("finding_id", CATALOGUE)
def test_every_page_is_understood_to_its_end(finding_id: str) -> None:
    about = about_finding(finding_id, frozenset(CATALOGUE), CENTER)

    assert about.title == CATALOGUE[finding_id].title
    text = Page(str(about.body)).text
    for heading in ("What it means", "How it is known", "How to fix it", "Source"):
        assert heading in text
    assert not [mark for mark in ("**", "`", "](", "## ", "| ") if mark in text]


def test_a_report_has_each_of_its_findings_once_and_links_to_it() -> None:
    found = [finding(), finding(), finding(id="not-read")]
    made = msgspec.structs.replace(report(*worked_portal()), findings=found)
    links = PageLinks(files="/api/reports/x/", about="findings.html")

    about, page = Page(render_about_findings(made)), render_page(made, links)

    ids = [attrs["id"] for tag, attrs in about.elements if tag == "section" and "id" in attrs]
    assert ids == ["accounts-excluded", "not-read"]
    assert 'href="/api/reports/x/findings.html#not-read"' in page
    assert 'href="findings.html#not-read"' in page_for_folder(page, links)


def test_links_into_entra_lead_to_the_tenants_own_cloud() -> None:
    made = report(*worked_portal(), meta={"cloud": "china"})

    page = render_about_findings(msgspec.structs.replace(made, findings=[finding()]))

    assert f'href="https://entra.microsoftonline.cn/{TENANT}/#view/Microsoft_AAD_' in page
    assert "entra.microsoft.com" not in page


def test_links_to_findings_that_are_not_there_are_plain_text() -> None:
    alone = str(about_finding("federation-alone", frozenset({"federation-alone"}), CENTER).body)

    assert 'href="#' not in alone
    assert ".md" not in alone


def links_of(page):
    return [attrs["href"] for tag, attrs in Page(page).elements if tag == "a"]


def test_in_german_every_page_says_the_same_with_the_same_links_and_nothing_in_english() -> None:
    all_of_them = [finding(id=finding_id) for finding_id in CATALOGUE]
    made = msgspec.structs.replace(report(*worked_portal()), findings=all_of_them)
    in_english = render_about_findings(made)

    with showing(lambda: Appearance(language="de")):
        in_german = render_about_findings(made)

    assert english_in(Page(in_german).text) == []
    one = about_finding("not-read", frozenset(), CENTER)
    assert len(english_in(Page(str(one.body)).text)) > 5
    assert links_of(in_german) == links_of(in_english)
    assert ">Woher er bekannt ist</h3>" in in_german
    assert 'lang="en"' not in in_german
