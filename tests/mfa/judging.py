"""Requests with their verdicts, one by one, as the fold of a window judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.inheritance import VerdictBasis
from shared.mfa.requests import judge_window
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Channel
from shared.mfa.sign_in import SignIn
from shared.mfa.verdict import Verdict
from shared.mfa.window_sign_ins import WindowSignIns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.reasons.explaining import Explainer
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.scope import Scope


class Request(msgspec.Struct, frozen=True):
    """A sign-in seen as a row of Partner Center's reports."""

    sign_in: SignIn
    channel: Channel
    verdict: Verdict
    basis: VerdictBasis = VerdictBasis.OWN
    donor: SignIn | None = None  #: whose verdict it inherits, unless that is verified

    def reason(self, explainer: Explainer) -> Reason | None:
        evidence = self.donor or self.sign_in
        return explainer.reason_of(self.sign_in, self.verdict, evidence, evidence.created_at)


def judge_all(sign_ins: Iterable[SignIn], scope: Scope) -> list[Request]:
    """Every sign-in in scope with its verdict; newest first, ties broken by id."""
    rollup = Rollup(sign_ins)
    known = {sign_in.id: sign_in for sign_in in rollup}
    found = []
    for judged in judge_window(WindowSignIns([rollup]), scope):
        for row in judged.rows:
            verdict, basis, evidence = judged.of(row)
            donor = None if evidence is row else known[evidence.id]
            channel = judged.channels[row.kind]
            found.append(Request(known[row.id], channel, verdict, basis, donor))
    return found[::-1]
