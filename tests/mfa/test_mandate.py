"""The mandate: its table, the page's four examples as scenarios, and the answers to one token."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from dev import ROOT
from shared.endpoints import Cloud
from shared.mfa.access_token import MfaClaim, TokenKind, decode_token
from shared.mfa.mandate import (
    MANDATE,
    MandateAnswer,
    MandateScenario,
    MfaBy,
    mandate_answers,
    possible_mfa_by,
)
from shared.mfa.mandate_tables import (
    ADDITIONAL_WORKLOADS,
    PAGES,
    PAGES_2023,
    SCENARIO_ANSWERS,
    WORKLOADS,
)
from tests.tokens import APP_ONLY_CLAIMS, ISSUED_AT, NOW, RESOURCE, TENANT, token_of, user_token

PORTAL, API, GDAP = MandateScenario
ISSUERS = Cloud.GLOBAL.issuers
OF_NO_MFA = ("the token's amr does not contain mfa", "401 Unauthorized - MFA required", "900421")


def signed_in(*amr):
    """The token that a user gets who signed in like this."""
    return decode_token(user_token(amr=list(amr)))


def asked(token, now=NOW):
    return {
        scenario: ruling.answer for scenario, ruling in mandate_answers(token, now, ISSUERS).items()
    }


def sentence(token, scenario, now=NOW):
    return mandate_answers(token, now, ISSUERS)[scenario].sentence


# The four verification examples of the mandate page.


def test_example_1_alejandra_of_contoso_did_mfa_at_entra_and_is_not_asked_again() -> None:
    # She signs in, and does MFA at Entra. (The edition of May 2023 calls her Consuela.)
    alejandra = signed_in("pwd", "mfa")
    assert alejandra.mfa is MfaClaim.YES
    assert possible_mfa_by(alejandra) == (MfaBy.ENTRA,)

    # She opens a protected page: it opens, and nobody asks again.
    assert "Customers" in PAGES
    assert mandate_answers(alejandra, NOW, ISSUERS)[PORTAL] == MANDATE[PORTAL, MfaBy.ENTRA]
    assert asked(alejandra)[PORTAL] is MandateAnswer.ALLOWED
    assert "without another request for MFA" in sentence(alejandra, PORTAL)


def test_example_2_prashob_of_wingtip_did_mfa_at_a_compatible_provider_and_is_let_in() -> None:
    # He signs in by identity federation; his company's provider did the MFA and gives the claim.
    prashob = signed_in("fed", "mfa")
    assert possible_mfa_by(prashob) == (MfaBy.ENTRA, MfaBy.THIRD_PARTY)

    # He opens a protected page: it opens, and nobody asks again.
    assert MANDATE[PORTAL, MfaBy.THIRD_PARTY].answer is MandateAnswer.ALLOWED
    assert asked(prashob)[PORTAL] is MandateAnswer.ALLOWED
    assert "without another request for MFA" in sentence(prashob, PORTAL)

    # He goes on to a customer's tenant to add users, without any issues.
    assert MANDATE[GDAP, MfaBy.THIRD_PARTY].answer is MandateAnswer.ALLOWED
    assert asked(prashob)[GDAP] is MandateAnswer.ALLOWED
    assert "by the edition of may 2023" in MANDATE[GDAP, MfaBy.THIRD_PARTY].sentence.lower()


def test_example_3_john_of_fabrikam_has_no_mfa_and_is_asked_at_the_first_protected_page() -> None:
    # He signs in without MFA.
    john = signed_in("pwd")
    assert john.mfa is MfaClaim.NO
    assert MfaBy.NOBODY in possible_mfa_by(john)

    # He opens the overview, which in the page's example asks for nothing; today it would.
    assert "Overview" not in {*PAGES, *PAGES_2023}
    assert "not to the overview; since September 2025" in sentence(john, PORTAL)

    # He opens a protected page and is sent to Entra, where he registers, being there first.
    assert "Billing" in PAGES
    assert asked(john)[PORTAL] is MandateAnswer.ASKED_FOR_MFA
    assert "users who have not registered for it do so then" in sentence(john, PORTAL)
    assert asked(signed_in("pwd", "mfa"))[PORTAL] is MandateAnswer.ALLOWED

    # On a later day he signs in without MFA again: he is asked again, and does MFA.
    later = decode_token(user_token(amr=["pwd"], iat=ISSUED_AT + 86_400))
    assert asked(later, NOW + timedelta(days=1))[PORTAL] is MandateAnswer.ASKED_FOR_MFA
    assert asked(signed_in("pwd", "mfa"))[PORTAL] is MandateAnswer.ALLOWED


def test_example_4_trent_of_wingtip_is_blocked_everywhere_that_is_protected() -> None:
    # He signs in with MFA of a provider that is not compatible with Entra: no claim of it.
    trent = signed_in("pwd")
    assert trent.mfa is MfaClaim.NO
    assert MfaBy.INCOMPATIBLE in possible_mfa_by(trent)

    # He is blocked from all protected pages and APIs, and from customers' tenants.
    assert [MANDATE[scenario, MfaBy.INCOMPATIBLE].answer for scenario in (PORTAL, API, GDAP)] == [
        *(MandateAnswer.BLOCKED, MandateAnswer.REFUSED, MandateAnswer.BLOCKED),
    ]
    assert "under an exception" in MANDATE[PORTAL, MfaBy.INCOMPATIBLE].sentence  # in May 2023
    assert MandateAnswer.ALLOWED not in asked(trent).values()

    # He has to present strong MFA to gain access.
    assert set(asked(signed_in("pwd", "mfa")).values()) == {MandateAnswer.ALLOWED}


# The table.


def test_every_scenario_has_an_answer_for_everybody_who_may_have_done_the_mfa() -> None:
    assert set(MANDATE) == set(product(MandateScenario, MfaBy))
    for ruling in MANDATE.values():
        assert ruling.sentence.endswith(".")
        assert ruling.source


def test_entras_mfa_opens_everything_and_no_mfa_opens_nothing() -> None:
    for scenario in MandateScenario:
        assert MANDATE[scenario, MfaBy.ENTRA].answer is MandateAnswer.ALLOWED
        assert MANDATE[scenario, MfaBy.NOBODY].answer in {
            *(MandateAnswer.ASKED_FOR_MFA, MandateAnswer.REFUSED, MandateAnswer.BLOCKED)
        }


def test_the_current_edition_is_the_answer_and_where_that_of_2023_differs_it_is_named() -> None:
    for mfa_by, opens in ((MfaBy.THIRD_PARTY, True), (MfaBy.INCOMPATIBLE, False)):
        for scenario in MandateScenario:
            ruling = MANDATE[scenario, mfa_by]
            assert (ruling.answer is MandateAnswer.ALLOWED) is opens
            assert "edition of May 2023" in ruling.sentence or "by no edition" in ruling.sentence
            assert "editions of May 2023 and since 2025" in ruling.source


def test_the_seven_scenarios_are_those_of_the_page_with_their_three_columns() -> None:
    never = [each.name for each in WORKLOADS if each.third_party_2023 == "No exception supported"]

    assert len(WORKLOADS) == 7
    assert never == ["manage", "assign_gdap", "gdap_requests"]
    assert [each.name for each in WORKLOADS if each.is_additional] == [
        *("manage", "assign_dap", "assign_gdap"),
    ]
    assert {SCENARIO_ANSWERS[who] for who in (MfaBy.ENTRA, MfaBy.THIRD_PARTY)} == {
        MandateAnswer.ALLOWED
    }
    assert {SCENARIO_ANSWERS[who] for who in (MfaBy.INCOMPATIBLE, MfaBy.NOBODY)} == {
        MandateAnswer.REFUSED
    }


def test_the_additional_workloads_are_those_of_the_page_with_their_two_columns() -> None:
    applicable = [row for row in ADDITIONAL_WORKLOADS if row.entra_2023 == "MFA supported"]

    assert len(ADDITIONAL_WORKLOADS) == 5
    assert [row.name for row in applicable] == ["manage", "assign"]
    assert {row.third_party_2023 for row in applicable} == {"No exception supported"}


# One token.


def test_a_users_token_with_mfa_is_accepted_everywhere() -> None:
    assert asked(signed_in("pwd", "mfa")) == dict.fromkeys(MandateScenario, MandateAnswer.ALLOWED)


def test_a_users_token_without_mfa_gets_partner_centers_own_refusal() -> None:
    token = signed_in("pwd")

    assert asked(token) == {
        PORTAL: MandateAnswer.ASKED_FOR_MFA,
        API: MandateAnswer.REFUSED,
        GDAP: MandateAnswer.BLOCKED,
    }
    for part in OF_NO_MFA:
        assert part in sentence(token, API)


@pytest.mark.parametrize("vouched", ["fed", "wia", "FED"])
def test_who_did_the_mfa_of_a_federated_sign_in_is_not_in_its_token(vouched) -> None:
    token = signed_in(vouched, "mfa")

    assert possible_mfa_by(token) == (MfaBy.ENTRA, MfaBy.THIRD_PARTY)
    assert asked(token) == dict.fromkeys(MandateScenario, MandateAnswer.ALLOWED)


def test_a_version_2_token_without_amr_is_unknown_rather_than_without_mfa() -> None:
    token = decode_token(user_token(without=["amr"], ver="2.0"))

    assert possible_mfa_by(token) == ()
    assert asked(token) == dict.fromkeys(MandateScenario, MandateAnswer.CANNOT_TELL)
    assert "does not say how its user signed in" in sentence(token, API)


def test_an_application_uses_the_api_without_mfa_and_has_no_other_scenario() -> None:
    token = decode_token(token_of(APP_ONLY_CLAIMS))

    assert token.kind is TokenKind.APP_ONLY
    assert possible_mfa_by(token) == ()
    assert asked(token) == {
        PORTAL: MandateAnswer.NOT_APPLICABLE,
        API: MandateAnswer.ALLOWED,
        GDAP: MandateAnswer.NOT_APPLICABLE,
    }


def test_a_token_of_unknown_kind_gets_an_unknown_answer() -> None:
    token = decode_token(user_token(idtyp="app"))

    assert asked(token) == dict.fromkeys(MandateScenario, MandateAnswer.CANNOT_TELL)


def test_an_expired_token_gets_401_whatever_it_says_and_the_rest_is_as_it_signed_in() -> None:
    end = signed_in("pwd", "mfa").expires_at
    assert end is not None

    for token in (signed_in("pwd", "mfa"), decode_token(token_of(APP_ONLY_CLAIMS))):
        assert asked(token, end - timedelta(seconds=1))[API] is MandateAnswer.ALLOWED
        assert asked(token, end)[API] is MandateAnswer.REFUSED
        assert "401 Unauthorized: this token has expired." in sentence(token, API, end)
    assert asked(signed_in("pwd", "mfa"), end)[PORTAL] is MandateAnswer.ALLOWED
    assert asked(signed_in("pwd", "mfa"), end)[GDAP] is MandateAnswer.ALLOWED


def test_a_token_is_refused_before_it_is_valid() -> None:
    token = decode_token(user_token(nbf=int(NOW.timestamp()) + 1))

    assert asked(token)[API] is MandateAnswer.REFUSED
    assert "is not valid yet" in sentence(token, API)


@pytest.mark.parametrize(
    "audience",
    [
        "https://api.partnercenter.microsoft.com",
        "https://API.PartnerCenter.Microsoft.com/",
        RESOURCE,
        RESOURCE.upper(),
    ],
)
def test_partner_centers_audience_is_known_by_address_and_by_id(audience) -> None:
    assert asked(decode_token(user_token(aud=audience)))[API] is MandateAnswer.ALLOWED


@pytest.mark.parametrize(
    ("amr", "alone"),
    [
        ({"amr": ["pwd", "mfa"]}, "By MFA alone, it would be processed."),
        ({"amr": ["pwd"]}, "By MFA, it would be refused, too."),
        ({"amr": 7}, "By MFA alone, the answer is unknown."),
    ],
)
def test_a_token_for_another_audience_is_refused_and_the_answer_by_mfa_alone_is_added(
    amr, alone
) -> None:
    token = decode_token(user_token(aud="https://graph.microsoft.com", **amr))

    assert asked(token)[API] is MandateAnswer.REFUSED
    assert "is for an audience other than https://api.partnercenter" in sentence(token, API)
    assert sentence(token, API).endswith(alone)
    assert asked(token)[GDAP] is asked(decode_token(user_token(**amr)))[GDAP]


def test_an_address_that_only_begins_like_partner_centers_is_another_audience() -> None:
    token = decode_token(user_token(aud="https://api.partnercenter.microsoft.com.example"))

    assert asked(token)[API] is MandateAnswer.REFUSED


def test_the_settings_ids_of_the_api_replace_the_shipped_one() -> None:
    other = "c0000000-1111-4222-8333-000000000009"
    token = decode_token(user_token(aud=other))

    assert mandate_answers(token, NOW, ISSUERS)[API].answer is MandateAnswer.REFUSED
    assert mandate_answers(token, NOW, ISSUERS, {other})[API].answer is MandateAnswer.ALLOWED


def test_everything_that_is_wrong_with_a_token_is_named_at_once() -> None:
    token = decode_token(user_token(aud="other", iss="https://issuer.example/"))

    answer = sentence(token, API, NOW + timedelta(days=1))

    assert (
        "has expired and is not from Entra's issuers in this cloud (setting CLOUD) and "
        "is for an audience other than" in answer
    )


#: The ``issuer`` that Entra publishes in each cloud, for tokens of version 1 and of version 2.
PUBLISHED_ISSUERS = {
    Cloud.GLOBAL: ("https://sts.windows.net/{}/", "https://login.microsoftonline.com/{}/v2.0"),
    Cloud.USGOV: ("https://sts.windows.net/{}/", "https://login.microsoftonline.us/{}/v2.0"),
    Cloud.DOD: ("https://sts.windows.net/{}/", "https://login.microsoftonline.us/{}/v2.0"),
    Cloud.CHINA: (
        *("https://sts.chinacloudapi.cn/{}/", "https://login.partner.microsoftonline.cn/{}/v2.0"),
    ),
}


@pytest.mark.parametrize("cloud", Cloud)
@pytest.mark.parametrize("of", Cloud)
@pytest.mark.parametrize("version", [1, 2])
def test_each_cloud_takes_the_tokens_of_its_own_issuers_and_no_others(cloud, of, version) -> None:
    issuer = PUBLISHED_ISSUERS[of][version - 1]
    token = decode_token(user_token(iss=issuer.format(TENANT)))

    answer = mandate_answers(token, NOW, cloud.issuers)[API]

    is_its_own = issuer in PUBLISHED_ISSUERS[cloud]
    assert (answer.answer is MandateAnswer.ALLOWED) is is_its_own
    assert ("not from Entra's issuers in this cloud" in answer.sentence) is not is_its_own


@pytest.mark.parametrize(
    "issuer",
    [
        "https://sts.windows.net.evil.example/",
        "http://sts.windows.net/",
        "https://evil.example/https://sts.windows.net/",
    ],
)
def test_an_issuer_that_only_looks_like_entra_s_is_not(issuer) -> None:
    token = decode_token(user_token(iss=f"{issuer}{TENANT}/"))

    assert asked(token)[API] is MandateAnswer.REFUSED
    assert asked(token)[PORTAL] is MandateAnswer.CANNOT_TELL


@pytest.mark.parametrize(
    ("claim", "gap"),
    [("exp", "when it expires"), ("iss", "who issued it"), ("aud", "which audience it is for")],
)
def test_a_token_without_a_claim_that_the_api_checks_gets_an_unknown_answer(claim, gap) -> None:
    token = decode_token(user_token(without=[claim]))

    assert asked(token)[API] is MandateAnswer.CANNOT_TELL
    assert sentence(token, API) == (
        f"This token does not say {gap}. By MFA alone, it would be processed."
    )
    without_mfa = decode_token(user_token(without=[claim], amr=["pwd"]))
    assert asked(without_mfa)[API] is MandateAnswer.REFUSED


# The page.


def test_the_page_shows_the_table_as_it_is_in_the_code() -> None:
    page = (ROOT / "docs" / "mandate.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    written = {
        (row[0].strip("`"), row[1].strip("`")): (row[2].strip("`"), row[3])
        for row in rows
        if len(row) == 4 and row[0].strip("`") in set(MandateScenario)
    }

    assert written == {
        (scenario.value, mfa_by.value): (ruling.answer.value, ruling.sentence)
        for (scenario, mfa_by), ruling in MANDATE.items()
    }


def test_the_page_shows_the_scenarios_and_who_opens_which_page() -> None:
    page = (ROOT / "docs" / "mandate.md").read_text("utf-8")

    for each in WORKLOADS:
        additional = "yes" if each.is_additional else "not applicable"
        cells = (f"`{each.name}`", each.title, each.third_party_2023, additional)
        assert f"| {' | '.join(cells)} |" in page
    for row in ADDITIONAL_WORKLOADS:
        cells = (f"`{row.name}`", row.title, row.entra_2023, row.third_party_2023)
        assert f"| {' | '.join(cells)} |" in page
    for pages in (PAGES, PAGES_2023):
        for name, roles in pages.items():
            assert f"| {name} | {', '.join(roles)} |" in page
