"""The contrast of the colours, computed from the style sheets (WCAG 2.2, 1.4.11: at least 3:1)."""

from __future__ import annotations

import re

import pytest

from shared.delivery.page import report_page

_CSS = "".join(
    (report_page._TEMPLATES / name).read_text("utf-8")  # noqa: SLF001
    for name in report_page._STYLE_SHEETS  # noqa: SLF001
)
HATCHES = ("exempted", "not_verified", "unknown", "missing")
LINES = ("good", "bad", "quiet", "fair-ink", "vague-ink", "link")


def _colours(root: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", root))


_ROOTS = re.findall(r":root \{(.+?)\n *\}", _CSS, re.DOTALL)
LIGHT = _colours(_ROOTS[0])
THEMES = {"light": LIGHT, "dark": LIGHT | _colours(_ROOTS[1])}


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _fill(part: str, kind: str) -> str:
    """The variable that a part of a hatch is drawn in."""
    return re.search(rf"\.{part}-{kind} \{{ fill: var\(--([\w-]+)\)", _CSS)[1]  # type: ignore[index]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", HATCHES)
def test_each_hatch_is_seen_and_stands_out_from_its_panel(theme, kind):
    colours = THEMES[theme]
    ground, ink = colours[_fill("ground", kind)], colours[_fill("ink", kind)]

    assert contrast(ground, ink) >= 3
    assert max(contrast(it, colours["panel"]) for it in (ground, ink)) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("line", LINES)
def test_each_line_and_mark_stands_out_from_its_panel(theme, line):
    colours = THEMES[theme]

    assert contrast(colours[line], colours["panel"]) >= 3


def test_the_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
