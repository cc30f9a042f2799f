"""What somebody has looked at and accepted, each with the reason: ``accepted.toml``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from audit import AuditError

FILE = Path(__file__).with_name("accepted.toml")


class Secret(msgspec.Struct, forbid_unknown_fields=True):
    """Something that looks like a secret and is none."""

    file: str
    digest: str  #: what the audit calls it: the value itself is not repeated
    reason: str


class Licence(msgspec.Struct, forbid_unknown_fields=True):
    """A licence that a package's metadata does not tell, or tells in no common form."""

    package: str
    licence: str  #: an SPDX expression
    reason: str


class Vulnerability(msgspec.Struct, forbid_unknown_fields=True):
    """A known vulnerability that does no harm here, or cannot be mended yet."""

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
    """Return what is accepted; raise `AuditError` where the file does not say it as it should."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Accepted)
    except msgspec.DecodeError as error:
        raise AuditError(f"{file.name} cannot be read: {error}") from error
