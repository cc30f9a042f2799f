"""The hooks around a deployment, run as azd runs them, with an `azd` and a Graph of our own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import steps
from infra.__main__ import main
from infra.azd import Azd
from infra.registration import Deployed, Person, Registrar, app_roles
from infra.steps import Terminal
from shared.endpoints import Cloud
from shared.errors import BadInputError, SourceIncompleteError
from tests.infra.fake_directory import PERSON, FakeDirectory
from tests.infra.fake_graph import PRINCIPAL, serving
from tests.infra.test_grants import USUAL_ROLES

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / "infra" / "hooks"
TENANT = "33333333-0000-4000-8000-000000000001"
CLIENT = "33333333-0000-4000-8000-000000000004"
KNOWN = {
    "AZURE_ENV_NAME": "mfa-status",
    "AZURE_TENANT_ID": TENANT,
    "GRAPH_CLOUD": "global",
    "IDENTITY_PRINCIPAL_ID": PRINCIPAL,
    "IDENTITY_CLIENT_ID": CLIENT,
    "AUTH_REDIRECT_URI": "https://func-mfa.test.example/.auth/login/aad/callback",
    "REPORT_URL": "https://func-mfa.test.example/api/report",
}
AZD = '#!/bin/sh\necho "azd $*, inner=${SETUP_RUNS-}" >>"$CALLS"\n'
#: Stands in for dev.py, which would set up an environment: this one is it.
PYTHON = '#!/bin/sh\n[ "$1 $2" = "dev.py setup" ] || exit 9\nshift 2\nexec "$REAL" -m infra "$@"\n'


@pytest.fixture
def hook(tmp_path):
    """Runs a step by its script; returns the process and every call of azd."""
    if shutil.which("sh") is None:
        pytest.skip("sh, which runs the hooks, is not on this machine")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("azd", AZD), ("python3", PYTHON)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    calls = tmp_path / "calls"

    def run(graph, *step, **known):
        calls.write_text("")
        variables = (
            KNOWN
            | known
            | {
                "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
                "CALLS": str(calls),
                "REAL": sys.executable,
                "PYTHONPATH": str(ROOT),
            }
        )
        with serving(graph):
            done = subprocess.run(
                ["sh", str(HOOKS / "setup.sh"), "--graph-endpoint", graph.url, *step],
                env=variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        return done, calls.read_text().splitlines()

    return run


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Plays a step in this process: what was said, and what azd was asked to do."""

    def play(graph, step, answers=(), **known):
        said: list[str] = []
        done: list[str] = []
        left = list(answers)

        def ask(question):
            said.append(question)
            return left.pop(0) if left else ""

        azd = Azd(KNOWN | known)
        monkeypatch.setattr(azd, "_run", lambda *arguments: done.append(" ".join(arguments)))
        monkeypatch.setattr(azd, "folder", lambda: tmp_path / "kept")
        with serving(graph):
            terminal = steps.Terminal(said.append, ask, lambda _: None, graph.url)
            step(azd, terminal)
        return "\n".join(said), done

    return play


def blocks(text):
    """The filled-in blocks, by the person they are for."""
    return dict(
        re.findall(r"---- For (.*?)(?: \(.*?\)|, in .*?)? ----\n(.*?)\n----", text, re.DOTALL)
    )


def app_of(graph):
    (app,) = graph.apps.values()
    return app


def test_with_consent_and_rights_everything_in_entra_is_done_in_one_step(hook) -> None:
    graph = FakeDirectory(late=1)

    done, calls = hook(graph, "provisioned", SETUP_CONSENT="true")

    assert (done.returncode, done.stderr) == (0, "")
    assert set(graph.assigned) == set(USUAL_ROLES)
    app = app_of(graph)
    assert app["identifierUris"] == [f"api://{app['appId']}"]
    assert app["web"]["redirectUris"] == [KNOWN["AUTH_REDIRECT_URI"]]
    assert graph.principals[app["appId"]]["appRoleAssignmentRequired"] is True
    assert graph.credentials["function-app"] == {
        "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "subject": PRINCIPAL,
        "audiences": ["api://AzureADTokenExchange"],
    }
    assert [each["principalId"] for each in graph.given] == [PERSON] * 3
    assert {each["appRoleId"] for each in graph.given} == {role["id"] for role in app_roles()}
    assert calls == [
        f"azd env set AUTH_CLIENT_ID {app['appId']}, inner=true",
        "azd env set REPORT_RECIPIENTS admin@contoso.com, inner=true",
        "azd env set REPORT_SENDER mfa-status@contoso.com, inner=true",
        "azd env set ALERT_RECIPIENTS admin@contoso.com, inner=true",
        "azd provision --no-prompt, inner=true",
    ]
    assert blocks(done.stdout).keys() == {"the Exchange administrator"}


