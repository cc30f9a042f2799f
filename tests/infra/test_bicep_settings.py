"""What is deployed beside what the code reads: settings, queues, tables, runtime, concurrency."""

from __future__ import annotations

import json
import re

import function_app
from shared.cli.local_host import read_functions
from shared.service.http import callers
from shared.settings import SETTINGS, Settings
from tests.infra.bicep import (
    HOST,
    INFRA,
    SITE,
    STORAGE,
    Expression,
    arguments,
    branches,
    parse,
)

ROOT = INFRA.parent
SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}

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


def test_queues_are_those_that_functions_listen_to() -> None:
    functions = read_functions(function_app.app, Settings({}))

    listened = {each.queue for each in functions if each.kind == "queueTrigger"}
    filled = {queue for each in functions for queue in each.outputs.values()}

    assert set(STORAGE.variable("queueNames")) == listened
    assert filled <= listened


def test_tables_and_containers_are_those_of_the_store() -> None:
    from shared.stores import azure

    told = azure.__doc__ or ""
    tables, containers = told.split("containers", 1)

    assert set(STORAGE.variable("tableNames")) == set(re.findall(r"``([a-z]+)``", tables))
    assert set(STORAGE.variable("personalContainers")) == set(
        re.findall(r"``(\w+)``", containers.split(".")[0])
    )


def test_the_runtime_is_a_python_that_the_project_supports() -> None:
    import dev

    runtime = SITE["properties"]["functionAppConfig"]["runtime"]

    assert runtime["name"] == "python"
    assert runtime["version"] == ".".join(map(str, dev.NEWEST))


def test_an_instance_takes_as_many_requests_as_it_has_threads() -> None:
    queues = json.loads((ROOT / "host.json").read_bytes())["extensions"]["queues"]
    scale = SITE["properties"]["functionAppConfig"]["scaleAndConcurrency"]

    assert scale["triggers"] == {"http": {"perInstanceConcurrency": "threads"}}
    assert HOST.variable("threads") == queues["batchSize"] + queues["newBatchThreshold"]
    assert scale["alwaysReady"] == []


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

    assert {*SITE["properties"], *SITE["properties"]["siteConfig"]}.isdisjoint(refused)
    assert set(app_settings()).isdisjoint(refused_settings)


def app_settings():
    """Every setting that is deployed unasked, with its value or expression."""
    groups = ("changeableSettings", "fixedSettings", "platformSettings")
    changeable, fixed, platform = (HOST.variable(name) for name in groups)
    matched = re.search(r"\? \{\} : \{ (\w+): (\w+) \}, (\{.*\})\)$", changeable, re.DOTALL)
    assert matched, "the changeable settings are put together in another way than was read here"
    rest = parse(f"var rest = {matched[3]}").variable("rest")
    return {matched[1]: Expression(matched[2])} | rest | fixed | platform


def asked_settings():
    """Each setting that is deployed only if asked for: when, and with what."""
    for choice in arguments(HOST.variable("askedSettings")):
        asked, yes, no = branches(choice)
        for name, given in {**yes, **no}.items():
            yield name, asked if yes else f"!{asked}", given


def test_every_setting_is_one_of_ours_or_of_the_platform_s() -> None:
    named = {*app_settings(), *(name for name, _, _ in asked_settings())}

    assert named - DEFAULTS.keys() == OF_THE_PLATFORM
    assert named.isdisjoint(SECRETS)


def test_what_is_there_only_if_asked_for_stays_away_from_a_closed_site() -> None:
    assert set(asked_settings()) == {
        ("EXCEPTIONS_FILE", "!empty(exceptionsFile)", "'/home/site/wwwroot/${exceptionsFile}'"),
        ("SCRIPT_KEYS", "allowScriptKeys && isOpen", "true"),
        ("REPORT_LINKS", "isPrivate", "false"),
    }


def test_a_request_s_body_ends_long_before_the_memory_of_an_instance() -> None:
    limit = int(app_settings()["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])

    assert callers.LONGEST_BODY < limit <= 65536


def test_no_default_is_repeated_but_what_the_host_and_the_lifecycle_need() -> None:
    """The host resolves schedules by itself, and an unset one takes its function away."""
    repeated = {
        name for name, given in app_settings().items() if given == DEFAULTS.get(name, object())
    }

    assert repeated == {name for name in DEFAULTS if name.endswith("_SCHEDULE")}


def test_an_owner_s_setting_wins_over_a_default_and_never_over_what_the_template_knows() -> None:
    (settings,) = (
        each.body["properties"]
        for each in HOST.of("resource").values()
        if isinstance(each.body.get("properties"), Expression)
    )

    assert arguments(settings) == [
        *("changeableSettings", "settings", "askedSettings", "secretReferences"),
        *("fixedSettings", "platformSettings"),
    ]


def test_the_app_s_cloud_follows_from_azure_s() -> None:
    assert HOST.variable("clouds") == {
        "AzureCloud": "global",
        "AzureUSGovernment": "usgov",
        "AzureChinaCloud": "china",
    }


def test_azd_deploys_the_app_that_is_tagged_for_it() -> None:
    azd = (ROOT / "azure.yaml").read_text("utf-8")
    tagged = re.search(r"'azd-service-name': '(\w+)'", HOST.source)

    assert tagged
    assert f"\n  {tagged[1]}:" in azd
    for line in ("host: function", "language: python", "remoteBuild: true", "project: ."):
        assert line in azd


def test_nothing_of_infra_is_deployed_with_the_app() -> None:
    ignored = (ROOT / ".funcignore").read_text("utf-8").splitlines()

    assert {"infra", "tests", "docs", "azure.yaml"} <= set(ignored)
