"""The small partner's store and queues in Azurite, and a day of its function app over them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import function_app
from shared.cli.local_host import LocalHost
from shared.settings import Settings
from shared.stores.azure.medium import AzureMedium
from shared.stores.medium import TableDay
from shared.stores.store import Store
from shared.stores.table_rows import TABLES as FOR_PEOPLE
from tests.contracts.store_examples import FOLDERS, TABLES
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

    def copy(self) -> AzurePlace:
        """Another account with the same rows and files, and with empty queues."""
        place = AzurePlace(self._azurite)
        with closing(self.store()) as source, closing(place.store()) as target:
            old, new = source._medium, target._medium  # noqa: SLF001
            for row in (row for table in TABLES for row in old.rows(table)):
                new.put_row(row.id, row.columns, over=None)
            for path in (path for folder in FOLDERS for path in old.paths(folder)):
                new.write(path, old.read(path) or b"")
            for tenant in source.tenants():
                for table in FOR_PEOPLE:
                    for day, stored in old.table_days(table, tenant.id, "0", "9").items():
                        rows: Any = stored.rows
                        new.put_table_day(table, tenant.id, day, rows, over=TableDay())
        return place


def local_host(partner: Partner) -> LocalHost:
    """A host whose queues are in memory."""
    return LocalHost(function_app.app, Settings(partner.environment), now=partner.clock)


def day_of_app(partner: Partner, host: LocalHost) -> None:
    """All timers of a day, and all messages that come of them."""
    with nobody_waits(), partner.used() as service, host:
        vars(service)["queues"] = host
        host.fire("plan_slices")
        host.fire("mail_status")  # from now on reports may be mailed, once they are there
        host.work()
        host.fire("plan_reports")
        host.work()
