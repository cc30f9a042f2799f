"""The function app of the small partner: timers, queues that misbehave, and everything around."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import function_app
from shared.cli.local_host import LocalHost
from shared.errors import MfaStatusError
from shared.settings import Settings
from tests.faults.operations import numbered
from tests.faults.small_partner import nobody_waits, open_partner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

MAIL_WAIT_HOURS = 4
DISK_FULL = 28  #: the errno
SETTINGS = {"MAIL_WAIT_HOURS": str(MAIL_WAIT_HOURS), "MAIL_CORRECTIONS": "false"}


class Installation:
    """One installation whose host's queues outlive its process; close it in the end."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self.partner = self._stack.enter_context(
            open_partner(Path(folder, "store"), settings=SETTINGS)
        )
        self._stack.enter_context(nobody_waits())
        self.host = LocalHost(
            function_app.app, Settings(self.partner.environment), now=self.partner.clock
        )
        self.timers = [
            each.name for each in self.host.functions.values() if each.kind == "timerTrigger"
        ]
        self._full_at = 0

    def close(self) -> None:
        self._stack.close()

    def fire(self, timer: str) -> None:
        """Fire a timer; it may fail, as everything else."""
        with self._process(), suppress(MfaStatusError):
            self.host.fire(timer)

    def work(self) -> None:
        """Handle all messages that are visible, each as often as the host would."""
        with self._process():
            self.host.work()

    def shuffle(self, by: int) -> None:
        """Let other messages come first."""
        self.host._waiting.rotate(by)  # noqa: SLF001

    def repeat(self, index: int) -> str | None:
        """Deliver a message twice, as queues may; returns its text, if there is one."""
        waiting = self.host.waiting
        if not waiting:
            return None
        message = waiting[index % len(waiting)]
        self.host.enqueue(message.queue, message.body)
        return message.body

    def fill_disk_at(self, operation: int) -> None:
        """Let one of the next file operations fail."""
        self._full_at = operation

    def pass_time(self, step: timedelta) -> None:
        self.partner.clock.go_on(seconds=step.total_seconds())

    @contextmanager
    def _process(self) -> Iterator[None]:
        """A process of the app, with objects of its own."""

        def fail(number: int, kind: str) -> None:
            if kind == "file" and number == full_at:
                raise OSError(DISK_FULL, "No space left on device")

        full_at, self._full_at = self._full_at, 0
        logging.getLogger("shared").setLevel(logging.CRITICAL)
        with self.partner.used() as service, numbered(fail):
            vars(service)["queues"] = self.host
            yield
