"""The claims of a store in memory, and a process that can be killed between any two steps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import DeliveryUncertainError
from shared.service.delivery_decision import DayState, MailPolicy
from shared.service.mailing import deliver
from shared.service.outgoing import Announcement, by_card, by_mail

if TYPE_CHECKING:
    from shared.errors import DeliveryError


class KilledError(BaseException):
    """The process was killed; nothing in it can catch this."""


@dataclass
class World:
    """What outlives a process: claims, and mails that were delivered."""

    claims: set[str] = field(default_factory=set)
    delivered: list[tuple[str, str]] = field(default_factory=list)  #: recipient, key
    steps: int = 0
    killed_at: int | None = None  #: before or after an effect, counted from 1
    lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.killed_at:
            raise KilledError

    def restart(self) -> None:
        self.steps, self.killed_at = 0, None


class FakeStore:
    """Claims only; each may be the last thing that the process does, or just not be done."""

    def __init__(self, world: World) -> None:
        self._world = world

    def claim(self, key: str) -> bool:
        self._world.step()
        with self._world.lock:
            is_first = key not in self._world.claims
            self._world.claims.add(key)
        self._world.step()
        return is_first

    def is_claimed(self, key: str) -> bool:
        with self._world.lock:
            return key in self._world.claims

    def release(self, key: str) -> None:
        self._world.step()
        self._world.claims.discard(key)
        self._world.step()


OPENED = datetime(2026, 11, 24, 5, 15, tzinfo=UTC)
NOW = OPENED + timedelta(minutes=1)
DUE = DayState(is_newest=True, is_stored=True, is_complete=True, opened_at=OPENED)


def mail_status(report, earlier, recipients, mailer, store, *, public_url=None):  # noqa: PLR0913
    """Mail a complete report whose time has come."""
    letter = Announcement(report, earlier, public_url=public_url)
    return deliver(by_mail(letter, recipients, mailer), store, DUE, NOW, MailPolicy())


def mail_in_part(report, recipients, mailer, store):
    """Mail a report that lacks days, after its deadline."""
    outgoing = by_mail(Announcement(report), recipients, mailer)
    day = replace(DUE, is_complete=False)
    return deliver(outgoing, store, day, OPENED + timedelta(hours=5), MailPolicy())


def mail_on_change(report, recipient, mailer, store, state):
    """Mail a complete report to somebody who is written to on change."""
    letter = Announcement(report, state=lambda: state)
    outgoing = by_mail(letter, [f"{recipient}=on-change"], mailer)
    return deliver(outgoing, store, DUE, NOW, MailPolicy())


def announce(report, earlier, channel, store, *, public_url=None):
    """Post the card of a complete report whose time has come."""
    letter = Announcement(report, earlier, public_url=public_url)
    return deliver(by_card(letter, channel), store, DUE, NOW, MailPolicy())


class FakeMailer:
    """Delivers, or fails as scripted for a recipient."""

    def __init__(self, world: World, *, repeatable: bool, failures=None) -> None:
        self.repeatable = repeatable
        self.is_outbox = False
        self._world = world
        self._failures: dict[str, DeliveryError] = failures or {}

    def send(self, mail, recipient: str, key: str) -> None:
        assert mail.subject
        self._world.step()
        failure = self._failures.get(recipient)
        if failure is None or isinstance(failure, DeliveryUncertainError):
            self._world.delivered.append((recipient, key))
        self._world.step()
        if failure is not None:
            raise failure
