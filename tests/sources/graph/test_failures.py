from __future__ import annotations

import json
import logging
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import (
    OutOfTimeError,
    SourceDeniedError,
    SourceError,
    SourceIncompleteError,
)
from shared.mfa.scope import Scope
from shared.sources.graph.reader import LICENCE_TRIES, TRIES, GraphReader, PremiumLicence
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Budget, Pacer
from simulator.graph.api import GraphResponse, json_response
from simulator.graph.faults import (
    cut,
    dead_skip_token,
    forge_next_link,
    garble,
    hang,
    no_utf8,
    refuse,
    repeat_link,
    reset,
)
from simulator.graph.sign_ins import LogBehaviour
from tests.sources.graph.graph_doubles import (
    ENDING,
    NEXT_MORNING,
    THROTTLED,
    URL,
    a_day,
    bag,
    expected_sign_ins,
    in_any_period,
    world,
)

SMALL_PAGES = LogBehaviour(page_rows=40)
EVENT_TYPES = 4
NO_LICENCE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 509])
def test_a_transient_error_is_retried(status: int) -> None:
    here = world({2: refuse(status)})

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert here.statuses.count(status) == 1
    assert len(here.site.requests) == EVENT_TYPES + 1


@pytest.mark.parametrize(
    "fault",
    [reset, cut(0.0), cut(0.5), cut(0.999), garble, no_utf8],
    ids=["reset", "nothing", "half", "all but a little", "half for whole", "not UTF-8"],
)
def test_a_broken_answer_is_requested_again(fault) -> None:
    here = world({1: fault, 3: fault})

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert len(here.site.requests) == EVENT_TYPES + 2


@pytest.mark.parametrize("seconds", [1, 30, 180, 900])
def test_retry_after_is_waited_for_however_long_it_is(seconds: int) -> None:
    here = world({1: refuse(429, retry_after=str(seconds))})

    list(here.source.sign_ins(a_day()))

    assert seconds in here.time.pauses


def test_retry_after_may_be_a_date() -> None:
    here = world(
        {
            1: refuse(
                503,
                date="Mon, 23 Nov 2026 08:00:00 GMT",
                retry_after="Mon, 23 Nov 2026 08:03:20 GMT",
            )
        }
    )

    list(here.source.sign_ins(a_day()))

    assert 200 in here.time.pauses


@pytest.mark.parametrize("nonsense", ["soon", "-5", "0", "", "Mon, 23 Nov 2026 08:03:20 GMT"])
def test_an_unusable_retry_after_is_ignored(nonsense: str) -> None:
    here = world({1: refuse(429, retry_after=nonsense)})

    list(here.source.sign_ins(a_day()))

    assert 2.0 in here.time.pauses


def test_without_retry_after_each_wait_is_twice_as_long_up_to_a_minute() -> None:
    here = world({number: refuse(500) for number in range(1, 8)})

    list(here.source.sign_ins(a_day()))

    assert [pause for pause in here.time.pauses if pause][:7] == [2, 4, 8, 16, 32, 64, 64]


def test_half_of_each_wait_is_random() -> None:
    here = world({1: refuse(500)})
    here.time.jitter = 0.0

    list(here.source.sign_ins(a_day()))

    assert 1.0 in here.time.pauses


def test_after_eight_failures_in_a_row_the_slice_is_incomplete() -> None:
    here = world({number: refuse(503, "serviceNotAvailable") for number in range(1, 99)})

    with pytest.raises(SourceIncompleteError, match=r"8 times in a row.*503 serviceNotAvailable"):
        list(here.source.sign_ins(a_day()))

    assert len(here.site.requests) == 8


def test_throttling_without_retry_after_is_survived() -> None:
    here = world({n: refuse(429, "TooManyRequests") for n in (1, 2, 5, 6, 7)})

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())


def test_after_a_dead_skip_token_the_day_is_read_in_halves() -> None:
    here = world({2: dead_skip_token}, behaviour=SMALL_PAGES)

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert _time_range(here.site.requests[2]) == ("2026-11-23T12:00:00Z", "2026-11-24T00:00:00Z")


def test_410_gone_is_a_dead_skip_token_too() -> None:
    here = world({2: refuse(410, "syncStateNotFound")}, behaviour=SMALL_PAGES)

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())


def test_skip_tokens_that_expire_while_throttled_are_survived() -> None:
    behaviour = LogBehaviour(page_rows=40, token_seconds=100)
    here = world({2: refuse(429, retry_after="300")}, behaviour=behaviour)

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert 400 in here.statuses


def test_after_a_request_that_takes_too_long_the_day_is_read_in_halves() -> None:
    here = world({1: hang})

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert _time_range(here.site.requests[1]) == ("2026-11-23T12:00:00Z", "2026-11-24T00:00:00Z")
    assert _time_range(here.site.requests[2]) == ("2026-11-23T00:00:00Z", "2026-11-23T12:00:00Z")


def test_after_repeated_gateway_timeouts_the_day_is_read_in_halves() -> None:
    here = world({number: refuse(504) for number in (1, 2, 3)})

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert _time_range(here.site.requests[3]) == ("2026-11-23T12:00:00Z", "2026-11-24T00:00:00Z")


