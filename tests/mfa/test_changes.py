"""What changed since earlier days: nothing is said that the two days do not show."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from shared.errors import DamagedError, NewerError
from shared.mfa.changes.account_states import AccountStates, StateSince
from shared.mfa.changes.changes import FindingChanges, report_changes
from shared.mfa.changes.figure_changes import Incomparable
from shared.mfa.changes.of_report import as_past, with_changes
from shared.mfa.changes.past import EarlierDays, Past
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.mfa.report import InputSummary, Report
from tests.delivery.making import (
    ENDING,
    EXEMPTED,
    NOT_VERIFIED,
    UNKNOWN,
    VERIFIED,
    api,
    finding,
    portal,
    report,
)
from tests.directories import assess, policy, user

DAY_BEFORE, WEEK_BEFORE = ENDING - timedelta(days=1), ENDING - timedelta(days=7)
HALF = AccountMetrics(10, 0, 5, 0, 5, 0, 0.5, 0.5)


def past(ending: date = DAY_BEFORE, **fields: Any) -> Past:
    """An earlier report, made of sign-ins of its own window."""
    return Past(as_past(moved(report(*fields.pop("sign_ins", ()), **fields), ending)))


def moved(made: Report, ending: date) -> Report:
    """The same report of another day."""
    window = msgspec.structs.replace(made.window, ending=ending, coverage=None)
    return msgspec.structs.replace(made, window=window)


def changes_of(now: Report, before: Past | None = None, week: Past | None = None):
    compared = with_changes(now, EarlierDays(before, week)).changes
    assert compared is not None
    return compared


def mixed(strong: int, weak: int, make: Any = portal) -> list[Any]:
    return [make(**VERIFIED) for _ in range(strong)] + [make(**NOT_VERIFIED) for _ in range(weak)]


def test_the_difference_is_between_the_shares_as_they_are_printed() -> None:
    before = past(sign_ins=mixed(1, 3), accounts=HALF)
    now = report(*mixed(1, 2), accounts=AccountMetrics(8, 0, 5, 0, 3, 0, 0.625, 0.625))

    found = changes_of(now, before).day

    assert (found.since, found.reason) == (DAY_BEFORE, None)
    portal_figure, accounts = found.figures["portal"], found.figures["accounts"]
    assert (portal_figure.before, portal_figure.points) == (0.25, 8.3)
    assert (portal_figure.total, portal_figure.total_before) == (3, 4)
    assert (accounts.points, accounts.total, accounts.total_before) == (12.5, 8, 10)


def test_a_day_without_a_report_is_said_and_not_taken_from_another_day() -> None:
    older = past(ending=ENDING - timedelta(days=2))

    found = changes_of(report(), older, past(ending=WEEK_BEFORE))

    assert found.day.since == DAY_BEFORE
    assert found.day.reason is Incomparable.NO_REPORT
    assert found.day.figures == {}
    assert (found.week.since, found.week.reason) == (WEEK_BEFORE, None)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({"missing": {ENDING: "not read"}}, Incomparable.PARTIAL),
        ({"sign_ins": [*mixed(1, 1), portal(**UNKNOWN)]}, Incomparable.UNCERTAIN),
        ({"sign_ins": [portal(**UNKNOWN)]}, Incomparable.UNCERTAIN),
        ({"sign_ins": [api(**VERIFIED)]}, Incomparable.NOTHING),
        ({"rule": ShareRule(exempted_counts_as_mfa=True)}, Incomparable.RULE),
        ({"meta": {"partner_center_ids": ["another"]}}, Incomparable.SCOPE),
        ({"reading": InputSummary(9, 1, [], 0, None, None)}, Incomparable.UNCERTAIN),
    ],
    ids=["missing day", "bounded", "unknown", "no request", "rule", "scope", "unreadable"],
)
def test_without_certainty_on_both_days_there_is_no_difference(before, reason) -> None:
    whole = report(*mixed(1, 1), meta={"partner_center_ids": ["portal"]})
    other = past(**{"sign_ins": mixed(1, 1), "meta": {"partner_center_ids": ["portal"]}} | before)

    found = changes_of(whole, other).day.figures["portal"]

    assert (found.points, found.reason) == (None, reason)


def test_the_newer_day_must_be_certain_as_well() -> None:
    now = report(*mixed(1, 1), portal(**UNKNOWN))

    found = changes_of(now, past(sign_ins=mixed(1, 1))).day.figures["portal"]

    assert (found.points, found.reason) == (None, Incomparable.UNCERTAIN)
    assert (found.share, found.before) == (1 / 3, 0.5)


@pytest.mark.parametrize(
    ("accounts", "reason"),
    [
        (None, Incomparable.NOT_READ),
        (AccountMetrics(0, 3, 0, 0, 0, 0, None, None), Incomparable.NOTHING),
        (AccountMetrics(10, 0, 5, 0, 4, 1, 0.5, 0.6), Incomparable.UNCERTAIN),
    ],
)
def test_accounts_that_were_not_read_or_are_unknown_are_not_compared(accounts, reason) -> None:
    found = changes_of(report(accounts=HALF), past(accounts=accounts)).day.figures["accounts"]

    assert (found.points, found.reason) == (None, reason)


def test_a_report_of_the_first_release_is_compared() -> None:
    first = msgspec.json.decode(report(*mixed(1, 1), portal(**EXEMPTED)).to_json())
    for name in ("changes", "partner_center_ids"):
        del first[name]
    old = msgspec.json.decode(msgspec.json.encode(first), type=Report)
    before = Past(as_past(moved(old, DAY_BEFORE)))

    found = changes_of(report(*mixed(1, 1), meta={"partner_center_ids": ["portal"]}), before)

    assert found.day.figures["portal"].points == 16.7
    assert found.day.accounts is None


def test_what_changed_is_kept_in_the_report() -> None:
    now = with_changes(report(*mixed(1, 1)), EarlierDays(past(sign_ins=mixed(1, 1))))

    assert Report.from_json(now.to_json()) == now


# --- accounts


def people(**states: str) -> Any:
    """Accounts, each ``enforced``, ``unprotected``, ``disabled`` or ``unknown``."""
    users = [
        user(
            name,
            accountEnabled=state != "disabled",
            perUserMfaState={"enforced": "enforced", "unknown": None}.get(state, "disabled"),
        )
        for name, state in states.items()
    ]
    return assess(users=users)


def states_on(days: int, accounts: Any, before: AccountStates | None = None) -> AccountStates:
    """The states so many days before the report's own."""
    return AccountStates.of(accounts, ENDING - timedelta(days=days), before)


