"""What the HTTP functions answer, without HTTP: stored bytes, problems, runs."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from io import StringIO

import msgspec
import pytest

from shared.errors import BadSettingError, ConflictError, StoreError
from shared.mfa.accounts.directory import Customer, CustomerMfa, Directory
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.http.answers import answered, redirect
from shared.service.http.callers import OWN_MACHINE, WITH_KEY
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import FILES, SCRIPT_FILES, ReportApi
from shared.service.http.search import rows_of
from shared.stores.models import DeliveryState, StoredFile
from tests.service.world import (
    ENDING,
    TENANT,
    WEEK,
    Clock,
    MemoryQueues,
    Scripted,
    a_week,
    make_daily,
    make_runs,
    run_day,
)

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def daily(tmp_path_factory):
    """A daily run that has been done."""
    made = make_daily(tmp_path_factory.mktemp("store"), Scripted(a_week(weak=2, strong=3)))
    run_day(made)
    return made


@pytest.fixture
def ask(daily):
    """Asks the API for something, with the request's headers as keywords."""

    def ask(what, *names, store=None, caller=OWN_MACHINE, links=True, **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        reports = RecentReports(store or daily.store, fresh_seconds=0)
        api = ReportApi(TENANT, reports, lambda: make_runs(daily), Clock(), given, caller, links)
        return answered(lambda: getattr(api, what)(*names))

    return ask


def detail(answer):
    """The sentence of a problem, which is checked to be one."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = json.loads(answer.body)
    assert body.keys() == {"type", "title", "status", "detail"}
    assert body["status"] == answer.status
    return body["detail"]


def test_the_newest_page_is_the_page_of_the_newest_report(ask) -> None:
    newest, named, latest = (
        ask("newest_page"),
        ask("page", TENANT, str(ENDING)),
        ask("page", TENANT, "latest"),
    )

    assert newest == named == latest
    assert newest.status == 200
    assert newest.headers["Content-Type"] == "text/html; charset=utf-8"
    assert newest.body.startswith(b"<!doctype html>")


def test_every_link_of_a_served_page_leads_to_a_file_that_is_served(ask) -> None:
    links = re.findall(r'href="(/[^"#]+)', ask("newest_page").body.decode())
    for link in ("/api/applications", "/api/reports"):
        links.remove(link)

    assert ask("index").status == 200
    assert ask("file", TENANT, "latest", "before").status == 404
    links = [link for link in links if link.rpartition("/")[2] not in ("before", "after")]
    assert ask("applications").status == 200
    assert {link.rpartition("/")[0] for link in links} == {f"/api/reports/{TENANT}/{ENDING}"}
    assert len(links) == 8
    assert f"/api/reports/{TENANT}/{ENDING}/findings.html" in links
    for link in links:
        assert ask("file", *link.split("/")[3:]).status == 200


def test_a_page_that_is_read_from_a_disk_links_to_the_files_next_to_it(ask) -> None:
    page = ask("file", TENANT, "latest", "report.html").body.decode()

    assert 'href="all-api-requests.csv"' in page
    assert 'href="/api' not in page


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_file_is_served_as_it_is_stored(ask, daily, name) -> None:
    stored = daily.store.report_file(TENANT, ENDING, name)

    answer = ask("file", TENANT, str(ENDING), name)

    assert (answer.status, answer.body, answer.headers["ETag"]) == (
        200,
        stored.content,
        stored.etag,
    )


def test_a_report_has_a_workbook_with_accounts_or_without(ask, with_customers) -> None:
    for store in ({}, {"store": with_customers}):
        answer = ask("file", TENANT, "latest", "report.xlsx", **store)

        assert (answer.status, answer.body[:2]) == (200, b"PK")
        assert "spreadsheetml" in answer.headers["Content-Type"]


def test_files_carry_their_media_type_and_csv_its_name(ask) -> None:
    as_json = ask("file", TENANT, "latest", "report.json").headers
    as_csv = ask("file", TENANT, "latest", "accounts.csv").headers

    assert as_json["Content-Type"] == "application/json"
    assert "Content-Disposition" not in as_json
    assert as_csv["Content-Type"].startswith("text/csv; charset=utf-8")
    assert as_csv["Content-Disposition"] == 'attachment; filename="accounts.csv"'


def test_nothing_personal_is_kept_where_others_could_get_it(ask) -> None:
    for answer in (ask("newest_page"), ask("file", TENANT, "latest", "report.json")):
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_every_answer_guards_itself_in_the_browser(ask) -> None:
    page, problem = ask("newest_page"), ask("page", "x", "latest")
    resource, health = ask("resource", "partnerRequests"), ask("health")
    known = ask("newest_page", if_none_match=page.headers["ETag"])

    assert (page.status, problem.status, known.status) == (200, 400, 304)
    assert "Content-Security-Policy" not in known.headers  # a browser keeps the page's own
    known.headers["Content-Security-Policy"] = page.headers["Content-Security-Policy"]
    for answer in (page, problem, resource, health, known, redirect("https://a.example/?sig=x")):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] in ("private, no-cache", "no-store")


def test_scripts_get_the_newest_report_s_files_and_partner_center_s_resources(ask) -> None:
    for name in SCRIPT_FILES:
        by_key = ask("for_script", name, caller=WITH_KEY)
        is_file = "." in name
        by_role = ask("file", TENANT, "latest", name) if is_file else ask("resource", name)

        assert by_key.status == 200
        assert by_key == by_role


def test_the_policy_of_a_page_allows_its_own_style_sheet_and_nothing_else(ask) -> None:
    answer = ask("newest_page")
    [of_page] = re.findall(r'Content-Security-Policy" content="([^"]+)"', answer.body.decode())

    policy = answer.headers["Content-Security-Policy"]

    assert policy == f"{of_page}; frame-ancestors 'none'"
    assert "default-src 'none'" in policy
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "unsafe-inline" not in policy


def test_a_policy_cannot_be_smuggled_in_by_what_a_page_tells() -> None:
    from shared.service.http.answers import stored_answer

    body = b'<meta http-equiv="Content-Security-Policy" content="default-src *">'
    late = StoredFile(b"<!doctype html>" + b" " * 5000 + body, '"a"')
    split = StoredFile(body.replace(b"*", b"*\r\nX-Evil: 1"), '"a"')

    for stored in (late, split):
        policy = stored_answer(stored, "text/html").headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "form", ["{}", "W/{}", '"other", {}', '"other",W/{}', "*", " * ", '"a,b", {} ,"c"']
)
def test_a_caller_that_has_it_already_gets_304(ask, form) -> None:
    etag = ask("newest_page").headers["ETag"]

    answer = ask("newest_page", if_none_match=form.format(etag))

    assert answer.status == 304
    assert answer.body == b""
    assert answer.headers["ETag"] == etag
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("form", ["", '"other"', 'W/"other"', "{bare}", '"{bare}', '"x{bare}"'])
def test_who_has_something_else_gets_it(ask, form) -> None:
    bare = ask("newest_page").headers["ETag"].strip('"')

    assert ask("newest_page", if_none_match=form.replace("{bare}", bare)).status == 200


@pytest.mark.parametrize(
    "tenant", ["", "x", "..", "../..", f"{TENANT}/..", f"{TENANT} ", "a" * 9000]
)
def test_an_invalid_tenant_id_never_reaches_the_store(ask, tenant) -> None:
    answer = ask("page", tenant, "latest", store=Untouchable())

    assert answer.status == 400
    assert detail(answer) == "Invalid tenant id; expected a GUID."


@pytest.mark.parametrize(
    "ending",
    ["", "today", "Latest", "2026-11-31", "20261123", "2026-W48-1", "2026-11-23/..", "٢٠٢٦-11-23"],
)
def test_an_invalid_day_never_reaches_the_store(ask, ending) -> None:
    answer = ask("page", TENANT, ending, store=Untouchable())

    assert answer.status == 400
    assert "YYYY-MM-DD" in detail(answer)


@pytest.mark.parametrize(
    "file",
    [
        *("", "x.csv", "../report.json", "report.json/", "REPORT.JSON", "..%2freport.json"),
        *("a\0.csv", "page.html", "partnerRequests.json"),
    ],
)
def test_an_unknown_file_never_reaches_the_store(ask, file) -> None:
    answer = ask("file", TENANT, "latest", file, store=Untouchable())

    assert answer.status == 400
    assert "report.json" in detail(answer)


def test_a_report_that_is_not_there_is_not_found(ask) -> None:
    for names in ((NOBODY, "latest"), (NOBODY, "2026-11-23"), (TENANT, "2025-01-01")):
        assert ask("page", *names).status == 404
    assert "2025-01-01" in detail(ask("page", TENANT, "2025-01-01"))


def test_a_tenant_id_may_be_written_in_capitals(ask) -> None:
    assert ask("page", TENANT.upper(), "latest").status == 200


class Untouchable:
    """A store that nothing may be asked of."""


class Broken:
    def __getattr__(self, name):
        raise StoreError("The account contosomfa refuses: key Eby8vdM0 is wrong.")


@pytest.mark.parametrize(
    ("what", "names"),
    [
        *(("newest_page", ()), ("health", ()), ("file", (TENANT, "latest", "report.json"))),
        *(("run", ("0" * 32,)), ("resource", ("partnerRequests",)), ("customers_csv", ({},))),
    ],
)
def test_a_store_failure_is_reported_without_its_secrets(ask, caplog, what, names) -> None:
    answer = ask(what, *names, store=Broken())

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "60"
    assert "Eby8vdM0" not in detail(answer)
    assert "contosomfa" not in detail(answer)
    assert "Eby8vdM0" in caplog.text


def test_a_setting_that_is_missing_is_for_the_log() -> None:
    def ask():
        raise BadSettingError("Setting TENANT_ID is not set.")

    answer = answered(ask)

    assert answer.status == 503
    assert "TENANT_ID" not in detail(answer)


def test_the_biggest_file_is_handed_out_by_a_store_that_can(ask, daily) -> None:
    class Signing:
        def __getattr__(self, name):
            return getattr(daily.store, name)

        def report_url(self, tenant_id, ending, name, now):
            return f"https://store.example/{tenant_id}/{ending}/{name}?sig=1&at={now:%H}"

    big = ask("file", TENANT, "latest", "all-api-requests.csv", store=Signing())
    small = ask("file", TENANT, "latest", "accounts.csv", store=Signing())
    unlinked = ask("file", TENANT, "latest", "all-api-requests.csv", store=Signing(), links=False)

    assert big.status == 302
    assert big.headers["Location"].startswith("https://store.example/")
    assert big.headers["Cache-Control"] == "no-store"
    assert big.body == b""
    assert small.status == 200
    assert (unlinked.status, unlinked.body[:9]) == (200, b"RequestId")


def shape(value):
    """Names and kinds of a JSON value, whatever it holds; of a list, its first item's."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])]
    return type(value).__name__


@pytest.mark.parametrize(
    "name", ["nonMfaCompliantPartnerPrincipals", "applicationmfaadoptionstatus", "partnerRequests"]
)
def test_partner_center_s_resources_have_partner_center_s_shape(ask, samples, name) -> None:
    theirs = json.loads((samples / f"partnercenter-docs-{name}.json").read_bytes())

    answer = ask("resource", name)
    ours = json.loads(answer.body)

    assert answer.headers["Content-Type"] == "application/json"
    if name == "partnerRequests":
        for item in ours["items"]:  # the documentation's table and its sample name it differently
            assert item.pop("ipAddress") == item["sourceIpAddress"]
    assert shape(ours) == shape(theirs)


def test_the_resources_tell_what_the_files_tell(ask) -> None:
    def rows(file):
        text = ask("file", TENANT, "latest", file).body.decode()
        return list(csv.DictReader(StringIO(text, newline="")))

    def resource(name):
        return json.loads(ask("resource", name).body)

    principals = resource("nonMfaCompliantPartnerPrincipals")
    requests = resource("partnerRequests")
    adoption = resource("applicationmfaadoptionstatus")

    assert principals["totalCount"] == len(principals["items"]) == 1
    assert [item["upn"] for item in principals["items"]] == [
        row["Upn"] for row in rows("portal-requests-without-mfa.csv")
    ]
    assert [item["requestId"] for item in requests["items"]] == [
        row["RequestId"] for row in rows("all-api-requests.csv")
    ]
    assert [(item["loginDate"], str(item["totalRequestCount"])) for item in adoption] == [
        (row["LoginDate"], row["TotalRequestCount"]) for row in rows("api-requests-summary.csv")
    ]


def test_customers_that_nobody_has_read_are_not_shown_as_none(ask) -> None:
    for answer in (ask("customers"), ask("customers_json"), ask("customers_csv", {})):
        assert answer.status == 404
        assert detail(answer) == "The customers have not been read yet."


def test_the_scope_receipt_is_served_as_it_was_when_the_newest_report_was_made(ask, tmp_path):
    assert ask("permissions").status == 404  # no directory was read
    store = with_directory(tmp_path, None, domains="Domains were not read: Graph refuses.").store

    answer = ask("permissions", store=store)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    assert b"Domains were not read: Graph refuses." in answer.body
    assert b"permissions are unknown: its token contains no application permissions." in answer.body
    assert ask("permissions", store=store, if_none_match=answer.headers["ETag"]).status == 304
    assert b'href="/api/permissions"' in ask("newest_page", store=store).body


def with_directory(folder, customers, **notes):
    """A daily run that has been done with a directory."""
    snapshot = DirectorySnapshot(
        Directory(users=(), customers=customers),
        Scope(),
        read_at="2026-11-24T02:00:00Z",
        notes=notes,
    )
    made = replace(make_daily(folder, Scripted(a_week())), read_directory=lambda: snapshot)
    run_day(made)
    return made


@pytest.fixture(scope="module")
def with_customers(tmp_path_factory):
    """The store of one that had customers."""
    customers = (
        Customer("aaaa", "Adatum & Söhne", CustomerMfa(1, 3, 4, "enabled", "disabled")),
        Customer("bbbb", "<b>Bellows", CustomerMfa(1, 3, 5, "disabled", "enabled", "disabled")),
        Customer("cccc", None),
    )
    return with_directory(tmp_path_factory.mktemp("store"), customers).store


CUSTOMERS = ("customers", "customers_json", "customers_csv")


def test_customers_that_were_not_read_are_missing_with_the_reason(tmp_path, ask) -> None:
    note = "The customers' MFA figures were not read: Graph refuses."
    store = with_directory(tmp_path, None, customerInsights=note, groups="Groups, too.").store

    for what in CUSTOMERS:
        answer = ask(what, store=store)
        assert (answer.status, detail(answer)) == (404, note)
    assert store.report_file(TENANT, ENDING, "customers.html") is None
    assert "/api/customers" not in ask("newest_page", store=store).body.decode()


@pytest.mark.parametrize("what", CUSTOMERS)
def test_customers_are_served_as_they_are_stored_and_not_sent_twice(
    ask, with_customers, what
) -> None:
    name = {"customers": "customers.html"}.get(what, what.replace("_", "."))
    stored = with_customers.report_file(TENANT, ENDING, name)
    assert stored

    answer = ask(what, store=with_customers)

    assert (answer.status, answer.body, answer.headers["ETag"]) == (
        *(200, stored.content, stored.etag),
    )
    assert ask(what, store=with_customers, if_none_match=stored.etag).status == 304
    assert ask(what, {"search": "  "}, store=with_customers) == answer


def test_the_customers_json_has_null_for_what_is_not_known(ask, with_customers) -> None:
    body = json.loads(ask("customers_json", store=with_customers).body)

    assert body["tenant_id"] == TENANT
    assert body["as_of"] == "2026-11-24T02:00:00Z"
    assert body["customers"][0] == {
        "customer": None,
        "admins_with_mfa": None,
        "non_admins_with_mfa": None,
        "total_users": None,
        "tenant_id": "cccc",
        "security_defaults": None,
        "conditional_access": None,
        "per_user_mfa": None,
        "status": "not known",
    }
    assert [each["customer"] for each in body["customers"][1:]] == ["<b>Bellows", "Adatum & Söhne"]
    assert body["customers"][1]["status"] == "1 of 5 users without MFA"


@pytest.mark.parametrize(
    ("search", "found"),
    [("SÖHNE", ["aaaa"]), (" <b>B ", ["bbbb"]), ("cc", ["cccc"]), ("nobody", []), ("\ud800", [])],
)
def test_page_json_and_csv_find_the_same_customers(ask, with_customers, search, found) -> None:
    page, as_json, as_csv = (
        ask(what, {"search": search}, store=with_customers) for what in CUSTOMERS
    )

    assert re.findall('<small class="id">([a-z]+)<', page.body.decode()) == found
    assert [each["tenant_id"] for each in json.loads(as_json.body)["customers"]] == found
    rows = csv.DictReader(StringIO(as_csv.body.decode(), newline=""))
    assert [row["TenantId"] for row in rows] == found
    assert "1 of 3 customers has MFA for all users; 1 not known." in page.body.decode()


def test_a_page_of_a_search_has_a_tag_and_a_policy_of_its_own(ask, with_customers) -> None:
    whole, some = (ask("customers", {"search": text}, store=with_customers) for text in ("", "a"))

    assert "form-action 'self'; frame-ancestors 'none'" in some.headers["Content-Security-Policy"]
    for header in ("Content-Security-Policy", "Content-Type", "Cache-Control"):
        assert some.headers[header] == whole.headers[header]
    tag = some.headers["ETag"]
    assert tag != whole.headers["ETag"]
    assert ask("customers", {"search": "a"}, store=with_customers, if_none_match=tag).status == 304


def test_a_report_made_before_customers_had_a_page_says_when_there_will_be_one(
    ask, with_customers
) -> None:
    class Older:
        def __getattr__(self, name):
            return getattr(with_customers, name)

        def report_file(self, tenant_id, ending, name):
            return with_customers.report_file(tenant_id, ending, name) if is_old(name) else None

        def report_etags(self, tenant_id, ending):
            etags = with_customers.report_etags(tenant_id, ending)
            return {name: etag for name, etag in etags.items() if is_old(name)}

    def is_old(name):
        return name not in ("customers.html", "customers.json")

    assert ask("customers_csv", store=Older()).status == 200
    for search in ("", "aaaa"):
        answer = ask("customers", {"search": search}, store=Older())
        assert answer.status == 404
        assert detail(answer).endswith("; the next one has it.")


def test_the_newest_page_leads_to_the_customers(ask, with_customers) -> None:
    page = ask("newest_page", store=with_customers).body.decode()

    assert page.count('href="/api/customers"') == 2  # in the head, and with the files
    for name in ("customers.html", "customers.json"):
        assert ask("file", TENANT, "latest", name, store=Untouchable()).status == 400


def test_csv_rows_are_kept_as_they_are_stored_and_in_the_order_asked_for() -> None:
    header = "Customer,Total Users,TenantId\r\n"
    rows = ['"Adatum, Inc.",5,aaaa\r\n', "Überall GmbH,7,bbbb\r\n", "'=Sum,1,cccc\r\n"]
    stored = (header + "".join(rows)).encode()

    assert rows_of(stored, "TenantId", []).decode() == header
    assert rows_of(stored, "TenantId", ["cccc", "aaaa"]).decode() == header + rows[2] + rows[0]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"search": "x" * 101}, "The search is too long; expected at most 100 characters."),
        ({"page": "0"}, "Invalid page; expected a number from 1."),
        ({"page": "²"}, "Invalid page; expected a number from 1."),
        ({"sort": "name"}, "Unknown column in the address; expected one of customer, admins"),
        ({"state": "all"}, "Unknown parameter in the address; expected one of search, sort, page,"),
        ({"status": "good"}, "Unknown status in the address; expected one of unknown, none, some,"),
    ],
)
def test_a_word_that_a_table_does_not_know_is_refused_with_those_it_knows(
    ask, with_customers, params, sentence
) -> None:
    for what in CUSTOMERS:
        answer = ask(what, params, store=with_customers)

        assert answer.status == 400
        assert detail(answer).startswith(sentence)


