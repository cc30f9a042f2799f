"""
No regular expression of the house takes quadratic time, whatever it is given.

Every pattern in the code is found, and timed on inputs made to be its worst: whatever any part of
it accepts, many times over, after what leads there and before what fits nothing. Four times the
length may take about four times as long; quadratic would be sixteen times.
"""

from __future__ import annotations

import ast
import re
import time
from importlib import import_module
from itertools import product
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]  # the parser that re itself uses
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from shared.delivery.language import expression_of
from tests.test_house import Module, modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LENGTH, TIMES = 1_000, 4
MOST = 9.0  #: times as long for four times the length; quadratic is 16
QUICK_SECONDS = 0.001  #: for the longer input: linear takes a tenth of it, quadratic ten times it
TINY, SLOW_SECONDS = 24, 0.1  #: what takes so long on tiny or shorter inputs is even worse
METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
PARTS = ("shared/**/*.py", "simulator/**/*.py", "audit/**/*.py", "infra/*.py")
CODE = modules("function_app.py", "dev.py", *PARTS)
#: Patterns that a call gets from elsewhere: found there, too, or tried by a test of their own.
GIVEN = {"api.pattern", "expression"}
LOCALS = {"suffix": "core.windows.net"}
NEVER = ("", "\x00", "\n!")  #: ends of an input that hardly any pattern accepts


class Use(NamedTuple):
    """A pattern, and how it is used."""

    place: str
    pattern: re.Pattern[Any]
    method: str


def uses(module: Any, names: dict[str, Any]) -> Iterator[Use]:
    """All patterns of a module; `names` is what its own names mean."""
    tree = module.tree
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name("re"), how), [text, *_]) if (
                how in (*METHODS, "compile") and ast.unparse(text) not in GIVEN
            ):
                pattern = compiled(node, how, {**LOCALS, **names})
                for method in methods(tree, node) if how == "compile" else {how}:
                    yield Use(module.at(node.lineno, pattern.pattern), pattern, method)


def compiled(call: ast.Call, how: str, names: dict[str, Any]) -> re.Pattern[Any]:
    flags = [each.value for each in call.keywords if each.arg == "flags"]
    flags += call.args[1:] if how == "compile" else []
    text, *rest = (eval(ast.unparse(each), dict(names)) for each in (call.args[0], *flags))
    return re.compile(text, *rest)


def methods(tree: ast.Module, call: ast.Call) -> set[str]:
    """The methods that are called on the pattern's name; those of most use if it has none."""
    assignments = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.value is call]
    names = {ast.unparse(each.targets[0]) for each in assignments}
    attributes = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    used = {each.attr for each in attributes if ast.unparse(each.value) in names}
    return used.intersection(METHODS) or {"findall", "fullmatch"}


