"""Reading a slice page by page, newest first, and going on where an earlier reading stopped."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import OutOfOrderError, OutOfTimeError, SourceIncompleteError
from shared.mfa.parts import Part, reached
from shared.sources.graph.query import next_second
from simulator.graph.api import GraphResponse
from simulator.graph.faults import dead_skip_token, hang
from simulator.graph.sign_ins import LogBehaviour
from tests.sources.graph.graph_doubles import a_day, bag, expected_sign_ins, world

SMALL_PAGES = LogBehaviour(page_rows=15)


def small(faults=None, **changes):
    return world(faults, behaviour=SMALL_PAGES, **changes)


def rows_of(parts):
    return bag({sign_in for part in parts for sign_in in part.sign_ins})


def pages_of_the_day():
    return len(list(small().source.parts(a_day(), [])))


def test_all_parts_together_are_the_slice() -> None:
    parts = list(small().source.parts(a_day(), []))

    assert rows_of(parts) == expected_sign_ins(a_day())
    for log in {part.log for part in parts}:
        assert reached(parts, log, a_day().end).since == a_day().start


def test_each_part_claims_only_what_is_newer_than_its_oldest_rows_second() -> None:
    *parts, _ = [
        part for part in small().source.parts(a_day(), []) if part.log == "interactiveUser"
    ]

    for part in parts[:-1]:
        oldest = min(sign_in.created_at for sign_in in part.sign_ins)
        assert part.since == next_second(oldest)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 60))
def test_stopped_after_any_page_and_continued_it_is_the_same_down_to_the_order(stop) -> None:
    whole = list(small().source.parts(a_day(), []))
    kept = whole[:stop]
    here = small()

    parts = [*kept, *here.source.parts(a_day(), [part for part in kept if part.is_a_claim])]

    assert {row for part in parts for row in part.sign_ins} == {
        row for part in whole for row in part.sign_ins
    }
    assert len(here.site.requests) <= len(whole) - len(kept) + 1


def test_nothing_is_asked_for_a_slice_that_is_there() -> None:
    whole = list(small().source.parts(a_day(), []))
    here = small()

    assert list(here.source.parts(a_day(), whole)) == []
    assert here.site.requests == []


def test_a_part_that_is_missing_in_between_is_read_again() -> None:
    whole = list(small().source.parts(a_day(), []))
    missing = whole.pop(2)

    parts = [*whole, *small().source.parts(a_day(), whole)]

    assert set(missing.sign_ins) <= {row for part in parts for row in part.sign_ins}
    assert rows_of(parts) == expected_sign_ins(a_day())


def test_what_was_yielded_before_the_time_is_up_is_good() -> None:
    kept: list[Part] = []
    with pytest.raises(OutOfTimeError):
        _take_all(small(deadline=15.0).source.parts(a_day(), []), kept)
    here = small()

    rest = list(here.source.parts(a_day(), kept))

    assert kept
    assert rest
    assert rows_of([*kept, *rest]) == expected_sign_ins(a_day())
    assert len(here.site.requests) <= pages_of_the_day() - len(kept) + 1


def _take_all(parts, kept):
    for part in parts:
        kept.append(part)


def test_after_a_dead_skip_token_only_the_rest_is_asked_for_again() -> None:
    here = small({2: dead_skip_token})

    parts = list(here.source.parts(a_day(), []))

    assert rows_of(parts) == expected_sign_ins(a_day())
    assert len(here.site.requests) <= pages_of_the_day() + 2
    assert _range(here.site.requests[2]) == ("2026-11-23T00:00:00Z", parts[0].since[:19] + "Z")


def test_a_first_page_that_takes_too_long_is_asked_for_in_halves_the_later_one_first() -> None:
    here = small({1: hang})

    parts = list(here.source.parts(a_day(), []))

    assert rows_of(parts) == expected_sign_ins(a_day())
    assert _range(here.site.requests[1]) == ("2026-11-23T12:00:00Z", "2026-11-24T00:00:00Z")
    assert reached(parts, "interactiveUser", a_day().end).since == a_day().start


def test_a_minute_that_cannot_be_read_makes_the_slice_incomplete() -> None:
    here = small(dict.fromkeys(range(1, 99), hang))

    with pytest.raises(SourceIncompleteError, match="had not answered"):
        list(here.source.parts(a_day(), []))


def oldest_first(response):
    page = msgspec.json.decode(response.body)
    page["value"].reverse()
    return GraphResponse(200, msgspec.json.encode(page), response.headers)


def test_a_log_in_another_order_claims_nothing() -> None:
    here = small()
    answer = here.site.answer
    here.site.answer = lambda request: oldest_first(answer(request))

    with pytest.raises(OutOfOrderError):
        list(here.source.parts(a_day(), []))
    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())


def test_a_row_of_the_second_after_the_day_is_not_a_disorder() -> None:
    """Graph may compare whole seconds."""
    here = small()
    answer = here.site.answer

    def with_a_late_row(request):
        page = msgspec.json.decode((response := answer(request)).body)
        late = {**page["value"][0], "id": "late", "createdDateTime": "2026-11-24T00:00:00.5Z"}
        page["value"].insert(0, late)
        is_first = len(here.site.requests) == 1
        body = msgspec.json.encode(page) if is_first else response.body
        return GraphResponse(200, body, response.headers)

    here.site.answer = with_a_late_row

    assert rows_of(here.source.parts(a_day(), [])) == expected_sign_ins(a_day())


def _range(served):
    words = served.request.query["$filter"].split(" ")
    return words[2], words[6]
