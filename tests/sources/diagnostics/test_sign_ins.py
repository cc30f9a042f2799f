"""Sign-ins from diagnostic logs: complete days from hours, or an exception, on any account."""

from __future__ import annotations

import json
import logging
import re
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.errors import (
    OutOfReachError,
    OutOfTimeError,
    SourceDeniedError,
    SourceIncompleteError,
)
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.sign_in import Requirement, SignIn, SignInEventType
from shared.sources.diagnostics.account import LogAccount
from shared.sources.diagnostics.blobs import AccountLogs
from shared.sources.diagnostics.files import CHUNK_BYTES
from shared.sources.files.exports import read_exports
from shared.sources.pacing import Budget
from shared.sources.records.parsing import parse_sign_in
from tests.azurite import running_azurite
from tests.clock import real_now
from tests.records import API, OTHER, PORTAL, VENDOR
from tests.sources.diagnostics.diagnostic_doubles import (
    BACKGROUND,
    DAY,
    IDENTITIES,
    INTERACTIVE,
    PRINCIPALS,
    TODAY,
    MemoryLogs,
    container,
    emulated,
    in_memory,
    nobody,
    sign_in,
)

NEXT = DAY + timedelta(days=1)
BEFORE = DAY - timedelta(days=1)


@pytest.fixture(scope="module")
def azurite():
    with running_azurite() as server:
        yield server


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.azurite)])
def account(request):
    if request.param == "memory":
        yield in_memory()
        return
    from azure.storage.blob import BlobServiceClient

    server = request.getfixturevalue("azurite")
    logs = AccountLogs.open(LogAccount.parse(server.blobs_url, "core.windows.net"), nobody)
    with BlobServiceClient.from_connection_string(
        server.connection_string, api_version="2026-06-06"
    ) as service:
        yield emulated(logs, service)
    logs.close()


