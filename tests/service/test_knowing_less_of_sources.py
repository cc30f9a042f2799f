"""Whatever a source no longer gives to the daily run, the report claims no more than before."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SourceIncompleteError
from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.service.directory_snapshot import DirectorySnapshot
from shared.sources.files.exports import ExportedSignIns
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Budget, Pacer
from simulator.graph.api import GraphResponse, SimulatedGraph
from simulator.graph.sign_ins import LogBehaviour, SignInLog
from simulator.simulation import TOKEN
from simulator.tenants.partner import LogEntry
from simulator.tenants.rows import to_instant
from tests.knowledge import (
    DAYS,
    EVENTS,
    SHAPES,
    diagnostic,
    elsewhere,
    examples,
    fields_of,
    gained,
    in_order,
    records,
    unreadable,
    v1,
    without,
)
from tests.records import line
from tests.service.world import ENDING, TENANT, make_daily
from tests.sources.diagnostics.diagnostic_doubles import in_memory
from tests.sources.graph.directory_doubles import directory_world
from tests.sources.graph.graph_doubles import FakeTime, GraphInProcess
from tests.sources.graph.test_directory_failures import NAMES

AROUND = ("2026-11-16", "2026-11-24")
LATE = datetime(2027, 1, 1, tzinfo=UTC)
#: What Graph's query places a sign-in by: without it, Graph does not return the record.
PLACED_BY = {"appId", "resourceId", "signInEventTypes"}


def reported(source):
    """The report of the week over a source, each of its days collected once."""
    with TemporaryDirectory() as folder:
        daily = make_daily(Path(folder), source)
        for day in map(date.fromisoformat, DAYS):
            with suppress(SourceIncompleteError):
                daily.collect(Slice(TENANT, day))
        return daily.publish(ENDING, ENDING)


def assert_not_more(before, after):
    assert gained(before, after) == []


# Graph


class Refusing(GraphInProcess):
    """A Graph that refuses requests for one kind of sign-in."""

    refused = "nothing"

    def get(self, url, **how):
        if self.refused in url:
            refusal = {"error": {"code": "AccessDenied", "message": "No."}}
            return GraphResponse(403, json.dumps(refusal).encode(), {})
        return super().get(url, **how)


def from_graph(rows, *, refused="nothing"):
    """Graph's log with these rows."""
    time = FakeTime()
    seen = LATE - timedelta(days=9)
    entries = [LogEntry(to_instant(row["createdDateTime"]), row, seen) for row in rows]
    log = SignInLog(entries, LogBehaviour(), now=lambda: LATE, clock=time.clock)
    graph = Refusing(SimulatedGraph(log.routes(), tokens=[TOKEN], clock=time.clock), time)
    graph.refused = refused
    reader = GraphReader(
        graph,
        PERMISSION,
        pacer=Pacer(clock=time.clock),
        budget=Budget(clock=time.clock, pause=time.pause),
        jitter=lambda: time.jitter,
        needs_licence=True,
    )
    return GraphSignIns(reader, Scope(), now=lambda: LATE)


@st.composite
def logs(draw, /, **how):
    """A week of sign-ins with the days around it, in order."""
    made = [*draw(records(**how)), *elsewhere(AROUND[0], *DAYS, AROUND[1])]
    return in_order(made)


@given(logs(linked=False), st.data())
@examples(8)
def test_a_field_that_graph_leaves_out(rows, data) -> None:
    index = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(sorted({*fields_of(rows[index])} - PLACED_BY)))
    value = data.draw(st.sampled_from([..., None, ""]))

    less = without(rows, index, field, value)

    assert_not_more(reported(from_graph(rows)), reported(from_graph(less)))


@given(logs(), st.sampled_from(EVENTS))
@examples(6)
def test_a_kind_of_sign_in_that_graph_refuses(rows, kind) -> None:
    assert_not_more(reported(from_graph(rows)), reported(from_graph(rows, refused=kind)))


