"""Which kinds of log were read for which days: a figure is known only if its logs are."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

import msgspec

from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class LogKinds(msgspec.Struct, frozen=True):
    """
    The kinds of sign-in log that were read for a slice or a day.

    All, unless a source knows better: Graph answers for every kind, and pulls that were stored
    before the kinds were recorded came from Graph or from complete diagnostics.
    """

    interactive: bool = True
    non_interactive: bool = True
    service_principal: bool = True

    @classmethod
    def common(cls, parts: Iterable[Self]) -> Self:
        """The kinds that all parts of a day have."""
        columns = zip(*map(msgspec.structs.astuple, parts), strict=True)
        return cls(*map(all, columns))


NO_LOGS = LogKinds(interactive=False, non_interactive=False, service_principal=False)


class Coverage(msgspec.Struct, frozen=True):
    """For each kind of log, the days of a window for which it was read completely."""

    interactive: list[date]
    non_interactive: list[date]
    service_principal: list[date]

    @classmethod
    def of(cls, logs: Mapping[date, LogKinds]) -> Self:
        """The coverage of days whose kinds of log are known."""
        return cls(
            *(
                [day for day, kinds in sorted(logs.items()) if getattr(kinds, name)]
                for name in cls.__struct_fields__
            )
        )

    def missing(self, channel: Channel, days: Iterable[date]) -> dict[str, list[date]]:
        """The kinds of log that a channel's figure needs, each with the days that lack it."""
        wanted = list(days)
        lacking = {
            name: [day for day in wanted if day not in getattr(self, name)]
            for name in NEEDED_LOGS[channel]
        }
        return {name: lacked for name, lacked in lacking.items() if lacked}


#: The kinds of log without which a channel's figure is unknown, by their names in `LogKinds`.
#: Users of the portal and of App+User applications appear in both logs of users, but a portal
#: session begins with an interactive sign-in. The service principals' log has no users.
NEEDED_LOGS = {
    Channel.PORTAL: ("interactive", "non_interactive"),
    Channel.API: ("non_interactive",),
}
