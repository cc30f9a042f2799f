"""The storage account that diagnostic settings write to: setting ``DIAGNOSTICS_ACCOUNT_URL``."""

from __future__ import annotations

import re
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from shared.endpoints import parse_url
from shared.errors import BadSettingError

_SETTING = "DIAGNOSTICS_ACCOUNT_URL"
_EMULATOR_PATH = "/devstoreaccount1"  #: the account of every emulator
#: An account's own host, or one with a zone of Azure's DNS in it (``contoso.z12.blob.…``).
_HOST = r"[a-z0-9]{3,24}(\.z[0-9]{1,2}\.blob\.storage\.azure\.net|\.blob\.%s)"


class LogAccount(NamedTuple):
    """The account's address, and whether it is the emulator on this machine."""

    url: str
    is_emulator: bool

    @classmethod
    def parse(cls, given: str, suffix: str) -> Self:
        """
        Parse an address in the cloud with that storage suffix (``core.windows.net``).

        A token for storage opens every account that the app has a role on, so tokens go to hosts of
        Azure Storage only. The emulator is accepted on loopback only, with the key that all
        emulators have. Raises `BadSettingError` for anything else, and for an address with a query,
        which could be a shared access signature.
        """
        url = parse_url(given.rstrip("/").lower())
        if url and not url.query:
            is_own = re.fullmatch(_HOST % re.escape(suffix), url.netloc)
            if is_own and url.scheme == "https" and not url.path:
                return cls(url.root, is_emulator=False)
            if url.is_loopback and url.scheme == "http" and url.path == _EMULATOR_PATH:
                return cls(f"{url.root}{_EMULATOR_PATH}", is_emulator=True)
        raise BadSettingError(
            f"Setting {_SETTING} is {given.partition('?')[0]!r}; expected the account's own "
            f"address without a path, container or signature, https://ACCOUNT.blob.{suffix} "
            f"(or the emulator's on this machine, http://127.0.0.1:PORT{_EMULATOR_PATH})."
        )

    @property
    def host(self) -> str:
        """The host, with the port if there is one."""
        return urlsplit(self.url).netloc