def test_after_the_last_page_there_is_nothing(ask, with_customers) -> None:
    answer = ask("customers", {"page": "2"}, store=with_customers)

    assert (answer.status, detail(answer)) == (404, "The last page is 1.")


def test_files_follow_filter_and_order_as_the_page_does(ask, with_customers) -> None:
    asked = {"security_defaults": "disabled", "sort": "-customer"}
    answers = [ask(what, asked, store=with_customers).body.decode() for what in CUSTOMERS]

    for body in answers:
        assert "bbbb" in body
        assert "aaaa" not in body
        assert "Adatum" not in body


def test_health_tells_how_far_the_reports_are_and_nothing_about_people(ask) -> None:
    body = json.loads(ask("health").body)

    assert body["status"] == "ok"
    assert body["newest_ending"] == "2026-11-23"
    assert body["days_behind"] == 0
    assert body["days_missing"] == []
    assert "contoso" not in json.dumps(body)


def test_an_empty_store_is_healthy(tmp_path, ask) -> None:
    body = json.loads(ask("health", store=make_daily(tmp_path, Scripted()).store).body)

    assert (body["status"], body["newest_ending"], body["days_missing"]) == ("ok", None, None)


def test_health_names_the_days_that_are_missing(tmp_path, ask) -> None:
    days = {day: made for day, made in a_week().items() if day != WEEK[3]}
    daily = make_daily(tmp_path, Scripted(days), settle_days=0)
    for day in days:
        from shared.mfa.window import Slice

        daily.collect(Slice(TENANT, day))
    daily.publish(ENDING, ENDING)

    body = json.loads(ask("health", store=daily.store).body)

    assert body["days_missing"] == [str(WEEK[3])]


