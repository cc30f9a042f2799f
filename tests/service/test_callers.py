"""Who may look: the platform's word on the caller, and nobody else's."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from shared.service.answers import Answer, RefusedError, answered
from shared.service.callers import PRINCIPAL, admit
from shared.settings import Settings

IN_FRONT = {"WEBSITE_AUTH_ENABLED": "True"}
LONG = "http://schemas.microsoft.com/claims/authnmethodsreferences"


def principal(*claims):
    told = {"auth_typ": "aad", "claims": [{"typ": typ, "val": val} for typ, val in claims]}
    return {PRINCIPAL: b64encode(json.dumps(told).encode()).decode()}


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


def test_refusing_is_an_error_and_not_an_answer_that_somebody_could_overlook() -> None:
    with pytest.raises(RefusedError, match="MFA required"):
        admit(Settings(IN_FRONT), {})