def test_a_minute_that_cannot_be_read_makes_the_slice_incomplete() -> None:
    here = world(dict.fromkeys(range(1, 99), hang))

    with pytest.raises(SourceIncompleteError, match="had not answered"):
        list(here.source.sign_ins(a_day()))

    assert len(here.site.requests) < 15


def _time_range(served) -> tuple[str, str]:
    words = served.request.query["$filter"].split(" ")
    return words[2], words[6]


def test_a_refused_token_is_renewed_once_in_mid_crawl() -> None:
    here = world(behaviour=SMALL_PAGES)
    here.graph.tokens[:] = ["stale", "fresh"]
    here.site.tokens = {"fresh"}

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert here.statuses.count(401) == 1


def test_a_new_token_that_is_refused_too_is_a_denial() -> None:
    here = world()
    here.site.tokens = set()

    with pytest.raises(SourceDeniedError, match=r"a new one too \(401 InvalidAuthenticationToken"):
        list(here.source.sign_ins(a_day()))

    assert here.statuses == [401, 401]


def test_a_missing_licence_is_a_denial_that_says_what_to_buy() -> None:
    here = world()
    here.log.deny_for_licence()

    with pytest.raises(SourceDeniedError, match="Entra ID P1 or P2 licence"):
        list(here.source.sign_ins(a_day()))

    assert here.statuses == [403] * LICENCE_TRIES
    assert here.time.pauses[-3:] == [2.0, 4.0, 8.0]


def test_a_licence_that_graph_denies_now_and_then_costs_only_time() -> None:
    here = world(dict.fromkeys(range(1, 99, 3), refuse(403, NO_LICENCE)), behaviour=SMALL_PAGES)

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert here.statuses.count(403) > 1


def test_a_licence_denied_after_an_answer_is_a_failure_and_no_reason_to_buy_one() -> None:
    here = world(dict.fromkeys(range(2, 99), refuse(403, NO_LICENCE)))

    with pytest.raises(SourceIncompleteError, match=f"403 {NO_LICENCE}") as caught:
        list(here.source.sign_ins(a_day()))

    assert "Graph gives this answer now and then although the tenant has the licence." in str(
        caught.value
    )
    assert here.statuses == [200] + [403] * TRIES


def test_all_readers_of_a_tenant_know_that_one_of_them_was_answered() -> None:
    first, second = world(), world()
    second.log.deny_for_licence()
    licence = PremiumLicence()
    sources = [
        GraphSignIns(
            GraphReader(
                each.graph,
                PERMISSION,
                pacer=Pacer.unlimited(),
                budget=Budget(clock=each.time.clock, pause=each.time.pause),
                licence=licence,
                needs_licence=True,
            ),
            Scope(),
            now=lambda: NEXT_MORNING,
        )
        for each in (first, second)
    ]

    list(sources[0].sign_ins(a_day()))

    with pytest.raises(SourceIncompleteError, match=NO_LICENCE):
        list(sources[1].sign_ins(a_day()))


@pytest.mark.parametrize("code", ["Strange_NewReason", "Forbidden", ""])
def test_a_denial_of_an_unknown_kind_is_quoted_and_not_explained_away(code: str) -> None:
    here = world({1: refuse(403, code)})

    with pytest.raises(SourceDeniedError) as caught:
        list(here.source.sign_ins(a_day()))

    assert str(caught.value) == (
        f"Graph refuses access ({f'403 {code}'.strip()}) for a reason that this version does not "
        "know. If the app has the application permission AuditLog.Read.All and an administrator's "
        "consent to it, more consent does not help."
    )


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "Authorization_RequestDenied"}},
        {"Error": {"Code": "Authorization_RequestDenied"}},
        {"error": "Authorization_RequestDenied"},
    ],
    ids=["usual", "capitals", "only a code"],
)
def test_the_code_of_a_denial_is_found_in_any_spelling_of_the_body(body) -> None:
    here = world({1: lambda *_: GraphResponse(403, json.dumps(body).encode())})

    with pytest.raises(SourceDeniedError, match=r"consent \(403 Authorization_RequestDenied\)"):
        list(here.source.sign_ins(a_day()))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"<html>", b'{"error": 7}', b'{"error": {"code": ["x"]}}']
)
def test_a_denial_without_a_readable_code_is_still_a_denial(body: bytes) -> None:
    here = world({1: lambda *_: GraphResponse(403, body)})

    with pytest.raises(SourceDeniedError, match=r"refuses access \(403\)"):
        list(here.source.sign_ins(a_day()))


def test_a_missing_consent_is_a_denial_that_says_what_to_grant() -> None:
    here = world()
    here.log.deny_for_consent()

    with pytest.raises(SourceDeniedError, match=r"application permission AuditLog\.Read\.All"):
        list(here.source.sign_ins(a_day()))

    assert here.statuses == [403]