def test_health_names_mails_and_cards_that_did_not_go_out(tmp_path, ask) -> None:
    store = make_daily(tmp_path, Scripted()).store

    def entered(ending, channel, state):
        store.change_delivery(
            TENANT,
            ending,
            channel,
            lambda row: msgspec.structs.replace(
                row, state=state, opened_at=f"{ending}T05:15:00Z", reason="ann@x"
            ),
        )

    entered(WEEK[1], "mail", DeliveryState.SENT)
    assert json.loads(ask("health", store=store).body)["not_delivered"] == []

    entered(WEEK[2], "teams", DeliveryState.WAITING)  # and its day is over
    entered(ENDING, "mail", DeliveryState.FAILED)
    entered(ENDING, "teams", DeliveryState.WAITING)  # which may still go
    body = json.loads(ask("health", store=store).body)

    assert body["not_delivered"] == [
        {"ending": str(WEEK[2]), "channel": "teams", "state": "waiting"},
        {"ending": str(ENDING), "channel": "mail", "state": "not sent"},
    ]
    assert "ann@x" not in json.dumps(body)


def test_a_run_s_id_is_checked_before_it_is_looked_up(ask) -> None:
    for run_id in ("", "x", "..", "A" * 32, "0" * 33, f"newest-{TENANT}"):
        assert ask("run", run_id, store=Untouchable()).status == 400
    assert ask("run", "0" * 32).status == 404


