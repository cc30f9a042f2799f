"""One mail to each recipient of a window, whatever breaks."""

from __future__ import annotations

import base64
import logging
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar

import pytest

from shared.delivery.mail.outbox import OutboxMailer
from shared.delivery.mail.smtp import SmtpMailer
from shared.endpoints import make_endpoint
from shared.errors import BadInputError, BadSettingError, DeliveryError, DeliveryUncertainError
from shared.identity import Login, open_graph
from shared.service.addresses import report_address
from shared.service.mailers import open_mailer
from shared.service.once_only_delivery import Delivery, DeliveryOutcome
from shared.service.outgoing import mail_key
from shared.settings import Settings
from shared.stores import open_store
from shared.stores.models import MetricsRow
from tests.delivery.mail.mail_making import earlier_report
from tests.delivery.mail.mail_sink import MAIL, MailSink, hang_up, parts
from tests.delivery.making import ENDING, TENANT, report
from tests.delivery.scenarios import worked_examples
from tests.service.claims import (
    FakeMailer,
    FakeStore,
    KilledError,
    World,
    mail_in_part,
    mail_status,
)

ANN, BOB, EVE = "ann@contoso.example", "bob@contoso.example", "eve@fabrikam.example"
BOTH = [ANN, BOB]


def run(world, *, repeatable=False, recipients=BOTH, failures=None, made=None):
    mailer = FakeMailer(world, repeatable=repeatable, failures=failures)
    made = made or report()
    return mail_status(made, None, recipients, mailer, FakeStore(world))


def outcomes(deliveries):
    return [delivery.outcome for delivery in deliveries]


def test_each_recipient_gets_one_mail_however_often_the_run_is_repeated() -> None:
    world = World()

    first, second = run(world), run(world, recipients=[BOB, ANN.upper(), EVE])

    assert outcomes(first) == [DeliveryOutcome.SENT, DeliveryOutcome.SENT]
    assert outcomes(second) == [
        DeliveryOutcome.SENT_BEFORE,
        DeliveryOutcome.SENT_BEFORE,
        DeliveryOutcome.SENT,
    ]
    assert [recipient for recipient, _ in world.delivered] == [ANN, BOB, EVE]


def test_the_next_window_is_another_mail_and_so_is_another_tenants() -> None:
    world = World()
    for made in (report(), earlier_report(), report(meta={"tenant_id": "another"})):
        run(world, made=made, recipients=[ANN])

    assert len({key for _, key in world.delivered}) == 3


def kill_points(*, repeatable, failures=None):
    """How many steps an undisturbed run takes: the process may be killed at each."""
    world = World()
    with suppress(DeliveryError):
        run(world, repeatable=repeatable, failures=failures)
    return range(1, world.steps + 1)


@pytest.mark.parametrize("killed_at", kill_points(repeatable=False))
def test_killed_at_any_step_no_mail_is_ever_sent_twice_and_one_left_unsent_is_reported(
    killed_at, caplog
) -> None:
    world = World(killed_at=killed_at)
    with pytest.raises(KilledError):
        run(world)
    world.restart()

    again = run(world)
    sent = {recipient for recipient, _ in world.delivered}
    assert len(world.delivered) == len(sent)
    for recipient, delivery in zip(BOTH, again, strict=True):
        if recipient not in sent:
            assert delivery.outcome is DeliveryOutcome.UNCERTAIN
    unsure = outcomes(again).count(DeliveryOutcome.UNCERTAIN)
    assert caplog.text.count("may or may not have been sent: an earlier run broke off") == unsure
    assert unsure <= 1

    before = list(world.delivered)
    assert DeliveryOutcome.SENT not in outcomes(run(world))
    assert world.delivered == before


@pytest.mark.parametrize("killed_at", kill_points(repeatable=True))
def test_killed_at_any_step_a_mailer_that_repeats_harmlessly_delivers_every_mail(killed_at) -> None:
    world = World(killed_at=killed_at)
    with pytest.raises(KilledError):
        run(world, repeatable=True)
    world.restart()

    again = run(world, repeatable=True)

    assert DeliveryOutcome.UNCERTAIN not in outcomes(again)
    assert {recipient for recipient, _ in world.delivered} == {ANN, BOB}
    assert len({key for _, key in world.delivered}) == 2


@pytest.mark.parametrize(
    "killed_at", kill_points(repeatable=False, failures={ANN: DeliveryError("refused")})
)
def test_killed_at_any_step_around_a_failure_no_mail_is_ever_sent_twice(killed_at) -> None:
    world = World(killed_at=killed_at)
    with pytest.raises(KilledError):
        run(world, failures={ANN: DeliveryError("refused")})
    world.restart()

    run(world)
    run(world)

    assert len(world.delivered) == len(set(world.delivered))


