"""Runs that somebody started, and what became of mails and cards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from shared.errors import ConflictError
from shared.stores.base import StoreBase
from shared.stores.medium import RowId, from_columns, replace_row, to_columns
from shared.stores.models import DeliveryRow, Run
from shared.stores.names import one_line, safe_day, safe_run_id, safe_tenant_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from shared.stores.medium import Columns


class Runs(StoreBase):
    """What was asked for, and what was sent."""

    def save_run(self, run: Run) -> None:
        """
        Write or overwrite a run.

        Raises `ConflictError` if that would undo one that is done, or begin one that has begun.
        """
        columns = to_columns(msgspec.structs.replace(run, reason=one_line(run.reason)))

        def decide(current: Run | None) -> Columns:
            if current and not _may_follow(current.state, run.state):
                raise ConflictError(
                    f"Run {run.id} is {current.state}: it cannot be {run.state} again."
                )
            return columns

        row_id = RowId("runs", "", safe_run_id(run.id))
        replace_row(self._medium, row_id, decide, partial(from_columns, kind=Run))

    def run(self, run_id: str) -> Run | None:
        """The run with that id, or `None`."""
        row = self._medium.row(RowId("runs", "", safe_run_id(run_id)))
        return self._rows.value(row, Run) if row else None

    def delivery(self, tenant_id: str, ending: date, channel: str) -> DeliveryRow | None:
        """What became of one report's delivery by one channel; `None` if nothing was begun."""
        row = self._medium.row(_delivery_id(tenant_id, ending, channel))
        return self._rows.value(row, DeliveryRow) if row else None

    def deliveries(self, tenant_id: str, since: date, before: date) -> list[DeliveryRow]:
        """The deliveries of reports that end on those days, `before` excluded; oldest first."""
        partition, days = safe_tenant_id(tenant_id), (safe_day(since), safe_day(before))
        found = self._rows.readable(
            DeliveryRow, "deliveries", partition, since=days[0], before=days[1]
        )
        return [delivery for _, delivery in found]

    def change_delivery(
        self,
        tenant_id: str,
        ending: date,
        channel: str,
        change: Callable[[DeliveryRow], DeliveryRow],
    ) -> DeliveryRow:
        """Replace what is entered of a delivery by what `change` makes of it; return the new."""
        fresh = kept = DeliveryRow(tenant_id=tenant_id, ending=ending, channel=channel)

        def decide(current: DeliveryRow | None) -> Columns:
            nonlocal kept
            changed = change(current or fresh)
            kept = msgspec.structs.replace(changed, reason=one_line(changed.reason))
            return {"Day": safe_day(ending), **to_columns(kept)}

        row_id = _delivery_id(tenant_id, ending, channel)
        replace_row(self._medium, row_id, decide, partial(from_columns, kind=DeliveryRow))
        return kept


def _delivery_id(tenant_id: str, ending: date, channel: str) -> RowId:
    return RowId("deliveries", safe_tenant_id(tenant_id), f"{safe_day(ending)}-{channel}")


def _may_follow(current: str, state: str) -> bool:
    """Whether a run in the state `current` may change to `state`."""
    return state == current or (current != "done" and state != "accepted")
