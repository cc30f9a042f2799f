"""The CSV files: rows, order, cells and bytes as in the contract."""

from __future__ import annotations

import csv
import re
from io import StringIO
from itertools import chain

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.delivery.files.csv_files import (
    CsvFile,
    csv_file,
    csv_files,
    file_entries,
    report_tables,
)
from shared.delivery.files.directory_rows import AccountStatusRow
from shared.delivery.files.request_rows import RequestRow
from shared.mfa.circumstances import Circumstance, PolicyTrace, PolicyTraces
from shared.mfa.metrics import ShareRule
from shared.mfa.report import FileEntry
from shared.mfa.requests import REQUESTS_CAP
from shared.mfa.scope import Channel
from shared.mfa.sign_in import Evidence, moment
from tests.delivery.making import (
    APP_ONLY,
    DAYS,
    EXEMPTED,
    NOT_COMPLETED,
    NOT_VERIFIED,
    TENANT,
    UNKNOWN,
    VERIFIED,
    api,
    assessment,
    portal,
    user,
    worked_api,
    worked_portal,
)


def rows_of(file: CsvFile) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(file.content.decode(), newline="")))


def files_of(*sign_ins, tenant_id: str | None = TENANT, **fields) -> dict[str, CsvFile]:
    tables = report_tables(assessment(*sign_ins, **fields), tenant_id)
    return {file.name: file for file in csv_files(tables)}


def portal_rows(*sign_ins, **fields):
    return rows_of(files_of(*sign_ins, **fields)["portal-requests-without-mfa.csv"])


def summary_rows(*sign_ins, **fields):
    return rows_of(files_of(*sign_ins, **fields)["api-requests-summary.csv"])


def request_rows(*sign_ins, **fields):
    return rows_of(files_of(*sign_ins, **fields)["all-api-requests.csv"])


def test_there_are_six_files_with_the_columns_of_the_contract():
    headers = {
        name: file.content.decode().splitlines()[0].split(",") for name, file in files_of().items()
    }

    assert headers == {
        "portal-requests-without-mfa.csv": [
            "ObjectId", "TenantId", "Upn", "LastNonMfaCompliantLoginDateTime",
        ],
        "portal-requests.csv": [
            "RequestId", "CorrelationId", "OperationName", "RequestDateTime", "IpAddress",
            "ObjectId", "TenantId", "Upn", "ApplicationId", "MfaCompliant", "Reason",
        ],
        "api-requests-summary.csv": [
            "LoginDate", "MfaCompliantRequestCount", "TotalRequestCount", "ApplicationId",
            "ApplicationName",
        ],
        "all-api-requests.csv": [
            "RequestId", "CorrelationId", "OperationName", "RequestDateTime", "IpAddress",
            "ObjectId", "TenantId", "Upn", "ApplicationId", "MfaCompliant", "Reason",
        ],
        "accounts.csv": [
            "ObjectId", "TenantId", "Upn", "DisplayName", "UserType", "Enabled", "IsAdmin",
            "Enforcement", "EnforcedBy", "Cause", "Remedy", "MfaRegistered", "LastRequest",
            "LastRequestMfaCompliant",
        ],
        "customers.csv": [
            "Customer", "Admins with MFA enabled", "Non-admins with MFA enabled", "Total Users",
            "TenantId", "SecurityDefaults", "ConditionalAccess", "PerUserMfa", "AsOf", "Status",
        ],
    }  # fmt: skip


def test_the_worked_examples_give_two_portal_users_and_five_api_requests():
    files = files_of(*worked_portal(), *worked_api())

    assert {name: (file.rows, file.total) for name, file in files.items()} == {
        "portal-requests-without-mfa.csv": (2, 2),
        "portal-requests.csv": (10, 10),
        "api-requests-summary.csv": (2, 2),
        "all-api-requests.csv": (5, 5),
        "accounts.csv": (0, None),
        "customers.csv": (0, None),
    }


def test_the_portal_file_has_one_row_a_user_with_the_latest_request_that_counts_against():
    rows = portal_rows(
        portal(DAYS[0], "09:00:00", **NOT_VERIFIED),
        portal(DAYS[1], "09:00:00.2500000", **EXEMPTED),
        portal(DAYS[2], "09:00:00", **VERIFIED),
        portal(DAYS[3], "09:00:00", **user("B"), **NOT_VERIFIED),
        portal(DAYS[3], "09:00:00", **user("C"), **UNKNOWN),
        portal(DAYS[3], "09:00:00", **user("D"), **NOT_COMPLETED),
    )

    assert rows == [
        {
            "ObjectId": user("B")["user_id"],
            "TenantId": TENANT,
            "Upn": "agent.b@fabrikam.example",
            "LastNonMfaCompliantLoginDateTime": "2026-11-20T09:00:00.0000000Z",
        },
        {
            "ObjectId": "adc77aa5-7968-4c57-9f48-361018265c1a",
            "TenantId": TENANT,
            "Upn": "agent.a@fabrikam.example",
            "LastNonMfaCompliantLoginDateTime": "2026-11-18T09:00:00.2500000Z",
        },
    ]