class TestADay:
    def test_it_holds_what_was_created_on_it_whatever_hour_it_arrived_in(self, account) -> None:
        account.usual()
        account.log(INTERACTIVE, f"{BEFORE}T23", sign_in(f"{DAY}T00:00:00", id="clock ahead"))
        account.log(INTERACTIVE, f"{DAY}T00", sign_in(f"{BEFORE}T23:59:59", id="day before"))
        account.log(INTERACTIVE, f"{DAY}T00", sign_in(f"{DAY}T00:00:00", id="first"))
        account.log(BACKGROUND, f"{DAY}T15", sign_in(f"{DAY}T15:01:00", id="own hour"))
        account.log(BACKGROUND, f"{NEXT}T00", sign_in(f"{DAY}T23:59:59.9999999", id="midnight"))
        account.log(BACKGROUND, f"{NEXT}T00", sign_in(f"{NEXT}T00:00:00", id="day after"))
        account.log(INTERACTIVE, f"{NEXT}T05", sign_in(f"{DAY}T20:00:00", id="late"))
        last = NEXT + timedelta(days=1)
        account.log(INTERACTIVE, f"{last}T23", sign_in(f"{DAY}T23:59:00", id="48 hours late"))

        assert account.found() == [
            *("48 hours late", "clock ahead", "first", "late", "midnight", "own hour"),
        ]

    def test_its_halves_together_hold_what_it_holds(self, account) -> None:
        account.usual()
        for hour in range(24):
            account.log(INTERACTIVE, f"{DAY}T{hour:02}", sign_in(f"{DAY}T{hour:02}:30:00"))
        account.log(INTERACTIVE, f"{NEXT}T07", sign_in(f"{DAY}T03:30:00"))
        hours = [account.found(DAY, hour, hour + 1) for hour in range(24)]

        assert [len(found) for found in hours] == [1, 1, 1, 2] + [1] * 20
        assert sorted(chain(*hours)) == account.found()
        assert sorted(account.found(to_hour=12) + account.found(from_hour=12)) == account.found()

    def test_all_four_kinds_of_sign_in_are_read(self, account) -> None:
        account.usual()
        kinds = (INTERACTIVE, BACKGROUND, PRINCIPALS, IDENTITIES)
        for category in kinds:
            record = sign_in(f"{DAY}T09:00:00", resourceId=API, appId=VENDOR, isInteractive=None)
            account.log(category, f"{DAY}T09", record)

        found = list(account.source().sign_ins(account.slice()))

        assert {each.event for each in found} == set(SignInEventType) - {SignInEventType.NOT_GIVEN}

    def test_an_hour_without_a_blob_is_one_without_sign_ins(self, account) -> None:
        account.usual()

        assert account.found() == []
        assert account.found(DAY, 3, 4) == []

    def test_a_weekend_without_interactive_sign_ins_is_known_of_the_other_log_only(
        self, account
    ) -> None:
        friday, sunday, monday = (date(2026, 11, day) for day in (20, 22, 23))
        account.log(INTERACTIVE, f"{friday}T15", sign_in(f"{friday}T15:00:00"))
        for hour in range(24 * 5):
            at = datetime(2026, 11, 19, tzinfo=UTC) + timedelta(hours=hour)
            account.log(BACKGROUND, at, sign_in(at.strftime("%Y-%m-%dT%H:00:00"), appId=OTHER))

        assert account.found(sunday) == []
        assert not account.source().logs(account.slice(friday)).interactive  # no later blob yet
        account.log(INTERACTIVE, f"{monday}T06", sign_in(f"{monday}T06:00:00"))
        assert account.source().logs(account.slice(friday)).interactive
        assert not account.source().logs(account.slice(sunday)).interactive
        assert account.source().logs(account.slice(sunday)).non_interactive

    def test_another_tenant_s_record_in_our_folder_is_not_ours(self, account) -> None:
        account.usual()
        theirs = sign_in(f"{DAY}T09:00:00", envelope={"tenantId": OTHER})
        account.log(INTERACTIVE, f"{DAY}T09", theirs)

        assert account.found() == []

    def test_a_sign_in_delivered_several_times_is_merged_and_counts_once(self, account) -> None:
        account.usual()
        first = sign_in(f"{DAY}T09:00:00", id="x", authenticationRequirement="")
        later = first | {"authenticationRequirement": "multiFactorAuthentication"}
        account.log(INTERACTIVE, f"{DAY}T09", later, first, first)
        account.log(BACKGROUND, f"{DAY}T11", later)

        rollup = Rollup(account.source().sign_ins(account.slice()))

        [merged] = rollup
        assert merged.requirement is Requirement.MULTI
        assert (
            merged.event is SignInEventType.NON_INTERACTIVE
        )  # the copy of the later hour was read later

    @pytest.mark.parametrize("upper", [False, True])
    def test_the_documented_folders_of_a_resource_are_read_too(self, account, upper) -> None:
        root = f"resourceId=/tenants/{account.tenant}/providers/Microsoft.aadiam/"
        root = root.upper() if upper else root
        for category in (INTERACTIVE, BACKGROUND):
            for day in (BEFORE, DAY, NEXT):
                for hour in ("04", "12", "20"):
                    created = sign_in(f"{day}T{hour}:00:00", id=f"{category} {day} {hour}")
                    account.log(category, f"{day}T{hour}", created, root=root)

        assert account.found() == sorted(
            f"{category} {DAY} {hour}"
            for category in (INTERACTIVE, BACKGROUND)
            for hour in ("04", "12", "20")
        )


def test_markers_of_folders_are_not_hours() -> None:
    account = in_memory().usual()
    for category in (INTERACTIVE, BACKGROUND):
        for folder in ("y=2026", "y=2026/m=11", "y=2026/m=11/d=20", "y=2026/m=11/d=20/h=12"):
            account.logs.append(container(category), f"tenantId={account.tenant}/{folder}", b"")

    assert account.found() == []
    assert account.source().reach_days(TODAY) == 7


