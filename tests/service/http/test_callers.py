"""Who may look: the platform's word on the caller, and nobody else's."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from shared.service.http.answers import Answer, RefusedError, answered
from shared.service.http.callers import (
    LONGEST_BODY,
    LONGEST_PRINCIPAL,
    OWN_MACHINE,
    PRINCIPAL,
    Caller,
    Role,
    admit,
    admit_script,
    refuse_long_bodies,
    refuse_other_sites,
)
from shared.settings import Settings

IN_FRONT = {"WEBSITE_AUTH_ENABLED": "True"}
LONG = "http://schemas.microsoft.com/claims/authnmethodsreferences"
LONG_ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
LONG_TENANT = "http://schemas.microsoft.com/identity/claims/tenantid"
TENANT = "cccccccc-0000-4000-8000-00000000000c"
MFA = ("amr", "mfa")


def principal(*claims, provider="aad", tenant=TENANT):
    """With the tenant's claim unless it is empty, as the platform passes it on."""
    claims = (*claims, ("tid", tenant)) if tenant else claims
    content = {"auth_typ": provider, "claims": [{"typ": typ, "val": val} for typ, val in claims]}
    return {PRINCIPAL: b64encode(json.dumps(content).encode()).decode()}


def asked(environment, headers):
    def make():
        admit(Settings(environment), headers)
        return Answer(200, {})

    return answered(make)


@pytest.mark.parametrize(
    "claims", [[("amr", "pwd"), ("amr", "mfa")], [(LONG, "mfa")], [(LONG, "pwd,MFA")]]
)
def test_a_caller_whose_token_shows_mfa_is_let_in(claims) -> None:
    assert asked(IN_FRONT, principal(*claims)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        principal(("amr", "pwd")),
        principal(("name", "mfa")),
        principal(("amr", "nomfa")),
        {PRINCIPAL: "no base64"},
        {PRINCIPAL: b64encode(b"no json").decode()},
        {PRINCIPAL: b64encode(b"[1]").decode()},
        {PRINCIPAL: b64encode(b'{"x":' + b"[" * 20_000).decode()},
    ],
)
def test_without_mfa_the_answer_is_partner_centers_own(headers) -> None:
    answer = asked(IN_FRONT, headers)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.body)["detail"] == "MFA required."


def test_the_header_is_not_believed_where_the_platform_does_not_set_it() -> None:
    forged = principal(("amr", "mfa"))

    assert asked({"REQUIRE_MFA_TO_VIEW": "true"}, forged).status == 401
    assert asked({"REQUIRE_MFA_TO_VIEW": "true"} | IN_FRONT, forged).status == 200


def test_on_a_machine_of_ones_own_nothing_is_asked_and_it_can_be_switched_off_in_front() -> None:
    assert asked({}, {}).status == 200
    assert asked({"REQUIRE_MFA_TO_VIEW": "false"} | IN_FRONT, {}).status == 200


def test_roles_are_read_by_either_name_and_only_the_roles() -> None:
    headers = principal(
        MFA,
        ("roles", "Report.Read"),
        (LONG_ROLE, "Customers.Read"),
        ("name", "Report.Run"),
        ("groups", "Report.Run"),
        ("scp", "Report.Run"),
    )

    assert admit(Settings(IN_FRONT), headers).roles == frozenset({"Report.Read", "Customers.Read"})


def test_a_role_is_that_very_word() -> None:
    for word in ("report.read", "Report.Read ", "Report.Read,Report.Run", "Report.ReadWrite", ""):
        caller = admit(Settings(IN_FRONT), principal(MFA, ("roles", word)))

        with pytest.raises(RefusedError, match=r"the role Report\.Read") as refused:
            caller.demand(Role.READ)
        assert refused.value.status == 403


def test_no_role_implies_another() -> None:
    for has in Role:
        caller = Caller(frozenset({has}))
        caller.demand(has)
        for other in set(Role) - {has}:
            with pytest.raises(RefusedError):
                caller.demand(other)


def test_who_is_let_in_without_any_role_may_see_nothing() -> None:
    without = {"REQUIRE_MFA_TO_VIEW": "false"} | IN_FRONT

    for headers in ({}, principal(MFA), {PRINCIPAL: "no base64"}):
        caller = admit(Settings(without), headers)
        assert caller.roles == frozenset()


def test_an_application_without_a_user_needs_no_mfa_and_has_its_roles() -> None:
    """As Partner Center has it: app-only calls work on without MFA."""
    caller = admit(Settings(IN_FRONT), principal(("idtyp", "app"), ("roles", "Report.Read")))

    assert caller.roles == frozenset({"Report.Read"})


@pytest.mark.parametrize(
    "claims",
    [
        [("idtyp", "user")],
        [("idtyp", "app"), ("idtyp", "user")],
        [("idtyp", "App")],
        [("appid", "00000000-0000-4000-8000-000000000001")],
        [("name", "app")],
    ],
)
def test_what_does_not_say_for_certain_that_it_is_an_application_is_asked_for_mfa(claims) -> None:
    assert asked(IN_FRONT, principal(*claims, ("roles", "Report.Read"))).status == 401


