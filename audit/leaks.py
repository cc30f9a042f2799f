"""Secrets in the files that git keeps, found by detect-secrets with some detectors of our own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
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

#: Its detectors for secrets that could occur here; each one more costs half a second.
_THEIRS = [
    *("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector"),
    *("JwtTokenDetector", "KeywordDetector", "NpmDetector", "PrivateKeyDetector"),
    *("PypiTokenDetector", "SendGridDetector", "SlackDetector"),
    *("Base64HighEntropyString", "HexHighEntropyString"),
]
_OURS = str(Path(__file__).with_name("detectors.py"))
#: These would accept a secret for a comment on its line (accepted.toml is the place, with a reason)
#: and skip style sheets, pictures that are text, and files called swagger.
_TOO_LENIENT = [
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_non_text_file",
    "detect_secrets.filters.heuristic.is_swagger_file",
]

#: What follows ``password`` in a sentence: words, not a password.
_WORDS = re.compile(r"(?=.*[ `])[A-Za-z `.,_-]+")


class Leak(NamedTuple):
    """Something that looks like a secret."""

    file: str  #: relative to the project's folder
    line: int
    kind: str
    digest: str  #: the first eight digits of the value's SHA-1


def check(accepted: Accepted, root: Path = dev.ROOT) -> Part:
    """Search every file that git has, or would add, for secrets that are not accepted."""
    try:
        names = files(root)
    except (OSError, subprocess.CalledProcessError):
        return Part("secrets", unchecked="git lists the files, and there is no git or no clone")
    unsearchable = [name for name in names if is_unsearchable(root / name)]
    found = [*leaks([name for name in names if name not in unsearchable], root)]
    excused = {(one.file, one.digest) for one in accepted.secrets}
    present = {(leak.file, leak.digest) for leak in found}
    wrong = [_sentence(leak) for leak in found if (leak.file, leak.digest) not in excused]
    wrong += [
        f"audit/accepted.toml accepts {digest} in {file}, where it is no longer found."
        for file, digest in sorted(excused - present)
    ]
    checked = f"{len(names) - len(unsearchable)} files, in which nothing looks like one"
    if unsearchable:
        checked += f"; not searched: {', '.join(unsearchable)}"
    return Part("secrets", f"{checked} ({len(excused)} accepted)", tuple(wrong))


def files(root: Path) -> list[str]:
    """Return every file that git has or would add; raises if git cannot say."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(git, cwd=root, capture_output=True, text=True, check=True)
    return sorted({name for name in answer.stdout.split("\0") if name and (root / name).is_file()})


def is_unsearchable(file: Path) -> bool:
    """Whether *file* cannot be searched: not UTF-8 text, or a lock file full of digests."""
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return True
    return is_lock_file(str(file))


def leaks(names: Iterable[str], root: Path) -> Iterator[Leak]:
    """Yield everything that looks like a secret in those UTF-8 files under *root*."""
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


def _sentence(leak: Leak) -> str:
    return (
        f"{leak.file}:{leak.line}: looks like a secret ({leak.kind}, digest {leak.digest})."
        " If it is one, revoke it; if not, accept it in audit/accepted.toml."
    )
