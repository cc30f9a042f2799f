"""Granting Graph's roles: the receipt as a value, and the command against a strict Graph."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra import grant_graph_roles, graph_roles
from infra.grant_graph_roles import main
from infra.graph_http import GrantError, checked_endpoint
from infra.graph_roles import Assignment, lines_of, permission_receipt
from shared.endpoints import Cloud
from shared.mfa import permissions
from shared.mfa.permissions import NEEDS, USUAL_FIGURES
from shared.sources.graph import directory as graph_directory
from shared.sources.graph import sign_ins as graph_sign_ins
from tests.infra.fake_graph import PRINCIPAL, TOKEN, FakeGraph, id_of, serving

ROOT = Path(__file__).resolve().parents[2]
ALL_ROLES = list(dict.fromkeys(need.role for need in NEEDS))
OPTIONAL_ROLES = {"Member.Read.Hidden", "RoleEligibilitySchedule.Read.Directory"}
USUAL_ROLES = [role for role in ALL_ROLES if role not in OPTIONAL_ROLES]
OFFERED = {role: f"id of {role}" for role in [*ALL_ROLES, "Mail.Send"]}


def assigned(*roles):
    return [Assignment(f"a-{role}", OFFERED[role]) for role in roles]


@pytest.fixture
def run(capsys):
    """The command against a Graph: its exit code, and what it said."""

    def run(graph, *arguments, principal=PRINCIPAL, token=TOKEN):
        with serving(graph):
            given = ["--principal", principal, "--graph-endpoint", graph.url, *arguments]
            pauses: list[float] = []
            code = main(given, token=lambda: token, pause=pauses.append)
        return code, capsys.readouterr().out, pauses

    return run


def test_what_is_granted_is_exactly_what_the_sources_read_with() -> None:
    assert set(ALL_ROLES) == {graph_sign_ins.PERMISSION, *graph_directory.PERMISSIONS}


def test_the_command_loads_nothing_but_the_standard_library() -> None:
    """Its only package, azure-identity, is needed for signing in and not before."""
    code = (
        "import infra.grant_graph_roles, sys; print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    ours = {"infra", "shared", "__main__"}
    assert set(done.stdout.split()) - ours <= sys.stdlib_module_names


def test_no_role_can_write_or_send() -> None:
    assert [role for role in ALL_ROLES if ".Read." not in role or "Write" in role] == []


def test_no_role_is_known_by_its_id() -> None:
    for module in (permissions, graph_roles, grant_graph_roles):
        source = Path(str(module.__file__)).read_text("utf-8")
        assert set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", source)) <= {
            "00000003-0000-0000-c000-000000000000"  # Graph itself
        }


def test_the_clouds_are_those_of_the_app() -> None:
    assert {
        cloud.value: (cloud.graph_url, cloud.authority) for cloud in Cloud
    } == grant_graph_roles.CLOUDS


def test_a_receipt_says_of_each_need_whether_it_is_met() -> None:
    receipt = permission_receipt(
        OFFERED, assigned("AuditLog.Read.All", "User.Read.All"), ["accounts"]
    )

    assert [need.role for need in receipt.granted] == ["User.Read.All", "AuditLog.Read.All"]
    assert receipt.missing_roles == [
        *("Policy.Read.All", "RoleManagement.Read.Directory"),
        *("GroupMember.Read.All", "Organization.Read.All"),
    ]
    assert receipt.extra == ()


def test_a_role_that_two_figures_need_is_granted_once() -> None:
    receipt = permission_receipt(OFFERED, [], ["requests", "accounts"])

    assert [need.role for need in receipt.missing].count("AuditLog.Read.All") == 2
    assert receipt.missing_roles.count("AuditLog.Read.All") == 1


def test_a_role_that_only_a_figure_not_asked_for_needs_could_be_removed() -> None:
    receipt = permission_receipt(
        OFFERED, assigned("AuditLog.Read.All", "User.Read.All"), ["requests"]
    )

    assert [extra.role for extra in receipt.extra] == ["User.Read.All"]


def test_who_is_eligible_for_roles_is_asked_for_only_where_it_is_wanted() -> None:
    role = "RoleEligibilitySchedule.Read.Directory"

    assert role not in permission_receipt(OFFERED, [], USUAL_FIGURES).missing_roles
    assert permission_receipt(OFFERED, [], ["eligible-roles"]).missing_roles == [role]


def test_a_role_that_graph_no_longer_lists_is_told_by_its_id() -> None:
    receipt = permission_receipt(OFFERED, [Assignment("a-1", "an id")], USUAL_FIGURES)

    assert [extra.role for extra in receipt.extra] == ["an id"]


def test_a_role_that_the_cloud_does_not_have_is_not_missing() -> None:
    offered = {role: name for role, name in OFFERED.items() if role != "PartnerSecurity.Read.All"}

    receipt = permission_receipt(offered, [], ["customers"])

    assert receipt.missing_roles == ["DelegatedAdminRelationship.Read.All"]
    assert "not here" in "\n".join(lines_of(receipt))


def test_mail_send_in_entra_is_warned_of_because_it_undoes_the_narrowing() -> None:
    receipt = permission_receipt(OFFERED, assigned("Mail.Send"), USUAL_FIGURES)

    assert "every mailbox" in "\n".join(lines_of(receipt))


def test_without_grant_nothing_is_changed_and_what_is_missing_is_said(run) -> None:
    graph = FakeGraph(assigned=["AuditLog.Read.All"])

    code, said, _ = run(graph)

    assert (code, graph.posted) == (1, [])
    assert "id-mfa-test" in said
    assert re.search(r"granted +AuditLog.Read.All", said)
    assert re.search(r"MISSING +User.Read.All", said)


def test_dry_run_is_what_it_does_anyway(run) -> None:
    graph = FakeGraph()

    assert run(graph, "--dry-run")[0] == 1
    assert graph.posted == []


def test_grant_grants_what_is_missing_and_no_more(run) -> None:
    graph = FakeGraph(assigned=["User.Read.All"])

    code, said, _ = run(graph, "--grant")

    assert code == 0
    assert sorted(graph.assigned) == sorted(USUAL_ROLES)
    assert len(graph.posted) == len(USUAL_ROLES) - 1
    assert "Nothing is missing." in said


def test_granting_again_changes_nothing(run) -> None:
    graph = FakeGraph()
    run(graph, "--grant")
    graph.posted.clear()

    code, said, _ = run(graph, "--grant")

    assert (code, graph.posted) == (0, [])
    assert "granted now" not in said


def test_every_page_of_assignments_is_read(run) -> None:
    graph = FakeGraph(assigned=["Mail.Send", *USUAL_ROLES])

    code, said, _ = run(graph)

    assert code == 0
    assert "Mail.Send (assignment a-Mail.Send)" in said


@pytest.mark.parametrize("status", [400, 409])
def test_what_somebody_else_has_granted_meanwhile_is_no_failure(run, status) -> None:
    graph = FakeGraph(assigned=["AuditLog.Read.All"], exists_status=status)
    graph.hidden.append("AuditLog.Read.All")  # the first look does not show it

    code, said, _ = run(graph, "--grant", "--figures", "requests")

    assert code == 0
    assert "was granted already  AuditLog.Read.All" in said


def test_another_bad_request_is_a_failure(run) -> None:
    graph = FakeGraph(post_refusal=(400, "Request_BadRequest", "Invalid value."))

    code, said, _ = run(graph, "--grant")

    assert code == 2
    assert "Invalid value." in said


def test_a_grant_that_graph_shows_only_later_is_waited_for(run) -> None:
    graph = FakeGraph(shown_late=True)

    code, said, pauses = run(graph, "--grant")

    assert (code, pauses) == (0, [5.0])
    assert "MISSING" not in said


def test_who_may_not_grant_is_told_which_role_it_takes(run) -> None:
    denied = (403, "Authorization_RequestDenied", "Insufficient privileges.")

    code, said, _ = run(FakeGraph(post_refusal=denied), "--grant")

    assert code == 2
    assert "Privileged Role Administrator" in said
    assert "403 Authorization_RequestDenied" in said


def test_a_refused_token_is_told_and_not_shown(run) -> None:
    code, said, _ = run(FakeGraph(), token="another-token")

    assert code == 2
    assert "sign in" in said
    assert "another-token" not in said


def test_a_busy_graph_is_waited_for_as_long_as_it_says(run) -> None:
    code, _, pauses = run(FakeGraph(assigned=list(USUAL_ROLES), busy=2))

    assert (code, pauses) == (0, [7.0, 7.0])


def test_a_graph_that_stays_busy_is_given_up(run) -> None:
    code, said, pauses = run(FakeGraph(busy=99))

    assert (code, len(pauses)) == (2, 3)
    assert "429" in said


def test_a_client_id_in_place_of_the_object_id_is_explained(run) -> None:
    code, said, _ = run(FakeGraph(), principal="33333333-0000-4000-8000-000000000001")

    assert code == 2
    assert "not its client id" in said


@pytest.mark.parametrize("principal", ["id-mfa-test", "../users", "' or '1'='1"])
def test_what_is_no_guid_never_becomes_an_address(run, principal) -> None:
    code, said, _ = run(FakeGraph(refusal=(500, "", "was asked")), principal=principal)

    assert code == 2
    assert "was asked" not in said
    assert "GUID" in said


def test_a_next_page_on_another_host_is_not_asked_for(run) -> None:
    graph = FakeGraph(assigned=list(USUAL_ROLES), next_host="https://graph.example.com")

    code, said, _ = run(graph)

    assert code == 2
    assert "another host" in said


@pytest.mark.parametrize("after", ["@graph.example.com", ".graph.example.com", "0"])
def test_a_page_on_a_host_that_only_begins_alike_is_another_host(run, after) -> None:
    graph = FakeGraph(assigned=list(USUAL_ROLES), after_host=after)

    code, said, _ = run(graph)

    assert code == 2
    assert "another host" in said


@pytest.mark.parametrize(
    "given",
    ["http://graph.example.com", "https://graph.example.com/v1.0", "ftp://127.0.0.1", "graph"],
)
def test_another_endpoint_is_https_or_this_machine(given) -> None:
    with pytest.raises(GrantError, match="https://HOST"):
        checked_endpoint(given)


def test_an_endpoint_that_is_not_there_is_told_in_one_sentence(capsys) -> None:
    given = ["--principal", PRINCIPAL, "--graph-endpoint", "http://127.0.0.1:1"]

    assert main(given, token=lambda: TOKEN) == 2
    assert "cannot be reached" in capsys.readouterr().out


def test_whoever_is_not_signed_in_is_told_so_in_one_line_and_nothing_besides(tmp_path) -> None:
    nowhere = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA"), str(tmp_path)) | {"PATH": ""}
    rest = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    command = [sys.executable, "-m", "infra.grant_graph_roles", "--principal", PRINCIPAL]

    done = subprocess.run(
        command, cwd=ROOT, env=rest | nowhere, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (2, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("Nobody is signed in: run `az login --allow-no-subscriptions`")


def test_the_fake_gives_roles_ids_of_its_own() -> None:
    assert id_of("User.Read.All") != OFFERED["User.Read.All"]
