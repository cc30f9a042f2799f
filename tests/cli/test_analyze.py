"""`analyze` as its user meets it: files in, a report out, through the command itself."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.cli.main import main
from tests.clock import CLOCK, real_now
from tests.records import (
    API,
    AZURE,
    BY_CLAIM,
    OTHER,
    TENANT,
    VENDOR,
    diagnostic_record,
    graph_record,
    log_analytics_row,
    ndjson,
    of_every_log,
    page,
)

ROOT = Path(__file__).resolve().parents[2]
ENDING = "2026-11-23"
KINDS = ("interactive", "non_interactive", "service_principal")
ELSEWHERE = "2026-11-10"  #: outside of the window that ends then
FILES = {
    "report.json",
    "report.html",
    "findings.html",
    "portal-requests-without-mfa.csv",
    "portal-requests.csv",
    "api-requests-summary.csv",
    "all-api-requests.csv",
    "accounts.csv",
    "customers.csv",
    "report.xlsx",
}
WITH_MFA = {"status": {"errorCode": 0, "additionalDetails": BY_CLAIM}}
APP_AND_USER = {"appId": VENDOR, "appDisplayName": "Control Panel", "resourceId": API}


def run(*arguments, **environment):
    """The command with these settings only; in this process, as another takes half a second."""
    streams = {name: io.TextIOWrapper(io.BytesIO(), "utf-8") for name in ("stdout", "stderr")}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(os, "environ", environment)
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        try:
            code: Any = main([*map(str, arguments)])
        except SystemExit as wrong_usage:
            code = wrong_usage.code
    written = []
    for stream in streams.values():
        stream.flush()
        written.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(arguments, code, *written)


def run_alone(*arguments):
    """`python -m shared …`, as `dev.py` starts it."""
    plain = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "shared", *map(str, arguments)],
        cwd=ROOT,
        env=CLOCK | plain,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def analyze(tmp_path, *files, ending=ENDING, options=(), **environment):
    """The report that `analyze` writes for these files, which hold all logs of all days."""
    paths = [tmp_path / "elsewhere.json"]
    paths[0].write_bytes(page(*of_every_log(ELSEWHERE)))
    for number, content in enumerate(files):
        paths.append(tmp_path / f"signins-{number}.txt")
        paths[-1].write_bytes(content)
    arguments = [
        "--out",
        tmp_path / "report",
        "--ending",
        ending,
        "--since",
        "2026-11-01",
        "--until",
        ending,
        *options,
    ]
    done = run("analyze", *paths, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "report" / "report.json").read_bytes())


def rows(tmp_path, name):
    with (tmp_path / "report" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(day, count, **changes):
    return [
        graph_record(createdDateTime=f"2026-11-{day}T10:00:00Z", **changes) for _ in range(count)
    ]


def test_the_portal_example_of_the_original_report_reads_20_percent(tmp_path) -> None:
    # day 1 agent A 3 operations without MFA, day 2 agent B 5 without, day 3 agent A 2 with
    records = [
        *made(18, 3, userId="a", userPrincipalName="a@contoso.example"),
        *made(19, 5, userId="b", userPrincipalName="b@contoso.example"),
        *made(20, 2, userId="a", userPrincipalName="a@contoso.example", **WITH_MFA),
    ]

    report = analyze(tmp_path, page(*records))

    assert report["metrics"]["portal"] == {
        "requests": 10,
        "verified": 2,
        "not_verified": 8,
        "exempted": 0,
        "unknown": 0,
        "not_completed": 0,
        "share": 0.2,
        "share_lower": 0.2,
        "share_upper": 0.2,
        "provisional_share": 0.2,
    }
    listed = rows(tmp_path, "portal-requests-without-mfa.csv")
    assert [(row["Upn"], row["LastNonMfaCompliantLoginDateTime"]) for row in listed] == [
        ("b@contoso.example", "2026-11-19T10:00:00.0000000Z"),
        ("a@contoso.example", "2026-11-18T10:00:00.0000000Z"),
    ]


def test_the_api_example_of_the_original_report_reads_40_percent(tmp_path) -> None:
    # day 1 App+User 3 without MFA, day 2 app-only 5, day 3 App+User 2 with
    records = [
        *made(18, 3, **APP_AND_USER),
        *made(19, 5, **APP_AND_USER, signInEventTypes=["servicePrincipal"], userId=""),
        *made(20, 2, **APP_AND_USER, **WITH_MFA),
    ]

    report = analyze(tmp_path, page(*records), options=["--tenant-id", TENANT])

    assert report["metrics"]["api"] == {
        "requests": 5,
        "verified": 2,
        "not_verified": 3,
        "exempted": 0,
        "unknown": 0,
        "not_completed": 0,
        "app_only": 5,
        "share": 0.4,
        "share_lower": 0.4,
        "share_upper": 0.4,
        "provisional_share": 0.4,
    }
    assert [tuple(row.values()) for row in rows(tmp_path, "api-requests-summary.csv")] == [
        ("2026-11-20", "2", "2", VENDOR, "Control Panel"),
        ("2026-11-18", "0", "3", VENDOR, "Control Panel"),
    ]
    details = rows(tmp_path, "all-api-requests.csv")
    assert [row["MfaCompliant"] for row in details] == ["true"] * 2 + ["false"] * 3
    assert {row["TenantId"] for row in details} == {TENANT}


def test_every_file_of_the_contract_is_there_and_nothing_else(tmp_path) -> None:
    analyze(tmp_path, page(graph_record()))

    assert {path.name for path in (tmp_path / "report").iterdir()} == FILES


def test_one_sign_in_in_all_three_shapes_and_files_is_one_request(tmp_path) -> None:
    same = "99999999-0000-4000-8000-000000000009"
    graph, row = graph_record(id=same), log_analytics_row(Id=same)
    zipped = gzip.compress(ndjson(diagnostic_record(id=same)))

    report = analyze(tmp_path, page(graph), zipped, ndjson(row))

    assert report["metrics"]["portal"]["requests"] == 1
    assert report["reading"]["records"] == 3 + len(KINDS)
    assert report["reading"]["copies"] == 2


def test_files_in_any_order_and_split_give_the_same_report(tmp_path) -> None:
    session = {"sessionId": "s", "correlationId": ""}
    records = [
        *made(17, 2, **session, **WITH_MFA),
        *made(19, 3, **APP_AND_USER, **session, signInEventTypes=["nonInteractiveUser"]),
        *made(21, 1),
    ]

    whole = analyze(tmp_path, page(*records))
    parts = analyze(tmp_path, ndjson(*records[4:]), page(*records[2:4]), ndjson(*records[:2]))

    for report in (whole, parts):
        del report["generated_at"]
    assert whole == parts
    assert whole["metrics"]["api"]["verified"] == 3


def test_days_before_the_first_record_are_missing_and_the_share_is_unknown(tmp_path) -> None:
    source = tmp_path / "signins.json"
    elsewhere = of_every_log("2026-11-18", "2026-11-22")
    source.write_bytes(page(*made(19, 4), *made(22, 1, **WITH_MFA), *elsewhere))

    done = run("analyze", source, "--out", tmp_path / "report")

    report = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert done.returncode == 0
    window = report["window"]
    reasons = {gap["day"]: gap["reason"] for gap in window["missing"]}
    days = [f"2026-11-{day}" for day in (19, 20, 21, 22)]
    assert (window["start"], window["ending"]) == ("2026-11-16", "2026-11-22")
    assert window["complete_days"] == 4
    assert window["coverage"] == dict.fromkeys(KINDS, days)
    assert list(reasons) == [f"2026-11-{day}" for day in (16, 17, 18)]
    assert reasons["2026-11-16"] == reasons["2026-11-17"] == "not in the files"
    assert "--since 2026-11-18" in reasons["2026-11-18"]
    assert report["metrics"]["portal"]["share"] is None
    assert report["metrics"]["portal"]["provisional_share"] == 0.2
    assert "16–17 November 2026, not in the files" in done.stderr


def test_a_record_of_another_application_still_says_where_the_files_begin_and_end(tmp_path) -> None:
    elsewhere = {"appId": OTHER, "resourceId": OTHER}
    source = tmp_path / "signins.ndjson"
    source.write_bytes(ndjson(*made(14, 1, **elsewhere), *made(20, 1), *made(21, 1, **elsewhere)))

    run("analyze", source, "--out", tmp_path / "report")

    report = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert report["window"]["ending"] == "2026-11-21"
    assert report["window"]["complete_days"] == 7
    assert [point["ending"] for point in report["history"]] == ["2026-11-21"]


def test_today_is_not_closed_so_it_is_never_the_default_ending(tmp_path) -> None:
    today = real_now()
    source = tmp_path / "signins.ndjson"
    source.write_bytes(ndjson(graph_record(createdDateTime=f"{today:%Y-%m-%dT%H:%M:%SZ}")))

    done = run("analyze", source, "--json")

    ending = json.loads(done.stdout)["window"]["ending"]
    assert ending == f"{today - timedelta(days=1):%Y-%m-%d}"


def test_what_could_not_be_read_is_counted_and_said_with_file_and_line(tmp_path) -> None:
    good = ndjson(*made(20, 2))
    cut = ndjson(graph_record())[:200]

    report = analyze(tmp_path, good + b"no json\n" + cut)

    reading = report["reading"]
    assert (reading["records"], reading["unreadable"]) == (2 + len(KINDS), 2)
    assert [
        (Path(found["file"]).name, found["line"]) for found in reading["unreadable_records"]
    ] == [
        ("signins-0.txt", 3),
        ("signins-0.txt", 4),
    ]
    assert report["window"]["complete_days"] == 0  # of any of its days, for all that is known
    assert report["metrics"]["portal"]["share"] is None


def test_json_prints_the_report_and_nothing_else_on_standard_output(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(*made(20, 1)))

    done = run_alone("analyze", source, "--json", "--out", tmp_path / "report")

    assert done.returncode == 0
    assert done.stdout.encode() == (tmp_path / "report" / "report.json").read_bytes()
    assert "Portal requests with MFA" in done.stderr


def test_the_terminal_says_both_figures_in_numbers_the_worst_and_where_to_look(tmp_path) -> None:
    source = tmp_path / "signins.json"
    records = [*made(20, 3), *made(20, 1, **WITH_MFA), *made(20, 2, **APP_AND_USER)]
    source.write_bytes(page(*records, *of_every_log("2026-11-20")))

    stderr = run("analyze", source, "--out", tmp_path / "report", "--since", "2026-11-01").stderr

    assert "25 %   1 of 4" in stderr
    assert "0 %   0 of 2" in stderr
    assert "Control Panel" in stderr
    assert "ann@contoso.example" in stderr
    assert str(tmp_path / "report" / "report.html") in stderr
    assert "\x1b" not in stderr
    assert "\r" not in stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("absent.json", "--out", "x"), "absent.json"),
        (("{empty}", "--out", "x"), "empty.json"),
        (("{noise}", "--out", "x"), "noise.txt"),
        (("{good}",), "--out"),
        (("{good}", "--out", "x", "--ending", "yesterday"), "YYYY-MM-DD"),
        (("{good}", "--out", "{good}"), "good.json"),
        (("{good}", "--out", "x", "--tenant-id", "contoso.example"), "expected a GUID"),
        (("{good}", "--out", "x", "--ending", "2999-01-01"), "2999-01-01 is not over yet"),
        (
            ("{good}", "--out", "x", "--since", "2026-11-02", "--until", "2026-11-01"),
            "--since 2026-11-02 is later than --until 2026-11-01",
        ),
        ((), "PATH"),
    ],
)
def test_wrong_usage_and_useless_input_end_with_2_and_a_sentence_that_names_the_fault(
    tmp_path, arguments, sentence
) -> None:
    contents = {"empty": b"", "noise": b"nothing\nof use\n", "good": page(graph_record())}
    suffixes = {"empty": ".json", "noise": ".txt", "good": ".json"}
    files = {name: tmp_path / (name + suffixes[name]) for name in contents}
    for name, path in files.items():
        path.write_bytes(contents[name])

    done = run("analyze", *(argument.format(**files) for argument in arguments))

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_wrong_setting_ends_with_2_and_names_itself(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(graph_record()))

    done = run("analyze", source, "--out", tmp_path / "report", PORTAL_APP_IDS="portal")

    assert done.returncode == 2
    assert "PORTAL_APP_IDS" in done.stderr
    assert not (tmp_path / "report").exists()


def test_a_report_that_cannot_be_made_leaves_the_earlier_one_as_it_was(tmp_path) -> None:
    analyze(tmp_path, page(*made(20, 3)))
    before = {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()}
    (tmp_path / "signins-0.txt").write_bytes(b"nothing of use")

    done = run_alone("analyze", tmp_path / "signins-0.txt", "--out", tmp_path / "report")

    assert done.returncode == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()} == before


def test_the_ids_of_portal_and_api_can_be_set(tmp_path) -> None:
    report = analyze(
        tmp_path,
        page(*made(20, 2, appId=OTHER), *made(20, 3, appId=VENDOR, resourceId=AZURE), *made(20, 1)),
        PORTAL_APP_IDS=OTHER,
        PARTNER_CENTER_RESOURCE_IDS=AZURE,
    )

    # the shipped portal's own sign-in asks for the Azure resource, so it now is an API request
    assert report["metrics"]["portal"]["requests"] == 2
    assert report["metrics"]["api"]["requests"] == 4


def test_discover_lists_every_application_and_resource_most_frequent_first(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(*made(20, 1, **APP_AND_USER), *made(20, 3, appId=OTHER)))

    done = run("analyze", source, "--discover")

    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [OTHER in text for text in lines[-2:]] == [True, False]
    assert VENDOR in lines[-1]
    assert API in lines[-1]


def test_the_tenant_is_taken_from_the_records_where_it_is_not_given(tmp_path) -> None:
    assert analyze(tmp_path, ndjson(diagnostic_record()))["tenant_id"] == TENANT


def test_sign_ins_of_several_tenants_are_never_added_up(tmp_path) -> None:
    source = tmp_path / "signins.ndjson"
    theirs = diagnostic_record(
        envelope={"tenantId": OTHER, "resourceId": f"/tenants/{OTHER}/providers/x"},
        resourceTenantId=OTHER,
    )
    source.write_bytes(ndjson(diagnostic_record(), theirs))

    refused = run("analyze", source, "--json")
    chosen = json.loads(run("analyze", source, "--json", "--tenant-id", TENANT.upper()).stdout)

    assert refused.returncode == 2
    assert "--tenant-id" in refused.stderr
    assert chosen["metrics"]["portal"]["requests"] == 1
    assert chosen["reading"]["other_tenants"] == 1


def test_hostile_names_reach_neither_the_spreadsheet_nor_the_page_as_code(tmp_path) -> None:
    formula, script = "=cmd|' /C calc'!A0", "<script>alert(1)</script>"
    record = graph_record(userPrincipalName=formula, userDisplayName=script, appDisplayName=script)

    analyze(tmp_path, page(record))

    assert rows(tmp_path, "portal-requests-without-mfa.csv")[0]["Upn"] == f"'{formula}"
    assert "<script" not in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def directory_file(tmp_path, **changes):
    """110 accounts, 10 disabled, 90 of the others with MFA enforced per user."""
    states = ["enforced"] * 90 + ["disabled"] * 20
    users = [
        {
            "id": f"user-{number}",
            "userPrincipalName": f"user-{number}@contoso.example",
            "displayName": f"User {number}",
            "accountEnabled": number < 100,
            "userType": "Member",
            "perUserMfaState": state,
        }
        for number, state in enumerate(states)
    ]
    document = {
        "format": "partner-mfa-status/directory",
        "version": 1,
        "organization": {"id": TENANT, "displayName": "Contoso"},
        "users": users,
        "groups": [],
        "roleDefinitions": [],
        "roleAssignments": [],
        "securityDefaults": {"isEnabled": False},
        "conditionalAccessPolicies": [],
    }
    path = tmp_path / "directory.json"
    path.write_text(json.dumps(document | changes), encoding="utf-8")
    return path


def test_the_accounts_example_of_the_original_report_reads_90_percent(tmp_path) -> None:
    directory = directory_file(tmp_path)

    report = analyze(
        tmp_path,
        page(graph_record(userId="user-95")),
        options=["--directory", directory],
        CSP_ANNIVERSARY_MONTH="3",
    )

    assert report["metrics"]["accounts"] == {
        "enabled": 100,
        "disabled": 10,
        "enforced": 90,
        "conditional": 0,
        "unprotected": 10,
        "unknown": 0,
        "share": 0.9,
        "share_upper": 0.9,
    }
    assert (report["metrics"]["active_accounts"], report["csp_anniversary_month"]) == (
        {"enabled": 1, "enforced": 0, "unknown": 0, "share": 0.0, "share_upper": 0.0},
        3,
    )
    assert report["metrics"]["administrators"]["enabled"] == 0
    assert [cause["accounts"] for cause in report["account_causes"]] == [10]
    assert "next in March 2027" in (tmp_path / "report" / "report.html").read_text("utf-8")
    assert (report["tenant_id"], report["tenant_name"]) == (TENANT, "Contoso")
    listed = rows(tmp_path, "accounts.csv")
    assert len(listed) == report["files"]["accounts"]["rows"] == 110
    assert [row["Enforcement"] for row in listed] == (
        ["unprotected"] * 10 + ["enforced"] * 90 + [""] * 10
    )


def test_what_was_not_read_of_the_directory_is_unknown_and_gives_at_least_and_at_most(
    tmp_path,
) -> None:
    directory = directory_file(tmp_path, conditionalAccessPolicies=None)

    report = analyze(tmp_path, page(graph_record()), options=["--directory", directory])

    accounts = report["metrics"]["accounts"]
    assert (accounts["enforced"], accounts["unknown"]) == (90, 10)
    assert (accounts["share"], accounts["share_upper"]) == (0.9, 1.0)


def test_without_a_directory_the_accounts_are_not_read_rather_than_none(tmp_path) -> None:
    report = analyze(tmp_path, page(graph_record()))

    assert set(report["metrics"]["accounts"].values()) == {None}
    assert report["files"]["accounts"] == {"href": "accounts.csv", "rows": 0, "total": None}
    assert rows(tmp_path, "accounts.csv") == []


def test_a_directory_of_another_tenant_than_the_one_named_is_refused(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(graph_record()))
    directory = directory_file(tmp_path)

    done = run("analyze", source, "--json", "--directory", directory, "--tenant-id", OTHER)

    assert done.returncode == 2
    assert TENANT in done.stderr
    assert OTHER in done.stderr


def rising(*days):
    """Records day by day, old to new, with MFA."""
    return [graph_record(id=f"r-{day}", createdDateTime=f"2026-11-{day}T09:00:00Z") for day in days]


def broken(tmp_path, records):
    """What becomes of them in a gzip file that is cut short, somewhere after the last of them."""
    whole = gzip.compress(ndjson(*records) + random.Random(1).randbytes(200_000))
    source = tmp_path / "cut.ndjson.gz"
    source.write_bytes(whole[: len(whole) // 2])
    done = run("analyze", source, "--json", "--ending", "2026-11-23", "--since", "2026-11-17")
    return done, json.loads(done.stdout)


def test_what_a_broken_file_may_have_lost_is_missing_and_there_is_no_share(
    tmp_path,
) -> None:
    done, report = broken(tmp_path, rising(17, 18, 19, 20))

    assert done.returncode == 1
    assert report["window"]["complete_days"] == 3
    assert [gap["day"] for gap in report["window"]["missing"]] == [
        f"2026-11-{day}" for day in (20, 21, 22, 23)
    ]
    assert report["window"]["missing"][0]["reason"].endswith("cut.ndjson.gz breaks off")
    assert report["metrics"]["portal"]["share"] is None
    assert len(report["reading"]["broken_off"]) == 1


def test_the_day_of_an_unreadable_record_is_missing_and_there_is_no_share(tmp_path) -> None:
    """It may have been a request without MFA: the share of the others would be too high."""
    first, second, third = (ndjson(record) for record in rising(17, 18, 19))

    report = analyze(tmp_path, first + second + b"oops\n" + second + third)

    assert report["reading"]["unreadable"] == 1
    (gap,) = report["window"]["missing"]
    assert gap["day"] == "2026-11-18"
    assert gap["reason"].endswith("has records that cannot be read")
    for figure in ("share", "share_lower", "share_upper"):
        assert report["metrics"]["portal"][figure] is None


def test_sign_ins_of_days_that_have_not_begun_are_refused(tmp_path) -> None:
    """Such a time was misread, and the days that its records are really of would look empty."""
    tomorrow = f"{real_now() + timedelta(days=2):%Y-%m-%d}"
    future = graph_record(createdDateTime=f"{tomorrow}T09:00:00Z")
    (tmp_path / "days-first.json").write_bytes(ndjson(*made(20, 1), future))

    done = run("analyze", tmp_path / "days-first.json", "--json")

    assert done.returncode == 2
    assert f"The files hold sign-ins of {tomorrow}, a day that has not begun" in done.stderr


@pytest.mark.parametrize("column", ["appId", "resourceId"])
def test_a_query_without_the_column_of_application_or_resource_tells_of_no_figure(
    tmp_path, column
) -> None:
    """Any of its records may be a request to Partner Center without MFA."""
    api_request = graph_record(appId=VENDOR, resourceId=API)
    del api_request[column]

    report = analyze(tmp_path, ndjson(*made(18, 2, **WITH_MFA), api_request, *made(22, 1)))

    assert report["reading"]["unreadable"] == 1
    assert "does not say" in report["reading"]["unreadable_records"][0]["reason"]
    assert [report["metrics"][figure]["share"] for figure in ("portal", "api")] == [None, None]


def test_in_a_file_from_new_to_old_the_older_days_are_lost(tmp_path) -> None:
    _, report = broken(tmp_path, rising(23, 22, 21))

    assert report["window"]["complete_days"] == 2
    assert report["window"]["missing"][-1]["day"] == "2026-11-21"


@pytest.mark.parametrize("unreadable", [b"no json\n", b'{"createdDateTime": "2026-'])
def test_the_days_that_an_unreadable_record_may_be_of_are_missing(tmp_path, unreadable) -> None:
    source = tmp_path / "signins.ndjson"
    days = [
        ndjson(*of_every_log(*(f"2026-11-{day}" for day in span)))
        for span in ((17, 18, 19), (20, 21, 22, 23))
    ]
    source.write_bytes(days[0] + unreadable.rstrip() + b"\n" + days[1] + ndjson(*rising(23)))

    done = run("analyze", source, "--json", "--ending", "2026-11-23", "--since", "2026-11-17")

    report = json.loads(done.stdout)
    assert [gap["day"] for gap in report["window"]["missing"]] == ["2026-11-19", "2026-11-20"]
    assert report["window"]["missing"][0]["reason"].endswith("has records that cannot be read")
    assert report["metrics"]["portal"]["share"] is None
    assert report["metrics"]["portal"]["requests"] == 1


def test_where_a_file_has_no_order_any_day_may_be_lost(tmp_path) -> None:
    _, report = broken(tmp_path, rising(17, 23, 20))

    assert report["window"]["complete_days"] == 0


def test_a_list_that_is_cut_short_is_a_file_that_breaks_off(tmp_path) -> None:
    source = tmp_path / "cut.json"
    source.write_bytes(json.dumps(rising(17, 18, 19)).encode()[:-40])

    done = run("analyze", source, "--json", "--ending", "2026-11-23", "--since", "2026-11-17")

    assert done.returncode == 1
    assert json.loads(done.stdout)["window"]["complete_days"] == 1


def test_a_folder_that_cannot_be_looked_into_stops_for_what_it_holds_would_be_missed(
    tmp_path, monkeypatch
) -> None:
    from shared.errors import BadInputError
    from shared.sources.files import exports

    (tmp_path / "day1").mkdir()
    (tmp_path / "day2").mkdir()
    (tmp_path / "day1" / "a.json").write_bytes(page(*made(20, 1)))
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("day2"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(BadInputError, match="day2 cannot be read: Permission denied"):
        exports.read_exports([tmp_path], frozenset(), lambda _: None)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_report_is_its_owner_s_alone(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(*made(20, 1)))

    run_alone("analyze", source, "--out", tmp_path / "report")

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "report").iterdir()}
    assert modes == {0o600}


def test_filled_fields_that_are_not_understood_are_counted(tmp_path) -> None:
    nothing_to_inherit = {"sessionId": "", "correlationId": ""}
    rubble = {"authenticationDetails": ["System.Collections.Hashtable"]}
    garbled = made(20, 3, **rubble, **nothing_to_inherit)

    report = analyze(tmp_path, ndjson(*made(20, 2), *garbled))
    page_text = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")

    assert report["reading"]["not_understood"] == 3
    assert "3 sign-ins with status, steps or policies that were filled in but not" in page_text
    assert report["metrics"]["portal"]["not_verified"] == 2
    assert report["metrics"]["portal"]["unknown"] == 3


def audit(day):
    """A record of another log, in the envelope that sign-ins have too."""
    return {
        "time": f"2026-11-{day}T08:00:00Z",
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": "Update user",
        "category": "AuditLogs",
        "tenantId": TENANT,
        "resultType": "Update",
        "callerIpAddress": "203.0.113.7",
        "correlationId": f"audit-{day}",
        "properties": {"id": f"audit-{day}", "appId": VENDOR, "createdDateTime": "2026-11-20"},
    }


def test_records_of_other_logs_are_left_aside_and_are_no_coverage(tmp_path) -> None:
    sign_ins, other = tmp_path / "sign-ins.ndjson", tmp_path / "audit.ndjson"
    sign_ins.write_bytes(ndjson(*(diagnostic_record() for _ in range(2))))
    other.write_bytes(ndjson(*map(audit, range(14, 22))))

    done = run("analyze", sign_ins, other, "--json", "--ending", "2026-11-20")
    report = json.loads(done.stdout)

    assert done.returncode == 0
    assert report["reading"]["other_logs"] == {"AuditLogs": 8}
    assert (report["reading"]["records"], report["reading"]["unreadable"]) == (2, 0)
    assert report["window"]["complete_days"] == 0
    assert report["metrics"]["portal"]["not_verified"] == 2
    assert "8 records of AuditLogs left aside" in done.stderr


def test_files_with_nothing_but_other_logs_are_named_as_what_they_are(tmp_path) -> None:
    source = tmp_path / "audit.ndjson"
    source.write_bytes(ndjson(*map(audit, (14, 15))))

    done = run("analyze", source, "--json")

    assert done.returncode == 2
    assert "only records of other logs (2 of AuditLogs)" in done.stderr


def test_without_non_interactive_sign_ins_nothing_is_known_of_the_api(tmp_path) -> None:
    source = tmp_path / "signins.ndjson"
    source.write_bytes(ndjson(*made(14, 1), *made(20, 1)))

    options = ("--since", "2026-11-14", "--until", "2026-11-20", "--ending", "2026-11-20")
    report = json.loads(run("analyze", source, "--json", *options).stdout)

    assert len(report["window"]["coverage"]["interactive"]) == 7
    assert report["window"]["coverage"]["non_interactive"] == []
    assert report["metrics"]["portal"]["not_verified"] == 2
    assert report["metrics"]["api"]["share"] is None


def test_days_are_known_for_each_kind_of_log(tmp_path) -> None:
    late = made(19, 1, **APP_AND_USER, signInEventTypes=["nonInteractiveUser"])
    last = made(20, 1, **APP_AND_USER, signInEventTypes=["nonInteractiveUser"])
    source = tmp_path / "signins.ndjson"
    source.write_bytes(ndjson(*made(13, 1), *made(20, 1), *late, *last))

    done = run("analyze", source, "--json", "--ending", "2026-11-20")
    coverage = json.loads(done.stdout)["window"]["coverage"]

    assert coverage["interactive"] == [f"2026-11-{day}" for day in range(14, 21)]
    assert coverage["non_interactive"] == ["2026-11-20"]
    assert coverage["service_principal"] == []


def test_days_after_the_last_record_are_known_only_until_the_day_that_is_named(tmp_path) -> None:
    source = tmp_path / "signins.ndjson"
    source.write_bytes(ndjson(*made(14, 1), *made(18, 1)))
    dates = ("--since", "2026-11-14", "--ending", "2026-11-20")

    without = json.loads(run("analyze", source, "--json", *dates).stdout)["window"]
    named = json.loads(run("analyze", source, "--json", *dates, "--until", "2026-11-19").stdout)

    assert [gap["day"] for gap in without["missing"]] == ["2026-11-19", "2026-11-20"]
    assert "--until 2026-11-20" in without["missing"][1]["reason"]
    assert [gap["day"] for gap in named["window"]["missing"]] == ["2026-11-20"]


def test_known_requests_of_a_day_that_is_not_known_are_counted(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(*made(20, 2)))

    report = json.loads(run("analyze", source, "--json").stdout)

    assert report["window"]["complete_days"] == 0
    assert report["metrics"]["portal"]["requests"] == 2
    assert report["metrics"]["portal"]["share"] is None


def test_files_without_partner_center_point_to_discover_and_the_other_log(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(*made(20, 1, appId=OTHER, resourceId=OTHER)))

    done = run("analyze", source, "--json")

    assert done.returncode == 0
    assert "No record of these seven days concerns Partner Center" in done.stderr
    assert "--discover" in done.stderr
    assert "non-interactive" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_read(tmp_path) -> None:
    (tmp_path / "file").touch()

    done = run("analyze", tmp_path / "absent.json", "--out", tmp_path / "file" / "report")

    assert done.returncode == 2
    assert "The report cannot be written to" in done.stderr