def test_killed_twice_no_mail_is_ever_sent_twice() -> None:
    for first in kill_points(repeatable=False):
        for second in range(1, 12):
            world = World(killed_at=first)
            for killed_at in (second, None):
                with suppress(KilledError):
                    run(world)
                world.restart()
                world.killed_at = killed_at
            run(world)
            assert len(world.delivered) == len(set(world.delivered))


def in_part_then_complete(world, *, repeatable=False):
    mailer, store = FakeMailer(world, repeatable=repeatable), FakeStore(world)
    mail_in_part(report(), BOTH, mailer, store)
    return mail_status(report(), None, BOTH, mailer, store)


def steps_of_a_correction():
    world = World()
    in_part_then_complete(world)
    return range(1, world.steps + 1)


@pytest.mark.parametrize("killed_at", steps_of_a_correction())
def test_killed_at_any_step_nobody_gets_more_than_one_mail_and_one_correction(killed_at) -> None:
    world = World(killed_at=killed_at)
    with pytest.raises(KilledError):
        in_part_then_complete(world)
    world.restart()

    for _ in range(2):
        in_part_then_complete(world)

    assert len(world.delivered) == len(set(world.delivered))
    for recipient in BOTH:
        keys = [key for who, key in world.delivered if who == recipient]
        corrections = [key for key in keys if key.endswith("/correction")]
        assert len(keys) - len(corrections) <= 1
        assert len(corrections) <= len(keys) - len(corrections)


def test_who_got_a_mail_in_part_is_corrected_once_and_who_did_not_is_not() -> None:
    world = World()
    mailer, store = FakeMailer(world, repeatable=False), FakeStore(world)
    mail_in_part(report(), [ANN], mailer, store)

    for _ in range(2):
        mail_status(report(), None, BOTH, mailer, store)
        mail_in_part(report(), BOTH, mailer, store)

    assert [(who, key.endswith("/correction")) for who, key in world.delivered] == [
        (ANN, False),
        (ANN, True),
        (BOB, False),
    ]


def test_a_run_that_looks_while_another_sends_does_not_disturb_it() -> None:
    world = World()

    class Impatient(FakeMailer):
        def send(self, mail, recipient, key):
            assert outcomes(run(world, recipients=[ANN])) == [DeliveryOutcome.UNCERTAIN]
            super().send(mail, recipient, key)

    mailer = Impatient(world, repeatable=False)
    found = mail_status(report(), None, [ANN], mailer, FakeStore(world))

    assert outcomes(found) == [DeliveryOutcome.SENT]
    assert outcomes(run(world, recipients=[ANN])) == [DeliveryOutcome.SENT_BEFORE]
    assert len(world.delivered) == 1


def test_of_runs_that_cross_the_last_one_finds_nothing_in_doubt() -> None:
    """Each meets a mail that the other one is just sending."""
    world, other_sends, first_has_ended = World(), Event(), Event()

    class Other(FakeMailer):
        def send(self, mail, recipient, key):
            other_sends.set()
            assert first_has_ended.wait(10)
            super().send(mail, recipient, key)

    class First(FakeMailer):
        def send(self, mail, recipient, key):
            others.append(pool.submit(mailed_by, Other))
            assert other_sends.wait(10)
            super().send(mail, recipient, key)

    def mailed_by(mailer):
        made = mailer(world, repeatable=False)
        return outcomes(mail_status(report(), None, BOTH, made, FakeStore(world)))

    others: list[Future[list[DeliveryOutcome]]] = []
    with ThreadPoolExecutor(1) as pool:
        assert mailed_by(First) == [DeliveryOutcome.SENT, DeliveryOutcome.UNCERTAIN]
        first_has_ended.set()
        assert others[0].result() == [DeliveryOutcome.SENT_BEFORE, DeliveryOutcome.SENT]


def test_what_was_sent_is_not_written_over_even_if_that_were_harmless() -> None:
    world = World()
    for _ in range(3):
        run(world, repeatable=True)

    assert len(world.delivered) == 2


def test_of_runs_at_the_same_time_one_sends() -> None:
    world = World()
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: run(world, recipients=[ANN]), range(8)))

    assert len(world.delivered) == 1
    assert [outcomes(found) for found in runs].count([DeliveryOutcome.SENT]) == 1


def test_a_definite_failure_is_raised_after_all_were_tried_and_mended_by_the_next_run() -> None:
    world = World()

    with pytest.raises(DeliveryError, match="1 of 2 mails did not go out: mailbox full"):
        run(world, failures={ANN: DeliveryError("mailbox full")})
    assert world.delivered == [(BOB, mail_key(TENANT, ENDING, BOB))]

    assert outcomes(run(world)) == [DeliveryOutcome.SENT, DeliveryOutcome.SENT_BEFORE]


def test_an_uncertain_failure_is_not_raised_and_not_sent_again() -> None:
    world = World()

    first = run(world, failures={ANN: DeliveryUncertainError("lost")})
    second = run(world)

    assert outcomes(first) == [DeliveryOutcome.UNCERTAIN, DeliveryOutcome.SENT]
    assert outcomes(second) == [DeliveryOutcome.UNCERTAIN, DeliveryOutcome.SENT_BEFORE]
    assert Counter(recipient for recipient, _ in world.delivered) == {ANN: 1, BOB: 1}


