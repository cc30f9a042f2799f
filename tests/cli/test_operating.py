"""`ledger`, `run --day` and `mail`: what was pulled, one day again, one mail again."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from shared.cli.ledger import as_row
from shared.cli.main import main
from shared.mfa.window import LedgerEntry, Slice, SliceState
from shared.service.composition import Service
from shared.service.http.answers import answered
from shared.settings import Settings
from shared.stores import open_store
from tests.records import TENANT, graph_record, ndjson
from tests.service.world import ENDING, WEEK, Clock

NOW = Clock()
OLD = WEEK[3]


def export(*hours):
    """Write an export with a request a day, and on one day one at each of some hours."""
    days = [f"{ENDING - timedelta(days=back)}T09:00:00Z" for back in range(-1, 9)]
    more = [f"{OLD}T{hour:02}:00:00Z" for hour in hours]
    records = [graph_record(id=at, createdDateTime=at) for at in [*days, *more]]
    return ndjson(*records)


@pytest.fixture(autouse=True)
def exported(tmp_path, monkeypatch):
    """A folder with exported records, from which nothing has been made yet."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "signins.json").write_bytes(export())
    named = {"format": "partner-mfa-status/directory", "version": 1, "users": []}
    (tmp_path / "directory.json").write_text(json.dumps(named))
    exported_again(monkeypatch, tmp_path)
    return tmp_path


def exported_again(monkeypatch, folder):
    """Settings that read it, in that folder."""
    monkeypatch.chdir(folder)
    for name, value in {
        "TENANT_ID": TENANT,
        "SIGNIN_SOURCE": "exports",
        "EXPORTS_FOLDER": "exports",
        "STORE_FOLDER": "store",
        "OUTBOX_FOLDER": "out",
        "DIRECTORY_FILE": "directory.json",
        "REPORT_RECIPIENTS": "ann@contoso.example",
    }.items():
        monkeypatch.setenv(name, value)


def listed(capsys):
    assert main(["ledger", "--json"], now=NOW) == 0
    return json.loads(capsys.readouterr().out)


def test_a_ledger_without_entries_says_how_to_begin(capsys) -> None:
    assert main(["ledger"], now=NOW) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert "`python dev.py run`" in output.err

    assert listed(capsys) == {"tenant_id": TENANT, "slices": [], "missing": []}


def test_the_ledger_lists_each_slice_with_its_state_rows_and_changes(capsys) -> None:
    assert main(["run"], now=NOW) == 0
    capsys.readouterr()

    entries = listed(capsys)["slices"]
    assert [entry["slice"] for entry in entries][-7:] == [str(day) for day in reversed(WEEK)]
    assert entries[-1] == {
        "slice": str(ENDING),
        "day": str(ENDING),
        "from_hour": 0,
        "to_hour": 24,
        "state": "complete",
        "rows": 1,
        "refused_rows": None,
        "source": "exports",
        "entered_at": "2026-11-24T02:15:00Z",
        "pulled_at": "2026-11-24T02:15:00Z",
        "reason": "",
        "changes": dict.fromkeys(
            [
                *("compared", "verified_to_without", "without_to_verified", "unknown_to_known"),
                *("known_to_unknown", "new", "gone", "changed"),
            ],
            0,
        ),
    }

    assert main(["ledger", "--since", str(ENDING)], now=NOW) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert [*re.split("  +", head)] == [
        *("Slice", "State", "Rows", "Changed", "Pulled (UTC)", "Entered (UTC)", "Source", "Reason")
    ]
    moment = "2026-11-24 02:15"
    assert [*re.split("  +", row)] == [str(ENDING), "complete", "1", "-", moment, moment, "exports"]


def test_what_a_failed_slice_says_cannot_reach_the_terminal_as_a_command(capsys) -> None:
    store = open_store("local", folder=Path("store"))
    failed = LedgerEntry(
        Slice(TENANT, OLD, 12, 24),
        SliceState.FAILED,
        "graph",
        "2026-11-24T02:15:00Z",
        reason="Graph answered \x1b[2J\u202e.",
    )
    store.save_slice(failed)
    store.save_slice(msgspec.structs.replace(failed, slice=Slice(TENANT, WEEK[1]), has_rollup=True))

    assert main(["ledger"], now=NOW) == 0

    output = capsys.readouterr()
    assert "\x1b" not in output.out
    assert as_row(failed)[-1] == "Graph answered [U+001B][2J[U+202E]."
    [row] = [line for line in output.out.splitlines() if f"{OLD}T12-24" in line]
    assert row.split()[1:4] == ["failed", "-", "-"]  # unknown is not zero
    assert f"Not known: {ENDING.day}" in output.err


