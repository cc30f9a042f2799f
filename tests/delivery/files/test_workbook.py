"""The workbook opened as a spreadsheet opens it."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import msgspec
import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import from_excel  # type: ignore[import-untyped]
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

from shared.delivery.files.sheet import Cells
from shared.delivery.files.workbook import Sheet, workbook
from shared.delivery.text.formatting import harmless, name_of
from tests.delivery.scenarios import HOSTILE, a_missing_day, worked_examples

CELLS = Cells(*(f' s="{style}"' for style in (1, 2, 3, 4)))


class Row(msgspec.Struct, rename="pascal"):
    upn: str
    request_date_time: str
    login_date: str
    mfa_compliant: bool | None
    requests: int


def row(upn="ann", time="2026-11-23T08:15:00Z", *, mfa_compliant=False):
    return Row(upn, time, "2026-11-23", mfa_compliant, 3)


def opened(*rows, report=None):
    content = workbook(report or worked_examples(), [Sheet("List", Row, rows)])
    return openpyxl.load_workbook(BytesIO(content))


def cells(*rows):
    return [[cell.value for cell in line] for line in opened(*rows)["List"].iter_rows()]


def test_cells_have_types_and_heads_say_the_zone():
    head, line = cells(row())

    assert head == ["Upn", "RequestDateTime (UTC)", "LoginDate (UTC)", "MfaCompliant", "Requests"]
    assert line == ["ann", datetime(2026, 11, 23, 8, 15), datetime(2026, 11, 23), False, 3]  # noqa: DTZ001


def test_what_is_not_known_is_an_empty_cell():
    assert cells(row(mfa_compliant=None))[1][3] is None


NUMBERS_AND_FORMULAS = ["=1+1", "+1", "-1", "@x", "http://evil.example", "1"]

#: XML, and the forms of it that xlsxwriter or a spreadsheet reads in texts.
MARKUP = [
    '<r><t>x</t></r></is></c><c r="B2"><f>1+1</f></c><c r="C2" t="inlineStr"><is><r><t>y</t></r>',
    "</t></is></c></row></sheetData>",
    "&#61;1+1 &lt;",
    "<![CDATA[x]]>",
    "_x0041_",
    "\ufffe\uffff",
    "  kept  ",
]


@pytest.mark.parametrize("name", [*HOSTILE, *MARKUP, *NUMBERS_AND_FORMULAS])
def test_a_text_stays_a_text(name):
    head, line = opened(row(name))["List"].iter_rows()

    assert unescape(line[0].value) == harmless(name)
    assert [cell.data_type for cell in line] == ["s", "d", "d", "b", "n"]
    assert not any(cell.hyperlink for cell in (*head, *line))


@pytest.mark.parametrize("name", MARKUP)
def test_names_in_the_figures_stay_texts_too(name):
    report = msgspec.structs.replace(worked_examples(), tenant_name=name)
    page = opened(report=report)["Figures"]

    assert (unescape(page["B1"].value), page["B1"].data_type) == (name_of(name), "s")
    assert page.max_column == 7


def cell_of(made):
    """A made cell, as an XML parser reads it."""
    return ET.fromstring(f"<c{made}")


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_is_one_cell_of_text(name):
    cell = cell_of(CELLS.plain(name))

    assert cell.attrib == {"t": "inlineStr"}
    assert [each.tag for each in cell.iter()] == ["c", "is", "t"]
    assert unescape(cell.findtext("is/t")) == harmless(name)


@pytest.mark.parametrize("character", ["x", "\U0001f600"])
def test_no_text_is_longer_than_a_cell_may_be(character):
    text = cell_of(CELLS.plain(character * 32_768)).findtext("is/t")

    assert 32_766 <= len(text.encode("utf-16-le")) // 2 <= 32_767


@given(st.datetimes(datetime(1901, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 (cells have no zone)
def test_a_time_is_the_number_that_a_spreadsheet_counts(moment):
    cell = cell_of(CELLS.time(f"{moment.isoformat()}Z"))

    assert cell.attrib == {"s": "2"}
    found = from_excel(float(cell.findtext("v")))
    assert abs(found - moment) <= timedelta(milliseconds=1)


def test_a_time_that_is_none_stays_a_text():
    assert cells(row(time="soon"))[1][1] == "soon"
    assert cells(row(time="0001-01-01T00:00:00Z"))[1][1] == "0001-01-01T00:00:00Z"


def test_heads_are_frozen_and_filter_every_row():
    page = opened(row(), row())["List"]

    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:E3"


def test_figures_have_their_bounds_and_unknown_is_a_word():
    lines = list(opened(report=a_missing_day())["Figures"].iter_rows(values_only=True))

    names = [line[0] for line in lines]
    assert names[:3] == ["Tenant", "Seven days, UTC", "Days known"]
    assert "Accounts with MFA enforced" in names
    assert any("unknown" in line for line in lines[5:])


def test_a_sheet_without_rows_has_its_head():
    page = opened()["List"]

    assert (page.dimensions, page.auto_filter.ref) == ("A1:E1", "A1:E1")


def test_a_sheet_ends_before_it_is_too_long_to_open(monkeypatch):
    monkeypatch.setattr("shared.delivery.files.workbook.MOST_ROWS", 2)

    assert opened(row(), row(), row())["List"].max_row == 1 + 2


def test_equal_reports_give_equal_workbooks():
    report = worked_examples()
    later = msgspec.structs.replace(report, generated_at="2026-12-24T00:00:00Z")

    assert workbook(report, []) == workbook(later, [])
