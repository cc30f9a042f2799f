"""What people who sign in can write into the mail, and that it does no harm."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.mail import content
from shared.delivery.text.lists import unlinked
from tests.delivery.mail.mail_making import earlier_report, mail_of, message_of
from tests.delivery.mail.mail_sink import parts, read
from tests.delivery.making import DAYS, NOT_VERIFIED, portal, report, worked_portal
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE, hostile, worked_examples

TEMPLATES = Path(content.__file__).parents[3] / "templates" / "mail"
DANGEROUS = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


def test_names_that_are_markup_stay_text_and_nothing_is_loaded_from_anywhere() -> None:
    mail = mail_of(hostile(), earlier_report(*worked_portal()))
    found = Page(mail.html)

    allowed = {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "th"),
        *("h1", "h2", "h3", "p", "ul", "li", "a", "strong", "span", "bdi", "wbr"),
    }
    assert {tag for tag, _ in found.elements} <= allowed
    names = {name for _, attributes in found.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "background")]
    assert not re.search(r"url\(|@import|<link|expression", mail.html)
    assert {urlsplit(link["href"] or "").hostname for link in found.all("a")} == {
        "mfa.contoso.example"
    }


def test_names_cannot_reorder_hide_or_break_the_text_around_them() -> None:
    names = [
        portal(DAYS[0], user_id=f"u{n}", upn=name, **NOT_VERIFIED) for n, name in enumerate(HOSTILE)
    ]
    for name in names:
        mail = mail_of(report(name))
        for part in (mail.subject, mail.text, mail.html):
            assert not re.search(DANGEROUS, part)
        assert re.search(r"^- .+: 1 of 1$", mail.text, re.MULTILINE)


@given(st.text(st.characters(), max_size=60))
def test_any_name_makes_a_mail_with_the_headers_it_should_have(name) -> None:
    made = report(
        portal(upn=name, user_name=name, app_name=name, **NOT_VERIFIED),
        meta={"tenant_name": name},
        missing={DAYS[2]: name},
    )

    mail = mail_of(made, earlier_report(*worked_portal()))
    message = message_of(mail)

    expected = message_of(mail_of(worked_examples()))
    assert read(message).keys() == read(expected).keys()
    assert read(message)["Subject"] == mail.subject
    assert parts(message)["text/html"] == mail.html
    assert Page(mail.html).all("a") != []
    for part in (mail.subject, mail.text, mail.html):
        assert not re.search(DANGEROUS, part)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("https://evil.example/login", "https[:]//evil[.]example/login"),
        ("Sign in at HTTP://EVIL.EXAMPLE now", "Sign in at HTTP[:]//EVIL[.]EXAMPLE now"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("evil.example", "evil[.]example"),
        ("evil.example/x?y", "evil[.]example/x?y"),
        ("visit evil.example.", "visit evil[.]example."),
        ("evil.example#x", "evil[.]example#x"),
        ("evil.xn--p1ai/login", "evil[.]xn--p1ai/login"),
        ("evil.рф/login", "evil[.]рф/login"),
        ("at evil.рф now", "at evil[.]рф now"),
        ("evil\uff0eexample", "evil[.]example"),
        ("ann@contoso.example", "ann@contoso.example"),
        ("ann_fabrikam.com#EXT#@contoso.example", "ann_fabrikam.com#EXT#@contoso.example"),
        ("o.neil@sub.contoso.example", "o.neil@sub.contoso.example"),
        ("Control Panel 2.0", "Control Panel 2.0"),
        ("Contoso Inc. Billing", "Contoso Inc. Billing"),
    ],
)
def test_a_name_never_becomes_a_link_to_a_page(name, printed) -> None:
    assert unlinked(name) == printed
    assert printed in mail_of(report(portal(upn=name, **NOT_VERIFIED))).text


def test_no_template_marks_text_as_safe_or_switches_escaping_off() -> None:
    for template in TEMPLATES.iterdir():
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", template.read_text("utf-8"))


def test_a_template_that_prints_none_or_something_undefined_fails() -> None:
    environment = content._environment()  # noqa: SLF001 (its settings are what is tested)

    with pytest.raises(TypeError, match="say 'unknown' in words"):
        environment.from_string("{{ x }}").render(x=None)
    with pytest.raises(Exception, match="undefined"):
        environment.from_string("{{ y }}").render()
