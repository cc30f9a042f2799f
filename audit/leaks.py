"""Secrets in the files that git keeps: detect-secrets looks, with detectors of ours added."""

from __future__ import annotations

import os
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from detect_secrets.core.plugins.util import get_plugins_from_file
from detect_secrets.core.scan import scan_file
from detect_secrets.filters.heuristic import is_lock_file
from detect_secrets.plugins.keyword import KeywordDetector
from detect_secrets.settings import transient_settings

import dev
from audit import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detect_secrets.core.potential_secret import PotentialSecret

    from audit.accepted import Accepted

#: Those of its detectors whose secrets could get here; every one more costs half a second.
_THEIRS = [
    *("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector"),
    *("JwtTokenDetector", "KeywordDetector", "NpmDetector", "PrivateKeyDetector"),
    *("PypiTokenDetector", "SendGridDetector", "SlackDetector"),
    *("Base64HighEntropyString", "HexHighEntropyString"),
]
_OURS = str(Path(__file__).with_name("detectors.py"))
#: A comment on the line would do as an excuse: here there is one place for those, with reasons. And
#: style sheets, pictures that are text, and whatever is called swagger would be passed over.
_TOO_LENIENT = [
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_non_text_file",
    "detect_secrets.filters.heuristic.is_swagger_file",
]

#: What stands behind ``password`` and is no password, but words of a sentence.
_WORDS = re.compile(r"(?=.*[ `])[A-Za-z `.,_-]+")


class Leak(NamedTuple):
    """Something that looks like a secret."""

    file: str  #: from the project's folder on
    line: int
    kind: str
    digest: str  #: the first eight digits of the value's SHA-1


def check(accepted: Accepted, root: Path = dev.ROOT) -> Part:
    """Look into every file that git has, or would take, for secrets that nobody has accepted."""
    names = files(root)
    closed = [name for name in names if is_closed(root / name)]
    found = [*leaks([name for name in names if name not in closed], root)]
    excused = {(one.file, one.digest) for one in accepted.secrets}
    present = {(leak.file, leak.digest) for leak in found}
    wrong = [_sentence(leak) for leak in found if (leak.file, leak.digest) not in excused]
    wrong += [
        f"audit/accepted.toml accepts {digest} in {file}, where it is not found any more."
        for file, digest in sorted(excused - present)
    ]
    looked_at = f"{len(names) - len(closed)} files, in which nothing looks like one"
    if closed:
        looked_at += f"; not looked into: {', '.join(closed)}"
    return Part("secrets", f"{looked_at} ({len(excused)} accepted)", tuple(wrong))


def files(root: Path) -> list[str]:
    """Return every file that git has or would take; without git, all but what it would ignore."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        answer = subprocess.run(git, cwd=root, capture_output=True, text=True, check=True)
        names = answer.stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [*_walked(root)]
    return sorted({name for name in names if name and (root / name).is_file()})


def is_closed(file: Path) -> bool:
    """Tell whether there is no looking into *file*: no UTF-8 text, or a lock full of digests."""
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return True
    return is_lock_file(str(file))


def leaks(names: Iterable[str], root: Path) -> Iterator[Leak]:
    """Yield whatever looks like a secret in those files under *root*, UTF-8 all."""
    ours: list[type] = [*get_plugins_from_file(_OURS)]
    detectors = [{"name": name} for name in _THEIRS]
    detectors += [{"name": one.__name__, "path": f"file://{_OURS}"} for one in ours]
    with transient_settings({"plugins_used": detectors}) as settings:
        settings.disable_filters(*_TOO_LENIENT)
        for name in names:
            for one in scan_file(str(root / name)):
                if not _is_in_words(one):
                    yield Leak(name, one.line_number, one.type, one.secret_hash[:8])


def _is_in_words(found: PotentialSecret) -> bool:
    is_by_keyword = found.type == KeywordDetector.secret_type
    return is_by_keyword and _WORDS.fullmatch(found.secret_value or "") is not None


def _walked(root: Path) -> Iterator[str]:
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.rstrip("/") for line in ignored if line and not line.startswith("#")]
    for folder, inner, names in os.walk(root):
        here = PurePosixPath("/", Path(folder).relative_to(root).as_posix())
        inner[:] = [name for name in inner if not _is_ignored(here / name, [*patterns, ".git"])]
        for name in names:
            if not _is_ignored(here / name, patterns):
                yield str(here / name)[1:]


def _is_ignored(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern of .gitignore, a name or a path from the root on, is about *path*."""
    return any(fnmatch(text, pattern) for text in (path.name, str(path)) for pattern in patterns)


def _sentence(leak: Leak) -> str:
    return (
        f"{leak.file}:{leak.line}: looks like a secret ({leak.kind}, digest {leak.digest})."
        " If it is one, have it revoked; if not, accept it in audit/accepted.toml."
    )
