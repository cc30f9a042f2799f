"""No text of the project uses words that a reader of English technical prose stumbles over."""

from __future__ import annotations

import re
import shutil

import pytest

import dev
from audit.leaks import files

#: Instead, write: expected, is not a, again, anybody who, follows, reported.
UNCLEAR = re.compile(
    r"expected is (?!not\b)|(?<!there )\bis no (?!longer\b)[a-z]|\banew\b|\bwhoever\b"
    r"|\bcomes of it\b|\btold of\b",
    re.IGNORECASE,
)
TEXTS = (".py", ".md", ".html", ".txt")
QUOTES_THEM = "tests/test_language.py"


def unclear_words(text: str) -> list[str]:
    """The phrases in a text, names of tests included: line breaks and underscores are spaces."""
    return UNCLEAR.findall(re.sub(r"[\s_]+(?:#:? )?", " ", text))


def test_no_text_uses_unclear_words() -> None:
    if not shutil.which("git"):
        pytest.skip("git is needed to list the files")
    texts = [name for name in files(dev.ROOT) if name.endswith(TEXTS) and name != QUOTES_THEM]

    assert len(texts) > 300
    found = {name: unclear_words((dev.ROOT / name).read_text("utf-8")) for name in texts}
    assert {name: words for name, words in found.items() if words} == {}


def test_unclear_words_are_found_across_lines_and_in_names() -> None:
    assert unclear_words("This is no\n    # date; Expected is a day.") == [
        "is no d",
        "Expected is ",
    ]
    assert unclear_words("def test_what_is_no_file(): ...") == ["is no f"]
    assert unclear_words("There is no file, and it is no longer there.") == []
