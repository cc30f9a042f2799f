"""What is believed of a pull, given what is stored of an earlier one."""

from __future__ import annotations

import msgspec

from shared.mfa.window import SETTLE_DAYS, LedgerEntry, settled_on


def enter_pull(
    before: LedgerEntry | None, found: LedgerEntry, settle_days: int = SETTLE_DAYS
) -> tuple[LedgerEntry, bool]:
    """
    The entry for a pull that read a whole slice, and whether to store its rollup.

    A re-pull with fewer rows than the stored rollup is refused and noted the first time, because
    identical Graph queries do return different counts; the second time, it is accepted. Once the
    day has settled, it never is: a log that shrinks then is being purged.
    """
    entry = msgspec.structs.replace(
        found,
        has_rollup=True,
        pulled_at=found.pulled_at or found.at,
        changes=before.changes if before else found.changes,
    )
    if before is None or not before.has_rollup or found.rows >= before.rows:
        return entry, True
    is_settling = found.at[:10] <= settled_on(found.slice.day, settle_days)
    if before.refused_rows is not None and is_settling:
        return entry, True
    until = (
        "unless the next pull finds fewer, too" if is_settling else "because the day has settled"
    )
    refused = {
        "rows": before.rows,
        "logs": before.logs,
        "pulled_at": before.pulled_at or before.at,
        "refused_rows": found.rows,
        "reason": f"A later pull found {found.rows} rows, fewer than the {before.rows} stored; "
        f"these are kept {until}.",
    }
    return msgspec.structs.replace(entry, **refused), False


def enter_failure(before: LedgerEntry | None, failed: LedgerEntry) -> LedgerEntry:
    """The entry for a pull that did not read the whole slice; a stored rollup is kept."""
    if before is None or not before.has_rollup:
        return failed
    return msgspec.structs.replace(
        failed,
        rows=before.rows,
        has_rollup=True,
        logs=before.logs,
        pulled_at=before.pulled_at or before.at,
        changes=before.changes,
    )
