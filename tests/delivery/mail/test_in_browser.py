"""The HTML part as mail programs show it: narrow, dark, without its style sheet or a network."""

from __future__ import annotations

import re

import pytest

from tests.delivery.mail.mail_making import mail_of, yesterday
from tests.delivery.opened import ADDRESS
from tests.delivery.scenarios import SCENARIOS

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(view):
    """Opens a mail, which may ask for nothing but itself."""

    def open_mail(html: str, width: int, scheme: str = "light"):
        viewport = {"width": width, "height": 800}
        return view.show(html, viewport=viewport, color_scheme=scheme).page

    return open_mail


@pytest.fixture(scope="module")
def mails() -> dict[str, str]:
    return {name: mail_of(make(), yesterday()).html for name, make in SCENARIOS.items()}


def without_style_sheet(html: str) -> str:
    """As some mail programs show it, which drop the style sheet."""
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_mail_never_scrolls_sideways_and_asks_for_nothing(opened, view, mails, name):
    page = opened(mails[name], 600)
    for width in (320, 360, 600, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.wait_for_load_state("networkidle")
    assert [url for url in view.requests if "favicon" not in url] == [ADDRESS]


#: The lowest contrast between a text and the nearest background behind it, with that text.
CONTRAST = """() => {
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = element => {
        const color = channels(getComputedStyle(element).backgroundColor);
        return color.length === 4 && color[3] === 0 ? behind(element.parentElement) : color;
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
        const hidden = element.closest('[aria-hidden]');
        if (!text || hidden || !element.offsetParent) continue;
        const pair = [channels(getComputedStyle(element).color), behind(element)].map(light);
        found.push([(Math.max(...pair) + .05) / (Math.min(...pair) + .05), text]);
    }
    return found.sort((a, b) => a[0] - b[0])[0];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["green", "missing", "many", "findings"])
def test_every_word_can_be_told_from_its_background_by_day_and_by_night(
    opened, mails, name, scheme
):
    contrast, text = opened(mails[name], 600, scheme).evaluate(CONTRAST)

    assert contrast >= 4.5, text


def test_without_its_style_sheet_a_mail_keeps_its_colours_and_its_width(opened, mails):
    page = opened(without_style_sheet(mails["findings"]), 1000)

    contrast, text = page.evaluate(CONTRAST)
    assert contrast >= 4.5, text
    assert page.evaluate("document.querySelector('table.panel').offsetWidth") == 600
