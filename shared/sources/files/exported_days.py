"""Exported files as a source of the daily run: ``SIGNIN_SOURCE=exports``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import BadInputError, SourceIncompleteError
from shared.sources.files.exports import read_exports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources.files.exports import ReadingResult


class ExportedDays:
    """
    The sign-ins in a folder of exports, assumed complete from their first day to their last.

    Nothing says which files a day is in, so all are read for every slice. That is fast enough for a
    folder that is filled by hand.
    """

    name = "exports"

    def __init__(self, folder: Path, scope: Scope) -> None:
        self._folder = folder
        self._scope = scope

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """Yield every sign-in of the slice; raise for a day that is not in the files."""
        found: list[SignIn] = []

        def take(sign_in: SignIn) -> None:
            if slice_.owns(sign_in) and sign_in.tenant_id in ("", slice_.tenant_id):
                found.append(sign_in)

        result = self._read(take)
        if not result.first_day <= slice_.day <= result.last_day:
            raise SourceIncompleteError(
                f"Not in the files: they hold {result.first_day} to {result.last_day}."
            )
        yield from found

    def reach_days(self, today: date) -> int:
        """How many days before `today` the first record was."""
        return (today - self._read(lambda _: None).first_day).days

    def _read(self, take: Callable[[SignIn], None]) -> ReadingResult:
        try:
            return read_exports([self._folder], self._scope.ids, take)
        except BadInputError as error:
            raise SourceIncompleteError(str(error)) from error
