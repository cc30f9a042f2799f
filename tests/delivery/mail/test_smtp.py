"""Mails by SMTP, to a real server on loopback that refuses, closes the connection or encrypts."""

from __future__ import annotations

import ssl
import time

import pytest

from shared.delivery.mail.smtp import SmtpMailer
from shared.errors import DeliveryError, DeliveryUncertainError
from tests.delivery.mail.mail_sink import (
    ANN,
    HOST,
    KEY,
    MAIL,
    SENDER,
    MailSink,
    hang_up,
    let_in,
    make_certificate,
    parts,
    server_context,
)


def smtp(sink, *, tls=None, **changes):
    return SmtpMailer(HOST, sink.port, **{"sender": SENDER, "tls": tls, **changes})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("authority"), "ours")


def test_smtp_hands_one_recipients_mail_over_dots_and_all() -> None:
    with MailSink() as sink:
        smtp(sink).send(MAIL, ANN, KEY)

    [got] = sink.received
    assert (got.sender, got.recipients, got.encrypted) == (SENDER, [ANN], False)
    assert parts(got.content)["text/plain"] == MAIL.text


def test_smtp_encrypts_before_it_says_anything_and_checks_the_certificate(certificate) -> None:
    options = {"tls_context": server_context(*certificate), "require_starttls": True}
    with MailSink(options=options) as sink:
        trusting = ssl.create_default_context(cafile=certificate[0])
        smtp(sink, tls=trusting).send(MAIL, ANN, KEY)

    assert [got.encrypted for got in sink.received] == [True]


def test_smtp_says_nothing_to_a_server_with_a_certificate_it_does_not_trust(certificate) -> None:
    with MailSink(options={"tls_context": server_context(*certificate)}) as sink:
        mailer = smtp(sink, tls=ssl.create_default_context(), user="u", password="secret")
        with pytest.raises(DeliveryError, match=r"^The certificate of the mail server") as failed:
            mailer.send(MAIL, ANN, KEY)

    assert not isinstance(failed.value, DeliveryUncertainError)
    assert sink.received == []


def test_smtp_does_not_fall_back_to_plain_text_where_encryption_is_not_offered() -> None:
    with MailSink() as sink:
        mailer = smtp(sink, tls=ssl.create_default_context())
        with pytest.raises(DeliveryError, match="STARTTLS"):
            mailer.send(MAIL, ANN, KEY)

    assert sink.received == []


def test_smtp_signs_in_where_there_is_a_user_and_never_repeats_the_password(certificate) -> None:
    options = {"tls_context": server_context(*certificate), **let_in("robot", "secret")}
    tls = ssl.create_default_context(cafile=certificate[0])
    with MailSink(options=options) as sink:
        smtp(sink, tls=tls, user="robot", password="secret").send(MAIL, ANN, KEY)
        with pytest.raises(DeliveryError, match="refused: 535") as failed:
            smtp(sink, tls=tls, user="robot", password="wrong-one").send(MAIL, ANN, KEY)
        with pytest.raises(DeliveryError, match="refused: 530"):
            smtp(sink, tls=tls).send(MAIL, ANN, KEY)
        with pytest.raises(DeliveryError, match="AUTH extension not supported"):
            smtp(sink, user="robot", password="secret").send(MAIL, ANN, KEY)

    assert len(sink.received) == 1
    assert "wrong-one" not in str(failed.value)


@pytest.mark.parametrize(
    "conduct",
    [
        {"on_rcpt": lambda _: "550 5.1.1 <ann@contoso.example> unknown"},
        {"on_rcpt": lambda _: "450 4.2.1 ann@contoso.example busy"},
        {"on_data": lambda _: "554 5.7.1 ann@contoso.example does not want this"},
    ],
)
def test_a_refusal_is_certain_and_does_not_repeat_the_address(conduct) -> None:
    with MailSink(**conduct) as sink, pytest.raises(DeliveryError, match="refused: ") as failed:
        smtp(sink).send(MAIL, ANN, KEY)

    assert not isinstance(failed.value, DeliveryUncertainError)
    assert ANN not in str(failed.value)


def test_a_connection_lost_before_the_mail_was_handed_over_is_certain() -> None:
    with MailSink(on_rcpt=hang_up) as sink, pytest.raises(DeliveryError) as failed:
        smtp(sink).send(MAIL, ANN, KEY)

    assert not isinstance(failed.value, DeliveryUncertainError)
    assert "nothing was sent" in str(failed.value)


def test_a_connection_lost_after_the_mail_was_handed_over_is_uncertain() -> None:
    with MailSink(on_data=hang_up) as sink, pytest.raises(DeliveryUncertainError, match="may or"):
        smtp(sink).send(MAIL, ANN, KEY)


def test_a_server_that_never_answers_to_the_mail_is_uncertain_after_a_while() -> None:
    def sleep(_):
        time.sleep(0.6)
        return "250 OK"

    with MailSink(on_data=sleep) as sink, pytest.raises(DeliveryUncertainError, match="lost"):
        smtp(sink, timeout_seconds=0.2).send(MAIL, ANN, KEY)


def test_a_connection_lost_after_the_server_took_the_mail_is_not_a_failure() -> None:
    with MailSink(on_quit=hang_up) as sink:
        smtp(sink).send(MAIL, ANN, KEY)

    assert len(sink.received) == 1


def test_a_server_that_is_not_there_is_certain() -> None:
    with MailSink() as sink:
        mailer = smtp(sink)

    with pytest.raises(DeliveryError, match=r"ConnectionRefusedError.*nothing was sent"):
        mailer.send(MAIL, ANN, KEY)
