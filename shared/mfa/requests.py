"""A window's sign-ins with their verdicts, inherited if a sign-in has no evidence of its own."""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum
from heapq import nlargest
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.scope import Channel
from shared.mfa.sign_in import SignIn
from shared.mfa.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.scope import Scope

REQUESTS_CAP = 10_000  #: Partner Center lists the 10,000 most recent requests of the window


class VerdictBasis(StrEnum):
    """What a verdict is based on."""

    OWN = "own"
    SESSION = "session"  #: inherited from the same session
    CORRELATION = "correlation"  #: inherited from the same correlation id
    NOTHING = "nothing"


class Request(msgspec.Struct, frozen=True):
    """A sign-in seen as a row of Partner Center's reports."""

    sign_in: SignIn
    channel: Channel
    verdict: Verdict
    basis: VerdictBasis = VerdictBasis.OWN
    donor: SignIn | None = None  #: the sign-in whose verdict it inherits

    @property
    def evidence(self) -> SignIn:
        """The sign-in whose record its verdict comes from."""
        return self.donor or self.sign_in


def judge_all(sign_ins: Iterable[SignIn], scope: Scope) -> list[Request]:
    """
    Every sign-in in scope with its verdict; newest first, ties broken by id.

    A request without evidence of its own takes the latest decided verdict of the same user and
    session at or before it; otherwise of the same user and correlation id; otherwise it is unknown.
    Only verdicts with evidence of their own are inherited, so a verdict is never inherited twice.
    Of several at the same instant, the one that shows the least MFA is inherited.
    """
    judged = [
        (sign_in, channel, judge(sign_in))
        for sign_in in sign_ins
        if (channel := scope.channel(sign_in)) is not None
    ]
    decided = _DecidedVerdicts([sign_in for sign_in, _, verdict in judged if verdict is None])
    for sign_in, _, verdict in judged:
        if verdict is not None and verdict.is_request:
            decided.add(sign_in, verdict)
    requests = [
        Request(sign_in, channel, verdict)
        if verdict is not None
        else Request(sign_in, channel, *decided.inherited_by(sign_in))
        for sign_in, channel, verdict in judged
    ]
    return sorted(requests, key=newness, reverse=True)


def newness(request: Request) -> tuple[str, str]:
    """The key that sorts requests oldest first, ties broken by id."""
    return request.sign_in.created_at, request.sign_in.id


def active_users(requests: Iterable[Request]) -> set[str]:
    """
    The users who made a request: object ids, else names; lower case.

    The empty text stands for users that no field names.
    """
    return {request.sign_in.user_key.lower() for request in requests if request.verdict.is_request}


def newest(requests: Iterable[Request], cap: int = REQUESTS_CAP) -> list[Request]:
    """The newest requests, newest first; the newest of the parts' newest are those of the whole."""
    return nlargest(cap, requests, key=newness)


_WORST_LAST = (Verdict.VERIFIED, Verdict.EXEMPTED, Verdict.NOT_VERIFIED)

_Key = tuple[str, str, str]  # user, "session" or "correlation", its id


class _DecidedVerdicts:
    """Decided verdicts by user and session or correlation id, for the undecided sign-ins."""

    def __init__(self, undecided: list[SignIn]) -> None:
        self._entries: dict[_Key, list[tuple[str, int, str, Verdict, SignIn]]] = {
            key: [] for sign_in in undecided for key, _ in _inheritance_keys(sign_in)
        }
        self._sorted: set[_Key] = set()

    def add(self, sign_in: SignIn, verdict: Verdict) -> None:
        for key, _ in _inheritance_keys(sign_in):
            if key in self._entries:  # others are never looked up
                rank = _WORST_LAST.index(verdict)
                entry = sign_in.created_at, rank, sign_in.id, verdict, sign_in
                self._entries[key].append(entry)

    def inherited_by(self, sign_in: SignIn) -> tuple[Verdict, VerdictBasis, SignIn | None]:
        if sign_in.not_understood:  # its own field may say otherwise
            return Verdict.UNKNOWN, VerdictBasis.NOTHING, None
        for key, basis in _inheritance_keys(sign_in):
            entries = self._in_order(key)
            before = bisect_right(entries, sign_in.created_at, key=lambda entry: entry[0])
            if before:
                *_, verdict, donor = entries[before - 1]
                return verdict, basis, donor
        return Verdict.UNKNOWN, VerdictBasis.NOTHING, None

    def _in_order(self, key: _Key) -> list[tuple[str, int, str, Verdict, SignIn]]:
        if key not in self._sorted:
            self._entries[key].sort()
            self._sorted.add(key)
        return self._entries[key]


def _inheritance_keys(sign_in: SignIn) -> list[tuple[_Key, VerdictBasis]]:
    """What links a sign-in to others, the session first; empty ids link nothing."""
    if not sign_in.user_key:
        return []
    links = (
        ("session", sign_in.session_id, VerdictBasis.SESSION),
        ("correlation", sign_in.correlation_id, VerdictBasis.CORRELATION),
    )
    return [((sign_in.user_key, kind, link), basis) for kind, link, basis in links if link]
