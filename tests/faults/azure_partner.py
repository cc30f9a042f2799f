"""The small partner's store and queues in Azurite, and a day of its function app over them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import function_app
from shared.cli.local_host import LocalHost
from shared.settings import Settings
from shared.stores.azure.medium import AzureMedium
from shared.stores.store import Store
from tests.faults.queue_host import QueueHost
from tests.faults.small_partner import nobody_waits

if TYPE_CHECKING:
    from typing import Any

    from tests.azurite import Azurite
    from tests.faults.small_partner import Partner


class AzurePlace:
    """An empty account: names of its own for tables, containers and queues."""

    def __init__(self, azurite: Azurite) -> None:
        self._azurite = azurite
        self._prefix = f"t{uuid4().hex[:12]}"

    def store(self, **options: Any) -> Store:
        text = self._azurite.connection_string
        return Store(AzureMedium.in_emulator(text, prefix=self._prefix, options=options))

    def host(self, partner: Partner, **options: int) -> QueueHost:
        return QueueHost(partner, self._azurite.connection_string, self._prefix, **options)


def local_host(partner: Partner) -> LocalHost:
    """A host whose queues are in memory."""
    return LocalHost(function_app.app, Settings(partner.environment), now=partner.clock)


def day_of_app(partner: Partner, host: LocalHost) -> None:
    """All timers of a day, and all messages that come of them."""
    with nobody_waits(), partner.used() as service, host:
        vars(service)["queues"] = host
        for timer in ("plan_slices", "plan_reports", "mail_status"):
            host.fire(timer)
            host.work()