class TestWhatIsNotThere:
    @pytest.mark.parametrize("category", [INTERACTIVE, BACKGROUND])
    def test_a_category_that_is_not_exported_is_a_denial_that_names_it(
        self, account, category
    ) -> None:
        other = BACKGROUND if category == INTERACTIVE else INTERACTIVE
        for day in (BEFORE, DAY, NEXT):
            account.log(other, f"{day}T12", sign_in(f"{day}T12:00:00"))

        for ask in (account.found, lambda: account.source().reach_days(TODAY)):
            with pytest.raises(SourceDeniedError) as raised:
                ask()
            assert re.search(rf"has no {category} of tenant {account.tenant}", str(raised.value))
            assert f"the container insights-logs-{category.lower()} appears" in str(raised.value)

    def test_another_tenant_s_logs_are_not_ours(self, account) -> None:
        for root in (f"tenantId={OTHER}/", f"resourceId=/tenants/{OTHER}/providers/x/", ""):
            for category in (INTERACTIVE, BACKGROUND):
                account.log(category, f"{DAY}T12", sign_in(f"{DAY}T12:00:00"), root=root)

        with pytest.raises(SourceDeniedError, match="has no SignInLogs of tenant"):
            account.found()

    def test_without_the_logs_of_applications_the_shares_are_known_and_the_log_says_so(
        self, account, caplog
    ) -> None:
        caplog.set_level(logging.INFO, "shared.sources.diagnostics.sign_ins")
        account.usual().log(INTERACTIVE, f"{DAY}T09", sign_in(f"{DAY}T09:00:00", id="Ann's"))

        assert account.found() == account.found() == ["Ann's"]
        for category in (PRINCIPALS, IDENTITIES):
            warning = f"no {category} of tenant {account.tenant}: app-only sign-ins of that kind"
            assert caplog.text.count(warning) == 1
        assert "ann@" not in caplog.text
        assert "203.0.113" not in caplog.text

    def test_a_day_without_a_blob_is_not_a_day_without_sign_ins(self, account) -> None:
        account.usual(BEFORE, days=1)
        account.usual(NEXT, days=3)

        for slice_ in ((DAY,), (DAY, 0, 12), (DAY, 23, 24)):
            with pytest.raises(SourceIncompleteError, match=rf"No sign-in log has .* of {DAY}"):
                account.found(*slice_)
        with pytest.raises(
            SourceIncompleteError, match=f"no blob from {BEFORE} 21:00 to {NEXT} 04"
        ):
            account.found(NEXT)
        assert account.found(NEXT + timedelta(days=1)) == []

    def test_a_blob_of_the_evening_proves_the_morning(self, account) -> None:
        account.usual(BEFORE, days=1)
        for hour in ("03", "22"):
            account.log(BACKGROUND, f"{DAY}T{hour}", sign_in(f"{DAY}T{hour}:00:00", id=hour))

        assert account.found(DAY, 0, 4, max_delay=timedelta(hours=3)) == ["03"]

    @pytest.mark.parametrize("first", [0, 5, 10, 19])
    def test_five_exported_hours_do_not_make_a_day_whatever_comes_after_them(
        self, account, first
    ) -> None:
        account.usual(BEFORE - timedelta(days=1), days=2)
        for category in (INTERACTIVE, BACKGROUND):
            for hour in range(first, first + 5):
                at = f"{DAY}T{hour:02}"
                account.log(category, at, sign_in(f"{at}:30:00"))
        account.usual(NEXT, days=2)

        with pytest.raises(SourceIncompleteError, match="may not have been exported meanwhile"):
            account.found()

    def test_nights_of_small_tenants_are_no_gaps(self, account) -> None:
        for day in (BEFORE, DAY, NEXT):
            for hour in (1, 7, 15, 16, 22):
                at = f"{day}T{hour:02}"
                account.log(BACKGROUND, at, sign_in(f"{at}:30:00", id=f"{day} {hour}"))
            account.log(INTERACTIVE, f"{day}T12", sign_in(f"{day}T12:00:00", id=f"{day}"))

        assert len(account.found()) == 6

    def test_five_exported_hours_do_not_make_a_day(self, account) -> None:
        account.usual(BEFORE, days=1)
        for hour in range(5):
            account.log(INTERACTIVE, f"{DAY}T{hour:02}", sign_in(f"{DAY}T{hour:02}:30:00"))
            account.log(BACKGROUND, f"{DAY}T{hour:02}", sign_in(f"{DAY}T{hour:02}:30:00"))

        with pytest.raises(SourceIncompleteError, match="may not be exported yet"):
            account.found()
        assert len(account.found(DAY, 0, 4)) == 8

    def test_a_log_that_is_silent_between_two_days_was_switched_off(self, account) -> None:
        account.usual(BEFORE, days=1)
        account.usual(NEXT, days=2)
        account.log(INTERACTIVE, f"{DAY}T12", sign_in(f"{DAY}T12:00:00"))

        with pytest.raises(SourceIncompleteError, match=f"{BACKGROUND} has no blob of {DAY}"):
            account.found()

    def test_app_only_sign_ins_are_known_only_where_their_log_is_exported(self, account) -> None:
        account.usual()
        assert not account.source().logs(account.slice()).service_principal

        account.log(PRINCIPALS, f"{BEFORE}T12", sign_in(f"{BEFORE}T12:00:00", appId=OTHER))
        assert account.source().logs(account.slice()).service_principal

    def test_a_day_on_which_the_export_began_is_not_known(self, account) -> None:
        account.usual(DAY, days=3)

        with pytest.raises(OutOfReachError, match=f"only from {DAY} 12:00 UTC on"):
            account.found()
        assert account.found(DAY, 13, 24) == []

    def test_a_day_that_is_not_exported_yet_is_not_known(self, account) -> None:
        account.usual(BEFORE, days=1)

        with pytest.raises(SourceIncompleteError, match=f"blob of {DAY}"):
            account.found()

    @pytest.mark.parametrize("category", [INTERACTIVE, BACKGROUND])
    def test_a_category_that_fell_silent_counts_as_switched_off(self, account, category) -> None:
        account.log(category, "2026-11-17T23", sign_in("2026-11-17T23:00:00"))
        other = BACKGROUND if category == INTERACTIVE else INTERACTIVE
        for day in range(17, 24):
            for hour in ("04", "12", "20"):
                at = f"2026-11-{day}T{hour}"
                account.log(other, at, sign_in(f"{at}:00:00"))

        with pytest.raises(
            SourceIncompleteError, match=rf"{category} has no blob .* still exports that category"
        ):
            account.found()
        if category == INTERACTIVE:
            account.found(BEFORE)

    def test_a_failure_invalidates_what_was_yielded_before(self, account) -> None:
        account.usual()
        account.log(INTERACTIVE, f"{DAY}T09", sign_in(f"{DAY}T09:00:00"), b'{"time": broken}\n')

        with pytest.raises(SourceIncompleteError):
            Rollup(account.source().sign_ins(account.slice()))


