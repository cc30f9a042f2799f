from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.graph.api import GraphRequest, GraphResponse, Route, SimulatedGraph, Throttle
from simulator.graph.faults import garble, refuse
from simulator.graph.mail import Mailbox
from simulator.graph.sign_ins import V1_PROPERTIES, LogBehaviour
from simulator.simulation import TOKEN, make_graph
from tests.sources.graph.graph_doubles import ENDING, FakeTime, partner

PATH = "/beta/auditLogs/signIns"


class Tenant:
    """A simulated Graph, and what requests to it return."""

    def __init__(self, behaviour: LogBehaviour | None = None, **how) -> None:
        self.time = FakeTime()
        self.graph, self.log, self.mailbox = make_graph(
            partner(), behaviour, clock=self.time.clock, **how
        )

    def get(self, target: str, token: str = TOKEN) -> GraphResponse:
        headers = {"host": "graph.example", "authorization": f"Bearer {token}"}
        return self.graph.answer(GraphRequest("GET", target, headers))

    def page(self, target: str) -> dict[str, Any]:
        response = self.get(target)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def refusal(self, target: str) -> tuple[int, str, str]:
        response = self.get(target)
        error = json.loads(response.body)["error"]
        return int(response.status), error["code"], error["message"]


def filtered(text: str, rest: str = "") -> str:
    return f"{PATH}?$filter={text.replace(' ', '%20')}{rest}"


# Who may ask


@pytest.mark.parametrize("token", ["", "another"])
def test_without_a_good_token_nothing_is_answered(token: str) -> None:
    assert Tenant().get(PATH, token).status == 401


def test_an_unknown_address_is_not_found() -> None:
    assert Tenant().refusal("/beta/nothing")[:2] == (404, "ResourceNotFound")


def test_errors_have_graphs_shape() -> None:
    error = json.loads(Tenant().get("/beta/nothing").body)["error"]

    assert set(error) == {"code", "message", "innerError"}


