"""Granting Graph's roles: the receipt as a value, and the command against a fake Graph."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra import grant_graph_roles
from infra.grant_graph_roles import Assignment, GraphRoles, main, receipt_lines
from shared.mfa import permissions
from shared.mfa.permissions import NEEDS, USUAL_FIGURES, permission_receipt
from shared.sources.graph import directory as graph_directory
from shared.sources.graph import sign_ins as graph_sign_ins
from tests.infra.fake_graph import PRINCIPAL, TOKEN, FakeGraph, id_of, serving

ROOT = Path(__file__).resolve().parents[2]
ALL_ROLES = list(dict.fromkeys(need.role for need in NEEDS))
OPTIONAL_ROLES = {"Member.Read.Hidden", "RoleEligibilitySchedule.Read.Directory"}
USUAL_ROLES = [role for role in ALL_ROLES if role not in OPTIONAL_ROLES]
OFFERED = {role: f"id of {role}" for role in [*ALL_ROLES, "Mail.Send"]}
GRAPH_ROLES = GraphRoles("graph", OFFERED)


def receipt_of(figures, *roles, offered=OFFERED):
    return permission_receipt(assignment_ids(*roles), figures, offered)


def assignment_ids(*roles):
    rows = [Assignment(f"a-{role}", OFFERED[role], "graph") for role in roles]
    return GRAPH_ROLES.assignment_ids(rows)


@pytest.fixture
def run(capsys):
    """Runs the command against a Graph: its exit code, its output and its pauses."""

    def run(graph, *arguments, principal=PRINCIPAL, token=TOKEN):
        with serving(graph):
            given = ["--principal", principal, "--graph-endpoint", graph.url, *arguments]
            pauses: list[float] = []
            code = main(given, token=token, pause=pauses.append, clock=lambda: sum(pauses))
        return code, capsys.readouterr().out, pauses

    return run


def test_what_is_granted_is_exactly_what_the_sources_read_with() -> None:
    assert set(ALL_ROLES) == {graph_sign_ins.PERMISSION, *graph_directory.PERMISSIONS}


def test_its_help_waits_for_neither_the_sdk_nor_azure() -> None:
    code = (
        "import infra.grant_graph_roles, sys; print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "infra" in done.stdout.split()
    assert {"azure", "httpx", "kiota_http", "msgraph"}.isdisjoint(done.stdout.split())


def test_no_role_can_write_or_send() -> None:
    assert [role for role in ALL_ROLES if ".Read." not in role or "Write" in role] == []


def test_no_role_is_known_by_its_id() -> None:
    for module in (permissions, grant_graph_roles):
        source = Path(str(module.__file__)).read_text("utf-8")
        assert set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", source)) <= {
            "00000003-0000-0000-c000-000000000000"  # Graph itself
        }


def test_a_receipt_says_whether_each_need_is_met() -> None:
    receipt = receipt_of(["accounts"], "AuditLog.Read.All", "User.Read.All")

    assert [need.role for need in receipt.granted] == ["User.Read.All", "AuditLog.Read.All"]
    assert receipt.missing_roles == [
        *("Policy.Read.All", "RoleManagement.Read.Directory"),
        "GroupMember.Read.All",
    ]
    assert receipt.extra == ()


def test_a_role_that_two_figures_need_is_granted_once() -> None:
    receipt = receipt_of(["requests", "accounts"])

    assert [need.role for need in receipt.missing].count("AuditLog.Read.All") == 2
    assert receipt.missing_roles.count("AuditLog.Read.All") == 1


def test_a_role_that_only_unselected_figures_need_could_be_removed() -> None:
    receipt = receipt_of(["requests"], "AuditLog.Read.All", "User.Read.All")

    assert receipt.extra == ("User.Read.All",)


def test_the_role_for_eligibilities_is_needed_only_by_its_own_figure() -> None:
    role = "RoleEligibilitySchedule.Read.Directory"

    assert role not in receipt_of(USUAL_FIGURES).missing_roles
    assert receipt_of(["eligible-roles"]).missing_roles == [role]


def test_a_role_that_graph_no_longer_lists_is_shown_by_its_id() -> None:
    found = GRAPH_ROLES.assignment_ids([Assignment("a-1", "an id", "graph")])

    receipt = permission_receipt(found, USUAL_FIGURES, OFFERED)

    assert receipt.extra == ("an id",)
    assert "  an id (assignment a-1)" in list(receipt_lines(receipt, found))


def test_roles_of_other_apis_are_not_part_of_the_receipt() -> None:
    assert GRAPH_ROLES.assignment_ids([Assignment("a-1", OFFERED["Mail.Send"], "other")]) == {}


def test_a_role_that_the_cloud_does_not_have_is_not_missing() -> None:
    offered = {role: name for role, name in OFFERED.items() if role != "PartnerSecurity.Read.All"}

    receipt = receipt_of(["customers"], offered=offered)

    assert receipt.missing_roles == ["DelegatedAdminRelationship.Read.All"]
    assert "not here" in "\n".join(receipt_lines(receipt, {}))


def test_there_is_a_warning_about_mail_send_in_entra_which_undoes_the_narrowing() -> None:
    receipt = receipt_of(USUAL_FIGURES, "Mail.Send")

    assert "every mailbox" in "\n".join(receipt_lines(receipt, assignment_ids("Mail.Send")))


def test_without_grant_nothing_is_changed_and_what_is_missing_is_shown(run) -> None:
    graph = FakeGraph(assigned=["AuditLog.Read.All"])

    code, output, _ = run(graph)

    assert (code, graph.posted) == (1, [])
    assert "id-mfa-test" in output
    assert re.search(r"granted +AuditLog.Read.All", output)
    assert re.search(r"MISSING +User.Read.All", output)


def test_dry_run_is_the_default(run) -> None:
    graph = FakeGraph()

    assert run(graph, "--dry-run")[0] == 1
    assert graph.posted == []


def test_grant_grants_what_is_missing_and_no_more(run) -> None:
    graph = FakeGraph(assigned=["User.Read.All"])

    code, output, _ = run(graph, "--grant")

    assert code == 0
    assert sorted(graph.assigned) == sorted(USUAL_ROLES)
    assert len(graph.posted) == len(USUAL_ROLES) - 1
    assert "Nothing is missing." in output


def test_granting_again_changes_nothing(run) -> None:
    graph = FakeGraph()
    run(graph, "--grant")
    graph.posted.clear()

    code, output, _ = run(graph, "--grant")

    assert (code, graph.posted) == (0, [])
    assert "granted now" not in output


def test_every_page_of_assignments_is_read(run) -> None:
    graph = FakeGraph(assigned=["Mail.Send", *USUAL_ROLES])

    code, output, _ = run(graph)

    assert code == 0
    assert "Mail.Send (assignment a-Mail.Send)" in output


@pytest.mark.parametrize("status", [400, 409])
def test_a_role_that_somebody_else_has_granted_meanwhile_is_not_a_failure(run, status) -> None:
    graph = FakeGraph(assigned=["AuditLog.Read.All"], exists_status=status)
    graph.hidden.append("AuditLog.Read.All")  # the first read does not show it

    code, output, _ = run(graph, "--grant", "--figures", "requests")

    assert code == 0
    assert "was granted already  AuditLog.Read.All" in output


def test_another_bad_request_is_a_failure(run) -> None:
    graph = FakeGraph(post_refusal=(400, "Request_BadRequest", "Invalid value."))

    code, output, _ = run(graph, "--grant")

    assert code == 2
    assert "Invalid value." in output


def test_a_grant_that_graph_shows_only_later_is_waited_for(run) -> None:
    graph = FakeGraph(shown_late=True)

    code, output, pauses = run(graph, "--grant")

    assert (code, pauses) == (0, [5.0])
    assert "MISSING" not in output


def test_a_user_who_may_not_grant_learns_which_role_it_takes(run) -> None:
    denied = (403, "Authorization_RequestDenied", "Insufficient privileges.")

    code, output, _ = run(FakeGraph(post_refusal=denied), "--grant")

    assert code == 2
    assert "Privileged Role Administrator" in output
    assert "403 Authorization_RequestDenied" in output


def test_a_refused_token_is_reported_and_not_shown(run) -> None:
    code, output, _ = run(FakeGraph(), token="another-token")

    assert code == 2
    assert "Graph refuses the app's token, a new one too (401 InvalidAuthenticationToken)" in output
    assert "To sign in, run `az login --allow-no-subscriptions`" in output
    assert "another-token" not in output


def test_a_busy_graph_is_waited_for_as_long_as_it_says(run) -> None:
    code, _, pauses = run(FakeGraph(assigned=list(USUAL_ROLES), busy=2))

    assert (code, pauses) == (0, [7.0, 7.0])


def test_a_graph_that_stays_busy_is_given_up(run) -> None:
    code, output, pauses = run(FakeGraph(busy=99))

    assert (code, len(pauses)) == (2, 3)
    assert "429" in output


def test_a_client_id_in_place_of_the_object_id_is_explained(run) -> None:
    code, output, _ = run(FakeGraph(), principal="33333333-0000-4000-8000-000000000001")

    assert code == 2
    assert "not its client id" in output


def test_a_page_that_links_to_itself_is_not_asked_for_again(run) -> None:
    graph = FakeGraph(assigned=list(USUAL_ROLES), is_circular=True)

    code, output, _ = run(graph)

    assert code == 2
    assert "in a circle" in output


@pytest.mark.parametrize("principal", ["id-mfa-test", "../users", "' or '1'='1"])
def test_what_is_not_a_guid_never_becomes_part_of_an_address(run, principal) -> None:
    code, output, _ = run(FakeGraph(refusal=(500, "", "was asked")), principal=principal)

    assert code == 2
    assert "was asked" not in output
    assert "GUID" in output


def test_a_next_page_on_another_host_is_not_asked_for(run) -> None:
    graph = FakeGraph(assigned=list(USUAL_ROLES), next_host="https://graph.example.com")

    code, output, _ = run(graph)

    assert code == 2
    assert "another host" in output


@pytest.mark.parametrize("after", ["@graph.example.com", ".graph.example.com", "0"])
def test_a_host_with_the_same_beginning_is_another_host(run, after) -> None:
    graph = FakeGraph(assigned=list(USUAL_ROLES), after_host=after)

    code, output, _ = run(graph)

    assert code == 2
    assert "another host" in output


@pytest.mark.parametrize(
    "given",
    ["http://graph.example.com", "https://graph.example.com/v1.0", "ftp://127.0.0.1", "graph"],
)
def test_another_endpoint_is_https_or_this_machine(capsys, given) -> None:
    assert main(["--principal", PRINCIPAL, "--graph-endpoint", given]) == 2

    assert f"--graph-endpoint is {given!r}; expected https://HOST" in capsys.readouterr().out


def test_an_endpoint_that_is_not_there_is_reported_in_one_sentence(capsys) -> None:
    given = ["--principal", PRINCIPAL, "--graph-endpoint", "http://127.0.0.1:1"]
    pauses: list[float] = []

    assert main(given, pause=pauses.append, clock=lambda: sum(pauses)) == 2
    assert capsys.readouterr().out == (
        "Graph failed 4 times in a row, the last time with: a broken connection "
        "(ConnectError while connecting to Graph).\n"
    )
    assert len(pauses) == 3


def test_a_user_who_is_not_signed_in_gets_one_line_and_nothing_else(tmp_path) -> None:
    nowhere = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA"), str(tmp_path)) | {"PATH": ""}
    rest = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    command = [sys.executable, "-m", "infra.grant_graph_roles", "--principal", PRINCIPAL]

    done = subprocess.run(
        command, cwd=ROOT, env=rest | nowhere, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (2, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("No token for Graph (no login found)")
    assert "run `az login --allow-no-subscriptions`" in line


def test_the_fake_graph_has_role_ids_of_its_own() -> None:
    assert id_of("User.Read.All") != OFFERED["User.Read.All"]
