"""Whatever the storage answers, and whether or not it did what was asked: the next run heals."""

from __future__ import annotations

import logging
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.cli.console import DONE_IN_PART
from shared.stores.azure.medium import AzureMedium
from shared.stores.store import Store
from tests.faults.small_partner import NOON, RECIPIENTS, open_partner
from tests.faults.tree import Tree, differences, rows_and_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.azurite import Azurite
    from tests.faults.small_partner import Partner

OPERATIONS = range(2, 150, 9)  #: the numbers of the writing requests that go wrong, one in each run
REFUSALS = (409, 412, 429, 500, 503)
FAULTS = ["not reached", "no answer", *(f"{status}, though it was done" for status in REFUSALS)]
EVERY = 4  #: of how many pairs one is tried
NO_RETRIES = {"retry_total": 0}


def faulty(number: int, fault: str) -> Any:
    """A transport that spoils one writing request."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.core.pipeline.transport import RequestsTransport

    done = 0

    class Faulty(RequestsTransport):  # type: ignore[misc]  # comes without types
        def send(self, request: Any, **options: Any) -> Any:
            nonlocal done
            done += request.method not in ("GET", "HEAD")
            is_due = done == number and request.method not in ("GET", "HEAD")
            if is_due and fault == "not reached":
                raise ServiceRequestError("refused")
            response = super().send(request, **options)
            if is_due and fault == "no answer":
                raise ServiceResponseError("the connection was closed")
            if is_due:
                response.status_code = int(fault[:3])
            return response

    return Faulty()


def account(azurite: Azurite) -> Callable[..., Store]:
    """Opens stores over one empty account."""
    prefix = f"t{uuid4().hex[:12]}"

    def opened(**options: Any) -> Store:
        text = azurite.connection_string
        return Store(AzureMedium.in_emulator(text, prefix=prefix, options=options))

    return opened


@pytest.fixture
def partner(tmp_path):
    logging.getLogger("shared").setLevel(logging.CRITICAL)
    with open_partner(tmp_path / "store") as partner:
        yield partner


def without_deliveries(store: Store) -> Tree:
    found = rows_and_files(store, [NOON])
    return {path: found[path] for path in found if not path.startswith(("claims", "deliveries"))}


def outcome_of(partner: Partner, azurite: Azurite, number: int, fault: str, expected: Tree) -> str:
    partner.mails.received.clear()
    partner.cards.received.clear()
    opened = account(azurite)
    partner.store = lambda: opened(transport=faulty(number, fault), **NO_RETRIES)
    assert partner.run() == DONE_IN_PART
    partner.store = opened
    assert partner.run() == DONE_IN_PART
    assert differences(without_deliveries(opened()), expected) == []
    assert len(partner.mails.received) <= len(RECIPIENTS)
    assert len(partner.cards.received) <= 1
    return "the same rows and files after the next run, nothing sent twice"


@pytest.mark.azurite
def test_a_write_that_fails_is_made_good_by_the_next_run(partner, azurite, kit) -> None:
    partner.store = account(azurite)
    assert partner.run() == DONE_IN_PART
    expected = without_deliveries(partner.store())
    for number, fault in kit.some_of(list(product(OPERATIONS, FAULTS))[::EVERY], 1):
        with kit.attempt((number, fault)):
            outcome = outcome_of(partner, azurite, number, fault, expected)
            kit.record("Faults", f"storage: {fault}", "writes of a run", outcome)
    assert kit.failures == {}
