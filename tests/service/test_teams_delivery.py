"""One card per window to the Teams channel, next to the mails, whatever fails."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest

import function_app
from shared.cli.functions import read_functions
from shared.delivery.teams.card import REPORT_PATH, render_card
from shared.errors import (
    BadInputError,
    BadSettingError,
    DeliveryError,
    DeliveryUncertainError,
    StoreError,
    UsageError,
)
from shared.service.addresses import API
from shared.service.composition import Service
from shared.service.current import use
from shared.service.mail_now import mail_newest
from shared.service.once_only_delivery import Delivery, DeliveryOutcome, send_all
from shared.service.outgoing import card_key
from shared.settings import Settings
from tests.delivery.mail.mail_making import earlier_report
from tests.delivery.making import ENDING, TENANT, report
from tests.delivery.teams.teams_sink import SIGNATURE, TeamsSink, answer, hang_up, refusal
from tests.service import world as partner
from tests.service.claims import FakeStore, KilledError, World, announce

SENT = [Delivery("the Teams channel", DeliveryOutcome.SENT)]


class FakeChannel:
    """Takes cards, or fails as scripted; each may be the last thing that the process does."""

    id = "workflows.example/invoke"

    def __init__(self, world, failure=None):
        self._world, self._failure = world, failure

    def post(self, card):
        self._world.step()
        if self._failure is None or isinstance(self._failure, DeliveryUncertainError):
            self._world.delivered.append(("channel", card.decode()))
        self._world.step()
        if self._failure:
            raise self._failure


def channel(world, failure=None):
    return FakeChannel(world, failure)


def run(world, failure=None, made=None):
    return announce(made or report(), None, channel(world, failure), FakeStore(world))


def outcome(deliveries):
    [delivery] = deliveries
    return delivery.outcome


# The claims


def test_a_window_s_card_is_posted_once_however_often_the_run_is_repeated() -> None:
    world = World()

    assert [outcome(run(world)) for _ in range(3)] == [
        DeliveryOutcome.SENT,
        DeliveryOutcome.SENT_BEFORE,
        DeliveryOutcome.SENT_BEFORE,
    ]
    assert world.delivered == [("channel", render_card(report(), None, None).decode())]


def test_the_next_window_is_another_card_and_so_is_another_channel_s_or_tenant_s() -> None:
    world = World()
    other = channel(world)
    other.id = "workflows.example/another"

    for made in (report(), earlier_report(), report(meta={"tenant_id": "another"})):
        run(world, made=made)
    announce(report(), None, other, FakeStore(world))

    assert len(world.delivered) == 4


def test_after_a_definite_failure_the_next_run_posts() -> None:
    world = World()

    with pytest.raises(DeliveryError, match="1 of 1 Teams cards did not go out: refused"):
        run(world, DeliveryError("refused"))

    assert outcome(run(world)) is DeliveryOutcome.SENT
    assert len(world.delivered) == 1


def test_after_an_uncertain_one_no_run_posts_again(caplog) -> None:
    world = World()

    outcomes = [outcome(run(world, DeliveryUncertainError("lost"))), outcome(run(world))]

    assert outcomes == [DeliveryOutcome.UNCERTAIN] * 2
    assert len(world.delivered) == 1
    assert "The Teams card, which is not sent again: lost" in caplog.text
    assert "The Teams card may or may not have been sent" in caplog.text


def kill_points(failure=None):
    world = World()
    with suppress(DeliveryError):
        run(world, failure)
    return range(1, world.steps + 1)


@pytest.mark.parametrize("failure", [None, DeliveryError("refused")])
def test_killed_at_any_step_no_card_is_ever_posted_twice(failure) -> None:
    for killed_at in kill_points(failure):
        world = World(killed_at=killed_at)
        with pytest.raises(KilledError):
            run(world, failure)
        world.restart()

        again = outcome(run(world))

        assert len(world.delivered) <= 1
        assert world.delivered or again is DeliveryOutcome.UNCERTAIN


def test_a_claim_says_nothing_of_the_channel() -> None:
    key = card_key(TENANT, ENDING, FakeChannel.id)

    assert key.startswith(f"teams/{TENANT}/{ENDING}/")
    assert "workflows" not in key


def test_a_report_of_no_named_tenant_cannot_be_posted() -> None:
    with pytest.raises(BadInputError, match="tenant id"):
        run(World(), made=report(meta={"tenant_id": None}))


# Every way


def failing(error):
    def way():
        raise error

    return way


def test_the_outcome_of_every_delivery_is_returned_in_order() -> None:
    mails = [
        Delivery("a…@x.example", DeliveryOutcome.SENT),
        Delivery("b…@x.example", DeliveryOutcome.SENT_BEFORE),
    ]

    assert send_all(lambda: mails, lambda: SENT) == [*mails, *SENT]
    assert send_all(list, list) == []


def test_a_failure_does_not_stop_other_deliveries_and_is_raised_as_it_is() -> None:
    gone = []
    error = StoreError("no claims")

    def teams():
        gone.append("Teams")
        return SENT

    with pytest.raises(StoreError) as failed:
        send_all(failing(error), teams)

    assert failed.value is error
    assert gone == ["Teams"]


def test_several_failures_are_each_reported_once() -> None:
    with pytest.raises(DeliveryError) as failed:
        send_all(failing(DeliveryError("No mail.")), failing(DeliveryError("No card.")))
    with pytest.raises(UsageError) as wrong:
        send_all(failing(DeliveryError("No mail.")), failing(BadSettingError("No channel.")))
    with pytest.raises(UsageError) as same:
        send_all(failing(BadSettingError("No base.")), failing(BadSettingError("No base.")))

    assert str(failed.value) == "No mail. No card."
    assert str(wrong.value) == "No mail. No channel."
    assert str(same.value) == "No base."


def test_an_error_that_nobody_foresaw_is_not_taken_for_a_failed_way() -> None:
    with pytest.raises(ZeroDivisionError):
        send_all(lambda: [1 / 0], lambda: SENT)  # type: ignore[list-item]


# With the real parts


@pytest.fixture
def folder(tmp_path):
    partner.run_day(partner.make_daily(tmp_path / "store", partner.Scripted(partner.a_week())))
    return tmp_path


def mailed(folder, **settings):
    """What one run of the timer comes to."""
    given = {
        "TENANT_ID": partner.TENANT,
        "STORE_FOLDER": str(folder / "store"),
        "OUTBOX_FOLDER": str(folder / "outbox"),
        **settings,
    }
    with use(Service(Settings(given), today=partner.TODAY)) as made:
        return mail_newest(made)


def mails_in(folder):
    return list((folder / "outbox").glob("*.eml"))


def test_a_card_is_posted_once_next_to_the_mails(folder) -> None:
    with TeamsSink() as sink:
        settings = {"TEAMS_WEBHOOK_URL": sink.url, "REPORT_RECIPIENTS": "a@x.example"}
        first, second = (mailed(folder, **settings) for _ in range(2))

    assert first == [Delivery("a…@x.example", DeliveryOutcome.WRITTEN), *SENT]
    assert [delivery.outcome for delivery in second] == [
        DeliveryOutcome.WRITTEN_BEFORE,
        DeliveryOutcome.SENT_BEFORE,
    ]
    assert len(mails_in(folder)) == len(sink.received) == 1


def test_a_card_is_posted_where_nobody_gets_a_mail(folder) -> None:
    with TeamsSink() as sink:
        assert mailed(folder, TEAMS_WEBHOOK_URL=sink.url, PUBLIC_URL="https://mfa.example") == SENT

    [received] = sink.received
    assert received.card["actions"][0]["url"] == f"https://mfa.example{REPORT_PATH}"


def test_nothing_is_posted_where_there_is_no_report_or_no_channel(tmp_path) -> None:
    with TeamsSink() as sink:
        assert mailed(tmp_path, TEAMS_WEBHOOK_URL=sink.url) == []
    partner.run_day(partner.make_daily(tmp_path / "store", partner.Scripted(partner.a_week())))

    assert mailed(tmp_path) == []
    assert sink.received == []


def test_a_channel_that_refuses_is_reported_after_the_mails_and_posted_to_next_time(
    folder,
) -> None:
    recipients = {"REPORT_RECIPIENTS": "a@x.example"}
    with TeamsSink(refusal(429, "TooMany", Retry_After="17")) as sink:
        with pytest.raises(DeliveryError, match="429 TooMany, try again in 17 s"):
            mailed(folder, TEAMS_WEBHOOK_URL=sink.url, **recipients)
        assert len(mails_in(folder)) == 1

        sink.answer = answer(202)
        deliveries = mailed(folder, TEAMS_WEBHOOK_URL=sink.url, **recipients)

    assert [delivery.outcome for delivery in deliveries] == [
        DeliveryOutcome.WRITTEN_BEFORE,
        DeliveryOutcome.SENT,
    ]
    assert len(sink.received) == 2


def test_a_channel_that_was_lost_is_not_posted_to_again(folder) -> None:
    with TeamsSink(hang_up) as sink:
        deliveries = [mailed(folder, TEAMS_WEBHOOK_URL=sink.url) for _ in range(2)]

    assert [outcome(each) for each in deliveries] == [DeliveryOutcome.UNCERTAIN] * 2
    assert len(sink.received) == 1


def test_a_mail_that_cannot_be_sent_does_not_stop_the_card(folder) -> None:
    (folder / "outbox").write_text("a file is in the way")
    recipients = {"REPORT_RECIPIENTS": "a@x.example"}

    with TeamsSink() as sink:
        with pytest.raises(DeliveryError, match=r"^1 of 1 mails did not go out: The outbox"):
            mailed(folder, TEAMS_WEBHOOK_URL=sink.url, **recipients)
        assert len(sink.received) == 1
    with TeamsSink(refusal(404, "WorkflowNotFound")) as other, pytest.raises(DeliveryError) as both:
        mailed(folder, TEAMS_WEBHOOK_URL=other.url.replace("/invoke", "/other"), **recipients)

    assert "1 of 1 mails did not go out" in str(both.value)
    assert "1 of 1 Teams cards did not go out" in str(both.value)


def test_an_invalid_channel_address_is_reported_without_it_after_the_mails(folder, caplog) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(UsageError, match="TEAMS_WEBHOOK_URL cannot be used") as stopped:
        mailed(
            folder,
            TEAMS_WEBHOOK_URL=f"https://evil.example/invoke?sig={SIGNATURE}",
            REPORT_RECIPIENTS="a@x.example",
        )

    assert len(mails_in(folder)) == 1
    assert SIGNATURE not in str(stopped.value) + caplog.text


@pytest.mark.parametrize("reply", [answer(202), refusal(400), refusal(500), hang_up])
def test_the_channel_s_address_is_in_no_log_no_error_and_no_stored_file(
    folder, reply, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    raised = ""

    with TeamsSink(reply) as sink:
        try:
            mailed(folder, TEAMS_WEBHOOK_URL=sink.url)
        except DeliveryError as error:
            raised = str(error)

    kept = [path.read_bytes() for path in (folder / "store").rglob("*") if path.is_file()]
    assert "Teams" in caplog.text
    assert SIGNATURE not in caplog.text + raised
    assert kept
    assert not any(SIGNATURE.encode() in content for content in kept)


def test_the_card_s_button_leads_to_a_route_of_the_app() -> None:
    routes = {each.route for each in read_functions(function_app.app, Settings({})) if each.route}

    assert REPORT_PATH.removeprefix(f"{API}/") in routes
