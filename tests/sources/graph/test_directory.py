from __future__ import annotations

import json
from collections import Counter

import pytest

from shared.endpoints import Cloud
from shared.mfa.accounts.account_set import AccountLookup
from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import (
    AuthenticationMethod,
    CreationType,
    Directory,
    ExternalUserState,
    MemberKind,
    PerUserMfaState,
    User,
)
from shared.mfa.accounts.membership import Membership
from shared.sources.files.documents import read_directory
from shared.sources.graph.directory import read_directory_from_graph
from simulator.graph.directory import DirectoryBehaviour
from simulator.graph.faults import (
    refuse,
)
from simulator.tenants.users import Staff, named_guid
from tests.sources.graph.directory_doubles import (
    ALL_KEYS,
    answers,
    directory_world,
    groups_by_name,
    keys,
    whole,
)
from tests.sources.graph.graph_doubles import partner

# Read whole


def test_a_tenant_that_gives_everything_is_read_without_a_note() -> None:
    pulled = whole()

    assert pulled.notes == {}
    assert keys(pulled) == ALL_KEYS
    assert len(pulled.directory.users) == len(partner().people) == 66


def test_there_are_nineteen_requests_and_none_is_sent_twice() -> None:
    world = directory_world()

    world.source.read()

    assert len(world.paths) == 19
    assert set(Counter(path for path in world.paths if "$batch" not in path).values()) == {1}
    assert world.time.pauses == [1.0, 1.0]  # between policies, locations and strengths


def test_users_are_read_with_every_property_that_the_assessment_needs() -> None:
    guest = next(user for user in whole().directory.users if user.user_type == "Guest")

    assert guest.is_external
    assert guest.account_enabled
    assert guest.per_user_mfa_state is PerUserMfaState.DISABLED
    assert guest.creation_type is CreationType.INVITATION
    assert guest.external_user_state is ExternalUserState.ACCEPTED
    document = json.loads(whole().document())
    assert all("createdDateTime" in user for user in document["users"])
    assert sum(user.get("onPremisesSyncEnabled", False) for user in document["users"]) == 6


def test_registered_methods_that_this_version_does_not_know_are_kept_as_graph_names_them() -> None:
    world = directory_world()
    world.directory.registrations[0]["methodsRegistered"] = ["aNewMethod", "FIDO2SecurityKey"]

    pulled = world.source.read()

    registrations = pulled.directory.user_registration_details or ()
    assert registrations[0].methods_registered == ("aNewMethod", AuthenticationMethod.FIDO2)
    document = json.loads(pulled.document())["userRegistrationDetails"]
    assert document[0]["methodsRegistered"] == ["aNewMethod", "fido2SecurityKey"]


def test_the_document_is_a_directory_file_that_says_the_same(tmp_path) -> None:
    path = tmp_path / "directory.json"
    path.write_bytes(whole().document())

    kept = read_directory(path)

    for name in Directory.__struct_fields__:
        if name != "users":
            assert getattr(kept, name) == getattr(whole().directory, name), name
    names = User.__struct_fields__
    for one, other in zip(kept.users, whole().directory.users, strict=True):
        assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]
    assert answers(kept) == answers(whole().directory)


def test_policies_are_in_the_document_as_graph_gave_them() -> None:
    document = json.loads(whole().document())

    assert document["conditionalAccessPolicies"] == directory_world().directory.policies
    assert document["organization"]["displayName"] == partner().tenant_name


def test_lists_on_many_pages_are_the_same_lists() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(page_rows=2))

    pulled = world.source.read()

    assert pulled.notes == {}
    assert json.loads(pulled.document()) == json.loads(whole().document())


# Groups


def test_nested_groups_keep_the_path_by_which_an_account_belongs() -> None:
    causes = [row.cause for row in assess_accounts(whole().directory)]

    assert any("MFA exceptions > Service accounts > Integrations" in cause for cause in causes)