class TestTheEndOfABlob:
    @staticmethod
    def cut(account):
        whole = account.line(INTERACTIVE, sign_in(f"{DAY}T09:59:00", id="cut"))
        return whole[:900], whole[900:]

    def test_a_record_that_is_being_written_is_left_to_a_later_pull(self, account, caplog) -> None:
        caplog.set_level(logging.INFO, "shared.sources.diagnostics.sign_ins")
        begun, rest = self.cut(account)
        account.usual()
        account.log(INTERACTIVE, f"{DAY}T09", sign_in(f"{DAY}T09:00:00", id="whole"), begun)
        account.logs.written_at = now = real_now()

        assert account.found(now=lambda: now) == ["whole"]
        assert "the end of insights-logs-signinlogs/" in caplog.text

        account.log(INTERACTIVE, f"{DAY}T09", rest)
        assert account.found(now=lambda: now) == ["cut", "whole"]

    def test_one_that_was_never_finished_makes_the_slice_unknown(self, account) -> None:
        begun, _ = self.cut(account)
        account.usual()
        account.log(INTERACTIVE, f"{DAY}T09", sign_in(f"{DAY}T09:00:00"), begun)

        where = f"{container(INTERACTIVE)}/{account.name(f'{DAY}T09')}, line 2 cannot be read"
        with pytest.raises(SourceIncompleteError, match=re.escape(where)):
            account.found()

    @pytest.mark.parametrize("age", [timedelta(), timedelta(days=30)])
    def test_a_whole_record_without_a_line_break_counts(self, account, age) -> None:
        account.usual()
        line = account.line(INTERACTIVE, sign_in(f"{DAY}T09:00:00", id="last"))
        account.log(INTERACTIVE, f"{DAY}T09", line.rstrip())
        account.logs.written_at = now = real_now()

        assert account.found(now=lambda: now + age) == ["last"]

    def test_a_blob_with_nothing_but_the_beginning_of_a_record_is_read(self, account) -> None:
        account.usual()
        account.log(INTERACTIVE, f"{DAY}T09", self.cut(account)[0])
        account.logs.written_at = now = real_now()

        assert account.found(now=lambda: now) == []


