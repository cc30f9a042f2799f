"""
When a report is made known: one pure decision on the facts of a day and of one addressee.

Timers, queue messages and commands may come in any order, late or twice. Each of them looks at the
facts and asks this; claims make sure that of several that are told to send, one sends
(`shared.service.once_only_delivery`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Action(Enum):
    """What to do about one addressee."""

    NOTHING = "nothing"
    WAIT = "wait"  #: until `Decision.until`, unless the rest comes before
    SEND = "send"
    TELL = "tell"  #: that there is no report
    CORRECT = "correct"  #: what was sent lacked days that are known now


class Received(StrEnum):
    """What an addressee has got of a report."""

    NOTHING = "nothing"
    IN_PART = "in part"  #: a report that lacked days
    COMPLETE = "complete"
    CORRECTED = "corrected"  #: in part, then the correction


@dataclass(frozen=True, slots=True)
class DayState:
    """The facts of one report and channel, the same for every addressee."""

    is_newest: bool  #: whether no later day is closed and none is reported on
    is_stored: bool
    is_complete: bool  #: whether it lacks nothing that may still come
    opened_at: datetime | None  #: when people could first be written to; `None`: not yet


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """What the settings say about reports that are not complete."""

    wait: timedelta = timedelta(hours=4)  #: setting MAIL_WAIT_HOURS
    corrections: bool = True  #: setting MAIL_CORRECTIONS


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and until when to wait."""

    action: Action
    until: datetime | None = None  #: for `Action.WAIT` only


def decide(day: DayState, received: Received, now: datetime, policy: MailPolicy) -> Decision:
    """
    Return what to do now for an addressee.

    A report of an earlier day is never sent as if it were new. Before its door is open nobody is
    written to. A report that lacks days waits for them, but not for ever; that there is none is
    said after the same time. Only a report without gaps corrects one that had some.
    """
    if not (day.is_newest and day.opened_at):
        return Decision(Action.NOTHING)
    if not day.is_stored:
        until = day.opened_at + policy.wait
        return Decision(Action.TELL) if now >= until else Decision(Action.WAIT, until)
    if received is Received.NOTHING:
        until = day.opened_at + policy.wait
        is_due = day.is_complete or now >= until
        return Decision(Action.SEND) if is_due else Decision(Action.WAIT, until)
    is_corrected = received is Received.IN_PART and day.is_complete and policy.corrections
    return Decision(Action.CORRECT if is_corrected else Action.NOTHING)