def test_members_of_a_group_are_accounts_and_groups_only() -> None:
    emea = groups_by_name(whole().directory)["EMEA office (AD FS)"]

    assert emea.members
    assert {member.kind for member in emea.members} == {"#microsoft.graph.user"}


NEITHER_ACCOUNT_NOR_GROUP = (
    *("application", "agentIdentityBlueprint", "servicePrincipal", "agentIdentity"),
    *("agentIdentityBlueprintPrincipal", "device", "orgContact"),
)


@pytest.mark.parametrize("kind", NEITHER_ACCOUNT_NOR_GROUP)
def test_an_excluded_group_with_other_members_than_accounts_leaves_nobody_unknown(
    kind, tmp_path
) -> None:
    world = directory_world()
    group = next(row for row in world.directory.groups if row["displayName"] == "MFA exceptions")
    member = {"@odata.type": f"#microsoft.graph.{kind}", "id": named_guid(kind)}
    group["members"].append(member)

    pulled = world.source.read()

    assert answers(pulled.directory) == answers(whole().directory)
    document = json.loads(whole().document())
    next(it for it in document["groups"] if it["id"] == group["id"])["members"].append(member)
    path = tmp_path / "directory.json"
    path.write_text(json.dumps(document))
    assert answers(read_directory(path)) == answers(whole().directory)


def test_a_member_of_a_kind_that_nobody_knows_may_be_a_group_that_excludes() -> None:
    world = directory_world()
    group = next(row for row in world.directory.groups if row["displayName"] == "MFA exceptions")
    group["members"].append({"@odata.type": "#microsoft.graph.new", "id": named_guid("new")})

    assert "unknown" in answers(world.source.read().directory).values()


def test_an_agents_user_is_a_member_like_any_account() -> None:
    world = directory_world()
    agent = next(row for row in world.directory.users if row["id"] in covered())
    agent["@odata.type"] = "#microsoft.graph.agentUser"
    group = next(row for row in world.directory.groups if row["displayName"] == "MFA exceptions")
    group["members"].append({"@odata.type": agent["@odata.type"], "id": agent["id"]})

    directory = world.source.read().directory

    assert answers(directory)[agent["id"]] != "enforced"
    assert [user.id for user in directory.users if user.kind is MemberKind.AGENT_USER] == [
        agent["id"]
    ]


def covered() -> list[str]:
    """Accounts that only the policy for all users covers."""
    rows = assess_accounts(whole().directory)
    return [
        row.object_id
        for row in rows
        if row.enforcement == "enforced"
        and "all users" in row.enforced_by
        and "Administrators" not in row.enforced_by
    ]


def test_only_groups_that_are_named_somewhere_are_read() -> None:
    world = directory_world()
    world.directory.policies = world.directory.policies[1:2]  # excludes one group, that nests one
    world.directory.assignments, world.directory.eligibilities = [], []

    groups = groups_by_name(world.source.read().directory)

    agents = {"AdminAgents", "HelpdeskAgents", "SalesAgents"}
    assert set(groups) == {"Service accounts", "Integrations"} | agents


def test_groups_of_disabled_policies_are_not_read() -> None:
    world = directory_world()
    world.directory.policies = [
        {**policy, "state": "disabled"} for policy in world.directory.policies
    ]
    world.directory.assignments, world.directory.eligibilities = [], []

    groups = groups_by_name(world.source.read().directory)

    assert set(groups) == {"AdminAgents", "HelpdeskAgents", "SalesAgents"}


def test_groups_nested_in_a_circle_are_read_once() -> None:
    world = directory_world()
    inner = next(row for row in world.directory.groups if row["displayName"] == "Integrations")
    outer = named_guid("MFA exceptions")
    inner["members"].append({"@odata.type": "#microsoft.graph.group", "id": outer})

    pulled = world.source.read()

    assert pulled.notes == {}
    assert answers(pulled.directory) == answers(whole().directory)


