"""docs/tables.md: every column with its type, and the recipes, which are tried as they stand."""

from __future__ import annotations

import json
import re
import ssl
import urllib.parse
import urllib.request
from datetime import date, datetime
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from shared.service.figure_rows import ending_row
from shared.stores.medium import column_name
from shared.stores.models import MetricsRow
from shared.stores.table_rows import TABLES, ApplicationRow
from tests.azurite import EmulatorCredential
from tests.contracts.store_examples import NEW_AT, TENANT, customer_row, day_row
from tests.delivery.scenarios import worked_examples
from tests.infra.bicep import ROOT

PAGE = (ROOT / "docs" / "tables.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
RECIPE = PAGE.split("```powerquery\n")[1].split("```")[0]
OURS = ["ReportEnding", "GeneratedAt"]
EDM = {
    int: "Int32",
    float: "Double",
    bool: "Boolean",
    str: "String",
    date: "DateTime",
    datetime: "DateTime",
}
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "Int32": (int,),
    "Double": (int, float),
    "Boolean": (bool,),
    "String": (str,),
    "DateTime": (datetime,),
}
POWER_QUERY = {
    "Int32": "Int64.Type",
    "Double": "type number",
    "Boolean": "type logical",
    "String": "type text",
    "DateTime": "type datetimezone",
}


def columns(table: str) -> dict[str, str]:
    """Each column of a table with its type, from the Struct."""
    hints = get_type_hints(TABLES[table])
    plain = {name: (get_args(hint) or (hint,))[0] for name, hint in hints.items()}
    return {column_name(name): EDM[plain[name]] for name in TABLES[table].__struct_fields__}


@pytest.mark.parametrize("table", TABLES)
def test_the_page_has_every_column_in_order_with_its_type_and_a_meaning(table) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", SECTIONS[table], re.MULTILINE)

    assert {name: kind for name, kind, _ in rows} == columns(table)
    assert [name for name, *_ in rows] == [*columns(table)]


@pytest.mark.parametrize("table", TABLES)
def test_the_recipe_is_given_the_same_types(table) -> None:
    (types,) = re.findall(r"Types = \[(.*?)\],\n", SECTIONS[table], re.DOTALL)
    pairs = dict(re.findall(r"(\w+) = ([\w. ]+?)(?:,|\Z)", " ".join(types.split())))

    assert pairs == {name: POWER_QUERY[kind] for name, kind in columns(table).items()}


def test_the_page_names_what_is_ours_and_which_tables_are_not_for_reading() -> None:
    (ours,) = (each for each in PAGE.split("\n\n") if each.startswith("**Ours.**"))
    source = (ROOT / "infra" / "app" / "storage.bicep").read_text("utf-8")
    (deployed,) = re.findall(r"var tableNames = \[(.*?)\]", source, re.DOTALL)

    assert re.findall(r"`(\w+)` \(DateTime\)", " ".join(ours.split())) == OURS
    own = set(re.findall(r"`([a-z]+)`", ours))
    assert own | {*TABLES} == set(re.findall(r"'(\w+)'", deployed))


@pytest.fixture
def filled(identified):
    """Three days of an api, and 1,203 customers: more than the service gives at once."""
    report = worked_examples()
    ending = report.window.ending
    customers = [customer_row(number, ending) for number in range(1_203)]
    days = [day_row(ending, channel) for channel in ("portal", "api")]
    counts = {**msgspec.structs.asdict(days[1]), "not_verified": 3, "share": 0.5}
    names = {"application_id": "an id", "application_name": "An app"}
    application = msgspec.convert(counts | names, ApplicationRow)
    row = msgspec.structs.replace(MetricsRow.of(report), tenant_id=TENANT, generated_at=NEW_AT)
    identified.open().save_report(
        row,
        {},
        {
            "metrics": {ending: [ending_row(report)]},
            "days": {ending: days},
            "customers": {ending: customers},
            "applications": {ending: [application]},
        },
    )
    return identified


