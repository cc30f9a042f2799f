"""
Files that are replaced together, and the row that says which of them count.

New files are written beside the old ones, under a version of their own. Then one write of the row
makes them the ones that count: before it readers get the old files, after it the new ones. Then
the files are moved to where a person looks for them, if the medium can, and what no longer counts
is removed. Each file is found by its digest, so it does not matter how far that has got.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shared.errors import ConflictError, DamagedError, StoreError
from shared.stores.medium import Columns, Place, Row, replace_row
from shared.stores.names import digest, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.stores.medium import Medium

_ATTEMPTS = 5  #: how often files may be replaced while one is being read
_NO_FILES = "{}"


class Bundle(NamedTuple):
    """Where some files, and the row that speaks for them, are."""

    title: str  #: for messages, with its article
    row: Place
    base: str  #: what all its paths begin with
    separator: str

    def path(self, name: str, version: str = "") -> str:
        """Where a person looks for a file, or (with `version`) where it is kept until then."""
        return self.separator.join(filter(None, (self.base, version, name)))

    def version_and_name(self, path: str) -> tuple[str, str]:
        """What `path` was given."""
        version, _, name = path[len(self.base) + 1 :].rpartition(self.separator)
        return version, name


class Kept(NamedTuple):
    """One file that counts."""

    content: bytes
    digest: str


class Bundles:
    """All bundles of one medium."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    def replace(
        self, bundle: Bundle, at: str, columns: Columns, files: Mapping[str, bytes] | None
    ) -> None:
        """Write the files, if given, over what was there, then the row; older loses to newer."""

        def decide(held: Row | None) -> Columns:
            if held and str(held.columns["Stamp"]) > stamp(at):
                self._sweep(bundle, held.columns)
                raise ConflictError(f"{bundle.title} is already stored as of later than {at}.")
            kept = self._write(bundle, stamp(at), files) if files is not None else _kept(held)
            return {**columns, "Stamp": stamp(at), **kept}

        with self._medium.exclusive():
            held, now = replace_row(self._medium, bundle.row, decide)
            self._settle(bundle, now)
            self._sweep(bundle, now, superseded=str(_kept(held)["Version"]))

    def read(self, bundle: Bundle, name: str) -> Kept | None:
        """The file as of the row, or `None` where the row knows of none or it is gone."""
        missed = ""
        for _ in range(_ATTEMPTS):
            row = self._medium.row(bundle.row)
            wanted = _digests(row.columns).get(name) if row else None
            if row is None or wanted is None:
                return None
            version = str(row.columns["Version"])
            contents = list(self._contents(bundle, name, version, wanted))
            if contents and digest(contents[-1]) == wanted:
                return Kept(contents[-1], wanted)
            if version == missed:  # nobody replaced it while we were looking
                if not contents:
                    return None
                raise DamagedError(f"{bundle.title} is damaged: it must be made again.")
            missed = version
        raise StoreError(f"{bundle.title} is being replaced all the time.")

    def location(self, bundle: Bundle, name: str) -> str | None:
        """Where the file is while it has not been moved, or `None` where the row knows of none."""
        row = self._medium.row(bundle.row)
        if row is None or name not in _digests(row.columns):
            return None
        return bundle.path(name, str(row.columns["Version"]))

    def forget(self, row: Row) -> None:
        """Let a row stand but know of no files any more; they are for the caller to remove."""
        if row.columns["Version"]:
            self._medium.put_row(row.place, {**row.columns, **_kept(None)}, over=row.etag)

    def _write(self, bundle: Bundle, made: str, files: Mapping[str, bytes]) -> Columns:
        digests = {name: digest(files[name]) for name in sorted(files)}
        listed = msgspec.json.encode(digests)
        # The time keeps apart what two pulls gave, even if it is the same: one may be removed
        # while the other is being entered. The digest makes doing it again write the same names.
        version = f"{made}-{digest(listed)[:16]}"
        for name, content in files.items():
            self._medium.write(bundle.path(name, version), content)
        return {"Version": version, "Files": listed.decode()}

    def _contents(self, bundle: Bundle, name: str, version: str, wanted: str) -> Iterator[bytes]:
        """What is where the file may be, up to and with the file itself."""
        for path in (bundle.path(name, version), bundle.path(name)):
            content = self._medium.read(path)
            if content is not None:
                yield content
                if digest(content) == wanted:
                    return

    def _settle(self, bundle: Bundle, now: Columns) -> None:
        for name in _digests(now):
            self._medium.finalize(bundle.path(name, str(now["Version"])), bundle.path(name))

    def _sweep(self, bundle: Bundle, now: Columns, superseded: str = "") -> None:
        """Remove what was made earlier than what counts; what was made later may yet be entered."""
        for path in self._medium.paths(bundle.base + bundle.separator):
            version, name = bundle.version_and_name(path)
            is_older = version < str(now["Stamp"]) or version == superseded
            counts = version == now["Version"] if version else name in _digests(now)
            if is_older and not counts:
                self._medium.remove(path)


def _kept(row: Row | None) -> Columns:
    if row is None:
        return {"Version": "", "Files": _NO_FILES}
    return {name: row.columns[name] for name in ("Version", "Files")}


def _digests(columns: Columns) -> dict[str, str]:
    return msgspec.json.decode(str(columns["Files"]), type=dict[str, str])