def test_a_group_that_was_deleted_has_no_members() -> None:
    gone = [group for group in whole().directory.groups or () if group.display_name is None]

    assert [(group.id, group.members) for group in gone] == [
        (named_guid("A group that was deleted"), ())
    ]


def test_a_group_with_hidden_membership_is_not_taken_for_an_empty_one() -> None:
    world = directory_world()
    hidden = next(row for row in world.directory.groups if row["displayName"] == "Field sales")
    hidden |= {"visibility": "HiddenMembership", "members": []}

    pulled = world.source.read()

    assert "Field sales" not in groups_by_name(pulled.directory)
    assert "Member.Read.Hidden" in pulled.notes["groups"]
    assert "The members of 1 group were not read" in pulled.notes["groups"]
    assert "unknown" in answers(pulled.directory).values()


def test_a_nested_group_with_hidden_membership_leaves_the_outer_ones_members_unknown() -> None:
    world = directory_world()
    hidden = next(row for row in world.directory.groups if row["displayName"] == "Integrations")
    hidden |= {"visibility": "HiddenMembership", "members": []}

    pulled = world.source.read()

    assert "enforced" not in {
        answer
        for user_id, answer in answers(pulled.directory).items()
        if answers(whole().directory)[user_id] != "enforced"
    }
    assert "unknown" in answers(pulled.directory).values()


def test_a_role_held_by_an_application_makes_nothing_unknown() -> None:
    kinds = {
        role.principal.kind for role in whole().directory.role_assignments or () if role.principal
    }

    assert "#microsoft.graph.servicePrincipal" in kinds
    assert "unknown" not in answers(whole().directory).values()


# Eligible roles


def eligible_names(pulled):
    """The accounts that can activate a role, for certain, and the number that may."""
    membership = Membership(pulled.directory)
    eligible, users = membership.roles.eligible, membership.roster.users
    sure = AccountLookup(eligible, len(users))
    names = {user.display_name for number, user in enumerate(users) if sure.truth(number)}
    return names, eligible.possible.bit_count()


def test_eligible_users_are_kept_apart_from_users_who_hold_a_role() -> None:
    directory, others = whole().directory, Staff(partner().people).others

    names, possible = eligible_names(whole())

    assert names == {others[place].name for place in (5, 6, 10)}
    assert possible == 3
    assert len(directory.role_eligibilities or ()) == 3
    admins = {row.object_id for row in assess_accounts(directory) if row.is_admin}
    assert not admins & {others[place].id for place in (5, 6, 10)}


def test_a_group_that_can_activate_a_role_is_read_though_no_policy_names_it() -> None:
    world = directory_world()
    world.directory.policies, world.directory.assignments = [], []

    pulled = world.source.read()

    assert "Operations on managed devices" in groups_by_name(pulled.directory)
    assert eligible_names(pulled) == eligible_names(whole())


def test_an_eligible_group_with_hidden_members_may_contain_anyone() -> None:
    world = directory_world()
    name = "Operations on managed devices"
    hidden = next(row for row in world.directory.groups if row["displayName"] == name)
    hidden |= {"visibility": "HiddenMembership", "members": []}

    pulled = world.source.read()

    names, possible = eligible_names(pulled)
    assert (len(names), possible) == (2, 66)
    assert "The members of 1 group were not read" in pulled.notes["groups"]


def test_eligibility_does_not_change_how_accounts_are_judged() -> None:
    world = directory_world()
    world.directory.eligibilities = []

    pulled = world.source.read()

    assert pulled.directory.role_eligibilities == ()
    assert answers(pulled.directory) == answers(whole().directory)


# Domains and customers


def test_a_federated_domain_whose_settings_are_refused_has_no_settings() -> None:
    world = directory_world()
    world.directory.deny_for_consent("federationConfiguration")

    domains = world.source.read().directory.domains or ()

    assert [(domain.is_federated, domain.federation_configuration) for domain in domains] == [
        (False, None),
        (True, None),
    ]