def test_another_provider_s_word_is_nobody_s() -> None:
    assert asked(IN_FRONT, principal(MFA, provider="github")).status == 401


@pytest.mark.parametrize("name", ["tid", LONG_TENANT])
def test_another_tenant_s_token_is_refused(name) -> None:
    ours = IN_FRONT | {"TENANT_ID": TENANT}

    theirs = TENANT.replace("c", "d")
    for tenant, status in ((TENANT.upper(), 200), (theirs, 403), ("", 403)):
        assert asked(ours, principal(MFA, (name, tenant), tenant="")).status == status
    assert asked(ours, principal(MFA, (name, theirs))).status == 403


def test_a_token_that_names_no_tenant_is_refused() -> None:
    for environment in (IN_FRONT, IN_FRONT | {"TENANT_ID": TENANT}):
        assert asked(environment, principal(MFA, tenant="")).status == 403


def test_a_principal_that_is_longer_than_any_is_not_looked_at() -> None:
    padded = principal(MFA, ("name", "x" * LONGEST_PRINCIPAL))

    assert asked(IN_FRONT, padded).status == 401


@pytest.mark.parametrize(
    "sign",
    [
        *("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "WEBSITE_SKU", "CONTAINER_APP_NAME"),
        *("KUBERNETES_SERVICE_HOST", "AZURE_FUNCTIONS_ENVIRONMENT"),
    ],
)
def test_hosted_anywhere_nobody_is_let_in_without_authentication_in_front(sign) -> None:
    everybody = {sign: "Production", "REQUIRE_MFA_TO_VIEW": "false", "SCRIPT_KEYS": "true"}

    assert asked(everybody, principal(MFA, ("roles", "Report.Read"))).status == 403
    assert asked(everybody | IN_FRONT, principal(MFA)).status == 200
    with pytest.raises(RefusedError) as refused:
        admit_script(Settings(everybody))
    assert refused.value.status == 403
    assert admit_script(Settings(everybody | IN_FRONT)).roles == frozenset({Role.READ})


def test_functions_core_tools_are_a_machine_of_ones_own() -> None:
    assert asked({"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}, {}).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost", "LOCALHOST:80", "[::1]:7071"])
def test_on_a_machine_of_ones_own_it_answers_to_the_machine_s_own_name(host) -> None:
    assert asked({}, {"host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:7071", "127.0.0.1.evil.example", "localhost.", "192.0.2.1", "x@localhost"],
)
def test_a_page_whose_name_was_made_to_lead_here_is_sent_away(host) -> None:
    assert asked({}, {"host": host}).status == 403


def test_on_a_machine_of_ones_own_there_are_no_roles_to_ask_for() -> None:
    assert admit(Settings({}), {}) is OWN_MACHINE
    for role in Role:
        OWN_MACHINE.demand(role)


def test_scripts_get_nothing_by_a_key_unless_that_is_switched_on() -> None:
    with pytest.raises(RefusedError) as refused:
        admit_script(Settings({}))
    assert refused.value.status == 404

    assert admit_script(Settings({"SCRIPT_KEYS": "true"})).roles == frozenset({Role.READ})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "anything"},
        {"origin": "https://evil.example", "host": "func.example"},
        {"origin": "null", "host": "func.example"},
        {"origin": "https://func.example.evil.example", "host": "func.example"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin", "host": "func.example"},
        {"origin": "https://func.example"},
        {"origin": "http://func.example", "host": "func.example"},
        {"origin": "https://127.0.0.1:7071", "host": "127.0.0.1:7071"},
        {"origin": "http://[", "host": "func.example"},
    ],
)
def test_another_site_can_start_nothing_in_its_visitor_s_name(headers) -> None:
    with pytest.raises(RefusedError, match="Other sites") as refused:
        refuse_other_sites(headers)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "func.example"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://func.example", "host": "func.example"},
        {"origin": "http://localhost:7071", "host": "localhost:7071"},
    ],
)
def test_a_script_and_the_own_site_can(headers) -> None:
    refuse_other_sites(headers)


def test_a_body_that_does_not_say_how_long_it_is_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        refuse_long_bodies({"transfer-encoding": "chunked"})
    assert refused.value.status == 413


@pytest.mark.parametrize("length", [str(LONGEST_BODY + 1), "9" * 5000, "-1", "1e3", "x"])
def test_a_long_body_is_refused_by_its_length(length) -> None:
    with pytest.raises(RefusedError) as refused:
        refuse_long_bodies({"content-length": length})
    assert refused.value.status == 413


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}, {"content-length": "1000"}])
def test_no_body_or_a_short_one_is_taken(headers) -> None:
    refuse_long_bodies(headers)


def test_refusing_is_an_error_and_not_an_answer_that_somebody_could_overlook() -> None:
    with pytest.raises(RefusedError, match="MFA required"):
        admit(Settings(IN_FRONT), {})