@pytest.mark.parametrize("status", [400, 404, 405, 409, 302, 501])
def test_any_other_refusal_makes_the_slice_incomplete_and_is_not_retried(status: int) -> None:
    here = world({1: refuse(status, "Whatever")})

    with pytest.raises(SourceIncompleteError, match=f"{status} Whatever"):
        list(here.source.sign_ins(a_day()))

    assert here.statuses == [status]


def test_a_link_to_another_host_is_not_followed() -> None:
    here = world({1: forge_next_link("https://graph.evil.example/beta/auditLogs/signIns")})

    with pytest.raises(SourceIncompleteError, match="another host"):
        list(here.source.sign_ins(a_day()))

    assert len(here.site.requests) == 1


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:12345.evil.example/", "http://127.0.0.1:12345@evil.example/", "/x"],
)
def test_a_link_that_only_looks_like_graphs_host_is_not_followed(address: str) -> None:
    here = world({1: forge_next_link(address)})

    with pytest.raises(SourceIncompleteError, match="another host"):
        list(here.source.sign_ins(a_day()))


def test_links_that_never_repeat_are_not_followed_for_ever(monkeypatch) -> None:
    monkeypatch.setattr("shared.sources.graph.pages.MOST_PAGES", 20)
    numbers = count()

    def endless(request, respond):
        del request, respond
        link = f"{URL}/beta/auditLogs/signIns?$skiptoken={next(numbers)}"
        return json_response({"value": [], "@odata.nextLink": link})

    here = world(dict.fromkeys(range(1, 99), endless))

    with pytest.raises(SourceIncompleteError, match="does not end after 20 pages"):
        list(here.source.sign_ins(a_day()))

    assert len(here.site.requests) == 20


def test_a_link_that_is_too_long_is_not_followed() -> None:
    here = world({1: forge_next_link(f"{URL}/beta/auditLogs/signIns?$skiptoken={'x' * 20_000}")})

    with pytest.raises(SourceIncompleteError, match="too long to be one"):
        list(here.source.sign_ins(a_day()))


def test_a_link_back_to_a_page_already_read_is_not_followed() -> None:
    here = world({2: repeat_link}, behaviour=SMALL_PAGES)

    with pytest.raises(SourceIncompleteError, match="circle"):
        list(here.source.sign_ins(a_day()))

    assert len(here.site.requests) == 2


def test_it_stops_before_the_deadline() -> None:
    here = world(deadline=10.0, behaviour=SMALL_PAGES)

    with pytest.raises(OutOfTimeError):
        list(here.source.sign_ins(a_day()))

    assert here.time.now < 10


def test_a_wait_past_the_deadline_is_not_begun() -> None:
    here = world({1: refuse(429, retry_after="600")}, deadline=600)

    with pytest.raises(OutOfTimeError, match="600 s"):
        list(here.source.sign_ins(a_day()))

    assert here.time.now == 0


def test_a_request_is_given_no_more_time_than_is_left() -> None:
    here = world({1: hang}, deadline=50)

    with pytest.raises(OutOfTimeError):
        list(here.source.sign_ins(a_day()))

    assert here.time.now == 50


def test_a_request_cut_off_by_the_deadline_is_out_of_time() -> None:
    here = world({1: hang}, deadline=50)

    with pytest.raises(OutOfTimeError):
        here.source.reach_days(ENDING + timedelta(days=1))


def test_neither_people_nor_tokens_appear_in_logs_and_errors(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    here = world(
        {1: refuse(401), 2: refuse(429, retry_after="1"), 3: reset, 4: hang, 5: refuse(400)}
    )

    with pytest.raises(SourceIncompleteError) as caught:
        list(here.source.sign_ins(a_day()))

    text = f"{caplog.text} {caught.value}"
    assert "429" in text
    assert not any(word in text for word in ("adele", "@", "Bearer", "simulated", "skiptoken"))


# Whatever goes wrong

FAULTS = st.sampled_from(
    [
        refuse(401),
        refuse(429),
        refuse(429, retry_after="240"),
        refuse(500),
        refuse(502),
        refuse(503),
        refuse(504),
        reset,
        hang,
        garble,
        cut(0.3),
        dead_skip_token,
        refuse(410),
    ]
)
ENDS = st.sampled_from(
    [refuse(400), refuse(403), refuse(404), repeat_link, forge_next_link("https://evil.example/")]
)
PLANS = st.builds(
    lambda faults, ends: faults | ends,
    st.dictionaries(st.integers(1, 40), FAULTS, max_size=20),
    st.dictionaries(st.integers(1, 60), ENDS, max_size=1),
)


@given(
    PLANS,
    st.sampled_from([25, 60, 1000]),
    st.sampled_from([30.0, 3600.0]),
    st.sampled_from([60.0, 300.0, float("inf")]),
)
def test_whatever_goes_wrong_a_slice_is_read_whole_or_not_at_all(
    plan, page_rows, token_seconds, deadline
) -> None:
    here = world(
        plan,
        behaviour=LogBehaviour(THROTTLED, token_seconds=token_seconds, page_rows=page_rows),
        deadline=deadline,
    )

    try:
        got = bag(here.source.sign_ins(a_day()))
    except SourceError:
        return

    assert got == expected_sign_ins(a_day())
    assert max(in_any_period(here.arrivals)) <= 5