def compared(then: Any, now: Any):
    """The accounts of two days in a row."""
    earlier = states_on(1, then)
    before = Past(past().report, earlier)
    current = Past(as_past(report()), states_on(0, now, earlier))
    return report_changes(current, EarlierDays(before), now)


def test_accounts_are_fixed_new_still_open_or_gone() -> None:
    found = compared(
        people(fixed="unprotected", still="unprotected", off="unprotected", deleted="unprotected"),
        people(fixed="enforced", still="unprotected", off="disabled", made="unprotected"),
    ).day.accounts

    assert (found.fixed, found.new, found.still_open, found.gone, found.unclear) == (1, 1, 1, 2, 0)
    assert [account.name for account in found.fixed_accounts] == ["fixed@contoso.example"]
    (made,) = found.new_accounts
    assert (made.name, made.since, made.days, made.is_exact) == (
        "made@contoso.example",
        ENDING,
        1,
        True,
    )


def test_what_was_or_is_unknown_is_neither_fixed_nor_new() -> None:
    found = compared(
        people(a="unknown", b="unprotected", c="unknown"),
        people(a="unprotected", b="unknown", c="enforced"),
    ).day.accounts

    assert (found.fixed, found.new, found.still_open, found.gone) == (0, 0, 0, 0)
    assert found.unclear == 2


def test_without_the_accounts_of_the_earlier_day_nothing_is_said_of_them() -> None:
    now = people(a="unprotected")
    current = Past(as_past(report()), states_on(0, now))

    found = report_changes(current, EarlierDays(past()), now)

    assert found.day.accounts is None
    assert [(each.days, each.is_exact) for each in found.open_accounts] == [(1, False)]


