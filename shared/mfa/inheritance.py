"""Which verdict a sign-in without evidence inherits: that of an earlier one it is linked to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.sign_in import SignIn

    _Key: TypeAlias = tuple[str, str, str]  # user, "session" or "correlation", its id
    #: The day of the verdict, the verdict, and the record behind it unless that is verified.
    _Latest: TypeAlias = tuple[str, Verdict, SignIn | None]

_WORST_LAST = (Verdict.VERIFIED, Verdict.EXEMPTED, Verdict.NOT_VERIFIED)
_MARKS = 1 << 27  #: bits, 16 MB at most: pages without a mark take no memory


class VerdictBasis(StrEnum):
    """What a verdict is based on."""

    OWN = "own"
    SESSION = "session"  #: inherited from the same session
    CORRELATION = "correlation"  #: inherited from the same correlation id
    NOTHING = "nothing"


class Inheritance:
    """
    The latest decided verdict of each session and correlation id, for sign-ins without evidence.

    First `expect` every sign-in that may inherit, in any order. Then go through the window in the
    order of time: `add` what is decided, and ask `of` what is not.

    Only what somebody may inherit is held. Who may inherit is marked in a table of bits, by a hash;
    a mark that two keys share keeps a verdict that nobody asks for.
    """

    def __init__(self) -> None:
        self._marks = bytearray(_MARKS // 8)
        self._latest: dict[_Key, _Latest] = {}
        self._verified: dict[str, _Latest] = {}  #: one object a day, as there are many

    def expect(self, sign_in: SignIn) -> None:
        """Note that this sign-in has no evidence of its own."""
        for key, _ in _links(sign_in):
            mark = hash(key) % _MARKS
            self._marks[mark >> 3] |= 1 << (mark & 7)

    def add(self, decided: list[tuple[Verdict, SignIn]]) -> None:
        """Note decided verdicts of one instant, which is not before that of any earlier call."""
        if len(decided) > 1:
            decided = sorted(decided, key=_badness)
        for verdict, sign_in in decided:
            for key, _ in _links(sign_in):
                mark = hash(key) % _MARKS
                if self._marks[mark >> 3] & 1 << (mark & 7):
                    self._latest[key] = self._entry(sign_in, verdict)

    def of(self, sign_in: SignIn) -> tuple[Verdict, VerdictBasis, SignIn | None]:
        """What a sign-in inherits, from what, and the record behind it unless that is verified."""
        for _, verdict, basis, donor in self.every(sign_in):
            return verdict, basis, donor
        return Verdict.UNKNOWN, VerdictBasis.NOTHING, None

    def every(self, sign_in: SignIn) -> Iterator[tuple[str, Verdict, VerdictBasis, SignIn | None]]:
        """What it inherits, then what it would otherwise; each with the day that it comes from."""
        if not sign_in.not_understood:  # else its own field may say otherwise
            for key, basis in _links(sign_in):
                if latest := self._latest.get(key):
                    day, verdict, donor = latest
                    yield day, verdict, basis, donor

    def _entry(self, sign_in: SignIn, verdict: Verdict) -> _Latest:
        day = sign_in.day
        if verdict is Verdict.VERIFIED:
            return self._verified.setdefault(day, (day, verdict, None))
        return day, verdict, sign_in


def _badness(decided: tuple[Verdict, SignIn]) -> tuple[int, str]:
    """Of several at the same instant, the one that shows the least MFA is inherited."""
    verdict, sign_in = decided
    return _WORST_LAST.index(verdict), sign_in.id


def _links(sign_in: SignIn) -> list[tuple[_Key, VerdictBasis]]:
    """What links a sign-in to others, the session first; empty ids link nothing."""
    user = sign_in.user_id or sign_in.upn
    links: list[tuple[_Key, VerdictBasis]] = []
    if user and sign_in.session_id:
        links.append(((user, "session", sign_in.session_id), VerdictBasis.SESSION))
    if user and sign_in.correlation_id:
        links.append(((user, "correlation", sign_in.correlation_id), VerdictBasis.CORRELATION))
    return links
