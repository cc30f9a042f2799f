"""Everything that parses what comes from outside, with what it accepts and what it may raise."""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from shared.delivery.files.customers import Customers
from shared.delivery.page.customers_table import customers_table
from shared.delivery.teams.channel import TeamsChannel
from shared.endpoints import make_endpoint, parse_url
from shared.errors import BadInputError, BadSettingError, DamagedError, NewerError
from shared.mfa.access_token import application_roles, decode_token
from shared.mfa.accounts.directory import FORMAT, VERSION
from shared.mfa.accounts.policy_reading import read_policy
from shared.mfa.changes.account_states import AccountStates
from shared.mfa.report import Report
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.http.answers import RefusedError
from shared.service.http.callers import admit
from shared.service.http.search import read_query
from shared.service.messages import CollectSlice, DeliverReport, PublishReport
from shared.service.recipients import valid_recipients
from shared.settings import SETTINGS, Settings
from shared.sources.diagnostics.account import LogAccount
from shared.sources.files.documents import read_directory
from shared.sources.files.exceptions_file import read_exceptions
from shared.sources.files.exports import read_exports
from shared.sources.graph.answers import retry_after_seconds
from shared.sources.records.decoding import UnreadableError
from shared.sources.records.parsing import parse_sign_in
from shared.stores.models import ACCOUNT_STATES
from shared.stores.names import safe_run_id, safe_tenant_id
from simulator.simulation import TOKEN
from tests import directories
from tests.faults.answers_and_rows import answers, read_graph, read_rows, rows
from tests.faults.served_parsers import SERVED, Parser
from tests.faults.small_partner import NOON
from tests.knowledge import as_csv
from tests.records import diagnostic_record, graph_record, log_analytics_row
from tests.service.world import ENDING, TENANT, Scripted, a_week, make_daily, run_day
from tests.tokens import user_token

if TYPE_CHECKING:
    from collections.abc import Callable


def text_of(data: bytes) -> str:
    """Bytes as the text that a program is given: undecodable ones become surrogates."""
    return data.decode(errors="surrogateescape")


