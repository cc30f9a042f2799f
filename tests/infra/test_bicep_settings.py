"""What is deployed beside what the code reads: settings, queues, tables, runtime, concurrency."""

from __future__ import annotations

import json
import re
from ipaddress import ip_network

import pytest

import function_app
from shared.cli.functions import read_functions
from shared.service.http import callers
from shared.settings import SETTINGS, Settings
from tests.infra.bicep import CLOUDS, ROOT, deployment

APP = "44444444-0000-4000-8000-000000000001"
SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}
ASKED = {
    "authClientId": APP,
    "allowScriptKeys": "true",
    "privateNetwork": "true",
    "reportSender": "a@contoso.com",
    "reportRecipients": "b@contoso.com",
    "exceptionsFile": "exceptions.json",
}
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
LOWEST_INSTANCE_COUNT = 40  #: that every version of the plan takes
RESERVED_ADDRESSES = 5  #: of each subnet, by Azure

#: What the platform reads, and we do not.
OF_THE_PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
}


def names(kind, **values):
    """The names of what is made of a kind, without their parents'."""
    return {each["name"].split("/")[-1] for each in deployment(**values).all(kind)}


def test_queues_are_those_that_functions_listen_to() -> None:
    functions = read_functions(function_app.app, Settings({}))

    listened = {each.queue for each in functions if each.kind == "queueTrigger"}
    filled = {queue for each in functions for queue in each.outputs.values()}

    assert names("Microsoft.Storage/storageAccounts/queueServices/queues") == listened
    assert filled <= listened


def test_tables_and_containers_are_those_of_the_store() -> None:
    from shared.stores import azure

    told = azure.__doc__ or ""
    tables, containers = told.split("containers", 1)

    assert names("Microsoft.Storage/storageAccounts/tableServices/tables") == set(
        re.findall(r"``([a-z]+)``", tables)
    )
    assert names("Microsoft.Storage/storageAccounts/blobServices/containers") == {
        "app-package",
        *re.findall(r"``(\w+)``", containers.split(".")[0]),
    }


def test_the_runtime_is_a_python_that_the_project_supports() -> None:
    import dev

    runtime = deployment().site["functionAppConfig"]["runtime"]

    assert runtime["name"] == "python"
    assert runtime["version"] == ".".join(map(str, dev.NEWEST))


def test_each_request_that_an_instance_takes_has_a_thread_whatever_the_queues_do() -> None:
    queues = json.loads((ROOT / "host.json").read_bytes())["extensions"]["queues"]
    functions = read_functions(function_app.app, Settings({}))
    triggered = sum(each.kind == "queueTrigger" for each in functions)
    found = deployment()
    scale = found.site["functionAppConfig"]["scaleAndConcurrency"]
    messages = triggered * (queues["batchSize"] + queues["newBatchThreshold"])
    threads = int(found.settings["PYTHON_THREADPOOL_THREAD_COUNT"])

    assert scale["triggers"] == {"http": {"perInstanceConcurrency": 16}}
    assert threads >= messages + 16
    assert scale["alwaysReady"] == []


def test_no_more_instances_run_than_the_page_says_and_each_has_an_address() -> None:
    """Instances share Graph's budget by a lease, so their number bounds only what they cost."""
    queues = json.loads((ROOT / "host.json").read_bytes())["extensions"]["queues"]
    found = deployment(privateNetwork="true")
    scale = found.site["functionAppConfig"]["scaleAndConcurrency"]
    (network,) = found.all("Microsoft.Network/virtualNetworks")
    subnets = {each["name"]: each["properties"] for each in network["properties"]["subnets"]}
    addresses = ip_network(subnets["app"]["addressPrefix"]).num_addresses
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    paragraph = page.partition("\n**Instances**: ")[2].partition("\n\n")[0]

    assert scale["maximumInstanceCount"] == LOWEST_INSTANCE_COUNT
    assert paragraph.startswith(f"at most {LOWEST_INSTANCE_COUNT} (`maximumInstanceCount`)")
    assert "pace lease" in paragraph
    assert f"{scale['triggers']['http']['perInstanceConcurrency']} requests" in paragraph
    assert f"{queues['batchSize'] + queues['newBatchThreshold']} messages" in paragraph
    assert addresses - RESERVED_ADDRESSES >= scale["maximumInstanceCount"]


