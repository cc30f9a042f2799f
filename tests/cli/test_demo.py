"""`demo --once` as its user meets it: an empty folder, then a report, CSV files and a mail."""

from __future__ import annotations

import csv
import email
import email.policy
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest

import function_app
from shared.cli.local_host import LocalHost
from shared.delivery.appearance import Appearance, showing
from shared.delivery.files.accounts import Accounts
from shared.delivery.files.customers import Customers
from shared.delivery.mail.content import render_mail
from shared.delivery.page.accounts_page import render_accounts
from shared.delivery.page.customers_page import render_customers
from shared.delivery.page.report_page import render_page
from shared.delivery.page.table import PageContext
from shared.mfa.assessment import ReportMeta
from shared.mfa.report import Report
from shared.service.composition import Service
from shared.service.current import use
from shared.settings import Settings
from simulator.demo import demo_settings, play, simulated_service
from simulator.history import play_history
from simulator.tenants.expected import expected_counts
from simulator.tenants.partner import TENANT_ID, simulate_partner
from tests.azurite import running_azurite
from tests.clock import CLOCK, real_now
from tests.delivery.english import english_in
from tests.delivery.parsed import Page
from tests.service.world import Clock

ROOT = Path(__file__).resolve().parents[2]


def command(name, *arguments, cwd, **options):
    """A command, started as dev.py starts it."""
    package = "simulator" if name == "demo" else "shared"
    environment = CLOCK | {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", package, name, *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **options,
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The folder that it was played in, and its standard error."""
    folder = tmp_path_factory.mktemp("demo")
    with command("demo", "--once", cwd=folder) as process:
        out, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert out == ""
    return folder, stderr


@pytest.fixture(scope="module")
def report(played):
    folder, stderr = played
    page = folder / re.findall(r"Report: +(\S+)", stderr)[0]
    return json.loads(page.with_name("report.json").read_bytes())


def truth(report):
    """What the figures of a report's window have to be, by the simulator's own account."""
    ending = date.fromisoformat(report["window"]["ending"])
    partner = simulate_partner(ending)
    return expected_counts(partner.expected, ending)


def test_the_figures_are_what_the_simulator_meant(report) -> None:
    for channel, expected in truth(report).items():
        figure = report["metrics"][channel]
        figures = {name: figure[name] for name in figure if name in expected}
        assert figures == expected
        decided = expected["verified"] + expected["not_verified"] + expected["exempted"]
        assert figure["share"] == pytest.approx(expected["verified"] / decided)
        assert figure["requests"] == decided + expected["unknown"]


def test_it_has_three_months_of_history_and_tells_their_story(report) -> None:
    assert report["source"] == "simulated"
    assert report["window"]["complete_days"] == 7
    history = report["history"]
    assert len(history) == 92
    assert all(point["accounts"] and point["portal"] for point in history)
    for figure in ("accounts", "portal", "api"):
        assert min(point[figure] for point in history[:60]) < history[-1][figure]


def test_accounts_were_fixed_since_the_day_and_the_week_before(played, report) -> None:
    _, stderr = played
    day, week = report["changes"]["day"], report["changes"]["week"]

    assert (day["reason"], week["reason"]) == (None, None)
    for changes, fixed in ((day, 2), (week, 9)):
        accounts = changes["accounts"]
        assert (accounts["fixed"], accounts["new"]) == (fixed, 1)
        assert changes["figures"]["accounts"]["points"] > 0
    assert {each["days"] for each in report["changes"]["open_accounts"]} == {1, 8}
    assert "2 accounts fixed, 1 new, 25 still open" in stderr


def test_it_says_where_everything_is(played) -> None:
    folder, stderr = played

    page, mail = (folder / re.findall(rf"{what}: +(\S+)", stderr)[0] for what in ("Report", "Mail"))

    assert "Simulated data." in page.read_text("utf-8")
    names = {path.name for path in page.parent.glob("*.csv")}
    assert names == {
        "portal-requests-without-mfa.csv",
        "portal-requests.csv",
        "api-requests-summary.csv",
        "all-api-requests.csv",
        "accounts.csv",
        "customers.csv",
    }
    assert mail.suffix == ".eml"
    assert {path.name for path in folder.iterdir()} == {".local"}


def test_the_csv_files_add_up_to_the_figures(played, report) -> None:
    folder, stderr = played
    page = folder / re.findall(r"Report: +(\S+)", stderr)[0]

    def rows(name):
        return list(csv.DictReader(StringIO(page.with_name(name).read_text("utf-8"), newline="")))

    api = report["metrics"]["api"]
    assert len(rows("all-api-requests.csv")) == api["requests"]
    assert len(rows("portal-requests.csv")) == report["metrics"]["portal"]["requests"]
    for name in ("all-api-requests.csv", "portal-requests.csv"):
        assert all((row["Reason"] == "") == (row["MfaCompliant"] == "true") for row in rows(name))
    summary = rows("api-requests-summary.csv")
    assert sum(int(row["TotalRequestCount"]) for row in summary) == api["requests"]
    assert sum(int(row["MfaCompliantRequestCount"]) for row in summary) == api["verified"]


def test_the_mail_carries_the_figures_and_the_way_to_the_page(played) -> None:
    folder, stderr = played
    [path] = (folder / name for name in re.findall(r"Mail: +(\S+)", stderr))

    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)

    body = mail.get_body(("plain",))
    assert body
    text = body.get_content()
    assert mail["To"] == "security@northwindcloud.example"
    assert f"http://127.0.0.1:7071/api/reports/{TENANT_ID}/" in text


def get(url, path):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    received = answer.status, answer.read()
    connection.close()
    return received


def served_at(process):
    """The address, as soon as it is printed; the rest of the output stays unread."""
    for line in process.stderr:
        if found := re.search(r"Served: +(http://[\d.:]+)", line):
            return found[1]
    pytest.fail("it ended without serving")


def interrupt(process):
    """Press Ctrl-C; return the output until the end, which must come soon."""
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=60)
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process alone")
def test_it_starts_from_scratch_serves_until_it_is_interrupted_and_ends_quietly(tmp_path) -> None:
    stray = tmp_path / ".local" / "demo" / "store" / "stray"
    stray.parent.mkdir(parents=True)
    stray.touch()

    with command("demo", "--port", "0", cwd=tmp_path) as process:
        url = served_at(process)
        status, page = get(url, "/api/report")
        [mail] = (tmp_path / ".local" / "demo" / "outbox").glob("*.eml")
        out, stderr = interrupt(process)

    assert status == 200
    assert not stray.exists()
    assert b"Simulated data." in page
    assert url in mail.read_text("utf-8").replace("=\n", "")
    assert (process.returncode, out, stderr.strip()) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process alone")
@pytest.mark.parametrize("arguments", [("demo", "--once"), ("run",)])
@pytest.mark.parametrize("how", ["answered", "broken"])
def test_ctrl_c_in_the_middle_of_collecting_ends_it_at_once(tmp_path, arguments, how) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.interrupted", "40", how, *arguments],
        cwd=tmp_path,
        env=CLOCK | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,  # to be waited for, a broken Graph takes more than two minutes
        check=False,
    )

    assert (done.returncode, done.stdout) == (130, b"")
    assert b"Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith(b"Collecting")]
    assert how == "broken" or lines == []  # a slow machine shows progress


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process alone")
def test_serve_serves_what_is_there_already(played) -> None:
    folder, _ = played
    store = folder / ".local" / "demo" / "store"
    environment = CLOCK | {
        "TENANT_ID": TENANT_ID,
        "STORE_FOLDER": str(store),
        "PYTHONPATH": str(ROOT),
    }
    serve = [sys.executable, "-P", "-m", "shared", "serve", "--port", "0"]
    with subprocess.Popen(
        serve, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        url = served_at(process)
        status, _ = get(url, "/api/report")
        interrupt(process)

    assert status == 200
    assert process.returncode == 0


def test_what_is_stored_can_be_read_in_german(played) -> None:
    """It was made in English, as it is stored: no report is made again for another language."""
    folder, stderr = played
    stored = (folder / re.findall(r"Report: +(\S+)", stderr)[0]).parent
    report = Report.from_json((stored / "report.json").read_bytes())
    accounts = Accounts.from_json((stored / "accounts.json").read_bytes())
    customers = Customers.from_json((stored / "customers.json").read_bytes())
    meta = ReportMeta(report.tenant_id, report.tenant_name, report.source, report.generated_at)

    with showing(lambda: Appearance(language="de")):
        mail = render_mail(report, None, "https://mfa.example")
        pages = {
            "report": render_page(report),
            "accounts": render_accounts(accounts, meta, PageContext("/api")),
            "customers": render_customers(customers, meta, PageContext("/api")),
            "mail": mail.html,
        }

    found = {name: english_in(Page(page).text) for name, page in pages.items()}
    assert found == {name: [] for name in pages}
    assert english_in(mail.text) == []


@contextmanager
def asking(folder, language):
    """Asks the local host for an address below the API, of what was played."""
    store = folder / ".local" / "demo" / "store"
    settings = Settings({"TENANT_ID": TENANT_ID, "STORE_FOLDER": str(store), "LANGUAGE": language})
    with (
        use(Service(settings)),
        LocalHost(function_app.app, settings, now=Clock()).serve() as server,
    ):
        yield lambda path: get(server.url, f"/api/{path}")


@pytest.fixture
def ask(played):
    with asking(played[0], "en") as ask:
        yield ask


def test_each_page_that_is_made_on_request_can_be_in_german(played) -> None:
    with asking(played[0], "de") as ask:
        account = json.loads(ask("accounts.json")[1])["accounts"][0]["object_id"]
        customer = json.loads(ask("customers.json")[1])["customers"][0]["tenant_id"]
        listed = ask("applications?search=n")[1].decode()
        application = re.findall(r'/api/applications/([\w-]+)"', listed)[0]
        paths = (
            *("reports?search=2", "accounts?search=a", "customers?search=a"),
            *(f"accounts/{account}", f"customers/{customer}", f"applications/{application}"),
        )
        pages = {path: Page(ask(path)[1].decode()).text for path in paths}

    assert {path: english_in(text) for path, text in pages.items()} == {path: [] for path in paths}
    assert english_in(Page(listed).text) == []


@pytest.mark.parametrize("query", ["", "?search=CO", "?search=no+such+customer%3Cb%3E"])
def test_page_json_and_csv_show_the_same_customers(ask, query) -> None:
    page, as_json, as_csv = (ask(f"customers{kind}{query}") for kind in ("", ".json", ".csv"))

    assert {page[0], as_json[0], as_csv[0]} == {200}
    shown = re.findall(rb'<small class="id">([0-9a-f-]{36})<', page[1])
    listed = [each["tenant_id"] for each in json.loads(as_json[1])["customers"]]
    rows = list(csv.DictReader(StringIO(as_csv[1].decode(), newline="")))
    assert [tenant.decode() for tenant in shown] == listed == [row["TenantId"] for row in rows]
    assert b" of 42 customers have MFA for all users; 3 not known." in page[1]
    assert len(rows) == {"": 42, "?search=CO": 7}.get(query, 0)


def test_a_search_that_is_too_long_is_refused(ask) -> None:
    for kind in ("", ".json", ".csv"):
        assert ask(f"customers{kind}?search={'x' * 101}")[0] == 400


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("serve",), "TENANT_ID"),
        (("run",), "TENANT_ID"),
        (("serve", "--port", "65536"), "65536"),
        (("demo", "--port", "x"), "'x'"),
        (("run", "--ending", "yesterday"), "'yesterday'"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, arguments, sentence) -> None:
    with command(*arguments, cwd=tmp_path) as process:
        out, stderr = process.communicate(timeout=60)

    assert process.returncode == 2
    assert out == ""
    assert sentence in stderr
    assert "Traceback" not in stderr


def test_a_port_that_is_taken_is_said_before_the_work_begins(tmp_path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command("demo", "--port", port, cwd=tmp_path) as process:
            _, stderr = process.communicate(timeout=60)

    assert process.returncode == 2
    assert f"Port {port}" in stderr
    assert not (tmp_path / ".local").exists()


def run_json(folder, *arguments, **environment):
    """``run --json``: its exit code, its report, its standard error."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.simulated", "run", "--json", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **CLOCK, **environment},
        capture_output=True,
        timeout=300,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or b"null"), done.stderr.decode()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder of a run as on another day, when nothing was stored, and what came of it."""
    folder = tmp_path_factory.mktemp("run")
    ending = real_now().date() - timedelta(days=5)
    return folder, ending, *run_json(folder, "--ending", str(ending))


def test_run_can_act_as_on_another_day(ran) -> None:
    _, ending, code, printed, stderr = ran

    assert code == 0
    assert printed["window"]["ending"] == str(ending)
    assert printed["window"]["complete_days"] == 7
    assert "REPORT_RECIPIENTS is empty" in stderr


def test_run_does_the_same_without_a_host_and_prints_the_report(ran, report) -> None:
    """Also where an earlier run has left off."""
    folder = ran[0]

    code, printed, stderr = run_json(folder, REPORT_RECIPIENTS="a@contoso.example")

    assert code == 0
    assert printed["metrics"] == report["metrics"]
    assert printed["history"][-1] == report["history"][-1]
    assert len(printed["history"]) == 23  # Graph's log has 29 whole days
    assert (folder / re.findall(r"Report: +(\S+)", stderr)[0]).exists()
    assert "Mail:    written to .local/outbox for a…@contoso.example" in stderr
    assert len(list((folder / ".local" / "outbox").glob("*.eml"))) == 1


def test_run_for_a_day_beyond_the_log_says_so_and_knows_nothing_of_it(tmp_path) -> None:
    code, printed, stderr = run_json(tmp_path, "--ending", "2026-03-01")

    assert code == 1
    window = printed["window"]
    assert (window["start"], window["ending"]) == ("2026-02-23", "2026-03-01")
    assert window["complete_days"] == 0
    assert {gap["reason"].partition(":")[0] for gap in window["missing"]} == {
        f"Graph's log does not reach back to 2026-{day}"
        for day in ("02-23", "02-24", "02-25", "02-26", "02-27", "02-28", "03-01")
    }
    assert (printed["metrics"]["portal"]["share"], printed["metrics"]["api"]["share"]) == (
        None,
        None,
    )
    assert "does not reach back to 2026-03-01" in stderr


@pytest.mark.azurite
def test_it_comes_to_the_same_in_the_storage_emulator(tmp_path, report) -> None:
    with running_azurite() as azurite:
        settings = Settings(
            {
                "STORAGE_CONNECTION_STRING": azurite.connection_string,
                "OUTBOX_FOLDER": str(tmp_path),
                "REPORT_RECIPIENTS": "security@northwindcloud.example",
            }
        )
        with simulated_service(settings, real_now) as service:
            host = LocalHost(function_app.app, settings, now=real_now)
            play_history(service.partner, service.today - timedelta(days=1))
            play(host)
            with host.serve() as server:
                status, body = get(server.url, f"/api/reports/{TENANT_ID}/latest/report.json")

            assert service.store_kind == "azure"
            assert host.waiting == []
    assert status == 200
    served = json.loads(body)
    assert {**served, "generated_at": ""} == {**report, "generated_at": ""}
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_the_demo_is_the_same_whatever_the_environment_says() -> None:
    settings = demo_settings(Path("anywhere"), "http://127.0.0.1:7071")

    assert settings.store_folder.startswith("anywhere")
    assert settings.tenant_id is None
