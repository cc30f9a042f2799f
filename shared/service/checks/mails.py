"""Whether mails can go out: without sending one, unless that is asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from shared.delivery.mail.mailer import Mail
from shared.errors import BadSettingError, DeliveryUncertainError, MfaStatusError
from shared.service.checks.check import CORRECT, Check, CheckState, not_tried
from shared.service.mailers import open_mailer
from shared.service.recipients import recipients_of
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.service.composition import Service

_NOBODY = "Nobody is mailed: REPORT_RECIPIENTS is empty."
_POSTED = "Posting a card would be seen by everybody in the channel."
_ONLY_BY_SENDING = "Only sending one shows whether Graph takes a mail: add --mail."
_REMEDY = "Do what the sentence says; docs/deploy.md, step 4, has the mailbox's role."
_SUBJECT = "partner-mfa-status: a test mail"
_TEXT = (
    "This is the mail that `python dev.py check --mail` sends: reports can reach you. Nothing is "
    "to be done.\n"
)


def try_mails(service: Service, *, send: bool) -> Iterator[Check]:
    """The mailer, and the Teams channel as far as nobody notices."""
    settings = service.settings
    if not Settings.report_recipients.text(settings.environment).strip("; "):
        yield not_tried("mailer", _NOBODY)
    else:
        yield _try_mailer(partial(_send if send else _reach, service))
    if settings.is_given(Settings.teams_webhook_url):
        yield not_tried("teams", _POSTED)


def _try_mailer(try_it: partial[Check]) -> Check:
    try:
        return try_it()
    except BadSettingError as error:
        return Check("mailer", CheckState.FAILED, str(error), CORRECT)
    except DeliveryUncertainError as error:
        remedy = "Look into the mailbox, or try again."
        return Check("mailer", CheckState.UNKNOWN, str(error), remedy)
    except MfaStatusError as error:
        return Check("mailer", CheckState.FAILED, str(error), _REMEDY)


def _reach(service: Service) -> Check:
    settings = service.settings
    recipients_of(settings)
    with open_mailer(settings, service.open_partner_graph) as mailer:
        where = mailer.reach()
    if not where:
        return not_tried("mailer", _ONLY_BY_SENDING)
    return Check("mailer", CheckState.OK, f"{where} No mail was sent.")


def _send(service: Service) -> Check:
    settings = service.settings
    first = recipients_of(settings)[0].address
    mail = Mail(_SUBJECT, _TEXT, f"<p>{_TEXT}</p>", service.now())
    with open_mailer(settings, service.open_partner_graph) as mailer:
        mailer.send(mail, first, f"mail-check/{uuid4()}")
        outcome = "written to the outbox" if mailer.is_outbox else "sent"
    return Check("mailer", CheckState.OK, f"A test mail was {outcome} for the first recipient.")
