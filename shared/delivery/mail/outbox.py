"""Mails as .eml files in a folder, which any mail program opens."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shared.delivery.mail.message import compose, digest
from shared.errors import DeliveryError

if TYPE_CHECKING:
    from datetime import date

    from shared.delivery.mail.mailer import Mail

_NAME_LIMIT = 80  #: characters of the key in a file name


class OutboxMailer:
    """Writes each mail to a file named after its key, so a repeated mail overwrites the first."""

    repeatable = True
    is_outbox = True

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def reach(self) -> str:
        """Write a file, and remove it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                return f"The outbox {self._folder} can be written to."
        except OSError as error:
            raise self._closed(error) from error

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """Write the whole file or nothing; only its owner may read it."""
        message = compose(mail, sender=self._sender, recipient=recipient, key=key)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _replace(self.path(key), message)
        except OSError as error:
            raise self._closed(error) from error

    def _closed(self, error: OSError) -> DeliveryError:
        return DeliveryError(f"The outbox {self._folder} cannot be written to: {error.strerror}.")

    def path(self, key: str) -> Path:
        """The file of a key; different keys never share a file, whatever their characters."""
        readable = re.sub(r"[^0-9A-Za-z]+", "-", key)[:_NAME_LIMIT].strip("-")
        return self._folder / f"{readable}-{digest(key)[:12]}.eml"


def purge_outbox(folder: Path, before: date) -> int:
    """Remove the mails that were written before a day, UTC, and what killed writers left of one."""
    written = {
        path: datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        for pattern in ("mail-*.eml", "outbox-*.eml", ".mail-*", ".outbox-*")
        for path in folder.glob(pattern)
        if path.is_file()
    }
    old = [path for path, day in written.items() if day < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _replace(path: Path, content: bytes) -> None:
    handle, partial = tempfile.mkstemp(prefix=f".{path.stem[:20]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).replace(path)
    finally:
        with suppress(FileNotFoundError):
            Path(partial).unlink()
