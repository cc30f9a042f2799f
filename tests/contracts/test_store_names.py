"""No name from outside leads out of the store."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.errors import BadInputError
from shared.mfa.window import Slice
from shared.stores.models import Run, TenantRow
from tests.contracts.store_backends import LocalBackend
from tests.contracts.store_examples import (
    DAY,
    TENANT,
    complete,
    everything,
    metrics_row,
    rollup_of,
    save_all,
)

TRICKS: dict[str, Any] = {
    "nothing": "",
    "here": ".",
    "above": "..",
    "up and out": "../../secret",
    "backslashes": "..\\..\\secret",
    "absolute": "/etc/passwd",
    "drive": "C:\\secret",
    "inside another": f"{TENANT}/../{TENANT}",
    "folder": f"{TENANT}/",
    "NUL": f"{TENANT}\0.json",
    "newline": f"{TENANT}\n",
    "percent": "%2e%2e%2fsecret",
    "twice percent": "%252e%252e%252fsecret",
    "very long": "a" * 65,
    "endless": "a" * 100_000,
    "full-width dots": "\uff0e\uff0e\uff0fsecret",
    "division slash": "a\u2215b",
    "Cyrillic c": "\u0441ontoso",
    "Kelvin": "\u212aontoso",
    "dotless": "conto\u0131o",
    "zero width": "con\u200btoso",
    "right to left": "\u202econtoso",
    "dots inside": "a..b",
    "dot at the end": "contoso.",
    "hidden": ".lock",
    "option": "-rf",
    "device": "NUL",
    "device with an ending": "com1.txt",
    "stream": "contoso::$DATA",
    "wildcard": "*",
    "quote": "a' or PartitionKey ne '",
    "Table key": "a#b?c",
    "surrogate": "\ud800",
    "nobody": None,
    "number": 1,
    "bytes": b"contoso",
}


@pytest.fixture
def untouched(backend):
    """A backend with data; nothing in it or around it may change."""
    save_all(backend.open())
    before = surroundings(backend), everything(backend.open())
    yield backend
    assert (surroundings(backend), everything(backend.open())) == before


def surroundings(backend) -> list[str]:
    if not isinstance(backend, LocalBackend):
        return []
    return sorted(str(path) for path in backend.folder.parent.parent.rglob("*"))


def test_a_tenant_id_cannot_be_a_path(untouched, subtests):
    store = untouched.open()
    for trick, name in TRICKS.items():
        with subtests.test(trick):
            refuse_tenant(store, name)


def refuse_tenant(store, name):
    slice_ = Slice(name, DAY)
    for refused in (
        lambda: store.ledger(name, DAY),
        lambda: store.rollup(slice_),
        lambda: store.save_slice(complete(slice_=slice_), rollup_of(1)),
        lambda: store.save_report(metrics_row(tenant_id=name), {}),
        lambda: store.report_file(name, DAY, "report.json"),
        lambda: store.latest_ending(name),
        lambda: store.history(name, DAY, 7),
        lambda: store.reports(name, 7),
        lambda: store.save_tenant(TenantRow(name, "", "customer")),
    ):
        with pytest.raises(BadInputError, match="Invalid tenant id ") as caught:
            refused()
        assert len(str(caught.value)) < 200


def test_a_run_id_cannot_be_a_path(untouched, subtests):
    store = untouched.open()
    for trick, name in TRICKS.items():
        with subtests.test(trick):
            with pytest.raises(BadInputError, match="Invalid run id "):
                store.run(name)
            with pytest.raises(BadInputError, match="Invalid run id "):
                store.save_run(Run(name, TENANT, "accepted", ""))


@pytest.mark.parametrize(
    "name",
    ["", "..", "../report.json", "report.json\0", "REPORT.JSON", "x.csv", "/report.json", None],
)
def test_only_files_of_the_contract_are_read_or_written(untouched, name):
    store = untouched.open()

    with pytest.raises(
        BadInputError, match=r"Invalid file name .*; expected one of report\.json, "
    ):
        store.report_file(TENANT, DAY, name)
    with pytest.raises(BadInputError, match="Invalid file name"):
        store.save_report(metrics_row(), {"report.json": b"", name: b""})


@pytest.mark.parametrize("day", ["../../secret", "2026-11-23", None, 20261123])
def test_a_day_must_be_a_date(untouched, day):
    store = untouched.open()
    for refused in (
        lambda: store.report_file(TENANT, day, "report.json"),
        lambda: store.ledger(TENANT, day),
        lambda: store.rollup(Slice(TENANT, day)),
        lambda: store.history(TENANT, day, 7),
        lambda: store.metrics(day),
        lambda: store.purge(details_before=day, metrics_before=day),
    ):
        with pytest.raises(BadInputError, match="Invalid day"):
            refused()


@pytest.mark.parametrize("hours", [(-1, 5), (0, 25), (5, 5), (12, 3)])
def test_hours_must_be_a_part_of_a_day(untouched, hours):
    with pytest.raises(BadInputError, match=r"Invalid hours .*; expected a part of a day"):
        untouched.open().rollup(Slice(TENANT, DAY, *hours))


@pytest.mark.parametrize("at", ["", "now", "../x", "2026-13-01T00:00:00Z", None])
def test_a_time_must_be_iso_8601(untouched, at):
    with pytest.raises(BadInputError, match="Invalid time"):
        untouched.open().save_slice(complete(at=at), rollup_of(1))
    with pytest.raises(BadInputError, match="Invalid time"):
        untouched.open().save_report(metrics_row(at=at), {})


def test_the_case_of_a_tenant_id_does_not_matter(store):
    upper = Slice("ABCDEF00-2222-4333-8444-555555555555", DAY)
    store.save_slice(complete(slice_=upper), rollup_of(1))

    assert store.rollup(Slice(upper.tenant_id.lower(), DAY)) == rollup_of(1)
    assert store.ledger(upper.tenant_id.lower(), DAY) == [complete(slice_=upper)]


@pytest.mark.parametrize("tenant_id", [TENANT, "contoso.example", "simulated-partner_1", "a" * 64])
def test_harmless_ids_are_accepted(store, tenant_id):
    store.save_report(metrics_row(date(1, 1, 1), tenant_id=tenant_id), {"report.json": b"{}"})

    assert store.report_file(tenant_id, date(1, 1, 1), "report.json").content == b"{}"
    assert store.latest_ending(tenant_id) == date(1, 1, 1)
