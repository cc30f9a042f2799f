"""What is made only where it is asked for: a private network, and a vault for secrets."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

import pytest

from shared.settings import SETTINGS
from tests.infra.bicep import (
    CLOUDS,
    FILES,
    VAULT_ROLE_ID,
    deployment,
    module,
    parameters_file,
    template,
)

SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}
VAULT = "Microsoft.KeyVault/vaults"
PRIVATE = {"privateNetwork": "true"}
SECRET = {"secretSettings": ["SMTP_PASSWORD"]}

#: What the zone of a vault's private names is called in each cloud (Azure Private Link, DNS zones).
VAULT_ZONES = {
    "AzureCloud": "privatelink.vaultcore.azure.net",
    "AzureUSGovernment": "privatelink.vaultcore.usgovcloudapi.net",
    "AzureChinaCloud": "privatelink.vaultcore.azure.cn",
}


def keeper(**values):
    return deployment(**SECRET, **values).properties(VAULT)


def virtual_network():
    return deployment(**PRIVATE).properties("Microsoft.Network/virtualNetworks")


def test_a_network_and_a_vault_are_made_only_where_they_are_asked_for() -> None:
    plain = {resource["type"] for resource in deployment().resources}

    assert {VAULT} == {each["type"] for each in deployment(**SECRET).resources} - plain
    extra = {each["type"] for each in deployment(**PRIVATE).resources} - plain
    assert {each.split("/")[0] for each in extra} == {"Microsoft.Network"}
    assert template()["parameters"]["privateNetwork"]["defaultValue"] == ""
    assert template()["parameters"]["secretSettings"]["defaultValue"] == []
    assert parameters_file()["secretSettings"] == []


def test_nothing_within_a_module_hangs_on_a_condition_of_its_own() -> None:
    for path in FILES:
        if path.stem != "main":
            found = module(path.stem)["resources"]
            resources = found if isinstance(found, list) else found.values()
            assert not any("condition" in resource for resource in resources), path


def test_without_a_private_network_storage_stands_as_it_did_before_there_was_one() -> None:
    found = deployment()

    assert found.account["publicNetworkAccess"] == "Enabled"
    assert found.account["networkAcls"] == {"defaultAction": "Allow", "bypass": "AzureServices"}
    assert found.site["virtualNetworkSubnetId"] is None


def test_a_private_network_shuts_the_public_address_of_what_it_leads_to() -> None:
    account, vault = deployment(**PRIVATE, **SECRET).account, keeper(**PRIVATE)

    for service in (account, vault):
        assert service["publicNetworkAccess"] == "Disabled"
        assert service["networkAcls"]["defaultAction"] == "Deny"
        assert service["networkAcls"]["bypass"] == "None"
    assert vault["networkAcls"]["ipRules"] == []
    assert keeper()["networkAcls"] == vault["networkAcls"] | {"defaultAction": "Allow"}


@pytest.mark.parametrize("secret", [{}, SECRET], ids=["without a vault", "with a vault"])
def test_each_part_of_storage_has_a_door_and_so_has_a_vault_if_there_is_one(secret) -> None:
    found = deployment(**PRIVATE, **secret)
    kept = {
        each["id"] for each in [found.one("Microsoft.Storage/storageAccounts"), *found.all(VAULT)]
    }

    doors = [
        each["properties"]["privateLinkServiceConnections"][0]["properties"]
        for each in found.all("Microsoft.Network/privateEndpoints")
    ]

    used = re.findall(r"__(\w+)ServiceUri", " ".join(found.settings))
    assert [each["groupIds"] for each in doors] == [
        *([part] for part in sorted(used)),
        *(["vault"] for _ in secret),
    ]
    assert {each["privateLinkServiceId"] for each in doors} == kept


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_zones_are_called_as_each_cloud_wants_them(cloud) -> None:
    found = deployment(cloud, **PRIVATE, **SECRET)

    zones = [zone["name"] for zone in found.all("Microsoft.Network/privateDnsZones")]
    suffix = CLOUDS[cloud][1]
    assert zones == [
        *(f"privatelink.{part}.{suffix}" for part in ("blob", "queue", "table")),
        VAULT_ZONES[cloud],
    ]


def test_every_door_has_its_endpoint_zone_link_and_record() -> None:
    found = deployment(**PRIVATE, **SECRET)
    network = found.one("Microsoft.Network/virtualNetworks")
    endpoints = found.all("Microsoft.Network/privateEndpoints")
    zones = found.all("Microsoft.Network/privateDnsZones")
    links = found.all("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
    records = found.all("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")

    assert len(endpoints) == len(zones) == len(links) == len(records) == 4
    for endpoint, zone, link, record in zip(endpoints, zones, links, records, strict=True):
        service = endpoint["name"].split("-")[-1]
        assert endpoint["properties"]["subnet"] == {"id": f"{network['id']}/subnets/endpoints"}
        assert zone["name"].startswith(f"privatelink.{service}")
        assert link["id"].startswith(zone["id"] + "/")
        assert link["properties"]["virtualNetwork"] == {"id": network["id"]}
        assert link["properties"]["registrationEnabled"] is False
        assert record["id"].startswith(endpoint["id"] + "/")
        (names,) = record["properties"]["privateDnsZoneConfigs"]
        assert names["properties"] == {"privateDnsZoneId": zone["id"]}


def test_the_app_s_subnet_is_its_own_large_enough_and_called_as_the_plan_wants() -> None:
    network = virtual_network()
    subnets = {each["name"]: each["properties"] for each in network["subnets"]}
    (space,) = map(IPv4Network, network["addressSpace"]["addressPrefixes"])
    delegated = {name for name, one in subnets.items() if "delegations" in one}
    ranges = {name: IPv4Network(one["addressPrefix"]) for name, one in subnets.items()}

    assert delegated == {"app"}
    assert subnets["app"]["delegations"][0]["properties"] == {
        "serviceName": "Microsoft.App/environments"
    }
    assert ranges.keys() == {"app", "endpoints"}
    assert ranges["app"].prefixlen <= 27
    assert all(each.subnet_of(space) and each.is_private for each in ranges.values())
    assert not ranges["app"].overlaps(ranges["endpoints"])
    assert not any("_" in name for name in ranges)


def test_the_app_leaves_by_the_delegated_subnet_of_that_very_network() -> None:
    found = deployment(**PRIVATE)
    network = found.one("Microsoft.Network/virtualNetworks")

    assert found.site["virtualNetworkSubnetId"] == f"{network['id']}/subnets/app"


def test_the_host_waits_until_it_can_reach_everything() -> None:
    modules = template()["resources"]

    assert {"roles", "vault", "network"} <= set(modules["host"]["dependsOn"])
    assert {"vault", "storage"} <= set(modules["network"]["dependsOn"])


def test_a_vault_is_opened_by_roles_alone_and_nothing_in_it_is_destroyed_at_once() -> None:
    vault = keeper()

    assert vault["enableRbacAuthorization"] is True
    assert vault["accessPolicies"] == []
    assert vault["enableSoftDelete"] is True
    assert vault["enablePurgeProtection"] is True
    assert 7 <= vault["softDeleteRetentionInDays"] <= 90


def test_only_the_app_may_read_secrets_and_it_may_do_nothing_else_to_them() -> None:
    found = deployment(**SECRET)
    vault = found.one(VAULT)["id"]

    (assignment,) = (
        each
        for each in found.all("Microsoft.Authorization/roleAssignments")
        if each["id"].startswith(vault + "/")
    )
    role = assignment["properties"]["roleDefinitionId"].split("/")[-1]
    assert role == VAULT_ROLE_ID["Key Vault Secrets User"]


def test_no_secret_passes_through_a_template() -> None:
    for path in FILES:
        source = path.read_text("utf-8")
        assert "Microsoft.KeyVault/vaults/" not in source, path
        assert "@secure" not in source, path


def test_a_secret_setting_is_a_reference_to_the_vault_s_secret_of_its_name() -> None:
    found = deployment(secretSettings=["SMTP_PASSWORD", "TEAMS_WEBHOOK_URL"])
    vault = found.one(VAULT)["name"]

    for name in ("SMTP_PASSWORD", "TEAMS_WEBHOOK_URL"):
        secret = name.replace("_", "-")
        assert found.settings[name] == (
            f"@Microsoft.KeyVault(VaultName={vault};SecretName={secret})"
        )
    identity = found.one("Microsoft.ManagedIdentity/userAssignedIdentities")["id"]
    assert found.site["keyVaultReferenceIdentity"] == identity
    for name in SECRETS:
        assert re.fullmatch("[0-9A-Za-z-]{1,127}", name.replace("_", "-")), name


def test_a_secret_wins_over_a_plain_setting_of_its_name() -> None:
    found = deployment(**SECRET, settings={"SMTP_PASSWORD": "in plain text"})

    assert found.settings["SMTP_PASSWORD"].startswith("@Microsoft.KeyVault(")


def test_the_vault_has_one_name_that_is_not_too_long() -> None:
    found = deployment(**PRIVATE, **SECRET)
    name = found.one(VAULT)["name"]

    assert re.fullmatch("[a-z][a-z0-9-]{1,22}[a-z0-9]", name)
    assert found.outputs["KEY_VAULT_NAME"] == name
    assert deployment().outputs["KEY_VAULT_NAME"] == ""
