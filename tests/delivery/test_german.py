"""Pages, mails and cards in German: nothing of them stays English, and names stay as they are."""

from __future__ import annotations

import json
import re

import pytest

from shared.delivery.appearance import Appearance, showing
from shared.delivery.language import Name, catalogue, is_said, said
from shared.delivery.mail.content import render_correction, render_mail
from shared.delivery.page.report_page import render_page
from shared.delivery.teams.card import render_card
from tests.delivery import scenarios
from tests.delivery.english import english_in
from tests.delivery.parsed import Page

SCENARIOS = (
    scenarios.all_green,
    scenarios.worked_examples,
    scenarios.a_missing_day,
    scenarios.nothing_at_all,
    scenarios.many,
    scenarios.with_findings,
)


@pytest.fixture
def german():
    with showing(lambda: Appearance(language="de")):
        yield


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_nothing_stays_english(scenario) -> None:
    report = scenario()
    mail = render_mail(report, None, "https://mfa.example")
    card = json.loads(render_card(report, None, "https://mfa.example"))

    page = Page(render_page(report))

    assert 'lang="de"' in render_page(report)
    assert english_in(page.text) == []
    assert english_in(mail.text) == []
    assert english_in(Page(mail.html).text) == []
    assert english_in(mail.subject) == []
    assert english_in(json.dumps(card, ensure_ascii=False)) == []
    assert card["attachments"][0]["content"]["lang"] == "de"
    later = render_correction(report, "1 day", "accounts 90 %", None)
    assert english_in(later.text) == []


def test_english_is_found() -> None:
    assert english_in("Konten. Nothing is missing: every request was made with MFA. Ja.")


@pytest.mark.usefixtures("german")
def test_the_stored_report_stays_english() -> None:
    report = scenarios.with_findings()
    in_german = render_page(report)

    assert report.to_json() == scenarios.with_findings().to_json()
    with showing(Appearance):
        assert render_page(report) != in_german


@pytest.mark.usefixtures("german")
def test_numbers_and_days_have_the_form_of_the_language() -> None:
    assert said("1,234 requests") == "1.234 Anforderungen"
    assert said("41.4 %") == "41,4\u00a0%"
    assert said("56.7/≥82.9/? %") == "56,7/≥82,9/?\u00a0%"
    assert said("26\u00a0November\u00a02026, 08:15\u00a0UTC") == "26.11.2026, 08:15 UTC"
    assert said("17–23 November 2026") == "17.–23.11.2026"
    assert said("30 November – 6 December 2026") == "30.11.–06.12.2026"
    assert said("5 Nov") == "05.11."
    assert said("26 Nov, 08:15 (09:15 Europe/Berlin)") == "26.11., 08:15 (09:15 Europe/Berlin)"
    assert said("2026") == "2026"


@pytest.mark.usefixtures("german")
def test_a_sentence_of_parts_is_recognised_by_its_pattern() -> None:
    assert said(
        "14 of 48 enabled accounts do not have MFA enforced; 2 portal requests were made "
        "without MFA."
    ) == (
        "Für 14 von 48 aktivierten Konten wird MFA nicht erzwungen; 2 Portalanforderungen "
        "erfolgten ohne MFA."
    )
    assert said("Excluded by group “Ops: night. Shift” in policy “Require MFA”") == (
        "Ausgeschlossen durch Gruppe „Ops: night. Shift“ in Richtlinie „Require MFA“"
    )


@pytest.mark.usefixtures("german")
def test_a_text_of_others_is_printed_as_it_is() -> None:
    assert said("Graph answered 403.") == "Graph answered 403."
    assert not is_said("Graph answered 403.")
    assert said(Name("Administrator")) == "Administrator"
    assert said("Account of Portal") == "Account of Portal"
    assert said("and " * 5000) == "and " * 5000


@pytest.mark.usefixtures("german")
def test_no_name_can_choose_what_is_said_around_it() -> None:
    report = scenarios.hostile()

    assert "Woher die Anforderungen ohne MFA kommen" in Page(render_page(report)).text


def test_english_needs_no_catalogue() -> None:
    catalogue.cache_clear()

    render_page(scenarios.with_findings())

    assert catalogue.cache_info().misses == 0


@pytest.mark.usefixtures("german")
def test_classes_and_addresses_are_never_translated() -> None:
    page = render_page(scenarios.with_findings())

    assert "fill-verified" in page
    assert 'class="card is-' in page
    assert not re.search(r'(?:class|id|href)="[^"]*(?:nbekannt|rzwungen|ausgenommen)', page)
