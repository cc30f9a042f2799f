"""What is made only where it is asked for: a private network, and a vault for secrets."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Network

import pytest

from shared.settings import SETTINGS
from tests.infra.bicep import (
    FILES,
    HOST,
    INFRA,
    MAIN,
    NETWORK,
    SITE,
    STORAGE,
    VAULT,
    VAULT_ROLE_ID,
    arguments,
    branches,
)

SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}
MODULES = MAIN.of("module")
ACCOUNT = STORAGE.resource("Microsoft.Storage/storageAccounts").body["properties"]
KEEPER = VAULT.resource("Microsoft.KeyVault/vaults").body["properties"]
VIRTUAL = NETWORK.resource("Microsoft.Network/virtualNetworks").body["properties"]
SUBNETS = {each["name"]: each["properties"] for each in VIRTUAL["subnets"]}

#: How Azure's clouds end the names of storage and of vaults (Bicep, ``environment().suffixes``),
#: and what the zone of a vault's private names is called there (Azure Private Link, DNS zones).
CLOUDS = {
    "core.windows.net": (".vault.azure.net", "privatelink.vaultcore.azure.net"),
    "core.usgovcloudapi.net": (
        ".vault.usgovcloudapi.net",
        "privatelink.vaultcore.usgovcloudapi.net",
    ),
    "core.chinacloudapi.cn": (".vault.azure.cn", "privatelink.vaultcore.azure.cn"),
}


def test_a_network_and_a_vault_are_made_only_where_they_are_asked_for() -> None:
    parameters = MAIN.of("parameter")

    conditions = {name: module.condition for name, module in MODULES.items() if module.condition}

    assert conditions == {"vault": "hasVault", "network": "privateNetwork"}
    assert MAIN.variable("hasVault") == "!empty(secretSettings)"
    assert parameters["privateNetwork"].body is False
    assert parameters["secretSettings"].body == []
    given = json.loads((INFRA / "main.parameters.json").read_bytes())["parameters"]
    assert given["secretSettings"] == {"value": []}


def test_nothing_within_a_module_hangs_on_a_condition_of_its_own() -> None:
    for path, file in FILES.items():
        if path != "main.bicep":
            assert {each.condition for each in file.declarations} == {""}, path


def test_without_a_private_network_storage_stands_as_it_did_before_there_was_one() -> None:
    asked = [
        branches(ACCOUNT["publicNetworkAccess"]),
        branches(ACCOUNT["networkAcls"]["defaultAction"]),
        branches(ACCOUNT["networkAcls"]["bypass"]),
    ]

    assert [without for _, _, without in asked] == ["Enabled", "Allow", "AzureServices"]
    assert branches(SITE["properties"]["virtualNetworkSubnetId"])[2] == "null"


def test_a_private_network_shuts_the_public_address_of_what_it_leads_to() -> None:
    for service in (ACCOUNT, KEEPER):
        asked, private, _ = branches(service["publicNetworkAccess"])
        assert (asked, private) == ("isPrivate", "Disabled")
        asked, private, _ = branches(service["networkAcls"]["defaultAction"])
        assert (asked, private) == ("isPrivate", "Deny")
    assert branches(ACCOUNT["networkAcls"]["bypass"])[:2] == ("isPrivate", "None")
    assert KEEPER["networkAcls"]["bypass"] == "None"
    assert KEEPER["networkAcls"]["ipRules"] == []
    for module in ("storage", "vault", "host"):
        assert MODULES[module].body["params"]["isPrivate"] == "privateNetwork"


def test_each_part_of_storage_has_a_door_and_so_has_a_vault_if_there_is_one() -> None:
    to_storage = NETWORK.of("variable")["storageDoors"]
    to_vault = NETWORK.variable("vaultDoor")

    assert to_storage.over == ["blob", "queue", "table"]
    used = re.findall(r"__(\w+)ServiceUri", HOST.source)
    assert sorted(used) == to_storage.over
    assert (to_storage.body["service"], to_storage.body["target"]) == ("service", "storage.id")
    assert to_vault["service"] == "vault"
    assert to_vault["target"] == "resourceId('Microsoft.KeyVault/vaults', vaultName)"
    first, further = arguments(NETWORK.variable("doors"))
    assert (first, branches(further)) == ("storageDoors", ("hasVault", ["vaultDoor"], []))


@pytest.mark.parametrize("suffix", CLOUDS)
def test_the_zones_are_called_as_each_cloud_wants_them(suffix) -> None:
    of_storage = NETWORK.variable("storageDoors")["zone"]
    of_vault = re.fullmatch(
        r"'privatelink\$\{replace\(environment\(\)\.suffixes\.keyvaultDns, '(.+)', '(.+)'\)\}'",
        NETWORK.variable("vaultDoor")["zone"],
    )
    vaults, expected = CLOUDS[suffix]

    assert of_vault
    public, private = of_vault.groups()
    assert f"privatelink{vaults.replace(public, private)}" == expected
    zone = of_storage.strip("'").replace("${environment().suffixes.storage}", suffix)
    assert zone.replace("${service}", "blob") == f"privatelink.blob.{suffix}"


def test_every_door_has_its_endpoint_zone_link_and_record() -> None:
    made = {each.target.split("@")[0]: each for each in NETWORK.of("resource").values()}
    endpoint = made["Microsoft.Network/privateEndpoints"].body["properties"]
    (connection,) = endpoint["privateLinkServiceConnections"]
    zone_link = made["Microsoft.Network/privateDnsZones/virtualNetworkLinks"].body
    record = made["Microsoft.Network/privateEndpoints/privateDnsZoneGroups"].body

    loops = {name for name, each in made.items() if each.over == "doors"}
    assert loops == made.keys() - {
        *("Microsoft.Storage/storageAccounts", "Microsoft.Network/virtualNetworks"),
    }
    assert made["Microsoft.Network/privateDnsZones"].body["name"] == "door.zone"
    assert endpoint["subnet"]["id"] == "'${network.id}/subnets/endpoints'"
    assert connection["properties"] == {
        "privateLinkServiceId": "door.target",
        "groupIds": ["door.service"],
    }
    assert zone_link["parent"] == "zones[index]"
    assert zone_link["properties"]["virtualNetwork"] == {"id": "network.id"}
    assert zone_link["properties"]["registrationEnabled"] is False
    assert record["parent"] == "endpoints[index]"
    (names,) = record["properties"]["privateDnsZoneConfigs"]
    assert names["properties"] == {"privateDnsZoneId": "zones[index].id"}


def test_the_app_s_subnet_is_its_own_large_enough_and_called_as_the_plan_wants() -> None:
    (space,) = map(IPv4Network, VIRTUAL["addressSpace"]["addressPrefixes"])
    delegated = {name for name, one in SUBNETS.items() if "delegations" in one}
    ranges = {name: IPv4Network(one["addressPrefix"]) for name, one in SUBNETS.items()}

    assert delegated == {"app"}
    assert SUBNETS["app"]["delegations"][0]["properties"] == {
        "serviceName": "Microsoft.App/environments"
    }
    assert ranges.keys() == {"app", "endpoints"}
    assert ranges["app"].prefixlen <= 27
    assert all(each.subnet_of(space) and each.is_private for each in ranges.values())
    assert not ranges["app"].overlaps(ranges["endpoints"])
    assert not any("_" in name for name in ranges)


def test_the_app_leaves_by_the_delegated_subnet_of_that_very_network() -> None:
    chosen = branches(SITE["properties"]["virtualNetworkSubnetId"])

    assert chosen == ("isPrivate", "subnetId", "null")
    assert arguments(HOST.variable("subnetId")) == [
        *("Microsoft.Network/virtualNetworks/subnets", "networkName", "app"),
    ]
    assert MODULES["network"].body["params"]["name"] == "networkName"
    assert MODULES["host"].body["params"]["networkName"] == "networkName"


def test_the_host_waits_until_it_can_reach_everything() -> None:
    assert MODULES["host"].body["dependsOn"] == ["roles", "vault", "network"]
    assert MODULES["network"].body["dependsOn"] == ["vault"]
    assert MODULES["network"].body["params"]["storageName"] == "storage.outputs.name"


def test_a_vault_is_opened_by_roles_alone_and_nothing_in_it_is_destroyed_at_once() -> None:
    assert KEEPER["enableRbacAuthorization"] is True
    assert KEEPER["accessPolicies"] == []
    assert KEEPER["enableSoftDelete"] is True
    assert KEEPER["enablePurgeProtection"] is True
    assert 7 <= KEEPER["softDeleteRetentionInDays"] <= 90


def test_only_the_app_may_read_secrets_and_it_may_do_nothing_else_to_them() -> None:
    assignment = VAULT.resource("Microsoft.Authorization/roleAssignments").body

    assert {name: one.body for name, one in VAULT.of("variable").items()} == VAULT_ROLE_ID
    assert assignment["scope"] == "vault"
    assert assignment["name"] == "guid(vault.id, principalId, keyVaultSecretsUser)"
    assert assignment["properties"]["principalId"] == "principalId"
    assert assignment["properties"]["principalType"] == "ServicePrincipal"
    assert "keyVaultSecretsUser" in assignment["properties"]["roleDefinitionId"]
    assert MODULES["vault"].body["params"]["principalId"] == "identity.outputs.principalId"


def test_no_secret_passes_through_a_template() -> None:
    for path, file in FILES.items():
        for resource in file.of("resource").values():
            assert "Microsoft.KeyVault/vaults/" not in resource.target, path
        assert "secure" not in str(file.of("parameter")), path


def test_a_secret_setting_is_a_reference_to_the_vault_s_secret_of_its_name() -> None:
    names, key, reference = arguments(HOST.variable("secretReferences"))

    assert HOST.variable("secretReferences").startswith("toObject(")
    assert (names, key) == ("secretSettings", "setting => setting")
    assert reference == (
        "setting => '@Microsoft.KeyVault(VaultName=${vaultName};"
        "SecretName=${replace(setting, '_', '-')})'"
    )
    assert SITE["properties"]["keyVaultReferenceIdentity"] == "identity.id"
    for name in SECRETS:
        assert re.fullmatch("[0-9A-Za-z-]{1,127}", name.replace("_", "-")), name


def test_the_vault_has_one_name_that_is_not_too_long() -> None:
    uniqueness = 13  # characters of uniqueString
    name = MAIN.variable("vaultName").strip("'").replace("${token}", "x" * uniqueness)

    assert re.fullmatch("[a-z][a-z0-9-]{1,22}[a-z0-9]", name)
    assert MODULES["vault"].body["params"]["name"] == "vaultName"
    for module in ("network", "host"):
        assert MODULES[module].body["params"]["vaultName"] == "vaultName"
    assert MODULES["network"].body["params"]["hasVault"] == "hasVault"
    assert MAIN.of("output")["KEY_VAULT_NAME"].body == "hasVault ? vaultName : ''"