def test_portal_users_of_the_same_instant_are_in_the_order_of_their_object_ids():
    rows = portal_rows(*(portal(user_id=it, **NOT_VERIFIED) for it in ("3-a", "1-c", "4-b", "2-d")))

    assert [row["ObjectId"] for row in rows] == ["1-c", "2-d", "3-a", "4-b"]


def test_a_user_has_the_name_that_was_seen_last_even_where_it_came_with_mfa():
    rows = portal_rows(
        portal(DAYS[0], upn="old@fabrikam.example", **NOT_VERIFIED),
        portal(DAYS[1], upn="new@fabrikam.example", **VERIFIED),
        portal(DAYS[2], upn="", **VERIFIED),
    )

    assert [row["Upn"] for row in rows] == ["new@fabrikam.example"]


def test_an_exempted_request_lists_nobody_where_a_setting_counts_it_as_mfa():
    rule = ShareRule(exempted_counts_as_mfa=True)

    assert portal_rows(portal(**EXEMPTED), rule=rule) == []
    assert request_rows(api(**EXEMPTED), rule=rule)[0]["MfaCompliant"] == "true"
    assert request_rows(api(**EXEMPTED))[0]["MfaCompliant"] == "false"


def test_the_summary_is_by_day_and_application_newest_day_and_most_without_mfa_first():
    rows = summary_rows(
        api(DAYS[5], app_id="app-b", app_name="B", **VERIFIED),
        api(DAYS[6], app_id="app-c", app_name="C", **VERIFIED),
        api(DAYS[6], app_id="app-b", app_name="B", **VERIFIED),
        api(DAYS[6], app_id="app-d", app_name="D", **NOT_VERIFIED),
        api(DAYS[6], app_id="app-d", app_name="D", **EXEMPTED),
        api(DAYS[6], app_id="app-a", app_name="A", **NOT_VERIFIED),
        api(DAYS[6], app_id="app-a", app_name="A", **UNKNOWN),
        api(DAYS[6], app_id="app-a", app_name="A", **NOT_COMPLETED),
        api(DAYS[6], app_id="app-e", app_name="E", **APP_ONLY),
    )

    assert [tuple(row.values()) for row in rows] == [
        ("2026-11-23", "0", "2", "app-d", "D"),
        ("2026-11-23", "0", "2", "app-a", "A"),
        ("2026-11-23", "1", "1", "app-b", "B"),
        ("2026-11-23", "1", "1", "app-c", "C"),
        ("2026-11-22", "1", "1", "app-b", "B"),
    ]


def test_an_application_has_the_name_that_was_seen_last_on_every_day():
    rows = summary_rows(
        api(DAYS[0], app_name="Old name", **VERIFIED),
        api(DAYS[1], app_name="New name", **VERIFIED),
        api(DAYS[2], app_name="", **VERIFIED),
    )

    assert {row["ApplicationName"] for row in rows} == {"New name"}


def test_all_api_requests_says_of_each_whether_it_had_mfa_and_nothing_where_it_is_unknown():
    rows = request_rows(
        api(DAYS[0], **VERIFIED),
        api(DAYS[1], **NOT_VERIFIED),
        api(DAYS[2], **UNKNOWN),
        api(DAYS[3], **NOT_COMPLETED),
        api(DAYS[4], **APP_ONLY),
        portal(DAYS[5], **VERIFIED),
    )

    assert [(row["RequestDateTime"], row["MfaCompliant"]) for row in rows] == [
        ("2026-11-19T08:15:00.0000000Z", ""),
        ("2026-11-18T08:15:00.0000000Z", "false"),
        ("2026-11-17T08:15:00.0000000Z", "true"),
    ]


def test_a_request_is_told_by_partner_centers_property_names():
    (row,) = request_rows(
        api(time="08:15:00.1234500", id="r-1", correlation_id="c-1", **VERIFIED),
    )

    assert row == {
        "RequestId": "r-1",
        "CorrelationId": "c-1",
        "OperationName": "Sign-in: Microsoft Partner Center",
        "RequestDateTime": "2026-11-23T08:15:00.1234500Z",
        "IpAddress": "203.0.113.7",
        "ObjectId": "adc77aa5-7968-4c57-9f48-361018265c1a",
        "TenantId": TENANT,
        "Upn": "agent.a@fabrikam.example",
        "ApplicationId": "14f38d7d-c4fc-448a-b2df-0fc60e75465a",
        "MfaCompliant": "true",
        "Reason": "",
    }


