"""The workbook opened as a spreadsheet opens it."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import msgspec
import openpyxl  # type: ignore[import-untyped]
import pytest

from shared.delivery.files.workbook import Sheet, workbook
from tests.delivery.scenarios import HOSTILE, a_missing_day, worked_examples


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


@pytest.mark.parametrize("name", [*HOSTILE, "=1+1", "+1", "-1", "@x", "http://evil.example", "1"])
def test_a_text_stays_a_text(name):
    cell = opened(row(name))["List"]["A2"]

    assert cell.data_type == "s"
    assert cell.hyperlink is None


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


def test_a_sheet_ends_before_it_is_too_long_to_open(monkeypatch):
    monkeypatch.setattr("shared.delivery.files.workbook.MOST_ROWS", 2)

    assert opened(row(), row(), row())["List"].max_row == 1 + 2


def test_equal_reports_give_equal_workbooks():
    report = worked_examples()
    later = msgspec.structs.replace(report, generated_at="2026-12-24T00:00:00Z")

    assert workbook(report, []) == workbook(later, [])
