"""The storage account: where it is, the options of its clients, and what its errors mean."""

from __future__ import annotations

import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.exceptions import ResourceModifiedError as ResourceChangedError

from shared.endpoints import LOOPBACK_HOSTS, parse_url
from shared.errors import BadSettingError, ConflictError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

Options: TypeAlias = dict[str, Any]  #: keyword arguments of the SDK's clients

CLIENT_OPTIONS: Options = {
    "user_agent": "partner-mfa-status",
    "connection_timeout": 10,  # seconds, as is the next
    "read_timeout": 60,
}
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_EMULATOR_ACCOUNT = "devstoreaccount1"
_CODE = re.compile(r'"code": ?"(\w+)"')
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class StorageAccount(NamedTuple):
    """A storage account and its services' URLs."""

    name: str
    tables_url: str
    blobs_url: str

    @classmethod
    def in_cloud(cls, name: str, endpoint_suffix: str) -> Self:
        """The account of that name in the cloud with that suffix."""
        if not _ACCOUNT_NAME.fullmatch(name):  # it becomes part of the host that gets our token
            raise BadSettingError(
                f"Setting STORAGE_ACCOUNT_NAME is {name!r}; expected 3 to 24 lower-case letters "
                "and digits."
            )
        return cls(
            name,
            f"https://{name}.table.{endpoint_suffix}",
            f"https://{name}.blob.{endpoint_suffix}",
        )


def checked_emulator(connection_string: str) -> str:
    """The connection string, if it leads to an emulator; no message repeats its key."""
    parts = (part.partition("=") for part in connection_string.split(";"))
    given = {name.strip().lower(): value.strip() for name, _, value in parts if value}
    if given.keys() == {"usedevelopmentstorage"} and given.popitem()[1].lower() == "true":
        return "UseDevelopmentStorage=true"
    hosts = {_host(given.get("blobendpoint", "")), _host(given.get("tableendpoint", ""))}
    account = given.get("accountname", "")
    is_emulator = account == _EMULATOR_ACCOUNT or hosts <= LOOPBACK_HOSTS
    if is_emulator and None not in hosts and "accountkey" in given:
        return connection_string
    raise BadSettingError(
        f"Setting STORAGE_CONNECTION_STRING leads to {account!r}; expected the emulator: "
        "UseDevelopmentStorage=true, or its account with BlobEndpoint and TableEndpoint. "
        "For a real account set STORAGE_ACCOUNT_NAME."
    )


@contextmanager
def storage_errors(what: str, role: str) -> Iterator[None]:
    """Turn an error of Azure Storage into one sentence; `role` is what allows the operation."""
    try:
        yield
    except (ResourceExistsError, ResourceChangedError) as error:
        raise ConflictError(f"{what}: another writer has just written it.") from error
    except AzureError as error:
        raise StoreError(f"{what} in Azure Storage: {_reason(error, role)}.") from error
    except TypeError as error:  # the SDK fails to read a refusal without a message: a proxy's page
        refusal = _refusal_behind(error)
        if refusal is None:
            raise
        raise StoreError(f"{what} in Azure Storage: {_reason(refusal, role)}.") from error


def _host(url: str) -> str | None:
    parsed = parse_url(url)
    return parsed.host if parsed else None


def _refusal_behind(error: BaseException | None) -> HttpResponseError | None:
    """The refusal during whose handling an error was raised."""
    while error:
        if isinstance(error, HttpResponseError):
            return error
        error = error.__context__
    return None


def _reason(error: AzureError, role: str) -> str:
    if not isinstance(error, HttpResponseError):  # no response; its text has only host and port
        return str(error).rstrip(".") or type(error).__name__
    if error.status_code in _REFUSED:
        return f"access is refused; the identity needs the role {role} on the account"
    code = getattr(error, "error_code", None)
    in_text = _CODE.search(str(error))  # not every call of the SDK parses the service's error
    code_name = getattr(code, "value", code) or (in_text[1] if in_text else error.reason)
    return f"status {error.status_code}, {code_name}"
