"""Every medium of the store, as the backends that the suite runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.azurite import Azurite, running_azurite
from tests.contracts.store_backends import AzureBackend, Backend, LocalBackend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.stores.store import Store

_BY_CONNECTION_STRING = pytest.param("azurite", marks=pytest.mark.azurite)
_BY_IDENTITY = pytest.param("secured_azurite", marks=pytest.mark.azurite)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with running_azurite() as server:
        yield server


@pytest.fixture(scope="session")
def secured_azurite() -> Iterator[Azurite]:
    with running_azurite(https=True) as server:
        yield server


@pytest.fixture(params=["local", _BY_CONNECTION_STRING, _BY_IDENTITY])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "local":
        yield LocalBackend(tmp_path / "around" / "store")
        return
    azure = AzureBackend(request.getfixturevalue(request.param))
    yield azure
    azure.close()


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.open()


@pytest.fixture
def emulated(azurite: Azurite) -> Iterator[AzureBackend]:
    backend = AzureBackend(azurite)
    yield backend
    backend.close()


@pytest.fixture
def identified(secured_azurite: Azurite) -> Iterator[AzureBackend]:
    backend = AzureBackend(secured_azurite)
    yield backend
    backend.close()
