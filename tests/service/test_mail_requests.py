"""A mail that somebody asks for goes out once, although the day's has gone, and changes nothing."""

from __future__ import annotations

import json

import pytest

from shared.errors import BadInputError, DeliveryError, DeliveryUncertainError
from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from shared.service.mail_requests import LOST_AFTER, MailRequests
from tests.service.simulated_app import ANN, TIMERS, SimulatedApp
from tests.service.world import TENANT

ID = "0123456789abcdef" * 2


@pytest.fixture
def app(tmp_path):
    """A day that has been reported on and mailed."""
    app = SimulatedApp(tmp_path)
    for timer in TIMERS:
        app.fire(timer)
        app.drain()
    assert len(app.post.mails) == 1
    return app


def requests_of(app):
    return MailRequests(app.work.deliveries_of(TENANT), app.work.sender.send)


def api_of(app):
    reports = RecentReports(app.daily.store, fresh_seconds=0)
    return ReportApi(
        TENANT,
        reports,
        lambda: app.runs,
        app.clock,
        {},
        OWN_MACHINE,
        mails=lambda: requests_of(app),
    )


def ask(app, body=b""):
    return answered(lambda: api_of(app).start_mail(body))


def state(app, answer):
    run_id = json.loads(answer.body)["id"]
    return json.loads(api_of(app).run(run_id).body)


def deliveries(app):
    return app.daily.store.deliveries(TENANT, app.ending, app.today)


def test_a_mail_that_is_asked_for_is_sent_although_the_day_s_has_gone(app) -> None:
    before = deliveries(app)

    answer = ask(app)

    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/runs/{json.loads(answer.body)['id']}"
    assert state(app, answer)["state"] == "accepted"
    app.drain()
    assert [recipient for recipient, _ in app.post.mails] == [ANN, ANN]
    assert app.post.mails[0][1].text == app.post.mails[1][1].text
    assert len(app.post.cards) == 1  # a mail was asked for
    assert state(app, answer)["state"] == "done"
    assert deliveries(app) == before


def test_a_mail_that_is_asked_for_before_the_day_s_leaves_that_to_its_time(tmp_path) -> None:
    app = SimulatedApp(tmp_path)
    app.fire("plan")
    app.drain()

    ask(app)
    app.drain()
    assert len(app.post.mails) == 1

    app.fire("open_door")
    app.drain()
    assert len(app.post.mails) == 2


def test_its_message_may_come_twice_and_sends_one_mail(app) -> None:
    answer = ask(app)
    app.step(is_repeated=True)
    app.finish(hours=1)

    assert len(app.post.mails) == 2
    assert state(app, answer)["state"] == "done"


def test_the_same_request_again_is_the_same_mail(app) -> None:
    body = json.dumps({"id": ID}).encode()
    first, second = ask(app, body), ask(app, body)
    app.drain()
    third = ask(app, body)
    app.drain()

    assert {each.status for each in (first, second, third)} == {202}
    assert {each.body for each in (first, second, third)} == {b'{"id":"%s"}' % ID.encode()}
    assert len(app.post.mails) == 2


def test_a_second_mail_waits_for_the_first(app) -> None:
    first = ask(app)

    second = ask(app)

    assert second.status == 409
    assert second.headers["Location"] == first.headers["Location"]
    app.drain()
    app.clock.go_on(minutes=1)
    assert ask(app).status == 202


def test_a_mail_that_was_lost_stands_in_nobody_s_way_for_long(app) -> None:
    ask(app)
    app.queue.clear()

    app.clock.moment += LOST_AFTER

    assert ask(app).status == 202


def test_only_so_many_are_sent_in_an_hour(app) -> None:
    for _ in range(4):
        assert ask(app).status == 202
        app.drain()
        app.clock.go_on(minutes=1)

    refused = ask(app)

    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) <= 3600
    assert len(app.post.mails) == 5


def test_a_queue_that_is_down_starts_no_mail_and_the_next_caller_gets_one(app) -> None:
    app.is_queue_down = True
    refused = ask(app)
    app.is_queue_down = False

    assert refused.status == 503
    assert json.loads(refused.body)["detail"].startswith("The mail was not started, because ")
    assert ask(app).status == 202


def test_a_mail_server_that_is_down_is_tried_again_and_then_said(app) -> None:
    app.post.failures = {ANN: DeliveryError("The mail server is down.")}
    answer = ask(app)
    app.drain()
    assert state(app, answer)["reason"] == "1 of 1 mails did not go out: The mail server is down."
    assert state(app, answer)["state"] == "running"

    app.finish(hours=1)

    assert state(app, answer)["state"] == "failed"
    assert "The mail server is down." in state(app, answer)["reason"]
    assert app.queue == []
    assert deliveries(app)[0].has_gone


def test_a_mail_whose_end_is_not_known_is_not_sent_again_and_not_said_to_be_sent(app) -> None:
    app.post.failures = {ANN: DeliveryUncertainError("The connection broke.")}
    answer = ask(app)
    app.finish(hours=1)

    assert state(app, answer)["state"] == "failed"
    assert state(app, answer)["reason"] == "1 of 1 may or may not have been sent."


def test_without_a_report_or_a_recipient_there_is_nothing_to_send(tmp_path, app) -> None:
    assert ask(SimulatedApp(tmp_path / "other")).status == 404
    requests = requests_of(app)
    requests.deliveries.channels.clear()

    with pytest.raises(BadInputError, match="neither setting REPORT_RECIPIENTS nor"):
        requests.start(app.ending)


@pytest.mark.parametrize("body", [b"[]", b'{"id":1}', b'{"id":"../x"}', b'{"to":"eve@evil"}'])
def test_any_other_body_is_refused_in_one_sentence(body, app) -> None:
    refused = ask(app, body)

    assert refused.status == 400
    assert "; expected none, or JSON such as " in json.loads(refused.body)["detail"]
    assert app.queue == []
