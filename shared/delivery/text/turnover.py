"""Accounts and findings that came and went, and how long the others have been open."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.delivery.text.changes import open_for
from shared.delivery.text.formatting import name_of
from shared.delivery.text.lists import NAMES_SHOWN, NameList, unlinked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from shared.mfa.report import Report


class AgedName(NamedTuple):
    """An account without MFA, and how long."""

    name: str
    age: str


def turnover(report: Report, since: date | None) -> list[NameList]:
    """
    Return what is new, then what is fixed; empty lists are left out.

    `since` is the day that the mail compares with: the day before, or the one a week before.
    """
    changes = report.changes
    compared = (changes.day, changes.week) if changes else ()
    found_since = next((each for each in compared if each.since == since), None)
    accounts = found_since.accounts if found_since else None
    findings = found_since.findings if found_since else None
    found = []
    if accounts:
        new = [account.name for account in accounts.new_accounts]
        found.append(_names("Accounts newly without MFA", new, accounts.new))
    if findings:
        found.append(_names("New findings", findings.new, len(findings.new), _title))
    if accounts:
        fixed = [account.name for account in accounts.fixed_accounts]
        found.append(_names("Accounts that have MFA enforced now", fixed, accounts.fixed))
    if findings:
        found.append(_names("Findings that are gone", findings.gone, len(findings.gone), _title))
    return [names for names in found if names.names]


def open_accounts(report: Report) -> list[AgedName]:
    """Return the accounts that have been without MFA for the longest, with the days."""
    listed = report.changes.open_accounts if report.changes else []
    aged = (
        AgedName(_printed(it.name), open_for(it.since, it.days, is_exact=it.is_exact))
        for it in listed[:NAMES_SHOWN]
    )
    return [account for account in aged if account.age]


def _printed(name: str) -> str:
    return name_of(unlinked(name))


def _title(finding: str) -> str:
    """A finding's title, which can be translated, unlike a name."""
    return str(name_of(finding))


def _names(
    title: str, names: Sequence[str], total: int, printed: Callable[[str], str] = _printed
) -> NameList:
    shown = [printed(name) for name in names[:NAMES_SHOWN]]
    return NameList(title, shown, more=total - len(shown))
