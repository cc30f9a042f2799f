"""Readers of what routes are answered from, and of what a request sends: parsers of any bytes."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shared.delivery.files.accounts import Accounts
from shared.delivery.files.customers import Customers
from shared.delivery.files.details import (
    AccountDetails,
    AccountFile,
    Applications,
    read_account_file,
)
from shared.errors import DamagedError, NewerError
from shared.mfa.metrics import ShareRule
from shared.mfa.parts import Part
from shared.service.http.answers import RefusedError
from shared.service.http.orders import read_mail_order, read_run_order
from shared.service.http.report_head import read_head
from shared.service.http.search import rows_of
from tests.service.world import TENANT, a_week

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Parser(NamedTuple):
    """One parser."""

    parse: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]  #: what it accepts
    errors: tuple[type[Exception], ...] = ()  #: what it may raise
    is_json: bool = True


def read_lists(data: bytes) -> None:
    """The bytes as each of a report's lists."""
    for read in (Accounts.from_json, Customers.from_json, Applications.from_json):
        try:
            read(data)
        except DamagedError as error:
            str(error).encode()


def lists() -> list[bytes]:
    """A list of each kind."""
    from tests.delivery.page.test_accounts_page import accounts
    from tests.delivery.page.test_customers_page import customers
    from tests.delivery.page.test_detail_pages import application

    applications = Applications(TENANT, ShareRule(), [application()])
    return [accounts().to_json(), customers().to_json(), applications.to_json()]


def details() -> list[bytes]:
    """The details of an account, as a file of a report holds them."""
    from tests.delivery.page.test_accounts_page import accounts

    account = accounts().accounts[0]
    found = msgspec.Raw(msgspec.json.encode(AccountDetails(account, 0)))
    made = AccountFile([[]], {account.object_id: found})
    return [gzip.compress(msgspec.json.encode(made), 1)]


def read_details(data: bytes) -> None:
    """The bytes as a file of accounts' details, and each account in it."""
    file = read_account_file(data)
    for object_id in file.accounts:
        file.account(object_id)


def parts() -> list[bytes]:
    """A part of a slice that is still being read."""
    day = next(iter(a_week().values()))
    stretch = ("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z")
    return [Part("interactive", *stretch, len(day), tuple(day)).to_bytes()]


def read_order(data: bytes) -> None:
    """The bytes as the body of a request that starts something."""
    for read in (read_run_order, read_mail_order):
        try:
            read(data)
        except RefusedError as error:
            str(error).encode()


def a_table() -> list[bytes]:
    return [b'Customer,TenantId\r\nAdatum,1\r\n"B ""q""",2\r\n']


def head() -> list[bytes]:
    """The part of a stored report that a search reads."""
    from tests.faults.parsers import stored

    return [stored()["report.json"]]


SERVED = {
    "a list of a report": Parser(read_lists, lists),
    "details of accounts": Parser(read_details, details, (DamagedError,)),
    "a part of a slice": Parser(Part.from_bytes, parts, (DamagedError,), is_json=False),
    "the head of a report": Parser(read_head, head, (DamagedError, NewerError)),
    "a stored table": Parser(
        lambda data: rows_of(data, "TenantId", ["1"]), a_table, (DamagedError,), is_json=False
    ),
    "what a request orders": Parser(
        read_order, lambda: [b'{"day":"2026-11-23"}', b'{"id":"' + b"0" * 32 + b'"}']
    ),
}
