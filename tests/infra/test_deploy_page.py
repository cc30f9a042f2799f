"""The commands of docs/deploy.md: whole, each block for one person; and its backup."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from datetime import date

from shared.stores.medium import to_columns
from shared.stores.models import MetricsRow
from tests.infra.bicep import ROOT, deployment, template

DEPLOY = (ROOT / "docs" / "deploy.md").read_text("utf-8")
BLOCKS = [
    body for _, body in re.findall(r"^```(\w*)\n(.*?)^```$", DEPLOY, re.MULTILINE | re.DOTALL)
]
RESTORE = DEPLOY.split("python3 - <<'END'\n")[1].split("END\n")[0]

#: What shows that a block is not for the deployer, who is the only one with `azd`.
OF_OTHERS = ("az ad ", "grant_graph_roles", "/appRoleAssignments/", "Connect-ExchangeOnline")

ROW = MetricsRow(
    tenant_id="11111111-0000-4000-8000-000000000001",
    ending=date(2026, 11, 23),
    generated_at="2026-11-24T04:15:00Z",
    complete_days=7,
    accounts_share=None,
    accounts_enforced=None,
    accounts_enabled=None,
    portal_share=0.0,
    portal_compliant=0,
    portal_decided=10,
    api_share=1.0,
    api_compliant=5,
    api_decided=5,
)


def is_for_others(block):
    return any(sign in block for sign in OF_OTHERS)


def commands(start):
    """Every command that begins with `start`, its lines joined."""
    lines = "\n".join(BLOCKS).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith(start)]


def restored(rows, folder, monkeypatch, table="publications"):
    """What the page's program passes to the Azure CLI, a list of arguments for each row."""
    handed_on = []

    def run(command, *, check):
        assert check
        handed_on.append(command)

    backup = folder / ".local" / "backup"
    backup.mkdir(parents=True)
    (backup / f"{table}.json").write_text(json.dumps({"items": rows, "nextMarker": {}}))
    (folder / "restore.py").write_text(RESTORE)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STORE", "stmfatest")
    monkeypatch.setattr(subprocess, "run", run)
    runpy.run_path("restore.py")
    return handed_on


def test_no_block_is_for_two_people() -> None:
    assert any(map(is_for_others, BLOCKS))
    for block in filter(is_for_others, BLOCKS):
        assert not re.search(r"\bazd ", block), block


def test_the_deployer_asks_azd_for_what_azd_knows() -> None:
    for block in BLOCKS:
        for name in template()["outputs"]:
            bare = re.findall(rf"(?<!get-value )\b{name}\b", block)
            assert not bare or is_for_others(block), (name, block)


def test_somebody_without_a_subscription_can_sign_in() -> None:
    (theirs,) = (block for block in BLOCKS if "grant_graph_roles" in block)

    assert re.search(r"^az login .*--allow-no-subscriptions", theirs, re.MULTILINE)


def test_what_reads_stored_data_names_the_account_and_takes_no_key() -> None:
    found = commands("az storage entity") + commands("az storage blob")

    assert len(found) == 4
    for command in found:
        assert "--account-name $STORE" in command
        assert "--auth-mode login" in command


def test_a_backup_stays_out_of_the_repository_and_out_of_the_deployed_app() -> None:
    queries, (download,) = commands("az storage entity"), commands("az storage blob")

    for query in queries:
        assert query.split("> ")[1].startswith(".local/")
    assert download.split("--destination ")[1].startswith(".local/")
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert ".local/" in ignored  # tests/infra/test_package.py shows that it is not deployed


def test_a_row_is_written_back_as_it_was_zeros_and_all(tmp_path, monkeypatch) -> None:
    stored = {name: value for name, value in to_columns(ROW).items() if value is not None}
    saved = {"PartitionKey": "t", "RowKey": "79738876", **stored}

    (command,) = restored([saved | {"etag": "W/1", "Timestamp": "now"}], tmp_path, monkeypatch)

    options, pairs = command[: command.index("--entity")], command[command.index("--entity") + 1 :]
    values = dict(pair.split("=", 1) for pair in pairs)
    types = {name[: -len("@odata.type")]: values.pop(name) for name in [*values] if "@" in name}
    assert values == {name: str(value) for name, value in saved.items()}
    assert types.keys() == saved.keys()
    assert (types["PortalCompliant"], types["PortalShare"]) == ("Edm.Int32", "Edm.Double")
    assert (types["Ending"], types["RowKey"]) == ("Edm.String", "Edm.String")
    assert options[options.index("--table-name") + 1] == "publications"
    assert options[options.index("--account-name") + 1] == "stmfatest"


def test_a_row_for_people_keeps_its_types(tmp_path, monkeypatch) -> None:
    saved = {
        "PartitionKey": "t",
        "RowKey": "2026-11-23_api",
        "Day": "2026-11-23T00:00:00+00:00",
        "Complete": True,
        "Requests": 0,
        "Share": 1.0,
        "Channel": "api",
        "etag": "W/1",
    }

    (command,) = restored([saved], tmp_path, monkeypatch, "days")

    types = dict(part.split("@odata.type=") for part in command if "@" in part)
    assert command[command.index("--table-name") + 1] == "days"
    assert types == {
        "PartitionKey": "Edm.String",
        "RowKey": "Edm.String",
        "Day": "Edm.DateTime",
        "Complete": "Edm.Boolean",
        "Requests": "Edm.Int32",
        "Share": "Edm.Double",
        "Channel": "Edm.String",
    }


def test_a_session_lasts_as_long_as_the_page_says() -> None:
    login = deployment().authentication["login"]
    (paragraph,) = (each for each in DEPLOY.split("\n\n") if each.startswith("**Roles live"))

    assert login["cookieExpiration"]["timeToExpiration"] == "08:00:00"
    assert "eight hours after it began" in " ".join(paragraph.split())
