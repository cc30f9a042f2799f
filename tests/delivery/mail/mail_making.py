"""Mails to look at, and earlier reports to compare with."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec

from shared.delivery.mail.content import render_mail
from shared.delivery.mail.message import compose
from shared.mfa.metrics import AccountMetrics
from tests.delivery.making import NOT_VERIFIED, portal, report, user, worked_api, worked_portal

PUBLIC_URL = "https://mfa.contoso.example"


def mail_of(made, earlier=None, public_url=PUBLIC_URL):
    return render_mail(made, earlier, public_url)


def message_of(mail) -> bytes:
    return compose(mail, sender="a@contoso.example", recipient="b@contoso.example", key="k")


def plain(text: str) -> str:
    """Text without line breaks and non-breaking spaces, to search in."""
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def earlier_report(*sign_ins, days=1, **fields):
    """The report that ends some days before, made of the same days' sign-ins for simplicity."""
    made = report(*sign_ins, **fields)
    back = timedelta(days=days)
    window = msgspec.structs.replace(
        made.window, start=made.window.start - back, ending=made.window.ending - back
    )
    return msgspec.structs.replace(made, window=window)


def yesterday():
    """The day before the worked examples: another user, fewer requests, fewer accounts."""
    accounts = AccountMetrics(100, 10, 85, 4, 11, 0, 0.85, 0.85)
    return earlier_report(
        *worked_portal()[3:], *worked_api(), portal(**user("C"), **NOT_VERIFIED), accounts=accounts
    )
