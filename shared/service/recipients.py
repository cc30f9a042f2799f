"""Who gets the mail, and when: settings REPORT_RECIPIENTS and MAIL_WHEN."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.delivery.mail.mailer import valid_address
from shared.errors import BadSettingError
from shared.settings import MailWhen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.settings import Settings


class Recipient(NamedTuple):
    """One of the people who get the mail."""

    address: str
    when: MailWhen = MailWhen.DAILY


def recipients_of(settings: Settings) -> list[Recipient]:
    """Read both settings; raises `BadSettingError` for the first invalid recipient."""
    return valid_recipients(settings.report_recipients, settings.mail_when)


def valid_recipients(given: Iterable[str], usual: MailWhen = MailWhen.DAILY) -> list[Recipient]:
    """
    Return each address once, in any case; what is given first wins.

    Raises `BadSettingError` for the first invalid one.
    """
    found: dict[str, Recipient] = {}
    for recipient in (_recipient(text, usual) for text in given):
        found.setdefault(recipient.address.lower(), recipient)
    return list(found.values())


def _recipient(text: str, usual: MailWhen) -> Recipient:
    """Read ``ANN@CONTOSO.COM=weekly``; an address may have an ``=`` before its ``@``."""
    name, _, rest = text.rpartition("@")
    host, has_when, when = rest.partition("=")
    if not has_when:
        return Recipient(valid_address(text, "REPORT_RECIPIENTS"), usual)
    address = valid_address(f"{name}@{host}", "REPORT_RECIPIENTS")
    try:
        return Recipient(address, MailWhen(when.strip().lower()))
    except ValueError:
        raise BadSettingError(
            f"Setting REPORT_RECIPIENTS holds {text!r}; expected {', '.join(MailWhen)} after the =."
        ) from None
