"""Accounts that no set distinguishes form one class, for any number and order of accounts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.accounts.account_set import AccountLookup, AccountSet, bits_of
from shared.mfa.accounts.classes import AccountClassifier
from shared.mfa.accounts.directory import User
from shared.mfa.accounts.roster import Roster


def roster(size: int) -> Roster:
    return Roster(tuple(User(f"user-{index}") for index in range(size)))


def check(size: int, sets: list[AccountSet]) -> None:
    """Every account's class agrees with each set about the account's membership."""
    classifier = AccountClassifier(roster(size))
    columns = [classifier.add(accounts) for accounts in sets]
    classifier.split()

    answers = [
        tuple(column.truth(signature) for column in columns) for signature in classifier.signatures
    ]
    lookups = [AccountLookup(accounts, size) for accounts in sets]
    for index, class_index in enumerate(classifier.class_of):
        assert answers[class_index] == tuple(lookup.truth(index) for lookup in lookups)
    assert len(classifier.class_of) == size
    assert len(set(answers)) == len(answers)


indexes = st.sets(st.integers(0, 19))


@given(st.lists(st.tuples(indexes, indexes), max_size=4))
def test_a_class_says_what_its_sets_say(pairs) -> None:
    check(20, [AccountSet(bits_of(sure, 20), bits_of(sure | more, 20)) for sure, more in pairs])


def test_a_class_says_what_its_sets_say_over_more_accounts_than_are_taken_at_once() -> None:
    size = 40_000
    third = bits_of(range(0, size, 3), size)
    last = bits_of(range(size - 7, size), size)

    check(size, [AccountSet.exactly(third), AccountSet(last, third | last), AccountSet(0, last)])


def test_without_sets_or_accounts_there_is_at_most_one_class() -> None:
    check(3, [])
    check(0, [AccountSet()])
