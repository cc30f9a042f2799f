"""Claims: of many who want to do something, one may; and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from shared.errors import ConflictError, StoreError
from shared.stores.base import StoreBase
from shared.stores.medium import RowId, checked, replace_row, sealed
from shared.stores.names import claim_name, one_line

if TYPE_CHECKING:
    from shared.stores.medium import Columns


class Claims(StoreBase):
    """What is somebody's to do."""

    def claim(self, key: str) -> bool:
        """
        Whether the caller is the first ever to claim `key`; of many at once exactly one is.

        A claim that cannot be read counts: somebody made it (docs/adr/0003).
        """
        row_id, claimant = RowId("claims", "", claim_name(key)), uuid4().hex
        columns = {"Key": one_line(key), "Claimant": claimant}
        try:
            self._medium.put_row(row_id, sealed(row_id, columns), over=None)
        except StoreError as error:
            # The response may have been lost after the row was written: then the claim is ours.
            current = self._medium.row(row_id)
            if current is not None:
                return current.columns.get("Claimant") == claimant
            if isinstance(error, ConflictError):
                return False  # the other claimant has just released it
            raise
        return True

    def hold(self, key: str, holder: str, now: str, until: str) -> bool:
        """
        Hold a lease until a time, or hold it longer; returns whether that is ours now.

        Nobody else gets it before. Times are UTC, all written alike.
        """

        def decide(held: Columns | None) -> Columns:
            is_ours = held is not None and held.get("Claimant") == holder
            ends = str(held.get("Until", "")) if held else ""
            if not is_ours and ends > now:
                raise ConflictError(f"{key} is held by another process until {ends}.")
            longest = max(until, ends) if is_ours else until
            return {"Key": one_line(key), "Claimant": holder, "Until": longest}

        try:
            replace_row(self._medium, RowId("claims", "", claim_name(key)), decide, checked)
        except ConflictError:
            return False
        return True

    def is_claimed(self, key: str) -> bool:
        """Whether somebody has claimed `key` and not released it."""
        return self._medium.row(RowId("claims", "", claim_name(key))) is not None

    def release(self, key: str) -> None:
        """Give up a claim, because what it was for is known not to have happened."""
        self._medium.remove_row(RowId("claims", "", claim_name(key)))