def test_a_record_without_an_id_has_none_in_the_file_and_a_tenant_not_told_is_empty():
    (row,) = request_rows(api(id="digest", has_own_id=False, **VERIFIED), tenant_id=None)

    assert (row["RequestId"], row["TenantId"]) == ("", "")


@pytest.mark.parametrize(
    ("channel", "name"),
    [(Channel.API, "all-api-requests.csv"), (Channel.PORTAL, "portal-requests.csv")],
)
def test_more_than_ten_thousand_requests_are_cut_to_the_newest_and_the_total_is_told(channel, name):
    made = api if channel is Channel.API else portal
    sign_ins = [
        made(DAYS[number % 7], f"{number % 24:02}:{number % 60:02}:00", **VERIFIED)
        for number in range(REQUESTS_CAP + 7)
    ]
    judged = assessment(*sign_ins)

    files = {file.name: file for file in csv_files(report_tables(judged, TENANT))}
    file = files[name]

    assert (file.rows, file.total) == (10_000, 10_007)
    assert [row["RequestId"] for row in rows_of(file)] == [
        sign_in.id for sign_in in sorted(sign_ins, key=moment, reverse=True)[:REQUESTS_CAP]
    ]


def test_lines_end_in_crlf_and_there_is_no_byte_order_mark():
    for file in files_of(*worked_portal(), *worked_api()).values():
        assert file.content.endswith(b"\r\n")
        assert file.content.count(b"\n") == file.content.count(b"\r\n") == file.rows + 1
        assert not file.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(first):
    name = f"{first}cmd|' /C calc'!A0"
    (row,) = portal_rows(portal(upn=name, user_id=name, **NOT_VERIFIED))

    assert row["Upn"] == row["ObjectId"] == f"'{name}"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("x;=1+1;y", "x;'=1+1;y"),
        ("x;+cmd|' /C calc'!A0;y", "x;'+cmd|' /C calc'!A0;y"),
        ("x\t=1+1\ty", "x\t'=1+1\ty"),
        ("x\n@SUM(A1)", "x\n'@SUM(A1)"),
        (" =1+1", "' =1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("a=b; c-d, e@f", "a=b; c-d, e@f"),
    ],
)
def test_where_a_spreadsheet_sees_another_cell_begin_it_begins_with_an_apostrophe(name, written):
    """In much of Europe a semicolon ends a cell, even inside quotes in the middle of one."""
    (row,) = portal_rows(portal(upn=name, user_id=name, **NOT_VERIFIED))

    assert row["Upn"] == written


def test_half_a_surrogate_pair_does_not_stop_the_file():
    assert portal_rows(portal(upn="half \ud800", **NOT_VERIFIED))[0]["Upn"] == "half ?"


FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  #: what a formula may begin with
_text = st.text(max_size=12) | st.sampled_from(
    [
        'a,"b"',
        "x\r\ny",
        "=1+1",
        "-",
        "@",
        "\tx",
        '"',
        "'",
        'a";=1',
        "x;+1",
        "x\t@y",
        ";;-",
        "\uff1d1",
    ]
)


