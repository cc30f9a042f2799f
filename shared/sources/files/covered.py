"""For which days, and which kinds of log, files are complete."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from shared.mfa.coverage import LogKinds
from shared.sources.files.intake import DaySpan, LostDays

NOT_IN_FILES = "not in the files"


class CoveredDays(msgspec.Struct, frozen=True):
    """
    The days of each kind of log for which files are complete.

    These are the days after the first record of a kind, up to its last: a download of "the last
    seven days" begins in the middle of a day. `since` and `until` name the days that somebody knows
    to be in the files. A kind without a record may be in other files, so it has no days.
    """

    spans: dict[str, DaySpan]  #: of the records, by the names in `LogKinds`
    lost: tuple[LostDays, ...] = ()
    since: date | None = None
    until: date | None = None

    @property
    def days(self) -> DaySpan | None:
        """From the first to the last day of any kind; `None` if no record says its kind."""
        if not self.spans:
            return None
        spans = self.spans.values()
        first = self.since or min(span.first for span in spans) + timedelta(days=1)
        return DaySpan(first, self.until or max(span.last for span in spans))

    def logs(self, day: date) -> LogKinds:
        """The kinds of log that the files hold completely for a day."""
        is_whole = not self._lost_in(day)
        kinds = LogKinds.__struct_fields__
        return LogKinds(**{kind: is_whole and self._covers(kind, day) for kind in kinds})

    def why_not(self, day: date) -> str:
        """Why the files hold no kind of log completely for a day; empty if they hold one."""
        if files := self._lost_in(day):
            return ", ".join(files[:3])
        if any(self._covers(kind, day) for kind in self.spans):
            return ""
        if not self.spans:
            return "the records do not say which log they are from"
        if not self.since and any(span.first == day for span in self.spans.values()):
            return (
                "the files may begin in the middle of this day; if they hold all of it, say so "
                f"with --since {day}"
            )
        if not self.until and day > max(span.last for span in self.spans.values()):
            return (
                "after the last record; if the files are complete up to this day, say so with "
                f"--until {day}"
            )
        return NOT_IN_FILES

    def _covers(self, kind: str, day: date) -> bool:
        if kind not in self.spans:
            return False
        first, last = self.spans[kind]
        begins = self.since <= day if self.since else first < day
        return begins and day <= (self.until or last)

    def _lost_in(self, day: date) -> list[str]:
        """Which files may lack records of a day, and why."""
        found: dict[str, str] = {}
        for each in self.lost:
            if each.may_have_lost(day):
                found.setdefault(each.file, each.sentence)
        return list(found.values())
