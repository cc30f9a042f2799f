from __future__ import annotations

import pytest

from simulator.graph.odata import FilterError, parse_filter
from tests.sources.graph.graph_doubles import partner

ROW = {
    "createdDateTime": "2026-11-23T08:15:00.5Z",
    "appId": "4990CFFE",
    "appDisplayName": "Control 'Panel'",
    "authenticationRequirement": "singleFactorAuthentication",
    "ipAddress": None,
    "status": {"errorCode": 0},
    "location": {"city": "Munich"},
    "signInEventTypes": ["nonInteractiveUser"],
}


@pytest.mark.parametrize(
    "text",
    [
        "appId eq '4990cffe'",
        "appid eq '4990CFFE'",
        "status/errorCode eq 0",
        "status/errorcode eq 0",
        "location/city eq 'Munich'",
        "startsWith(location/city,'Mu')",
        "startswith(appDisplayName, 'Control ''')",
        "appDisplayName eq 'Control ''Panel'''",
        "authenticationRequirement eq 'singleFactorAuthentication'",
        "createdDateTime ge 2026-11-23",
        "createdDateTime ge 2026-11-23T08:15:00.5000000Z",
        "createdDateTime le 2026-11-23T08:15:00.5Z",
        "createdDateTime eq 2026-11-23T08:15:00.5Z",
        "signInEventTypes/any(t: t eq 'nonInteractiveUser')",
        "signInEventTypes/any(x:x ne 'interactiveUser')",
        "appId eq 'x' or appId eq '4990cffe' and status/errorCode eq 0",
        "(appId eq 'x' or (appId eq '4990cffe')) and (status/errorCode eq 0)",
        "ipAddress eq ''",
    ],
)
def test_what_is_documented_is_understood(text: str) -> None:
    assert parse_filter(text, is_beta=True).test(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "appId eq 'other'",
        "createdDateTime ge 2026-11-23T08:15:00.5000001Z",
        "createdDateTime le 2026-11-23T08:15:00Z",
        "signInEventTypes/any(t: t eq 'interactiveUser')",
        "(appId eq 'x' or appId eq '4990cffe') and status/errorCode eq 50074",
        "startswith(location/city,'unich')",
    ],
)
def test_what_does_not_hold_does_not_pass(text: str) -> None:
    assert not parse_filter(text, is_beta=True).test(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "appId",
        "appId eq",
        "appId eq x",
        "appId eq 'x",
        "appId eq 'x')",
        "(appId eq 'x'",
        "appId eq 'x' and",
        "appId eq 'x' appId eq 'y'",
        "appId ne 'x'",
        "appId in ('x')",
        "startswith(appId,'x')",
        "contains(appDisplayName,'x')",
        "not appId eq 'x'",
        "createdDateTime lt 2026-11-23T00:00:00Z",
        "createdDateTime gt 2026-11-23T00:00:00Z",
        "createdDateTime ge '2026-11-23T00:00:00Z'",
        "createdDateTime ge 01-SEP-2026",
        "createdDateTime ge 2026-11-23T00:00:00+01:00",
        "isInteractive eq false",
        "sessionId eq 'x'",
        "nonsense eq 'x'",
        "status/errorCode eq '0'",
        "status/errorCode ne 0",
        "status eq 0",
        "signInEventTypes eq 'interactiveUser'",
        "signInEventTypes/any(t: u eq 'interactiveUser')",
        "signInEventTypes/any(t: t ge 'interactiveUser')",
        "signInEventTypes/all(t: t eq 'interactiveUser')",
    ],
)
def test_what_is_not_documented_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text, is_beta=True)


@pytest.mark.parametrize(
    "text",
    [
        "signInEventTypes/any(t: t eq 'interactiveUser')",
        "authenticationRequirement eq 'singleFactorAuthentication'",
        "originalRequestId eq 'x'",
    ],
)
def test_v1_does_not_know_what_is_in_beta_only(text: str) -> None:
    with pytest.raises(FilterError, match="no property"):
        parse_filter(text, is_beta=False)


def test_bounds_that_every_row_must_keep_are_known_beforehand() -> None:
    text = (
        "createdDateTime ge 2026-11-23T00:00:00Z and createdDateTime le 2026-11-24T00:00:00Z"
        " and (appId eq 'x' or appId eq 'y')"
    )

    filter_ = parse_filter(text, is_beta=True)

    assert filter_.oldest == "2026-11-23T00:00:00.0000000Z"
    assert filter_.newest == "2026-11-24T00:00:00.0000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "createdDateTime ge 2026-11-23T00:00:00Z or appId eq 'x'",
        "appId eq 'x' and (createdDateTime ge 2026-11-23T00:00:00Z or appId eq 'y')",
        "appId eq 'x' or appId eq 'y' and createdDateTime ge 2026-11-23T00:00:00Z",
    ],
)
def test_bounds_with_an_or_beside_them_bind_nobody(text: str) -> None:
    assert not parse_filter(text, is_beta=True).oldest


def test_every_filterable_property_is_one_that_rows_have() -> None:
    from simulator.graph.odata import OPERATORS

    names = {path.partition("/")[0] for path in OPERATORS}

    assert names <= set(partner().log[0].row) | {"clientAppUsed"}
