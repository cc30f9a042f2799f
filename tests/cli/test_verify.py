"""`directory --verify` and `WHAT_IF`: Entra's What If in the table, the report and the store."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from shared.cli.main import main
from shared.errors import NewerError
from shared.mfa.scope import Scope
from shared.service.composition import Service
from shared.service.current import use
from shared.service.directory_snapshot import DirectorySnapshot
from shared.settings import Settings
from simulator.graph.api import SimulatedGraph
from simulator.graph.directory import SimulatedDirectory
from simulator.graph.server import GraphServer
from simulator.simulation import TOKEN
from tests.directories import directory, policy
from tests.records import TENANT, graph_record, ndjson
from tests.service.world import Clock
from tests.simulated import UNPACED
from tests.sources.graph.graph_doubles import partner

NOW = Clock()


@pytest.fixture
def tenant(tmp_path, monkeypatch):
    """The simulated partner's directory, which the commands read; What If is in `what_if`."""
    simulated = SimulatedDirectory(partner())
    graph = SimulatedGraph(simulated.routes(), tokens=[TOKEN], now=NOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Service, "_partner_access", UNPACED)
    with GraphServer(graph) as server:
        monkeypatch.setenv("TENANT_ID", TENANT)
        monkeypatch.setenv("GRAPH_ENDPOINT", server.url)
        monkeypatch.setenv("GRAPH_TOKEN", TOKEN)
        yield simulated


def differ(simulated):
    """Let Entra know of a group member that Graph's list does not show yet."""
    member = next(user for user in simulated.users if user["displayName"] == "Ulrike Bauer")
    simulated.what_if.groups = [
        {**each, "members": [*each["members"], {"id": member["id"]}]}
        if each["displayName"] == "MFA exceptions"
        else each
        for each in simulated.groups
    ]


def read(**environment):
    """The directory as the daily run reads it."""
    import os

    with use(Service(Settings({**os.environ, **environment}), now=NOW)) as service:
        return service.partner.read_directory()


@pytest.mark.usefixtures("tenant")
def test_verify_prints_each_class_with_an_example_and_ends_well_if_entra_agrees(capsys) -> None:
    assert main(["directory", "--verify"], now=NOW) == 0

    shown = capsys.readouterr()
    rows = shown.out.splitlines()[1::2]
    results = [line.strip() for line in shown.out.splitlines()[2::2]]
    assert shown.err == ""
    assert sum(int(row.split()[0]) for row in rows) == 60  # every enabled account
    assert set(results) == {"agrees", "not asked: something other than policies enforces MFA"}
    assert re.search(
        r"17  \S+@northwindcloud\.example +enforced by policy .* MFA required", rows[0]
    )


def test_verify_says_where_entra_differs_and_the_exit_code_does_too(tenant, capsys) -> None:
    differ(tenant)

    assert main(["directory", "--verify", "--out", "directory.json"], now=NOW) == 1

    shown = capsys.readouterr()
    assert "66 accounts written to directory.json." in shown.err
    (difference,) = [line for line in shown.out.splitlines() if "differs" in line]
    assert difference.strip() == (
        "differs, so unknown: policy “Require MFA for all users” does not apply (portal in "
        "browsers: users), although it does by this report's evaluation"
    )


def test_verify_says_what_was_refused(tenant, capsys) -> None:
    tenant.deny_for_consent("evaluate")

    assert main(["directory", "--verify"], now=NOW) == 1

    shown = capsys.readouterr()
    assert "answered about 0 of 84 sign-ins only" in shown.err
    assert "Policy.Read.All" in shown.err
    assert shown.out.count("not verified") == 14


def test_there_must_be_something_to_do(capsys) -> None:
    assert main(["directory"], now=NOW) == 2

    assert "--verify" in capsys.readouterr().err


def test_nobody_is_asked_without_the_setting_and_a_refusal_changes_no_figure(tenant) -> None:
    tenant.deny_for_consent("evaluate")

    refused, unasked = read(WHAT_IF="true"), read()

    assert unasked.second_opinion is None
    assert refused.accounts.metrics == unasked.accounts.metrics
    assert refused.notes.keys() - unasked.notes.keys() == {"whatIf"}


def test_a_difference_is_in_the_report_and_stays_in_it_when_it_is_made_again(
    tenant, monkeypatch, tmp_path, capsys
) -> None:
    differ(tenant)
    (tmp_path / "exports").mkdir()
    days = [f"2026-11-{day:02}T09:00:00Z" for day in range(10, 24)]
    records = ndjson(*(graph_record(createdDateTime=day) for day in days))
    (tmp_path / "exports" / "signins.json").write_bytes(records)
    monkeypatch.setenv("SIGNIN_SOURCE", "exports")
    monkeypatch.setenv("EXPORTS_FOLDER", "exports")
    monkeypatch.setenv("WHAT_IF", "true")

    reports = []
    for again in (False, True):
        if again:  # the directory of then is all there is
            tenant.deny_for_consent("users")
        main(["run", "--json"], now=NOW)
        reports.append(json.loads(capsys.readouterr().out))

    assert reports[1]["metrics"] == reports[0]["metrics"]
    for report in reports:
        metrics = report["metrics"]["accounts"]
        (found,) = [each for each in report["findings"] if each["id"] == "what-if-disagrees"]
        assert metrics["unknown"] == found["subjects_total"] == 11
        assert metrics["enforced"] == 34 - 11
        assert "ulrike.bauer@northwindcloud.example" in found["subjects"]


def test_answers_are_stored_with_the_directory_and_judged_the_same(tenant) -> None:
    differ(tenant)
    snapshot = read(WHAT_IF="true")

    stored = snapshot.to_bytes()
    again = DirectorySnapshot.from_bytes(stored, Scope())

    assert again.second_opinion == snapshot.second_opinion
    assert again.accounts.metrics == snapshot.accounts.metrics
    assert again.accounts.metrics.unknown == 11
    assert snapshot.is_same_as(again.to_bytes())
    unasked = DirectorySnapshot(snapshot.directory, Scope(), notes=snapshot.notes)
    assert not snapshot.is_same_as(unasked.to_bytes())
    content = json.loads(gzip.decompress(stored))
    assert content["version"] == 2  # a release that ignored the answers would claim more
    with pytest.raises(NewerError):
        DirectorySnapshot.from_bytes(
            gzip.compress(json.dumps(content | {"version": 3}).encode()), Scope()
        )


def test_a_directory_without_answers_is_stored_as_every_release_can_read_it() -> None:
    snapshot = DirectorySnapshot(directory(policy()), Scope())
    content = json.loads(gzip.decompress(snapshot.to_bytes()))

    assert content["version"] == 1
    del content["second_opinion"], content["version"]
    old = gzip.compress(json.dumps(content).encode())
    assert DirectorySnapshot.from_bytes(old, Scope()).accounts.metrics.enforced == 1
