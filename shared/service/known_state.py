"""What a mail on a report says is so, as one digest: who is written to on change compares it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.files.accounts import Accounts
from shared.delivery.text.figures import account_figure, request_figures
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.findings.places import Kind

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding
    from shared.mfa.report import Report

_NAMED_BY_ID = (Kind.POLICY, Kind.APPLICATION)


def known_state(report: Report, accounts: bytes | None) -> str | None:
    """
    Return the digest; `None` if something is not known that may have changed.

    It covers the state of each figure, the findings, and which accounts are without MFA or unknown.
    `accounts` is the report's ``accounts.json``. Neither the order of findings and accounts
    counts, nor a share that moves below 100 %.
    """
    if report.window.missing:
        return None
    opened: list[str] = []
    if report.metrics.accounts.enabled is not None:
        if accounts is None:
            return None
        opened = _opened(accounts)
    states = [account_figure(report).state, *(each.state for each in request_figures(report))]
    findings = sorted(map(_finding, report.findings))
    return hashlib.sha256(msgspec.json.encode([states, findings, opened])).hexdigest()[:16]


def _finding(found: Finding) -> list[str]:
    return [found.id, *(found.ids if found.kind in _NAMED_BY_ID else [])]


def _opened(content: bytes) -> list[str]:
    """Each account without MFA, or of which that is unknown."""
    accounts = Accounts.from_json(content).accounts
    closed = (None, Enforcement.ENFORCED)
    return sorted(
        f"{it.object_id} {it.enforcement}" for it in accounts if it.enforcement not in closed
    )
