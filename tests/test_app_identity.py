"""The app's own identity: one request for a token, and nothing that only other logins need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError

from bench._cold_azure import FIRST_ANSWER
from shared.app_identity import AppIdentity
from shared.service.composition import Service
from shared.settings import Settings
from shared.stores.azure.medium import AzureMedium
from shared.stores.store import Store
from tests.azurite import ACCOUNT_NAME, EmulatorCredential, running_azurite
from tests.contracts.store_examples import TENANT, metrics_row
from tests.identity_endpoint import SECRET, identity_endpoint

SCOPE = "https://storage.azure.com/.default"
CLIENT = "00000000-0000-0000-0000-000000000001"
#: What reading a stored page needs none of.
NOT_NEEDED = {
    "aiohttp",
    "msal",
    "cryptography",
    "azure.identity",
    "azure.storage",
    "msgraph",
    "httpx",
}


def test_a_token_is_asked_for_as_the_platform_expects() -> None:
    with identity_endpoint() as endpoint:
        token = AppIdentity(endpoint.url, SECRET, CLIENT).get_token(SCOPE)
        AppIdentity(endpoint.url, SECRET).get_token(SCOPE)

    assert token.token.count(".") == 2
    assert token.expires_on > 0
    plain = {"api-version": "2019-08-01", "resource": "https://storage.azure.com"}
    assert endpoint.asked == [{**plain, "client_id": CLIENT}, plain]


def test_a_number_is_a_time_too_and_a_passing_failure_is_tried_again() -> None:
    answer = json.dumps({"access_token": "x", "expires_on": 17}).encode()
    with identity_endpoint((503, b""), (200, answer)) as endpoint:
        token = AppIdentity(endpoint.url, SECRET).get_token(SCOPE)

    assert (token.token, token.expires_on, len(endpoint.asked)) == ("x", 17, 2)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, b'{"access_token": "hush"}'),
        (200, b'{"access_token": "hush", "expires_on": "soon"}'),
        (400, b'{"message": "hush: no such identity"}'),
    ],
    ids=str,
)
def test_what_is_not_a_token_is_refused_and_not_repeated(answer) -> None:
    with identity_endpoint(answer) as endpoint:
        with pytest.raises(ClientAuthenticationError, match="No token of the app's") as caught:
            AppIdentity(endpoint.url, SECRET).get_token(SCOPE)
        with pytest.raises(ClientAuthenticationError, match="it answered 401"):
            AppIdentity(endpoint.url, "wrong").get_token(SCOPE)

    assert "hush" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_endpoint_that_does_not_answer_is_an_error_of_the_sdks(monkeypatch) -> None:
    monkeypatch.setattr("shared.app_identity._RETRIES", {"retry_total": 0})
    with identity_endpoint() as endpoint:
        pass

    with pytest.raises(AzureError):
        AppIdentity(endpoint.url, SECRET).get_token(SCOPE)


def test_in_azure_the_apps_own_storage_uses_it_and_elsewhere_a_login() -> None:
    def credential(**environment: str) -> object:
        return Service(Settings({"TENANT_ID": TENANT, **environment}))._own_credential()  # noqa: SLF001

    with identity_endpoint() as endpoint:
        assert isinstance(credential(**endpoint.environment), AppIdentity)
        other = credential(IDENTITY_ENDPOINT=endpoint.url)  # of a platform with another protocol
    assert type(other).__name__ == "ManagedIdentityCredential"
    assert type(credential()).__name__ == "DefaultAzureCredential"


@pytest.mark.azurite
def test_a_first_answer_in_azure_loads_nothing_that_only_others_need() -> None:
    asked = FIRST_ANSWER.format(route="report", function="get_report")
    program = asked + "print([name for name in sys.modules])"
    with running_azurite(https=True) as azurite, identity_endpoint() as endpoint:
        options = {"connection_verify": str(azurite.certificate)}
        medium = AzureMedium.in_account(azurite.account, EmulatorCredential(), options=options)
        store = Store(medium)
        store.save_report(metrics_row(), {"page.html": b"<p>91 %</p>"})
        store.close()
        environment = {
            "TENANT_ID": TENANT,
            "STORE": "azure",
            "STORAGE_ACCOUNT_NAME": ACCOUNT_NAME,
            "TABLES_URL": azurite.tables_url,
            "BLOBS_URL": azurite.blobs_url,
            "REQUESTS_CA_BUNDLE": str(azurite.certificate),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[1]),
            **endpoint.environment,
        }
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    loaded = done.stdout.splitlines()[-1]
    assert {name for name in NOT_NEEDED if f"'{name}" in loaded} == set()
    assert len(endpoint.asked) == 2, "one token for tables, and one for blobs"
