"""The page in a real browser: narrow, wide, dark, printed, by keyboard, without a network."""

from __future__ import annotations

import pytest

from shared.delivery.page.report_page import render_page
from tests.delivery.opened import ADDRESS, DESK, PHONE
from tests.delivery.scenarios import HOSTILE, SCENARIOS, many, with_findings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: render_page(make()) for name, make in SCENARIOS.items()}


@pytest.fixture(params=SCENARIOS)
def html(request, pages) -> str:
    return pages[request.param]


def test_the_page_asks_for_nothing_but_itself_and_the_browser_has_no_complaint(opened, html):
    made = opened(html)
    made.page.wait_for_load_state("networkidle")

    assert made.requests == [ADDRESS]
    assert made.complaints == []


@pytest.mark.parametrize("width", [320, 360, 900])
def test_the_page_never_scrolls_sideways(opened, html, width):
    made = opened(html, viewport={"width": width, "height": 740})
    made.page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")

    assert made.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scenario", ["worked", "green", "many", "findings"])
def test_on_a_phone_all_figures_show_without_scrolling(opened, pages, scenario):
    made = opened(pages[scenario], viewport={"width": 390, "height": 844})

    bottoms = made.page.locator(".glance strong").evaluate_all(
        "shares => shares.map(share => share.getBoundingClientRect().bottom)"
    )

    assert len(bottoms) == 3
    assert max(bottoms) <= 844


def test_the_style_sheet_is_in_force_under_the_pages_own_policy(opened, pages):
    made = opened(pages["worked"])

    assert (
        made.page.evaluate("getComputedStyle(document.querySelector('.share')).fontSize") != "16px"
    )
    assert made.page.evaluate("document.styleSheets[0].cssRules.length") > 50


def test_every_bar_is_said_in_words_too(opened, html):
    made = opened(html)
    silent = made.page.evaluate(
        """() => [...document.querySelectorAll('svg.bar, svg.column')].filter(bar => {
            const words = bar.classList.contains('column')
                ? bar.parentElement.querySelector('.spoken')
                : bar.parentElement.matches('li')
                    ? bar.parentElement.querySelector('.amount')
                    : bar.nextElementSibling;
            return !words || !words.textContent.trim();
        }).length"""
    )

    assert silent == 0


def test_every_bar_is_as_long_as_its_number(opened, pages):
    made = opened(pages["worked"], **DESK)
    lengths = made.page.evaluate(
        """() => [...document.querySelectorAll('.waterfall li')].map(step => {
            const bar = step.querySelector('svg'), piece = bar.querySelector('rect');
            const share = 100 * piece.getBoundingClientRect().width
                / bar.getBoundingClientRect().width;
            return [share, parseFloat(step.querySelector('.amount').textContent.match(/[\\d.]+/))];
        })"""
    )

    assert len(lengths) == 19
    assert all(abs(drawn - printed) < 1 for drawn, printed in lengths)


def test_every_link_and_fold_is_reached_by_the_tab_key_in_the_order_of_the_page(opened, pages):
    made = opened(pages["many"], **PHONE)
    reachable = made.page.evaluate(
        """() => { window.order = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
            .filter(it => it.checkVisibility({contentVisibilityAuto: true}));
            return window.order.length; }"""
    )
    places = []
    for _ in range(reachable):
        made.page.keyboard.press("Tab")
        places.append(made.page.evaluate("window.order.indexOf(document.activeElement)"))

    assert places == list(range(reachable))
    assert reachable > 10


def test_the_first_tab_stop_leads_to_the_figures_and_can_be_seen(opened, pages):
    made = opened(pages["worked"], **DESK)
    made.page.keyboard.press("Tab")

    assert made.page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    made.page.keyboard.press("Enter")
    assert made.page.evaluate("document.activeElement.id") == "figures"


def test_a_fold_opens_by_keyboard(opened, pages):
    made = opened(pages["many"], **DESK)
    fold = made.page.locator("details:not([open]) > summary").first
    fold.focus()
    made.page.keyboard.press("Enter")

    assert made.page.locator("details[open] table.subjects").first.is_visible()


def test_what_is_folded_is_not_printed_and_the_colours_are_light(opened, pages):
    made = opened(pages["many"], color_scheme="dark", **DESK)
    made.page.emulate_media(media="print")

    assert not made.page.locator(".glossary").is_visible()
    made.page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    assert made.page.locator(".glossary").is_visible()
    assert made.page.locator("summary:visible").count() == 0
    assert made.page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert made.page.evaluate("getComputedStyle(document.body).color") == "rgb(26, 31, 36)"


def test_addresses_of_other_hosts_are_printed(opened, pages):
    made = opened(pages["findings"])
    made.page.emulate_media(media="print")
    printed = made.page.locator('a[href^="https:"]').first.evaluate(
        "link => getComputedStyle(link, '::after').content.replace(/[\" ]+/g, '')"
    )

    assert "https://entra.microsoft.com/" in made.page.locator(".step a").last.get_attribute("href")
    assert printed.startswith("(")


def test_lines_to_be_copied_are_not_printed(opened, pages):
    made = opened(pages["findings"])
    copied = made.page.locator(".copy").first

    assert copied.is_visible()
    made.page.emulate_media(media="print")
    assert not copied.is_visible()


@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_the_first_step_shows_without_scrolling(opened, pages, screen):
    made = opened(pages["findings"], **screen)

    step = made.page.locator(".step").bounding_box()
    assert step["y"] + step["height"] <= made.page.viewport_size["height"]


def test_the_page_prints_to_a_pdf_of_a_few_pages(opened, pages):
    made = opened(pages["worked"])
    pdf = made.page.pdf(prefer_css_page_size=True, print_background=True)

    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") <= 4


def test_a_dark_screen_gets_a_dark_page(opened, pages):
    light, dark = (
        opened(pages["worked"], color_scheme=scheme).page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    )

    assert (light, dark) == ("rgb(246, 246, 243)", "rgb(19, 22, 25)")


def test_hostile_names_run_nothing_and_are_seen_as_text(opened, pages):
    made = opened(pages["hostile"], **DESK)
    made.page.wait_for_load_state("networkidle")
    seen = made.page.evaluate("document.body.textContent")

    assert made.complaints == []
    assert made.requests == [ADDRESS]
    assert made.page.locator("script, img, iframe, b").count() == 0
    assert all(name in seen for name in HOSTILE[:8])


def test_a_name_written_from_right_to_left_does_not_reorder_the_sentence(opened, pages):
    made = opened(pages["hostile"], **DESK)

    assert made.page.evaluate(
        """() => [...document.querySelectorAll('bdi')]
            .every(it => getComputedStyle(it).unicodeBidi === 'isolate')"""
    )


def test_findings_and_a_large_partner_fit_the_phone_without_cutting_words(opened):
    for html in (render_page(with_findings()), render_page(many())):
        made = opened(html, **PHONE)
        cut = made.page.evaluate(
            """() => [...document.querySelectorAll('.card, .verdict, .finding, .panel, .files li')]
                .filter(box => box.scrollWidth > box.clientWidth + 1).length"""
        )
        assert cut == 0
