"""Where names may break, in the HTML and on a phone."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from shared.delivery.page.report_page import render_page
from shared.delivery.text.formatting import harmless
from shared.delivery.text.line_breaks import breakable
from tests.delivery.mail.mail_making import mail_of
from tests.delivery.making import DAYS, NOT_VERIFIED, api, finding, portal, report
from tests.delivery.parsed import Page

NAMES = [
    "ann@northwindcloud.example",
    "emergency.access.1@emea.northwindcloud.example",
    "victoria.ashworth_fabrikam-consulting.example#EXT#@northwindcloud.example",
]


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("ann@contoso.example", 'ann@<wbr><span class="host">contoso<wbr>.example</span>'),
        ("Control Panel 2.0", "Control Panel 2.0"),
        ("o.neil@x", 'o.neil@<wbr><span class="host">x</span>'),
        ("Contoso.Billing_Robot", "Contoso<wbr>.Billing<wbr>_Robot"),
        ("a@b (record 1)", 'a@<wbr><span class="host">b</span> (record 1)'),
        ("@", "@"),
        ("<b>@<b>", '&lt;b&gt;@<wbr><span class="host">&lt;b&gt;</span>'),
        ("a\u202eb", "a[U+202E]b"),
    ],
)
def test_a_name_may_be_broken_after_its_at_sign_and_before_joints_of_long_parts(name, html) -> None:
    assert breakable(name) == html


@given(st.text() | st.text(alphabet="ab.@<&;'- "))
def test_whatever_may_be_broken_reads_as_before(name) -> None:
    marks = ("<wbr>", '<span class="host">', "</span>")
    html = str(breakable(name))

    for mark in marks:
        html = html.replace(mark, "")

    assert html == str(escape(harmless(name)))
    assert Page(f"<p>{breakable(name)}</p>").open == []


#: The text of some elements as a list of their lines on the screen.
PIECES = """selector => [...document.querySelectorAll(selector)].flatMap(element => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const range = document.createRange(), pieces = [];
    let top = null;
    while (walker.nextNode()) {
        for (let place = 0; place < walker.currentNode.length; place++) {
            range.setStart(walker.currentNode, place);
            range.setEnd(walker.currentNode, place + 1);
            const line = Math.round(range.getBoundingClientRect().top);
            if (pieces.length === 0 || Math.abs(line - top) > 8) pieces.push("");
            pieces[pieces.length - 1] += walker.currentNode.data[place];
            top = line;
        }
    }
    return [pieces];
})"""


def broken_inside_a_word(pieces) -> bool:
    return any(
        not one.endswith(("@", "-", " ")) and other[0] not in "._( "
        for one, other in pairwise(pieces)
    )


def crowded():
    """A report with long addresses in every place where an address can be."""
    people = [{"user_id": f"u{n}", "upn": name} for n, name in enumerate(NAMES)]
    sign_ins = [
        made(DAYS[n], **person, **NOT_VERIFIED)
        for made in (portal, api)
        for n, person in enumerate(people)
        for _ in range(n + 1)
    ]
    found = finding(subjects=NAMES, subjects_total=len(NAMES))
    return msgspec.structs.replace(report(*sign_ins), findings=[found])


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 390])
@pytest.mark.parametrize(
    ("html", "where"),
    [
        (lambda: render_page(crowded()), ".names li"),
        (lambda: render_page(crowded()), ".subjects .name"),
        (lambda: render_page(crowded()), ".waterfall bdi"),
        (lambda: render_page(crowded()), ".verdict bdi"),
        (lambda: mail_of(crowded()).html, "bdi"),
    ],
)
def test_a_phone_breaks_no_address_inside_a_word(opened, html, where, width) -> None:
    made = opened(html(), viewport={"width": width, "height": 844})

    shown = made.page.evaluate(PIECES, where)

    assert any(len(pieces) > 1 for pieces in shown)
    assert [pieces for pieces in shown if broken_inside_a_word(pieces)] == []


def test_a_break_inside_a_word_would_be_noticed() -> None:
    assert broken_inside_a_word(["ann@contoso.ex", "ample"])
    assert not broken_inside_a_word(["ann@", "contoso", ".example"])
