"""A run that is killed anywhere and done again leaves the tree of a run that nobody disturbed."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.faults.crashes import forget_what_was_received, outcome_of_repeated
from tests.faults.operations import killed_before, operations_of
from tests.faults.small_partner import NOON, Partner, open_partner
from tests.faults.tree import Tree, tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")

LATER = timedelta(minutes=10)
PARTS = 4  #: in which the kills of a run are tried, so that several processes share them
EVERY = 25  #: of how many file operations one is tried; the fewer, the longer a whole run takes
SAMPLE = 2  #: kills of each run in the normal suite
RETENTION = {"DETAIL_RETENTION_DAYS": "7", "RETENTION_DAYS": "8"}
#: When each run takes place; before it, all earlier ones have.
RUNS = {
    "first run": NOON,
    "second run": NOON + timedelta(days=1),
    "run that purges": NOON + timedelta(days=9),
}


@dataclass
class Undisturbed:
    """A run that nobody disturbs: what there is before it, its operations, and what it leaves."""

    run: str
    start: Path
    at: datetime
    operations: list[str]
    tree: Tree
    code: int  #: 1 for the first run: its oldest day is older than the log


@pytest.fixture(scope="module")
def partner(tmp_path_factory):
    with open_partner(tmp_path_factory.mktemp("partner"), settings=RETENTION) as partner:
        yield partner


@pytest.fixture(scope="module", params=RUNS)
def undisturbed(request, partner, tmp_path_factory):
    start, done = (tmp_path_factory.mktemp(name) for name in ("start", "done"))
    for name, at in RUNS.items():
        partner.folder, partner.clock.moment = done, at
        operations = operations_of(partner.run)
        if name == request.param:
            return Undisturbed(name, start, at, operations, tree(done, [at]), partner.run())
        shutil.rmtree(start)  # a run removes files, too
        shutil.copytree(done, start)
    raise AssertionError


def outcome_of_kill(undisturbed: Undisturbed, partner: Partner, number: int) -> str:
    """What becomes of a run that is killed before an operation, and of the same run afterwards."""
    forget_what_was_received(partner)
    partner.clock.moment = undisturbed.at
    assert killed_before(number, partner.run) == undisturbed.operations[number - 1]

    partner.clock.go_on(seconds=LATER.total_seconds())
    assert partner.run() == undisturbed.code
    after = tree(partner.folder, [undisturbed.at, partner.clock.moment])
    return outcome_of_repeated(partner, after, undisturbed.tree)


def kills_of(operations: list[str]) -> list[int]:
    """The numbers of the operations before which a run is killed."""
    return [
        number
        for number, kind in enumerate(operations, start=1)
        if kind != "file" or number % EVERY == 0
    ]


def test_killed_before_any_operation_and_done_again(undisturbed, partner, part, kit) -> None:
    for number in kit.some_of(kills_of(undisturbed.operations)[part::PARTS], SAMPLE):
        partner.folder = undisturbed.start.with_name(f"killed-{part}")
        shutil.copytree(undisturbed.start, partner.folder)
        with kit.attempt(number):
            outcome = outcome_of_kill(undisturbed, partner, number)
            kind = undisturbed.operations[number - 1]
            kit.record("Crash anywhere", f"killed at a {kind} operation", undisturbed.run, outcome)
        shutil.rmtree(partner.folder)
    assert kit.failures == {}
