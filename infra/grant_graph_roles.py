"""
Grants the app's identity what it reads in Graph: the scope receipt, and with ``--grant`` the rest.

    python -m infra.grant_graph_roles --principal OBJECT_ID            says what is and what is not
    python -m infra.grant_graph_roles --principal OBJECT_ID --grant    grants what is missing

Signs in as whoever is signed in on this machine (Azure CLI, Azure Developer CLI), or with
``--browser`` asks. Granting takes the Entra role Privileged Role Administrator. It removes nothing,
and running it again changes nothing. Besides the standard library it needs azure-identity only.

Exit codes: 0 nothing is missing, 1 something is, 2 wrong usage or refused.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from infra.graph_http import GrantError, Graph, RefusalError, checked_endpoint
from infra.graph_roles import Assignment, lines_of, permission_receipt
from shared.mfa.permissions import FIGURES, USUAL_FIGURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra.graph_roles import Receipt

#: Graph and the host that issues its tokens, by cloud, as shared/endpoints.py has them.
CLOUDS = {
    "global": ("https://graph.microsoft.com", "login.microsoftonline.com"),
    "usgov": ("https://graph.microsoft.us", "login.microsoftonline.us"),
    "dod": ("https://dod-graph.microsoft.us", "login.microsoftonline.us"),
    "china": ("https://microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"),
}
#: Graph's own, in every tenant of every cloud.
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LOOKS = 4
_BETWEEN_LOOKS_SECONDS = 5.0
_REFUSED = (
    "Graph refuses ({told}). Reading what is granted takes Directory Readers or more, granting it "
    "Privileged Role Administrator; sign in as such a person and run this again."
)


def read_receipt(graph: Graph, principal: str, figures: Sequence[str]) -> Receipt:
    """What `principal` has and lacks for these figures."""
    _, offered = _graph_roles(graph)
    return permission_receipt(offered, _assignments(graph, principal), figures)


def grant(graph: Graph, principal: str, roles: Sequence[str]) -> Iterator[str]:
    """Assign each role that is not assigned yet; a line for each."""
    resource, offered = _graph_roles(graph)
    for role in roles:
        body = {"principalId": principal, "resourceId": resource, "appRoleId": offered[role]}
        try:
            graph.post(f"servicePrincipals/{principal}/appRoleAssignments", body)
        except RefusalError as error:
            if not _is_there_already(error):
                raise
            yield f"was granted already  {role}"
        else:
            yield f"granted now          {role}"


def main(
    arguments: Sequence[str] | None = None,
    *,
    token: Callable[[], str] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """The command; `token` stands in for signing in."""
    given = _parser().parse_args(arguments)
    try:
        return _run(_open(given, token, pause), given, pause)
    except RefusalError as error:
        denied = error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        _say(_REFUSED.format(told=error) if denied else f"{error}")
    except GrantError as error:
        _say(f"{error}")
    return 2


def _open(
    given: argparse.Namespace, token: Callable[[], str] | None, pause: Callable[[float], None]
) -> Graph:
    url, authority = CLOUDS[given.cloud]
    url = checked_endpoint(given.graph_endpoint or url)
    signed_in = token or _signed_in(url, authority, given.tenant, browser=given.browser)
    return Graph(url, signed_in, pause)


def _run(graph: Graph, given: argparse.Namespace, pause: Callable[[float], None]) -> int:
    principal = given.principal.lower()
    if not _GUID.fullmatch(principal):
        raise GrantError("--principal is an object id, a GUID: the output IDENTITY_PRINCIPAL_ID.")
    _say(f"{_name(graph, principal)}, object id {principal}, in the {given.cloud} cloud")
    receipt = read_receipt(graph, principal, given.figures)
    if given.grant and receipt.missing:
        for line in grant(graph, principal, receipt.missing_roles):
            _say(line)
        receipt = _settled(graph, principal, given.figures, pause)
    for line in lines_of(receipt):
        _say(line)
    return 1 if receipt.missing else 0


def _settled(
    graph: Graph, principal: str, figures: Sequence[str], pause: Callable[[float], None]
) -> Receipt:
    """The receipt, once Graph shows what it has just taken: its copies follow in seconds."""
    for _ in range(_LOOKS - 1):
        receipt = read_receipt(graph, principal, figures)
        if not receipt.missing:
            return receipt
        pause(_BETWEEN_LOOKS_SECONDS)
    return read_receipt(graph, principal, figures)


def _name(graph: Graph, principal: str) -> str:
    """What the principal is called, so that nobody grants to another one unseen."""
    try:
        found = graph.get(f"servicePrincipals/{principal}?$select=displayName")
    except RefusalError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise GrantError(
            "There is no service principal with that object id: give the identity's object "
            "(principal) id, not its client id, and sign in to its tenant."
        ) from error
    return str(found["displayName"])


def _graph_roles(graph: Graph) -> tuple[str, dict[str, str]]:
    """Graph's own service principal: its object id, and its application roles' ids by value."""
    found = graph.get(f"servicePrincipals(appId='{GRAPH_APP_ID}')?$select=id,appRoles")
    roles = {
        role["value"]: role["id"]
        for role in found["appRoles"]
        if role["isEnabled"] and "Application" in role["allowedMemberTypes"]
    }
    return str(found["id"]), roles


def _assignments(graph: Graph, principal: str) -> list[Assignment]:
    """Those of Graph's roles; roles of other APIs are no business of this receipt."""
    resource, _ = _graph_roles(graph)
    return [
        Assignment(row["id"], row["appRoleId"])
        for row in graph.values(f"servicePrincipals/{principal}/appRoleAssignments")
        if row["resourceId"] == resource
    ]


def _is_there_already(error: RefusalError) -> bool:
    """Graph says 400 with a text; 409 is what its conventions would have it say."""
    if error.status == HTTPStatus.CONFLICT:
        return True
    return error.status == HTTPStatus.BAD_REQUEST and "already exists" in error.message


def _signed_in(url: str, authority: str, tenant: str | None, *, browser: bool) -> Callable[[], str]:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DefaultAzureCredential, InteractiveBrowserCredential

    options: dict[str, Any] = {"authority": authority}
    if browser:
        options |= {"tenant_id": tenant} if tenant else {}
    else:
        options["additionally_allowed_tenants"] = [tenant] if tenant else []
        options["exclude_managed_identity_credential"] = True
        # It warns of every login that it looked for in vain; the sentence below is enough.
        logging.getLogger("azure.identity").setLevel(logging.ERROR)
    make: Any = InteractiveBrowserCredential if browser else DefaultAzureCredential
    credential = make(**options)

    def token() -> str:
        try:
            asked = {"tenant_id": tenant} if tenant else {}
            return str(credential.get_token(f"{url}/.default", **asked).token)
        except ClientAuthenticationError as error:
            raise GrantError(
                "Nobody is signed in: run `az login --allow-no-subscriptions` (with --tenant), or "
                "give --browser. If you are, this says why it is not enough: "
                f"az account get-access-token --resource {url}"
            ) from error

    return token


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.grant_graph_roles",
        description="What the app's identity may read in Graph, and what its figures need.",
    )
    add = parser.add_argument
    add("--principal", required=True, help="the identity's object id (IDENTITY_PRINCIPAL_ID)")
    add("--figures", nargs="+", choices=FIGURES, default=USUAL_FIGURES, metavar="FIGURE",
        help=f"{', '.join(FIGURES)}; by default {', '.join(USUAL_FIGURES)}")  # fmt: skip
    add("--cloud", choices=CLOUDS, default="global", help="the partner's cloud")
    add("--tenant", help="the partner tenant, where the login on this machine is of another")
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
