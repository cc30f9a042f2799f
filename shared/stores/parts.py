"""Parts of slices, each a file of its own: written after each page, removed with the last."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.errors import DamagedError
from shared.mfa.parts import Part
from shared.stores.names import (
    claim_name,
    day_of_path,
    safe_day,
    safe_slice_name,
    safe_tenant_id,
    stamp,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from shared.mfa.window import Slice
    from shared.stores.medium import Medium

_DIGITS = 16  #: of a log's digest; its name may be anything

_log = logging.getLogger(__name__)


class Parts:
    """
    The parts of all slices on one medium.

    No row lists them and nobody but the slice's next pull reads them: a file is there or not. Its
    name says which stretch it holds, so that the same page read twice is written twice to the same
    place, and those of two executions never stand in each other's way.
    """

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    def keep(self, slice_: Slice, part: Part) -> None:
        """Write one part."""
        log = claim_name(part.log)[:_DIGITS]
        name = f"{log}-{stamp(part.until)}-{stamp(part.since)}"
        self._medium.write(f"{_base(slice_)}{name}", part.to_bytes())

    def read(self, slice_: Slice) -> list[Part]:
        """All parts of a slice that can be read; one that cannot is not there."""
        found = []
        for path in self._medium.paths(_base(slice_)):
            try:
                content = self._medium.read(path)
                found += [Part.from_bytes(content)] if content is not None else []
            except DamagedError as error:
                _log.warning("%s is read again: %s", path, error)
        return found

    def remove(self, slice_: Slice) -> None:
        """Remove all parts of a slice."""
        for path in self._medium.paths(_base(slice_)):
            self._medium.remove(path)

    def remove_others(self, tenant_id: str, days: Collection[date]) -> None:
        """Remove a tenant's parts of slices that are not of these days."""
        kept = set(map(safe_day, days))
        for path in self._medium.paths(f"parts/{safe_tenant_id(tenant_id)}/"):
            day = day_of_path(path)
            if day and day not in kept:  # foreign files are left alone
                self._medium.remove(path)


def _base(slice_: Slice) -> str:
    return f"parts/{safe_tenant_id(slice_.tenant_id)}/{safe_slice_name(slice_)}."