class TestReach:
    def test_it_goes_back_to_the_first_whole_day_of_both_needed_categories(self, account) -> None:
        account.usual(TODAY - timedelta(days=12), days=12)
        account.log(BACKGROUND, f"{TODAY - timedelta(days=20)}T00", sign_in(f"{DAY}T00:00:00"))

        assert account.source().reach_days(TODAY) == 11

    def test_it_is_bounded_however_long_blobs_are_kept(self, account) -> None:
        account.usual(date(2024, 1, 1), days=1)

        assert account.source().reach_days(TODAY) == 30

    def test_it_is_never_less_than_the_window_because_a_reading_says_why_a_day_is_missing(
        self, account
    ) -> None:
        account.usual(TODAY, days=1)

        assert account.source().reach_days(TODAY) == 7


class FakeClock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        self.seconds += 1.0
        return self.seconds


def test_when_time_runs_out_the_error_says_how_far_the_reading_got() -> None:
    account = in_memory().usual()
    budget = Budget(5.5, clock=FakeClock())  # which looks at the clock when it begins

    with pytest.raises(OutOfTimeError, match=r"^4 of the 12 blobs that .* were read\. The exec"):
        account.found(budget=budget)


def test_a_slice_takes_few_requests() -> None:
    account = in_memory()
    for back in range(24 * 120):
        at = datetime(2026, 8, 1, tzinfo=UTC) + timedelta(hours=back)
        for category in (INTERACTIVE, BACKGROUND, PRINCIPALS, IDENTITIES):
            account.log(category, at, b"{}\n")
    account.logs.requests = 0

    with pytest.raises(SourceIncompleteError, match="line 1"):
        account.found()

    assert account.logs.requests <= 4 * (2 + 1 + 1)