@pytest.mark.azurite
def test_the_recipe_reads_whole_tables_with_their_types(filled, secured_azurite) -> None:
    def rows(table):
        name = f"{filled._prefix}{table}"  # noqa: SLF001
        return [typed(row, table) for row in as_the_recipe_does(secured_azurite, name)]

    (metrics,) = rows("metrics")
    customers, days = rows("customers"), rows("days")

    report = worked_examples()
    assert metrics["Ending"] == datetime.fromisoformat(f"{report.window.ending}T00:00:00Z")
    assert (metrics["AccountsEnforced"], metrics["AccountsDisabled"]) == (90, 10)
    assert (metrics["PortalShare"], metrics["ApiAppOnly"], metrics["CompleteDays"]) == (0.2, 5, 7)
    assert len({row["CustomerTenantId"] for row in customers}) == 1_203
    assert customers[0]["Share"] == 0.5
    assert [row["Channel"] for row in days] == ["api", "portal"]


@pytest.mark.azurite
def test_the_queries_of_the_page_find_rows_and_take_no_key(filled, secured_azurite) -> None:
    from azure.data.tables import TableServiceClient

    commands = re.findall(r"^az storage .*?(?=^az|^```)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(commands) == 4
    with TableServiceClient(
        secured_azurite.tables_url,
        credential=EmulatorCredential(),
        connection_verify=str(secured_azurite.certificate),
    ) as service:
        found = {}
        for command in commands:
            assert "--auth-mode login --account-name $STORE" in command
            table = command.split("--table-name ")[1].split()[0]
            (words,) = re.findall(r'--filter "(.*?)"', command)
            name = f"{filled._prefix}{table}"  # noqa: SLF001
            asked = words.replace("$TENANT", TENANT)
            found[table] = len([*service.get_table_client(name).query_entities(asked)])
            selected = re.findall(r"--select ([\w ]+?) --", command)
            assert set(" ".join(selected).split()) <= columns(table).keys()
    assert found == {"metrics": 1, "days": 0, "applications": 1, "customers": 1_203}


def as_the_recipe_does(azurite, table) -> list[dict[str, Any]]:
    """The pages that the recipe asks for, with its own filter and headers, until one is empty."""
    token = EmulatorCredential().get_token().token
    (headers,) = re.findall(r"Headers = \[(.*?)\]\]", RECIPE)
    sent = dict(re.findall(r'(?:#")?([\w-]+)"? = "(.*?)"', headers))
    (path,) = re.findall(r'RelativePath = Name & "(.*?)"', RECIPE)
    (query,) = re.findall(r'#"\$filter" = (.*?)\],\n', RECIPE)
    assert "each not List.IsEmpty(_), each Page(List.Last(_)[RowKey])" in RECIPE
    found: list[dict[str, Any]] = []
    after = "2026-01-01"
    while True:
        named = {"Tenant": TENANT, "after": after}
        parts = [part.strip() for part in query.split("&")]
        words = "".join(part.strip('"') if '"' in part else named[part] for part in parts)
        address = f"{azurite.tables_url}/{table}{path}?{urllib.parse.urlencode({'$filter': words})}"
        request = urllib.request.Request(address, headers=sent)
        request.add_header("Authorization", f"Bearer {token}")
        trust = ssl.create_default_context(cafile=str(azurite.certificate))
        with urllib.request.urlopen(request, context=trust) as response:
            page = json.load(response)["value"]
        if not page:
            return found
        found += page
        after = page[-1]["RowKey"]


def typed(row: dict[str, Any], table: str) -> dict[str, Any]:
    """The columns that the page names, as `Table.TransformColumnTypes` would make them."""
    found = columns(table) | dict.fromkeys(OURS, "DateTime")
    assert row.keys() - {"PartitionKey", "RowKey", "Timestamp"} <= found.keys()
    for name, kind in found.items():
        if name in row and kind == "DateTime":
            row[name] = datetime.fromisoformat(row[name])
        assert name not in row or type(row[name]) in JSON_TYPES[kind], name
    return row
