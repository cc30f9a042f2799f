"""
Whatever a parser is given, it returns or raises the error that its caller expects.

In time, and in an amount of memory that a small input does not multiply.
"""

from __future__ import annotations

import faulthandler
import logging
import subprocess
import sys
import tracemalloc
from importlib.util import find_spec
from time import process_time

import pytest
from hypothesis import given, seed

import dev
from tests.faults.mutations import mutated, restructured
from tests.faults.parsers import KEPT, PARSERS

EXAMPLES = 12
OUTCOME = "a value, or the typed error; within the bounds of time and memory"
LONGEST_SECONDS = 5.0  #: of the processor, so that other work on the machine does not count
HANGING_SECONDS = 600.0  #: of one test
MOST_BYTES = 4_000_000  #: that a parser allocates for an empty input
MOST_BYTES_EACH = 20  #: and for each byte of the input
MOST_KEPT, MOST_KEPT_BYTES = 60, 1_000_000
GUIDED_RUNS, FEW_GUIDED_RUNS = 4_000, 200
PARTS = 4  #: in which the parsers are fuzzed by atheris, so that several processes share them


@pytest.fixture(autouse=True)
def _ended_if_it_hangs():
    """What hangs within C cannot be interrupted: its process ends, and says where it was."""
    faulthandler.dump_traceback_later(HANGING_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_returns_or_raises_what_its_caller_expects(name, kit, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    parser = PARSERS[name]
    warm_up(parser)
    changes = [mutated] + [restructured] * parser.is_json
    for change in changes:
        done = fuzz(parser, change(parser.seeds()), kit)
        level = "bytes" if change is mutated else "structure"
        kit.record("Fuzz", f"any change of {level}", name, OUTCOME, done)


@pytest.mark.parametrize("name", PARSERS)
def test_inputs_that_have_failed_before_fail_no_more(name, kit, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    warm_up(PARSERS[name])
    for data in KEPT:
        with kit.attempt(data[:20]):
            parse_in_bounds(PARSERS[name], data)
    assert kit.failures == {}
    kit.record("Fuzz", "a kept input", name, OUTCOME, len(KEPT))


def test_the_inputs_that_are_kept_stay_few_and_small() -> None:
    assert len(KEPT) == len(set(KEPT)) <= MOST_KEPT
    assert sum(map(len, KEPT)) < MOST_KEPT_BYTES


def test_inputs_that_reach_new_branches_are_no_exception(part, kit, tmp_path) -> None:
    """Guided by coverage: atheris changes what led to new branches, as hypothesis cannot."""
    names = kit.some_of(list(PARSERS)[part::PARTS], 1)
    if not find_spec("atheris"):
        for name in names:
            kit.record("Fuzz", "guided by coverage", name, "not tried: atheris is not installed", 0)
        kit.skip("atheris is not installed; where it has a wheel, `pip install atheris` adds this")
    runs = GUIDED_RUNS if kit.is_whole else FEW_GUIDED_RUNS
    for name in names:
        with kit.attempt(name):
            command = [sys.executable, "-m", "tests.faults.guided_fuzz", name, tmp_path, runs]
            done = subprocess.run(
                list(map(str, command)), cwd=dev.ROOT, capture_output=True, text=True, check=False
            )
            found = [path.read_bytes() for path in tmp_path.glob("*-*-*") if path.is_file()]
            assert done.returncode == 0, f"for `KEPT`: {found}\n{done.stderr[-2000:]}"
            kit.record("Fuzz", "guided by coverage", name, OUTCOME, runs)
    assert kit.failures == {}


def parse_in_bounds(parser, data: bytes) -> None:
    start = process_time()
    tracemalloc.start()
    try:
        parser.parse(data)
    except parser.errors as error:
        str(error).encode()
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < MOST_BYTES + MOST_BYTES_EACH * len(data)
    assert process_time() - start < LONGEST_SECONDS


def warm_up(parser) -> None:
    """What a parser imports and keeps for good when first called is not of its input's doing."""
    for data in parser.seeds():
        parser.parse(data)


def fuzz(parser, inputs, kit) -> int:
    """Parse many inputs; return how many."""
    done = 0

    @seed(11)
    @kit.examples(EXAMPLES)
    @given(inputs)
    def parse(data: bytes) -> None:
        nonlocal done
        done += 1
        parse_in_bounds(parser, data)

    parse()
    return done
