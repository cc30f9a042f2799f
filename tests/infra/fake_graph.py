"""A strict stand-in on loopback for the few Graph addresses that granting uses."""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from infra.grant_graph_roles import GRAPH_APP_ID
from shared.mfa.permissions import NEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "a-token"
GRAPH_ID = "99999999-0000-4000-8000-000000000001"
PRINCIPAL = "11111111-0000-4000-8000-000000000001"
OTHER_API = "22222222-0000-4000-8000-000000000001"
PAGE_ROWS = 2


def id_of(role: str) -> str:
    """The id that this tenant's Graph gives a role; the code must not know any."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, role))


def app_role(value: str, **changes: Any) -> dict[str, Any]:
    role = {"id": id_of(value), "value": value, "isEnabled": True}
    return role | {"allowedMemberTypes": ["Application"]} | changes


@dataclass
class FakeGraph:
    """Assignments by role value, in order, and the faults to simulate."""

    assigned: list[str] = field(default_factory=list)
    offered: list[str] = field(
        default_factory=lambda: [*dict.fromkeys(need.role for need in NEEDS), "Mail.Send"]
    )
    shown_late: bool = False  #: whether the first read after a grant does not show it yet
    exists_status: int = 400
    refusal: tuple[int, str, str] | None = None  #: the answer to every request
    post_refusal: tuple[int, str, str] | None = None
    busy: int = 0  #: how many requests get 429 first
    next_host: str = ""  #: the host of next links, if it is another one
    after_host: str = ""  #: appended to the host of next links
    is_circular: bool = False  #: whether next links lead to their own page
    url: str = ""
    posted: list[dict[str, str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)  #: assigned, but not shown yet
    has_other: bool = True  #: whether it has a role for another API as well

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.busy:
            self.busy -= 1
            return _error(429, "TooManyRequests", "Slow down.")
        if self.refusal:
            return _error(*self.refusal)
        return self._routed(method, target, body) or _error(404, "ResourceNotFound", "Not there.")

    def _routed(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        match method, path.removeprefix("/v1.0/servicePrincipals"):
            case "GET", rest if rest == f"(appId='{GRAPH_APP_ID}')":
                return 200, {"id": GRAPH_ID, "appRoles": self._roles()}
            case "GET", rest if rest == f"/{PRINCIPAL}":
                return 200, {"displayName": "id-mfa-test"}
            case "GET", rest if rest == f"/{PRINCIPAL}/appRoleAssignments":
                return 200, self._page(int(query.get("$skiptoken", ["0"])[0]))
            case "POST", rest if rest == f"/{PRINCIPAL}/appRoleAssignments":
                return self._post(json.loads(body))
        return None

    def _roles(self) -> list[dict[str, Any]]:
        """The roles on offer, and namesakes that are not: one for users only, one switched off."""
        for_users = app_role("User.Read.All", id=id_of("1"), allowedMemberTypes=["User"])
        switched_off = app_role("Policy.Read.All", id=id_of("2"), isEnabled=False)
        return [*map(app_role, self.offered), for_users, switched_off]

    def _page(self, start: int) -> dict[str, Any]:
        of_another = {"id": "other", "appRoleId": id_of("User.Read.All")}
        shown = [role for role in self.assigned if role not in self.hidden]
        self.hidden.clear()
        rows = [of_another | {"resourceId": OTHER_API}] * self.has_other + [
            {"id": f"a-{role}", "appRoleId": id_of(role), "resourceId": GRAPH_ID} for role in shown
        ]
        page: dict[str, Any] = {"value": rows[start : start + PAGE_ROWS]}
        if start + PAGE_ROWS < len(rows):
            following = max(start, 1) if self.is_circular else start + PAGE_ROWS
            base = (
                f"{self.next_host or self.url}{self.after_host}/v1.0/servicePrincipals/{PRINCIPAL}"
            )
            page["@odata.nextLink"] = f"{base}/appRoleAssignments?$skiptoken={following}"
        return page

    def _post(self, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.post_refusal:
            return _error(*self.post_refusal)
        roles = {id_of(role): role for role in self.offered}
        assert body.keys() == {"principalId", "resourceId", "appRoleId"}
        assert (body["principalId"], body["resourceId"]) == (PRINCIPAL, GRAPH_ID)
        role = roles[body["appRoleId"]]
        if role in self.assigned:
            message = "Permission being assigned already exists on the object"
            return _error(self.exists_status, "Request_BadRequest", message)
        self.posted.append(body)
        self.assigned.append(role)
        if self.shown_late:
            self.hidden.append(role)
        return 201, {"id": f"a-{role}"} | body


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": code, "message": message}}


@contextmanager
def serving(graph: FakeGraph) -> Iterator[FakeGraph]:
    """The same, served on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def do_PATCH(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            if self.headers["Authorization"] not in (f"Bearer {TOKEN}", "Bearer local"):
                status, answer = _error(401, "InvalidAuthenticationToken", "No token.")
            else:
                status, answer = graph.answer(self.command, self.path, body)
            content = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    graph.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
