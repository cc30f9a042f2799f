"""Each finding: when it is made, whom it names, and what fixing it would gain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared.mfa.accounts.assessment import JudgedAccounts, assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.common_issues import issue_of
from shared.mfa.findings.catalogue import CATALOGUE, page_of
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_accounts import account_findings
from shared.mfa.findings.of_requests import request_findings
from shared.mfa.findings.request_summary import RequestSummary
from tests.directories import (
    AZURE,
    PORTAL,
    ROLES_AND_GROUPS,
    SYNCHRONISATION,
    assess,
    document,
    group,
    policy,
    user,
)

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding

ROOT = Path(__file__).resolve().parents[2]
REPORT_ONLY = "enabledForReportingButNotEnforced"


def find(*policies: dict[str, Any], **changes: Any) -> dict[str, Finding]:
    """The findings of a small tenant, by id; in the order they come."""
    tenant = msgspec.convert(document(*policies, **changes), Directory)
    every = by_gain(account_findings(tenant, judged := assess_accounts(tenant)), judged)
    return {found.id: found for found in every}


def staff(*names: str, **changes: Any) -> list[dict[str, Any]]:
    return [user(name, **changes) for name in names]


def upn(*names: str) -> list[str]:
    return [f"{name}@contoso.example" for name in names]


def test_every_finding_has_its_page_and_every_page_its_finding() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/findings/*.md")}

    assert pages - {"docs/findings/README.md"} == set(map(page_of, CATALOGUE))


@pytest.mark.parametrize("finding_id", CATALOGUE)
def test_every_page_says_what_it_means_how_it_is_known_and_how_to_fix_it(finding_id) -> None:
    text = (ROOT / page_of(finding_id)).read_text(encoding="utf-8")

    assert text.startswith(f"# {CATALOGUE[finding_id].title}\n")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    exception = ["May we ask for an exception?"] if issue_of(finding_id) else []
    assert headings == ["What it means", "How it is known", "How to fix it", *exception, "Source"]
    assert f"`{finding_id}`" in text


def test_the_list_of_pages_names_them_all() -> None:
    text = (ROOT / "docs/findings/README.md").read_text(encoding="utf-8")

    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", text))
    assert linked == set(CATALOGUE)


def test_a_tenant_without_any_mfa_has_a_single_finding() -> None:
    found = find(users=staff("ann", "bob"))

    assert list(found) == ["mfa-not-implemented"]
    only = found["mfa-not-implemented"]
    assert only.subjects == upn("ann", "bob")
    assert (only.gained, only.share_after) == (2, 1.0)
    assert only.gain == "100 % of the accounts would have MFA enforced (+2)."


def test_a_tenant_without_problems_has_no_finding() -> None:
    assert find(policy()) == {}


def test_accounts_that_nothing_covers_are_named() -> None:
    found = find(policy(users={"includeUsers": ["ann"]}), users=staff("ann", "bob"))

    missed = found["accounts-not-targeted"]
    assert missed.subjects == upn("bob")
    assert missed.share_after == 1.0


def test_exclusions_are_reported_with_their_entries_and_the_gain_of_removing_them() -> None:
    left_out = {"includeUsers": ["All"], "excludeUsers": ["ann"], "excludeGroups": ["crew"]}

    found = find(
        policy("All", users=left_out),
        users=staff("ann", "bob", "cyd", "dan"),
        groups=[group("crew", "bob")],
    )

    excluded = found["accounts-excluded"]
    assert excluded.subjects == upn("ann", "bob")
    assert excluded.share_after == 1.0
    assert "by name, through the group Crew" in excluded.cause
    assert excluded.ids == ["id of All"]


def test_removing_an_exclusion_from_a_policy_with_conditions_gains_nothing() -> None:
    left_out = {"includeUsers": ["All"], "excludeUsers": ["ann"]}

    excluded = find(policy(users=left_out, clientAppTypes=["browser"]))["accounts-excluded"]

    assert (excluded.gained, excluded.share_after) == (0, 0.0)


CONDITIONS: dict[str, dict[str, Any]] = {
    "conditional-applications": {"applications": {"includeApplications": ["Office365"]}},
    "conditional-partner-center": {"applications": {"excludeApplications": [PORTAL]}},
    "conditional-azure-management": {"applications": {"excludeApplications": [AZURE]}},
    "conditional-client-app": {"clientAppTypes": ["browser"]},
    "conditional-platform": {"platforms": {"includePlatforms": ["iOS"]}},
    "conditional-location": {"locations": {"includeLocations": ["HQ"]}},
    "conditional-risk": {"signInRiskLevels": ["high"]},
    "conditional-device-filter": {"devices": {"deviceFilter": {"mode": "include", "rule": "r"}}},
    "conditional-authentication-flow": {
        "authenticationFlows": {"transferMethods": "deviceCodeFlow"}
    },
    "conditional-other": {"times": {"included": ["night"]}},
    "mfa-or-something-else": {"grant": {"builtInControls": ["mfa", "compliantDevice"]}},
}


@pytest.mark.parametrize(("finding_id", "conditions"), CONDITIONS.items(), ids=CONDITIONS)
def test_each_condition_has_its_finding_and_removing_it_would_enforce(
    finding_id: str, conditions: dict[str, Any]
) -> None:
    found = find(policy("Sometimes", **conditions))

    assert list(found) == [finding_id]
    only = found[finding_id]
    assert only.subjects == upn("ann")
    assert only.share_after == 1.0
    assert "“Sometimes”" in only.cause
    assert only.ids == ["id of Sometimes"]


def test_a_block_is_reported_alone_but_not_with_mfa() -> None:
    block = policy("Block", grant={"builtInControls": ["block"]}, signInRiskLevels=["high"])

    assert list(find(block)) == ["blocked-not-mfa"]
    assert "blocked-not-mfa" not in find(block, policy("B", clientAppTypes=["browser"]))


def test_a_report_only_policy_is_judged_as_if_switched_on() -> None:
    rehearsal = policy("Soon", state=REPORT_ONLY, users={"includeUsers": ["ann", "bob"]})

    found = find(
        rehearsal, users=[*staff("ann", "bob", "cyd"), user("dan", perUserMfaState="enforced")]
    )

    soon = found["report-only"]
    assert soon.subjects == upn("ann", "bob")
    assert soon.share_after == 0.75
    assert "it would close 2 of 3 gaps" in soon.cause


def test_two_halves_one_of_them_report_only_close_the_gap_together() -> None:
    browsers = policy("Browsers", clientAppTypes=["browser"])
    apps = policy("Apps", clientAppTypes=["mobileAppsAndDesktopClients"], state=REPORT_ONLY)

    assert find(browsers, apps)["report-only"].share_after == 1.0


def test_a_report_only_policy_that_does_not_require_mfa_is_not_reported() -> None:
    compliant = policy(state=REPORT_ONLY, grant={"builtInControls": ["compliantDevice"]})

    assert "report-only" not in find(compliant)


def test_a_custom_control_is_reported_with_its_policy() -> None:
    duo = policy("Duo", grant={"builtInControls": [], "customAuthenticationFactors": ["duo"]})

    found = find(duo)

    assert found["custom-control"].subjects == upn("ann")
    assert found["custom-control"].share_after == 1.0
    assert "“Duo” requires a custom control" in found["third-party-mfa"].cause


def test_a_policy_that_affects_no_sign_in_is_reported() -> None:
    register = {"includeApplications": [], "includeUserActions": ["urn:user:registersecurityinfo"]}

    found = find(policy("Register", applications=register))

    assert found["policy-without-sign-ins"].subjects == ["Register"]
    assert "mfa-not-implemented" in found


def test_security_defaults_are_noted() -> None:
    found = find(securityDefaults={"isEnabled": True})

    assert list(found) == ["security-defaults"]
    assert found["security-defaults"].share_after is None


def federated(behavior: str | None) -> dict[str, Any]:
    return {
        "id": "contoso.example",
        "authenticationType": "Federated",
        "federationConfiguration": [{"federatedIdpMfaBehavior": behavior}],
    }


@pytest.mark.parametrize(
    ("behavior", "phrase"),
    [
        ("acceptIfMfaDoneByFederatedIdp", "is accepted where its token says so"),
        ("enforceMfaByFederatedIdp", "sends its users to the provider"),
        (None, "is not set"),
        ("somethingNew", "an unknown value"),
    ],
)
def test_a_federated_domain_is_reported_with_whose_mfa_counts(behavior, phrase) -> None:
    found = find(
        domains=[federated(behavior), {"id": "b.example", "authenticationType": "Managed"}]
    )

    assert found["federation-claim"].subjects == ["contoso.example"]
    assert phrase in found["federation-claim"].cause
    assert found["federation-alone"].subjects == upn("ann")
    assert "federated" in found["third-party-mfa"].cause


def test_a_federated_domain_whose_mfa_entra_does_is_not_a_finding() -> None:
    assert not find(policy(), domains=[federated("rejectMfaByFederatedIdp")])


def test_a_federated_domain_with_mfa_in_entra_has_no_unprotected_accounts() -> None:
    unread = {**federated(None), "federationConfiguration": None}

    found = find(policy(), domains=[unread])

    assert "federation-alone" not in found
    assert "was not read" in found["federation-claim"].cause


def test_guests_without_mfa_are_reported() -> None:
    guests = {"includeUsers": ["All"], "excludeUsers": ["GuestsOrExternalUsers"]}

    found = find(policy(users=guests), users=[user(), user("gil", userType="Guest")])

    assert found["guests-without-mfa"].subjects == upn("gil")
    assert found["guests-without-mfa"].share_after == 1.0


def test_accounts_that_software_seems_to_use_are_reported() -> None:
    names = ["svc-backup", "mail.scanner", "sync_dc01", "ann", "synclair", "service2"]

    found = find(policy(users={"includeUsers": ["None"]}), users=staff(*names))

    assert found["service-accounts-as-users"].subjects == upn(
        "mail.scanner", "service2", "svc-backup", "sync_dc01"
    )


def test_accounts_without_a_method_are_reported_except_guests_and_disabled_ones() -> None:
    users = [*staff("ann", "bob"), user("gil", userType="Guest"), user("off", accountEnabled=False)]
    details = [{"id": one["id"], "isMfaRegistered": one["id"] == "bob"} for one in users]

    found = find(policy(), users=users, userRegistrationDetails=details)

    assert list(found) == ["mfa-not-registered"]
    assert found["mfa-not-registered"].subjects == upn("ann")
    assert found["mfa-not-registered"].share_after is None


STRONG = {
    "id": "00000000-0000-0000-0000-000000000004",
    "requirementsSatisfied": "mfa",
    "allowedCombinations": ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"],
}


@pytest.mark.parametrize(
    ("methods", "is_weak"),
    [
        (["mobilePhone", "microsoftAuthenticatorPush"], True),
        (["mobilePhone", "fido2SecurityKey"], False),
        (["windowsHelloForBusiness"], False),
        (["somethingNew"], True),
        (["mobilePhone", "somethingNew"], True),
        (["passKeySynced"], False),
        (["passKeyDeviceBoundWindowsHello"], False),
        (["externalAuthMethod", "qrCode", "appCode"], True),
        ([], False),
    ],
)
def test_methods_too_weak_for_the_required_strength_are_reported(methods, is_weak) -> None:
    strong = policy(grant={"builtInControls": [], "authenticationStrength": {"id": STRONG["id"]}})
    details = [{"id": "ann", "isMfaRegistered": True, "methodsRegistered": methods}]

    found = find(strong, authenticationStrengthPolicies=[STRONG], userRegistrationDetails=details)

    assert ("strength-not-registered" in found) is is_weak


def test_a_strength_that_a_federated_provider_can_satisfy_names_nobody() -> None:
    loose = {**STRONG, "allowedCombinations": ["fido2", "federatedMultiFactor"]}
    weak = policy(grant={"builtInControls": [], "authenticationStrength": loose})
    details = [{"id": "ann", "methodsRegistered": ["mobilePhone"]}]

    here = find(weak, userRegistrationDetails=details, domains=[])
    there = find(weak, userRegistrationDetails=details, domains=[federated(None)])

    assert "strength-not-registered" in here
    assert "strength-not-registered" not in there


MODERN = policy("Modern", clientAppTypes=["browser", "mobileAppsAndDesktopClients"])


@pytest.mark.parametrize(
    ("other", "is_open"),
    [
        (None, True),
        (policy("Block", grant={"builtInControls": ["block"]}, clientAppTypes=["other"]), False),
        (policy("Mail", applications={"includeApplications": ["Office365"]}), False),
        (policy("CRM", applications={"includeApplications": ["crm"]}), True),
        (policy("Reporting", state=REPORT_ONLY), True),
        (policy("Outside", locations={"includeLocations": ["HQ"]}), True),
        (policy("Perhaps", users={"includeGroups": ["gone"]}), False),
    ],
)
def test_legacy_protocols_that_nothing_stops_are_reported(other, is_open) -> None:
    found = find(*filter(None, [MODERN, other]))

    assert ("legacy-authentication" in found) is is_open


def test_what_was_not_read_is_reported_with_its_possible_gain() -> None:
    unread = {"includeUsers": ["All"], "excludeGroups": ["gone"]}

    found = find(policy(users=unread), users=staff("ann", "bob"))

    assert found["not-read"].subjects == upn("ann", "bob")
    assert "the members of the group “gone”" in found["not-read"].cause
    assert (found["not-read"].gained, found["not-read"].share_after) == (0, None)
    assert found["not-read"].gain == "2 more can be judged."
    assert found["not-read"].remedy.startswith("Grant the missing permission.")
    written = document(policy(users=unread), users=staff("ann", "bob"))
    tenant = msgspec.convert(written, Directory)
    in_file = account_findings(tenant, assess_accounts(tenant), is_from_file=True)
    [missing] = [each for each in by_gain(in_file, None) if each.id == "not-read"]
    assert missing.remedy.startswith("Add the missing key to the directory file.")


def test_more_than_three_things_that_were_not_read_are_counted() -> None:
    policies = [policy(f"P{n}", users={"includeGroups": [f"g{n}"]}) for n in range(5)]

    assert find(*policies)["not-read"].cause.endswith("; and 2 more.")


def test_the_largest_gain_comes_first_and_no_gain_last() -> None:
    found = find(
        policy("One", users={"includeUsers": ["ann"]}, clientAppTypes=["browser"]),
        policy("Two", users={"includeUsers": ["bob", "cyd"]}, clientAppTypes=["browser"]),
        users=staff("ann", "bob", "cyd", "svc-x", "svc-y", "svc-z"),
        userRegistrationDetails=[{"id": "ann", "isMfaRegistered": False}],
    )

    gains = [one.gained for one in found.values() if one.share_after]
    assert gains == sorted(gains, reverse=True)
    assert list(found)[-2:] == ["mfa-not-registered", "service-accounts-as-users"]


def test_each_gain_says_what_is_left_of_it_after_the_findings_above() -> None:
    crew = {"includeUsers": ["All"], "excludeUsers": ["ann", "gil"]}

    found = find(policy(users=crew), users=[*staff("ann", "bob"), user("gil", userType="Guest")])

    assert list(found) == ["accounts-excluded", "guests-without-mfa"]
    excluded, guests = found.values()
    assert (excluded.gained, excluded.gain_after_those_above) == (2, 2)
    assert excluded.gain == "100 % of the accounts would have MFA enforced (+2)."
    assert (guests.gained, guests.gain_after_those_above) == (1, 0)
    assert guests.gain.endswith("(+1). 0 of these are left after the findings above.")


def test_replacing_accounts_by_applications_leaves_fewer_accounts() -> None:
    people = staff(*(f"p{n}" for n in range(34)), perUserMfaState="enforced")
    others = staff(*(f"o{n}" for n in range(23)), "svc-a", "svc-b", "svc-c")

    found = find(users=[*people, *others])

    replaced = found["service-accounts-as-users"]
    assert replaced.share_after == 34 / 57
    assert (replaced.gained, replaced.gain_after_those_above) == (0, None)
    assert replaced.gain == "59.6 % of the remaining 57 accounts would have MFA enforced."


def test_an_agents_account_is_reported_and_no_fix_enforces_mfa_for_it() -> None:
    agent = user("bot", **{"@odata.type": "#microsoft.graph.agentUser"})

    open_ = find(users=[user(), agent])
    closed = find(policy(), users=[user(), agent])

    assert open_["mfa-not-implemented"].subjects_total == 2
    assert (open_["mfa-not-implemented"].gained, open_["mfa-not-implemented"].share_after) == (
        1,
        0.5,
    )
    assert list(closed) == ["agent-accounts"]
    assert closed["agent-accounts"].subjects == upn("bot")


def test_directory_synchronisation_under_security_defaults_is_reported() -> None:
    found = find(
        users=staff("ann", "Sync_DC01_0123456789ab"),
        securityDefaults={"isEnabled": True},
        **SYNCHRONISATION,
    )

    exempt = found["synchronisation-accounts"]
    assert set(found) == {"synchronisation-accounts", "security-defaults"}
    assert exempt.subjects == upn("Sync_DC01_0123456789ab")
    assert (exempt.gained, exempt.share_after) == (0, 1.0)


def test_a_policy_that_accounts_can_leave_by_activating_a_role_is_reported() -> None:
    everybody = {"includeUsers": ["All"], "excludeRoles": ["ga"]}
    ids = {"principalId": "ann", "roleDefinitionId": "ga", "directoryScopeId": "/"}

    found = find(
        policy(users=everybody),
        users=staff("ann", "bob"),
        **ROLES_AND_GROUPS | {"roleAssignments": [], "roleEligibilities": [ids]},
    )

    leaving = found["excluded-by-activation"]
    assert set(found) == {"excluded-by-activation", "eligible-admins"}
    assert leaving.subjects == upn("ann")
    assert "Global Administrator" in leaving.cause
    assert leaving.share_after == 1.0


def test_without_enabled_accounts_a_report_only_policy_promises_no_figure() -> None:
    rehearsal = policy(state=REPORT_ONLY)

    found = find(rehearsal, users=[user(accountEnabled=False)])

    assert found["report-only"].share_after is None
    assert found["report-only"].gain == ""


def test_a_policy_that_is_switched_off_is_not_a_finding() -> None:
    assert list(find(policy(state="disabled"))) == ["mfa-not-implemented"]


def test_very_many_subjects_are_counted_beyond_the_first_thousand() -> None:
    only = find(users=staff(*(f"u{n:04}" for n in range(1200))))["mfa-not-implemented"]

    assert (len(only.subjects), only.subjects_total) == (1000, 1200)


def test_the_gain_of_a_fix_is_rounded_like_the_figure() -> None:
    found = find(
        policy(users={"includeUsers": ["ann"]}),
        policy("Two", users={"includeUsers": ["bob"]}, clientAppTypes=["browser"]),
        users=staff("ann", "bob", "cyd"),
    )

    assert found["conditional-client-app"].share_after == 2 / 3
    assert found["conditional-client-app"].gain.startswith("66.7 % of the accounts")


@pytest.mark.parametrize("finding_id", CATALOGUE)
def test_a_finding_says_what_to_do_without_sending_its_reader_to_a_page(finding_id) -> None:
    entry = CATALOGUE[finding_id]

    assert not re.search(r"\b(?:page|table|docs)\b", f"{entry.cause} {entry.remedy}")


def test_names_with_braces_are_shown_unchanged() -> None:
    assert (
        "{policy_id}"
        in find(policy("{policy_id}", clientAppTypes=["browser"]))["conditional-client-app"].cause
    )


def judged_accounts() -> JudgedAccounts:
    return assess(
        policy(users={"includeUsers": ["ann"]}),
        users=[*staff("ann", "bob"), user("off", accountEnabled=False)],
    )


def findings_of(requests: RequestSummary) -> dict[str, Finding]:
    accounts = judged_accounts()
    every = by_gain(request_findings(accounts, requests), accounts, requests)
    return {found.id: found for found in every}


def test_applications_and_users_with_unknown_requests_are_named_with_their_number() -> None:
    found = findings_of(
        RequestSummary(
            unknown_applications={"Billing Sync": 427, "Desk": 1}, unknown_users={"ANN": 1}
        )
    )

    applications, users = found["applications-unknown"], found["users-unknown"]
    assert applications.subjects == ["Billing Sync (427 requests)", "Desk (1 request)"]
    assert "for 428 requests by 2 applications" in applications.cause
    assert users.subjects == ["ann@contoso.example (1 request)"]
    assert "for 1 request by 1 account" in users.cause


def test_records_that_lack_the_telling_fields_are_a_finding() -> None:
    found = findings_of(RequestSummary(cannot_show=35))

    assert found["records-cannot-show"].cause.startswith("35 requests have neither")


def test_a_request_without_mfa_by_a_covered_account_contradicts_the_policies() -> None:
    found = findings_of(RequestSummary(without_mfa={"ANN": "r1", "bob": "r2", "deleted": "r3"}))

    assert found["enforced-but-without-mfa"].subjects == ["ann@contoso.example (record r1)"]
    assert found["signed-in-without-mfa"].subjects == [
        "bob@contoso.example (record r2)",
        "deleted (record r3)",  # who is no longer there still made the request
    ]


def test_accounts_that_used_partner_center_without_enforcement_come_first() -> None:
    found = findings_of(
        RequestSummary(active=["ann", "BOB", "off", "deleted"], exempted={"ann": "r"})
    )

    assert list(found) == ["active-without-enforcement", "remembered-device"]
    assert found["active-without-enforcement"].subjects == upn("bob")
    assert found["active-without-enforcement"].share_after == 1.0


def test_skipped_mfa_and_calls_without_a_user_are_reported() -> None:
    found = findings_of(RequestSummary(exempted={"gone": "r"}, app_only={"Sync": 3}))
    several = findings_of(RequestSummary(app_only={"Sync": 3, "Bill": 1000}))

    assert found["remembered-device"].subjects == ["gone (record r)"]
    assert found["app-only-access"].cause.startswith("1 application called")
    assert several["app-only-access"].cause.startswith("2 applications with 1,003 calls")


def test_without_requests_there_is_no_finding_about_them() -> None:
    assert findings_of(RequestSummary()) == {}


def test_a_finding_encodes_to_what_the_report_promises() -> None:
    (found,) = find().values()

    keys = msgspec.to_builtins(found).keys()

    assert keys >= {"id", "severity", "title", "cause", "remedy", "subjects"}


def test_without_a_directory_the_log_alone_still_says_who_signed_in_without_mfa() -> None:
    requests = RequestSummary(
        without_mfa={"u1": "r1"},
        exempted={"u2": "r2"},
        active={"u1", "u2"},
        app_only={"Price sync": 3},
        names={"u1": "ann@contoso.example"},
    )

    every = by_gain(request_findings(None, requests), None, requests)
    found = {one.id: one.subjects for one in every}

    assert found == {
        "signed-in-without-mfa": ["ann@contoso.example (record r1)"],
        "remembered-device": ["u2 (record r2)"],
        "app-only-access": ["Price sync"],
    }