def test_nothing_is_set_that_flex_consumption_refuses() -> None:
    refused = {
        *("ftpsState", "use32BitWorkerProcess", "netFrameworkVersion", "linuxFxVersion"),
        *("preWarmedInstanceCount", "functionsRuntimeScaleMonitoringEnabled", "alwaysOn"),
        *("vnetRouteAllEnabled", "vnetContentShareEnabled", "vnetImagePullEnabled"),
    }
    refused_settings = {
        *("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_TIME_ZONE", "TZ"),
        *("WEBSITE_RUN_FROM_PACKAGE", "SCM_DO_BUILD_DURING_DEPLOYMENT", "AzureWebJobsStorage"),
        *("WEBSITE_CONTENTSHARE", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"),
        *("ENABLE_ORYX_BUILD", "FUNCTIONS_WORKER_PROCESS_COUNT"),
        *("WEBSITE_VNET_ROUTE_ALL", "WEBSITE_CONTENTOVERVNET", "WEBSITE_DNS_SERVER"),
    }

    found = deployment(**ASKED)
    assert {*found.site, *found.site["siteConfig"]}.isdisjoint(refused)
    assert found.settings.keys().isdisjoint(refused_settings)


def test_every_setting_is_one_of_ours_or_of_the_platform_s() -> None:
    named = deployment("AzureChinaCloud", **ASKED).settings.keys()

    assert named - DEFAULTS.keys() == OF_THE_PLATFORM
    assert named.isdisjoint(SECRETS)


def test_what_is_there_only_if_asked_for_stays_away_from_a_closed_site() -> None:
    plain, asked = deployment().settings, deployment(**ASKED).settings
    closed = deployment(**ASKED | {"authClientId": ""}).settings

    extra = {name: text for name, text in asked.items() if name not in plain}
    assert extra == {
        "EXCEPTIONS_FILE": "/home/site/wwwroot/exceptions.json",
        "SCRIPT_KEYS": "true",
        "REPORT_SENDER": "a@contoso.com",
        "REPORT_RECIPIENTS": "b@contoso.com",
        "REPORT_LINKS": "false",
    }
    assert asked.keys() - closed.keys() == {"SCRIPT_KEYS"}


def test_a_request_s_body_ends_long_before_the_memory_of_an_instance() -> None:
    limit = int(deployment().settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])

    assert callers.LONGEST_BODY < limit <= 65536


def test_no_default_is_repeated_but_what_the_host_and_the_lifecycle_need() -> None:
    """The host resolves schedules by itself, and an unset one takes its function away."""
    repeated = {
        name
        for name, given in deployment().settings.items()
        if given == DEFAULTS.get(name, object())
    }

    schedules = {name for name in DEFAULTS if name.endswith("_SCHEDULE")}
    assert repeated == schedules | {"DETAIL_RETENTION_DAYS"}


def test_an_owner_s_setting_wins_over_a_default_and_never_over_what_the_template_knows() -> None:
    known = deployment(**ASKED).settings

    found = deployment(**ASKED, settings=dict.fromkeys(known, "owner's")).settings

    changed = {name for name, text in found.items() if text == "owner's"}
    assert changed == {"MAILER", "PULL_SCHEDULE", "REPORT_SCHEDULE", "MAIL_SCHEDULE"}
    assert found.keys() == known.keys()


@pytest.mark.parametrize(
    ("cloud", "expected"), list(zip(CLOUDS, ("global", "usgov", "china"), strict=True))
)
def test_the_app_s_cloud_follows_from_azure_s(cloud, expected) -> None:
    settings = deployment(cloud).settings

    assert settings.get("CLOUD", DEFAULTS["CLOUD"]) == expected
    assert deployment(cloud, settings={"CLOUD": "dod"}).settings["CLOUD"] == "dod"


def test_azd_deploys_the_app_that_is_tagged_for_it() -> None:
    azd = (ROOT / "azure.yaml").read_text("utf-8")
    tagged = deployment().one("Microsoft.Web/sites")["tags"]["azd-service-name"]

    assert f"\n  {tagged}:" in azd
    (oldest,) = re.findall(r'azd: ">= ([\d.]+)"', azd)
    assert f"(`azd version`: {oldest} or newer" in (ROOT / "docs" / "deploy.md").read_text("utf-8")
    for line in ("host: function", "language: python", "project: ."):
        assert line in azd
