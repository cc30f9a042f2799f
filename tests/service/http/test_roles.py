"""Which role each thing takes, and that nobody gets at it with the others."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields, replace
from functools import partial
from typing import Any, cast

import pytest

from shared.errors import StoreError
from shared.service.http.answers import RefusedError, answered
from shared.service.http.callers import STRANGER, WITH_KEY, Caller, Role, admit_probe
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import FILES, SCRIPT_FILES, ReportApi
from shared.settings import Settings
from tests.service.world import TENANT, Clock

CUSTOMER = "dddddddd-0000-4000-8000-00000000000d"


class Untouchable:
    """A store, and runs, that nobody may come to."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked for")


#: Everything that the API offers, with the role that it requires.
TAKES = [
    *[("newest_page", (), Role.READ), ("page", (TENANT, "latest"), Role.READ)],
    *[("page", (TENANT, "2026-11-23"), Role.READ)],
    *[("file", (TENANT, "latest", name), Role.READ) for name in FILES if name != "customers.csv"],
    ("file", (TENANT, "latest", "customers.csv"), Role.CUSTOMERS),
    *[("resource", ("partnerRequests",), Role.READ), ("permissions", (), Role.READ)],
    *[("for_script", ("accounts.csv",), Role.READ)],
    *[("customers", (), Role.CUSTOMERS), ("customers", ({"search": "litware"},), Role.CUSTOMERS)],
    *[("accounts", (), Role.READ), ("accounts", ({"state": "enforced"},), Role.READ)],
    *[("account", ("ann",), Role.READ), ("application", ("an-app",), Role.READ)],
    *[("applications", (), Role.READ), ("index", (), Role.READ)],
    *[("file", (TENANT, "latest", name), Role.READ) for name in ("before", "after")],
    *[("accounts_json", (), Role.READ), ("accounts_csv", (), Role.READ)],
    *[("customers_json", (), Role.CUSTOMERS), ("customers_csv", (), Role.CUSTOMERS)],
    ("customer", ("an-id",), Role.CUSTOMERS),
    *[("start_run", (), Role.RUN), ("run", ("0" * 32,), Role.RUN), ("start_mail", (), Role.RUN)],
]


def api_for(*roles, store: Any = None):
    caller, runs = Caller(frozenset(roles)), cast("Any", Untouchable)
    reports = RecentReports(store or cast("Any", Untouchable()))
    return ReportApi(TENANT, reports, runs, Clock(), {}, caller, mails=runs)


def test_everything_that_can_be_asked_is_in_the_table() -> None:
    own = {field.name for field in fields(ReportApi)}
    public = {
        n for n, each in inspect.getmembers(ReportApi) if callable(each) and n[0] != "_"
    } - own

    assert public - {"health", "probe"} == {what for what, _, _ in TAKES}


@pytest.mark.parametrize(("what", "names", "role"), TAKES)
def test_without_the_role_the_answer_is_403_before_anything_is_looked_up(what, names, role) -> None:
    others = set(Role) - {role}

    for caller in (api_for(), api_for(*others)):
        refused = answered(partial(getattr(caller, what), *names))

        assert refused.status == 403
        assert f"the role {role} " in json.loads(refused.body)["detail"]


@pytest.mark.parametrize(("what", "names", "role"), TAKES)
def test_with_the_role_alone_it_is_looked_up(what, names, role) -> None:
    with pytest.raises(AssertionError, match="was asked for"):
        getattr(api_for(role), what)(*names)


@pytest.mark.parametrize("ending", ["latest", "2026-11-23"])
def test_another_tenant_s_report_takes_the_role_for_customers_too(ending) -> None:
    reader = api_for(Role.READ)

    for ask in (
        partial(reader.page, CUSTOMER, ending),
        partial(reader.file, CUSTOMER.upper(), ending, "accounts.csv"),
    ):
        refused = answered(ask)
        assert refused.status == 403
        assert "the role Customers.Read " in json.loads(refused.body)["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://evil.example", "host": "func.example"}, 403),
        ({"content-length": "100000"}, 413),
        ({"transfer-encoding": "chunked"}, 413),
    ],
)
def test_a_run_is_refused_by_the_request_s_own_headers_before_anything_is_done(
    headers, status
) -> None:
    runner = replace(api_for(Role.RUN), headers=headers)

    assert answered(runner.start_run).status == status
    assert answered(runner.start_mail).status == status


class Empty:
    """A store that has nothing."""

    def latest_ending(self, tenant_id):
        assert tenant_id == TENANT

    def deliveries(self, tenant_id, *_):
        assert tenant_id == TENANT
        return []

    def is_claimed(self, _):
        return False


def test_health_requires_no_role_and_shows_nothing_personal() -> None:
    body = json.loads(api_for(store=Empty()).health().body)

    assert body["newest_ending"] is None
    assert body.keys() == {
        *("status", "version", "python", "azure_functions", "report_schema"),
        *("newest_ending", "days_behind", "days_missing", "not_delivered", "warnings"),
    }


def test_a_probe_learns_one_word_and_nothing_of_a_store_that_fails() -> None:
    class Failing:
        def latest_ending(self, _):
            raise StoreError("The storage account stmfasecret refuses this identity.")

    for store, status, word in ((Failing(), 503, "unavailable"), (Empty(), 200, "ok")):
        answer = replace(api_for(store=store), caller=STRANGER).probe()

        assert answer.status == status
        assert json.loads(answer.body) == {"status": word}


def test_a_probe_is_let_in_only_behind_the_platform_s_authentication() -> None:
    hosted = {"TENANT_ID": TENANT, "WEBSITE_SITE_NAME": "app"}

    assert admit_probe(Settings(hosted | {"WEBSITE_AUTH_ENABLED": "True"})) is STRANGER
    assert STRANGER.roles == frozenset()
    with pytest.raises(RefusedError, match="authentication is not switched on"):
        admit_probe(Settings(hosted))


def test_a_script_with_a_key_gets_the_report_s_files_and_no_customers_and_no_run() -> None:
    script = replace(api_for(), caller=WITH_KEY)

    for what, names, role in TAKES:
        if role is not Role.READ:
            assert answered(partial(getattr(script, what), *names)).status == 403
    assert "customers.csv" not in SCRIPT_FILES
    for name in ("customers.csv", "customers.json", "page.html", "directory.json.gz", "../x", ""):
        assert answered(partial(script.for_script, name)).status == 400
