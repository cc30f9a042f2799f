"""Whatever a parser is given, it returns or raises the error that its caller expects, in time."""

from __future__ import annotations

import logging
from time import monotonic

import pytest
from hypothesis import given, seed

from tests.faults.mutations import mutated, restructured
from tests.faults.parsers import KEPT, PARSERS

EXAMPLES = 12
LONGEST_SECONDS = 5.0


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_returns_or_raises_what_its_caller_expects(name, kit, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    parser = PARSERS[name]
    changes = [mutated] + [restructured] * parser.is_json
    for change in changes:
        done = fuzz(parser, change(parser.seeds()), kit)
        level = "bytes" if change is mutated else "structure"
        kit.record("Fuzz", f"any change of {level}", name, "a value, or the typed error", done)


@pytest.mark.parametrize("name", PARSERS)
def test_inputs_that_have_failed_before_fail_no_more(name, kit, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    for data in KEPT:
        with kit.attempt(data[:20]):
            parse_in_time(PARSERS[name], data)
    assert kit.failures == {}
    kit.record("Fuzz", "a kept input", name, "a value, or the typed error", len(KEPT))


def parse_in_time(parser, data: bytes) -> None:
    start = monotonic()
    try:
        parser.parse(data)
    except parser.errors as error:
        str(error).encode()
    assert monotonic() - start < LONGEST_SECONDS


def fuzz(parser, inputs, kit) -> int:
    """Parse many inputs; return how many."""
    done = 0

    @seed(11)
    @kit.examples(EXAMPLES)
    @given(inputs)
    def parse(data: bytes) -> None:
        nonlocal done
        done += 1
        parse_in_time(parser, data)

    parse()
    return done
