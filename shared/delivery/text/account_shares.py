"""What stands below the three figures: administrators, accounts in use, and registered methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.formatting import count, listed, month_name, percent, thousands

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.metrics import AccountShare, MethodCounts
    from shared.mfa.report import Report

_BY_CONTRACT = (
    "MFA is checked technically only where these accounts go: Partner Center, its API and the "
    "tenants of customers. Your agreement with Microsoft requires it of every enabled account, "
    "also of those that never go there: that is the first of the three figures."
)


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One of the two figures."""

    title: str
    share: str  #: in a few words
    counts: str  #: numerator and denominator, for a column
    sentence: str  #: the same, in a sentence
    meaning: str  #: what hangs on it


def account_share_lines(report: Report) -> list[ShareLine]:
    """Both figures; empty for a report without them: no directory was read, or it is older."""
    administrators, active = report.metrics.administrators, report.metrics.active_accounts
    month = report.csp_anniversary_month
    found = []
    if administrators.enabled is not None:
        meaning = _authorised_by(month, report.window.ending)
        found.append(_administrators(administrators, meaning))
    if active.enabled is not None:
        found.append(_active_accounts(active))
    return found


def method_quality(report: Report) -> ShareLine | None:
    """The registered methods; `None` if they were not read, or the report is older."""
    counts = report.metrics.methods
    if counts.unknown is None:
        return None
    kinds = [
        f"{thousands(number)} {kind}" for kind, number in _by_quality(counts).items() if number
    ]
    resistant = counts.phishing_resistant or 0
    return ShareLine(
        "Registered methods",
        f"{thousands(resistant)} phishing-resistant",
        "",
        f"Enabled accounts by their best method: {listed(kinds)}." if kinds else "No accounts.",
        "A passkey or Windows Hello is phishing-resistant, a password reset method only one "
        "factor. Registered is not enforced, and certificates are not visible here. Guests without "
        "a method here are unknown: they may have registered at home.",
    )


def _by_quality(counts: MethodCounts) -> dict[str, int | None]:
    return {
        "phishing-resistant": counts.phishing_resistant,
        "MFA": counts.mfa,
        "one factor": counts.one_factor,
        "none": counts.none,
        "unknown": counts.unknown,
    }


def _administrators(share: AccountShare, meaning: str) -> ShareLine:
    if not share.enabled:
        sentence = "No enabled account holds a directory role."
    elif share.unknown:
        sentence = _bounded(share, "whether they are administrators, or have MFA enforced")
    else:
        sentence = _enforced(share, "administrator")
    title = "Administrators with MFA enforced"
    return ShareLine(title, _share(share), _counts(share), sentence, meaning)


def _authorised_by(month: int | None, ending: date) -> str:
    when = "in the month in which you joined (setting CSP_ANNIVERSARY_MONTH)"
    if month == ending.month:
        when = f"in your anniversary month, which is {month_name(month)}: now"
    elif month is not None:
        year = ending.year + (month < ending.month)
        when = f"in your anniversary month, next in {month_name(month)} {year}"
    return (
        "Counts enabled accounts that hold a directory role. Since October 2025, your "
        "authorisation as a Cloud Solution Provider depends on their MFA. Microsoft validates it "
        f"once a year, {when}."
    )


def _active_accounts(share: AccountShare) -> ShareLine:
    noun = "account that made a portal or API request"
    if not share.enabled:
        sentence = "No enabled account made a portal or API request in these seven days."
    elif share.share is None:
        known = _enforced(share, noun, "accounts known to have made a portal or API request")
        sentence = f"{known} What is missing may show more of them."
    elif share.unknown:
        sentence = _bounded(share, "whether they are enabled, or have MFA enforced")
    else:
        sentence = _enforced(share, noun, "accounts that made a portal or API request")
    title = "Accounts that used Partner Center"
    return ShareLine(title, _share(share), _counts(share), sentence, _BY_CONTRACT)


def _share(share: AccountShare) -> str:
    if not share.enabled:
        return "no accounts"
    if share.share == share.share_upper:
        return percent(share.share)  # ``unknown`` if neither is known
    if share.unknown == share.enabled:
        return "unknown"
    return f"at least {percent(share.share)}, at most {percent(share.share_upper)}"


def _counts(share: AccountShare) -> str:
    unknown = f", {thousands(share.unknown)} unknown" if share.unknown else ""
    return f"{thousands(share.enforced or 0)} of {thousands(share.enabled or 0)} enforced{unknown}"


def _enforced(share: AccountShare, one: str, many: str | None = None) -> str:
    enabled, enforced = share.enabled or 0, share.enforced or 0
    verb = "has" if 1 in (enforced, enabled) else "have"
    return f"{thousands(enforced)} of {count(enabled, one, many)} {verb} MFA enforced."


def _bounded(share: AccountShare, what: str) -> str:
    of = f"{thousands(share.enforced or 0)} of {count(share.enabled or 0, 'account')}"
    them = count(share.unknown or 0, "account")
    return f"MFA is known to be enforced for {of}. Of {them} it is unknown {what}."
