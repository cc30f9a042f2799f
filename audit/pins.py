"""The packages that a requirements file pins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from audit import AuditError

if TYPE_CHECKING:
    from pathlib import Path

_PIN = re.compile(r"([a-z0-9-]+)==([^\s;\\]+)(?: ; ([^\\\n]+?))?(?: \\|$)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_BLOCK = re.compile(r"^(?=\w)", re.MULTILINE)


class Pin(NamedTuple):
    """One package at one version."""

    name: str  #: normalised, as in ``azure-core``
    version: str
    marker: str  #: the Pythons and systems it is for; empty for all
    hashes: tuple[str, ...]  #: SHA-256 of each of its files, of which one is installed
    needed_by: frozenset[str]  #: names of packages, and of the project itself

    @property
    def requirement(self) -> str:
        """The pin as a requirement."""
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


def read(file: Path) -> list[Pin]:
    """Return the pins of a *file* compiled by uv, in its order: by name, then version."""
    blocks = _BLOCK.split(file.read_text(encoding="utf-8"))
    return [_pin(block) for block in blocks if "==" in block]


def _pin(block: str) -> Pin:
    head, _, tail = block.partition("# via")
    found = _PIN.match(head)
    if found is None:
        raise AuditError(f"Invalid pin {head.splitlines()[0]!r}; expected one as uv writes it.")
    name, version, marker = found.groups(default="")
    needed_by = frozenset(line.split()[0] for line in tail.replace("#", "").splitlines() if line)
    return Pin(name, version, marker.strip(), tuple(_HASH.findall(head)), needed_by)
