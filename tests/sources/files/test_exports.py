"""Files of records in any layout, compression and encoding, broken ones included."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tracemalloc
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BadInputError
from shared.mfa.guid import NO_GUID
from shared.mfa.scope import Scope
from shared.sources.files import lines
from shared.sources.files.cursor import value_end
from shared.sources.files.exports import ReadingResult, discover, read_exports, read_stream
from shared.sources.files.intake import UNREADABLE_KEPT, Intake
from shared.sources.files.skimming import Skimmer
from shared.sources.files.streams import Stream
from tests.records import (
    ABSENT,
    API,
    AZURE,
    BY_CLAIM,
    OTHER,
    PORTAL,
    VENDOR,
    diagnostic_record,
    graph_record,
    line,
    log_analytics_row,
    ndjson,
    page,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.mfa.sign_in import SignIn

IDS = Scope().ids


class Read:
    """The result of reading some bytes."""

    def __init__(
        self, data: bytes, *, is_skimming: bool = True, block_bytes: int = lines.BLOCK_BYTES
    ) -> None:
        self.sign_ins: list[SignIn] = []
        intake = Intake(IDS, self.sign_ins.append)
        skimmer = Skimmer(IDS) if is_skimming else None
        read_stream(Stream(io.BytesIO(data), lambda _: None), intake, skimmer, block_bytes)
        self.result: ReadingResult | None = intake.result() if intake.records else None
        self.records, self.unreadable = intake.records, intake.unreadable
        self.refusals = [intake.refusal(n) for n in range(intake.unreadable)]

    @property
    def ids(self) -> list[str]:
        return [sign_in.id for sign_in in self.sign_ins]

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(refusal.line, refusal.reason) for refusal in self.refusals if refusal]


def three() -> list[dict[str, Any]]:
    """Two records of Partner Center, with an unrelated one between them."""
    return [
        graph_record(id="first"),
        graph_record(id="other", appId=OTHER, createdDateTime="2026-11-23T00:00:00Z"),
        graph_record(id="last", appId=VENDOR, resourceId=API),
    ]


def _csv(*rows: dict[str, Any], zone: str = "UTC", line_end: str = "\r\n") -> bytes:
    """Rows as the Log Analytics portal exports them."""
    text = io.StringIO(newline="")
    times = {name: f"{name} [{zone}]" for name in ("TimeGenerated", "CreatedDateTime")}
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow([times.get(name, name) for name in rows[0]])
    for row in rows:
        cells = (
            json.dumps(cell, indent=1) if isinstance(cell, list | dict) else cell
            for cell in row.values()
        )
        writer.writerow(cells)
    return text.getvalue().encode()


def _table(*rows: dict[str, Any]) -> bytes:
    """Rows as the Log Analytics query API returns them."""
    columns = [{"name": name, "type": "string"} for name in rows[0]]
    cells = [list(row.values()) for row in rows]
    return line({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": cells}]})


def _rows() -> list[dict[str, Any]]:
    time = "11/20/2026, 9:00:00.000 AM"
    return [
        log_analytics_row(Id="first", CreatedDateTime=time),
        log_analytics_row(Id="other", AppId=OTHER, CreatedDateTime="11/23/2026, 12:00:00.000 AM"),
        log_analytics_row(Id="last", AppId=VENDOR, ResourceIdentity=API, CreatedDateTime=time),
    ]


LAYOUTS: dict[str, Callable[[], bytes]] = {
    "array": lambda: line(three()),
    "array, pretty-printed": lambda: json.dumps(three(), indent=2).encode(),
    "array, one element a line": lambda: b"[\n" + b",\n".join(map(line, three())) + b"\n]\n",
    "page": lambda: page(*three(), next_link="https://graph.microsoft.com/x?$skiptoken=y"),
    "page, pretty-printed": lambda: json.dumps(json.loads(page(*three())), indent=4).encode(),
    "pages, one after another": lambda: b"\n".join(page(record) for record in three()),
    "pages, in an array": lambda: b"[" + b",".join(page(record) for record in three()) + b"]",
    "page with its records last": lambda: line({"note": {"of": "x"}, "count": 3, "value": three()}),
    "page with its records first": lambda: line({"value": three(), "@odata.nextLink": "x"}),
    "Event Hubs batch": lambda: line({"records": three()}),
    "Event Hubs batches, one a line": lambda: ndjson(*({"records": [r]} for r in three())),
    "lines": lambda: ndjson(*three()),
    "lines without a last end": lambda: ndjson(*three())[:-1],
    "lines with blank lines": lambda: b"\n\n" + ndjson(*three()).replace(b"\n", b"\n\n \n"),
    "lines with CRLF": lambda: ndjson(*three()).replace(b"\n", b"\r\n"),
    "lines with spaces after colons": lambda: b"".join(
        json.dumps(record).encode() + b"\n" for record in three()
    ),
    "lines, joined from files with a byte order mark": lambda: b"".join(
        b"\xef\xbb\xbf" + ndjson(record) for record in three()
    ),
    "diagnostic lines": lambda: ndjson(
        diagnostic_record(id="first"),
        diagnostic_record(id="other", appId=OTHER, createdDateTime="2026-11-23T00:00:00Z"),
        diagnostic_record(id="last", appId=VENDOR, resourceId=API),
    ),
    "row lines": lambda: ndjson(*_rows()),
    "objects, pretty-printed": lambda: b"\n".join(
        json.dumps(record, indent=2).encode() for record in three()
    ),
    "objects, not even a space between": lambda: b"".join(map(line, three())),
    "CSV": lambda: _csv(*_rows()),
    "CSV with LF": lambda: _csv(*_rows(), line_end="\n"),
    "query answer": lambda: _table(*_rows()),
}
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16, as PowerShell writes it": lambda data: data.decode().encode("utf-16"),
    "UTF-16, big-endian": lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
    "gzip": gzip.compress,
    "gzip in two members": lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]),
    "gzip with padding": lambda data: gzip.compress(data) + bytes(512),
    "gzip of UTF-16": lambda data: gzip.compress(data.decode().encode("utf-16")),
}


class TestLayouts:
    @pytest.mark.parametrize("block_bytes", [64, 1000, lines.BLOCK_BYTES])
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_every_layout_is_recognised_by_content(self, layout: str, block_bytes: int) -> None:
        read = Read(LAYOUTS[layout](), block_bytes=block_bytes)

        assert read.ids == ["first", "last"]
        assert (read.records, read.unreadable) == (3, 0)
        assert [sign_in.sequence for sign_in in read.sign_ins] == [0, 2]
        assert read.result is not None
        assert read.result.first_day == date(2026, 11, 20)
        assert read.result.last_day == date(2026, 11, 23)

    @pytest.mark.parametrize("encoding", ENCODINGS)
    @pytest.mark.parametrize("layout", ["array, pretty-printed", "lines", "CSV", "query answer"])
    def test_every_encoding_is_recognised_by_content(self, layout: str, encoding: str) -> None:
        plain = LAYOUTS[layout]().replace(b"Ann Adams", "Ännchen 你".encode())

        read = Read(ENCODINGS[encoding](plain))

        assert read.ids == ["first", "last"]
        assert read.sign_ins[0].user_name == "Ännchen 你"
        assert (read.records, read.unreadable) == (3, 0)

    def test_cells_of_a_table_may_span_lines_and_hold_json(self) -> None:
        row = log_analytics_row(AuthenticationDetails=[step(BY_CLAIM)], UserDisplayName='Ann,\n"A"')

        read = Read(_csv(row))

        assert read.sign_ins[0].steps == "satisfied"
        assert read.sign_ins[0].user_name == 'Ann,\n"A"'

    @pytest.mark.parametrize("preface", ["", "sep=;\r\n", "#TYPE System.Object\n", "\n"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_other_tools_write_other_delimiters_and_a_line_before(
        self, preface: str, delimiter: str
    ) -> None:
        rows = list(csv.reader(io.StringIO(_csv(*_rows()).decode(), newline="")))
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)

        for mark in ("", "\ufeff"):
            found = Read((mark + preface + text.getvalue()).encode())
            assert found.ids == ["first", "last"]
            assert found.unreadable == 0

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"PK\x03\x04\x14\x00", "a zip archive or a workbook"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"Timestamp,Application,AccountUpn,LogonType\r\n1,2,3,4\r\n", "CSV of another kind"),
            (b"Datum (UTC),Anforderungs-ID,Benutzer\r\n1,2,3", "Entra admin center"),
            (b"Date (UTC);ID de demande;Utilisateur\r\n1;2;3", "Entra admin center"),
        ],
    )
    def test_files_of_another_kind_are_named_as_what_they_are(
        self, content: bytes, sentence: str
    ) -> None:
        [(line_number, reason)] = Read(content).reasons

        assert line_number == 1
        assert sentence in reason

    def test_a_table_in_another_zone_is_refused_because_its_days_would_be_wrong(self) -> None:
        read = Read(_csv(*_rows(), zone="Local Time"))

        assert read.records == 0
        assert read.reasons[0] == (
            2,
            "its times are in Local Time: export with the portal set to UTC",
        )

    @pytest.mark.parametrize(
        "header",
        [
            '"Date (UTC)","Request ID","User agent","Correlation ID","User ID","Application ID "',
            "\ufeffRequest ID,Authentication date (utc),Authentication method,Succeeded",
        ],
    )
    def test_the_portal_s_csv_is_refused_and_the_error_says_what_to_download_instead(
        self, header: str
    ) -> None:
        """It would leave every request without MFA undecided, and the share too high."""
        read = Read(f"{header}\r\n2026-11-20T10:00:00Z,a,b,c,d,e\r\n".encode())

        assert read.records == 0
        [(line, reason)] = read.reasons
        assert line == 1
        assert reason.endswith("download the same sign-ins as JSON")

    def test_an_empty_page_among_others_is_not_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_bytes(page())
        (tmp_path / "b.json").write_bytes(page(graph_record()))

        assert _read([tmp_path / "a.json", tmp_path / "b.json"]).records == 1


class TestBrokenInput:
    def test_an_unreadable_record_is_kept_with_file_line_and_reason(self, tmp_path: Path) -> None:
        file = tmp_path / "mixed.json"
        good = ndjson(graph_record())
        file.write_bytes(good + b"oops\n" + good + b'{"createdDateTime":"never"}\n')

        result = _read([file])

        assert (result.records, result.unreadable) == (2, 2)
        first, second = result.unreadable_records
        assert (first.file, first.line) == (str(file), 2)
        assert first.reason.startswith("it is not valid JSON")
        assert (second.line, second.reason) == (4, "its time 'never' is not a valid timestamp")

    def test_all_unreadable_records_are_counted_and_the_first_are_kept(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "many.json"
        file.write_bytes(ndjson(graph_record()) + b"oops\n" * 250)

        result = _read([file])

        assert result.unreadable == 250
        assert len(result.unreadable_records) == UNREADABLE_KEPT

    @pytest.mark.parametrize("shape", [graph_record, diagnostic_record, log_analytics_row])
    def test_skimming_never_passes_over_a_record_that_lacks_its_application(self, shape) -> None:
        ids = (
            ("AppId", "ResourceIdentity") if shape is log_analytics_row else ("appId", "resourceId")
        )
        elsewhere = [shape(**dict.fromkeys(ids, OTHER)) for _ in range(5)]
        for empty in ("", NO_GUID):
            nothing = shape(**{ids[0]: empty, ids[1]: OTHER})
            for before in (0, 1, 4):
                read = Read(ndjson(*elsewhere[:before], nothing, *elsewhere[before:]))

                assert (read.records, read.unreadable) == (5, 1)
                assert "which application signed in" in read.reasons[0][1]

    def test_applications_whose_log_is_not_said_are_no_coverage_of_users(self) -> None:
        flag = {"signInEventTypes": ABSENT, "isInteractive": False, "appId": OTHER}
        users = [graph_record(**flag, resourceId=OTHER) for _ in range(3)]
        applications = [graph_record(**flag, resourceId=OTHER, userId="", userPrincipalName="")] * 3

        for records, kinds in ((users, {"non_interactive"}), (applications, set())):
            for is_skimming in (True, False):
                result = Read(ndjson(*records), is_skimming=is_skimming).result
                assert result is not None
                assert set(result.spans) == kinds

    def test_a_truncated_last_line_is_unreadable(self) -> None:
        read = Read(ndjson(*three())[:-60])

        assert read.ids == ["first"]
        assert (read.records, read.unreadable) == (2, 1)
        assert read.reasons[0][0] == 3

    def test_a_first_line_that_begins_in_the_middle_is_unreadable(self) -> None:
        read = Read(ndjson(*three())[100:])

        assert read.ids == ["last"]
        assert [line for line, _ in read.reasons] == [1]

    def test_two_records_run_together_are_noticed(self) -> None:
        others = [graph_record(appId=OTHER) for _ in range(4)]
        torn = ndjson(*others[:2]) + line(others[2])[:300] + ndjson(others[3], *others[:2])

        fast, careful = Read(torn), Read(torn, is_skimming=False)

        assert (fast.records, fast.unreadable) == (careful.records, careful.unreadable) == (4, 1)
        assert fast.reasons == careful.reasons
        assert fast.reasons[0][0] == 3

    def test_a_line_broken_between_its_ends_that_names_no_wanted_id_is_counted_as_a_record(
        self,
    ) -> None:
        """
        The known limit of skimming. It cannot touch a figure: the line would have to name an id.
        Where most lines name one, all are decoded.

        What it can touch is the number of records, and the first and last day.
        """
        broken = line(graph_record(appId=OTHER)).replace(b"Ann Adams", b'Ann"Adams')
        others = ndjson(*(graph_record(appId=OTHER) for _ in range(9)))
        data = ndjson(graph_record()) + others + broken + b"\n" + ndjson(graph_record())
        wanted = ndjson(graph_record()) + broken + b"\n" + ndjson(graph_record())

        assert (Read(data).records, Read(data).unreadable) == (12, 0)
        assert Read(data, is_skimming=False).unreadable == Read(wanted).unreadable == 1

    def test_a_broken_line_that_names_a_wanted_id_is_unreadable(self) -> None:
        broken = line(graph_record()).replace(b"Ann Adams", b'Ann"Adams')
        data = ndjson(graph_record()) + broken + b"\n" + ndjson(graph_record())

        assert (Read(data).records, Read(data).unreadable) == (2, 1)

    def test_a_line_longer_than_any_record_is_refused_once_and_the_rest_is_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lines, "LONGEST_RECORD_BYTES", 8192)
        endless = b'{"a":"' + b"x" * 50_000 + b'"}\n'
        data = ndjson(*three()[:2]) + endless + ndjson(three()[2])

        read = Read(data, block_bytes=1024)

        assert read.ids == ["first", "last"]
        assert read.reasons == [(3, "it is longer than 8,192 bytes")]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda text: text.replace(b'"id":"broken",', b'"id":broken,'),
            lambda text: text.replace(b'"id":"broken",', b'"id":"broken,'),
            lambda text: text.replace(b'"id":"broken",', b'"id":"broken","x":[1,'),
            lambda text: text.replace(b'"id":"broken",', b'"id":"broken","x":{'),
            lambda text: text.replace(b'"id":"broken",', b'"id":"broken"}},'),
            lambda text: text.replace(b'"id":"broken",', b'"id":"broken",]],'),
            lambda text: (
                text[: text.index(b'"id":"broken",')] + text[text.index(b',{"id":"last"') :]
            ),
        ],
        ids=[
            "no quotes",
            "quote missing",
            "list open",
            "object open",
            "closed",
            "closed lists",
            "cut",
        ],
    )
    @pytest.mark.parametrize(("before", "after"), [(b"", b""), (b'{"value":', b"}")])
    def test_a_broken_element_does_not_lose_the_rest_of_its_array(
        self, damage: Callable[[bytes], bytes], before: bytes, after: bytes
    ) -> None:
        first, _, last = three()
        whole = line([first, first, graph_record(id="broken"), last, last])

        read = Read(before + damage(whole) + after)

        assert read.ids == ["first", "first", "last", "last"]
        assert read.unreadable >= 1
        assert read.reasons[0][0] == 1

    def test_properties_of_a_broken_envelope_are_not_taken_for_a_record(self) -> None:
        broken = line(diagnostic_record()).replace(b'"Level":4', b'"Level":four')
        broken_early = line(diagnostic_record()).replace(b'"durationMs":0', b'"durationMs":none')
        whole = line(diagnostic_record(id="whole"))

        read = Read(b"[" + b", ".join([whole, broken, broken_early, whole]) + b"]")

        assert read.ids == ["whole", "whole"]
        assert read.unreadable == 2

    def test_a_truncated_array_has_its_complete_records_and_one_unreadable_record(self) -> None:
        whole = line(three())

        in_element = Read(whole[:-50])
        between = Read(whole[: whole.index(b',{"id":"last"')])

        assert (in_element.records, in_element.unreadable) == (2, 1)
        assert (between.records, between.unreadable) == (2, 1)
        assert between.reasons == [(1, "the file ends in the middle of a list")]

    def test_elements_that_are_not_records_are_unreadable_one_by_one(self) -> None:
        read = Read(line([1, "x", None, [], {"id": "1"}, graph_record(id="good")]))

        assert read.ids == ["good"]
        assert [reason for _, reason in read.reasons] == [
            "it is not a JSON object but a number",
            "it is not a JSON object but a string",
            "it is not a JSON object but null",
            "it is not a sign-in record: it has neither createdDateTime nor time",
        ]

    def test_line_numbers_are_those_where_records_begin(self) -> None:
        good = json.dumps(graph_record(), indent=1).encode()
        length = good.count(b"\n") + 1

        read = Read(b"[\n" + good + b",\n{},\n" + good + b",\n{}\n]")

        assert [line for line, _ in read.reasons] == [2 + length, 3 + 2 * length]

    def test_a_row_with_more_or_fewer_cells_than_the_header_is_unreadable(self) -> None:
        data = _csv(*_rows()) + b'"a","b"\r\n'

        read = Read(data)

        assert read.records == 3
        assert read.reasons[0][1].startswith("it has 2 cells, not ")
        assert read.reasons[0][0] == data.count(b"\n")

    @pytest.mark.parametrize("layout", ["lines", "array", "CSV"])
    def test_truncated_gzip_has_the_records_read_so_far_and_one_unreadable_record(
        self, layout: str
    ) -> None:
        data = gzip.compress(LAYOUTS[layout](), compresslevel=0)

        read = Read(data[:-500])

        assert read.ids[0] == "first"
        assert read.unreadable == 1
        assert "the gzip data are truncated" in read.reasons[0][1]

    def test_gzip_cut_after_its_last_record_is_reported_too(self) -> None:
        read = Read(gzip.compress(ndjson(*three()))[:-4])

        assert (read.records, read.unreadable) == (3, 1)
        assert "truncated" in read.reasons[0][1]

    def test_damaged_gzip_has_the_records_before_the_damage(self) -> None:
        records = [graph_record(userAgent=str(n) * 700) for n in range(2000)]
        data = bytearray(gzip.compress(ndjson(*records), compresslevel=0))
        data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)

        read = Read(bytes(data))

        assert 0 < read.records < 2000
        assert read.unreadable == 1
        assert "the file breaks off" in read.reasons[0][1]

    def test_every_broken_element_is_counted_if_all_are_broken(self) -> None:
        unclosed = line(diagnostic_record()).replace(b'"durationMs":0', b'"durationMs":[0')

        read = Read(b"[" + b",".join([unclosed] * 3000) + b"]")

        assert (read.records, read.unreadable) == (0, 3000)

    @pytest.mark.parametrize("rubble", [b'{"":[', b"[", b'[{"', b'{"a":', b"x", b'[{"a":[1,', b","])
    def test_reading_rubble_of_any_kind_ends(self, rubble: bytes) -> None:
        read = Read(rubble * 3000 + b"\n" + ndjson(graph_record()))

        assert read.unreadable >= 1


@pytest.mark.parametrize("wanted", ["legacy", "", "Ann Adams"])
def test_an_id_of_letters_only_is_found_too(wanted: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ndjson(graph_record(), graph_record(appId=wanted)))
    seen: list[SignIn] = []

    result = read_exports([tmp_path / "a"], {wanted}, seen.append)

    assert [sign_in.app_id for sign_in in seen] == [wanted]
    assert result.records == 2


class TestPaths:
    def test_a_folder_means_every_file_below_it_except_hidden_ones(self, tmp_path: Path) -> None:
        (tmp_path / "deep" / "er").mkdir(parents=True)
        (tmp_path / "deep" / "er" / "b.json.gz").write_bytes(gzip.compress(ndjson(graph_record())))
        (tmp_path / "a.txt").write_bytes(ndjson(graph_record()))
        (tmp_path / "empty.json").touch()
        (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")

        result = _read([tmp_path])

        assert (result.records, result.unreadable) == (2, 0)

    def test_later_files_have_later_sequence_numbers(self, tmp_path: Path) -> None:
        for name in ("b", "a"):
            (tmp_path / name).write_bytes(ndjson(graph_record(id=name)))
        seen: list[SignIn] = []

        read_exports([tmp_path / "b", tmp_path / "a"], IDS, seen.append)

        assert [(sign_in.id, sign_in.sequence) for sign_in in seen] == [("b", 0), ("a", 1)]

    def test_progress_reports_bytes_read_and_all_bytes(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(ndjson(*[graph_record() for _ in range(50)]))
        (tmp_path / "b").write_bytes(gzip.compress(ndjson(graph_record())))
        total = sum(file.stat().st_size for file in tmp_path.iterdir())
        progress_calls: list[tuple[int, int]] = []

        read_exports(
            [tmp_path], IDS, lambda _: None, lambda *progress: progress_calls.append(progress)
        )

        assert progress_calls[-1] == (total, total)
        assert [done for done, _ in progress_calls] == sorted(done for done, _ in progress_calls)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (None, "There is no file or folder "),
            (b"", " is empty; expected sign-in records"),
            (b"hello\n", " contains no readable sign-in record"),
            (b"\x00\x01\x02", " contains no readable sign-in record"),
            (b"x" * 200_000, " contains no readable sign-in record"),
            (b"[]", "No sign-in record found in"),
            (b" \n", "No sign-in record found in"),
            (b'{"value":[]}', "No sign-in record found in"),
            (b'[{"id":"1","userPrincipalName":"ann"}]', "neither createdDateTime nor time"),
            (gzip.compress(b"", mtime=0), "No sign-in record found in"),
            (b"\x1f\x8b", "truncated"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_a_path_without_a_readable_record_is_an_error_that_names_it(
        self, tmp_path: Path, content: bytes | None, sentence: str
    ) -> None:
        path = tmp_path / "input.json"
        if content is not None:
            path.write_bytes(content)

        with pytest.raises(BadInputError) as caught:
            _read([path])

        assert str(path) in str(caught.value)
        assert sentence in str(caught.value)
        assert str(caught.value).endswith(".")

    def test_lines_of_another_kind_are_not_counted_without_decoding(self, tmp_path: Path) -> None:
        users = [{"id": n, "createdDateTime": "2026-11-20T09:00:00Z"} for n in range(9)]
        (tmp_path / "users").write_bytes(ndjson(*users))

        with pytest.raises(BadInputError, match="its only sign-in field is a time"):
            _read([tmp_path / "users"])

    def test_a_wrong_file_is_an_error_even_next_to_a_right_one(self, tmp_path: Path) -> None:
        (tmp_path / "right").write_bytes(ndjson(graph_record()))
        (tmp_path / "wrong").write_bytes(b"hello\n")

        with pytest.raises(BadInputError, match="wrong contains no readable"):
            _read([tmp_path / "right", tmp_path / "wrong"])

    def test_an_empty_folder_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="contains nothing to read"):
            _read([tmp_path])


class TestDiscover:
    def test_it_lists_applications_and_resources_the_most_frequent_first(
        self, tmp_path: Path
    ) -> None:
        portal = [graph_record(), diagnostic_record(appDisplayName=None), log_analytics_row()]
        vendor = graph_record(
            appId=VENDOR, appDisplayName="Panel", resourceId=API, resourceDisplayName="Partner"
        )
        (tmp_path / "all").write_bytes(ndjson(vendor, *portal))

        pairs = discover([tmp_path / "all"])

        assert [(pair.app_id, pair.resource_id, pair.records) for pair in pairs] == [
            (PORTAL, AZURE, 3),
            (VENDOR, API, 1),
        ]
        assert pairs[0].app_name == "Microsoft Partner"
        assert pairs[1].resource_name == "Partner"


@pytest.mark.parametrize("layout", ["lines", "array", "gzip"])
def test_memory_is_constant_however_large_the_input(layout: str, tmp_path: Path) -> None:
    record = line(diagnostic_record(appId=OTHER, userAgent="x" * 2500))
    between, start, end = (b",", b"[", b"]") if layout == "array" else (b"\n", b"", b"\n")
    data = start + between.join([record] * 8000) + end
    file = tmp_path / "large"
    file.write_bytes(gzip.compress(data, 1) if layout == "gzip" else data)
    size = len(data)
    del data

    tracemalloc.start()
    result = _read([file])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert result.records == 8000
    assert size > 25_000_000
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b'{"a":"}]"} ,{"b"', 11),
        (b"[1,[2]]]", 7),
        (b'"x":1', 3),
        (b"12,", 2),
        (b'{"a":1}', 7),
        (b'{"a":', None),
    ],
)
def test_msgspec_reports_where_a_value_ends_in_the_words_we_parse(
    data: bytes, end: int | None
) -> None:
    assert value_end(memoryview(data)) == end


def _spelled(draw: Any, record: dict[str, Any]) -> bytes:
    """A record as any writer may have spelled it."""
    text = json.dumps(record) if draw(st.booleans()) else line(record).decode()
    chance = random.Random(draw(st.integers(0, 1000)))
    for wanted in (PORTAL, API):
        spelling = "".join(
            chance.choice([letter, letter.upper(), f"\\u00{ord(letter):02x}"]) for letter in wanted
        )
        text = text.replace(wanted, chance.choice([wanted, wanted.upper(), spelling]))
    return text.encode()


@st.composite
def _any_line(draw: Any) -> bytes:
    shape = draw(st.sampled_from(["Graph", "Graph", "diagnostic", "diagnostic", "row"]))
    app, resource = (draw(st.sampled_from([PORTAL, API, OTHER, VENDOR])) for _ in range(2))
    day = draw(st.integers(17, 23))
    time = f"2026-11-{day}T{draw(st.sampled_from(['00:30:00', '23:30:00.1234567']))}"
    time += draw(st.sampled_from(["Z", "Z", "+00:00", "", "-05:00", "+14:00", "bad"]))
    common = {
        "id": draw(st.sampled_from("abc")),
        "userAgent": draw(st.sampled_from(["x", "é", PORTAL])),
    }
    if shape == "row":
        record = {"AppId": app, "ResourceIdentity": resource, "CreatedDateTime": time}
        record |= {"TimeGenerated": time, "Id": common["id"], "Type": "SigninLogs"}
    else:
        record = {"createdDateTime": time, "appId": app, "resourceId": resource} | common
        if draw(st.integers(0, 4)) == 0:
            record["createdDateTime"] = None
        if shape == "diagnostic":
            logs = ["SignInLogs", "SignInLogs", "NonInteractiveUserSignInLogs", "AuditLogs"]
            record = {"time": time, "category": draw(st.sampled_from(logs)), "properties": record}
        else:
            record["isInteractive"] = draw(st.sampled_from([True, False, None]))
    kind = draw(
        st.sampled_from(["whole"] * 8 + ["cut", "glued", "batch", "lower", "blank", "rubble"])
    )
    text = _spelled(draw, record)
    return {
        "whole": text,
        "cut": text[: draw(st.integers(1, 40))] + b'"',
        "glued": text[: draw(st.integers(1, len(text)))] + text,
        "batch": b'{"records":[' + b",".join([text] * draw(st.integers(0, 2))) + b"]}",
        "lower": text.decode().lower().encode(),
        "blank": b" ",
        "rubble": draw(st.sampled_from([b"oops", b"null", b"{}", b'{"time":5}', b"\xff"])),
    }[kind]


@settings(max_examples=250)
@given(
    written=st.lists(_any_line(), min_size=1, max_size=12),
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.sampled_from([b"", b"\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    block_bytes=st.sampled_from([16, 700, 5000, lines.BLOCK_BYTES]),
)
def test_skimming_gives_the_same_result_as_decoding_every_line(
    written: list[bytes], end: bytes, last: bytes, mark: bytes, block_bytes: int
) -> None:
    data = mark + end.join(written) + last

    fast = Read(data, block_bytes=block_bytes)
    careful = Read(data, is_skimming=False)

    assert fast.sign_ins == careful.sign_ins
    assert fast.result == careful.result
    assert fast.reasons == careful.reasons


def _flagged_record(**changes: Any) -> dict[str, Any]:
    """A record whose log only its flag says."""
    return graph_record(signInEventTypes=ABSENT, isInteractive=False, **changes)


def _of_the_day_before(text: bytes) -> bytes:
    return text.replace(b"11-20T", b"11-19T")


_OTHER_LOG = (b'"SignInLogs"', b'"NonInteractiveUserSignInLogs"')
_TIME = b'"createdDateTime":"'
_APP = b'"appId":"'
IRREGULAR: dict[str, Callable[[bytes], bytes]] = {
    "no time": lambda text: text.replace(_TIME, b'"lastSeenDateTime":"'),
    "two times": lambda text: text.replace(b'"ipAddress"', _TIME + b'2026-11-22T09:00:00Z","ip"'),
    "two lines on one": lambda text: text + text,
    "begun twice": lambda text: text[:30] + text,
    "time without an end": lambda text: text[: text.index(_TIME) + 30] + b"}",
    "time of another zone": lambda text: (
        text.replace(b"T09:", b"T23:").replace(b'0Z"', b'0-05:00"').replace(b"+00:00", b"-05:00")
    ),
    "time without a zone": lambda text: text.replace(b'0Z"', b'0"').replace(b"+00:00", b""),
    "another day": lambda text: text.replace(b"11-20T", b"11-18T"),
    "not a day": lambda text: text.replace(b"11-20T", b"11-31T"),
    "no application": lambda text: text.replace(_APP, b'"app":"'),
    "empty application": lambda text: text.replace(_APP + OTHER.encode(), _APP),
    "no resource": lambda text: text.replace(b'"resourceId":', b'"resource":'),
    "no kind": lambda text: text.replace(b'"category"', b'"of"').replace(b'ventTypes"', b'"'),
    "another log": lambda text: text.replace(b'"SignInLogs"', b'"AuditLogs"'),
    "another kind": lambda text: _of_the_day_before(text).replace(*_OTHER_LOG),
    "kind behind the time": lambda text: (
        _of_the_day_before(text)
        .replace(*_OTHER_LOG)
        .replace(b'"userAgent"', b'"category":"SignInLogs","userAgent"')
    ),
    "no user": lambda text: (
        _of_the_day_before(text)
        .replace(b'"userId"', b'"u"')
        .replace(b'"userPrincipalName"', b'"n"')
    ),
    "begins in another way": lambda text: b'{"a":1,' + text[1:],
    "does not begin": lambda text: text[1:],
    "does not end": lambda text: text.rstrip(b"}"),
    "ends later": lambda text: text + b" ",
    "ends as on Windows": lambda text: text + b"\r",
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "blank line": lambda text: b"\n" + text,
    "id elsewhere": lambda text: text.replace(b"Mozilla", PORTAL.encode()),
    "wanted": lambda text: text.replace(_APP + OTHER.encode(), _APP + PORTAL.encode()),
}


@pytest.mark.parametrize("block_bytes", [2500, lines.BLOCK_BYTES])
@pytest.mark.parametrize("shape", [graph_record, diagnostic_record, _flagged_record])
@pytest.mark.parametrize("change", IRREGULAR)
def test_a_line_that_differs_among_regular_ones_is_read_like_any(
    change: str, shape: Any, block_bytes: int
) -> None:
    written = [line(shape(id=f"{n}", appId=OTHER)) for n in range(9)]
    written[1] = _of_the_day_before(written[1]).replace(b'active":false', b'active":true')
    for n in (2, 3, 6):
        written[n] = written[n].replace(*_OTHER_LOG)
    written[5] = IRREGULAR[change](written[5])
    data = b"\n".join([*written, b""])

    fast = Read(data, block_bytes=block_bytes)
    careful = Read(data, is_skimming=False)

    assert fast.sign_ins == careful.sign_ins
    assert fast.result == careful.result
    assert fast.reasons == careful.reasons


def _as_lines(records: list[dict[str, Any]]) -> bytes:
    return ndjson(*records)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", [graph_record, diagnostic_record, log_analytics_row])
def test_an_array_is_read_like_its_records(shape: Any, indent: int | None) -> None:
    """Most of its records are found at once, wherever lines end, and read together."""
    is_row = shape is log_analytics_row
    time, app = ("CreatedDateTime", "AppId") if is_row else ("createdDateTime", "appId")
    days = ("2026-11-19T10:00:00.0000000Z", "2026-11-20T10:00:00.0000000Z")
    records = [
        shape(**{"Id" if is_row else "id": f"{n}", time: days[n // 200]})
        if n % 50 == 0 or n > 350
        else shape(**{time: days[n // 200], app: OTHER})
        for n in range(400)
    ]
    records[77] = shape(**{time: "never"})
    data = b"\n\n" + json.dumps(records, indent=indent).encode()

    fast = Read(data)
    careful = Read(data, is_skimming=False)

    assert (fast.sign_ins, fast.result) == (careful.sign_ins, careful.result)
    assert fast.reasons == careful.reasons
    assert [reason for _, reason in fast.reasons] == ["its time 'never' is not a valid timestamp"]


@given(
    times=st.lists(
        st.sampled_from(
            [
                *("2026-11-19T23:59:59.1234567+00:00", "2026-11-20T00:00:00.0000007+00:00"),
                *("2026-11-20T00:00:00.0000007Z", "2026-11-20T01:00:00.0000007-05:00"),
            ]
        ),
        min_size=2,
        max_size=9,
    ),
    written=st.tuples(
        st.sampled_from([graph_record, diagnostic_record]), st.sampled_from([line, _as_lines])
    ),
    damage=st.tuples(
        st.integers(0, 9 * 2500),
        st.binary(max_size=1) | st.sampled_from([b'"', b"}", b"\n", b"{", b"\\u00"]),
    ),
    wanted=st.integers(0, 9),
)
def test_damage_never_hides_a_record_nor_changes_what_is_passed_on(
    times: list[str], written: tuple[Any, Any], damage: tuple[int, bytes], wanted: int
) -> None:
    """Damage elsewhere may go unnoticed by the search, so a record may be counted as readable."""
    (shape, write), (at, byte) = written, damage
    records = [
        shape(id=f"{n}", createdDateTime=time, appId=PORTAL if n == wanted else OTHER)
        for n, time in enumerate(times)
    ]
    if shape is diagnostic_record:
        records = [
            record | {"category": ("SignInLogs", "NonInteractiveUserSignInLogs")[n % 2]}
            for n, record in enumerate(records)
        ]
    data = bytearray(write(records))
    at %= len(data)
    data[at : at + 1] = byte

    fast = Read(bytes(data))
    careful = Read(bytes(data), is_skimming=False)

    assert fast.sign_ins == careful.sign_ins
    assert fast.records + fast.unreadable == careful.records + careful.unreadable
    assert set(fast.reasons) <= set(careful.reasons)


@settings(max_examples=100)
@given(
    records=st.lists(_any_line().filter(lambda text: text[:1] == b"{"), min_size=1, max_size=6),
    space=st.sampled_from([b"", b" ", b"\n  "]),
    block_bytes=st.sampled_from([16, 700, lines.BLOCK_BYTES]),
)
def test_arrays_give_the_same_result_with_any_block_size_and_way_of_reading(
    records: list[bytes], space: bytes, block_bytes: int
) -> None:
    data = b"[" + (b"," + space).join(records) + space + b"]"

    fast = Read(data, block_bytes=block_bytes)
    careful = Read(data, is_skimming=False)

    assert fast.sign_ins == careful.sign_ins
    assert fast.result == careful.result
    assert fast.reasons == careful.reasons


def _read(paths: list[Path]) -> ReadingResult:
    return read_exports(paths, IDS, lambda _: None)
