"""
Files that are replaced together, and the row that says which of them are current.

New files are written next to the old ones, under a version of their own. One write of the row then
makes them current: before it readers get the old files, after it the new ones. After that the files
are moved to where people look for them, if the medium can, and files that are no longer current are
removed. Each file is recognised by its digest, so it does not matter how far this has got; `settle`
does the rest after a writer was killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from shared.decoding import decode_json
from shared.errors import ConflictError, DamagedError, StoreError
from shared.stores.medium import Columns, Row, RowId, from_columns, replace_row, sealed
from shared.stores.models import StoredFile
from shared.stores.names import digest, is_later, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.stores.medium import Medium

    Kind: TypeAlias = type[msgspec.Struct]

_ATTEMPTS = 5  #: how often files may be replaced while one is being read


class FileSet(NamedTuple):
    """Where some files and their row are."""

    title: str  #: for messages, with its article
    row_id: RowId
    kind: Kind  #: of the row's own columns
    base: str  #: what all its paths begin with
    separator: str
    older_row_id: RowId | None = None  #: where older releases had the row

    def path(self, name: str, version: str = "") -> str:
        """Where people look for a file, or (with `version`) where it is until then."""
        return self.separator.join(filter(None, (self.base, version, name)))

    def version_and_name(self, path: str) -> tuple[str, str]:
        """The arguments that gave `path`."""
        version, _, name = path[len(self.base) + 1 :].rpartition(self.separator)
        return version, name

    def broken(self, listed: Listed, found: Mapping[str, str]) -> set[str]:
        """The names of the listed files that are gone or changed, by the digests of all paths."""
        versions = {listed.version, ""}
        return {
            name
            for name, wanted in listed.digests.items()
            if wanted not in (found.get(self.path(name, version)) for version in versions)
        }


class _Columns(msgspec.Struct, frozen=True):
    stamp: str
    version: str
    files: str


class Listed(NamedTuple):
    """The files that a row lists, and when it was written."""

    stamp: str = ""
    version: str = ""
    digests: Mapping[str, str] = {}

    @classmethod
    def of(cls, row: Row, kind: Kind) -> Listed:
        """What a row lists; raises `DamagedError` if any column cannot be read."""
        from_columns(row, kind)
        columns = from_columns(row, _Columns)

        def damaged(reason: str) -> DamagedError:
            return DamagedError(f"The stored row {row.id} cannot be read: its files: {reason}.")

        digests = decode_json(columns.files, dict[str, str], damaged)
        return cls(columns.stamp, columns.version, digests)

    @staticmethod
    def names(row: Row) -> tuple[str, ...]:
        """The files' names; none if its row lists none, or cannot be read."""
        try:
            listed = decode_json(str(row.columns.get("Files")), dict[str, str], DamagedError)
        except DamagedError:
            return ()
        return tuple(listed) if row.columns.get("Version") else ()

    @property
    def columns(self) -> Columns:
        """The columns of a row that lists these files."""
        files = msgspec.json.encode(dict(self.digests)).decode()
        return {"Stamp": self.stamp, "Version": self.version, "Files": files}