@given(logs(linked=False))
@examples(6)
def test_records_of_v1_only(rows) -> None:
    less = [v1(row) | {"signInEventTypes": row["signInEventTypes"]} for row in rows]

    assert_not_more(reported(from_graph(rows)), reported(from_graph(less)))


# Diagnostic settings


def from_diagnostics(lines, *, without_category="", on_days=DAYS):
    """An account with these lines; one category lacks the blobs of some days."""
    account = in_memory()
    account.tenant = TENANT
    for written in lines:
        if written["category"] == without_category and written["properties"][
            "createdDateTime"
        ].startswith(tuple(on_days)):
            continue
        hour = written["time"][:13] if written["time"] != "never" else written["resultHour"]
        account.log(written["category"], hour, line(written) + b"\r\n")
    return account.source()


def blob_lines(rows):
    return [diagnostic(row) | {"resultHour": row["createdDateTime"][:13]} for row in rows]


@given(logs(linked=False), st.data())
@examples(8)
def test_a_field_that_a_diagnostic_line_lacks(rows, data) -> None:
    lines = blob_lines(rows)
    index = data.draw(st.integers(0, len(lines) - 1))
    names = set(fields_of(lines[index])) - {"resourceId", "category", "resultHour"}
    field = data.draw(st.sampled_from(sorted(names)))

    less = without(lines, index, field)

    assert_not_more(reported(from_diagnostics(lines)), reported(from_diagnostics(less)))


@given(logs(), st.data())
@examples(6)
def test_a_diagnostic_line_that_cannot_be_read(rows, data) -> None:
    lines = blob_lines(rows)
    index = data.draw(st.integers(0, len(lines) - 1))

    less = unreadable(lines, index)

    assert_not_more(reported(from_diagnostics(lines)), reported(from_diagnostics(less)))


@given(
    logs(),
    st.sampled_from(["SignInLogs", "NonInteractiveUserSignInLogs"]),
    st.lists(st.sampled_from(DAYS), min_size=1),
)
@examples(8)
def test_a_category_without_blobs_of_some_days(rows, category, days) -> None:
    lines = blob_lines(rows)

    less = from_diagnostics(lines, without_category=category, on_days=days)

    assert_not_more(reported(from_diagnostics(lines)), reported(less))


# A folder of exports


@given(logs(), st.sampled_from(sorted(SHAPES)), st.integers(1, 99), st.data())
@examples(8)
def test_a_folder_with_a_broken_file_or_record(rows, name, percent, data) -> None:
    shape, write = SHAPES[name]
    if shape is v1:
        rows = [row for row in rows if row["signInEventTypes"] == [EVENTS[0]]]
    shaped = [shape(row) for row in rows]
    index = data.draw(st.integers(0, len(shaped) - 1))
    whole = write(*shaped)
    packed = gzip.compress(whole)
    with TemporaryDirectory() as folder:

        def exported(content):
            Path(folder, "export").write_bytes(content)
            return reported(ExportedSignIns(Path(folder), Scope()))

        before = exported(whole)
        for less in (write(*unreadable(shaped, index)), packed[: len(packed) * percent // 100]):
            assert_not_more(before, exported(less))


# The directory


@cache
def accounts_without(*names):
    """The accounts' figure and each account's enforcement, if these parts are refused."""
    world = directory_world()
    world.directory.deny_for_consent(*names)
    judged = DirectorySnapshot(world.source.read().directory, Scope()).accounts
    return judged.metrics, {row.object_id: row.enforcement for row in judged}


@given(st.sets(st.sampled_from(NAMES), min_size=1, max_size=3))
@examples(8)
def test_parts_of_the_directory_without_permission(names) -> None:
    known, each = accounts_without()
    less, unsure = accounts_without(*sorted(names))

    assert (less.share or 0) <= (known.share or 0)
    assert (less.share_upper or 1) >= (known.share_upper or 0)
    assert (less.unknown or 0) >= (known.unknown or 0)
    assert {id_ for id_ in each if unsure[id_] not in (each[id_], "unknown")} == set()
