"""What the Bicep compiler makes of infra/, and what Azure would make of that."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.infra import compiler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
FILES = sorted(INFRA.rglob("*.bicep"))

#: What every deployment is given.
NAMES = {"environmentName": "mfa-status", "location": "westeurope"}
TENANT = "33333333-0000-4000-8000-000000000001"
SUBSCRIPTION = "33333333-0000-4000-8000-000000000002"
PRINCIPAL_ID = "33333333-0000-4000-8000-000000000003"
CLIENT_ID = "33333333-0000-4000-8000-000000000004"

#: What only Azure knows, by the property that the template reads from a resource.
_RUNTIME = {
    "principalId": PRINCIPAL_ID,
    "clientId": CLIENT_ID,
    "ConnectionString": "InstrumentationKey=33333333-0000-4000-8000-000000000005",
    "defaultHostName": "func-mfa.test.example",
    "primaryEndpoints.blob": "https://store.blob.test.example/",
    "primaryEndpoints.queue": "https://store.queue.test.example/",
    "primaryEndpoints.table": "https://store.table.test.example/",
}

#: `environment()` in each cloud: where to sign in, and how names of storage and of vaults end.
CLOUDS = {
    "AzureCloud": ("https://login.microsoftonline.com/", "core.windows.net", ".vault.azure.net"),
    "AzureUSGovernment": (
        *("https://login.microsoftonline.us/", "core.usgovcloudapi.net"),
        ".vault.usgovcloudapi.net",
    ),
    "AzureChinaCloud": (
        *("https://login.partner.microsoftonline.cn/", "core.chinacloudapi.cn"),
        ".vault.azure.cn",
    ),
}


class RefusedError(Exception):
    """The deployment would be refused; the message is the compiler's or the template's."""


@dataclass(frozen=True)
class Deployment:
    """What Azure would be asked to make, every expression worked out."""

    resources: list[dict[str, Any]]
    outputs: dict[str, str]

    def all(self, type_name: str) -> list[dict[str, Any]]:
        return [each for each in self.resources if each["type"] == type_name]

    def one(self, type_name: str, name: str = "") -> dict[str, Any]:
        """The only resource of a type, or the only one whose name ends like this."""
        (found,) = (each for each in self.all(type_name) if each["name"].endswith(name))
        return found

    def properties(self, type_name: str, name: str = "") -> Any:
        return self.one(type_name, name)["properties"]

    @property
    def settings(self) -> dict[str, str]:
        return dict(self.properties("Microsoft.Web/sites/config", "appsettings"))

    @property
    def authentication(self) -> Any:
        return self.properties("Microsoft.Web/sites/config", "authsettingsV2")

    @property
    def site(self) -> Any:
        return self.properties("Microsoft.Web/sites")

    @property
    def account(self) -> Any:
        return self.properties("Microsoft.Storage/storageAccounts")


@cache
def template() -> dict[str, Any]:
    """The template that main.bicep compiles to."""
    answer = compiler.request("compile", INFRA / "main.bicep")
    assert answer["diagnostics"] == []
    return dict(json.loads(answer["contents"]))


def module(name: str) -> Any:
    """The template that a module compiles to."""
    return template()["resources"][name]["properties"]["template"]


def deployment(cloud: str = "AzureCloud", /, **values: Any) -> Deployment:
    """What these parameters deploy. Raises `RefusedError`."""
    return _deployment(cloud, json.dumps(NAMES | values))


@cache
def _deployment(cloud: str, values: str) -> Deployment:
    with TemporaryDirectory() as name:
        folder = Path(name)
        known = json.dumps(_with_runtime(template(), cloud))
        (folder / "main.json").write_text(known, encoding="utf-8")
        (folder / "values.json").write_text(values, encoding="utf-8")
        lines = [
            f"param {each} = loadJsonContent('values.json').{each}" for each in json.loads(values)
        ]
        parameters = folder / "main.bicepparam"
        parameters.write_text("\n".join(["using 'main.json'", *lines]), encoding="utf-8")
        return _snapshot(parameters)


def _snapshot(parameters: Path) -> Deployment:
    checked = compiler.request("compileParams", parameters, parameterOverrides={})
    if not checked["success"]:
        raise RefusedError("; ".join(each["message"] for each in checked["diagnostics"]))
    scope = {"tenantId": TENANT, "subscriptionId": SUBSCRIPTION, "deploymentName": "test"}
    metadata = scope | {"location": NAMES["location"]}
    try:
        answer = compiler.request("getSnapshot", parameters, metadata=metadata)
    except compiler.FailedError as error:
        raise RefusedError(str(error)) from None
    found = json.loads(answer["snapshot"])
    assert found["diagnostics"] == []
    return Deployment(found["predictedResources"], found["outputs"])


def _with_runtime(part: Any, cloud: str) -> Any:
    """A template in which what only Azure knows is a constant."""
    if isinstance(part, dict):
        return {key: _with_runtime(value, cloud) for key, value in part.items()}
    if isinstance(part, list):
        return [_with_runtime(each, cloud) for each in part]
    if not isinstance(part, str) or not part.startswith("["):
        return part
    known = re.sub(
        r"reference\('\w+'\)\.(primaryEndpoints\.\w+|(?!outputs)\w+)",
        lambda matched: f"string('{_RUNTIME[matched[1]]}')",
        part,
    )
    return known.replace("environment()", _environment(cloud))


def _environment(cloud: str) -> str:
    login, storage, vaults = CLOUDS[cloud]
    suffixes = f"createObject('storage', '{storage}', 'keyvaultDns', '{vaults}')"
    authentication = f"createObject('loginEndpoint', '{login}')"
    return (
        f"createObject('name', '{cloud}', 'suffixes', {suffixes}, "
        f"'authentication', {authentication})"
    )


def parameters_file() -> dict[str, Any]:
    """The values that azd takes from infra/main.parameters.json, by parameter."""
    given = json.loads((INFRA / "main.parameters.json").read_bytes())["parameters"]
    return {name: one["value"] for name, one in given.items()}


def azd_values(variables: Mapping[str, str]) -> dict[str, Any]:
    """
    The parameters that azd makes of its variables, as its armParameterFileValue does.

    A Boolean or a number that cannot be read, and a text that is empty where the default is, are
    left out, so that the parameter's default applies.
    """
    known = {"AZURE_ENV_NAME": NAMES["environmentName"], "AZURE_LOCATION": NAMES["location"]}
    return dict(_azd_values(known | dict(variables)))


def _azd_values(variables: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, written in parameters_file().items():
        parameter = template()["parameters"][name]
        if not isinstance(written, str):
            yield name, written
            continue
        value = re.sub(r"\$\{(\w+)\}", lambda matched: variables.get(matched[1], ""), written)
        if parameter["type"] == "bool":
            if value.lower() in ("true", "t", "1", "false", "f", "0"):
                yield name, value.lower() in ("true", "t", "1")
        elif value or parameter.get("defaultValue", value) != value:
            yield name, value


def walk(found: Any) -> Iterator[tuple[str, Any]]:
    """Every key and its value, however deep."""
    if isinstance(found, dict):
        for key, content in found.items():
            yield key, content
            yield from walk(content)
    elif isinstance(found, list):
        for each in found:
            yield from walk(each)


#: Roles by the ids that Azure gives them everywhere.
ROLE_IDS = {
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
VAULT_ROLE_ID = {"Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6"}