def test_settings_are_read_for_federated_domains_only() -> None:
    world = directory_world()
    world.directory.domains = world.directory.domains[:1]

    world.source.read()

    assert not [path for path in world.inner_paths if "federationConfiguration" in path]


def test_customers_are_those_of_either_list() -> None:
    customers = whole().directory.customers or ()

    assert len(customers) == 42
    assert sum(customer.mfa is None for customer in customers) == 3
    assert sum(customer.display_name is None for customer in customers) == 1


@pytest.mark.parametrize(
    ("name", "count"), [("customerInsights", 41), ("delegatedAdminCustomers", 39)]
)
def test_one_of_the_two_lists_of_customers_is_enough(name, count) -> None:
    world = directory_world()
    world.directory.deny_for_consent(name)

    customers = world.source.read().directory.customers or ()

    assert len(customers) == count
    assert {customer.mfa is None for customer in customers} == {name == "customerInsights"}


def test_the_age_of_the_customers_figures_is_microsoft_s() -> None:
    world = directory_world()

    score = world.source.read().directory.partner_security_score

    assert score
    assert score.last_refresh_date_time == world.directory.refreshed_at


def test_without_its_age_the_customers_figures_are_there_all_the_same() -> None:
    world = directory_world()
    world.directory.deny_for_consent("partnerSecurityScore")

    pulled = world.source.read()

    assert pulled.directory.partner_security_score is None
    assert sum(customer.mfa is not None for customer in pulled.directory.customers or ()) == 39
    assert (
        "The age of the customers' MFA figures was not read"
        in (pulled.notes["partnerSecurityScore"])
    )


def test_without_either_list_customers_are_not_read() -> None:
    world = directory_world()
    world.directory.deny_for_consent("customerInsights", "delegatedAdminCustomers")

    assert "customers" not in keys(world.source.read())


def test_a_cloud_without_the_security_score_is_not_asked_for_customers() -> None:
    world = directory_world(has_customers=False)

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == {"customers", "partnerSecurityScore"}
    assert not [path for path in world.paths if "artner" in path or "tenantRelationships" in path]
    assert "global cloud" in pulled.notes["customerInsights"]


@pytest.mark.parametrize(
    ("cloud", "noted"),
    [
        (Cloud.GLOBAL, {}),
        (Cloud.USGOV, {"agents": "recognised by the type of their account"}),
        (Cloud.DOD, {"agents": "recognised by the type of their account"}),
        (
            Cloud.CHINA,
            {
                "agents": "recognised by the type of their account",
                "riskConditions": "neither risk conditions nor authentication strengths in China",
            },
        ),
    ],
)
def test_what_graph_lacks_in_a_cloud_is_a_note(cloud, noted) -> None:
    notes = directory_world(cloud=cloud).source.read().notes

    assert set(notes) == set(noted)
    for part, words in noted.items():
        assert words in notes[part]


# Privacy, and the real transport


def test_no_note_and_no_log_names_a_person(caplog) -> None:
    world = directory_world(dict.fromkeys(range(2, 60, 3), refuse(503, "busy")))
    world.directory.deny_for_consent("members", "requirements", "userRegistrationDetails")

    pulled = world.source.read()

    text = " ".join([*pulled.notes.values(), *caplog.messages])
    assert pulled.notes
    assert "@" not in text
    assert not [person for person in partner().people if person.name in text or person.id in text]


def test_over_http_with_the_sdk_as_transport_it_is_the_same_directory() -> None:
    from shared.endpoints import Endpoint
    from shared.identity import Login, open_graph
    from shared.sources.graph.session import ThrottleLimits
    from simulator.graph.server import GraphServer
    from simulator.simulation import TOKEN, make_graph

    site, _, _ = make_graph(partner())
    with (
        GraphServer(site) as server,
        open_graph(Endpoint(server.url, TOKEN), Login()) as graph,
    ):
        pulled = read_directory_from_graph(graph, limits=ThrottleLimits.unlimited())

    assert pulled.notes == {}
    assert pulled.document() == whole().document()