def worst_inputs(pattern: re.Pattern[Any]) -> Iterator[str | bytes]:
    """Inputs that are as long as is worth trying."""
    parts = sorted({part for part in accepted_parts(pattern) if part})
    leads = ["", *(part for part in parts if len(part) > 1)]
    for lead, part, end in product(leads, parts, NEVER):
        text = lead + part * (LENGTH * TIMES // len(part)) + end
        yield text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def accepted_parts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Short texts that a pattern's beginnings, its repetitions and its characters accept."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    yield from beginnings(tree)
    for items in sequences(tree):
        yield from beginnings(items)
        for item in items:
            yield from characters(item)


def beginnings(items: Iterable[Any]) -> Iterator[str]:
    text = ""
    for item in items:
        if item[0] in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            yield text
        text += example([item])
    yield text


def sequences(items: Any) -> Iterator[list[Any]]:
    """A parsed pattern and everything in it, each as a list of items."""
    yield list(items)
    for _, argument in items:
        for each in argument if isinstance(argument, (tuple, list)) else [argument]:
            if isinstance(each, parser.SubPattern):
                yield from sequences(each)
            elif isinstance(each, list):  # the branches of an alternative
                for branch in each:
                    if isinstance(branch, parser.SubPattern):
                        yield from sequences(branch)


def example(items: Iterable[Any]) -> str:
    """A text that the items accept, as short as may be; at least one of what is repeated."""
    text = ""
    for code, argument in items:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            text += example(argument[2]) * max(argument[0], 1)
        elif code is codes.SUBPATTERN:
            text += example(argument[-1])
        elif code is codes.ATOMIC_GROUP:
            text += example(argument)
        elif code is codes.BRANCH:
            text += example(argument[1][0])
        elif code in (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY):
            text += characters((code, argument))[0]
    return text


def characters(item: Any) -> list[str]:
    """Some characters that an item accepts."""
    code, argument = item
    if code is codes.LITERAL:
        return [chr(argument)]
    if code in (codes.NOT_LITERAL, codes.ANY):
        return ["x" if argument != ord("x") else "y", " "]
    if code is not codes.IN:
        return []
    tried = set("aA1 \n\t-_./:;@\"'")
    tried |= {chr(value) for kind, value in argument if kind is codes.LITERAL}
    tried |= {chr(end) for kind, ends in argument if kind is codes.RANGE for end in ends}
    is_in = re.compile(one_of(argument))
    return sorted(filter(is_in.fullmatch, tried)) or ["\xe9"]


def one_of(argument: Any) -> str:
    """A parsed set of characters as the text of a pattern."""
    names = {
        codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_DIGIT: r"\d",
        codes.CATEGORY_NOT_DIGIT: r"\D",
        codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_WORD: r"\W",
    }
    text = ""
    for kind, value in argument:
        match kind:
            case codes.NEGATE:
                text += "^"
            case codes.LITERAL:
                text += re.escape(chr(value))
            case codes.RANGE:
                text += "-".join(re.escape(chr(end)) for end in value)
            case codes.CATEGORY:
                text += names[value]
    return f"[{text}]"


def seconds(use: Use, text: str | bytes) -> float:
    """Processor time of this thread, so that a busy machine matters less."""
    run = getattr(use.pattern, use.method)
    arguments = (text[:0], text) if use.method in ("sub", "subn") else (text,)
    started = time.thread_time()
    result = run(*arguments)
    if use.method == "finditer":
        list(result)
    return time.thread_time() - started


def is_slow(use: Use, text: Any) -> bool:
    """Whether the time grows faster than the length by far."""
    tiny, short = (text[:length] + text[-2:] for length in (TINY, len(text) // TIMES))
    if seconds(use, tiny) > SLOW_SECONDS or seconds(use, short) > SLOW_SECONDS:
        return True
    if seconds(use, text) < QUICK_SECONDS:
        return False
    best, best_short = (min(seconds(use, each) for _ in range(3)) for each in (text, short))
    return best > max(QUICK_SECONDS, MOST * best_short)


def slow_input(use: Use) -> str | bytes | None:
    """An input on which a pattern is slow, if there is one."""
    return next((text for text in worst_inputs(use.pattern) if is_slow(use, text)), None)


def test_no_pattern_takes_quadratic_time() -> None:
    found = [use for module in CODE for use in uses(module, vars(import_module(module.name)))]
    slow = [(use.place, use.method, text[:40]) for use in found if (text := slow_input(use))]

    assert len(found) > 90
    assert slow == []


def test_no_sentence_with_holes_takes_quadratic_time_on_a_text_that_almost_fits() -> None:
    sentences = Path("texts/sentences.txt").read_text("utf-8").splitlines()
    with_holes = sorted(sentences, key=lambda line: -line.count("{"))[:40]
    slow = []
    for sentence in with_holes:
        almost = re.sub(r"\{n\d?\}", "1", re.sub(r"\{(?!n\d?\})\w+\}", "x", sentence))[:-1]
        text = almost * (LENGTH * TIMES // len(almost)) + "\n!"
        slow += [sentence] * is_slow(Use(sentence, expression_of(sentence), "fullmatch"), text)

    assert slow == []
    assert is_slow(Use("", re.compile("(.+?)a(.+?)a(.+?)b", re.DOTALL), "fullmatch"), text)


@pytest.mark.parametrize(
    "line",
    [
        r'P = re.compile(r"\s*\[([^\]]*)\]\s*$"); P.search',
        r'P = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+@])"); P.sub',
        r'P = re.compile(r"eyJ[\w-]{8,}\."); P.search',
        r're.sub(r"\S*@\S*", "", text)',
        r're.findall(rb"a*b", text)',
        r're.match("(a+)+$", text)',
    ],
)
def test_one_that_does_is_found(line) -> None:
    [use] = uses(Module("a.py", line), {"re": re})

    assert slow_input(use)
