"""Who may open the protected pages, in words."""

from __future__ import annotations

import msgspec

from shared.delivery.text.protected_pages import additional_rows, role_rows, scenario_rows
from shared.mfa.accounts.partner_roles import PartnerRole
from shared.mfa.mandate_tables import PAGES, PAGES_2023
from shared.mfa.metrics import AccountShare
from tests.delivery.making import report


def row(name, share, lacking=()):
    role = PartnerRole(
        name,
        [page for page, roles in PAGES.items() if name in roles],
        [page for page, roles in PAGES_2023.items() if name in roles],
        share,
        list(lacking),
        len(lacking),
    )
    (made,) = role_rows(msgspec.structs.replace(report(), partner_roles=[role]))
    return made


def test_a_role_has_its_pages_its_accounts_and_the_names_of_those_without() -> None:
    found = row("Sales agents", AccountShare(3, 1, 0, 1 / 3, 1 / 3), ["ann@a.test", "bob@a.test"])

    assert (found.opens, found.accounts, found.not_enforced) == ("Opens Customers.", "3", "2")
    assert (found.names, found.more) == (["ann@a.test", "bob@a.test"], 0)


def test_where_the_edition_of_may_2023_differs_the_role_says_so() -> None:
    nobody = AccountShare(0, 0, 0)

    assert row("Global administrator", nobody).opens == (
        "Opens none of them; by the edition of May 2023, Billing."
    )
    assert row("Security administrator", nobody).opens == (
        "Opens Billing and Security workspace; by the edition of May 2023, none."
    )
    assert "2023" not in row("Admin agents", nobody).opens  # it lacks that page


def test_administrators_are_there_for_what_depends_on_them() -> None:
    assert row("Administrators", AccountShare(5, 4, 0, 0.8, 0.8)).opens == (
        "Any directory role. Authorisation as a Cloud Solution Provider depends on them."
    )


def test_what_is_unknown_is_neither_zero_nor_everything() -> None:
    unread = row("Sales agents", AccountShare())
    partly = row("Sales agents", AccountShare(4, 1, 2, 0.25, 0.75), ["ann@a.test"])

    assert (unread.accounts, unread.not_enforced) == ("not read", "unknown")
    assert (partly.accounts, partly.not_enforced) == ("4, 2 unknown", "at least 1")


def test_long_lists_are_cut_and_counted() -> None:
    found = row("Sales agents", AccountShare(30, 0, 0, 0, 0), [f"{n}@a.test" for n in range(30)])

    assert (len(found.names), found.more) == (20, 10)


def test_the_scenarios_have_their_three_columns_and_the_additional_workloads_two() -> None:
    assert len(scenario_rows()) == 7
    assert {bool(each.nobody) for each in scenario_rows()} == {True}
    assert len(additional_rows()) == 5
    assert {each.nobody for each in additional_rows()} == {""}
