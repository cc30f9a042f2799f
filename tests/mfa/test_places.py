"""Where each finding is fixed, in which cloud and tenant."""

from __future__ import annotations

import pytest

from shared.endpoints import Cloud
from shared.mfa.findings.catalogue import CATALOGUE
from shared.mfa.findings.finding import in_admin_center
from shared.mfa.findings.places import ADMIN_CENTERS, PLACES, Kind, place_of
from tests.delivery.making import finding

TENANT = "6e6aef4a-4ca9-40a8-b5bf-b53a1923c540"
POLICY = "2cc0398b-c74e-4b8d-a85d-584a5de0934b"


def test_every_finding_has_its_place_and_a_role() -> None:
    assert PLACES.keys() == CATALOGUE.keys()
    assert all(place.role for place in PLACES.values())


def test_every_cloud_has_its_admin_center() -> None:
    assert ADMIN_CENTERS.keys() == {cloud.value for cloud in Cloud}


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("global", "entra.microsoft.com"),
        ("usgov", "entra.microsoft.us"),
        ("dod", "entra.microsoft.us"),
        ("china", "entra.microsoftonline.cn"),
    ],
)
def test_a_policy_is_opened_itself_in_its_tenant_and_cloud(cloud: str, host: str) -> None:
    found = in_admin_center(finding(ids=[POLICY]), cloud, TENANT)

    view = f"Microsoft_AAD_ConditionalAccess/PolicyBlade/policyId/{POLICY}"
    assert found.href == f"https://{host}/{TENANT}/#view/{view}"


@pytest.mark.parametrize("hostile", ["x/../../#view/Evil", "javascript:alert(1)", "", "a b"])
def test_an_id_that_is_not_a_guid_never_becomes_part_of_an_address(hostile: str) -> None:
    address = place_of("accounts-excluded").address("global", hostile, [hostile])

    assert address == (
        "https://entra.microsoft.com/#view/Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade"
        "/~/Policies"
    )


def test_only_findings_about_policies_lead_to_the_list_of_policies() -> None:
    to_the_list = {
        finding_id
        for finding_id, place in PLACES.items()
        if place.address("global", TENANT, [POLICY]).endswith("/ConditionalAccessBlade/~/Policies")
    }

    assert to_the_list == {  # each is fixed by a policy that is yet to be chosen
        *("accounts-not-targeted", "guests-without-mfa", "federation-alone", "exception-expired"),
        *("signed-in-without-mfa", "active-without-enforcement", "legacy-authentication"),
        "what-if-disagrees",  # there is a button "What If" in that list
    }


def test_what_is_not_fixed_in_entra_has_no_address() -> None:
    assert place_of("exception-needless").kind is Kind.EXCEPTIONS
    assert place_of("exception-needless").address("global", TENANT, []) == ""
