"""A report's files in a folder: all of the new ones, or the unchanged old ones."""

from __future__ import annotations

import sys

import pytest

from shared.delivery.files.folder import write_files
from shared.errors import BadInputError


def test_the_folder_is_made_and_other_files_in_it_are_left_alone(tmp_path) -> None:
    folder = tmp_path / "deep" / "report"
    write_files(folder, {"report.json": b"old"})
    (folder / "notes.txt").write_bytes(b"mine")

    write_files(folder, {"report.json": b"new", "report.html": b"page"})

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "report.json": b"new",
        "report.html": b"page",
        "notes.txt": b"mine",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_for_its_owner_only_replaces_one_that_all_could_read(tmp_path) -> None:
    (tmp_path / "directory.json").write_bytes(b"old")
    (tmp_path / "directory.json").chmod(0o644)

    write_files(tmp_path, {"directory.json": b"new"}, owner_only=True)

    assert (tmp_path / "directory.json").read_bytes() == b"new"
    assert (tmp_path / "directory.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_a_file_is_refused_in_one_sentence(tmp_path) -> None:
    (tmp_path / "report").write_bytes(b"a file")

    with pytest.raises(BadInputError, match="cannot be written"):
        write_files(tmp_path / "report", {"report.json": b"new"})

    assert (tmp_path / "report").read_bytes() == b"a file"


def test_a_write_that_fails_half_way_replaces_nothing(tmp_path) -> None:
    write_files(tmp_path, {"a.csv": b"old", "b.csv": b"old"})
    (tmp_path / ".b.csv.partial").mkdir()  # so that writing b cannot work

    with pytest.raises(BadInputError, match="cannot be written"):
        write_files(tmp_path, {"a.csv": b"new", "b.csv": b"new"})

    assert (tmp_path / "a.csv").read_bytes() == b"old"
    assert not (tmp_path / ".a.csv.partial").exists()
