"""
On which days an addressee gets a mail, and what is kept for that: claims, without an address.

The claim of each mail is kept anyway. Next to it stands the state that it said, for those who are
written to on change: entered when it is certain that the mail went out. So whatever breaks, the
next day finds less than was sent, and a mail too many goes out rather than one too few.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.service.delivery_decision import LastMail, days_of_week, is_due
from shared.settings import MailWhen

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from shared.service.once_only_delivery import Addressee, Claims, OnceOnlyDelivery

#: How far back the last mail is looked for. So who is written to on change gets a mail in four
#: weeks at least, and sees that there is somebody who watches.
LOOKED_BACK = 28


@dataclass(frozen=True, slots=True)
class MailDays:
    """The days before a report of a tenant."""

    ending: date
    key: Callable[[str, date], str]  #: of the mail to an address about a day
    state: Callable[[], str | None]  #: what the report says is so; `None` if that is not known

    def is_due(self, addressee: Addressee, once: OnceOnlyDelivery, claims: Claims) -> bool:
        """Return whether a mail is due to somebody who has not got today's."""
        if addressee.when is MailWhen.WEEKLY:
            days = days_of_week(self.ending)
            sent = any(once.is_done(self.key(addressee.recipient, day)) for day in days)
            return is_due(addressee.when, LastMail(is_of_this_week=sent))
        if addressee.when is MailWhen.ON_CHANGE:
            return is_due(addressee.when, LastMail(says_the_same=self._says_it(addressee, claims)))
        return True

    def enter_sent(self, addressee: Addressee, claims: Claims) -> None:
        """Enter what a mail said that has certainly gone out."""
        state = self.state() if addressee.when is MailWhen.ON_CHANGE else None
        if state:
            claims.claim(_said(self.key(addressee.recipient, self.ending), state))

    def _says_it(self, addressee: Addressee, claims: Claims) -> bool:
        state = self.state()
        if state is None:
            return False
        days = (self.ending - timedelta(days=n) for n in range(1, LOOKED_BACK + 1))
        keys = (self.key(addressee.recipient, day) for day in days)
        last = next(filter(claims.is_claimed, keys), None)  # sent, or perhaps sent
        return last is not None and claims.is_claimed(_said(last, state))


def _said(key: str, state: str) -> str:
    return f"{key}/said/{state}"
