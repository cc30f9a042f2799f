"""What the deployment promises: no keys, TLS, least privilege, and nobody let in unseen."""

from __future__ import annotations

import json
import re

import pytest

from shared.settings import SETTINGS
from tests.infra.bicep import CLOUDS, INFRA, ROLE_IDS, ROOT, TENANT, deployment, template

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
APP = "44444444-0000-4000-8000-000000000001"


def sign_in(cloud="AzureCloud", **values):
    """What an open site asks Entra for."""
    found = deployment(cloud, authClientId=APP, **values)
    return found.authentication["identityProviders"]["azureActiveDirectory"]


def test_the_only_address_of_telemetry_opens_nothing_by_itself() -> None:
    found = deployment()

    assert found.properties("Microsoft.Insights/components")["DisableLocalAuth"] is True
    authentication = found.settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]
    assert authentication.endswith(";Authorization=AAD")


def test_telemetry_is_kept_for_thirty_days_and_has_a_daily_cap() -> None:
    workspace = deployment().properties("Microsoft.OperationalInsights/workspaces")

    assert workspace["retentionInDays"] == 30
    assert 0 < workspace["workspaceCapping"]["dailyQuotaGb"] < 1


def test_the_storage_account_has_no_keys_no_public_blobs_and_speaks_tls() -> None:
    account = deployment().account

    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["allowCrossTenantReplication"] is False
    assert account["supportsHttpsTrafficOnly"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"


def test_what_is_deleted_or_overwritten_can_be_had_back_for_a_while() -> None:
    blobs = deployment().properties("Microsoft.Storage/storageAccounts/blobServices")

    assert blobs["isVersioningEnabled"] is True
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        assert blobs[policy]["enabled"] is True
        assert 0 < blobs[policy]["days"] <= 14


@pytest.mark.parametrize("days", [int(DEFAULTS["DETAIL_RETENTION_DAYS"]), 365])
def test_personal_data_goes_by_itself_versions_and_all(days) -> None:
    found = deployment(detailRetentionDays=days)
    policy = found.properties("Microsoft.Storage/storageAccounts/managementPolicies")["policy"]
    rules = {rule["name"]: rule for rule in policy["rules"]}
    rule = rules["purge-personal-data"]["definition"]
    containers = found.all("Microsoft.Storage/storageAccounts/blobServices/containers")
    kept = {each["name"].split("/")[-1] for each in containers} - {"app-package"}

    assert sorted(rule["filters"]["prefixMatch"]) == sorted(f"{name}/" for name in kept)
    assert rule["actions"] == {
        "baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}},
        "version": {"delete": {"daysAfterCreationGreaterThan": days}},
    }
    assert found.settings["DETAIL_RETENTION_DAYS"] == str(days)
    assert all(rule["enabled"] is True for rule in rules.values())


def test_the_retention_is_the_app_s_own_unless_another_is_asked_for() -> None:
    settings = deployment().settings

    assert settings["DETAIL_RETENTION_DAYS"] == DEFAULTS["DETAIL_RETENTION_DAYS"]


def test_the_app_has_four_roles_each_on_one_resource() -> None:
    found = deployment()
    scopes = {
        found.one("Microsoft.Storage/storageAccounts")["id"]: "Storage",
        found.one("Microsoft.Insights/components")["id"]: "Monitoring",
    }
    given = {
        assignment["properties"]["roleDefinitionId"].split("/")[-1]: scopes[
            assignment["id"].split("/providers/Microsoft.Authorization/")[0]
        ]
        for assignment in found.all("Microsoft.Authorization/roleAssignments")
    }

    assert given == {role: name.split()[0] for name, role in ROLE_IDS.items()}


def test_the_roles_are_those_that_the_store_s_errors_name() -> None:
    """Contributor of blobs holds what Delegator has, and cannot delete versions for good."""
    stores = [path.read_text("utf-8") for path in (ROOT / "shared" / "stores").rglob("*.py")]

    assert set(re.findall(r'ROLE = "(.*)"', "".join(stores))) == {
        *("Storage Blob Data Contributor", "Storage Blob Delegator"),
        *("Storage Table Data Contributor", "Storage Queue Data Contributor"),
    }


def test_the_plan_is_flex_consumption() -> None:
    plan = deployment().one("Microsoft.Web/serverfarms")

    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert plan["properties"] == {"reserved": True}


def test_the_package_is_deployed_by_identity() -> None:
    found = deployment()
    identity = found.one("Microsoft.ManagedIdentity/userAssignedIdentities")["id"]
    storage = found.site["functionAppConfig"]["deployment"]["storage"]
    container = storage["value"].split("/")[-1]

    assert storage["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity,
    }
    assert found.one("Microsoft.Web/sites")["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": {identity: {}},
    }
    assert found.one("Microsoft.Storage/storageAccounts/blobServices/containers", container)


def test_only_tls_is_spoken_and_no_password_publishes() -> None:
    found = deployment()
    config = found.site["siteConfig"]
    publishing = found.all("Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert found.site["httpsOnly"] is True
    assert (config["minTlsVersion"], config["scmMinTlsVersion"]) == ("1.2", "1.2")
    assert {each["name"].split("/")[-1] for each in publishing} == {"ftp", "scm"}
    assert all(each["properties"] == {"allow": False} for each in publishing)


@pytest.mark.parametrize("client_id", [APP, ""])
def test_authentication_is_always_on_and_no_path_but_the_probe_s_is_left_out(client_id) -> None:
    properties = deployment(authClientId=client_id).authentication
    left_out = ["/api/probe"] if client_id else []

    assert properties["platform"]["enabled"] is True
    assert properties["globalValidation"]["requireAuthentication"] is True
    assert properties["globalValidation"]["excludedPaths"] == left_out
    assert properties["httpSettings"] == {"requireHttps": True}
    assert properties["login"]["tokenStore"] == {"enabled": False}
    assert "condition" not in template()["resources"]["authentication"]


def test_without_a_client_id_nobody_gets_in() -> None:
    found = deployment()
    config = found.site["siteConfig"]

    assert template()["parameters"]["authClientId"]["defaultValue"] == ""
    assert config["ipSecurityRestrictionsDefaultAction"] == "Deny"
    assert [(each["action"], each["ipAddress"]) for each in config["ipSecurityRestrictions"]] == [
        *(("Deny", "0.0.0.0/0"), ("Deny", "::/0")),
    ]
    validation = found.authentication["globalValidation"]
    assert validation["unauthenticatedClientAction"] == "Return401"
    assert found.authentication["identityProviders"] == {}


def test_with_a_client_id_people_are_sent_to_sign_in() -> None:
    found = deployment(authClientId=APP)

    assert found.site["siteConfig"]["ipSecurityRestrictionsDefaultAction"] == "Allow"
    validation = found.authentication["globalValidation"]
    assert validation["unauthenticatedClientAction"] == "RedirectToLoginPage"
    assert validation["redirectToProvider"] == "azureactivedirectory"


def test_people_sign_in_without_any_client_secret() -> None:
    registration = sign_in()["registration"]

    assert registration["clientId"] == APP
    assert registration["clientSecretSettingName"] == "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"


def test_a_secret_in_the_vault_takes_the_place_of_the_federated_credential_if_asked_for() -> None:
    name = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
    found = deployment(authClientId=APP, secretSettings=[name])

    registration = sign_in(secretSettings=[name])["registration"]
    assert registration["clientSecretSettingName"] == name
    assert found.settings[name].endswith(f";SecretName={name.replace('_', '-')})")
    assert sign_in(secretSettings=["SMTP_PASSWORD"]) == sign_in()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_issuer_is_the_one_whose_tokens_tell_of_mfa(cloud) -> None:
    login, *_ = CLOUDS[cloud]

    assert sign_in(cloud)["registration"]["openIdIssuer"] == f"{login}{TENANT}/"


def test_only_named_applications_may_call() -> None:
    validation = sign_in(scriptClientIds="a;b")["validation"]

    assert validation["defaultAuthorizationPolicy"] == {"allowedApplications": [APP, "a", "b"]}
    assert validation["allowedAudiences"] == [APP, f"api://{APP}"]


def test_the_app_roles_are_those_of_the_contract() -> None:
    roles = json.loads((INFRA / "app-roles.json").read_bytes())

    assert [role["value"] for role in roles] == ["Report.Read", "Report.Run", "Customers.Read"]
    assert len({role["id"] for role in roles}) == len(roles)
