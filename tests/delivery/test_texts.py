"""All texts of pages and mails stand in the catalogues, and German is complete."""

from __future__ import annotations

import ast
import re
from http import HTTPStatus
from string import Formatter

import pytest
from jinja2 import Environment
from jinja2.lexer import TOKEN_BLOCK_BEGIN, TOKEN_BLOCK_END, TOKEN_DATA, TOKEN_NAME

import texts
from dev import ROOT
from tests.delivery.english import plain
from texts import LANGUAGES, current, sentences, stored

TEMPLATES = sorted(path for path in ROOT.glob("templates/*/*") if path.suffix != ".css")
#: File names, kinds of file and settings are the same in every language; so are notes to Outlook.
SAME_EVERYWHERE = re.compile(
    r"&\w+;|&#\w+;|\b[\w-]+\.(?:csv|json|xlsx)\b|\.csv\b|<!--.*?-->|\b(?:CSV|XLSX)\b", re.DOTALL
)
READ_OUT = re.compile(r"""\b(?:aria-label|title|alt|placeholder)=["']([^"'{]*[A-Za-z]{2})""")
WORD = re.compile(r"[A-Za-z]{2,}")

#: Where sentences are composed. What they say elsewhere, in a terminal, is English alone.
COMPOSING = (
    *("shared/delivery/text/account_shares.py", "shared/delivery/text/comparison.py"),
    *("shared/delivery/text/completeness.py", "shared/delivery/text/figure_words.py"),
    *("shared/delivery/text/findings.py", "shared/delivery/text/first_step.py"),
    *("shared/delivery/text/protected_pages.py", "shared/delivery/text/sentences.py"),
    *("shared/delivery/page/accounts_table.py", "shared/delivery/page/customers_table.py"),
    *("shared/mfa/common_issues.py", "shared/mfa/findings/catalogue.py"),
    "shared/mfa/reasons/of_record.py",
    "shared/mfa/reasons/of_directory.py",
    "shared/mfa/reasons/reason.py",
)


def outside_of_trans(source: str) -> str:
    """A template's own text that stands in no ``trans`` block."""
    found: list[str] = []
    block: list[str] = []
    in_trans = False
    for _, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if kind == TOKEN_BLOCK_BEGIN:
            block = []
        elif kind == TOKEN_NAME:
            block.append(value)
        elif kind == TOKEN_BLOCK_END and block[:1] == ["trans"]:
            in_trans = True
        elif kind == TOKEN_BLOCK_END and block[:1] == ["endtrans"]:
            in_trans = False
        found.append(value if kind == TOKEN_DATA and not in_trans else " ")
    return "".join(found)


def words_outside(source: str) -> list[str]:
    """What people would read of a template that no catalogue has."""
    text = re.sub(r"<(style|pre)\b.*?</\1>", "", outside_of_trans(source), flags=re.DOTALL)
    text = SAME_EVERYWHERE.sub("", text)
    between = re.sub(r"""<(?:[^>"']|"[^"]*"|'[^']*')*>""", " ", text)
    return [*READ_OUT.findall(text), *WORD.findall(between)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_says_nothing_outside_of_the_catalogue(path) -> None:
    assert words_outside(path.read_text("utf-8")) == []


def test_a_text_outside_of_the_catalogue_is_found() -> None:
    assert words_outside("<p>Hello</p>") == ["Hello"]
    assert words_outside('<p title="Hello">{{ a }}</p>') == ["Hello"]
    assert words_outside("<p>{% trans %}Hello{% endtrans %}, you</p>") == ["you"]
    assert words_outside('<p class="hello">{% trans a=1 %}Hello {{ a }}{% endtrans %}</p>') == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_complete_and_current(language) -> None:
    """`dev.py texts` writes it; what it lists is to be translated."""
    catalog = stored(language)

    assert [message.id for message in catalog if message.id and not message.string] == []
    assert [message.id for message in catalog if message.fuzzy] == []
    for path, content in current(language).items():
        assert path.read_bytes() == content, path.name


def places(text: str) -> set[str]:
    """The places for values in a text, of both kinds, and each tag, code and link."""
    named = {f"%({name})s" for name in re.findall(r"%\((\w+)\)s", text)}
    tags = set(re.findall(r"</?\w+>|`[^`]+`|\]\([^)]+\)", text))
    return named | tags


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_places_for_values_of_the_original(language) -> None:
    for message in stored(language):
        original, translated = message.id, message.string
        if not original:
            continue
        assert isinstance(original, str)
        assert isinstance(translated, str)
        if message.context:
            assert holes(translated) == holes(original), original
        elif original not in MAY_LEAVE_OUT:
            assert places(translated) == places(original), original


MAY_LEAVE_OUT = {
    # German has one word for "its" and "their".
    "with “<bdi>%(search)s</bdi>” in %(rows)s name or object id",
    "with “<bdi>%(search)s</bdi>” in %(rows)s name or tenant id",
}


def pieces_of_code() -> str:
    """All literal texts of the code and the templates that may be part of a sentence."""
    found = []
    for folder in ("delivery", "mfa", "service"):
        for path in sorted((ROOT / "shared" / folder).rglob("*.py")):
            found += [
                node.value
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
    found += [status.phrase for status in HTTPStatus]
    return plain("\n".join([*found, *(path.read_text("utf-8") for path in TEMPLATES)]))


def test_each_sentence_of_the_list_is_one_that_code_says() -> None:
    """Otherwise its words changed, and pages would be in English there."""
    said = pieces_of_code().lower()

    for sentence in sentences():
        for piece in re.split(r"\{\w+\}", plain(sentence)):
            longest = max(re.split(r"[\d:;.,()]|\band\b|\bor\b", piece), key=len).strip()
            words = longest.lower().split(" ")
            assert all(word.rstrip("s") in said for word in words), sentence


def test_each_sentence_that_code_composes_is_in_the_list() -> None:
    known = plain("\n".join(sentences()).lower())

    for name in COMPOSING:
        tree = ast.parse((ROOT / name).read_text("utf-8"))
        notes = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            text = plain(node.value).strip().rstrip(".").lower()
            if id(node) not in notes and text.count(" ") > 2:
                for piece in re.split(r"\{\w+\}", text):
                    assert piece.strip() in known, f"{name}: {node.value}"


def test_the_tools_say_which_texts_there_are() -> None:
    assert len(list(texts.template_texts())) > 300
    assert len(list(texts.finding_texts())) > 400
    assert len(sentences()) > 500
