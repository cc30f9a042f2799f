"""What the deployment promises: no keys, TLS, least privilege, and nobody let in unseen."""

from __future__ import annotations

import json
import re

from shared.settings import SETTINGS
from tests.infra.bicep import (
    AUTHENTICATION,
    HOST,
    INFRA,
    MAIN,
    MONITORING,
    ROLE_IDS,
    ROLES,
    SITE,
    STORAGE,
    branches,
)

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


def test_the_only_address_of_telemetry_opens_nothing_by_itself() -> None:
    insights = MONITORING.resource("Microsoft.Insights/components").body["properties"]

    assert insights["DisableLocalAuth"] is True
    assert "Authorization=AAD" in HOST.source


def test_telemetry_is_kept_for_thirty_days_and_has_a_daily_cap() -> None:
    workspace = MONITORING.resource("Microsoft.OperationalInsights/workspaces").body["properties"]

    assert workspace["retentionInDays"] == 30
    assert workspace["workspaceCapping"] == {"dailyQuotaGb": "json(dailyCapGb)"}
    assert float(MAIN.of("parameter")["dailyCapGb"].body) < 1


def test_the_storage_account_has_no_keys_no_public_blobs_and_speaks_tls() -> None:
    account = STORAGE.resource("Microsoft.Storage/storageAccounts").body["properties"]

    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["allowCrossTenantReplication"] is False
    assert account["supportsHttpsTrafficOnly"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"


def test_what_is_deleted_or_overwritten_can_be_had_back_for_a_while() -> None:
    blobs = STORAGE.resource("Microsoft.Storage/storageAccounts/blobServices").body["properties"]

    assert blobs["isVersioningEnabled"] is True
    assert blobs["deleteRetentionPolicy"]["enabled"] is True
    assert blobs["containerDeleteRetentionPolicy"]["enabled"] is True
    assert 0 < STORAGE.variable("undeleteDays") <= 14


def test_personal_data_goes_by_itself_versions_and_all() -> None:
    policy = STORAGE.resource("Microsoft.Storage/storageAccounts/managementPolicies").body
    rules = {rule["name"]: rule for rule in policy["properties"]["policy"]["rules"]}
    rule = rules["purge-personal-data"]["definition"]

    assert rule["filters"]["prefixMatch"] == "personalPrefixes"
    assert rule["actions"] == {
        "baseBlob": {"delete": {"daysAfterModificationGreaterThan": "detailRetentionDays"}},
        "version": {"delete": {"daysAfterCreationGreaterThan": "detailRetentionDays"}},
    }
    assert MAIN.of("parameter")["detailRetentionDays"].body == int(
        DEFAULTS["DETAIL_RETENTION_DAYS"]
    )
    assert all(rule["enabled"] is True for rule in rules.values())


def test_the_app_has_four_roles_each_on_one_resource() -> None:
    assert {name: one.body for name, one in ROLES.of("variable").items()} == ROLE_IDS
    assignments = [each for each in ROLES.of("resource").values() if not each.is_existing]

    assert {each.body["scope"] for each in assignments} == {"storage", "insights"}
    for each in assignments:
        assert re.fullmatch(r"guid\(\w+\.id, principalId, \w+\)", each.body["name"])
        assert each.body["properties"]["principalType"] == "ServicePrincipal"
    for name in ROLE_IDS:
        assert len(re.findall(rf"\b{name}\b", ROLES.source)) > 1, name


def test_the_roles_are_those_that_the_store_s_errors_name() -> None:
    """Owner of blobs holds Contributor and Delegator as well."""
    stores = [
        path.read_text("utf-8") for path in (INFRA.parent / "shared" / "stores").glob("azure*.py")
    ]

    assert set(re.findall(r'ROLE = "(.*)"', "".join(stores))) == {
        *("Storage Blob Data Contributor", "Storage Blob Delegator"),
        "Storage Table Data Contributor",
    }


def test_the_plan_is_flex_consumption() -> None:
    plan = HOST.resource("Microsoft.Web/serverfarms").body

    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert plan["properties"] == {"reserved": True}


def test_the_package_is_deployed_by_identity() -> None:
    storage = SITE["properties"]["functionAppConfig"]["deployment"]["storage"]

    assert storage["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": "identity.id",
    }
    assert SITE["identity"]["type"] == "UserAssigned"


def test_only_tls_is_spoken_and_no_password_publishes() -> None:
    config = SITE["properties"]["siteConfig"]
    publishing = HOST.resource("Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert SITE["properties"]["httpsOnly"] is True
    assert (config["minTlsVersion"], config["scmMinTlsVersion"]) == ("1.2", "1.2")
    assert publishing.body["properties"] == {"allow": False}
    assert "for way in ['ftp', 'scm']" in HOST.source


def test_authentication_is_always_on_and_no_path_is_left_out() -> None:
    config = AUTHENTICATION.resource("Microsoft.Web/sites/config").body
    properties = config["properties"]
    asked, left_out, usually = branches(properties["globalValidation"]["excludedPaths"])

    assert config["name"] == "authsettingsV2"
    assert properties["platform"]["enabled"] is True
    assert properties["globalValidation"]["requireAuthentication"] is True
    assert (asked, left_out, usually) == ("allowScriptKeys && hasProvider", "scriptPaths", [])
    assert MAIN.of("parameter")["allowScriptKeys"].body is False
    assert properties["httpSettings"] == {"requireHttps": True}
    assert properties["login"]["tokenStore"] == {"enabled": False}
    assert "if (" not in AUTHENTICATION.source


def test_without_a_client_id_nobody_gets_in() -> None:
    config = SITE["properties"]["siteConfig"]
    validation = AUTHENTICATION.resource("Microsoft.Web/sites/config").body["properties"]

    assert MAIN.of("parameter")["authClientId"].body == ""
    assert MAIN.of("module")["host"].body["params"]["isOpen"] == "!empty(authClientId)"
    assert config["ipSecurityRestrictionsDefaultAction"] == "isOpen ? 'Allow' : 'Deny'"
    assert re.findall(r"action: '(\w+)', ipAddress: '([^']+)'", config["ipSecurityRestrictions"]) \
        == [("Deny", "0.0.0.0/0"), ("Deny", "::/0")]  # fmt: skip
    action = validation["globalValidation"]["unauthenticatedClientAction"]
    assert action == "hasProvider ? 'RedirectToLoginPage' : 'Return401'"


def test_people_sign_in_without_any_client_secret() -> None:
    registration = AUTHENTICATION.variable("entra")["registration"]

    assert registration["clientSecretSettingName"] == "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"


def test_the_issuer_is_the_one_whose_tokens_tell_of_mfa() -> None:
    issuer = AUTHENTICATION.variable("entra")["registration"]["openIdIssuer"]

    assert issuer == "'${environment().authentication.loginEndpoint}${tenantId}/'"


def test_only_named_applications_may_call() -> None:
    policy = AUTHENTICATION.variable("entra")["validation"]["defaultAuthorizationPolicy"]

    assert policy == {"allowedApplications": "concat([clientId], scripts)"}


def test_the_app_roles_are_those_of_the_contract() -> None:
    roles = json.loads((INFRA / "app-roles.json").read_bytes())

    assert [role["value"] for role in roles] == ["Report.Read", "Report.Run", "Customers.Read"]
    assert len({role["id"] for role in roles}) == len(roles)
