"""The message, and mails by Graph and into the outbox; for SMTP see test_smtp."""

from __future__ import annotations

import base64
import json
import re
import stat
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from shared.delivery.mail.graph import GraphMailer
from shared.delivery.mail.mailer import valid_address
from shared.delivery.mail.message import compose, without_addresses
from shared.delivery.mail.outbox import OutboxMailer
from shared.delivery.mail.smtp import SmtpMailer
from shared.errors import BadSettingError, DeliveryError, DeliveryUncertainError, SourceDeniedError
from shared.service.recipients import valid_recipients
from shared.settings import MailWhen
from tests.delivery.mail.mail_sink import ANN, HOST, KEY, MAIL, SENDER, MailSink, parts, read


class RecordedGraph:
    """Gives a fixed answer or raises, and records what it was asked."""

    def __init__(self, *answer) -> None:
        self.answer = answer
        self.asked: list[tuple[str, bytes, str]] = []

    def __call__(self, path, body, content_type):
        self.asked.append((path, body, content_type))
        if isinstance(self.answer[0], Exception):
            raise self.answer[0]
        return self.answer


def refusal(status, code="ErrorCode", message="Refused."):
    return status, json.dumps({"error": {"code": code, "message": message}}).encode()


# The message


def test_a_message_holds_both_parts_as_they_were_and_no_robot_shall_answer_it() -> None:
    found = parts(compose(MAIL, sender=SENDER, recipient=ANN, key=KEY))

    assert (found["text/plain"], found["text/html"]) == (MAIL.text, MAIL.html)
    assert (found["From"], found["To"], found["Subject"]) == (SENDER, ANN, MAIL.subject)
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["List-Id"] == f"<partner-mfa-status.{found['From'].rpartition('@')[2]}>"
    assert parsedate_to_datetime(found["Date"]) == MAIL.date


def test_the_same_mail_under_the_same_key_has_the_same_bytes_and_under_another_another_id() -> None:
    once, again, other = (
        compose(MAIL, sender=SENDER, recipient=ANN, key=key) for key in (KEY, KEY, KEY + "x")
    )

    assert once == again
    assert read(once)["Message-ID"] != read(other)["Message-ID"]
    assert read(once)["Message-ID"].endswith("@contoso.example>")


def test_a_message_is_made_of_short_ascii_lines_that_every_server_takes() -> None:
    message = compose(MAIL, sender=SENDER, recipient=ANN, key=KEY)

    assert message.isascii()
    assert max(map(len, message.split(b"\r\n"))) <= 100
    assert b"\n" not in message.replace(b"\r\n", b"")


@pytest.mark.parametrize("length", [*range(50, 90), 160])
@pytest.mark.parametrize("name", ["Contoso", "Grüße GmbH", "株式会社コントソ・クラウド"])
def test_headers_come_through_whatever_their_length(name, length) -> None:
    subject = f"{name} MFA: {'portal 20 %, ' * 15}"[:length].strip()
    sender = f"mfa-status@{'mail.' * 9}contoso.example"

    message = compose(replace(MAIL, subject=subject), sender=sender, recipient=ANN, key=KEY)

    found = read(message)
    assert (found["Subject"], found["From"]) == (subject, sender)
    assert re.search(rb"^Message-ID: <[^ <>]+@[^ <>]+>\r$", message, re.MULTILINE)


def test_a_subject_with_a_line_end_is_refused_before_it_can_become_a_header() -> None:
    attack = replace(MAIL, subject="Contoso\r\nBcc: everybody@contoso.example")

    with pytest.raises(ValueError, match="linefeed"):
        compose(attack, sender=SENDER, recipient=ANN, key=KEY)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ann",
        "ann@",
        "@contoso.example",
        "ann@contoso",
        "ann@contoso.example\nBcc: eve@evil.example",
        "ann@contoso.example, eve@evil.example",
        "Ann <ann@contoso.example>",
        '"a b"@contoso.example',
        "ann..b@contoso.example",
        "änn@contoso.example",
        "ann@contoso.example\x00",
        f"{'a' * 250}@contoso.example",
    ],
)
def test_an_invalid_address_stops_with_one_sentence_that_names_it(given) -> None:
    with pytest.raises(BadSettingError) as stopped:
        valid_recipients([ANN, given])

    assert str(stopped.value).startswith(f"Setting REPORT_RECIPIENTS holds {given!r}; expected")
    assert "\n" not in str(stopped.value)


def test_a_recipient_named_twice_gets_one_mail() -> None:
    given = [ANN, " Ann@Contoso.example =weekly", "bob@contoso.example"]
    assert [each.address for each in valid_recipients(given)] == [ANN, "bob@contoso.example"]
    assert valid_address("o'neil+mfa@sub.contoso.example", "X") == "o'neil+mfa@sub.contoso.example"


def test_a_recipient_may_have_days_of_its_own() -> None:
    given = [ANN, "b=c@x.example=Weekly", "on-change=x@x.example", "e@x.example= on-change"]

    assert valid_recipients(given, MailWhen.WEEKLY) == [
        (ANN, "weekly"),
        ("b=c@x.example", "weekly"),
        ("on-change=x@x.example", "weekly"),
        ("e@x.example", "on-change"),
    ]
    with pytest.raises(BadSettingError) as stopped:
        valid_recipients([f"{ANN}=monthly"])
    assert str(stopped.value) == (
        f"Setting REPORT_RECIPIENTS holds '{ANN}=monthly'; "
        "expected daily, weekly, on-change after the =."
    )


