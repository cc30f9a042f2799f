"""One thing that was tried, and what to do if it does not work."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.errors import BadSettingError, MfaStatusError

if TYPE_CHECKING:
    from collections.abc import Callable


class CheckState(StrEnum):
    """What is known of it."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"  #: it was tried, or could not be, and nothing shows whether it works
    NOT_TRIED = "not tried"  #: these settings do not need it, or trying it would be noticed


class Check(msgspec.Struct, frozen=True):
    """A line of ``check``."""

    check: str  #: what was tried
    state: CheckState
    sentence: str
    remedy: str = ""  #: one sentence, if it is not in order

    @property
    def is_in_order(self) -> bool:
        """Whether nothing is to be done about it."""
        return self.state in (CheckState.OK, CheckState.NOT_TRIED)


def tried(name: str, try_it: Callable[[], str], remedy: str) -> Check:
    """Try something that returns a sentence, or raises what is wrong with it."""
    try:
        return Check(name, CheckState.OK, try_it())
    except BadSettingError as error:
        return Check(name, CheckState.FAILED, str(error), CORRECT)
    except MfaStatusError as error:
        return Check(name, CheckState.FAILED, str(error), remedy)


def not_tried(name: str, why: str) -> Check:
    """Something that these settings do not need, or that would be noticed."""
    return Check(name, CheckState.NOT_TRIED, why)


CORRECT = "Correct the setting; docs/settings.md lists them."
