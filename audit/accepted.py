"""What has been reviewed and accepted, each with its reason: ``accepted.toml``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from audit import AuditError

FILE = Path(__file__).with_name("accepted.toml")


class Secret(msgspec.Struct, forbid_unknown_fields=True):
    """Something that looks like a secret but is not one."""

    file: str
    digest: str  #: as the audit prints it, in place of the value
    reason: str


class Licence(msgspec.Struct, forbid_unknown_fields=True):
    """The licence of a package whose metadata does not state it in a known form."""

    package: str
    licence: str  #: an SPDX expression
    reason: str


class Vulnerability(msgspec.Struct, forbid_unknown_fields=True):
    """A known vulnerability that does no harm here, or cannot be fixed yet."""

    id: str  #: its id, or one of its aliases
    reason: str
    until: date  #: the last day on which this is accepted


class Accepted(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    licences_allowed: list[str]  #: SPDX ids
    licences: list[Licence]
    secrets: list[Secret]
    vulnerabilities: list[Vulnerability]


def read(file: Path = FILE) -> Accepted:
    """Return what is accepted; raises `AuditError` if the file is invalid."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Accepted)
    except msgspec.DecodeError as error:
        raise AuditError(f"{file.name} cannot be read: {error}") from error
