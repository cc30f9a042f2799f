"""A day killed at any request to tables, blobs or queues, and repeated, leaves what it should."""

from __future__ import annotations

import logging
import signal
from itertools import count, product
from typing import TYPE_CHECKING

import pytest

from tests.faults.azure_partner import AzurePlace, day_of_app, local_host
from tests.faults.crashes import forget_what_was_received, outcome_of_repeated
from tests.faults.operations import killed_before
from tests.faults.small_partner import Partner, open_partner
from tests.faults.test_crash_anywhere import LATER, RETENTION, RUNS
from tests.faults.tree import Tree, rows_and_files

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.azurite,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL"),
]

SETTINGS = {**RETENTION, "MAIL_WAIT_HOURS": "0", "MAIL_CORRECTIONS": "false"}
APP, COMMAND = "the function app", "the command run"
#: Of how many operations one is tried in a whole run. A run that purges has 1,300 of them.
EVERY = {"first run": 97, "second run": 97, "run that purges": 487}
PARTS = 2  #: in which they are tried, so that several processes share them
ONE = 250  #: the operation of the app's first day that is tried in the normal suite


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The normal suite has only one of the ways, days and parts."""
    cases = list(product((APP, COMMAND), RUNS, range(PARTS)))
    is_whole = metafunc.config.getoption("--faults")
    metafunc.parametrize("case", cases if is_whole else cases[:1], ids=str)


@pytest.fixture
def partner(tmp_path):
    logging.getLogger("shared").setLevel(logging.CRITICAL)
    with open_partner(tmp_path / "store", settings=SETTINGS) as partner:
        yield partner


def day(partner: Partner, way: str, place: AzurePlace | None) -> None:
    """Work for a day with what is stored in a place, or in the partner's folder."""
    partner.store = place.store if place else None
    if way == COMMAND:
        partner.run()
    else:
        day_of_app(
            partner, place.host(partner, visibility_seconds=1) if place else local_host(partner)
        )


def end_of(partner: Partner, way: str, name: str) -> Tree:
    """What there is after a day; learned from a folder, which takes less time and is the same."""
    for each, at in RUNS.items():
        partner.clock.moment = at
        day(partner, way, None)
        if each == name:
            break
    return rows_and_files(partner.opened(), [at])


def start_of(partner: Partner, azurite, way: str, name: str) -> AzurePlace:
    """What there is before a day, in Azurite."""
    place = AzurePlace(azurite)
    for each, at in RUNS.items():
        partner.clock.moment = at
        if each == name:
            break
        day(partner, way, place)
    forget_what_was_received(partner)
    return place


def outcome_of_kill(
    partner: Partner, way: str, number: int, place: AzurePlace, expected: Tree
) -> tuple[str, str] | None:
    """Where a day is killed, and what becomes of it repeated; nothing without such an operation."""
    at = partner.clock.moment
    kind = killed_before(number, lambda: day(partner, way, place))
    if kind is None:
        return None
    partner.clock.go_on(seconds=LATER.total_seconds())
    day(partner, way, place)
    after = rows_and_files(place.store(), [at, partner.clock.moment])
    return f"killed at a {kind} operation", outcome_of_repeated(partner, after, expected)


def numbers(name: str, part: int, kit) -> Iterator[int]:
    """Which operations are tried; in a whole run the caller ends them."""
    return count((part + 1) * EVERY[name], PARTS * EVERY[name]) if kit.is_whole else iter([ONE])


def test_a_day_killed_at_any_request_to_the_storage_and_repeated_is_as_any_other(
    partner, azurite, case, kit
) -> None:
    way, name, part = case
    expected = end_of(partner, way, name)
    for number in numbers(name, part, kit):
        place = start_of(partner, azurite, way, name)
        with kit.attempt(number):
            tried = outcome_of_kill(partner, way, number, place, expected)
            if tried is None:
                break
            kit.record("Crash anywhere", tried[0], f"{name}, {way} in Azure", tried[1])
    assert kit.failures == {}
