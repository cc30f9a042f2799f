"""Copies of one sign-in: the log publishes a sign-in more than once."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.sign_in import Evidence, Requirement, merge_copies
from shared.mfa.verdict import Verdict, judge
from tests.sign_ins import any_sign_in, at, portal_sign_in


def test_an_empty_field_of_a_later_copy_leaves_the_earlier_value() -> None:
    first = portal_sign_in(id="x", sequence=1, requirement=Requirement.MULTI, upn="ann@x.example")
    later = portal_sign_in(id="x", sequence=2, requirement=Requirement.NOT_GIVEN, upn="")

    merged = merge_copies([first, later])

    assert (merged.requirement, merged.upn) == (Requirement.MULTI, "ann@x.example")


def test_a_filled_field_of_a_later_copy_wins() -> None:
    first = portal_sign_in(id="x", sequence=1, details=Evidence.SATISFIED, error_code=50074)
    later = portal_sign_in(id="x", sequence=2, details=Evidence.SILENT, error_code=0)

    merged = merge_copies([first, later])

    assert (merged.details, merged.error_code) == (Evidence.SILENT, 0)


def test_a_later_copy_with_a_single_factor_takes_back_an_earlier_claim() -> None:
    """Entra at first displays "satisfied by claim" wrongly, and publishes the record again."""
    first = portal_sign_in(
        id="x", sequence=1, details=Evidence.SATISFIED, policies=Evidence.SATISFIED
    )
    later = portal_sign_in(id="x", sequence=2)
    incomplete = portal_sign_in(id="x", sequence=2, steps=Evidence.NOT_GIVEN)

    assert judge(merge_copies([first, later])) is Verdict.NOT_VERIFIED
    assert judge(merge_copies([later, msgspec.structs.replace(first, sequence=3)])) is (
        Verdict.VERIFIED
    )
    assert judge(merge_copies([first, incomplete])) is Verdict.VERIFIED


def test_received_later_beats_read_later_because_exports_are_often_newest_first() -> None:
    newest_on_top = portal_sign_in(id="x", sequence=1, received_at=at(20, 12), upn="new@x.example")
    below = portal_sign_in(id="x", sequence=2, received_at=at(20, 10), upn="old@x.example")

    assert merge_copies([newest_on_top, below]).upn == "new@x.example"


@given(st.lists(any_sign_in(), min_size=1, max_size=5), st.randoms())
def test_the_order_of_the_copies_does_not_matter(copies, random) -> None:
    shuffled = random.sample(copies, len(copies))

    assert merge_copies(shuffled) == merge_copies(copies)
