"""Reading a ``--directory`` file: what is accepted, and the errors about what is not."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared.errors import BadInputError
from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.sources.files.documents import read_directory
from tests.directories import document, group, policy, user

if TYPE_CHECKING:
    from pathlib import Path

HEADING = {"format": "partner-mfa-status/directory", "version": 1}
BOM = b"\xef\xbb\xbf"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "directory.json"


def content(**changes: Any) -> bytes:
    return json.dumps({**HEADING, **document(policy()), **changes}).encode()


FORMS = {
    "plain": lambda data: data,
    "with a byte order mark": lambda data: BOM + data,
    "gzip": gzip.compress,
    "gzip with a byte order mark": lambda data: gzip.compress(BOM + data),
    "indented": lambda data: json.dumps(json.loads(data), indent=2).encode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_file_is_read_in_any_form(form, written) -> None:
    written.write_bytes(form(content()))

    directory = read_directory(written)

    assert [one.id for one in directory.users] == ["ann"]
    assert directory.conditional_access_policies is not None


def test_the_example_of_the_format_page_is_read(written) -> None:
    example = """{"format": "partner-mfa-status/directory", "version": 1,
     "organization": {"id": "11111111-1111-4111-8111-111111111111", "displayName": "Contoso"},
     "users": [{"id": "a", "userPrincipalName": "a@contoso.example", "displayName": "A",
       "accountEnabled": true, "userType": "Member", "perUserMfaState": "disabled"}],
     "groups": [{"id": "g", "displayName": "All staff",
       "members": [{"@odata.type": "#microsoft.graph.user", "id": "a"}]}],
     "roleDefinitions": [], "roleAssignments": [], "securityDefaults": {"isEnabled": false},
     "conditionalAccessPolicies": []}"""
    written.write_text(example)

    directory = read_directory(written)

    assert directory.organization is not None
    assert directory.organization.display_name == "Contoso"
    assert [row.enforcement for row in assess_accounts(directory)] == ["unprotected"]


def test_absent_and_null_mean_not_read_and_an_empty_list_means_read(written) -> None:
    written.write_bytes(content(groups=None, roleDefinitions=[], domains=None))

    directory = read_directory(written)

    assert directory.groups is None
    assert directory.customers is None
    assert directory.role_definitions == ()


def test_unknown_keys_and_unknown_words_are_accepted_at_any_depth(written) -> None:
    strange = policy(state="paused", clientAppTypes=["telepathy"], newCondition={"a": 1})
    odd = user(userType="Robot", perUserMfaState="perhaps", someKey=[1, {"b": None}])
    cell = group("g", "ann", theme="blue")
    written.write_bytes(
        content(users=[odd], groups=[cell], conditionalAccessPolicies=[strange], futureKey={})
    )

    (row,) = assess_accounts(read_directory(written))

    assert row.enforcement == "unknown"


def test_a_directory_that_is_written_again_is_read_the_same(written) -> None:
    written.write_bytes(content(customers=[{"tenantId": "t", "mfa": {"totalUsersCount": 5}}]))
    first = read_directory(written)

    written.write_bytes(json.dumps({**HEADING, **json.loads(msgspec.json.encode(first))}).encode())

    assert read_directory(written) == first


TROUBLES: dict[str, tuple[bytes, str]] = {
    "another format": (content(format="other"), 'has format "other", not "partner-mfa-status'),
    "no format": (b"{}", "has format none"),
    "a later version": (content(version=2), 'has version "2", not 1.'),
    "no users": (json.dumps(HEADING).encode(), "is not a directory file: object missing"),
    "users that are null": (content(users=None), "at $.users: expected `array`, got `null`."),
    "a user without an id": (
        content(users=[user(), {"displayName": "?"}]),
        "at $.users[1]: object missing required field `id`.",
    ),
    "a number for a name": (
        content(users=[user(displayName=7)]),
        "at $.users[0].displayName: expected `str | null`, got `int`.",
    ),
    "no object": (b"[]", "expected `object`, got `array`."),
    "not JSON": (b"users", "is not UTF-8 JSON"),
    "nothing": (b"", "is empty."),
    "blanks": (b" \n", "is empty."),
    "a bomb of brackets": (
        b'{"x":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}",
        "nested too deeply.",
    ),
    "truncated JSON": (content()[:-5], "is not UTF-8 JSON"),
    "another encoding": ("{}".encode("utf-16"), "is not UTF-8 JSON"),
    "bytes that are no UTF-8": (content().replace(b"Ann", b"\xff\xfe"), "is not UTF-8 JSON"),
    "truncated gzip": (gzip.compress(content())[:-9], "damaged or truncated gzip file"),
    "damaged gzip": (b"\x1f\x8b" + b"\x00" * 20, "damaged or truncated gzip file"),
}


@pytest.mark.parametrize(("data", "sentence"), TROUBLES.values(), ids=TROUBLES)
def test_an_unreadable_file_is_an_error_of_one_sentence_that_names_it(
    data: bytes, sentence: str, written: Path
) -> None:
    written.write_bytes(data)

    with pytest.raises(BadInputError) as caught:
        read_directory(written)

    message = str(caught.value)
    assert message.startswith(f"{written} ")
    assert sentence in message
    assert message.endswith(".")
    assert "\n" not in message


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.json cannot be read: No such file"):
        read_directory(tmp_path / "nowhere.json")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_directory(tmp_path)


def read_sample(samples: Path, name: str) -> Any:
    return json.loads((samples / name).read_bytes())


def test_the_responses_on_microsofts_own_pages_make_a_directory(samples, written) -> None:
    policies = [
        *read_sample(samples, "graph-docs-ca-policies-v1.0.json")["value"],
        *read_sample(samples, "graph-docs-ca-policies-created.json")["value"],
    ]
    registrations = read_sample(samples, "graph-docs-userRegistrationDetails.json")["value"]
    strengths = read_sample(samples, "graph-docs-authenticationStrengthPolicies.json")["value"]
    insights = read_sample(samples, "graph-docs-partner-customerInsights.json")["value"]
    users = [user(one["id"], userPrincipalName=one["userPrincipalName"]) for one in registrations]
    written.write_bytes(
        content(
            users=users,
            conditionalAccessPolicies=policies,
            userRegistrationDetails=registrations,
            authenticationStrengthPolicies=strengths,
            securityDefaults=read_sample(samples, "graph-docs-security-defaults.json"),
            customers=insights,
        )
    )

    directory = read_directory(written)
    accounts = assess_accounts(directory)

    assert isinstance(directory, Directory)
    assert accounts.metrics.share == 1.0  # security defaults are on there
    assert [row.mfa_registered for row in accounts] == [True, False, True]
    assert directory.customers is not None
    assert directory.customers[0].mfa is not None
    assert directory.customers[0].mfa.total_users_count == 5
