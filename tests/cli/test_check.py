"""`check`: every part is tried, and what is wrong is said with what to do; no figure changes."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.cli.loopback import LoopbackServer
from shared.cli.main import main
from shared.errors import StoreError
from shared.mfa.permissions import NEEDS, USUAL_FIGURES
from shared.service.checks.address import try_address
from shared.service.checks.check import CheckState
from shared.service.checks.deployment import try_deployment
from shared.service.composition import Service
from shared.service.current import use
from shared.settings import Settings
from shared.stores import open_store
from simulator.simulation import open_simulated, token_with
from simulator.tenants.partner import TENANT_ID
from tests.delivery.mail.mail_sink import MailSink
from tests.records import graph_record, ndjson
from tests.service.world import ENDING, TODAY, Clock
from tests.simulated import UNPACED

NOW = Clock()
#: Each permission that a figure needs as a rule.
ROLES = [*dict.fromkeys(need.role for need in NEEDS if need.figure in USUAL_FIGURES)]
GUID = "0c0ffee0-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def simulation():
    with open_simulated(ENDING) as simulation:
        simulation.graph.now = NOW
        yield simulation


@pytest.fixture(autouse=True)
def _unpaced(tmp_path, monkeypatch):
    monkeypatch.setattr(Service, "_partner_access", UNPACED)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def given(simulation, monkeypatch):
    """Settings that leave nothing to be done."""
    given = {
        "TENANT_ID": TENANT_ID,
        "GRAPH_ENDPOINT": simulation.url,
        "GRAPH_TOKEN": simulation.token,
        "STORE_FOLDER": "store",
        "OUTBOX_FOLDER": "out",
        "REPORT_RECIPIENTS": "ann@contoso.example;bob@contoso.example",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


def tried(given, *, mails=False, service=None, **changed):
    """What was tried, by its name."""
    made = service or Service(Settings({**given, **changed}), now=NOW)
    with use(made):
        return {each.check: each for each in try_deployment(made, mails=mails)}


def wrong(checks):
    return [name for name, each in checks.items() if not each.is_in_order]


def kept(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file() and path.name[0] != "."]


@pytest.mark.usefixtures("given")
def test_a_deployment_that_works_is_in_order_and_nothing_is_kept_of_it(capsys) -> None:
    assert main(["check"], now=NOW) == 0

    output = capsys.readouterr().out
    names = [line.split("  ", 1)[1].lstrip().split(":")[0] for line in output.splitlines()]
    assert names == [
        *("settings", "identity", *[f"permission {role}" for role in ROLES]),
        *("permission RoleEligibilitySchedule.Read.Directory", "permission Member.Read.Hidden"),
        *("source", "store", "queues", "mailer", "authentication"),
    ]
    assert f"The first page of {ENDING} was read" in output
    assert "->" not in output
    assert kept(".") == []


@pytest.mark.usefixtures("given")
def test_as_json_each_line_has_its_state_its_sentence_and_its_remedy(monkeypatch, capsys) -> None:
    monkeypatch.setenv("MAILER", "smtp")

    assert main(["check", "--json"], now=NOW) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["in_order"] is False
    assert {tuple(each) for each in found["checks"]} == {("check", "state", "sentence", "remedy")}
    [mailer] = [each for each in found["checks"] if each["check"] == "mailer"]
    assert mailer["state"] == "failed"
    assert "REPORT_SENDER" in mailer["sentence"]
    assert mailer["remedy"] == "Correct the setting; docs/settings.md lists them."


@pytest.mark.parametrize("role", ROLES)
def test_each_permission_that_is_taken_away_is_named_with_what_it_is_for(
    role, given, simulation
) -> None:
    token = token_with(*{need.role for need in NEEDS} - {role})
    simulation.graph.tokens.add(token)

    checks = tried(given, GRAPH_TOKEN=token)

    assert wrong(checks) == [f"permission {role}"]
    missing = checks[f"permission {role}"]
    assert missing.state is CheckState.FAILED
    for need in NEEDS:
        if need.role == role and need.figure in USUAL_FIGURES:
            assert need.reads in missing.sentence
    assert "infra.grant_graph_roles" in missing.remedy


def test_a_token_that_names_no_permissions_leaves_them_unknown(given, simulation) -> None:
    simulation.graph.tokens.add("a-person-s")

    checks = tried(given, GRAPH_TOKEN="a-person-s")

    assert wrong(checks) == ["permissions"]
    assert checks["permissions"].state is CheckState.UNKNOWN


def test_a_token_that_graph_refuses_is_said_before_anything_that_follows_from_it(given) -> None:
    checks = tried(given, GRAPH_TOKEN="another")

    assert wrong(checks) == ["identity", "source"]
    assert "refuses the app's token" in checks["identity"].sentence
    assert "az login" in checks["identity"].remedy
    assert not [name for name in checks if name.startswith("permission")]


def test_the_login_of_another_tenant_is_noticed(given) -> None:
    identity = tried(given, TENANT_ID=GUID)["identity"]

    assert identity.sentence == f"The login is of tenant {TENANT_ID}; TENANT_ID is {GUID}."


def test_a_wrong_clock_is_noticed(given) -> None:
    wrong_clock = Clock(NOW().replace(year=2027))
    with use(Service(Settings(given), now=wrong_clock)) as service:
        _, identity, *_ = try_deployment(service, mails=False)

    assert "This machine's clock says 2027-11-24" in identity.sentence


def test_every_wrong_setting_has_a_line(given) -> None:
    with use(Service(Settings({**given, "RUNS_PER_HOUR": "-1", "SETTLE_DAYS": "x"}))) as service:
        lines = [e for e in try_deployment(service, mails=False) if e.check == "settings"]

    assert [each.state for each in lines] == [CheckState.FAILED] * 2
    assert "SETTLE_DAYS" in lines[0].sentence
    assert "RUNS_PER_HOUR" in lines[1].sentence


def test_without_any_setting_nothing_breaks_and_everything_is_said(tmp_path) -> None:
    checks = tried({}, STORE_FOLDER=str(tmp_path / "store"))

    assert wrong(checks) == ["settings", "identity", "source", "store"]
    assert {checks[name].sentence[:25] for name in wrong(checks)} == {"Setting TENANT_ID is not "}


def test_a_store_that_is_down_is_said(given, monkeypatch) -> None:
    service = Service(Settings(given), now=NOW)

    def fail(*_):
        raise StoreError("The storage account does not answer.")

    monkeypatch.setattr(type(service.store), "probe", fail)

    checks = tried(given, service=service)

    assert wrong(checks) == ["store"]
    assert checks["store"].sentence == "The storage account does not answer."
    assert "three roles on the storage account" in checks["store"].remedy


def test_a_store_that_does_not_keep_what_is_written_is_noticed(tmp_path, monkeypatch) -> None:
    store = open_store("local", folder=tmp_path)
    monkeypatch.setattr(type(store), "is_claimed", lambda *_: False)

    with pytest.raises(StoreError, match="What was written is not read back"):
        store.probe(TENANT_ID, TODAY)


def test_queues_that_do_not_answer_are_said_and_those_that_do_are_not_filled(given) -> None:
    @dataclass
    class Queues:
        error: StoreError | None = None
        put_for: list[object] = field(default_factory=list)

        def put(self, queue, bodies, *, delay=None, lifetime=None):
            del bodies, delay
            if self.error:
                raise self.error
            self.put_for.append((queue, lifetime.total_seconds()))

    hosted = {**given, "AzureWebJobsStorage": "a connection"}
    for error in (None, StoreError("Queues answer 403.")):
        service = Service(Settings(hosted), now=NOW)
        queues = service.queues = Queues(error)
        checks = tried(hosted, service=service)
        assert wrong(checks) == (["queues"] if error else [])
        assert queues.put_for == ([] if error else [("set-aside", 1)])


def smtp(given, port, **more):
    named = {"MAILER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port)}
    return {**given, **named, "REPORT_SENDER": "mfa@contoso.example", **more}


def test_a_mail_server_is_reached_without_a_mail_and_with_one_if_asked(given) -> None:
    with MailSink() as sink:
        checks = tried(smtp(given, sink.port))
        assert wrong(checks) == []
        assert checks["mailer"].sentence.endswith("takes the login. No mail was sent.")
        assert sink.received == []

        assert wrong(tried(smtp(given, sink.port), mails=True)) == []
        assert [mail.recipients for mail in sink.received] == [["ann@contoso.example"]]


@pytest.mark.parametrize("mails", [False, True])
def test_a_mail_server_that_is_down_is_said(mails, given) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        checks = tried(smtp(given, closed.getsockname()[1]), mails=mails)

    assert wrong(checks) == ["mailer"]
    assert "could not be reached" in checks["mailer"].sentence


def test_graph_s_mailbox_is_tried_by_sending_only(given, simulation) -> None:
    by_graph = {**given, "MAILER": "graph", "REPORT_SENDER": "mfa@contoso.example"}

    checks = tried(by_graph)
    assert checks["mailer"].state is CheckState.NOT_TRIED
    assert "--mail" in checks["mailer"].sentence
    assert simulation.mailbox.sent == []

    assert tried(by_graph, mails=True)["mailer"].state is CheckState.OK
    assert len(simulation.mailbox.sent) == 1


def test_an_outbox_that_cannot_be_written_to_is_said(given, tmp_path) -> None:
    (tmp_path / "out").write_text("a file")

    checks = tried(given)

    assert wrong(checks) == ["mailer"]
    assert "The outbox out cannot be written to" in checks["mailer"].sentence


HOSTED = {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "STORE": "local", "MAILER": "outbox"}


@pytest.mark.parametrize(
    ("settings", "state", "said"),
    [
        ({}, CheckState.FAILED, "nobody is let in"),
        ({"WEBSITE_AUTH_ENABLED": "True"}, CheckState.OK, "must show MFA"),
        (
            {"WEBSITE_AUTH_ENABLED": "True", "REQUIRE_MFA_TO_VIEW": "false"},
            CheckState.OK,
            "with or without MFA",
        ),
    ],
)
def test_a_hosted_app_has_sign_in_in_front(settings, state, said, given) -> None:
    found = tried(given, **HOSTED, **settings)["authentication"]

    assert found.state is state
    assert said in found.sentence


def test_where_all_comes_from_files_graph_is_not_asked(tmp_path, given) -> None:
    (tmp_path / "exports").mkdir()
    at = f"{ENDING}T09:00:00Z"
    (tmp_path / "exports" / "a.json").write_bytes(ndjson(graph_record(createdDateTime=at)))
    named = {"format": "partner-mfa-status/directory", "version": 1, "users": []}
    (tmp_path / "directory.json").write_text(json.dumps(named))
    files = {"SIGNIN_SOURCE": "exports", "EXPORTS_FOLDER": "exports"}

    checks = tried(given, **files, DIRECTORY_FILE="directory.json", GRAPH_TOKEN="another")

    assert checks["identity"].state is CheckState.NOT_TRIED
    assert wrong(checks) == ["source"]  # of the export's only day, the rest may be missing
    assert checks["source"].sentence.startswith("Not in the files: ")
    assert "EXPORTS_FOLDER" in checks["source"].remedy


# From outside


@dataclass
class Answered:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def outside(status, body):
    """What is said of an app that answers like this."""
    answer = Answered(status, body)
    with LoopbackServer(lambda _: answer, lambda status, _: Answered(status, b"")) as server:
        [health] = try_address(server.url)
    return health


def test_an_app_that_is_well_is_in_order() -> None:
    said = {"status": "ok", "version": "0.1.0", "newest_ending": "2026-11-23", "warnings": []}

    health = outside(200, json.dumps(said).encode())

    assert health.state is CheckState.OK
    assert health.sentence == "ok, version 0.1.0, newest report: 2026-11-23."


def test_an_app_that_is_not_well_says_why() -> None:
    said = {"status": "overdue", "version": "0.1.0", "warnings": ["No timer fires.\x1b[2J"]}

    health = outside(503, json.dumps(said).encode())

    assert health.state is CheckState.FAILED
    assert health.sentence == (
        "overdue, version 0.1.0, newest report: none. No timer fires.[U+001B][2J"
    )
    assert "docs/operating.md" in health.remedy


def test_a_problem_is_said_in_its_own_words() -> None:
    problem = {"type": "about:blank", "title": "x", "status": 503, "detail": "The store is down."}

    assert outside(503, json.dumps(problem).encode()).sentence == "The store is down."


def test_where_health_is_behind_the_sign_in_the_probe_has_a_word() -> None:
    def answer(request):
        probed = request.path == "/api/probe"
        return Answered(503, b'{"status":"overdue"}') if probed else Answered(401, b"")

    with LoopbackServer(answer, lambda status, _: Answered(status, b"")) as server:
        [health] = try_address(server.url)

    assert (health.state, health.sentence) == (CheckState.FAILED, "overdue.")


def test_an_app_whose_packages_do_not_load_says_so() -> None:
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    answer = Answered(503, b"These packages do not load: msgspec.", plain)

    with LoopbackServer(lambda _: answer, lambda status, _: Answered(status, b"")) as server:
        [health] = try_address(server.url)

    assert (health.state, health.sentence) == (CheckState.FAILED, answer.body.decode())


@pytest.mark.parametrize("status", [302, 401, 403])
def test_health_behind_the_sign_in_is_unknown(status) -> None:
    assert outside(status, b"").state is CheckState.UNKNOWN


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (404, b""), (200, b"[]")])
def test_another_app_at_the_address_is_not_taken_for_this_one(status, body) -> None:
    health = outside(status, body)

    assert health.state is CheckState.FAILED
    assert "not as this app does" in health.sentence


def test_an_address_that_does_not_answer_is_said(capsys) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert main(["check", "--url", f"http://127.0.0.1:{closed.getsockname()[1]}"]) == 1

    assert "does not answer (ConnectError)" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["http://func.example", "func.example", "https://a@b", "ftp://x"])
def test_an_address_is_https_and_nothing_else(url, capsys) -> None:
    assert main(["check", "--url", url]) == 2

    assert "expected https://HOST." in capsys.readouterr().err
