"""
The app registration that people sign in with: made, completed and removed, over Graph.

Every step can be repeated: what has a name of its own is created or updated by that name (Graph's
upsert), and what is there already is left alone. There is no client secret: the registration trusts
the app's own identity.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from shared.decoding import decode_any_json
from shared.endpoints import Cloud
from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.sources.graph.answers import RejectedError, TransientError, check, unreadable_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.identity import GraphAnswer, GraphClient

DISPLAY_NAME = "MFA status"
PERMISSION = "Application.ReadWrite.All"  #: what an app would need; people need an Entra role
APP_ROLES = Path(__file__).with_name("app-roles.json")
TRIES = 8  #: of one request: Graph's replicas know a new object within seconds
SECONDS_BETWEEN_TRIES = 5.0
#: How the audience of a federated credential ends in each cloud.
_AUDIENCES = {Cloud.GLOBAL: "", Cloud.USGOV: "USGov", Cloud.DOD: "USGov", Cloud.CHINA: "China"}
_UPSERT = {"Prefer": "create-if-missing"}
_LISTED = ["WindowsAzureActiveDirectoryIntegratedApp"]  #: shows it among the enterprise apps


class Deployed(msgspec.Struct, frozen=True):
    """What the registration is made for."""

    tenant_id: str
    principal_id: str  #: object id of the app's identity
    redirect_uri: str
    cloud: Cloud = Cloud.GLOBAL

    @property
    def unique_name(self) -> str:
        """The registration's own key: one a deployment."""
        return f"partner-mfa-status-{self.principal_id}"


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """Who is signed in."""

    id: str
    mail: str | None = None
    user_principal_name: str = ""

    @property
    def address(self) -> str:
        """Where they get mail."""
        return self.mail or self.user_principal_name


@dataclass(frozen=True, slots=True)
class Registrar:
    """Writes to Graph as the person who is signed in."""

    graph: GraphClient
    pause: Callable[[float], None] = time.sleep

    def person(self) -> Person | None:
        """Who is signed in; `None` for an application, as in a pipeline."""
        try:
            answer = self._ask("GET", "/me?$select=id,mail,userPrincipalName")
        except RejectedError:
            return None
        return msgspec.convert(answer, Person)

    def register(self, deployed: Deployed) -> str:
        """Create or complete the registration; return its client id."""
        path = f"/applications(uniqueName='{deployed.unique_name}')"
        self._ask("PATCH", path, _application(deployed), _UPSERT)
        found = self._ask("GET", f"{path}?$select=id,appId", is_new=True)
        app_id = str(found["appId"])
        address = f"/applications/{found['id']}"
        self._ask("PATCH", address, {"identifierUris": [f"api://{app_id}"]}, is_new=True)
        credential = f"{address}/federatedIdentityCredentials(name='function-app')"
        self._ask("PATCH", credential, _federated(deployed), _UPSERT, is_new=True)
        principal = f"/servicePrincipals(appId='{app_id}')"
        closed = {"appRoleAssignmentRequired": True, "tags": _LISTED}
        self._ask("PATCH", principal, closed, _UPSERT, is_new=True)
        return app_id

    def assign(self, app_id: str, person: Person) -> list[str]:
        """Give a person every role of the registration; return the roles."""
        url = f"/servicePrincipals(appId='{app_id}')?$select=id"
        principal = self._ask("GET", url, is_new=True)["id"]
        roles = app_roles()
        for role in roles:
            body = {"principalId": person.id, "resourceId": principal, "appRoleId": role["id"]}
            try:
                self._ask("POST", f"/servicePrincipals/{principal}/appRoleAssignedTo", body)
            except RejectedError as error:
                if "already exists" not in error.graph_message:
                    raise
        return [role["value"] for role in roles]

    def remove(self, unique_name: str) -> bool:
        """
        Remove a registration; return whether there was one.

        For good, if this person may: else Entra keeps it for thirty days, and then removes it.
        """
        try:
            found = self._ask("GET", f"/applications(uniqueName='{unique_name}')?$select=id")
        except RejectedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        self._ask("DELETE", f"/applications/{found['id']}")
        with suppress(SourceDeniedError):
            self._ask("DELETE", f"/directory/deletedItems/{found['id']}", is_new=True)
        return True

    def revoke(self, principal_id: str) -> int:
        """Take back every role that an identity has for any API; return how many."""
        path = f"/servicePrincipals/{principal_id}/appRoleAssignments"
        taken = 0
        try:
            for _ in range(TRIES):  # a page of them at a time
                rows = self._ask("GET", path)["value"]
                for row in rows:
                    self._ask("DELETE", f"{path}/{row['id']}")
                taken += len(rows)
        except RejectedError as error:
            if error.status != HTTPStatus.NOT_FOUND:  # with the identity, its roles are gone
                raise
        return taken

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        *,
        is_new: bool = False,
    ) -> dict[str, Any]:
        """
        Return Graph's answer, an empty one if it has no body.

        Tries again what may pass; of an object that was made just now, also "not found".
        """
        content = None if body is None else msgspec.json.encode(body)
        url = f"{self.graph.url}/v1.0{path}"
        for _ in range(TRIES):
            try:
                return _checked(self.graph.send(method, url, content, headers=headers))
            except (TransientError, ConnectionError, TimeoutError) as error:
                reason = str(error)
            except RejectedError as error:
                if not (is_new and error.status == HTTPStatus.NOT_FOUND):
                    raise
                reason = error.refusal
            self.pause(SECONDS_BETWEEN_TRIES)
        raise SourceIncompleteError(f"Graph failed {TRIES} times in a row ({reason}).")


def app_roles() -> list[dict[str, Any]]:
    """The registration's roles."""
    return list(msgspec.json.decode(APP_ROLES.read_bytes()))


def _checked(answer: GraphAnswer) -> dict[str, Any]:
    if answer.status == HTTPStatus.NO_CONTENT:
        return {}
    check(answer, PERMISSION)
    content = decode_any_json(answer.body, unreadable_answer)
    return content if isinstance(content, dict) else {}


def _application(deployed: Deployed) -> dict[str, Any]:
    return {
        "displayName": DISPLAY_NAME,
        "signInAudience": "AzureADMyOrg",
        "web": {
            "redirectUris": [deployed.redirect_uri],
            "implicitGrantSettings": {"enableIdTokenIssuance": True},
        },
        "appRoles": app_roles(),
        "optionalClaims": {"accessToken": [{"name": "idtyp", "essential": False}]},
    }


def _federated(deployed: Deployed) -> dict[str, Any]:
    return {
        "issuer": f"https://{deployed.cloud.authority}/{deployed.tenant_id}/v2.0",
        "subject": deployed.principal_id,
        "audiences": [f"api://AzureADTokenExchange{_AUDIENCES[deployed.cloud]}"],
    }