class Endless(MemoryLogs):
    """The hour of nine has one blob of gigabytes that exists nowhere: one record repeated."""

    def __init__(self, line, records):
        super().__init__()
        self._line_bytes, self._size = len(line), len(line) * records
        self._lines = line * (CHUNK_BYTES // len(line) + 2)

    def blobs(self, container, below, page_size=None):
        for blob in super().blobs(container, below, page_size):
            yield blob._replace(size_bytes=self._size) if "/h=09/" in blob.name else blob

    def read(self, container, name, offset, size_bytes):
        if "/h=09/" not in name:
            return super().read(container, name, offset, size_bytes)
        start = offset % self._line_bytes
        return self._lines[start : start + size_bytes]


def test_memory_stays_flat_however_big_a_blob_is(caplog) -> None:
    caplog.set_level(logging.INFO, "shared.sources.diagnostics.sign_ins")
    plain = sign_in(f"{DAY}T09:00:00", appId=OTHER, resourceId=OTHER, userAgent="x" * 2500)
    line = in_memory().line(INTERACTIVE, plain)
    account = in_memory(Endless(line, 250_000)).usual()
    account.log(INTERACTIVE, f"{DAY}T09", line)

    tracemalloc.start()
    found = account.found()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == []
    assert "250012 records" in caplog.text
    assert len(line) * 250_000 > 1_000_000_000
    assert peak < 30_000_000


def test_what_is_appended_while_a_blob_is_read_is_a_later_pull_s() -> None:
    account = in_memory().usual()
    account.log(INTERACTIVE, f"{DAY}T09", sign_in(f"{DAY}T09:00:00", id="listed"))
    read = account.logs.read

    def growing(*asked):
        account.log(INTERACTIVE, f"{DAY}T09", sign_in(f"{DAY}T09:30:00", id="appended"))
        return read(*asked)

    account.logs.read = growing
    assert account.found() == ["listed"]

    account.logs.read = read
    assert set(account.found()) == {"listed", "appended"}


def dealt(rollup):
    """A rollup's sign-ins without their places, which depend on how they were dealt out."""
    return {each.id: replace(each, sequence=0) for each in rollup}


@settings(max_examples=40)
@given(data=st.data())
def test_however_records_are_dealt_out_over_hours_and_appends_a_day_is_what_files_of_it_are(
    data, tmp_path_factory
) -> None:
    account = in_memory().usual()
    midnight = datetime.combine(DAY, datetime.min.time(), UTC)
    written = b""
    for number in range(data.draw(st.integers(1, 12))):
        minutes = data.draw(st.integers(-90, 25 * 60))
        created = midnight + timedelta(minutes=minutes)
        came_in = created + timedelta(hours=data.draw(st.sampled_from([0, 0, 0, 1, 2, 26, 47])))
        app = data.draw(st.sampled_from([PORTAL, VENDOR, OTHER]))
        record = sign_in(f"{created:%Y-%m-%dT%H:%M:%S}", id=f"{number}", appId=app, resourceId=API)
        category = data.draw(st.sampled_from([INTERACTIVE, BACKGROUND, PRINCIPALS]))
        line = account.line(category, record)
        written += line
        cut = data.draw(st.integers(0, len(line)))
        account.log(category, came_in, line[:cut])
        account.log(category, came_in, line[cut:])

    folder = tmp_path_factory.mktemp("files")
    (folder / "log.json").write_bytes(written)
    slice_ = account.slice()
    of_files: list[SignIn] = []
    read_exports([folder], Scope().ids, of_files.append)

    in_files = Rollup(filter(slice_.owns, of_files))
    assert dealt(Rollup(account.source().sign_ins(slice_))) == dealt(in_files)


class TestRealRecords:
    """Records written by others (`samples`), treated as one tenant's and Partner Center's."""

    @staticmethod
    def copied(account, file):
        """Every record in the blob of its hour and category, unchanged except for its tenant."""
        ids = set()
        for text in file.read_bytes().splitlines():
            record = json.loads(text)
            tenant = record.get("tenantId") or record.get("tenantid") or "no tenant"
            parsed = parse_sign_in(text, 0)
            ids |= {parsed.app_id, parsed.resource_id} - {""}
            ours = text.replace(tenant.encode(), account.tenant.encode())
            account.log(record["category"], parsed.created_at, ours + b"\r\n")
        return Scope(frozenset(ids), frozenset(ids))

    def test_fixtures_of_detection_rules_are_found_on_their_days(self, samples) -> None:
        account = in_memory()
        scope = self.copied(account, samples / "signins-diagnostic-panther-a.ndjson")
        days = {
            date(2023, 7, 21): 1,  # two rules' fixtures have one id
            date(2023, 7, 26): 1,  # the same
            date(2023, 7, 27): 1,
            date(2025, 1, 15): 4,  # three more tell of no application
        }
        for day in days:
            account.usual(day - timedelta(days=2), days=4)

        for day, count in days.items():
            found = account.source(scope).sign_ins(account.slice(day))
            assert len(Rollup(found)) == count, day

    def test_entras_own_example_is_read_as_it_is_documented(self, samples, tmp_path) -> None:
        account = in_memory().usual(date(2019, 3, 10), days=5)
        whole = json.loads((samples / "entra-docs-signin-diagnostic.json").read_bytes())
        (tmp_path / "line").write_text(json.dumps(whole))
        scope = self.copied(account, tmp_path / "line")

        [found] = account.source(scope).sign_ins(account.slice(date(2019, 3, 12)))

        assert found.id == "0231f922-93fa-4005-bb11-b344eca03c01"
        assert found.error_code == 50140