def test_a_graph_that_is_busy_is_asked_again() -> None:
    graph = FakeDirectory(busy=2)

    with (
        serving(graph),
        Terminal(print, input, lambda _: None, graph.url).open_graph(
            TENANT, Cloud.GLOBAL
        ) as client,
    ):
        registrar = Registrar(client, lambda _: None)
        assert registrar.person() == Person(PERSON, None, "admin@contoso.com")
        graph.busy = 99
        with pytest.raises(SourceIncompleteError, match="Graph failed 8 times in a row"):
            registrar.person()


def test_a_second_time_nothing_changes_and_nothing_is_deployed_again(play) -> None:
    graph = FakeDirectory()
    play(graph, steps.provisioned, SETUP_CONSENT="true")
    client_id = app_of(graph)["appId"]

    _, done = play(
        graph,
        steps.provisioned,
        SETUP_CONSENT="true",
        AUTH_CLIENT_ID=client_id,
        REPORT_RECIPIENTS="a@contoso.com",
    )

    assert done == []
    assert len(graph.apps) == 1
    assert len(graph.given) == 3


def test_one_consent_is_asked_for_and_remembered(play) -> None:
    graph = FakeDirectory()

    said, done = play(graph, steps.provisioned, answers=["y"])

    assert said.count("Go on?") == 1
    assert done[0] == "env set SETUP_CONSENT true"
    assert graph.assigned


@pytest.mark.parametrize("answer", ["", "n", "no", "maybe"])
def test_without_consent_nothing_in_the_tenant_is_touched(play, answer) -> None:
    graph = FakeDirectory()

    said, done = play(graph, steps.provisioned, answers=[answer])

    assert (graph.calls, done) == ([], [])
    assert "consent was not given" in said
    assert PRINCIPAL in blocks(said)["the Entra administrator"]


def test_who_may_only_register_does_that_and_gets_a_block_for_the_rest(play) -> None:
    graph = FakeDirectory(
        post_refusal=(403, "Authorization_RequestDenied", "No."), may_assign=False
    )

    said, done = play(graph, steps.provisioned, SETUP_CONSENT="true")

    assert f"env set AUTH_CLIENT_ID {app_of(graph)['appId']}" in done
    assert "Left to do in Entra: Graph permissions; the app's roles." in said
    assert blocks(said)["the Entra administrator"].splitlines()[1:] == [
        f"az login --tenant {TENANT} --allow-no-subscriptions",
        (
            f"python dev.py setup entra --tenant {TENANT} --cloud global --principal {PRINCIPAL} "
            f"--redirect-uri {KNOWN['AUTH_REDIRECT_URI']}"
        ),
    ]


def test_who_may_do_nothing_in_entra_gets_the_block_and_the_site_stays_closed(play) -> None:
    graph = FakeDirectory(refusal=(403, "Authorization_RequestDenied", "No."))

    said, done = play(graph, steps.provisioned, SETUP_CONSENT="true")

    assert done == []
    assert "Graph permissions; the app registration" in said


def test_the_administrator_s_block_does_the_rest_and_says_what_the_deployer_needs(capsys) -> None:
    graph = FakeDirectory()
    command = ["entra", "--tenant", TENANT, "--principal", PRINCIPAL]

    with serving(graph):
        options = ["--graph-endpoint", graph.url]
        code = main([*options, *command, "--redirect-uri", KNOWN["AUTH_REDIRECT_URI"]])

    assert code == 0
    assert set(graph.assigned) == set(USUAL_ROLES)
    assert blocks(capsys.readouterr().out)["the deployer"].splitlines() == [
        f"azd env set AUTH_CLIENT_ID {app_of(graph)['appId']}",
        "azd provision",
    ]


