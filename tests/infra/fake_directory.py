"""A strict stand-in for what setting up does in Graph: apps, principals, people."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.infra.fake_graph import PRINCIPAL, FakeGraph, _error

if TYPE_CHECKING:
    from collections.abc import Callable

PERSON = "55555555-0000-4000-8000-000000000001"
DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges.")


@dataclass
class FakeDirectory(FakeGraph):
    """Registrations by unique name; and the faults to simulate."""

    apps: dict[str, dict[str, Any]] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)  #: by app id
    credentials: dict[str, dict[str, Any]] = field(default_factory=dict)  #: by name
    given: list[dict[str, str]] = field(default_factory=list)  #: roles given to people
    deleted: list[str] = field(default_factory=list)
    is_person: bool = True
    may_register: bool = True
    may_assign: bool = True
    may_purge: bool = True
    late: int = 0  #: so many reads of a new object say that there is none
    is_identity_gone: bool = False
    calls: list[str] = field(default_factory=list)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
        self.calls.append(f"{method} {unquote(urlsplit(target).path)}")
        return super().answer(method, target, body)

    def _routed(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        path = unquote(urlsplit(target).path).removeprefix("/v1.0")
        content = json.loads(body) if body else {}
        if self.is_identity_gone and path.startswith(f"/servicePrincipals/{PRINCIPAL}"):
            return None
        for pattern, answer in self._routes():
            if matched := re.fullmatch(pattern, path):
                return answer(method, content, *matched.groups(default=""))
        return super()._routed(method, target, body)

    def _routes(self) -> list[tuple[str, Callable[..., tuple[int, dict[str, Any]] | None]]]:
        return [
            (r"/applications\(uniqueName='([\w-]+)'\)", self._named),
            (r"/applications/([\w-]+)(/.*)?", self._object),
            (r"/servicePrincipals\(appId='((?!0{7}3)[\w-]+)'\)", self._principal),
            (r"/servicePrincipals/sp-[\w-]+/appRoleAssignedTo", self._give),
            (rf"/servicePrincipals/{PRINCIPAL}/appRoleAssignments/(.+)", self._revoke),
            (r"/directory/deletedItems/(.+)", self._delete_for_good),
            (r"/me", self._me),
        ]

    def _named(
        self, method: str, content: dict[str, Any], name: str
    ) -> tuple[int, dict[str, Any]] | None:
        if method == "PATCH":
            if not self.may_register:
                return _error(*DENIED)
            status = 204 if name in self.apps else 201
            app_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
            app = self.apps.setdefault(name, {"id": f"object-{app_id}", "appId": app_id})
            app |= content
            return status, app
        if self.late:
            self.late -= 1
            return None
        return (200, self.apps[name]) if name in self.apps else None

    def _object(
        self, method: str, content: dict[str, Any], key: str, rest: str
    ) -> tuple[int, dict[str, Any]] | None:
        name = next((name for name, app in self.apps.items() if app["id"] == key), None)
        if name is None:
            return None
        if method == "DELETE":
            del self.apps[name]
        elif rest:
            assert (method, rest) == ("PATCH", "/federatedIdentityCredentials(name='function-app')")
            self.credentials["function-app"] = content
        else:
            self.apps[name] |= content
        return 204, {}

    def _principal(
        self, method: str, content: dict[str, Any], app_id: str
    ) -> tuple[int, dict[str, Any]] | None:
        if method == "PATCH":
            self.principals[app_id] = {"id": f"sp-{app_id}"} | content
            return 201, self.principals[app_id]
        return (200, self.principals[app_id]) if app_id in self.principals else None

    def _give(self, _method: str, content: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if not self.may_assign:
            return _error(*DENIED)
        if content in self.given:
            return _error(400, "Request_BadRequest", "Permission being assigned already exists")
        self.given.append(content)
        return 201, {}

    def _me(self, *_: object) -> tuple[int, dict[str, Any]]:
        if not self.is_person:
            return _error(
                400, "BadRequest", "/me request is only valid with delegated authentication"
            )
        return 200, {"id": PERSON, "mail": None, "userPrincipalName": "admin@contoso.com"}

    def _revoke(self, method: str, _: object, key: str) -> tuple[int, dict[str, Any]]:
        assert method == "DELETE"
        self.has_other &= key != "other"
        self.assigned = [role for role in self.assigned if f"a-{role}" != key]
        return 204, {}

    def _delete_for_good(self, method: str, _: object, key: str) -> tuple[int, dict[str, Any]]:
        assert method == "DELETE"
        if not self.may_purge:
            return _error(*DENIED)
        self.deleted.append(key)
        return 204, {}
