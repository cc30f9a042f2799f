"""Whatever the storage answers, and whether or not it did what was asked: the next run heals."""

from __future__ import annotations

import logging
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from shared.cli.console import DONE_IN_PART, WRONG_USAGE
from tests.faults.azure_partner import AzurePlace
from tests.faults.crashes import forget_what_was_received
from tests.faults.small_partner import NOON, RECIPIENTS, open_partner
from tests.faults.tree import Tree, differences, rows_and_files

if TYPE_CHECKING:
    from shared.stores.store import Store
    from tests.azurite import Azurite
    from tests.faults.small_partner import Partner

REQUESTS = range(2, 240, 9)  #: the numbers of the requests that go wrong, one in each run
REFUSALS = (409, 412, 429, 500, 503)
THOUGH_DONE = "though it was done"
FAULTS = [
    *("not reached", "no answer"),
    *(f"{status}, {how}" for status in REFUSALS for how in (THOUGH_DONE, "and not done")),
]
EVERY = 7  #: of how many pairs one is tried
PARTS = 2  #: in which they are, so that several processes share them
NO_RETRIES = {"retry_total": 0}


def faulty(number: int, fault: str) -> Any:
    """A transport that spoils one request."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.core.pipeline.transport import RequestsTransport

    done = 0

    class Faulty(RequestsTransport):  # type: ignore[misc]  # comes without types
        def send(self, request: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            is_due = done == number
            if is_due and fault == "not reached":
                raise ServiceRequestError("refused")
            if is_due and fault.endswith("and not done"):
                request.headers["Authorization"] = "SharedKey none:none"
            response = super().send(request, **options)
            if is_due and fault == "no answer":
                raise ServiceResponseError("the connection was closed")
            if is_due:
                response.status_code = int(fault[:3])
            return response

    return Faulty()


@pytest.fixture
def partner(tmp_path):
    logging.getLogger("shared").setLevel(logging.CRITICAL)
    with open_partner(tmp_path / "store") as partner:
        yield partner


def without_deliveries(store: Store) -> Tree:
    found = rows_and_files(store, [NOON])
    return {path: found[path] for path in found if not path.startswith(("claims", "deliveries"))}


def outcome_of(partner: Partner, azurite: Azurite, number: int, fault: str, expected: Tree) -> str:
    """What becomes of a run with a fault, which may end it, and of the next one without."""
    forget_what_was_received(partner)
    place = AzurePlace(azurite)
    partner.store = lambda: place.store(transport=faulty(number, fault), **NO_RETRIES)
    assert partner.run() in (DONE_IN_PART, WRONG_USAGE)
    partner.store = place.store
    assert partner.run() == DONE_IN_PART
    assert differences(without_deliveries(place.store()), expected) == []
    assert len(partner.mails.received) <= len(RECIPIENTS)
    assert len(partner.cards.received) <= 1
    return "the same rows and files after the next run, nothing sent twice"


@pytest.mark.azurite
def test_a_request_that_fails_is_made_good_by_the_next_run(partner, azurite, part, kit) -> None:
    assert partner.run() == DONE_IN_PART  # over a folder, which takes less time
    expected = without_deliveries(partner.opened())
    cases = list(product(REQUESTS, FAULTS))[part * EVERY :: PARTS * EVERY]
    for number, fault in kit.some_of(cases, 1):
        with kit.attempt((number, fault)):
            outcome = outcome_of(partner, azurite, number, fault, expected)
            kit.record("Faults", f"storage: {fault}", "requests of a run", outcome)
    assert kit.failures == {}
