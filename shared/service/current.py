"""The service that this process uses."""

from __future__ import annotations

import atexit
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.delivery.appearance import follow, showing
from shared.service.composition import Service
from shared.settings import Settings
from shared.telemetry import start

if TYPE_CHECKING:
    from collections.abc import Iterator

_current: Service | None = None
_current_lock = threading.Lock()


def service() -> Service:
    """Return this process's service: made of the environment, unless `use` gave another."""
    global _current  # noqa: PLW0603 (one per process is the point)
    with _current_lock:
        if _current is None:
            _current = Service(Settings())
            start(Settings.telemetry.text(_current.settings.environment))
            atexit.register(_current.close)
            follow(lambda: service().appearance)
        return _current


@contextmanager
def use(given: Service) -> Iterator[Service]:
    """Make `service` return this one while the block lasts; then close it."""
    global _current  # noqa: PLW0603
    with _current_lock:
        before, _current = _current, given
    try:
        with showing(lambda: given.appearance):
            yield given
    finally:
        with _current_lock:
            _current = before
        given.close()
