"""A day without a report is itself mailed and posted, once, by whatever still runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.delivery.missing import MissingReport
from shared.errors import DeliveryError, StoreError
from shared.service.daily import Daily
from shared.service.watchdog import Watchdog
from shared.stores.models import DeliveryState
from tests.service.simulated_app import ANN, TIMERS, SimulatedApp
from tests.service.world import ENDING, TENANT

SCHEDULES = ("0 15 2 * * *", "0 15 4 * * *", "0 15 5 * * *")


@pytest.fixture
def app(tmp_path):
    """After one whole day, on the next night."""
    app = SimulatedApp(tmp_path)
    for timer in TIMERS:
        app.fire(timer)
        app.drain()
    app.clock.go_on(days=1)
    app.new_day()
    app.post.mails.clear()
    app.post.cards.clear()
    return app


@pytest.fixture
def broken(app, monkeypatch):
    """No report can be made."""
    made = Daily.publish

    def publish(*_):
        raise StoreError("The storage account does not answer.")

    monkeypatch.setattr(Daily, "publish", publish)
    app.mend = lambda: monkeypatch.setattr(Daily, "publish", made)
    return app


def a_watchdog(app):
    return Watchdog(TENANT, app.daily.store, app.clock, SCHEDULES, app.work)


def fire_all(app, *timers):
    for timer in timers or TIMERS:
        app.fire(timer)
        app.drain()


def text_of(card):
    return " ".join(run["text"] for block in card["body"] for run in block["inlines"])


def test_that_no_report_could_be_made_is_mailed_and_posted_once(broken) -> None:
    fire_all(broken)
    broken.finish(hours=3)
    assert broken.post.mails == []  # it may still come

    broken.finish(hours=12)

    assert broken.post.subjects == ["Contoso Cloud: no report of 24 Nov"]
    [(recipient, mail)] = broken.post.mails
    assert recipient == ANN
    assert "it could not be made; the app's log says why" in mail.text
    [card] = broken.post.cards
    assert "Contoso Cloud MFA: no report of 24 November 2026" in text_of(card)


def test_the_report_goes_out_as_ever_when_it_comes_after_all(broken) -> None:
    fire_all(broken)
    broken.finish(hours=6)
    assert len(broken.post.mails) == len(broken.post.cards) == 1

    broken.mend()
    broken.fire("plan_reports")
    broken.finish(hours=1)

    assert len(broken.post.mails) == len(broken.post.cards) == 2
    assert "no report" not in broken.post.subjects[1]
    rows = broken.daily.store.deliveries(TENANT, broken.ending, broken.today)
    assert [row.state for row in rows] == [DeliveryState.SENT] * 2


def test_the_next_mail_does_not_say_it_again(broken) -> None:
    fire_all(broken)
    broken.finish(hours=6)
    broken.mend()
    broken.clock.go_on(hours=18)
    broken.new_day()

    fire_all(broken)

    assert len(broken.post.mails) == 2
    assert "did not go out" not in broken.post.mails[1][1].text


def test_a_report_timer_that_never_fires_is_stood_in_for_or_missed_aloud(broken) -> None:
    """Neither it nor the timer of mails fires, and no report can be made; pages are asked for."""
    broken.fire("plan")
    for _ in range(16 * 4):
        a_watchdog(broken).look()
        broken.drain()
        broken.clock.go_on(minutes=15)

    assert broken.post.subjects == ["Contoso Cloud: no report of 24 Nov"]
    assert len(broken.post.cards) == 1


def test_why_days_are_missing_is_said(broken) -> None:
    broken.source.is_down = True
    fire_all(broken)
    broken.finish(hours=8)

    [(_, mail)] = broken.post.mails
    assert "24\N{NO-BREAK SPACE}November" in mail.text
    assert "Graph does not answer." in mail.text


def test_a_mail_server_that_is_down_is_tried_again(broken) -> None:
    broken.post.failures = {ANN: DeliveryError("The mail server is down.")}
    fire_all(broken)
    broken.finish(hours=6)
    assert broken.post.mails == []
    assert len(broken.post.cards) == 1

    broken.post.failures = {}
    broken.finish(hours=2)

    assert len(broken.post.mails) == len(broken.post.cards) == 1


def test_a_day_on_which_the_app_never_ran_is_said_with_the_next_mail_and_once(app) -> None:
    for _ in range(2):
        app.clock.go_on(days=1)
        app.new_day()
    fire_all(app)

    [(_, mail)] = app.post.mails
    words = " ".join(mail.text.split())
    for day in (24, 25):
        assert f"The mail of {day} November 2026 did not go out: the app did not run" in words

    app.clock.go_on(days=1)
    app.new_day()
    fire_all(app)
    assert "did not go out" not in app.post.mails[1][1].text


def test_what_a_log_says_does_nothing_in_the_mail_or_the_card() -> None:
    hostile = "<img src=x> https://evil.example \u202e {{DATE(1)}} <at>all</at>"
    missing = MissingReport(
        TENANT,
        "<b>Contoso</b>\r\nBcc: eve@evil.example",
        ENDING,
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        [hostile],
        "https://func.example",
    )

    mail, card = missing.mail(), missing.card().decode()

    assert "\n" not in mail.subject
    assert "<img" not in mail.html
    assert "https://evil" not in mail.html + mail.text + card
    assert "https://func.example/api/health" in mail.html
    assert "\u202e" not in mail.text
    assert "<at>" not in card
    assert "{{" not in card


def test_a_report_that_went_out_and_is_damaged_is_not_said_to_be_missing(app, monkeypatch) -> None:
    fire_all(app)
    monkeypatch.setattr(type(app.daily.store), "report_file", lambda *_: None)
    app.clock.go_on(hours=8)

    app.fire("open_door")
    app.drain()

    assert len(app.post.mails) == len(app.post.cards) == 1


def test_nobody_is_written_to_before_the_door_is_open(broken) -> None:
    fire_all(broken, "plan", "plan_reports")
    broken.finish(hours=3)
    assert broken.post.mails == []
    assert timedelta() < broken.clock() - datetime(2026, 11, 25, tzinfo=UTC) < timedelta(hours=6)
