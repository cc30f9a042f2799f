"""What every part of the store works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.stores.file_sets import FileSets
from shared.stores.rows import Rows

if TYPE_CHECKING:
    from shared.stores.medium import Medium


class StoreBase:
    """One medium, its rows that can be read, and its files that are replaced together."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._file_sets = FileSets(medium)
        self._rows = Rows(medium)
