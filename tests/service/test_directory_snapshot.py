"""The directory behind a report, as it is kept."""

from __future__ import annotations

import pytest

from shared.errors import DamagedError
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from simulator.demo import demo_settings, simulated_service
from tests.service.world import Clock


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    """The simulated partner's directory, read twice."""
    settings = demo_settings(tmp_path_factory.mktemp("demo"), "")
    with simulated_service(settings, Clock()) as service:
        yield service.partner.read_directory(), service.partner.read_directory()


def test_what_is_kept_is_judged_the_same_when_read_back(pulled) -> None:
    snapshot, _ = pulled

    again = DirectorySnapshot.from_bytes(snapshot.to_bytes(), Scope())

    assert again.accounts.metrics == snapshot.accounts.metrics
    assert (again.read_at, again.notes) == (snapshot.read_at, snapshot.notes)


def test_the_same_directory_read_later_is_still_the_same(pulled) -> None:
    snapshot, later = pulled

    assert snapshot.is_same_as(later.to_bytes())


def test_a_customer_more_is_another_directory(pulled) -> None:
    snapshot, _ = pulled
    fewer = DirectorySnapshot.from_bytes(snapshot.to_bytes(), Scope())
    fewer.directory = type(snapshot.directory)(users=snapshot.directory.users, customers=())

    assert not snapshot.is_same_as(fewer.to_bytes())


def test_invalid_bytes_are_damage() -> None:
    with pytest.raises(DamagedError, match="directory"):
        DirectorySnapshot.from_bytes(b"nothing", Scope())