def test_a_second_run_is_refused_with_the_way_to_the_first(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted(a_week()))
    reports = RecentReports(daily.store)
    queues = MemoryQueues()
    runs = make_runs(daily, queues=queues)
    api = ReportApi(TENANT, reports, lambda: runs, Clock(), {}, OWN_MACHINE)
    first = api.start_run()
    assert first.status == 202
    assert len(queues.slices()) == 7
    run_id = json.loads(first.body)["id"]
    assert first.headers["Location"] == f"/api/runs/{run_id}"

    second = answered(api.start_run)

    assert second.status == 409
    assert second.headers["Location"] == first.headers["Location"]
    assert json.loads(api.run(run_id).body) == {
        "id": run_id,
        "state": "accepted",
        "asked_at": "2026-11-24T02:15:00Z",
        "finished_at": None,
        "reason": None,
    }


def test_a_run_of_another_tenant_is_not_found(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted(a_week()))
    run = make_runs(daily).start()
    reports = RecentReports(daily.store)
    api = ReportApi(NOBODY, reports, lambda: make_runs(daily), Clock(), {}, OWN_MACHINE)

    assert answered(lambda: api.run(run.id)).status == 404


def test_what_was_not_foreseen_is_left_to_the_host() -> None:
    def ask():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answered(ask)


def test_a_conflict_in_the_store_reveals_no_secret(caplog) -> None:
    def ask():
        raise ConflictError("ledger/cccc is being written by others.")

    answer = answered(ask)

    assert answer.status == 503
    assert "cccc" not in detail(answer)
    assert "cccc" in caplog.text
