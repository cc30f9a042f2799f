"""
Files that are replaced together, and the row that says which of them are current.

New files are written next to the old ones, under a version of their own. One write of the row then
makes them current: before it readers get the old files, after it the new ones. After that the files
are moved to where people look for them, if the medium can, and files that are no longer current are
removed. Each file is recognised by its digest, so it does not matter how far this has got.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shared.decoding import decode_json
from shared.errors import ConflictError, DamagedError, StoreError
from shared.stores.medium import Columns, Row, RowId, replace_row
from shared.stores.models import StoredFile
from shared.stores.names import digest, is_later, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.stores.medium import Medium

_ATTEMPTS = 5  #: how often files may be replaced while one is being read
_NO_FILES: Columns = {"Version": "", "Files": "{}"}


class FileSet(NamedTuple):
    """Where some files and their row are."""

    title: str  #: for messages, with its article
    row_id: RowId
    base: str  #: what all its paths begin with
    separator: str

    def path(self, name: str, version: str = "") -> str:
        """Where people look for a file, or (with `version`) where it is until then."""
        return self.separator.join(filter(None, (self.base, version, name)))

    def version_and_name(self, path: str) -> tuple[str, str]:
        """The arguments that gave `path`."""
        version, _, name = path[len(self.base) + 1 :].rpartition(self.separator)
        return version, name


class FileSets:
    """All file sets of one medium."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    def replace(
        self, file_set: FileSet, at: str, columns: Columns, files: Mapping[str, bytes] | None
    ) -> None:
        """
        Write the files, if given, over those that were there, and then the row.

        Raises `ConflictError` if the row there is later than `at`, as a slower writer's is.
        """

        def decide(current: Row | None) -> Columns:
            if current and is_later(str(current.columns["Stamp"]), stamp(at)):
                self._remove_outdated(file_set, current.columns)
                raise ConflictError(f"{file_set.title} is already stored as of later than {at}.")
            listed = _listed(current) if files is None else self._write(file_set, stamp(at), files)
            return {**columns, "Stamp": stamp(at), **listed}

        with self._medium.exclusive():
            old, new = replace_row(self._medium, file_set.row_id, decide)
            self._finalize(file_set, new)
            self._remove_outdated(file_set, new, superseded=str(_listed(old)["Version"]))

    def read(self, file_set: FileSet, name: str) -> StoredFile | None:
        """The file that the row lists, or `None` if it lists none or the file is gone."""
        missed = ""
        for _ in range(_ATTEMPTS):
            row = self._medium.row(file_set.row_id)
            wanted = _digests(row.columns).get(name) if row else None
            if row is None or wanted is None:
                return None
            version = str(row.columns["Version"])
            contents = list(self._contents(file_set, name, version, wanted))
            if contents and digest(contents[-1]) == wanted:
                return StoredFile(contents[-1], f'"{wanted}"')
            if version == missed:  # nobody has replaced it meanwhile
                if not contents:
                    return None
                raise DamagedError(f"{file_set.title} is damaged: it must be made again.")
            missed = version
        raise StoreError(f"{file_set.title} cannot be read: it keeps being replaced.")

    def etags(self, file_set: FileSet) -> dict[str, str]:
        """The ETag of each file that the row lists, by name."""
        row = self._medium.row(file_set.row_id)
        return {name: f'"{each}"' for name, each in _digests(row.columns).items()} if row else {}

    def versioned_path(self, file_set: FileSet, name: str) -> str | None:
        """Where the file is until it is moved, or `None` if the row does not list it."""
        row = self._medium.row(file_set.row_id)
        if row is None or name not in _digests(row.columns):
            return None
        return file_set.path(name, str(row.columns["Version"]))

    def forget(self, row: Row) -> None:
        """Keep a row but let it list no files; removing those is up to the caller."""
        if row.columns["Version"]:
            self._medium.put_row(row.id, {**row.columns, **_NO_FILES}, over=row.etag)

    def _write(self, file_set: FileSet, made: str, files: Mapping[str, bytes]) -> Columns:
        digests = {name: digest(files[name]) for name in sorted(files)}
        listed = msgspec.json.encode(digests).decode()
        # The time keeps two pulls apart even if they gave the same: the files of one may be removed
        # while the other is being entered. The digest gives a repeated write the same names.
        version = f"{made}-{digest(listed.encode())[:16]}"
        for name, content in files.items():
            self._medium.write(file_set.path(name, version), content)
        return {"Version": version, "Files": listed}

    def _contents(self, file_set: FileSet, name: str, version: str, wanted: str) -> Iterator[bytes]:
        """What is at the file's possible paths, up to and including the file itself."""
        for path in (file_set.path(name, version), file_set.path(name)):
            content = self._medium.read(path)
            if content is not None:
                yield content
                if digest(content) == wanted:
                    return

    def _finalize(self, file_set: FileSet, columns: Columns) -> None:
        for name in _digests(columns):
            path = file_set.path(name, str(columns["Version"]))
            self._medium.finalize(path, file_set.path(name))

    def _remove_outdated(self, file_set: FileSet, columns: Columns, superseded: str = "") -> None:
        """Remove files older than the current ones; newer ones may be about to be entered."""
        for path in self._medium.paths(file_set.base + file_set.separator):
            version, name = file_set.version_and_name(path)
            is_older = version < str(columns["Stamp"]) or version == superseded
            is_current = version == columns["Version"] if version else name in _digests(columns)
            if is_older and not is_current:
                self._medium.remove(path)


def _listed(row: Row | None) -> Columns:
    """The columns of a row that list its files."""
    return {name: row.columns[name] for name in _NO_FILES} if row else _NO_FILES


def _digests(columns: Columns) -> dict[str, str]:
    return decode_json(str(columns["Files"]), dict[str, str], _damaged)


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"The list of a row's files cannot be read: {reason}.")
