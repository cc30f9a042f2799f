"""A tenant's directory from a file (``--directory``), made by pasting Graph answers together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.directory import FORMAT, VERSION, Directory
from shared.sources.files.documents import read_document

if TYPE_CHECKING:
    from pathlib import Path


def read_directory(path: Path) -> Directory:
    """
    The directory in *path*: one JSON object, plain or gzip (told by content), with or without BOM.

    Raises `BadInputError` with one sentence that says what is wrong, where, and what is expected.
    """
    return read_document(path, Directory, "a directory file", (FORMAT, VERSION))
