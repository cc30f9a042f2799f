"""What the folder's files need of the system: a lock, names forced to disk, errors in words."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Self

from shared.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

OWNER_ONLY = 0o600  #: the mode of files: there is personal data in most of them


class FolderLock:
    """Keeps out other threads and processes; its holder may take it again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = RLock()
        self._depth = 0
        self._file = -1

    def __enter__(self) -> Self:
        self._threads.acquire()
        try:
            if self._depth == 0:
                self._file = self._locked_file()
        except BaseException:
            self._threads.release()
            raise
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            os.close(self._file)  # which releases the lock
        self._threads.release()

    def _locked_file(self) -> int:
        with storage_errors(f"{self._path} cannot be locked"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
            try:
                _wait_for_lock(file)
            except BaseException:
                os.close(file)
                raise
            return file


if sys.platform == "win32":
    import errno
    import msvcrt

    def _wait_for_lock(file: int) -> None:
        while True:
            try:
                return msvcrt.locking(file, msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno != errno.EDEADLK:  # LK_LOCK gives up after ten seconds
                    raise

    def sync(folder: Path) -> None:
        """Do nothing: Windows has no such call, and NTFS journals renames."""
        del folder

else:
    import fcntl

    def _wait_for_lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def sync(folder: Path) -> None:
        """Force a folder's names to disk; without it a rename may be lost."""
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn an error of the system into one sentence."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what} in the store's folder: {error.strerror}.") from error
