"""Which mailer a setting stands for."""

from __future__ import annotations

import ssl
from contextlib import ExitStack, nullcontext
from typing import Any

import pytest

from shared.errors import BadSettingError
from shared.service.mailers import open_mailer
from shared.settings import Settings
from tests.delivery.mail.mail_sink import ANN, HOST, KEY, MAIL, SENDER, MailSink


def opened(stack, **settings):
    """The mailer of some settings, closed with the stack; nothing here reaches Graph."""
    no_graph: Any = nullcontext
    return stack.enter_context(open_mailer(Settings(settings), no_graph))


def test_only_the_outbox_may_be_sent_to_twice(tmp_path) -> None:
    with ExitStack() as stack:
        outbox = opened(stack, OUTBOX_FOLDER=str(tmp_path))
        by_smtp = opened(stack, MAILER="smtp", REPORT_SENDER=SENDER, SMTP_HOST="localhost")
        by_graph = opened(stack, MAILER="graph", REPORT_SENDER=SENDER)

    assert (outbox.repeatable, by_smtp.repeatable, by_graph.repeatable) == (True, False, False)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"MAILER": "pigeon", "REPORT_SENDER": SENDER}, "MAILER is 'pigeon'"),
        ({"MAILER": "smtp", "REPORT_SENDER": SENDER}, "SMTP_HOST"),
        ({"MAILER": "smtp", "SMTP_HOST": HOST}, "REPORT_SENDER"),
        ({"MAILER": "graph", "REPORT_SENDER": "nobody"}, "REPORT_SENDER holds 'nobody'"),
    ],
)
def test_a_missing_or_invalid_setting_is_named(settings, named) -> None:
    with ExitStack() as stack, pytest.raises(BadSettingError, match=named):
        opened(stack, **settings)


@pytest.mark.parametrize("sign", ["WEBSITE_SITE_NAME", "AZURE_FUNCTIONS_ENVIRONMENT"])
def test_a_hosted_app_without_a_named_mailer_mails_nothing_and_says_so(sign, tmp_path) -> None:
    hosted = {sign: "Production", "OUTBOX_FOLDER": str(tmp_path / "outbox")}
    with ExitStack() as stack, pytest.raises(BadSettingError, match="Setting MAILER is not set"):
        opened(stack, **hosted)
    with ExitStack() as stack:
        opened(stack, MAILER="outbox", **hosted)
        opened(stack, AZURE_FUNCTIONS_ENVIRONMENT="Development", OUTBOX_FOLDER=str(tmp_path))


def test_smtp_is_plain_on_this_machine_only() -> None:
    smtp = {"MAILER": "smtp", "REPORT_SENDER": SENDER}
    with ExitStack() as stack, MailSink() as sink:
        here = opened(stack, SMTP_HOST=HOST, SMTP_PORT=str(sink.port), **smtp)
        here.send(MAIL, ANN, KEY)
        elsewhere: Any = opened(stack, SMTP_HOST="smtp.contoso.example", **smtp)

    assert len(sink.received) == 1
    assert elsewhere._tls.verify_mode is ssl.CERT_REQUIRED  # noqa: SLF001 (not visible from outside)
    assert elsewhere._tls.check_hostname  # noqa: SLF001
