"""`run`, `serve` and `directory` as their user sees them: what they print, how they end."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from shared.cli.main import main
from shared.errors import StoreError
from shared.service.composition import Service
from simulator.simulation import open_simulated
from tests.records import OTHER, TENANT, graph_record, ndjson
from tests.service.world import ENDING, TODAY, Clock
from tests.simulated import UNPACED

COMMANDS = ["analyze", "run", "check", "mail", "ledger", "directory", "token", "serve"]
NOW = Clock()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """In a folder of its own, for the tenant of the records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENANT_ID", TENANT)


@pytest.fixture
def exports(tmp_path, monkeypatch):
    """A fortnight of exported records is what is read."""
    days = [f"2026-03-{day:02}T09:00:00Z" for day in range(1, 15)]
    (tmp_path / "exports").mkdir()
    records = ndjson(*(graph_record(createdDateTime=day) for day in days))
    (tmp_path / "exports" / "signins.json").write_bytes(records)
    monkeypatch.setenv("SIGNIN_SOURCE", "exports")
    monkeypatch.setenv("EXPORTS_FOLDER", "exports")
    users = [{"id": "ann", "accountEnabled": True, "perUserMfaState": "enforced"}]
    named = {"format": "partner-mfa-status/directory", "version": 1}
    (tmp_path / "directory.json").write_text(json.dumps(named | {"users": users}))
    monkeypatch.setenv("DIRECTORY_FILE", "directory.json")


