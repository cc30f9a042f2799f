"""A window's sign-ins with their verdicts, inherited if a sign-in has no evidence of its own."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.inheritance import Inheritance, VerdictBasis
from shared.mfa.scope import Channel
from shared.mfa.sign_in import SignIn, moment
from shared.mfa.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.scope import Scope

REQUESTS_CAP = 10_000  #: Partner Center lists the 10,000 most recent requests of the window


class Request(msgspec.Struct, frozen=True, gc=False):
    """A sign-in seen as a row of Partner Center's reports."""

    sign_in: SignIn
    channel: Channel
    verdict: Verdict
    basis: VerdictBasis = VerdictBasis.OWN
    donor: SignIn | None = None  #: whose verdict it inherits, unless that is verified

    @property
    def evidence(self) -> SignIn:
        """The sign-in whose record its verdict comes from, unless that is verified."""
        return self.donor or self.sign_in


def judge_all(sign_ins: Iterable[SignIn], scope: Scope) -> list[Request]:
    """
    Every sign-in in scope with its verdict; newest first, ties broken by id.

    A request without evidence of its own takes the latest decided verdict of the same user and
    session at or before it; otherwise of the same user and correlation id; otherwise it is unknown.
    Only verdicts with evidence of their own are inherited, so a verdict is never inherited twice.
    Of several at the same instant, the one that shows the least MFA is inherited.
    """
    in_order = sorted(sign_ins, key=moment)
    inheritance = Inheritance()
    expect_heirs(in_order, scope, inheritance)
    return [*judge_in_order(in_order, scope, inheritance)][::-1]


def expect_heirs(sign_ins: Iterable[SignIn], scope: Scope, inheritance: Inheritance) -> None:
    """Note which sign-ins have no evidence of their own; in any order."""
    for sign_in in sign_ins:
        if scope.channel(sign_in) is not None and judge(sign_in) is None:
            inheritance.expect(sign_in)


def judge_in_order(
    sign_ins: Iterable[SignIn], scope: Scope, inheritance: Inheritance
) -> Iterator[Request]:
    """
    As `judge_all`, oldest first, of sign-ins that are given in the order of `moment`.

    `inheritance` expects those without evidence (`expect_heirs`). Raises `ValueError` if they are
    in another order of time.
    """
    for sign_in, channel, own in own_verdicts(sign_ins, scope, inheritance):
        if own is not None:
            yield Request(sign_in, channel, own)
        else:
            yield Request(sign_in, channel, *inheritance.of(sign_in))


def own_verdicts(
    sign_ins: Iterable[SignIn], scope: Scope, inheritance: Inheritance
) -> Iterator[tuple[SignIn, Channel, Verdict | None]]:
    """The same, but if there is no evidence, `None`: what it inherits, `inheritance` knows then."""
    last = ""
    for instant, at_once in groupby(sign_ins, key=_instant):
        if instant < last:
            raise ValueError(f"{instant} comes after {last}")
        last = instant
        judged = [
            (sign_in, channel, judge(sign_in))
            for sign_in in at_once
            if (channel := scope.channel(sign_in)) is not None
        ]
        inheritance.add(
            [(verdict, sign_in) for sign_in, _, verdict in judged if verdict in _DECIDED]
        )
        yield from judged


_DECIDED = {verdict for verdict in Verdict if verdict.is_request}  #: of a record's own verdicts
_instant = attrgetter("created_at")