def test_what_a_server_says_is_told_without_anybodys_address_and_on_one_line() -> None:
    line = without_addresses(b"5.1.1 <ann@contoso.example>:\r\n\x1b[31m no such \xff mailbox")

    assert line == "5.1.1 (address) [U+001B][31m no such \ufffd mailbox"


# Graph


def test_graph_gets_the_mail_as_mime_through_the_senders_mailbox() -> None:
    graph = RecordedGraph(202, b"")
    GraphMailer(graph, "o'neil+mfa@contoso.example").send(MAIL, ANN, KEY)

    [(path, body, content_type)] = graph.asked
    assert path == "/v1.0/users/o%27neil%2Bmfa%40contoso.example/sendMail"
    assert content_type == "text/plain"
    assert parts(base64.b64decode(body, validate=True))["To"] == ANN


def test_the_same_mail_by_any_carrier_has_the_same_parts(tmp_path) -> None:
    graph = RecordedGraph(202, b"")
    outbox = OutboxMailer(tmp_path, SENDER)
    with MailSink() as sink:
        smtp = SmtpMailer(HOST, sink.port, sender=SENDER, tls=None)
        for mailer in (GraphMailer(graph, SENDER), smtp, outbox):
            mailer.send(MAIL, ANN, KEY)

    by_graph = base64.b64decode(graph.asked[0][1])
    by_smtp = sink.received[0].content
    assert parts(by_graph) == parts(outbox.path(KEY).read_bytes())
    assert parts(by_graph) == parts(by_smtp)


@pytest.mark.parametrize("status", [401, 403])
def test_graph_refusing_for_a_permission_is_certain_and_says_which(status) -> None:
    graph = RecordedGraph(*refusal(status, "ErrorAccessDenied", f"No access to {SENDER}."))

    with pytest.raises(DeliveryError, match=r"Application Mail\.Send") as failed:
        GraphMailer(graph, SENDER).send(MAIL, ANN, KEY)

    assert not isinstance(failed.value, DeliveryUncertainError)
    assert f"({status} ErrorAccessDenied: No access to (address)" in str(failed.value)
    assert SENDER not in str(failed.value)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413, 429])
def test_graph_refusing_otherwise_is_certain_and_blames_no_permission(status) -> None:
    with pytest.raises(DeliveryError, match=f"{status} ErrorCode") as failed:
        GraphMailer(RecordedGraph(*refusal(status)), SENDER).send(MAIL, ANN, KEY)

    assert "Mail.Send" not in str(failed.value)
    assert not isinstance(failed.value, DeliveryUncertainError)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(500),
        (502, b"<html>"),
        refusal(503),
        (504, b""),
        (200, b"[]"),
        (TimeoutError(),),
        (ConnectionError("reset"),),
        (ConnectionResetError(),),
    ],
)
def test_graph_failing_midway_is_uncertain_and_is_asked_once(answer) -> None:
    graph = RecordedGraph(*answer)

    with pytest.raises(DeliveryUncertainError, match="may or may not"):
        GraphMailer(graph, SENDER).send(MAIL, ANN, KEY)

    assert len(graph.asked) == 1


@pytest.mark.parametrize("error", [SourceDeniedError("no token"), ConnectionRefusedError("down")])
def test_graph_not_being_asked_at_all_is_certain(error) -> None:
    with pytest.raises(DeliveryError, match="did not reach Graph") as failed:
        GraphMailer(RecordedGraph(error), SENDER).send(MAIL, ANN, KEY)

    assert not isinstance(failed.value, DeliveryUncertainError)


# The outbox


def test_the_outbox_writes_one_file_a_key_however_often_it_is_sent(tmp_path) -> None:
    outbox = OutboxMailer(tmp_path / "deep" / "outbox", SENDER)
    for key in (KEY, KEY, KEY + "x"):
        outbox.send(MAIL, ANN, key)

    files = sorted((tmp_path / "deep" / "outbox").iterdir())
    assert {outbox.path(KEY), outbox.path(KEY + "x")} == set(files)
    assert parts(files[0].read_bytes())["text/plain"] == MAIL.text
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_no_key_leads_out_of_the_outbox_and_no_two_keys_share_a_file(tmp_path) -> None:
    outbox = OutboxMailer(tmp_path, SENDER)
    keys = ["../../etc/passwd", "a/b", "a-b", "a\\b", "C:\\x", "é", "", "x" * 300, "x" * 301]

    paths = {outbox.path(key) for key in keys}

    assert len(paths) == len(keys)
    assert {path.parent for path in paths} == {tmp_path}
    assert all(path.name.isascii() and len(path.name) < 120 for path in paths)


def test_an_outbox_that_cannot_be_written_to_is_certain_and_leaves_nothing_behind(tmp_path) -> None:
    (tmp_path / "outbox").write_text("a file is in the way")

    with pytest.raises(DeliveryError, match="cannot be written to"):
        OutboxMailer(tmp_path / "outbox", SENDER).send(MAIL, ANN, KEY)

    outbox = OutboxMailer(tmp_path, SENDER)
    outbox.path(KEY).mkdir()
    with pytest.raises(DeliveryError):
        outbox.send(MAIL, ANN, KEY)
    assert {path.name for path in tmp_path.iterdir()} == {"outbox", outbox.path(KEY).name}
