"""What a request inherits, and from whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.inheritance import VerdictBasis
from shared.mfa.scope import Scope
from shared.mfa.sign_in import Evidence, SignInEventType
from shared.mfa.verdict import Verdict, judge
from tests.mfa.judging import judge_all
from tests.sign_ins import any_sign_in, api_sign_in, at, portal_sign_in


def verdicts(*sign_ins):
    return {
        request.sign_in.id: (request.verdict, request.basis)
        for request in judge_all(sign_ins, Scope())
    }


def test_a_request_without_evidence_takes_the_verdict_of_its_session() -> None:
    decided = portal_sign_in(created_at=at(19), session_id="s", details=Evidence.SATISFIED)
    undecided = api_sign_in(id="undecided", created_at=at(20), session_id="s")

    assert verdicts(decided, undecided)["undecided"] == (Verdict.VERIFIED, VerdictBasis.SESSION)


def test_a_request_of_which_a_field_was_not_understood_inherits_nothing() -> None:
    """What was not understood may say that this very request had no MFA."""
    decided = portal_sign_in(created_at=at(19), session_id="s", details=Evidence.SATISFIED)
    unread = api_sign_in(id="unread", created_at=at(20), session_id="s", not_understood=True)

    assert verdicts(decided, unread)["unread"] == (Verdict.UNKNOWN, VerdictBasis.NOTHING)


def test_it_takes_the_latest_verdict_at_or_before_it_not_a_later_one() -> None:
    early = portal_sign_in(created_at=at(18), session_id="s", details=Evidence.SATISFIED)
    same_instant = portal_sign_in(created_at=at(20), session_id="s")
    later = portal_sign_in(created_at=at(21), session_id="s", details=Evidence.SATISFIED)
    undecided = api_sign_in(id="undecided", created_at=at(20), session_id="s")

    found = verdicts(early, same_instant, later, undecided)["undecided"]

    assert found == (Verdict.NOT_VERIFIED, VerdictBasis.SESSION)


@pytest.mark.parametrize("ids", [("1", "2"), ("2", "1")])
def test_of_two_verdicts_at_one_instant_the_one_that_counts_against_is_inherited(ids) -> None:
    with_mfa = portal_sign_in(id=ids[0], session_id="s", details=Evidence.SATISFIED)
    without = portal_sign_in(id=ids[1], session_id="s")
    undecided = api_sign_in(id="undecided", session_id="s")

    found = verdicts(with_mfa, without, undecided)["undecided"]

    assert found == (Verdict.NOT_VERIFIED, VerdictBasis.SESSION)


def test_the_session_comes_before_a_later_request_with_the_same_correlation_id() -> None:
    session = portal_sign_in(created_at=at(18), session_id="s", details=Evidence.SATISFIED)
    correlated = portal_sign_in(created_at=at(19), correlation_id="c")
    undecided = api_sign_in(id="undecided", created_at=at(20), session_id="s", correlation_id="c")

    assert verdicts(session, correlated, undecided)["undecided"] == (
        Verdict.VERIFIED,
        VerdictBasis.SESSION,
    )


def test_without_a_session_the_correlation_id_decides() -> None:
    correlated = portal_sign_in(created_at=at(19), session_id="other", correlation_id="c")
    undecided = api_sign_in(id="undecided", created_at=at(20), session_id="s", correlation_id="c")

    assert verdicts(correlated, undecided)["undecided"] == (
        Verdict.NOT_VERIFIED,
        VerdictBasis.CORRELATION,
    )


def test_an_exemption_is_inherited_as_an_exemption() -> None:
    decided = portal_sign_in(created_at=at(19), session_id="s", details=Evidence.SKIPPED)
    undecided = api_sign_in(id="undecided", created_at=at(20), session_id="s")

    assert verdicts(decided, undecided)["undecided"] == (Verdict.EXEMPTED, VerdictBasis.SESSION)


def test_nobody_inherits_from_another_user_an_empty_id_or_a_sign_in_that_was_not_completed() -> (
    None
):
    satisfied = Evidence.SATISFIED
    sign_ins = (
        portal_sign_in(created_at=at(18), user_id="bob", session_id="s", details=satisfied),
        portal_sign_in(created_at=at(18), session_id="", correlation_id="", details=satisfied),
        portal_sign_in(created_at=at(18), session_id="s", error_code=50076, details=satisfied),
        portal_sign_in(created_at=at(18), event=SignInEventType.SERVICE_PRINCIPAL, session_id="s"),
        api_sign_in(id="undecided", created_at=at(20), session_id="s"),
        api_sign_in(id="bare", created_at=at(20)),
    )

    found = verdicts(*sign_ins)

    assert found["undecided"] == found["bare"] == (Verdict.UNKNOWN, VerdictBasis.NOTHING)


def test_sign_ins_without_any_user_never_inherit_from_each_other() -> None:
    nobody = {"user_id": "", "upn": "", "session_id": "s"}
    decided = portal_sign_in(created_at=at(18), details=Evidence.SATISFIED, **nobody)
    undecided = api_sign_in(id="undecided", created_at=at(20), **nobody)

    assert verdicts(decided, undecided)["undecided"] == (Verdict.UNKNOWN, VerdictBasis.NOTHING)


def test_an_inherited_verdict_is_not_inherited_again() -> None:
    first = api_sign_in(id="first", created_at=at(19), session_id="s", correlation_id="c")
    decided = portal_sign_in(created_at=at(18), session_id="s", details=Evidence.SATISFIED)
    second = api_sign_in(id="second", created_at=at(20), correlation_id="c")

    found = verdicts(decided, first, second)

    assert found["first"] == (Verdict.VERIFIED, VerdictBasis.SESSION)
    assert found["second"] == (Verdict.UNKNOWN, VerdictBasis.NOTHING)


@given(st.lists(any_sign_in(), max_size=12, unique_by=lambda sign_in: sign_in.id))
def test_judging_all_agrees_with_searching_for_each_verdict(sign_ins) -> None:
    for request in judge_all(sign_ins, Scope()):
        assert request.verdict is naive_verdict(request.sign_in, sign_ins)


def naive_verdict(undecided, sign_ins):
    own = judge(undecided)
    if own is not None:
        return own
    for link in ("session_id", "correlation_id"):
        candidates = [
            decided
            for decided in sign_ins
            if Scope().channel(decided)
            and judge(decided) in (Verdict.VERIFIED, Verdict.NOT_VERIFIED, Verdict.EXEMPTED)
            and decided.user_key == undecided.user_key != ""
            and getattr(decided, link) == getattr(undecided, link) != ""
            and decided.created_at <= undecided.created_at
        ]
        if candidates:
            latest = max(decided.created_at for decided in candidates)
            found = {judge(decided) for decided in candidates if decided.created_at == latest}
            worst = (Verdict.NOT_VERIFIED, Verdict.EXEMPTED, Verdict.VERIFIED)
            return next(verdict for verdict in worst if verdict in found)
    return Verdict.UNKNOWN


def test_requests_of_one_instant_are_in_the_order_of_their_ids() -> None:
    sign_ins = [portal_sign_in(id=name) for name in ("b", "c", "a")]

    assert [request.sign_in.id for request in judge_all(sign_ins, Scope())] == ["c", "b", "a"]
