"""
Which queue messages are this app's, and can be handled at all.

Two apps may share a storage account: by mistake, or after a setting was changed. Each then gets
messages of the other, and whichever handles one enters what it reads as the other's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import BadInputError, StoreError
from shared.mfa.window import HOURS_OF_DAY
from shared.service.messages import CollectSlice, PublishReport
from shared.telemetry import note

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from shared.service.messages import AnyMessage, AnyMessageT, Sender
    from shared.stores.store import Store

SET_ASIDE = "set-aside"  #: the queue of messages that nobody can use; nothing listens to it
FOREIGN = "Messages of another app are in this app's queues: two apps share a storage account."

_LIFETIME = timedelta(days=7)  #: of a message, as the Functions host puts it
_LAST_CHANCE = timedelta(hours=12)  #: what must be left of it to be given back once more
_SHORTEST_DELAY = timedelta(minutes=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Reads messages, and returns those that are to be handled."""

    sender: Sender
    today: Callable[[], date]
    now: Callable[[], datetime]
    is_configured: Callable[[str], bool]  #: whether a tenant is
    store: Store

    def read(
        self, kind: type[AnyMessageT], body: bytes, expires_at: datetime | None, *, suffix: str = ""
    ) -> AnyMessageT | None:
        """
        Return a message that is this app's; `None` after giving it back, or setting it aside.

        Another app's goes back into its queue, each time for longer, so that the other app gets it.
        What no app can handle, or nobody has taken in a week, goes into a queue of its own.
        `suffix` is ``-poison`` for what comes from that queue.
        """
        queue = f"{kind.queue}{suffix}"
        try:
            message = kind.from_json(body)
        except BadInputError as error:
            self._set_aside(queue, body, str(error))
            return None
        if self._is_foreign(message):
            self._give_back(queue, body, expires_at)
            return None
        if objection := self._objection(message):
            self._set_aside(queue, body, objection)
            return None
        return message

    def _is_foreign(self, message: AnyMessage) -> bool:
        """Whether another app put it; releases before the field `app` named the tenant alone."""
        if message.app:
            return message.app != self.sender.app
        return not self.is_configured(message.tenant_id)

    def _objection(self, message: AnyMessage) -> str:
        if not self.is_configured(message.tenant_id):
            return f"Tenant {message.tenant_id!r} is not configured; nothing is done for it."
        if message.last_day >= self.today():
            return f"{message.last_day} is not over yet (UTC)."
        if isinstance(message, PublishReport) and message.newest < message.ending:
            return f"Its newest day is {message.newest}, which is before {message.ending}."
        if isinstance(message, CollectSlice):
            slice_ = message.slice
            if not 0 <= slice_.from_hour < slice_.to_hour <= HOURS_OF_DAY:
                return f"A day has no hours from {slice_.from_hour} to {slice_.to_hour}."
        return ""

    def _give_back(self, queue: str, body: bytes, expires_at: datetime | None) -> None:
        """Put a message into its queue again; what is left of its time stays the same."""
        left = _LIFETIME
        if expires_at is not None:
            aware = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
            left = min(aware - self.now(), _LIFETIME)
        self._notice()
        if left < _LAST_CHANCE:
            self._set_aside(queue, body, f"{FOREIGN} Nobody has taken this one.")
            return
        delay = max(_SHORTEST_DELAY, min((_LIFETIME - left) / 4, _LAST_CHANCE / 2))
        note(state="given back", queue=queue)
        _log.error("%s One of %s is given back to its queue; nothing is entered.", FOREIGN, queue)
        self.sender.queues().put(queue, [_text(body)], delay=delay, lifetime=left)

    def _set_aside(self, queue: str, body: bytes, sentence: str) -> None:
        note(state="set aside", queue=queue)
        _log.error("A message of %s is set aside in %s: %s", queue, SET_ASIDE, sentence)
        self.sender.queues().put(SET_ASIDE, [_text(body)])

    def _notice(self) -> None:
        """Let the health page say it, today and tomorrow."""
        try:
            self.store.claim(foreign_claim(self.today()))
        except StoreError as error:
            _log.warning("It was not noted that another app's message came: %s", error)


def foreign_claim(day: date) -> str:
    """The claim of a day on which a message of another app came."""
    return f"foreign-message/{day}"


def _text(body: bytes) -> str:
    return str(body, "utf-8", "replace")
