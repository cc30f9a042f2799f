"""
Shows which permissions the app's identity has in Graph, and with ``--grant`` grants the rest.

    python -m infra.grant_graph_roles --principal OBJECT_ID            shows the permissions receipt
    python -m infra.grant_graph_roles --principal OBJECT_ID --grant    grants what is missing

Run it with the project's environment. It signs in as the user who is signed in on this machine
(Azure CLI, Azure Developer CLI), or with ``--browser`` in the browser. Granting takes the Entra
role Privileged Role Administrator. Nothing is ever removed, and a second run changes nothing.

Graph calls an application permission an app role. Here a role is identified by its value, such as
``AuditLog.Read.All``; its id is looked up in the tenant's own service principal of Graph, which
lists the roles that this cloud offers.

Exit codes: 0 nothing is missing, 1 something is missing, 2 wrong usage or refused.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING

import msgspec

from shared.endpoints import Cloud, make_endpoint
from shared.errors import BadInputError, MfaStatusError, SourceDeniedError
from shared.identity import Login, open_graph
from shared.mfa.permissions import (
    FIGURES,
    NEEDS,
    USUAL_FIGURES,
    WARNINGS,
    permission_receipt,
)
from shared.sources.graph.answers import DeniedError, RejectedError
from shared.sources.graph.pages import read_list
from shared.sources.graph.reader import GraphReader
from shared.sources.pacing import Budget, Pacer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.identity import GraphClient
    from shared.mfa.permissions import PermissionReceipt

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"  #: the same in every tenant of every cloud
PERMISSION = "AppRoleAssignment.ReadWrite.All"  #: what an app would need; users need an Entra role
TRIES = 4  #: of one request; somebody is waiting
LOOKS = 4  #: at most, until Graph shows what it has granted
SECONDS_BETWEEN_LOOKS = 5.0

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DENIED = (
    "Graph refuses access ({refusal}). Reading what is granted takes the Entra role Directory "
    "Readers or a higher one, granting takes Privileged Role Administrator: sign in as a user with "
    "that role and run this again."
)
_NOT_SIGNED_IN = (
    "{error} To sign in, run `az login --allow-no-subscriptions` (with --tenant) or give --browser."
)


class AppRole(msgspec.Struct, frozen=True, rename="camel"):
    """An application permission that an API offers."""

    id: str
    value: str | None
    is_enabled: bool
    allowed_member_types: list[str]


class ServicePrincipal(msgspec.Struct, frozen=True, rename="camel"):
    """An app or an API in the tenant, with the properties that were selected."""

    id: str = ""
    display_name: str | None = None
    app_roles: list[AppRole] = []


class Assignment(msgspec.Struct, frozen=True, rename="camel"):
    """A role that a principal has for an API (the resource)."""

    id: str
    app_role_id: str
    resource_id: str


class GraphRoles(msgspec.Struct, frozen=True):
    """The application permissions that Graph offers in this tenant."""

    resource_id: str  #: object id of Graph's service principal
    ids: dict[str, str]  #: role ids by value

    def assignment_ids(self, assignments: Sequence[Assignment]) -> dict[str, str]:
        """Assignment ids by role; a role that Graph no longer lists goes by its own id."""
        values = {role_id: value for value, role_id in self.ids.items()}
        return {
            values.get(assignment.app_role_id, assignment.app_role_id): assignment.id
            for assignment in assignments
            if assignment.resource_id == self.resource_id
        }


def main(
    arguments: Sequence[str] | None = None,
    *,
    token: str = "local",  # noqa: S107 (a loopback host's)
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run the command; `token` is the one that a loopback Graph expects."""
    given = _parser().parse_args(arguments)
    try:
        with _open(given, token) as graph:
            pacer, budget = Pacer.unlimited(clock=clock), Budget(clock=clock, pause=pause)
            return _run(GraphReader(graph, PERMISSION, pacer, budget, TRIES), given)
    except DeniedError as error:
        _say(_DENIED.format(refusal=error.refusal))
    except SourceDeniedError as error:
        _say(_NOT_SIGNED_IN.format(error=error))
    except RejectedError as error:
        _say(f"{error} {error.graph_message}".rstrip())
    except MfaStatusError as error:
        _say(f"{error}")
    return 2


def read_assignments(reader: GraphReader, principal: str) -> list[Assignment]:
    """Every role that the principal has, for any API."""
    return read_list(reader, _assignments_url(reader, principal), Assignment)


def grant(
    reader: GraphReader, principal: str, graph_roles: GraphRoles, roles: Sequence[str]
) -> Iterator[str]:
    """
    Assign each role that is not assigned yet, and yield a line for each.

    Repeating an assignment is harmless: Graph keeps it once, and says so if it exists already.
    """
    for role in roles:
        body = {
            "principalId": principal,
            "resourceId": graph_roles.resource_id,
            "appRoleId": graph_roles.ids[role],
        }
        url = _assignments_url(reader, principal)
        try:
            reader.read(url, msgspec.json.decode, body=msgspec.json.encode(body))
        except RejectedError as error:
            if not _exists_already(error):
                raise
            yield f"was granted already  {role}"
        else:
            yield f"granted now          {role}"