def test_the_exchange_block_names_the_one_mailbox_and_both_ids(play) -> None:
    said, _ = play(
        FakeDirectory(),
        steps.provisioned,
        answers=["owner@contoso.com", "status@contoso.com"],
        SETUP_CONSENT="true",
    )

    block = blocks(said)["the Exchange administrator"]
    assert f"New-ServicePrincipal -AppId {CLIENT} -ObjectId {PRINCIPAL}" in block
    assert block.count("status@contoso.com") == 3


@pytest.mark.parametrize(
    "text", ['a@b.com"; Remove-Mailbox x', "a@b.com;c@d.com", "$(id)@b.com", "a"]
)
def test_what_is_not_one_address_never_gets_into_a_command(play, text) -> None:
    said, done = play(
        FakeDirectory(),
        steps.provisioned,
        answers=["owner@contoso.com", text],
        SETUP_CONSENT="true",
    )

    assert "That is not one mail address" in said
    assert not any("REPORT" in call for call in done)


@pytest.mark.parametrize("name", ["AZURE_TENANT_ID", "IDENTITY_PRINCIPAL_ID", "AUTH_REDIRECT_URI"])
@pytest.mark.parametrize("value", ["", "x; rm -rf /", "https://a.example/$(id)"])
def test_nothing_that_could_become_a_command_is_taken_from_azd(name, value) -> None:
    with pytest.raises(BadInputError, match=f"azd does not know {name} yet"):
        Azd(KNOWN | {name: value}).deployed()


def test_a_step_that_cannot_be_taken_says_why(hook) -> None:
    done, calls = hook(FakeDirectory(), "provisioned", AZURE_TENANT_ID="")

    assert (done.returncode, calls) == (2, [])
    assert done.stdout.startswith("setup provisioned: azd does not know AZURE_TENANT_ID yet")


@pytest.mark.parametrize("variable", ["SETUP_RUNS", "WAITING_FOR_ROLES"])
@pytest.mark.parametrize("step", ["provisioned", "deployed"])
def test_what_a_hook_itself_began_does_nothing_in_its_own_hooks(
    variable, step, monkeypatch, capsys
) -> None:
    for name, value in (KNOWN | {variable: "true", "SETUP_CONSENT": "true"}).items():
        monkeypatch.setenv(name, value)

    assert main([step]) == 0
    assert capsys.readouterr().out == ""
    for script in ("first_deployment.sh", "first_deployment.ps1"):
        assert "WAITING_FOR_ROLES" in (HOOKS / script).read_text("utf-8")


def test_a_service_principal_of_a_pipeline_gets_no_roles_of_its_own(play) -> None:
    graph = FakeDirectory(is_person=False)

    _, done = play(graph, steps.provisioned, SETUP_CONSENT="true")

    assert graph.given == []
    assert done == [f"env set AUTH_CLIENT_ID {app_of(graph)['appId']}", "provision --no-prompt"]


def test_removal_takes_the_tenant_s_grants_and_the_registration_back(play) -> None:
    graph = FakeDirectory()
    play(graph, steps.provisioned, SETUP_CONSENT="true")
    app = app_of(graph)

    play(graph, lambda azd, _: steps.removing(azd), REPORT_SENDER="status@contoso.com")
    said, _ = play(graph, steps.removed, IDENTITY_PRINCIPAL_ID="")  # which azd has forgotten

    assert (graph.assigned, graph.apps) == ([], {})
    assert graph.deleted == [app["id"]]
    assert f"Grants taken back: {len(USUAL_ROLES) + 1}." in said  # and one for another API
    assert f"Remove-ServicePrincipal {PRINCIPAL}" in blocks(said)["the Exchange administrator"]


def test_removal_of_an_identity_that_is_gone_has_only_the_registration_left(play) -> None:
    graph = FakeDirectory()
    play(graph, steps.provisioned, SETUP_CONSENT="true")
    play(graph, lambda azd, _: steps.removing(azd))
    graph.is_identity_gone = True

    said, _ = play(graph, steps.removed)

    assert "Grants taken back: none was left." in said
    assert "The app registration is removed." in said


