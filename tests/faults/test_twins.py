"""Several processes on the same store and the same queues do the work of one."""

from __future__ import annotations

import logging
import os
from collections import Counter
from functools import partial
from itertools import product

import pytest

from tests.faults.azure_partner import AzurePlace, day_of_app, local_host
from tests.faults.crashes import forget_what_was_received
from tests.faults.processes import at_once
from tests.faults.small_partner import NOON, RECIPIENTS, open_partner
from tests.faults.tree import differences, rows_and_files, tree

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")

TWINS = [2, 3, 4]  #: how many processes work at once, in each round
OUTCOME = "what one leaves, rows of deliveries too; one mail each"
SETTINGS = {"MAIL_WAIT_HOURS": "0", "MAIL_CORRECTIONS": "false"}


@pytest.fixture
def partner(tmp_path):
    logging.getLogger("shared").setLevel(logging.CRITICAL)
    with open_partner(tmp_path / "store", settings=SETTINGS) as partner:
        yield partner


def deliveries_of(partner) -> set[int]:
    """How often each recipient, and the channel, got something."""
    mails = Counter(mail.recipients[0] for mail in partner.mails.received)
    assert mails.keys() == set(RECIPIENTS)
    return {*mails.values(), len(partner.cards.received)}


def test_runs_at_once_over_a_folder_leave_the_tree_of_one(partner, tmp_path, kit) -> None:
    partner.run()
    expected = tree(partner.folder, [NOON])
    for index, number in enumerate(kit.some_of(TWINS, 1)):
        forget_what_was_received(partner)
        partner.folder = tmp_path / f"twins-{index}"

        at_once([partner.run] * number)

        assert differences(tree(partner.folder, [NOON]), expected) == []
        assert deliveries_of(partner) == {1}
        kit.record("Twins", f"{number} runs at once", "a folder", OUTCOME)


@pytest.mark.azurite
def test_runs_at_once_over_azurite_leave_what_one_leaves(partner, azurite, kit) -> None:
    partner.run()
    expected = rows_and_files(partner.opened(), [NOON])
    for number in kit.some_of(TWINS, 1):
        forget_what_was_received(partner)
        partner.store = AzurePlace(azurite).store

        at_once([partner.run] * number)

        assert differences(rows_and_files(partner.opened(), [NOON]), expected) == []
        assert deliveries_of(partner) == {1}
        kit.record("Twins", f"{number} runs at once", "Azurite", OUTCOME)


@pytest.mark.azurite
def test_hosts_that_share_real_queues_leave_what_one_leaves(
    partner, azurite, tmp_path, kit
) -> None:
    def host_in(place: AzurePlace) -> None:
        day_of_app(partner, place.host(partner))

    day_of_app(partner, local_host(partner))
    expected = rows_and_files(partner.opened(), [NOON])
    for store, number in kit.some_of(list(product(("a folder", "Azurite"), TWINS)), 1):
        forget_what_was_received(partner)
        place = AzurePlace(azurite)
        partner.folder = tmp_path / f"{number} over {store}"
        partner.store = place.store if store == "Azurite" else None

        at_once([partial(host_in, place)] * number)

        assert differences(rows_and_files(partner.opened(), [NOON]), expected) == []
        assert deliveries_of(partner) == {1}
        where = f"{store}, queues in Azurite"
        kit.record("Twins", f"{number} hosts on the same queues", where, OUTCOME)