def receipt_lines(receipt: PermissionReceipt, assignment_ids: Mapping[str, str]) -> Iterator[str]:
    """The receipt for people: by figure, then what could be removed, then what to do."""
    states = dict.fromkeys(receipt.granted, "granted")
    states |= dict.fromkeys(receipt.missing, "MISSING")
    states |= dict.fromkeys(receipt.not_offered, "not here")
    for figure, meaning in FIGURES.items():
        needs = [need for need in NEEDS if need in states and need.figure == figure]
        if needs:
            yield f"{figure}: {meaning}"
            yield from (f"  {states[n]:9} {n.role:38} {n.reads}" for n in needs)
    if receipt.not_offered:
        yield "not here: this cloud's Graph has no such role; what needs it will be unknown."
    if receipt.extra:
        yield "could be removed, because none of these figures needs it:"
        yield from (f"  {_extra_line(role, assignment_ids[role])}" for role in receipt.extra)
    yield _conclusion(len(receipt.missing_roles))


def _open(given: argparse.Namespace, token: str) -> GraphClient:
    cloud = Cloud(given.cloud)
    endpoint = make_endpoint("--graph-endpoint", given.graph_endpoint or cloud.graph_url, token)
    login = Login(cloud, tenant_id=given.tenant or "", uses_browser=given.browser)
    return open_graph(endpoint, login)


def _run(reader: GraphReader, given: argparse.Namespace) -> int:
    principal = given.principal.lower()
    if not _GUID.fullmatch(principal):
        raise BadInputError(
            "invalid --principal; expected an object id, a GUID: the output IDENTITY_PRINCIPAL_ID"
        )
    _say(f"{_name(reader, principal)}, object id {principal}, in the {given.cloud} cloud")
    graph_roles = _read_graph_roles(reader)
    assignment_ids = graph_roles.assignment_ids(read_assignments(reader, principal))
    receipt = permission_receipt(assignment_ids, given.figures, graph_roles.ids)
    if given.grant and receipt.missing:
        for line in grant(reader, principal, graph_roles, receipt.missing_roles):
            _say(line)
        assignment_ids = _wait_for(receipt.missing_roles, reader, principal, graph_roles)
        receipt = permission_receipt(assignment_ids, given.figures, graph_roles.ids)
    for line in receipt_lines(receipt, assignment_ids):
        _say(line)
    return 1 if receipt.missing else 0


def _wait_for(
    roles: Sequence[str], reader: GraphReader, principal: str, graph_roles: GraphRoles
) -> dict[str, str]:
    """Assignment ids by role, once Graph shows these: its replicas follow within seconds."""
    for look in count(1):
        found = graph_roles.assignment_ids(read_assignments(reader, principal))
        if look == LOOKS or found.keys() >= set(roles):
            return found
        reader.budget.wait(SECONDS_BETWEEN_LOOKS)
    raise AssertionError  # counting does not end


def _name(reader: GraphReader, principal: str) -> str:
    """The principal's name, shown so that nobody grants anything to the wrong one."""
    url = f"{_principals_url(reader)}/{principal}?$select=displayName"
    try:
        return str(reader.read(url, _decode_principal).display_name)
    except RejectedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise BadInputError(
            "There is no service principal with that object id: give the identity's object "
            "(principal) id, not its client id, and sign in to its tenant."
        ) from error


def _read_graph_roles(reader: GraphReader) -> GraphRoles:
    url = f"{_principals_url(reader)}(appId='{GRAPH_APP_ID}')?$select=id,appRoles"
    graph = reader.read(url, _decode_principal)
    ids = {
        role.value: role.id
        for role in graph.app_roles
        if role.value and role.is_enabled and "Application" in role.allowed_member_types
    }
    return GraphRoles(graph.id, ids)


def _principals_url(reader: GraphReader) -> str:
    return f"{reader.url}/v1.0/servicePrincipals"


def _assignments_url(reader: GraphReader, principal: str) -> str:
    return f"{_principals_url(reader)}/{principal}/appRoleAssignments"


def _decode_principal(body: bytes) -> ServicePrincipal:
    return msgspec.json.decode(body, type=ServicePrincipal)


def _exists_already(error: RejectedError) -> bool:
    """Graph answers 400 with a message; its own conventions would call for 409."""
    if error.status == HTTPStatus.CONFLICT:
        return True
    return error.status == HTTPStatus.BAD_REQUEST and "already exists" in error.graph_message


def _extra_line(role: str, assignment_id: str) -> str:
    line = f"{role} (assignment {assignment_id})"
    return f"{line}: {WARNINGS[role]}" if role in WARNINGS else line


def _conclusion(missing: int) -> str:
    if not missing:
        return "Nothing is missing."
    return (
        f"{missing} {'role is' if missing == 1 else 'roles are'} missing; --grant grants what is."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.grant_graph_roles",
        description="What the app's identity may read in Graph, and what its figures need.",
    )
    add = parser.add_argument
    add("--principal", required=True, help="the identity's object id (IDENTITY_PRINCIPAL_ID)")
    add("--figures", nargs="+", choices=FIGURES, default=USUAL_FIGURES, metavar="FIGURE",
        help=f"{', '.join(FIGURES)}; by default {', '.join(USUAL_FIGURES)}")  # fmt: skip
    add("--cloud", choices=[*map(str, Cloud)], default="global", help="the partner's cloud")
    add("--tenant", help="the partner tenant, if you are signed in to another one")
    add("--browser", action="store_true", help="sign in with the browser")
    add("--graph-endpoint", help=argparse.SUPPRESS)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="change nothing (the default)")
    mode.add_argument("--grant", action="store_true", help="grant what is missing")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