def test_an_unlicensed_tenant_and_a_missing_consent_are_403() -> None:
    tenant = Tenant()
    tenant.log.deny_for_licence()
    licence = tenant.refusal(PATH)
    tenant.log.deny_for_consent()

    assert licence[:2] == (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    assert tenant.refusal(PATH)[:2] == (403, "Authentication_MSGraphPermissionMissing")


# The log


def test_a_page_holds_a_thousand_of_the_newest_interactive_sign_ins() -> None:
    rows = Tenant().page(PATH)["value"]

    assert len(rows) == 1000
    assert {event for row in rows for event in row["signInEventTypes"]} == {"interactiveUser"}
    assert rows[0]["createdDateTime"] > rows[-1]["createdDateTime"]


@pytest.mark.parametrize("event", ["nonInteractiveUser", "servicePrincipal", "managedIdentity"])
def test_other_event_types_come_when_named(event: str) -> None:
    rows = Tenant().page(filtered(f"signInEventTypes/any(t: t eq '{event}')"))["value"]

    assert {tuple(row["signInEventTypes"]) for row in rows} == {(event,)}


def test_v1_leaves_out_what_is_in_beta_only() -> None:
    tenant = Tenant()
    beta, v1 = tenant.page(PATH)["value"][0], tenant.page(PATH.replace("beta", "v1.0"))["value"][0]

    assert set(v1) == set(beta) & V1_PROPERTIES
    assert {"sessionId", "authenticationDetails", "authenticationRequirement"} <= set(beta) - set(
        v1
    )


def test_beta_says_who_is_an_agent_and_which_rules_of_a_policy_matched_and_v1_does_not() -> None:
    tenant = Tenant()
    rows, rows_of_v1 = (tenant.page(PATH.replace("beta", v))["value"] for v in ("beta", "v1.0"))
    applied, applied_in_v1 = (
        {
            policy["result"]: policy
            for row in some
            for policy in row["appliedConditionalAccessPolicies"]
        }
        for some in (rows, rows_of_v1)
    )

    assert {row["agent"]["agentType"] for row in rows} == {"notAgentic", "agenticAppInstance"}
    assert not [row for row in rows_of_v1 if "agent" in row]
    assert applied["success"]["conditionsNotSatisfied"] == "none"
    assert applied["notApplied"]["conditionsNotSatisfied"] == "users"
    by_group = [{"conditionalAccessCondition": "users", "ruleSatisfied": "groupId"}]
    assert by_group in [
        policy["excludeRulesSatisfied"]
        for row in rows
        for policy in row["appliedConditionalAccessPolicies"]
        if policy["result"] == "notApplied"
    ]
    assert set(applied_in_v1["success"]) == {
        *("id", "displayName", "result", "enforcedGrantControls", "enforcedSessionControls"),
    }


def test_oldest_first_where_that_is_asked_for() -> None:
    rows = Tenant().page(f"{PATH}?$orderby=createdDateTime%20asc&$top=2")["value"]

    assert rows[0]["createdDateTime"] < rows[1]["createdDateTime"] < f"{ENDING - timedelta(28)}"


@pytest.mark.parametrize(
    "options",
    [
        "$top=0",
        "$top=1001",
        "$top=ten",
        "$skip=1000",
        "$orderby=appDisplayName",
        "$count=true",
        "$expand=x",
        "$skiptoken=never-given",
        "$filter=",
        "$filter=nonsense%20eq%20'x'",
        "$filter=createdDateTime%20lt%202026-11-23",
    ],
)
def test_options_that_are_not_documented_are_refused(options: str) -> None:
    assert Tenant().refusal(f"{PATH}?{options}")[:2] == (400, "BadRequest")


def test_pages_follow_one_another_until_there_is_no_link() -> None:
    tenant = Tenant()
    target = filtered("createdDateTime ge 2026-11-22", "&$top=70")
    whole = tenant.page(target.replace("70", "1000"))["value"]
    rows, pages = [], 0

    while target:
        page = tenant.page(target)
        rows += page["value"]
        pages += 1
        target = page.get("@odata.nextLink", "").removeprefix("http://graph.example")

    assert rows == whole
    assert pages == -(-len(whole) // 70) > 2


def test_a_link_can_be_asked_twice_but_not_for_ever() -> None:
    tenant = Tenant(LogBehaviour(token_seconds=60))
    link = tenant.page(f"{PATH}?$top=5")["@odata.nextLink"].removeprefix("http://graph.example")
    first = tenant.page(link)["value"]
    tenant.time.now = 60

    assert tenant.page(link)["value"] == first
    tenant.time.now = 61
    assert "skip token is null" in tenant.refusal(link)[2]


def test_rows_that_land_while_paging_do_not_shift_the_pages() -> None:
    now = [datetime(2026, 11, 23, 9, tzinfo=UTC)]
    tenant = Tenant(now=lambda: now[0])
    page = tenant.page(f"{PATH}?$top=5")
    now[0] += timedelta(hours=12)

    following = tenant.page(page["@odata.nextLink"].removeprefix("http://graph.example"))

    assert following["value"][0]["createdDateTime"] <= page["value"][-1]["createdDateTime"]


def test_a_record_is_first_logged_incomplete_and_then_again_filled() -> None:
    candidates = (each for each in partner().expected if each.first_row)
    sign_in = next(each for each in candidates if each.channel == "portal")
    target = filtered(f"id eq '{sign_in.row['id']}'")
    soon, later = (
        Tenant(now=lambda after=after: sign_in.at + after).page(target)["value"]
        for after in (timedelta(minutes=10), timedelta(hours=2))
    )

    assert [row["authenticationRequirement"] for row in soon] == [""]
    assert len(later) == 2
    assert later[0]["authenticationRequirement"]


# Throttling and faults


@pytest.mark.parametrize("says_when", [True, False])
def test_the_sixth_request_in_ten_seconds_is_too_many(says_when) -> None:
    tenant = Tenant(LogBehaviour(throttle=Throttle(says_when=says_when)))
    statuses = [tenant.get(PATH).status for _ in range(5)]
    refused = tenant.get(PATH)
    tenant.time.now = 10

    assert statuses == [200] * 5
    assert refused.status == 429
    assert refused.headers.get("Retry-After") == ("10" if says_when else None)
    assert tenant.get(PATH).status == 200


def test_each_app_and_each_service_is_throttled_by_itself() -> None:
    once = Throttle(limit=1)
    routes = [
        Route("GET", re.compile(f"/{name}"), lambda *_: GraphResponse(200), once, name)
        for name in "ab"
    ]
    graph = SimulatedGraph(routes, tokens=["one", "two"])

    def ask(path: str, token: str) -> int:
        return graph.answer(GraphRequest("GET", path, {"authorization": f"Bearer {token}"})).status

    assert [ask("/a", "one"), ask("/a", "two"), ask("/b", "one"), ask("/a", "one")] == [
        200,
        200,
        200,
        429,
    ]


def test_a_fault_affects_the_request_with_its_number() -> None:
    tenant = Tenant(faults={2: refuse(503, "busy", retry_after="7"), 3: garble})

    responses = [tenant.get(PATH) for _ in range(4)]

    assert [response.status for response in responses] == [200, 503, 200, 200]
    assert responses[1].headers["Retry-After"] == "7"
    assert len(responses[2].body) == len(responses[3].body) // 2


def test_every_request_is_in_the_log() -> None:
    tenant = Tenant()
    tenant.get(f"{PATH}?$top=1")
    tenant.time.now = 3
    tenant.get(PATH, token="another")

    assert [(s.number, s.at, s.request.target, s.status) for s in tenant.graph.requests] == [
        (1, 0, f"{PATH}?$top=1", 200),
        (2, 3, PATH, 401),
    ]


# Mail


def send(mailbox: Mailbox, body: bytes) -> int:
    graph = SimulatedGraph(mailbox.routes(), tokens=[TOKEN])
    path = "/v1.0/users/reports%40northwindcloud.example/sendMail"
    return int(
        graph.answer(GraphRequest("POST", path, {"authorization": f"Bearer {TOKEN}"}, body)).status
    )


def test_mail_is_accepted_and_kept() -> None:
    mailbox = Mailbox()
    message = {
        "subject": "All is well",
        "body": {"contentType": "Text", "content": "It is."},
        "toRecipients": [{"emailAddress": {"address": "adele.vance@northwindcloud.example"}}],
    }

    status = send(mailbox, json.dumps({"message": message, "saveToSentItems": False}).encode())

    (mail,) = mailbox.sent
    assert status == 202
    assert (mail.sender, mail.message) == ("reports@northwindcloud.example", message)
    assert not mail.save_to_sent_items


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"message": {"body": {"content": "x"}, "toRecipients": []}}']
)
def test_mail_without_body_or_recipient_is_refused(body: bytes) -> None:
    mailbox = Mailbox()

    assert send(mailbox, body) == 400
    assert mailbox.sent == []


def test_every_response_gives_the_time_in_the_simulation() -> None:
    tenant = Tenant(faults={2: refuse(503)})
    tenant.graph.now = lambda: datetime(2026, 11, 24, 2, 15, tzinfo=UTC)

    dates = [tenant.get(PATH).headers["Date"] for _ in range(2)]

    assert dates == ["Tue, 24 Nov 2026 02:15:00 GMT"] * 2
