"""What many sets of values deploy, read as Azure would read it before it makes anything."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from shared.settings import SETTINGS
from tests.infra.bicep import PRINCIPAL_ID, deployment, module, template, walk

APP = "44444444-0000-4000-8000-000000000001"
SCRIPT = "44444444-0000-4000-8000-000000000002"
OPEN = {"authClientId": APP}
PRIVATE = {"privateNetwork": "true"}
MAIL = {
    "reportSender": "mfa-status@contoso.com",
    "reportRecipients": "a@contoso.com; b@contoso.com",
}
SMTP = {"MAILER": "smtp", "SMTP_HOST": "smtp.contoso.com", "SMTP_USER": "mfa-status@contoso.com"}
LOGS = {
    "SIGNIN_SOURCE": "diagnostics",
    "DIAGNOSTICS_ACCOUNT_URL": "https://logs.blob.core.windows.net",
}
#: Parameters, as azd or the parameters file gives them.
SETS = {
    "defaults": {},
    "open": OPEN,
    "closed network": OPEN | PRIVATE,
    "closed network, two secrets": {
        **(OPEN | PRIVATE),
        "secretSettings": ["TEAMS_WEBHOOK_URL", "SMTP_PASSWORD"],
    },
    "alerts": {**OPEN, "alertRecipients": "a@contoso.com; b@contoso.com"},
    "alerts of a closed site": {"alertRecipients": "a@contoso.com"},
    "mail": OPEN | MAIL,
    "mail over SMTP": {**MAIL, "settings": SMTP, "secretSettings": ["SMTP_PASSWORD"]},
    "diagnostics": {**OPEN, "settings": LOGS},
    "script keys": {**OPEN, "allowScriptKeys": "true"},
    "script keys of a closed site": {"allowScriptKeys": "true"},
    "scripts": {**OPEN, "scriptClientIds": f" {SCRIPT}; ;{APP};"},
    "longest name": {
        **PRIVATE,
        "environmentName": "e" * 40,
        "secretSettings": ["TEAMS_WEBHOOK_URL"],
    },
    "exceptions": {"exceptionsFile": "exceptions-2026.json"},
    "own values": {
        "detailRetentionDays": 365,
        "instanceMemoryMB": 4096,
        "dailyCapGb": "1",
        "storageSku": "Standard_GRS",
        "settings": {"SETTLE_DAYS": "3", "MAILER": "outbox"},
    },
    "blank variables": dict.fromkeys(
        ("authClientId", "scriptClientIds", "reportSender", "reportRecipients", "exceptionsFile"),
        " ",
    ),
}

_HYPHENATED = r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*"

#: Azure's rules for names (Naming rules and restrictions for Azure resources), and, for a site,
#: the 32 characters that tell one Functions host from another.
NAME_RULES = {
    "Microsoft.Authorization/roleAssignments": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Microsoft.Insights/actionGroups": r"[\w.()-]{0,259}[\w()-]",
    "Microsoft.Insights/components": r"[\w.()-]{0,254}[\w()-]",
    "Microsoft.Insights/metricAlerts": r"[\w.()-]{0,259}[\w()-]",
    "Microsoft.Insights/scheduledQueryRules": r"[\w.()-]{0,259}[\w()-]",
    "Microsoft.Insights/webtests": r"[\w.()-]{0,259}[\w()-]",
    "Microsoft.Insights/workbooks": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Microsoft.KeyVault/vaults": r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-z0-9][\w-]{2,127}",
    "Microsoft.Network/privateDnsZones": r"([a-z0-9-]{1,63}\.){2,34}[a-z]+",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": r"[a-z0-9][\w.-]{0,78}\w",
    "Microsoft.Network/privateEndpoints": r"[a-z0-9][\w.-]{0,62}\w",
    "Microsoft.Network/virtualNetworks": r"[a-z0-9][\w.-]{0,62}\w",
    "Microsoft.OperationalInsights/workspaces": r"[a-z0-9][a-z0-9-]{2,61}[a-z0-9]",
    "Microsoft.Resources/resourceGroups": r"[\w.()-]{0,89}[\w()-]",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": _HYPHENATED,
    "Microsoft.Storage/storageAccounts/queueServices/queues": _HYPHENATED,
    "Microsoft.Storage/storageAccounts/tableServices/tables": r"[a-z][a-z0-9]{2,62}",
    "Microsoft.Web/serverfarms": r"[\w-]{1,60}",
    "Microsoft.Web/sites": r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]",
}

#: Resources whose names Azure prescribes.
FIXED_NAMES = {
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": {"default"},
    "Microsoft.Storage/storageAccounts/blobServices": {"default"},
    "Microsoft.Storage/storageAccounts/managementPolicies": {"default"},
    "Microsoft.Storage/storageAccounts/queueServices": {"default"},
    "Microsoft.Storage/storageAccounts/tableServices": {"default"},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"ftp", "scm"},
    "Microsoft.Web/sites/config": {"appsettings", "authsettingsV2"},
}

each_set = pytest.mark.parametrize("values", SETS.values(), ids=SETS.keys())


@each_set
def test_every_name_is_one_that_azure_takes(values) -> None:
    for resource in deployment(**values).resources:
        kind, name = resource["type"], resource["name"].split("/")[-1]
        if kind in FIXED_NAMES:
            assert name in FIXED_NAMES[kind]
        else:
            assert re.fullmatch(NAME_RULES[kind], name), (kind, name)


@each_set
def test_every_expression_is_worked_out(values) -> None:
    """What could not be would escape the other tests."""
    found = deployment(**values)

    texts = [each for _, each in walk([found.resources, found.outputs]) if isinstance(each, str)]
    assert [text for text in texts if text.startswith("[")] == []


@each_set
def test_nothing_is_made_twice(values) -> None:
    found = deployment(**values)

    for ids in (
        [resource["id"].lower() for resource in found.resources],
        [assignment["name"] for assignment in found.all("Microsoft.Authorization/roleAssignments")],
        [name.lower() for name in found.settings],
    ):
        assert Counter(ids).most_common(1)[0][1] == 1


@each_set
def test_every_setting_is_a_text_that_is_not_blank(values) -> None:
    for name, text in deployment(**values).settings.items():
        assert isinstance(text, str), name
        assert text.strip(), name


@each_set
def test_the_app_takes_every_setting(values) -> None:
    deployed = resolved(deployment(**values).settings)

    for setting in SETTINGS:
        setting.read(deployed)


def resolved(settings):
    """Settings as the app sees them: the platform puts secrets in the place of references."""
    secrets = {"TEAMS_WEBHOOK_URL": "https://prod.westeurope.logic.azure.com/w?sig=x"}
    return {
        name: secrets.get(name, "secret") if text.startswith("@Microsoft.KeyVault(") else text
        for name, text in settings.items()
    }


@each_set
def test_a_site_without_sign_in_is_closed_twice_and_stays_so(values) -> None:
    found = deployment(**values)
    config, validation = found.site["siteConfig"], found.authentication["globalValidation"]
    is_open = bool(values.get("authClientId", "").strip())

    assert found.authentication["platform"]["enabled"] is True
    assert validation["requireAuthentication"] is True
    assert config["ipSecurityRestrictionsDefaultAction"] == ("Allow" if is_open else "Deny")
    assert bool(config["ipSecurityRestrictions"]) is not is_open
    if not is_open:
        assert validation["unauthenticatedClientAction"] == "Return401"
        assert found.authentication["identityProviders"] == {}
        assert validation["excludedPaths"] == []
        assert "SCRIPT_KEYS" not in found.settings


@each_set
def test_a_private_network_leaves_no_public_address_of_what_is_stored(values) -> None:
    found = deployment(**values)
    stores = [
        found.account,
        *(vault["properties"] for vault in found.all("Microsoft.KeyVault/vaults")),
    ]
    is_private = values.get("privateNetwork") == "true"

    for store in stores:
        assert store["publicNetworkAccess"] == ("Disabled" if is_private else "Enabled")
        assert store["networkAcls"]["defaultAction"] == ("Deny" if is_private else "Allow")
    endpoints = found.all("Microsoft.Network/privateEndpoints")
    assert len(endpoints) == (2 + len(stores) if is_private else 0)
    assert bool(found.site["virtualNetworkSubnetId"]) is is_private
    assert found.settings.get("REPORT_LINKS", "true") == ("false" if is_private else "true")


@each_set
def test_every_role_is_the_app_s_and_no_wider_than_one_resource(values) -> None:
    found = deployment(**values)
    made = {resource["id"] for resource in found.resources}

    for assignment in found.all("Microsoft.Authorization/roleAssignments"):
        scope = assignment["id"].split("/providers/Microsoft.Authorization/")[0]
        assert scope in made
        assert not scope.endswith(values.get("environmentName", "mfa-status"))
        assert assignment["properties"]["principalId"] == PRINCIPAL_ID
        assert assignment["properties"]["principalType"] == "ServicePrincipal"


def waited_for(name):
    """Every module that is whole before this one begins."""
    direct = template()["resources"][name].get("dependsOn", [])
    return set(direct).union(*map(waited_for, direct))


def test_storage_roles_secrets_and_network_are_there_before_the_site() -> None:
    assert waited_for("host") == {
        *("group", "storage", "monitoring", "identity", "roles", "vault", "network"),
    }
    assert "vault" in waited_for("network")
    assert "Microsoft.Web/sites" in str(module("host")["resources"])
    assert "Microsoft.Storage/storageAccounts/blobServices/containers" in str(
        module("storage")["resources"]
    )
    assert "Microsoft.Authorization/roleAssignments" in str(module("roles")["resources"])


def test_a_site_is_changed_by_one_resource_at_a_time() -> None:
    resources = module("host")["resources"]

    assert resources["appSettings"]["dependsOn"].count("site") == 1
    assert "appSettings" in resources["ftpPublishing"]["dependsOn"]
    assert "ftpPublishing" in resources["scmPublishing"]["dependsOn"]