def from_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A parser of files as one of bytes."""

    def parse(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(data)
            return read(path)

    return parse


def read_settings(data: bytes) -> None:
    """The text as the value of every setting, each read; what is wrong with one is a sentence."""
    text = text_of(data).replace("\x00", "")
    for setting in SETTINGS:
        try:
            setting.read({setting.name: text})
        except BadSettingError as error:
            str(error).encode()


def read_table_query(data: bytes) -> str:
    """The query of an address, which can be written again."""
    table = customers_table(Customers(TENANT, None, []))
    return read_query(dict(parse_qsl(text_of(data))), table).address()


def admit_principal(data: bytes) -> object:
    """The principal that a header names, whether it is base64 or not."""
    settings = Settings({"WEBSITE_AUTH_ENABLED": "true", "TENANT_ID": TENANT})
    for header in (b64encode(data).decode(), text_of(data)):
        admitted = [_admitted(settings, {"x-ms-client-principal": header})]
    return admitted


def _admitted(settings: Settings, headers: dict[str, str]) -> object:
    try:
        return admit(settings, headers)
    except RefusedError as error:
        return error


def read_answer_headers(data: bytes) -> object:
    """A wait, whatever the headers say."""
    text = text_of(data)
    return retry_after_seconds({"retry-after": text, "date": text})


def read_names(data: bytes) -> object:
    """Names from outside, before they become a path or a key."""
    return safe_tenant_id(text_of(data)), safe_run_id(text_of(data))


def read_addresses(data: bytes) -> object:
    """An address from a setting, for whatever it may be."""
    text = text_of(data)
    parse_url(text)
    for read in (
        partial(make_endpoint, "GRAPH_ENDPOINT", text, ""),
        partial(LogAccount.parse, text, "core.windows.net"),
        partial(TeamsChannel, text),
        partial(valid_recipients, [text]),
    ):
        try:
            read()
        except BadSettingError as error:
            str(error).encode()
    return None


def read_policy_of(data: bytes) -> object:
    """A policy from JSON that holds an object."""
    value = json.loads(data)
    return read_policy(value) if isinstance(value, dict) else None


def export_of(name: str) -> Callable[[bytes], object]:
    """A reader of an export with that file name, for the portal and every other application."""
    ids = set(Scope().ids)
    return from_file(name, lambda path: read_exports([path], ids, lambda _: None))


@cache
def stored() -> dict[str, bytes]:
    """Stored files as the product writes them."""
    with tempfile.TemporaryDirectory() as folder:
        daily = make_daily(Path(folder), Scripted(a_week()))
        report, _ = run_day(daily)
        rollup = daily.store.rollup(daily.store.ledger(TENANT, ENDING)[0].slice)
    snapshot = DirectorySnapshot(
        directories.directory(directories.policy()), Scope(), read_at=f"{NOON:%Y-%m-%dT%H:%M:%SZ}"
    )
    return {
        "report.json": report.to_json(),
        "rollup": rollup.to_bytes(),
        "directory.json.gz": snapshot.to_bytes(),
        ACCOUNT_STATES: AccountStates.of(snapshot.accounts, ENDING).to_bytes(),
    }


def records() -> list[bytes]:
    """One sign-in of each shape."""
    made = (graph_record(), diagnostic_record(), log_analytics_row())
    return [json.dumps(record).encode() for record in made]


def messages() -> list[bytes]:
    """One message of each queue."""
    slice_ = Slice(TENANT, ENDING)
    made = (
        *(CollectSlice(slice_), PublishReport(TENANT, ENDING, ENDING)),
        DeliverReport(TENANT, ENDING, "mail"),
    )
    return [message.to_json().encode() for message in made]


def read_message(data: bytes) -> object:
    """A message of whichever queue."""
    for kind in (CollectSlice, PublishReport, DeliverReport):
        try:
            return kind.from_json(data)
        except BadInputError:
            continue
    return None


PRINCIPAL = {
    "auth_typ": "aad",
    "claims": [{"typ": "roles", "val": "Reports.Read"}, {"typ": "amr", "val": "mfa"}],
}
HEADER = {"format": FORMAT, "version": VERSION}
EXCEPTIONS = {
    "format": "partner-mfa-status/exceptions",
    "version": 1,
    "exceptions": [
        {
            "account": "ann@contoso.example",
            "owner": "Eva Berg",
            "reason": "Replaced in December",
            "ticket": "CHG-4711",
            "expires": "2026-12-31",
        }
    ],
}
PARSERS = {
    "a sign-in record": Parser(lambda data: parse_sign_in(data, 0), records, (UnreadableError,)),
    "an export, JSON": Parser(export_of("a.json"), records, (BadInputError,)),
    "an export, lines": Parser(
        export_of("a.ndjson"), lambda: [b"\n".join(records())], (BadInputError,), is_json=False
    ),
    "an export, CSV": Parser(
        export_of("a.csv"), lambda: [as_csv(log_analytics_row())], (BadInputError,), is_json=False
    ),
    "a directory file": Parser(
        from_file("directory.json", read_directory),
        lambda: [json.dumps(HEADER | directories.document(directories.policy())).encode()],
        (BadInputError,),
    ),
    "an exceptions file": Parser(
        from_file("exceptions.json", read_exceptions),
        lambda: [json.dumps(EXCEPTIONS).encode()],
        (BadInputError,),
    ),
    "a stored report": Parser(
        Report.from_json, lambda: [stored()["report.json"]], (DamagedError, NewerError)
    ),
    "a stored rollup": Parser(
        Rollup.from_bytes, lambda: [stored()["rollup"]], (DamagedError, NewerError), is_json=False
    ),
    "a stored directory": Parser(
        lambda data: DirectorySnapshot.from_bytes(data, Scope()),
        lambda: [stored()["directory.json.gz"]],
        (DamagedError, NewerError),
    ),
    "stored states of accounts": Parser(
        AccountStates.from_bytes,
        lambda: [stored()[ACCOUNT_STATES]],
        (DamagedError, NewerError),
    ),
    "a queue message": Parser(read_message, messages),
    "an access token": Parser(
        lambda data: decode_token(text_of(data)),
        lambda: [user_token().encode(), TOKEN.encode()],
        (BadInputError,),
        is_json=False,
    ),
    "an app's roles": Parser(
        lambda data: application_roles(text_of(data)), lambda: [TOKEN.encode()], is_json=False
    ),
    "a caller's principal": Parser(admit_principal, lambda: [json.dumps(PRINCIPAL).encode()]),
    "a table's query": Parser(
        read_table_query,
        lambda: [b"search=Contoso&sort=-customer&page=2&status=none"],
        (RefusedError,),
        is_json=False,
    ),
    "a setting": Parser(
        read_settings, lambda: [b"30", b"https://graph.microsoft.com/v1.0"], is_json=False
    ),
    "an address": Parser(
        read_addresses,
        lambda: [b"https://a.logic.azure.com/x?sig=y", b"ann@contoso.example", b"http://[::1]:80"],
        is_json=False,
    ),
    "a wait": Parser(
        read_answer_headers, lambda: [b"120", b"Mon, 23 Nov 2026 08:00:00 GMT"], is_json=False
    ),
    "a name": Parser(read_names, lambda: [TENANT.encode()], (BadInputError,), is_json=False),
    "an answer of Graph's": Parser(read_graph(200), answers),
    "a refusal of Graph's": Parser(read_graph(403), answers),
    "a stored row": Parser(read_rows, rows),
    **SERVED,
    "a policy": Parser(
        read_policy_of,
        lambda: [json.dumps(directories.policy()).encode()],
        (ValueError, RecursionError),  # of json.loads, which the test itself calls
    ),
}

#: Inputs on which some parser has failed before, here or elsewhere: every parser is given them.
KEPT = (
    b'{"TenantId": "t", "Day": "2026-11-21", "State": "complete", "At": 1' + b"0" * 400 + b"}",
    *(
        b"",
        b" ",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"null",
        b"0",
        b"[]",
        b"{}",
        b'""',
        b"\x1f\x8b",
    ),
    *(
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5_000,
        b"1e999",
        b'"\\ud800"',
        b'{"value": [null]}',
    ),
    *(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", b"\xd9\xff\xff", b"\x92\x01\x91\x91" * 1_000),
    b'{"createdDateTime": "9999-12-31T23:59:60+99:99", "id": "x"}',
)
