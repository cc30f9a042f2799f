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
    from datetime import date, datetime

    from shared.settings import MailWhen

_DAY = timedelta(days=1)


class Action(Enum):
    """What to do about one addressee."""

    NOTHING = "nothing"
    WAIT = "wait"  #: until `Decision.until`, unless the rest comes before
    SEND = "send"
    TELL = "tell"  #: that there is no report
    CORRECT = "correct"  #: what was sent lacked days that are known now
    SKIP = "skip"  #: it is not this addressee's day


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


@dataclass(frozen=True, slots=True)
class LastMail:
    """What an addressee got before a day, as far as it is kept."""

    is_of_this_week: bool = (
        False  #: whether a mail has gone out in the week, which begins on Monday
    )
    says_the_same: bool = False  #: whether it is certain that the last one said what is so now


def is_due(when: MailWhen, last: LastMail) -> bool:
    """Return whether a day is an addressee's; what is not known makes it so."""
    return {"daily": True, "weekly": not last.is_of_this_week}.get(when, not last.says_the_same)


def days_of_week(ending: date) -> list[date]:
    """Return the endings, newest first, of the mails of a week before that of `ending`."""
    mailed_on = ending + _DAY
    return [ending - n * _DAY for n in range(1, mailed_on.weekday() + 1)]


def decide(
    day: DayState, received: Received, now: datetime, policy: MailPolicy, *, due: bool = True
) -> Decision:
    """
    Return what to do now for an addressee, whose day it is or not.

    A report of an earlier day is never sent as if it were new. Before its door is open nobody is
    written to. A report that lacks days waits for them, but not for ever; that there is none is
    said after the same time. Only a report without gaps corrects one that had some.
    """
    if not (day.is_newest and day.opened_at):
        return Decision(Action.NOTHING)
    if received is Received.NOTHING and not due:
        return Decision(Action.SKIP)
    if not day.is_stored:
        until = day.opened_at + policy.wait
        return Decision(Action.TELL) if now >= until else Decision(Action.WAIT, until)
    if received is Received.NOTHING:
        until = day.opened_at + policy.wait
        is_due = day.is_complete or now >= until
        return Decision(Action.SEND) if is_due else Decision(Action.WAIT, until)
    is_corrected = received is Received.IN_PART and day.is_complete and policy.corrections
    return Decision(Action.CORRECT if is_corrected else Action.NOTHING)