@given(st.lists(st.tuples(_text, _text, _text, _text), max_size=8))
def test_any_text_comes_back_from_a_csv_reader_and_no_cell_begins_with_a_formula_character(names):
    sign_ins = [
        api(
            time=f"08:{minute:02}:00", id=f"r-{minute}", upn=upn, app_id=app_id,
            resource_name=resource, ip_address=address, **VERIFIED,
        )
        for minute, (upn, app_id, resource, address) in enumerate(names)
    ]  # fmt: skip

    text = files_of(*sign_ins)["all-api-requests.csv"].content.decode()
    header, *rows = csv.reader(StringIO(text, newline=""), strict=True)

    assert tuple(header) == RequestRow.__struct_encode_fields__
    assert [(row[7], row[8], row[2], row[4]) for row in rows] == [
        (_safe(upn), _safe(app_id), _safe(f"Sign-in: {resource}"), _safe(address))
        for upn, app_id, resource, address in reversed(names)
    ]
    for delimiter in ",;\t":
        cells = chain.from_iterable(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
        assert not [cell for cell in cells if cell.strip().startswith(FORMULA)]


def _safe(text: str) -> str:
    """Each cell, as programs see it that accept more separators than commas."""
    safe = ""
    for piece in re.split(r"([;\t\r\n])", text):
        safe += f"'{piece}" if piece.strip().startswith(FORMULA) else piece
    is_control = text.startswith(("\t", "\r", "\n"))
    return f"'{safe}" if is_control and not safe.startswith("'") else safe


class SomeRow(msgspec.Struct, rename="pascal"):
    name: str
    number: int
    yes: bool
    no: bool
    unknown: bool | None
    empty: str
    last: str = msgspec.field(name="Last one")


def test_a_struct_becomes_a_header_and_cells_true_false_and_empty_among_them():
    file = csv_file(
        "some.csv",
        SomeRow,
        [SomeRow("Contoso", 3, yes=True, no=False, unknown=None, empty="", last="-x")],
    )

    assert file.content.splitlines() == [
        b"Name,Number,Yes,No,Unknown,Empty,Last one",
        b"Contoso,3,true,false,,,'-x",
    ]
    assert (file.rows, file.total) == (1, 1)


def test_a_listing_of_nothing_is_not_the_same_as_one_that_was_not_read():
    empty = csv_file("accounts.csv", AccountStatusRow, [])
    unread = csv_file("accounts.csv", AccountStatusRow, None)

    assert (empty.total, unread.total) == (0, None)
    assert empty.content == unread.content


def test_the_report_names_the_files_with_underscores_and_says_where_they_are():
    entries = file_entries(csv_files(report_tables(assessment(*worked_api()), TENANT)))

    assert list(entries) == [
        "portal_requests_without_mfa", "portal_requests", "api_requests_summary",
        "all_api_requests", "accounts", "customers",
    ]  # fmt: skip
    assert entries["all_api_requests"] == FileEntry(href="all-api-requests.csv", rows=5, total=5)


_PLACES = re.compile(  # where an apostrophe belongs, as one pattern, which takes quadratic time
    r"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)


class OneName(msgspec.Struct):
    name: str
    number: int = 1


@example(";=")
@given(st.text(st.sampled_from(" \t\r\n;=@-a\u00a0\uff1d\x1c"), max_size=12) | st.text())
def test_apostrophes_are_exactly_where_a_spreadsheet_would_begin_to_run_a_cell(name):
    row = OneName(name)

    (written,) = rows_of(csv_file("a.csv", OneName, [row]))

    assert written["name"] == _PLACES.sub("'", name).encode("utf-8", "replace").decode()


@given(st.lists(st.tuples(_text | st.text(), _text, st.booleans() | st.none() | st.integers())))
def test_lines_are_those_of_the_csv_module(rows):
    """It quotes as RFC 4180 does; apostrophes are another test's business."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    content = csv_file("a.csv", ThreeCells, [ThreeCells(*row) for row in rows]).content.decode()
    cells = list(csv.reader(StringIO(content, newline=""), strict=True))
    writer.writerows(cells)

    assert content == written.getvalue()
    assert [row[2] for row in cells[1:]] == [
        "" if value is None else str(value).lower() for _, _, value in rows
    ]


class ThreeCells(msgspec.Struct):
    first: str
    second: str
    third: bool | int | None


def test_blanks_without_end_take_no_time():
    """60,000 line ends in one name took minutes."""
    name = "\n" * 60_000 + "a"

    (row,) = portal_rows(portal(upn=name, user_id=name, **NOT_VERIFIED))

    assert row["Upn"] == f"'{name}"


def test_each_request_without_mfa_has_its_reason_and_verified_ones_have_none():
    remembered = {
        "error_code": 0,
        "details": Evidence.SKIPPED,
        "circumstance": Circumstance.REMEMBERED_DEVICE,
    }
    sign_ins = [
        portal(DAYS[0], "09:00:00", **VERIFIED),
        portal(DAYS[0], "10:00:00", **remembered),
        portal(DAYS[0], "11:00:00", **NOT_VERIFIED),
    ]

    rows = rows_of(files_of(*sign_ins)["portal-requests.csv"])

    assert [(row["MfaCompliant"], row["Reason"]) for row in rows] == [
        ("false", "The record does not tell why, and no directory was read"),
        ("false", "MFA was skipped on a remembered device"),
        ("true", ""),
    ]


def test_a_reason_is_written_without_curly_quotes_and_never_as_a_formula():
    trace = PolicyTrace("1", "=Require MFA", "reportonlyfailure", "mfa")
    sign_in = portal(DAYS[0], "09:00:00", **NOT_VERIFIED, traces=PolicyTraces.of([trace]))

    (row,) = rows_of(files_of(sign_in)["portal-requests.csv"])

    assert row["Reason"] == 'Policy "=Require MFA" is report-only: it asks nobody for MFA'
