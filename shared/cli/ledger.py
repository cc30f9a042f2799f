"""``ledger``: what was pulled of the sign-in log, slice by slice, and what became of it."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from shared.cli.console import DONE, day, say
from shared.delivery.text.formatting import days_in_words, harmless
from shared.mfa.window import complete_days, missed_days
from shared.service.composition import Service
from shared.service.setting_checks import checked_service

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.mfa.window import LedgerEntry
    from shared.settings import Settings

_HEAD = ("Slice", "State", "Rows", "Changed", "Pulled (UTC)", "Entered (UTC)", "Source", "Reason")
_NUMBERS = ("Rows", "Changed")  #: columns that are aligned to the right
_NOTHING = "Nothing has been pulled yet; `python dev.py run` does it."


def add_ledger(parser: argparse.ArgumentParser) -> None:
    """``ledger [--json] [--since DATE]``."""
    parser.set_defaults(run=_ledger)
    parser.description = (
        "Lists the slices of the sign-in log that were pulled: how that ended, how many sign-ins "
        "are stored, how many verdicts changed when a day was pulled again, and why a day is "
        "missing. Reads the store alone. Exit code 0: done; 2: wrong usage or settings."
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON on standard output")
    parser.add_argument(
        "--since", type=day, metavar="DATE", default=date.min, help="leave out earlier days"
    )


def _ledger(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    with checked_service(Service(settings, now=now)) as service:
        tenant_id, today = service.partner_id, service.today
        entries = service.store.ledger(tenant_id, options.since)
    missing = missed_days(complete_days(entries), today) if entries else []
    if options.json:
        listed = {"tenant_id": tenant_id, "slices": [*map(as_json, entries)], "missing": missing}
        sys.stdout.write(f"{json.dumps(msgspec.to_builtins(listed), indent=2)}\n")
        return DONE
    if not entries:
        say(_NOTHING)
        return DONE
    sys.stdout.write(f"{as_table([*map(as_row, entries)])}\n")
    if missing:
        say(f"Not known: {days_in_words(missing)}.")
    return DONE


def as_json(entry: LedgerEntry) -> dict[str, Any]:
    """An entry as JSON, under the names that the table has."""
    return {
        "slice": entry.slice.name,
        "day": entry.slice.day,
        "from_hour": entry.slice.from_hour,
        "to_hour": entry.slice.to_hour,
        "state": entry.state,
        "rows": entry.rows if entry.has_rollup else None,
        "refused_rows": entry.refused_rows,
        "source": entry.source,
        "entered_at": entry.at or None,
        "pulled_at": (entry.pulled_at or entry.at) if entry.has_rollup else None,
        "reason": entry.reason,
        "changes": {**msgspec.structs.asdict(entry.changes), "changed": entry.changes.changed},
    }


def as_row(entry: LedgerEntry) -> list[str]:
    """An entry as a row of the table."""
    listed = as_json(entry)
    changes = entry.changes
    return [
        entry.slice.name,
        entry.state.value,
        "-" if listed["rows"] is None else f"{entry.rows:,}",
        f"{changes.changed:,} of {changes.compared:,}" if changes.compared else "-",
        _minute(listed["pulled_at"]),
        _minute(listed["entered_at"]),
        harmless(entry.source),
        harmless(entry.reason),
    ]


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """The rows below their head, in columns."""
    table = [_HEAD, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
            for name, cell, width in zip(_HEAD, row, widths, strict=True)
        ).rstrip()
        for row in table
    )


def _minute(moment: str | None) -> str:
    return moment[:16].replace("T", " ") if moment else "-"
