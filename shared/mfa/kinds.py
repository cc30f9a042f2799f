"""
Sign-ins as rows: what is one sign-in's own, and its kind, which it shares with many.

A week of a million sign-ins has some ten thousand kinds. What follows from a kind alone (its
verdict, its reason) is worked out once for each, and what they have in common is stored once.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared.mfa.sign_in import SignIn
from shared.mfa.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Hashable

#: What is a sign-in's own, or its copy's, and what it is in a kind's `SignIn`.
_OWN: dict[str, Any] = {
    "created_at": "",
    "id": "",
    "received_at": "",
    "sequence": 0,
    "ip_address": "",
    "correlation_id": "",
    "session_id": "",
}
_shared = attrgetter(*(name for name in SignIn.__struct_fields__ if name not in _OWN))
_own = attrgetter("created_at", "id", "session_id", "correlation_id", "ip_address")

#: Of several verdicts at one instant, the one that shows the least MFA is inherited, so it is last.
_DECIDED = (Verdict.VERIFIED, Verdict.EXEMPTED, Verdict.NOT_VERIFIED)
HEIR: Final = len(_DECIDED)  #: the rank of what may inherit: after all that is decided


class Kind(msgspec.Struct, gc=False, eq=False):
    """Sign-ins that are equal in all but their own, and what follows from what they share."""

    common: SignIn  #: what they share; the other fields are empty
    own: Verdict | None  #: the verdict of their own records; `None` without evidence
    user: str  #: what identifies their user; may be empty
    #: What one does at its instant: it leaves a verdict to others, or is a `HEIR`, or neither.
    rank: int | None

    @classmethod
    def of(cls, common: SignIn) -> Kind:
        """The kind of sign-ins that share this."""
        own, user, rank = judge(common), common.user_key, None
        if user and own in _DECIDED:
            rank = _DECIDED.index(own)
        elif user and own is None and not common.not_understood:
            rank = HEIR  # of what is not understood, a field may say otherwise
        return cls(common, own, user, rank)


class Row(msgspec.Struct, gc=False):
    """
    One sign-in. When its copy was received, and in which place, is left out.

    Of millions, none is looked at by the garbage collector, and none can be part of a cycle.
    """

    created_at: str
    id: str
    kind: Kind
    session_id: str
    correlation_id: str
    ip_address: str

    @property
    def day(self) -> str:
        """Its UTC calendar day, as ``YYYY-MM-DD``."""
        return self.created_at[:10]


class Kinds:
    """Makes rows of sign-ins, with one object for each kind."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Kind] = {}

    def row(self, sign_in: SignIn) -> Row:
        """The sign-in as a row."""
        shared = _shared(sign_in)
        kind = self._known.get(shared)
        if kind is None:
            kind = self._known[shared] = Kind.of(msgspec.structs.replace(sign_in, **_OWN))
        created_at, id_, *links_and_address = _own(sign_in)
        return Row(created_at, id_, kind, *links_and_address)


def restored(row: Row, received_at: str = "", sequence: int = 0) -> SignIn:
    """The sign-in of a row."""
    return msgspec.structs.replace(
        row.kind.common,
        created_at=row.created_at,
        id=row.id,
        received_at=received_at,
        sequence=sequence,
        ip_address=row.ip_address,
        correlation_id=row.correlation_id,
        session_id=row.session_id,
    )
