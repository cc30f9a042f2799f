"""A report's files in a folder of the user's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from shared.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_files(folder: Path, files: Mapping[str, bytes], *, owner_only: bool = False) -> None:
    """
    Write files into a folder, made if need be; other files in it are left alone.

    All are written under temporary names first and then renamed, so that a full disk or a kill
    never leaves half a file, nor a new page beside old figures for longer than the renames take.
    `BadInputError` where the folder cannot be written to.
    """
    fresh = {folder / name: folder / f".{name}.partial" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for final, partial in fresh.items():
            if owner_only:
                partial.unlink(missing_ok=True)  # left by a kill, perhaps open to all
                partial.touch(mode=0o600)  # before there is anything in it to read
            partial.write_bytes(files[final.name])
        for final, partial in fresh.items():
            partial.replace(final)
    except OSError as error:
        message = f"The report cannot be written to {folder}: {error.strerror}."
        raise BadInputError(message) from error
    finally:
        for partial in fresh.values():
            with suppress(OSError):
                partial.unlink(missing_ok=True)
