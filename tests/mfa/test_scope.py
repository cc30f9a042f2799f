"""Which sign-ins concern Partner Center, and through which channel."""

from __future__ import annotations

import pytest

from shared.mfa.scope import Channel, Scope
from shared.mfa.sign_in import SignInEventType
from tests.sign_ins import API, PORTAL, VENDOR, portal_sign_in


@pytest.mark.parametrize(
    ("shows", "channel"),
    [
        ({"app_id": PORTAL, "resource_id": "any other"}, Channel.PORTAL),
        ({"app_id": PORTAL, "resource_id": API}, Channel.PORTAL),
        ({"app_id": VENDOR, "resource_id": API}, Channel.API),
        (
            {"app_id": VENDOR, "resource_id": API, "event": SignInEventType.SERVICE_PRINCIPAL},
            Channel.API,
        ),
        ({"app_id": PORTAL, "resource_id": "", "event": SignInEventType.SERVICE_PRINCIPAL}, None),
        ({"app_id": VENDOR, "resource_id": "any other"}, None),
        ({"app_id": "", "resource_id": ""}, None),
    ],
)
def test_the_portal_is_recognised_by_its_client_and_the_api_by_its_resource(shows, channel) -> None:
    assert Scope().channel(portal_sign_in(**shows)) is channel


def test_both_sets_of_ids_can_be_replaced() -> None:
    scope = Scope(portal_app_ids=frozenset({VENDOR}), resource_ids=frozenset({"r"}))

    assert scope.channel(portal_sign_in(app_id=VENDOR)) is Channel.PORTAL
    assert scope.channel(portal_sign_in(app_id=PORTAL, resource_id=API)) is None
    assert scope.ids == {VENDOR, "r"}
