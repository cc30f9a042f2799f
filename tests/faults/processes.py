"""Work in processes of its own, which share nothing with the test but what is stored."""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST_SECONDS = 300
_FAILED = 99


def in_process(work: Callable[[], object]) -> int:
    """Start some work in a process of its own; returns its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of the test are servers
        child = os.fork()
    if child:
        return child
    signal.alarm(LONGEST_SECONDS)
    status = _FAILED
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 (a process ends here)
        traceback.print_exc(file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)


def status_of(process_id: int) -> int:
    """How a process ended: 0, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])


def at_once(works: Sequence[Callable[[], object]]) -> None:
    """Do some works at the same time, each in a process; all of them must end well."""
    children = [in_process(work) for work in works]
    assert [status_of(child) for child in children] == [0] * len(children)