@pytest.mark.parametrize("command", [["run"], ["serve"], ["directory", "--out", "directory.json"]])
def test_a_wrong_setting_stops_a_command_before_it_does_anything(
    command, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("RUNS_PER_HOUR", "-1")

    assert main(command) == 2

    expected = "Setting RUNS_PER_HOUR is '-1'; expected a whole number from 1 to 60: "
    assert capsys.readouterr().err.startswith(f"{command[0]}: {expected}")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_exports_that_is_not_there_is_a_wrong_setting(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("SIGNIN_SOURCE", "exports")
    monkeypatch.setenv("EXPORTS_FOLDER", "nowhere")

    assert main(["run"]) == 2

    assert capsys.readouterr().err.count("nowhere") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [TODAY, TODAY + timedelta(days=400), "9999-12-31", "0001-01-02"])
def test_run_refuses_to_report_on_days_that_have_not_been(ending, tmp_path, capsys) -> None:
    assert main(["run", "--ending", str(ending)], now=NOW) == 2

    stderr = capsys.readouterr().err
    assert stderr.startswith(f"run: --ending is {ending}; expected a day from ")
    assert stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("exports")
def test_run_names_the_report_that_it_has_just_made_though_a_newer_one_is_stored(capsys) -> None:
    assert main(["run", "--ending", "2026-03-14"]) == 0
    capsys.readouterr()

    assert main(["run", "--ending", "2026-03-08"]) == 0

    stderr = capsys.readouterr().err
    assert "2–8 March 2026" in stderr.replace("\xa0", " ")
    assert f"reports/{TENANT}/2026-03-08/report.html" in stderr
    assert "2026-03-14" not in stderr


@pytest.mark.usefixtures("exports")
def test_what_went_into_the_outbox_is_not_said_to_be_sent(monkeypatch, capsys) -> None:
    monkeypatch.setenv("REPORT_RECIPIENTS", "ann@contoso.example")
    monkeypatch.setenv("OUTBOX_FOLDER", "out")
    mail_lines = []

    for _ in range(2):
        assert main(["run", "--ending", "2026-03-14"]) == 0
        mail_lines += [line for line in capsys.readouterr().err.splitlines() if "Mail:" in line]

    assert mail_lines == [
        "Mail:    written to out for a…@contoso.example",
        "Mail:    written to out before for a…@contoso.example",
    ]


@pytest.mark.usefixtures("exports")
def test_days_of_one_reason_are_said_together(capsys) -> None:
    assert main(["run", "--ending", "2026-03-16"]) == 1

    stderr = capsys.readouterr().err.replace("\xa0", " ")
    assert "missing: 15–16 March 2026, Not in the files" in stderr
    assert stderr.count("Not in the files") == 1


@pytest.mark.usefixtures("exports")
def test_a_run_without_a_mail_server_does_not_begin(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setenv("REPORT_RECIPIENTS", "ann@contoso.example")
    monkeypatch.setenv("REPORT_SENDER", "mfa@contoso.example")
    monkeypatch.setenv("MAILER", "smtp")

    assert main(["run", "--ending", "2026-03-14"]) == 2

    assert "Setting SMTP_HOST is not set; expected a mail server's name." in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory.json", "exports"]


@pytest.mark.usefixtures("exports")
def test_what_run_prints_is_what_is_stored(capfdbinary) -> None:
    assert main(["run", "--ending", "2026-03-14", "--json"]) == 0

    out, err = capfdbinary.readouterr()
    [page] = re.findall(r"Report: +(\S+)", err.decode())
    assert out == Path(page).with_name("report.json").read_bytes()


@pytest.mark.usefixtures("exports")
def test_exports_come_with_the_directory_of_a_file(capsys) -> None:
    assert main(["run", "--json"], now=NOW) == 1

    report = json.loads(capsys.readouterr().out)
    accounts = report["metrics"]["accounts"]
    assert (accounts["enabled"], accounts["enforced"]) == (1, 1)
    assert not list(Path().rglob("permissions.html"))  # none was needed


@pytest.mark.usefixtures("exports")
def test_exports_come_with_the_directory_of_graph_where_no_file_is_named(
    monkeypatch, capsys
) -> None:
    monkeypatch.delenv("DIRECTORY_FILE")
    monkeypatch.setattr(Service, "_partner_access", UNPACED)
    with open_simulated(ENDING) as simulation:
        simulation.graph.now = NOW
        monkeypatch.setenv("GRAPH_ENDPOINT", simulation.url)
        monkeypatch.setenv("GRAPH_TOKEN", simulation.token)

        assert main(["run", "--json"], now=NOW) == 1

    report = json.loads(capsys.readouterr().out)
    assert report["source"] == "exports"
    assert report["metrics"]["accounts"]["enabled"] == 60


@pytest.mark.parametrize(
    ("organization", "expected"),
    [({"id": OTHER}, f"the directory of tenant {OTHER}"), ("no object", "is not a directory file")],
)
@pytest.mark.usefixtures("exports")
def test_a_directory_file_that_cannot_be_used_stops_a_run_before_it_begins(
    organization, expected, capsys
) -> None:
    path = Path("directory.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"organization": organization}))

    assert main(["run", "--ending", "2026-03-14"]) == 2

    stderr = capsys.readouterr().err
    assert stderr.startswith("run: Setting DIRECTORY_FILE ")
    assert expected in stderr


def refused(monkeypatch, simulation):
    """Let Graph refuse whatever is asked of it."""
    simulation.graph.now = NOW
    monkeypatch.setenv("GRAPH_ENDPOINT", simulation.url)
    monkeypatch.setenv("GRAPH_TOKEN", "another")
    monkeypatch.setattr(Service, "_partner_access", UNPACED)


def test_what_every_day_fails_for_is_said_once(monkeypatch, capsys) -> None:
    with open_simulated(ENDING) as simulation:
        refused(monkeypatch, simulation)

        assert main(["run"], now=NOW) == 1

    stderr = capsys.readouterr().err
    assert "0 of 7 days known" in stderr
    assert stderr.count("refuses the app's token") == 1
    assert stderr.count("missing:") == 1


def test_a_wrong_clock_stops_a_run_before_anything_is_entered(monkeypatch, capsys) -> None:
    with open_simulated(ENDING) as simulation:
        monkeypatch.setenv("GRAPH_ENDPOINT", simulation.url)
        monkeypatch.setenv("GRAPH_TOKEN", simulation.token)
        simulation.graph.now = lambda: NOW() - timedelta(days=3)

        assert main(["run"], now=NOW) == 2

    stderr = capsys.readouterr().err
    assert "This machine's clock says 2026-11-24 02:15 UTC and Graph's says 2026-11-21" in stderr
    assert not [path for path in Path().rglob("ledger/**/*") if path.is_file()]


def test_what_was_warned_of_is_said_too_where_a_run_does_not_come_to_its_end(
    monkeypatch, capsys
) -> None:
    def fail(*_):
        raise StoreError("The store is gone.")

    monkeypatch.setattr("shared.service.day_run.publish_owed", fail)
    with open_simulated(ENDING) as simulation:
        refused(monkeypatch, simulation)

        assert main(["run"], now=NOW) == 1

    stderr = capsys.readouterr().err
    assert stderr.count("refuses the app's token") == 1
    assert "run: The store is gone." in stderr


def test_serve_stops_where_the_store_that_is_asked_for_is_not_named(monkeypatch, capsys) -> None:
    monkeypatch.setenv("STORE", "azure")

    assert main(["serve", "--port", "0"]) == 2

    assert "STORAGE_ACCOUNT_NAME" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_says_what_it_does_and_how_it_ends(command, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])

    help_text = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    assert "Exit code 0: " in help_text
    assert "2: " in help_text


def test_the_help_of_analyze_says_what_must_be_given(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["analyze", "--help"])

    help_text = " ".join(capsys.readouterr().out.split())
    assert "One of --out, --json and --discover must be given." in help_text
