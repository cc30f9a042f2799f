"""
Every name that product and simulator use exists in Graph as Microsoft publishes it.

The simulator cannot please this contract, since the names come from Microsoft's SDKs: see
``draw_graph_names``.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
import pytest
from msgspec import inspect

from shared.mfa.accounts.directory import (
    CustomerMfa,
    Directory,
    MemberKind,
    Organization,
)
from shared.mfa.accounts.policy import ConditionalAccessPolicy
from shared.mfa.accounts.second_opinion import AskedSignIn, ClientType
from shared.mfa.scope import Channel
from shared.sources.graph.customers import Insight, NamedCustomer
from shared.sources.graph.users import ListedUser
from shared.sources.graph.what_if import ask_what_if
from shared.sources.records.shapes import Fields
from simulator.graph.api import SimulatedGraph
from simulator.graph.directory import DirectoryBehaviour, StatesInBulk
from tests.contracts.draw_graph_names import OUTPUT, drawn
from tests.sources.graph.directory_doubles import directory_world
from tests.sources.graph.graph_doubles import a_day, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.graph.api import GraphRequest, GraphResponse

    Names = dict[str, Any]

#: What the directory's keys hold, by version and type; ``customers`` is put together by us.
DIRECTORY = {
    "users": ("v1.0", "user"),
    "organization": ("v1.0", "organization"),
    "groups": ("v1.0", "group"),
    "role_definitions": ("v1.0", "unifiedRoleDefinition"),
    "role_assignments": ("v1.0", "unifiedRoleAssignment"),
    "role_eligibilities": ("v1.0", "unifiedRoleEligibilityScheduleInstance"),
    "security_defaults": ("v1.0", "identitySecurityDefaultsEnforcementPolicy"),
    "conditional_access_policies": ("beta", "conditionalAccessPolicy"),
    "authentication_strength_policies": ("v1.0", "authenticationStrengthPolicy"),
    "named_locations": ("v1.0", "ipNamedLocation"),
    "domains": ("v1.0", "domain"),
    "user_registration_details": ("v1.0", "userRegistrationDetails"),
    "partner_security_score": ("beta", "partner.security.partnerSecurityScore"),
}
#: Used although no schema has them: undocumented (CIPP relies on the first), of old exports, and in
#: PowerShell's spelling.
UNPUBLISHED = {
    *(("user", "perUserMfaState"), ("conditionalAccessPolicy", "partialEnablementStrategy")),
    ("conditionalAccessConditionSet", "times"),
    ("identitySecurityDefaultsEnforcementPolicy", "IsEnabled"),
}
#: What reading adds to a policy.
OURS = {("conditionalAccessPolicy", "missing"), ("conditionalAccessPolicy", "notUnderstood")}
#: Words that we know of properties that Graph types as plain text: nothing lists these.
OPEN_WORDS = {
    *("user.userType", "user.creationType", "user.externalUserState"),
    *("userRegistrationDetails.methodsRegistered", "conditionalAccessGrantControls.operator"),
}
#: Decoded with the properties of the one type that is based on it.
SUBTYPES = {"conditionalAccessExternalTenants": "conditionalAccessEnumeratedExternalTenants"}
#: Why a policy does not apply, by the simulator and by our reading of the answer.
REASONS = {
    *("users", "application", "userActions", "clientApps", "devicePlatform", "signInRisk"),
    *("userRisk", "location", "authenticationFlow", "insiderRisk"),
    *("notEnoughInformation", "unknownFutureValue"),
}
#: Reached by Graph's clients in other ways than by the models.
WITHOUT_MODEL = {"/$batch"}


@cache
def published() -> Names:
    names: Names = json.loads(OUTPUT.read_text())
    return names


# What the product decodes


def unknown_to_graph(names: Names, version: str, type_: str, decoded: Any) -> Iterator[str]:
    """The names in what the product decodes that a type of Graph does not have."""
    if isinstance(decoded, inspect.StructType):
        properties = names[version]["types"][SUBTYPES.get(type_, type_)]
        for field in decoded.fields:
            name = field.encode_name
            if "@odata." in name or (type_, name) in UNPUBLISHED | OURS:
                continue
            if name not in properties:
                yield f"{type_}.{name}"
                continue
            place = properties[name] or f"{type_}.{name}"
            yield from unknown_to_graph(names, version, place, field.type)
    elif isinstance(decoded, inspect.EnumType):
        if type_ not in OPEN_WORDS:
            words = {word.casefold() for word in names[version]["words"].get(type_, ())}
            ours = {word.value for word in decoded.cls} - {"unknownFutureValue"}
            yield from (f"{type_}: {word}" for word in ours if word.casefold() not in words)
    else:
        for inner in _parts(decoded):
            yield from unknown_to_graph(names, version, type_, inner)


def _parts(decoded: Any) -> list[Any]:
    """What a list holds, or the alternatives of a union."""
    if isinstance(decoded, inspect.UnionType):
        return list(decoded.types)
    item = getattr(decoded, "item_type", None)
    return [item] if item is not None else []


class Decoded(NamedTuple):
    version: str
    type: str
    struct: Any


def decoded_types() -> list[Decoded]:
    hints = {field.name: field.type for field in msgspec.structs.fields(Directory)}
    hints["conditional_access_policies"] = ConditionalAccessPolicy  # read from JSON, see `policies`
    return [
        *(Decoded(*place, hints[name]) for name, place in DIRECTORY.items()),
        Decoded("v1.0", "user", ListedUser),
        Decoded("v1.0", "organization", Organization),
        Decoded("v1.0", "delegatedAdminCustomer", NamedCustomer),
        Decoded("beta", "partner.security.customerInsight", Insight),
        Decoded("beta", "partner.security.customerMfaInsight", CustomerMfa),
        Decoded("beta", "signIn", Fields),
    ]


def of_the_product(names: Names) -> list[str]:
    return [
        unknown
        for each in decoded_types()
        for unknown in unknown_to_graph(
            names, each.version, each.type, inspect.type_info(each.struct)
        )
    ]


def test_every_property_and_word_that_is_decoded_is_graphs() -> None:
    assert set(DIRECTORY) | {"customers"} == set(Directory.__struct_fields__)
    assert of_the_product(published()) == []


def test_every_kind_of_member_is_graphs_and_only_users_are_based_on_a_user() -> None:
    bases = published()["v1.0"]["kinds"]
    kinds = {kind.value.rpartition(".")[2]: kind for kind in MemberKind}
    del kinds["unknownFutureValue"]

    assert set(kinds) == set(bases)
    assert {kinds[name] for name, base in bases.items() if "user" in (name, base)} == {
        *(MemberKind.USER, MemberKind.AGENT_USER),
    }
    assert [name for name, base in bases.items() if "group" in (name, base)] == ["group"]


# What the product asks, and what the simulator answers


class Exchange(NamedTuple):
    request: GraphRequest
    response: GraphResponse


@cache
def exchanges() -> list[Exchange]:
    """Every request of a run against the simulator, those within batches too, with its answer."""
    exchanged: list[Exchange] = []
    answer = SimulatedGraph.answer

    def recorded(graph: SimulatedGraph, request: GraphRequest) -> GraphResponse:
        response = answer(graph, request)
        exchanged.append(Exchange(request, response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimulatedGraph, "answer", recorded)
        for bulk in StatesInBulk:
            directory_world(behaviour=DirectoryBehaviour(states_in_bulk=bulk)).source.read()
        signs = world()
        list(signs.source.sign_ins(a_day()))
        signs.source.reach_days(a_day().day)
    return exchanged


class Place(NamedTuple):
    """Where a request goes, as the models know it."""

    version: str
    path: str  #: ids as ``{id}``
    query: dict[str, str]


def place_of(request: GraphRequest) -> Place:
    target, _, query = request.target.partition("?")
    version, _, path = target.lstrip("/").partition("/")
    template = re.sub(r"^(users|groups|domains)/[^/]+", r"\1/{id}", path)
    return Place(version, f"/{template}", dict(parse_qsl(query)))


def unknown_in_request(names: Names, place: Place) -> Iterator[str]:
    """The parts of a request that Graph does not have."""
    if place.path in WITHOUT_MODEL:
        return
    known = names[place.version]["paths"].get(place.path)
    if known is None:
        yield f"{place.version}{place.path}"
        return
    options = {name for name in place.query if name != "$skiptoken"}
    yield from (f"{place.path} {name}" for name in options - set(known["options"]))
    properties = names[place.version]["types"].get(known["gives"], {})
    asked = [
        *place.query.get("$select", "").split(","),
        place.query.get("$expand", ""),
        *re.findall(r"(\w\w+)(?= (?:eq|ge|le|in)\b|/any\()", place.query.get("$filter", "")),
    ]
    for name in filter(None, asked):
        if name not in properties and (known["gives"], name) not in UNPUBLISHED:
            yield f"{known['gives']}.{name}"


def unknown_in_answer(names: Names, version: str, type_: str, value: Any) -> Iterator[str]:
    """The names and words of a simulated object that a type of Graph does not have."""
    kind = value.get("@odata.type", "") if isinstance(value, dict) else ""
    own = kind.removeprefix("#microsoft.graph.")
    if kind and own not in names[version]["types"]:
        if own not in names[version]["kinds"]:
            yield kind
        own = "directoryObject"
    properties = names[version]["types"].get(own or type_)
    for name, inner in value.items():
        if name.startswith("@odata.") or (type_, name) in UNPUBLISHED:
            continue
        if properties is None or name not in properties:
            yield f"{own or type_}.{name}"
        elif inner_type := properties[name]:
            items = inner if isinstance(inner, list) else [inner]
            yield from _unknown_items(names, version, inner_type, items)


def _unknown_items(names: Names, version: str, type_: str, items: list[Any]) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict):
            yield from unknown_in_answer(names, version, type_, item)
        elif isinstance(item, str) and type_ in names[version]["words"]:
            words = {word.casefold() for word in names[version]["words"][type_]}
            yield from (f"{type_}: {w}" for w in item.split(",") if w.casefold() not in words)


def objects_of(exchange: Exchange) -> list[Any]:
    body = json.loads(exchange.response.body)
    listed: list[Any] = body.get("value", [body])
    return listed


def of_the_simulator(names: Names) -> set[str]:
    unknown: set[str] = set()
    for exchange in exchanges():
        place = place_of(exchange.request)
        known = names[place.version]["paths"].get(place.path)
        if known is None or exchange.response.status != 200:
            continue
        for each in objects_of(exchange):
            unknown |= set(unknown_in_answer(names, place.version, known["gives"], each))
    return unknown


def of_the_requests(names: Names) -> set[str]:
    places = [place_of(exchange.request) for exchange in exchanges()]
    return {unknown for place in places for unknown in unknown_in_request(names, place)}


def test_every_path_option_and_property_that_is_asked_for_is_graphs() -> None:
    asked = {place_of(exchange.request).path for exchange in exchanges()}

    assert of_the_requests(published()) == set()
    assert len(asked) == 22


def test_every_property_and_word_that_the_simulator_answers_is_graphs() -> None:
    assert of_the_simulator(published()) == set()


def test_what_entra_is_asked_and_the_reasons_that_it_gives_are_graphs() -> None:
    simulated = directory_world()
    user, guest = simulated.directory.users[0]["id"], "b2bCollaborationGuest"
    asked = [AskedSignIn(user, Channel.API, "id", client, guest) for client in ClientType]
    assert len(ask_what_if(simulated.session, asked).answers) == 3
    types, words = published()["v1.0"]["types"], published()["v1.0"]["words"]

    sent = [json.loads(logged.request.body) for logged in simulated.site.requests]
    given = [body["signInConditions"] for body in sent]
    assert set(sent[0]["signInIdentity"]) - {"@odata.type"} <= set(types["userSignIn"])
    assert set(sent[0]["signInContext"]) - {"@odata.type"} <= set(types["applicationContext"])
    assert set(given[0]) <= set(types["signInConditions"])
    assert {each["clientAppType"] for each in given} <= set(words["conditionalAccessClientApp"])
    assert given[0]["devicePlatform"] in words["conditionalAccessDevicePlatform"]
    kinds = words["conditionalAccessGuestOrExternalUserTypes"]
    assert sent[0]["signInIdentity"]["externalUserType"] in kinds
    assert {"policyApplies", "analysisReasons"} <= set(types["whatIfAnalysisResult"])
    assert {"notSet", *REASONS} <= set(words["whatIfAnalysisReasons"])


def test_open_words_are_plain_text_to_graph_so_that_no_list_of_its_could_hold_them() -> None:
    types = published()["v1.0"]["types"] | published()["beta"]["types"]

    assert {types[type_][name] for type_, name in (word.split(".") for word in OPEN_WORDS)} == {""}
    assert types["signIn"]["signInEventTypes"] == ""


def test_the_names_of_v1_are_those_of_the_sdk_that_is_installed() -> None:
    spec = find_spec("msgraph")
    assert spec is not None
    assert spec.origin is not None

    installed = drawn("v1.0", Path(spec.origin).parent.parent)

    for part in ("paths", "types", "words", "kinds"):
        assert installed[part] == published()["v1.0"][part]


# That it notices


@pytest.mark.parametrize(
    ("version", "type_", "name"),
    [
        ("v1.0", "user", "creationType"),
        ("v1.0", "userRegistrationDetails", "methodsRegistered"),
        ("beta", "signIn", "authenticationRequirement"),
        ("beta", "authenticationDetail", "authenticationStepResultDetail"),
        ("beta", "conditionalAccessUsers", "excludeGroups"),
        ("beta", "conditionalAccessGuestsOrExternalUsers", "guestOrExternalUserTypes"),
        ("beta", "partner.security.customerMfaInsight", "compliantAdminsCount"),
    ],
)
def test_a_property_that_graph_renames_is_noticed_in_product_and_simulator(
    version, type_, name
) -> None:
    renamed = copy.deepcopy(published())
    properties = renamed[version]["types"][type_]
    properties[f"{name}New"] = properties.pop(name)

    assert f"{type_}.{name}" in of_the_product(renamed)
    assert f"{type_}.{name}" in of_the_simulator(renamed)


def test_a_word_that_graph_renames_is_noticed_in_product_and_simulator() -> None:
    renamed = copy.deepcopy(published())
    renamed["beta"]["words"]["conditionalAccessPolicyState"].remove("enabled")

    assert "conditionalAccessPolicyState: enabled" in of_the_product(renamed)
    assert "conditionalAccessPolicyState: enabled" in of_the_simulator(renamed)


def test_a_property_that_is_renamed_here_is_noticed() -> None:
    renamed = msgspec.defstruct("Renamed", [("id", str), ("createdAt", str)])

    unknown = unknown_to_graph(published(), "beta", "signIn", inspect.type_info(renamed))

    assert list(unknown) == ["signIn.createdAt"]
    wrong = {"id": "1", "status": {"code": 0}, "riskState": "calm"}
    assert set(unknown_in_answer(published(), "beta", "signIn", wrong)) == {
        *("signInStatus.code", "riskState: calm"),
    }


def test_a_path_or_an_option_that_graph_does_not_have_is_noticed() -> None:
    wrong = [
        Place("v1.0", "/auditLogs/signIns", {}),
        Place("v1.0", "/users", {"$skip": "5", "$select": "id,upn"}),
        Place("beta", "/auditLogs/signIns", {"$filter": "signInTypes/any(t: t eq 'x')"}),
    ]

    assert {unknown for place in wrong for unknown in unknown_in_request(published(), place)} == {
        *("v1.0/auditLogs/signIns", "/users $skip", "user.upn", "signIn.signInTypes"),
    }
