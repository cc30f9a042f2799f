"""Mails and cards that a command sends in its own process, without a queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import BadInputError
from shared.service.once_only_delivery import send_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.service.composition import Service
    from shared.service.delivery_decision import MailPolicy
    from shared.service.messages import DeliverReport
    from shared.service.once_only_delivery import Delivery

_DAY = timedelta(days=1)


def mail_newest(service: Service) -> list[Delivery]:
    """
    Mail and post the partner's newest report now; return what became of each delivery.

    For a run that a person starts: it opens the day's door, and waits for nothing.
    """
    newest = service.today - _DAY
    if service.deliveries.report(newest) is None:
        return []
    policy = replace(service.mail_policy(), wait=timedelta())
    return _deliver(service, service.deliveries.open_door(newest), policy)


def mail_due(service: Service) -> list[Delivery]:
    """Mail and post what is due by now about the newest day, such as a correction."""
    due = service.deliveries.due(service.today - _DAY)
    return _deliver(service, due, service.mail_policy())


def mail_again(service: Service) -> list[Delivery]:
    """Mail the partner's newest stored report because somebody asks for it."""
    ending = service.store.latest_ending(service.partner_id)
    if ending is None:
        raise BadInputError("There is no report yet; `python dev.py run` makes one.")
    requests = service.mail_requests
    return requests.deliver(requests.message(ending, requests.log.new().id))


def _deliver(service: Service, due: Sequence[DeliverReport], policy: MailPolicy) -> list[Delivery]:
    def send(wanted: DeliverReport) -> list[Delivery]:
        return service.deliveries.deliver(wanted, service.today - _DAY, policy).deliveries

    return send_all(*(partial(send, wanted) for wanted in due))
