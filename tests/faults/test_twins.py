"""Several processes on the same store and the same queues do the work of one."""

from __future__ import annotations

import logging
import os
from collections import Counter
from uuid import uuid4

import pytest

from shared.stores.azure.medium import AzureMedium
from shared.stores.store import Store
from tests.faults.processes import at_once
from tests.faults.queue_host import QueueHost
from tests.faults.small_partner import NOON, RECIPIENTS, nobody_waits, open_partner
from tests.faults.tree import Tree, differences, rows_and_files, tree

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")

TWINS = [2, 3, 4]  #: how many processes work at once, in each round
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


def without_deliveries(found: Tree) -> Tree:
    """What is stored, but for deliveries: a twin that sees one under way records a doubt."""
    return {path: found[path] for path in found if not path.startswith("deliveries")}


def test_runs_at_once_over_a_folder_leave_the_tree_of_one(partner, tmp_path, kit) -> None:
    partner.folder = tmp_path / "one"
    at_once([partner.run])
    expected = without_deliveries(tree(partner.folder, [NOON]))
    for index, number in enumerate(kit.some_of(TWINS, 1)):
        partner.mails.received.clear()
        partner.cards.received.clear()
        partner.folder = tmp_path / f"twins-{index}"

        at_once([partner.run] * number)

        assert differences(without_deliveries(tree(partner.folder, [NOON])), expected) == []
        assert deliveries_of(partner) == {1}
        kit.record("Twins", f"{number} runs at once", "a folder", "what one run leaves, one mail")


@pytest.mark.azurite
def test_runs_at_once_over_azurite_leave_what_one_leaves(partner, azurite, kit) -> None:
    def use_a_fresh_account() -> None:
        prefix = f"t{uuid4().hex[:12]}"
        partner.store = lambda: Store(
            AzureMedium.in_emulator(azurite.connection_string, prefix=prefix)
        )

    use_a_fresh_account()
    at_once([partner.run])
    expected = without_deliveries(rows_and_files(partner.opened(), [NOON]))
    for number in kit.some_of(TWINS, 1):
        partner.mails.received.clear()
        partner.cards.received.clear()
        use_a_fresh_account()

        at_once([partner.run] * number)

        found = rows_and_files(partner.opened(), [NOON])
        assert differences(without_deliveries(found), expected) == []
        assert deliveries_of(partner) == {1}
        kit.record("Twins", f"{number} runs at once", "Azurite", "what one run leaves, one mail")


@pytest.mark.azurite
def test_hosts_that_share_real_queues_leave_the_tree_of_one(
    partner, azurite, tmp_path, kit
) -> None:
    def host_until_done(prefix: str) -> None:
        with nobody_waits(), partner.used() as service, hosted(prefix) as host:
            vars(service)["queues"] = host
            host.work_until_all_is_done()

    def plan(prefix: str) -> None:
        with nobody_waits(), partner.used() as service, hosted(prefix) as host:
            vars(service)["queues"] = host
            host.create_queues()
            host.fire("plan_slices")
            host.fire("mail_status")  # from now on reports may be mailed, once they are there

    def hosted(prefix: str) -> QueueHost:
        return QueueHost(partner, azurite.connection_string, prefix)

    def a_day_by(hosts: int, name: str) -> Tree:
        prefix = f"q{uuid4().hex[:8]}"
        partner.mails.received.clear()
        partner.cards.received.clear()
        partner.folder = tmp_path / name
        at_once([lambda: plan(prefix)])
        at_once([lambda: host_until_done(prefix)] * hosts)
        assert deliveries_of(partner) == {1}
        return tree(partner.folder, [NOON])

    expected = a_day_by(1, "one")
    for index, number in enumerate(kit.some_of(TWINS, 1)):
        assert differences(a_day_by(number, f"twins-{index}"), expected) == []
        kit.record("Twins", f"{number} hosts", "queues in Azurite", "the tree of one, one mail")
