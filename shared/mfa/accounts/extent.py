"""
When a policy applies: to which applications, from which clients, platforms and locations.

Policies can complement each other in four kinds of condition (one for browsers, one for desktop
clients): these have a `Span`. They cannot in risk, device filters and authentication flows: a
policy with one of these is conditional, whatever the other policies are.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import chain, combinations
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_MOST_LOCATIONS = 8  # with more, locations are not combined: any of them may overlap


class ConditionKind(StrEnum):
    """Why a demand does not always apply; the values are part of finding ids."""

    APPLICATIONS = "applications"
    PARTNER_CENTER = "partner-center"
    AZURE_MANAGEMENT = "azure-management"
    CLIENT_APP = "client-app"
    PLATFORM = "platform"
    LOCATION = "location"
    RISK = "risk"
    DEVICE_FILTER = "device-filter"
    AUTHENTICATION_FLOW = "authentication-flow"
    OTHER = "other"


class FutileReason(StrEnum):
    """Why a policy affects no sign-in of concern."""

    NO_APPLICATION = "names no application"
    USER_ACTION = "targets the registration of security information or devices, not sign-ins"
    LEGACY_ONLY = "targets legacy protocols only, which cannot do MFA"


class Axis(StrEnum):
    """The dimension of a span."""

    APPLICATION = "application"  #: each id of Partner Center; all others count as one
    CLIENT = "client"  #: browsers, and apps with modern authentication
    PLATFORM = "platform"
    LOCATION = "location"  #: named locations may overlap


class Span(msgspec.Struct, frozen=True):
    """The values of one axis that a policy includes (`None`: all) and excludes, in lower case."""

    axis: Axis
    include: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()

    def admits(self, case: frozenset[str]) -> bool:
        """Whether a sign-in that has exactly the values in *case* is within the span."""
        return (self.include is None or bool(self.include & case)) and not self.exclude & case

    @property
    def values(self) -> frozenset[str]:
        """All values that it names."""
        return (self.include or frozenset()) | self.exclude


class Limit(msgspec.Struct, frozen=True):
    """One condition of a policy."""

    condition: ConditionKind
    text: str  #: follows "only": "from trusted locations"; empty if another limit says it
    span: Span | None = None  #: `None` if no other policy can complement it
    doubt: str = ""  #: what would have to be known; until then it may limit everything or nothing

    @property
    def is_certain(self) -> bool:
        """Whether it is known to limit the policy."""
        return not self.doubt


class Extent(msgspec.Struct, frozen=True):
    """When a policy applies; without a limit, to every sign-in of modern clients."""

    limits: tuple[Limit, ...] = ()
    left_out: frozenset[str] = frozenset()  #: excluded applications other than Partner Center's
    named: frozenset[str] | None = None  #: applications it is for; `None`: all
    covers_legacy: bool = True  #: whether it targets legacy protocols as well
    futile: FutileReason | None = None

    def is_open(self, *, surely: bool) -> bool:
        """Whether it has no limits other than those that other policies can complement."""
        return not any(limit.span is None and (limit.is_certain or surely) for limit in self.limits)

    @property
    def has_doubt(self) -> bool:
        """Whether one of its limits is not understood."""
        return not all(limit.is_certain for limit in self.limits)

    @property
    def spans(self) -> dict[Axis, Span]:
        """The limits that other policies can complement."""
        return {limit.span.axis: limit.span for limit in self.limits if limit.span}

    @property
    def when(self) -> str:
        """The limits in words: "only in browsers and from trusted locations"."""
        texts = [limit.text for limit in self.limits if limit.text]
        return f"only {' and '.join(texts)}" if texts else ""


def leave_no_gap(extents: Sequence[Extent]) -> bool:
    """
    Whether every sign-in of a modern client is within at least one of *extents*.

    Considers only limits with a span. Exact except for locations: policies with location limits
    are ignored if there are many locations, so the answer errs towards "conditional".
    """
    locations = {
        value
        for extent in extents
        for axis, span in extent.spans.items()
        if axis is Axis.LOCATION
        for value in span.values
    }
    is_few = len(locations) <= _MOST_LOCATIONS
    return _cover(
        [spans for spans in (e.spans for e in extents) if is_few or Axis.LOCATION not in spans]
    )


def _cover(boxes: Collection[dict[Axis, Span]]) -> bool:
    """Split one axis into the cases that the boxes distinguish; each case must be covered."""
    if not all(boxes):
        return True  # one of them has no limits
    axis = min((axis for box in boxes for axis in box), default=None)
    if axis is None:
        return False
    spans = [box[axis] for box in boxes if axis in box]
    return all(_cover(list(_within(boxes, axis, case))) for case in _cases(axis, spans))


def _within(
    boxes: Collection[dict[Axis, Span]], axis: Axis, case: frozenset[str]
) -> Iterator[dict[Axis, Span]]:
    for box in boxes:
        if axis not in box or box[axis].admits(case):
            yield {other: span for other, span in box.items() if other is not axis}


def _cases(axis: Axis, spans: Sequence[Span]) -> Iterator[frozenset[str]]:
    if axis is Axis.CLIENT:
        return (frozenset({client}) for client in MODERN_CLIENTS)
    values = sorted(frozenset().union(*(span.values for span in spans)))
    most = len(values) if axis is Axis.LOCATION else 1
    subsets = (combinations(values, size) for size in range(most + 1))
    return map(frozenset, chain.from_iterable(subsets))


#: Graph's client types that can do MFA, in lower case.
MODERN_CLIENTS = ("browser", "mobileappsanddesktopclients")