class FileSets:
    """All file sets of one medium."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    def replace(
        self,
        file_set: FileSet,
        at: str,
        columns: Columns,
        files: Mapping[str, bytes] | None,
        before_the_row: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Write the files, if given, over those that were there, and then the row.

        `before_the_row` writes what else must be there when the row is.

        Raises `ConflictError` if the row there is later than `at`, as a slower writer's is, or of a
        newer release (`NewerError`).
        """
        wanted = Listed()

        def decide(current: Listed | None) -> Columns:
            nonlocal wanted
            current = current or self._older(file_set)
            if current and is_later(current.stamp, stamp(at)):
                self._remove_outdated(file_set, current)
                raise ConflictError(f"{file_set.title} is already stored as of later than {at}.")
            if files is None:
                wanted = (current or Listed())._replace(stamp=stamp(at))
            else:
                wanted = self._write(file_set, stamp(at), files)
            before_the_row()
            return {**columns, **wanted.columns}

        def read(row: Row) -> Listed:
            return Listed.of(row, file_set.kind)

        with self._medium.exclusive():
            old, _ = replace_row(self._medium, file_set.row_id, decide, read)
            self._finalize(file_set, wanted)
            self._remove_outdated(file_set, wanted, superseded=old.version if old else "")

    def read(self, file_set: FileSet, name: str) -> StoredFile | None:
        """
        The file that the row lists, or `None` if it lists none or the file is gone.

        Raises `DamagedError` if the file or the row is, `NewerError` if a newer release wrote it.
        """
        missed = ""
        for _ in range(_ATTEMPTS):
            listed = self.listed(file_set)
            wanted = listed.digests.get(name)
            if wanted is None:
                return None
            contents = list(self._contents(file_set, name, listed.version, wanted))
            if contents and digest(contents[-1]) == wanted:
                return StoredFile(contents[-1], f'"{wanted}"')
            if listed.version == missed:  # nobody has replaced it meanwhile
                if not contents:
                    return None
                raise DamagedError(f"{file_set.title} is damaged: it must be made again.")
            missed = listed.version
        raise StoreError(f"{file_set.title} cannot be read: it keeps being replaced.")

    def listed(self, file_set: FileSet) -> Listed:
        """The files that the row lists now; none without a row."""
        row = self._medium.row(file_set.row_id)
        return Listed.of(row, file_set.kind) if row else self._older(file_set) or Listed()

    def etags(self, file_set: FileSet) -> dict[str, str]:
        """The ETag of each file that the row lists, by name."""
        return {name: f'"{each}"' for name, each in self.listed(file_set).digests.items()}

    def versioned_path(self, file_set: FileSet, name: str) -> str | None:
        """Where the file is until it is moved, or `None` if the row does not list it."""
        listed = self.listed(file_set)
        return file_set.path(name, listed.version) if name in listed.digests else None

    def forget(self, row: Row, kind: Kind) -> None:
        """Keep a row but let it list no files; removing those is up to the caller."""
        listed = Listed.of(row, kind)
        if listed.version:
            columns = {**row.columns, **Listed(listed.stamp).columns}
            self._medium.put_row(row.id, sealed(row.id, columns), over=row.etag)

    def settle(self, file_set: FileSet, before: str) -> None:
        """
        Do what a writer that was killed after writing the row has left to do.

        Files that no row lists may be those of a writer that is about to enter them, unless nobody
        else can be writing, or their version begins before `before`.
        """
        with self._medium.exclusive():
            listed = self.listed(file_set)
            self._finalize(file_set, listed)
            limit = _LATEST if self._medium.moves else max(before, listed.stamp)
            self._remove_outdated(file_set, listed, before=limit)

    def is_settled(self, file_set: FileSet, listed: Listed, paths: set[str], before: str) -> bool:
        """Whether `settle` would leave everything as it is, given all paths of the file set."""
        version = "" if self._medium.moves else listed.version
        extra = paths - {file_set.path(name, version) for name in listed.digests}
        if self._medium.moves:
            return not extra
        limit = max(before, listed.stamp)
        return not any(file_set.version_and_name(path)[0] < limit for path in extra)

    def _older(self, file_set: FileSet) -> Listed | None:
        """What the row of an older release lists; one that cannot be read is not there."""
        row = self._medium.row(file_set.older_row_id) if file_set.older_row_id else None
        try:
            return Listed.of(row, file_set.kind) if row else None
        except DamagedError:
            return None

    def _write(self, file_set: FileSet, made: str, files: Mapping[str, bytes]) -> Listed:
        digests = {name: digest(files[name]) for name in sorted(files)}
        # The time keeps two pulls apart even if they gave the same: the files of one may be removed
        # while the other is being entered. The digest gives a repeated write the same names.
        version = f"{made}-{digest(msgspec.json.encode(digests))[:16]}"
        for name, content in files.items():
            self._medium.write(file_set.path(name, version), content)
        return Listed(made, version, digests)

    def _contents(self, file_set: FileSet, name: str, version: str, wanted: str) -> Iterator[bytes]:
        """What is at the file's possible paths, up to and including the file itself."""
        for path in (file_set.path(name, version), file_set.path(name)):
            content = self._medium.read(path)
            if content is not None:
                yield content
                if digest(content) == wanted:
                    return

    def _finalize(self, file_set: FileSet, listed: Listed) -> None:
        for name in listed.digests:
            path = file_set.path(name, listed.version)
            self._medium.finalize(path, file_set.path(name))

    def _remove_outdated(
        self, file_set: FileSet, listed: Listed, superseded: str = "", before: str = ""
    ) -> None:
        """Remove files older than the current ones; newer ones may be about to be entered."""
        limit = max(before, listed.stamp)
        for path in self._medium.paths(file_set.base + file_set.separator):
            version, name = file_set.version_and_name(path)
            is_older = version < limit or version == superseded
            is_current = version == listed.version if version else name in listed.digests
            if is_older and not is_current:
                self._medium.remove(path)


_LATEST = "9"  #: sorts after every version
