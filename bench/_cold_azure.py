"""
A storage account with one report, and the platform's identity endpoint, both on loopback.

For bench/cold_start.py: what a first request costs as it is in Azure, where the store is an account
and each token comes from the platform.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.service.composition import Service
from shared.settings import Settings
from shared.stores.azure.medium import AzureMedium
from shared.stores.store import Store
from tests.azurite import ACCOUNT_NAME, EmulatorCredential, running_azurite
from tests.identity_endpoint import identity_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Run in a fresh process: the store's addresses are the emulator's; all else is as in Azure.
FIRST_ANSWER = """
import os, sys, time
started, clock = time.process_time(), time.perf_counter()
import azure.functions as func, function_app
import shared.stores.azure.account as account
class Loopback(account.StorageAccount):
    @classmethod
    def in_cloud(cls, name, suffix):
        return cls(name, os.environ["TABLES_URL"], os.environ["BLOBS_URL"])
account.StorageAccount = Loopback
request = func.HttpRequest("GET", "http://localhost/api/{route}", headers={{}}, body=b"")
response = function_app.{function}(request)
assert response.status_code == 200, response.get_body()
print(time.process_time() - started, len(sys.modules), time.perf_counter() - clock)
"""


@contextmanager
def account_with_a_report(
    settings: dict[str, str], publish: Callable[[Service], None]
) -> Iterator[dict[str, str]]:
    """The environment of an app whose account has what `publish` stores."""
    with running_azurite(https=True) as azurite, identity_endpoint() as identity:
        options = {"connection_verify": str(azurite.certificate)}
        medium = AzureMedium.in_account(azurite.account, EmulatorCredential(), options=options)
        service = Service(Settings(settings))
        service.store = Store(medium)
        publish(service)
        service.store.close()
        yield {
            "STORE": "azure",
            "STORAGE_ACCOUNT_NAME": ACCOUNT_NAME,
            "TABLES_URL": azurite.tables_url,
            "BLOBS_URL": azurite.blobs_url,
            "REQUESTS_CA_BUNDLE": str(azurite.certificate),
            **identity.environment,
        }