def test_a_registration_that_only_an_administrator_may_purge_is_removed_all_the_same(play) -> None:
    graph = FakeDirectory(may_purge=False)
    play(graph, steps.provisioned, SETUP_CONSENT="true")
    play(graph, lambda azd, _: steps.removing(azd))

    said, _ = play(graph, steps.removed)

    assert graph.apps == {}
    assert "The app registration is removed." in said


def test_somebody_who_may_not_remove_gets_a_block_for_somebody_who_may(play) -> None:
    graph = FakeDirectory()
    play(graph, lambda azd, _: steps.removing(azd))
    graph.refusal = (403, "Authorization_RequestDenied", "No.")

    said, _ = play(graph, steps.removed)

    assert blocks(said)["the Entra administrator"].splitlines()[1] == (
        f"python dev.py setup remove --tenant {TENANT} --cloud global --principal {PRINCIPAL}"
    )


def test_a_removal_of_what_was_never_deployed_ends_quietly(play) -> None:
    said, _ = play(FakeDirectory(), steps.removed)

    assert "Nothing was written down" in said


@pytest.mark.parametrize(
    ("cloud", "host", "audience"),
    [
        (Cloud.USGOV, "login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
        (Cloud.CHINA, "login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"),
    ],
)
def test_other_clouds_have_their_own_issuer_and_audience(play, cloud, host, audience) -> None:
    graph = FakeDirectory()

    play(graph, steps.provisioned, SETUP_CONSENT="true", GRAPH_CLOUD=str(cloud))

    assert graph.credentials["function-app"]["issuer"] == f"https://{host}/{TENANT}/v2.0"
    assert graph.credentials["function-app"]["audiences"] == [audience]


def test_a_closed_site_says_when_its_first_run_begins(play) -> None:
    said, _ = play(FakeDirectory(), steps.awake)

    assert "02:15 UTC" in said


def test_an_open_site_is_woken_and_the_report_s_address_is_said(play, monkeypatch) -> None:
    asked: list[str] = []

    def health(url):
        asked.append(url)
        return "ok" if len(asked) == 3 else ""

    monkeypatch.setattr(steps, "_health", health)

    said, _ = play(FakeDirectory(), steps.awake, AUTH_CLIENT_ID=CLIENT, REPORT_RECIPIENTS="a@b.com")

    assert asked == ["https://func-mfa.test.example/api/probe"] * 3
    assert "The app answers: ok." in said
    assert "The first mail goes to a@b.com" in said


def test_a_person_s_choice_of_unique_name_is_one_a_deployment() -> None:
    assert Deployed(TENANT, PRINCIPAL, "").unique_name == f"partner-mfa-status-{PRINCIPAL}"


def test_azd_runs_each_step_at_its_time_on_both_kinds_of_machine_and_goes_on_if_it_fails() -> None:
    azd = (ROOT / "azure.yaml").read_text("utf-8")
    found = re.findall(r"  (\w+): #[^\n]*\n((?:    .*\n)+)", azd)
    steps_of = {name: re.findall(r"run: (\S+) ?(\S+)? ?(\S+)?", body) for name, body in found}

    for when, step in (
        *(("postprovision", "provisioned"), ("postdeploy", "deployed")),
        *(("predown", "removing"), ("postdown", "removed")),
    ):
        assert steps_of[when] == [
            ("sh", "infra/hooks/setup.sh", step),
            ("./infra/hooks/setup.ps1", step, ""),
        ]
        body = dict(found)[when]
        assert body.count("continueOnError: true") == body.count("interactive: true") == 2


@pytest.mark.skipif(shutil.which("sh") is None, reason="sh is not on this machine")
def test_a_machine_without_python_says_what_to_install(tmp_path) -> None:
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")

    done = subprocess.run(
        [str(shutil.which("sh")), str(HOOKS / "setup.sh"), "provisioned"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "install Python 3.11 to 3.14, then run: python dev.py setup provisioned" in done.stderr


def test_the_roles_file_is_what_graph_takes() -> None:
    assert json.loads((ROOT / "infra" / "app-roles.json").read_bytes()) == app_roles()
