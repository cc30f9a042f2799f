"""Readers of Graph's answers and of the store's rows, for any bytes; and what they accept."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import DamagedError, NewerError, SourceError
from shared.sources.graph.batch import GraphBatch
from shared.sources.graph.pages import read_list
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.users import ListedUser
from shared.sources.pacing import Budget, Pacer
from shared.sources.records.pages import parse_page
from shared.stores import open_store
from simulator.graph.api import GraphResponse
from tests.records import graph_record
from tests.service.world import ENDING, TENANT, Scripted, a_week, make_daily, run_day
from tests.sources.graph.graph_doubles import URL

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class OneAnswer:
    """A connection to a Graph that gives the same answer to every request."""

    answer: GraphResponse
    url: str = URL

    def get(self, *_: object, **__: object) -> GraphResponse:
        return self.answer

    def post(self, *_: object, **__: object) -> GraphResponse:
        return self.answer

    def renew_token(self) -> None:
        """There is only one."""


def read_graph(status: int) -> Callable[[bytes], object]:
    """The readers of Graph's answers, for one with that status."""

    def parse(data: bytes) -> None:
        answer = OneAnswer(GraphResponse(status, data))
        budget = Budget(pause=lambda _: None)
        reader = GraphReader(answer, "AuditLog.Read.All", Pacer.unlimited(), budget, tries=1)
        for read in (
            partial(read_list, reader, f"{URL}/v1.0/users", ListedUser),
            partial(reader.read, f"{URL}/beta/auditLogs/signIns", parse_page),
            lambda: list(GraphBatch(reader).read(["/groups/1"])),
        ):
            try:
                read()
            except SourceError as error:
                str(error).encode()

    return parse


def answers() -> list[bytes]:
    """A page of sign-ins, a page of users, the answer to a batch, a refusal."""
    item = {"id": "0", "status": 200, "headers": {}, "body": {"id": "1", "displayName": "x"}}
    user = {"id": TENANT, "userPrincipalName": "ann@contoso.example", "accountEnabled": True}
    made = (
        {"value": [graph_record()], "@odata.nextLink": f"{URL}/beta/x?$skiptoken=1"},
        {"value": [user]},
        {"responses": [item]},
        {"error": {"code": "Authorization_RequestDenied", "message": "No.", "innerError": {}}},
    )
    return [json.dumps(each).encode() for each in made]


def read_rows(data: bytes) -> None:
    """The bytes as a row of each table, in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store("local", folder=Path(folder))
        for table, name in (
            *(("ledger", f"{TENANT}/{ENDING}"), ("publications", f"{TENANT}/{ENDING}")),
            *(("deliveries", f"{TENANT}/{ENDING}-mail"), ("tenants", TENANT), ("runs", "x")),
        ):
            path = Path(folder, table, f"{name}.json")
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        store.ledger(TENANT, ENDING)
        store.history(TENANT, date.max, 10)
        for read in (
            lambda: store.metrics(ENDING),
            lambda: store.delivery(TENANT, ENDING, "mail"),
            lambda: store.report_file(TENANT, ENDING, "report.json"),
        ):
            try:
                read()
            except (DamagedError, NewerError) as error:
                str(error).encode()


def rows() -> list[bytes]:
    """A row of each table, as the product writes it."""
    with tempfile.TemporaryDirectory() as folder:
        run_day(make_daily(Path(folder), Scripted(a_week())))
        tables = ("ledger", "publications", "tenants")
        return [next(Path(folder, table).rglob("*.json")).read_bytes() for table in tables]
