"""A tenant in which every reason occurs, from its records to the report and its files."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from io import StringIO

import msgspec
import pytest

from shared.mfa.metrics import ShareRule
from shared.mfa.reasons.reason import ReasonBasis, ReasonKind
from shared.mfa.scope import Channel, Scope
from shared.service.analysis import Question, analyze
from tests.directories import SYNCHRONISATION, document, policy, user
from tests.policy_records import applied, kept_by, record
from tests.records import API, REMEMBERED, VENDOR, line, of_every_log, page, step

BY_PROVIDER = "First factor requirement satisfied by claim provided by external provider"
SYNC = "Sync_DC01_0123456789ab"


def signed_in(shape, number, *policies, **changes):
    """A portal sign-in of one user."""
    name = f"user{number}"
    at = {"createdDateTime": f"2026-11-20T09:{number:02}:00Z"}
    user_of = {"userId": name, "userPrincipalName": f"{name}@contoso.example"}
    own = {"sessionId": f"s{number}", "correlationId": f"c{number}"}
    return record(shape, *policies, **{**at, **user_of, **own, **changes})


RECORDS = [
    signed_in("graph", 1, kept_by("users", "groupId")),
    signed_in("diagnostic", 2, kept_by("clientType")),
    signed_in("log analytics", 3, kept_by("application")),
    signed_in("graph", 4, applied("reportOnlyInterrupted")),
    signed_in("diagnostic", 5, status={"errorCode": 0, "additionalDetails": REMEMBERED}),
    signed_in("log analytics", 6, authenticationDetails=[step(BY_PROVIDER, "Federated")]),
    signed_in("graph", 7, applied("success", id="id of Duo", enforcedGrantControls=["Duo"])),
    signed_in("diagnostic", 8),
    signed_in("graph", 9, userId=SYNC),
    signed_in("log analytics", 10, applied("notEnabled")),
    signed_in("graph", 11, agent={"agentSubjectType": "agentIDuser"}),
    signed_in(
        "graph",
        12,
        appId=VENDOR,
        resourceId=API,
        signInEventTypes=["nonInteractiveUser"],
        authenticationDetails=[],
    ),
    signed_in("graph", 13, status={"errorCode": 0, "additionalDetails": "MFA skipped, somehow"}),
    signed_in("graph", 14, authenticationRequirement="multiFactorAuthentication"),
]
DIRECTORY = document(
    policy("Duo", grant={"builtInControls": [], "customAuthenticationFactors": ["Duo"]}),
    {
        **policy("New", users={"includeUsers": [SYNC]}),
        "createdDateTime": "2026-11-21T12:00:00Z",
    },
    users=[user("user8"), user("user7"), user(SYNC)],
    securityDefaults={"isEnabled": True},
    **SYNCHRONISATION,
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """What `analyze` makes of that tenant."""
    folder = tmp_path_factory.mktemp("tenant")
    (folder / "signins.ndjson").write_bytes(b"\n".join(RECORDS))
    (folder / "elsewhere.json").write_bytes(page(*of_every_log("2026-11-10", "2026-11-23")))
    (folder / "directory.json").write_bytes(
        line({"format": "partner-mfa-status/directory", "version": 1, **DIRECTORY})
    )
    question = Question(
        [folder / "signins.ndjson", folder / "elsewhere.json"],
        Scope(),
        ShareRule(),
        datetime(2026, 11, 25, tzinfo=UTC),
        ending=date(2026, 11, 23),
        directory=folder / "directory.json",
    )
    return analyze(question, lambda *_: None)


def causes_of(published):
    return [cause for parts in published.report.breakdown.values() for cause in parts.by_cause]


def test_every_reason_occurs_by_record_or_by_directory(published) -> None:
    causes = causes_of(published)

    assert {cause.kind for cause in causes} == set(ReasonKind)
    assert {cause.basis for cause in causes} == set(ReasonBasis)


def test_the_causes_add_up_to_the_missing_share(published) -> None:
    metrics = published.report.metrics
    for channel, figure in ((Channel.PORTAL, metrics.portal), (Channel.API, metrics.api)):
        causes = published.report.breakdown[channel].by_cause
        assert sum(cause.against for cause in causes) == figure.not_verified + figure.exempted
        assert sum(cause.counts.unknown for cause in causes) == figure.unknown
    assert (metrics.portal.verified, metrics.portal.requests) == (1, 13)
    assert (metrics.api.unknown, metrics.api.requests) == (1, 1)


def test_files_and_page_say_each_reason(published) -> None:
    shown = published.files["report.html"].decode()
    names = ("portal-requests.csv", "all-api-requests.csv")
    rows = [
        row
        for name in names
        for row in csv.DictReader(StringIO(published.files[name].decode(), newline=""))
    ]

    assert sum(row["Reason"] == "" for row in rows) == 1
    assert {row["Reason"] for row in rows} - {""} == {
        cause.name.replace("“", '"').replace("”", '"') for cause in causes_of(published)
    }
    assert shown.count("<h4>By cause</h4>") == 1  # of the API, nothing is known to count against it
    assert shown.count("Causes in detail") == 2
    assert "Policy “New” is two days old: the window still holds requests from before" in shown
    stored = msgspec.json.decode(published.files["report.json"])
    assert stored["breakdown"]["api"]["by_cause"][0]["kind"] == "no_evidence"