def test_one_day_is_pulled_again_and_its_reports_are_made_again(exported, capsys) -> None:
    assert main(["run"], now=NOW) == 0
    mails = len(list((exported / "out").iterdir()))
    (exported / "exports" / "signins.json").write_bytes(export(11, 12))
    capsys.readouterr()

    later = Clock(NOW() + timedelta(hours=3))
    assert main(["run", "--day", str(OLD), "--json"], now=later) == 0

    output = capsys.readouterr()
    report = json.loads(output.out)
    assert report["window"]["ending"] == str(ENDING)
    assert report["metrics"]["portal"]["requests"] == 9
    assert "Mail:    written to out before" in output.err
    assert len(list((exported / "out").iterdir())) == mails  # nobody is written to
    touched = [e for e in listed(capsys)["slices"] if e["entered_at"] > "2026-11-24T05:"]
    assert [entry["slice"] for entry in touched] == [str(OLD)]
    assert touched[0]["changes"]["new"] == touched[0]["changes"]["changed"] == 2


def test_a_day_of_an_empty_store_is_stored_without_a_report(capsys) -> None:
    assert main(["run", "--day", str(OLD)], now=NOW) == 0

    assert f"{OLD} is stored; no report changes by it." in capsys.readouterr().err


@pytest.mark.parametrize("day", ["2026-11-24", "2027-01-01", "2026-10-24"])
def test_a_day_that_is_not_over_or_not_kept_is_refused(day, exported, capsys) -> None:
    assert main(["run", "--day", day], now=NOW) == 2

    stderr = capsys.readouterr().err
    assert stderr.startswith(f"run: {day} cannot be pulled; expected a closed day (UTC)")
    assert not list(exported.glob("store/ledger/**/*.json"))


def test_a_run_is_of_one_day_or_of_what_was_owed_on_one(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["run", "--day", str(OLD), "--ending", str(OLD)], now=NOW)

    assert end.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_the_newest_report_is_mailed_again_to_its_recipients(exported, capsys) -> None:
    assert main(["mail"], now=NOW) == 2
    assert "mail: There is no report yet; `python dev.py run` makes one." in capsys.readouterr().err
    assert main(["run"], now=NOW) == 0
    capsys.readouterr()

    for mails in (2, 3):
        assert main(["mail"], now=NOW) == 0
        assert capsys.readouterr().err == "Mail:    written to out for a…@contoso.example\n"
        assert len(list((exported / "out").iterdir())) == mails


def test_a_mail_to_nobody_is_refused(monkeypatch, capsys) -> None:
    assert main(["run"], now=NOW) == 0
    monkeypatch.delenv("REPORT_RECIPIENTS")

    assert main(["mail"], now=NOW) == 2

    assert "neither setting REPORT_RECIPIENTS nor TEAMS_WEBHOOK_URL" in capsys.readouterr().err


def test_a_restored_copy_goes_on_as_if_nothing_had_been(exported, capsys) -> None:
    """A folder that is copied back, and one that lost everything but the figures of its days."""
    assert main(["run"], now=NOW) == 0
    shutil.copytree(exported / "store", exported / "backup")
    kept = report_of(exported, capsys, "store")
    shutil.rmtree(exported / "store")
    shutil.copytree(exported / "backup", exported / "store")

    assert report_of(exported, capsys, "store") == kept

    for lost in ("ledger", "rollups", "reports"):
        shutil.rmtree(exported / "store" / lost, ignore_errors=True)
    assert report_of(exported, capsys, "store") == kept


def report_of(exported, capsys, folder):
    """What a run over a store says, without when it was made."""
    capsys.readouterr()
    assert (exported / folder).exists()
    assert main(["run", "--json"], now=NOW) == 0
    return {**json.loads(capsys.readouterr().out), "generated_at": ""}


def test_an_older_release_says_in_one_sentence_what_a_newer_one_has_stored(
    exported, monkeypatch, capsys
) -> None:
    monkeypatch.setattr("shared.stores.medium.ROW_FORMAT", 2)
    assert main(["run"], now=NOW) == 0
    monkeypatch.undo()
    exported_again(monkeypatch, exported)
    capsys.readouterr()

    assert main(["run", "--day", str(OLD)], now=NOW) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"run: {OLD} is left alone: It was collected by a newer release of this app, which this "
        "one cannot read."
    )
    assert {entry["state"] for entry in listed(capsys)["slices"]} == {"newer"}
    refused = answered(lambda: api_of().start_run(b'{"day":"%s"}' % str(OLD).encode()))
    assert refused.status == 409
    assert "a newer release of this app" in json.loads(refused.body)["detail"]
    for ask in (api_of().newest_page, api_of().index, lambda: api_of().accounts({})):
        page = answered(ask)
        assert page.status == 503
        assert "stored by a newer release of this app" in json.loads(page.body)["detail"]


def api_of():
    return Service(Settings(), now=NOW).report_api({"host": "localhost"})
