"""Write a report's files into a folder of the user's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from shared.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def check_folder(folder: Path) -> None:
    """
    See whether files can be written into a folder, which may not exist yet, and leave no trace.

    Raises `BadInputError` if not: better before hours of reading than after.
    """
    trial = folder / ".writable.partial"
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.touch(mode=0o600)
        trial.unlink()
        for each in missing:
            each.rmdir()
    except OSError as error:
        message = f"The report cannot be written to {folder}: {error.strerror}."
        raise BadInputError(message) from error


def write_files(folder: Path, files: Mapping[str, bytes], *, owner_only: bool = False) -> None:
    """
    Write files into a folder, which is created if necessary; other files in it are left alone.

    All files get temporary names first and are then renamed, so that a full disk or a kill never
    leaves half a file, and a new page is next to old figures only while the renames take.
    Raises `BadInputError` if the folder cannot be written to.
    """
    fresh = {folder / name: folder / f".{name}.partial" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for final, partial in fresh.items():
            if owner_only:
                partial.unlink(missing_ok=True)  # left by a killed run, perhaps readable by all
                partial.touch(mode=0o600)  # before it contains anything
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
