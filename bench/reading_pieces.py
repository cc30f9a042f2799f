"""
What each special piece of the reading path gains: reading without it, with the same result.

A piece is taken out from outside, so the product has no switches. Whether a piece is worth its
lines of code is in README.md, in the same folder.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from bench.frame import Given, Row, Way, Work
from bench.reading import OURS, TYPED, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.sources.files.intake import Intake

    Pieces = Iterator[tuple[Any, str, Any]]  #: object, attribute, and what stands in for it


def _search() -> Pieces:
    """Every record is decoded."""
    from shared.sources.files import exports

    yield exports, "Skimmer", lambda _: None


def _escaped_ids() -> Pieces:
    """Ids with escaped characters are not found; these records have none."""
    from shared.sources.files import skimming

    yield skimming, "_escapes", lambda *_: []


def _typed_shapes() -> Pieces:
    """Wanted records are decoded into Python's values, and read in any spelling."""
    from shared.sources.records import decoding, parsing
    from shared.sources.records.tolerant import read_tolerantly

    yield parsing, "decode_record", lambda data: read_tolerantly(decoding.object_of(data))
    yield from _columns()


def _columns() -> Pieces:
    """Records are read one by one."""
    from shared.sources.files import exports, intake, values

    yield intake.Intake, "take_records", lambda *_: False

    class OneByOne(values.ValueReader):
        def __init__(self, intake: Intake, block_bytes: int, *, in_batches: bool) -> None:
            super().__init__(intake, block_bytes, in_batches=in_batches and False)

    yield exports, "ValueReader", OneByOne


def _glances() -> Pieces:
    """Records of a list are decoded with all fields, though few are wanted."""
    from shared.sources.files import intake

    yield intake.Intake, "_take_wanted", lambda *_: False


def _memory() -> Pieces:
    """Policies, and in columns status and events, are read again for each record."""
    from shared.sources.records.plain import Memory

    yield Memory, "__getitem__", lambda memory, data: memory._read(data)  # noqa: SLF001


def _joined_ids() -> Pieces:
    """Each id is checked on its own."""
    from shared.sources.records import batches, glances, parsing

    for module in (batches, glances):
        yield module, "tidy_ids", lambda texts: [*map(parsing.tidy_id, texts)]


@contextmanager
def _taken_out(pieces: Callable[[], Pieces]) -> Iterator[None]:
    with ExitStack() as stack:
        for where, name, other in pieces():
            stack.enter_context(patch.object(where, name, other))
        yield


def _without(name: str, pieces: Callable[[], Pieces]) -> Way:
    def make(given: Given) -> Work:
        read = OURS.make(given)

        def work() -> object:
            with _taken_out(pieces):
                return read()

        return work

    return Way(f"without {name}", make)


_OF_LINES = (
    _without("the search for ids", _search),
    _without("escaped ids", _escaped_ids),
    _without("typed shapes", _typed_shapes),
    _without("columns", _columns),
    _without("memory", _memory),
    _without("joined ids", _joined_ids),
)
_OF_PAGES = (
    _without("columns", _columns),
    _without("typed shapes", _typed_shapes),
    _without("glances", _glances),
    _without("memory", _memory),
    _without("joined ids", _joined_ids),
)


def _row(layout: str, name: str, share: float, others: tuple[Way, ...]) -> Row:
    return Row(
        what=f"What pieces gain: {name}, {share:.0%} wanted".replace("%", " %"),
        before="",
        size=10_000,
        short_size=100,
        prepare=written(layout, share),
        ours=OURS,
        others=(*others, TYPED),
    )


ROWS = [
    _row(layout, name, share, others)
    for layout, name, others in (
        ("lines", "NDJSON", _OF_LINES),
        ("pages", "Graph pages", _OF_PAGES),
    )
    for share in (0.01, 1.0)
]
