"""What tables and blobs have in common: their clients' options, and how a refusal is told."""

from __future__ import annotations

import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.exceptions import ResourceModifiedError as ResourceChangedError

from shared.errors import ConflictError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

Options: TypeAlias = dict[str, Any]  #: keyword arguments of the SDK's clients

_CODE = re.compile(r'"code": ?"(\w+)"')
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@contextmanager
def storage_errors(what: str, role: str) -> Iterator[None]:
    """Say in one sentence what Azure Storage refused; `role` is what allows it."""
    try:
        yield
    except (ResourceExistsError, ResourceChangedError) as error:
        raise ConflictError(f"{what}: somebody else has just written it.") from error
    except AzureError as error:
        raise StoreError(f"{what} in Azure Storage: {_reason(error, role)}.") from error


def _reason(error: AzureError, role: str) -> str:
    if not isinstance(error, HttpResponseError):  # no answer; its text names host and port only
        return str(error).rstrip(".") or type(error).__name__
    if error.status_code in _REFUSED:
        return f"access is refused; the identity needs the role {role} on the account"
    code = getattr(error, "error_code", None)
    unread = _CODE.search(str(error))  # not every call of the SDK reads what the service said
    code_name = getattr(code, "value", code) or (unread[1] if unread else error.reason)
    return f"status {error.status_code}, {code_name}"
