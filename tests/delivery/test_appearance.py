"""Name, logo, colour and time zone, wherever people look: page, mail, workbook."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from io import BytesIO
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.appearance import (
    LEAST_CONTRAST,
    Accent,
    Appearance,
    Logo,
    contrast,
    current,
    showing,
)
from shared.delivery.files.workbook import workbook
from shared.delivery.page.error_page import render_error
from shared.delivery.page.report_page import render_page, style_hash
from shared.delivery.text import formatting
from shared.errors import BadSettingError
from shared.service.composition import Service
from shared.service.current import use
from shared.settings import Settings
from tests.delivery.mail.mail_making import mail_of, message_of, plain
from tests.delivery.mail.mail_sink import read
from tests.delivery.scenarios import worked_examples

BERLIN = ZoneInfo("Europe/Berlin")


def png(width=120, height=48):
    """A picture of one colour, as PNG."""

    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x7a\x1f\x6b" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def logo_file(tmp_path):
    path = tmp_path / "logo.png"
    path.write_bytes(png())
    return path


def branded(logo_file):
    return Appearance("Fabrikam <Security>", Logo.read(logo_file), Accent.of(("#7a1f6b",)), BERLIN)


def refusal(read):
    with pytest.raises(BadSettingError) as refused:
        read()
    return str(refused.value)


# The settings


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff", "#ffffff") == 1


def test_a_colour_that_is_hard_to_read_is_refused_in_one_sentence() -> None:
    assert refusal(lambda: Accent.of(("#ffcc00",))) == (
        "Setting BRAND_COLOUR has '#ffcc00' for the light theme, whose contrast there is 1.3:1; "
        "expected at least 4.5:1 (WCAG 2.2, 1.4.3)."
    )
    assert "for the dark theme" in refusal(lambda: Accent.of(("#14568f", "#14568f")))
    assert Accent.of(("#14568f", "#ffcc00")) == Accent("#14568f", "#ffcc00")


@given(st.binary(min_size=3, max_size=3))
def test_a_colour_that_is_not_refused_can_be_read_everywhere(channels) -> None:
    try:
        accent = Accent.of((f"#{channels.hex()}",))
    except BadSettingError:
        return
    for ground in ("#ffffff", "#f6f6f3", "#f1f1ed"):
        assert contrast(accent.light, ground) >= LEAST_CONTRAST
    for ground in ("#131619", "#1b1f23", "#242a2f", "#14181c", "#1d2329"):
        assert contrast(accent.dark, ground) >= LEAST_CONTRAST


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "which is of another kind;"),
        (b"\xff\xd8\xff\xe0 a photograph", "which is of another kind;"),
        (b"", "which is of another kind;"),
        (png() + bytes(32 * 1024), "which is larger;"),
        (png(5_000, 1), "which has 5000 by 1 pixels;"),
        (png()[:16], "which has 0 by 0 pixels;"),
        (None, "which cannot be read (No such file or directory);"),
    ],
)
def test_a_logo_is_a_small_png_and_nothing_else(content, why, tmp_path) -> None:
    path = tmp_path / "logo.png"
    if content is not None:
        path.write_bytes(content)

    sentence = refusal(lambda: Logo.read(path))

    assert sentence.startswith(f"Setting BRAND_LOGO_FILE is {str(path)!r}, {why}")
    assert sentence.endswith("expected a PNG picture of at most 32 KB and 4000 pixels a side.")


def test_a_logo_is_drawn_small_and_in_proportion(tmp_path) -> None:
    for sides, drawn in {(120, 48): (80, 32), (1200, 60): (220, 11), (4000, 1): (220, 1)}.items():
        path = tmp_path / "logo.png"
        path.write_bytes(png(*sides))
        logo = Logo.read(path)
        assert (logo.width, logo.height) == drawn


def test_a_service_in_use_says_how_things_look_and_an_invalid_colour_leaves_them_plain(
    logo_file, caplog
) -> None:
    given_ = {"BRAND_NAME": "Fabrikam", "BRAND_LOGO_FILE": str(logo_file), "TIME_ZONE": "UTC"}
    with use(Service(Settings({**given_, "BRAND_COLOUR": "#7a1f6b;#d98fcb"}))):
        look = current()
    with use(Service(Settings({"BRAND_NAME": "Fabrikam", "BRAND_COLOUR": "#ffcc00"}))):
        plain_look = current()

    assert (look.name, look.accent, look.zone) == ("Fabrikam", Accent("#7a1f6b", "#d98fcb"), None)
    assert look.logo == Logo(png(), 80, 32)
    assert plain_look == current() == Appearance()
    assert "Pages and mails are plain: Setting BRAND_COLOUR has '#ffcc00'" in caplog.text


# The page


def test_a_page_carries_name_logo_and_colour_within_its_policy(logo_file) -> None:
    with showing(lambda: branded(logo_file)):
        pages = [render_page(worked_examples()), render_error(404, "Not Found", "None.", "/api")]
    for page in pages:
        assert "Fabrikam &lt;Security&gt;" in page
        assert f'src="data:image/png;base64,{base64.b64encode(png()).decode()}"' in page
        (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        assert style.rindex("--link: #7a1f6b") > style.rindex("--link: #86bdf0")
        assert f"style-src '{style_hash(style)}'; img-src data:" in page

    assert "Fabrikam &" not in render_page(worked_examples())  # nothing of it stays


def test_times_are_in_the_zone_too_and_days_stay_those_of_utc(logo_file) -> None:
    with showing(lambda: branded(logo_file)):
        page = plain(render_page(worked_examples()))
        instant = formatting.instant("2026-11-24T06:02:11Z")
        late = formatting.instant("2026-11-23T23:30:00.0000000Z")
        in_summer = formatting.short_instant("2026-07-23T22:15:00Z")

    assert plain(instant) == "24 November 2026, 06:02 UTC (07:02 Europe/Berlin)"
    assert plain(late) == "23 November 2026, 23:30 UTC (24 Nov, 00:30 Europe/Berlin)"
    assert plain(in_summer) == "23 Jul, 22:15 (24 Jul, 00:15)"
    assert "Latest without (UTC (Europe/Berlin))" in page
    assert "All days are UTC. Times are in UTC, then in Europe/Berlin." in page


# The mail


def test_a_mail_shows_the_logo_that_it_carries_and_loads_nothing(logo_file) -> None:
    with showing(lambda: branded(logo_file)):
        mail = mail_of(worked_examples())
    message = message_of(mail)
    parsed = read(message)

    (picture,) = [part for part in parsed.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<logo>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content() == png()
    html = message_html(parsed)
    assert re.findall(r'<img src="([^"]*)" width="(\d+)" height="(\d+)"', html) == [
        ("cid:logo", "80", "32")
    ]
    assert "Fabrikam &lt;Security&gt;" in html
    assert 'bgcolor="#7a1f6b"' in html
    assert "#14568f" not in html
    assert re.search(r"Made .{16,18}, \d\d:\d\d UTC \(\d\d:\d\d Europe/Berlin\)", plain(html))
    assert mail.text.startswith("Fabrikam <Security>\n")
    assert message == message_of(mail)  # the same mail has the same bytes
    assert not list(read(message_of(mail_of(worked_examples()))).iter_attachments())


def message_html(parsed):
    return parsed.get_body(("html",)).get_content()


# The workbook


def test_a_workbook_carries_them_and_stays_in_utc(logo_file) -> None:
    with showing(lambda: branded(logo_file)):
        content = workbook(worked_examples(), [])
    page = openpyxl.load_workbook(BytesIO(content))["Figures"]

    assert (page["A4"].value, page["B4"].value) == ("Made by", "Fabrikam <Security>")
    assert page["A5"].fill.start_color.rgb == "FF7A1F6B"
    assert page["A5"].font.color.rgb == "FFFFFFFF"
    assert ZipFile(BytesIO(content)).read("xl/media/image1.png") == png()
