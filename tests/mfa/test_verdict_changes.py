"""What a re-pull changed: which verdicts, and which way."""

from __future__ import annotations

import pytest

from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.sign_in import Evidence, Requirement
from shared.mfa.verdict_changes import VerdictChanges, compare_pulls
from tests.sign_ins import portal_sign_in

VERIFIED = {"details": Evidence.SATISFIED}
WITHOUT = {"requirement": Requirement.SINGLE, "steps": Evidence.SILENT}
SKIPPED = {"details": Evidence.SKIPPED}
UNKNOWN = {"requirement": Requirement.NOT_GIVEN, "steps": Evidence.NOT_GIVEN}
FAILED = {"error_code": 50074}


def changes(before, after):
    """Of one sign-in: as it was, and as it is; `None` if it is not there."""
    return compare_pulls(pull(before), pull(after), Scope())


def pull(sign_in):
    return Rollup([] if sign_in is None else [portal_sign_in(id="one", **sign_in)])


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        (VERIFIED, VERIFIED, None),
        (VERIFIED, WITHOUT, "verified_to_without"),
        (VERIFIED, SKIPPED, "verified_to_without"),
        (WITHOUT, VERIFIED, "without_to_verified"),
        (SKIPPED, VERIFIED, "without_to_verified"),
        (SKIPPED, WITHOUT, None),
        (UNKNOWN, VERIFIED, "unknown_to_known"),
        (UNKNOWN, WITHOUT, "unknown_to_known"),
        (WITHOUT, UNKNOWN, "known_to_unknown"),
        (WITHOUT, None, "gone"),
        (VERIFIED, FAILED, "gone"),
    ],
)
def test_each_request_is_compared_with_what_it_was(before, after, counted) -> None:
    expected = VerdictChanges(compared=1, **({counted: 1} if counted else {}))

    assert changes(before, after) == expected
    assert expected.changed == (1 if counted else 0)


@pytest.mark.parametrize("before", [None, FAILED])
def test_what_was_no_request_before_is_new(before) -> None:
    assert changes(before, VERIFIED) == VerdictChanges(new=1)


def test_changes_add_up() -> None:
    one, two = VerdictChanges(3, 1, 0, 2, 0, 4, 0), VerdictChanges(5, 0, 1, 0, 1, 0, 1)

    assert VerdictChanges.total([one, two]) == VerdictChanges(8, 1, 1, 2, 1, 4, 1)
    assert VerdictChanges.total([]) == VerdictChanges()
