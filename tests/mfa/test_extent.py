"""Whether several policies leave a gap, compared with trying every kind of sign-in."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mfa.accounts.extent import (
    MODERN_CLIENTS,
    Axis,
    ConditionKind,
    Extent,
    Limit,
    Span,
    leave_no_gap,
)

APPS, PLATFORMS, PLACES = ["portal", "api"], ["windows", "ios"], ["hq", "lab", "alltrusted"]
VALUES = {
    Axis.APPLICATION: APPS,
    Axis.CLIENT: list(MODERN_CLIENTS),
    Axis.PLATFORM: PLATFORMS,
    Axis.LOCATION: PLACES,
}
ONE_OF = [frozenset({value}) for value in ("portal", "api", "any other")]
SIGN_INS = [
    dict(zip(Axis, case, strict=True))
    for case in product(
        ONE_OF,
        [frozenset({client}) for client in MODERN_CLIENTS],
        [frozenset({value}) for value in (*PLATFORMS, "any other")],
        [frozenset(c) for size in range(4) for c in combinations(PLACES, size)],
    )
]


def subsets(axis: Axis, least: int = 0) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(VALUES[axis]), min_size=least)


def spans(axis: Axis) -> st.SearchStrategy[Span]:
    return st.builds(Span, st.just(axis), st.none() | subsets(axis, 1), subsets(axis))


def extents() -> st.SearchStrategy[Extent]:
    return st.lists(st.sampled_from(list(Axis)), min_size=1, max_size=2, unique=True).flatmap(
        lambda axes: st.tuples(*map(spans, axes)).map(extent)
    )


def extent(some: tuple[Span, ...]) -> Extent:
    return Extent(tuple(Limit(ConditionKind.OTHER, "", span) for span in some))


def admits(extent: Extent, sign_in: dict[Axis, frozenset[str]]) -> bool:
    return all(
        (span.include is None or span.include & sign_in[axis]) and not span.exclude & sign_in[axis]
        for axis, span in extent.spans.items()
    )


@given(st.lists(extents(), max_size=6))
@settings(max_examples=300)
def test_there_is_no_gap_exactly_when_every_sign_in_is_within_one(some: list[Extent]) -> None:
    expected = all(any(admits(extent, sign_in) for extent in some) for sign_in in SIGN_INS)

    assert leave_no_gap(some) is expected


@given(spans(Axis.PLATFORM) | spans(Axis.LOCATION) | spans(Axis.APPLICATION))
def test_what_one_policy_excludes_and_another_includes_leaves_no_gap(span: Span) -> None:
    outside = extent((Span(span.axis, exclude=span.values),))
    inside = extent((Span(span.axis, include=span.values),))

    if span.values:
        assert leave_no_gap([outside, inside])
        assert not leave_no_gap([outside])
        assert not leave_no_gap([inside])
