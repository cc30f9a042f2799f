"""How the app is, as far as it can know itself; nothing personal."""

from __future__ import annotations

import platform
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.mfa.report import SCHEMA_VERSION
from shared.service.inbox import FOREIGN, foreign_claim

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shared.mfa.report import WindowSummary
    from shared.stores.store import Store

VERSION = "0.1.0"  #: of this app; a test compares it with pyproject.toml


def health_of(
    tenant_id: str,
    store: Store,
    today: date,
    window: WindowSummary | None,
    silent: Sequence[str],
) -> tuple[HTTPStatus, dict[str, object]]:
    """
    Versions, and how recent the reports are, of which the newest has that `window`.

    503 while a timer is silent: `silent` has a sentence for each.
    """
    from importlib.metadata import version  # slow to load, for this one answer

    yesterday = today - timedelta(days=1)
    newest = window.ending if window else None
    return (
        HTTPStatus.SERVICE_UNAVAILABLE if silent else HTTPStatus.OK,
        {
            "status": "overdue" if silent else "ok",
            "version": VERSION,
            "python": platform.python_version(),
            "azure_functions": version("azure-functions"),
            "report_schema": SCHEMA_VERSION,
            "newest_ending": newest,
            "days_behind": max(0, (yesterday - newest).days) if newest else None,
            "days_missing": [gap.day for gap in window.missing] if window else None,
            "not_delivered": _not_delivered(tenant_id, store, yesterday),
            "warnings": [*silent, *_warnings(store, today)],
        },
    )


def _warnings(store: Store, today: date) -> list[str]:
    """What is wrong although pages are served."""
    days = (today, today - timedelta(days=1))
    return [FOREIGN] if any(store.is_claimed(foreign_claim(day)) for day in days) else []


def _not_delivered(tenant_id: str, store: Store, newest: date) -> list[dict[str, object]]:
    """The mails and cards of a week that did not go out; the log and the next mail say why."""
    week, after = newest - timedelta(days=7), newest + timedelta(days=1)
    return [
        {"ending": row.ending, "channel": row.channel, "state": row.state}
        for row in store.deliveries(tenant_id, week, after)
        if row.is_owed(newest)
    ]
