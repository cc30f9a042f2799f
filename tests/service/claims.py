"""The claims of a store in memory, and a process that can be killed between any two steps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import DeliveryUncertainError

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

    def release(self, key: str) -> None:
        self._world.step()
        self._world.claims.discard(key)
        self._world.step()


class FakeMailer:
    """Delivers, or fails as scripted for a recipient."""

    def __init__(self, world: World, *, repeatable: bool, failures=None) -> None:
        self.repeatable = repeatable
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
