"""docs/architecture.md: the files, classes, functions and import rules that it names exist."""

from __future__ import annotations

import re

import dev
from shared.settings import SETTINGS
from tests.test_house import MAY_IMPORT, PRODUCT, SIMULATOR

PAGE = (dev.ROOT / "docs" / "architecture.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))


def defined():
    """The names of all classes, functions, settings and rooms."""
    source = "".join(module.source for module in [*PRODUCT, *SIMULATOR])
    return {
        *re.findall(r"^\s*(?:class|def) (\w+)", source, re.MULTILINE),
        *(setting.name for setting in SETTINGS),
        *MAY_IMPORT,
    }


def rules():
    """What each part may import, as the table says."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\w, ]+) \|$", PAGE, re.MULTILINE)
    return {part: set(others.split(", ")) - {"nothing"} for part, others in rows}


def test_every_path_on_the_page_exists() -> None:
    paths = [name for name in NAMED if re.fullmatch(r"[\w/]+(/|\.py|\.bicep)", name)]

    assert len(paths) > 30
    assert [path for path in paths if not (dev.ROOT / path).exists()] == []


def test_every_class_function_and_setting_on_the_page_exists() -> None:
    names = [name for name in NAMED if re.fullmatch(r"[A-Z]\w+(\.\w+)?|[a-z]+_\w+", name)]

    assert len(names) > 20
    assert {part for name in names for part in name.split(".")} - defined() == set()


def test_the_page_gives_the_import_rules_of_the_house() -> None:
    assert rules() == {part: MAY_IMPORT[part] for part in MAY_IMPORT if "__" not in part}


def test_every_link_on_the_page_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", PAGE)

    assert links
    assert [link for link in links if not (dev.ROOT / "docs" / link).exists()] == []