def test_addresses_are_in_no_log_line_no_key_and_no_error(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    failures = {ANN: DeliveryError("refused"), BOB: DeliveryUncertainError("lost")}

    with pytest.raises(DeliveryError) as failed:
        run(world, failures=failures, recipients=[ANN, BOB, EVE])
    run(world, recipients=[ANN, BOB, EVE])

    assert "Mail 1 of 3" in caplog.text
    assert "Mail 2 of 3" in caplog.text
    shown = caplog.text + str(failed.value) + " ".join(world.claims)
    for address in (ANN, BOB, EVE):
        assert address.partition("@")[0] + "@" not in shown
    assert "@" not in shown


def test_a_delivery_shows_whose_it_was_without_saying_it() -> None:
    assert run(World(), recipients=[ANN]) == [Delivery("a…@contoso.example", DeliveryOutcome.SENT)]


def test_nothing_is_sent_if_one_address_is_none() -> None:
    world = World()

    with pytest.raises(BadSettingError, match="REPORT_RECIPIENTS holds 'nobody'"):
        run(world, recipients=[ANN, "nobody"])

    assert (world.delivered, world.claims) == ([], set())


def test_a_report_of_no_named_tenant_cannot_be_mailed() -> None:
    with pytest.raises(BadInputError, match="tenant id"):
        run(World(), made=report(meta={"tenant_id": None}))


def test_links_in_a_mail_lead_to_where_the_function_app_serves_the_report(tmp_path) -> None:
    outbox = OutboxMailer(tmp_path, BOB)
    mail_status(
        report(), None, [ANN], outbox, FakeStore(World()), public_url="https://mfa.example/"
    )

    [file] = tmp_path.iterdir()
    address = f"https://mfa.example{report_address(TENANT, ENDING)}"
    assert f"{address}\n{address}/all-api-requests.csv".split() == [
        line
        for line in parts(file.read_bytes())["text/plain"].splitlines()
        if line.startswith("https:")
    ]


# With the real parts


@pytest.fixture
def store(tmp_path):
    opened = open_store("local", folder=tmp_path / "store")
    yield opened
    opened.close()


def save(store, made, content=None):
    store.save_report(MetricsRow.of(made), {"report.json": content or made.to_json()})


def test_a_file_in_the_outbox_is_never_said_to_be_sent_and_a_mail_may_follow_it(
    store, tmp_path, caplog
) -> None:
    caplog.set_level(logging.INFO)
    save(store, worked_examples())
    outbox = OutboxMailer(tmp_path / "outbox", BOB)

    runs = [mail_status(worked_examples(), None, BOTH, outbox, store) for _ in range(2)]

    assert outcomes(runs[0]) == [DeliveryOutcome.WRITTEN] * 2
    assert outcomes(runs[1]) == [DeliveryOutcome.WRITTEN_BEFORE] * 2
    assert len(list((tmp_path / "outbox").iterdir())) == 2
    assert "2 written to the outbox" in caplog.text
    assert "sent" not in caplog.text + " ".join(outcomes(runs[0] + runs[1]))
    with MailSink() as sink:
        mailer = SmtpMailer("127.0.0.1", sink.port, "", "", sender=BOB, tls=None)
        found = mail_status(worked_examples(), None, BOTH, mailer, store)
    assert outcomes(found) == [DeliveryOutcome.SENT] * 2


def test_a_server_lost_after_the_mail_is_not_sent_to_again(store) -> None:
    with MailSink(on_data=hang_up) as sink:
        for _ in range(2):
            mailer = SmtpMailer("127.0.0.1", sink.port, "", "", sender=BOB, tls=None)
            found = mail_status(worked_examples(), None, [ANN], mailer, store)

    assert outcomes(found) == [DeliveryOutcome.UNCERTAIN]
    assert len(sink.received) == 1


class GraphSink(BaseHTTPRequestHandler):
    """Takes what is posted and accepts it, as Graph does."""

    posted: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, self.headers["Content-Type"], body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_graph_is_posted_to_through_the_sdk_as_mime() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), GraphSink)
    Thread(target=server.serve_forever).start()
    endpoint = make_endpoint("GRAPH_ENDPOINT", f"http://127.0.0.1:{server.server_port}", "local")
    try:
        settings = Settings({"MAILER": "graph", "REPORT_SENDER": BOB})
        with open_mailer(settings, lambda: open_graph(endpoint, Login())) as mailer:
            mailer.send(MAIL, ANN, "key")
    finally:
        server.shutdown()
        server.server_close()

    [(path, content_type, body)] = GraphSink.posted
    assert path == "/v1.0/users/bob%40contoso.example/sendMail"
    assert content_type == "text/plain"
    assert parts(base64.b64decode(body))["text/html"] == MAIL.html