def test_an_account_is_open_since_the_first_day_on_which_it_is_known_to_be() -> None:
    enforced, weak = people(a="enforced", b="unprotected"), people(a="unprotected", b="unprotected")
    states = states_on(5, enforced)
    for days in (4, 3, 1, 0):  # nothing is stored of the day before yesterday
        states = states_on(days, weak, states)

    found = report_changes(Past(as_past(report()), states), EarlierDays(), weak).open_accounts

    assert [(each.id, each.days, each.is_exact) for each in found] == [
        ("b", 6, False),
        ("a", 5, True),
    ]


def test_a_state_that_began_on_an_unknown_day_is_at_least_as_old() -> None:
    states = states_on(3, people(a="enforced", b="unknown", c="enforced"))

    after_a_gap = states_on(1, people(a="unprotected", b="unprotected", c="disabled"), states)

    assert after_a_gap.by_id["a"] == StateSince("unprotected", DAY_BEFORE, open_since=DAY_BEFORE)
    assert not after_a_gap.by_id["c"].is_exact
    after_unknown = states_on(2, people(b="unprotected"), states)
    assert not after_unknown.by_id["b"].is_open_exact


def test_an_account_stays_open_when_its_state_gets_better_but_not_good() -> None:
    partly = policy(users={"includeUsers": ["a"]}, platforms={"includePlatforms": ["iOS"]})
    earlier = states_on(1, people(a="unprotected"))

    found = states_on(0, assess(partly, users=[user("a")]), earlier).by_id["a"]

    assert found == StateSince("conditional", ENDING, is_exact=True, open_since=DAY_BEFORE)


def test_of_very_many_accounts_those_are_listed_that_are_open_unknown_or_changed() -> None:
    then = people(a="unprotected", b="enforced", c="disabled", d="unknown")
    now = people(a="enforced", b="enforced", c="disabled", d="unknown")

    earlier = AccountStates.of(then, DAY_BEFORE, None, most_listed=2)
    states = AccountStates.of(now, ENDING, earlier, most_listed=2)

    assert (earlier.is_whole, set(earlier.by_id)) == (False, {"a", "d"})
    assert states.by_id == {
        "a": StateSince("enforced", ENDING, is_exact=True),
        "d": StateSince("unknown", DAY_BEFORE),
    }


def test_states_are_read_as_they_were_written() -> None:
    states = states_on(0, people(a="unprotected", b="enforced"))

    assert AccountStates.from_bytes(states.to_bytes()) == states
    assert states.of_account("A") == states.by_id["a"]
    assert states.to_bytes() == states_on(0, people(b="enforced", a="unprotected")).to_bytes()
    with pytest.raises(DamagedError, match="states of accounts"):
        AccountStates.from_bytes(b"nothing")
    with pytest.raises(NewerError, match="states of accounts"):
        AccountStates.from_bytes(msgspec.structs.replace(states, version=2).to_bytes())


# --- findings


def with_findings(*names: str, **fields: Any) -> Report:
    found = [msgspec.structs.replace(finding(), id=name, title=name) for name in names]
    return msgspec.structs.replace(report(*mixed(1, 1), accounts=HALF, **fields), findings=found)


def test_findings_come_and_go_and_are_as_old_as_the_reports_say() -> None:
    two_days_ago = moved(with_findings("old"), DAY_BEFORE - timedelta(days=1))
    yesterday = moved(with_findings("old", "fixed"), DAY_BEFORE)
    yesterday = with_changes(yesterday, EarlierDays(Past(as_past(two_days_ago))))

    now = with_changes(with_findings("old", "made"), EarlierDays(Past(as_past(yesterday))))

    assert now.changes is not None
    assert now.changes.day.findings == FindingChanges(["made"], ["fixed"], still_open=1)
    assert [(each.id, each.open_days, each.is_since_exact) for each in now.findings] == [
        ("old", 3, False),
        ("made", 1, True),
    ]


def test_findings_do_not_go_because_less_was_read() -> None:
    before = Past(as_past(moved(with_findings("old"), DAY_BEFORE)))
    now = msgspec.structs.replace(with_findings(), directory_notes={"policies": "not read"})

    assert changes_of(now, before).day.findings is None
