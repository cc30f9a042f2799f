"""The rows of the accounts and the customers file."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from shared.delivery.files.customers import Customers, CustomerStatus
from shared.delivery.files.directory_rows import account_rows, customer_rows
from shared.mfa.accounts.assessment import AccountRow
from shared.mfa.accounts.directory import Customer, CustomerMfa
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.assessment import assess
from shared.mfa.circumstances import Circumstance
from shared.mfa.metrics import ShareRule
from shared.mfa.reasons.reason import Reason, ReasonBasis, ReasonKind
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.sign_in import Evidence
from shared.mfa.window import make_window
from tests.sign_ins import api_sign_in, at, portal_sign_in


def account(object_id, **changes):
    plain = AccountRow(
        object_id=object_id,
        upn="ann@contoso.example",
        display_name="Ann",
        user_type="Member",
        enabled=True,
        is_admin=None,
        enforcement=Enforcement.UNPROTECTED,
        enforced_by="",
        cause="No policy.",
        remedy="Add one.",
        mfa_registered=False,
    )
    return msgspec.structs.replace(plain, **changes)


def rows(object_id, *sign_ins):
    window = make_window(date(2026, 11, 23), {date(2026, 11, 20): Rollup(sign_ins)})
    assessment = assess(window, Scope(), ShareRule())
    made = account_rows([account(object_id)], assessment, "tenant")
    return [msgspec.to_builtins(row) for row in made]


def test_an_account_shows_its_newest_request_of_either_channel_and_whether_that_had_mfa() -> None:
    sign_ins = [
        portal_sign_in(created_at=at(20, 8)),
        api_sign_in(created_at=at(20, 9), details=Evidence.SATISFIED),
        portal_sign_in(created_at=at(20, 10), error_code=50074),
    ]

    (row,) = rows("ann", *sign_ins)

    assert (row["LastRequest"], row["LastRequestMfaCompliant"]) == (
        "2026-11-20T09:00:00.0000000Z",
        True,
    )
    assert (row["ObjectId"], row["TenantId"], row["Enforcement"]) == (
        "ann",
        "tenant",
        "unprotected",
    )


def test_an_account_without_requests_or_with_an_unknown_one_says_neither_yes_nor_no() -> None:
    (silent,) = rows("bob", portal_sign_in())
    (unknown,) = rows("ann", api_sign_in())

    assert (silent["LastRequest"], silent["LastRequestMfaCompliant"]) == (None, None)
    assert (unknown["LastRequest"], unknown["LastRequestMfaCompliant"]) == (
        "2026-11-20T09:00:00.0000000Z",
        None,
    )


def test_an_id_in_capitals_in_the_directory_is_the_same_user_in_the_log() -> None:
    (row,) = rows("ANN", portal_sign_in())

    assert row["LastRequestMfaCompliant"] is False


def test_sentences_of_ours_have_plain_quotes_and_a_name_stays_as_it_is() -> None:
    window = make_window(date(2026, 11, 23), {})
    quoted = account(
        "ann",
        display_name="Ann “the Boss”",
        enforced_by="policy “MFA”",
        cause="Excluded from policy “MFA” by name.",
        remedy="Let policy “MFA” demand it.",
    )

    [made] = account_rows([quoted], assess(window, Scope(), ShareRule()), "tenant")

    assert made.display_name == "Ann “the Boss”"
    assert (made.enforced_by, made.cause, made.remedy) == (
        'policy "MFA"',
        'Excluded from policy "MFA" by name.',
        'Let policy "MFA" demand it.',
    )


def customer(name, *counts):
    mfa = CustomerMfa(*counts) if counts else None
    return Customer(tenant_id=f"t-{name}", display_name=name, mfa=mfa)


def test_customers_are_listed_worst_first_and_those_not_read_before_all_others() -> None:
    listed = customer_rows(
        [
            customer("All", 2, 8, 10),
            customer("Half", 1, 4, 10),
            customer("Nobody there", 0, 0, 0),
            customer("Unread"),
            customer("None", 0, 0, 4),
            customer("Partly read", 1, None, 4),
        ],
        "2026-11-24T02:00:00Z",
    )

    assert [(row.customer, row.as_of, row.status) for row in listed] == [
        ("Partly read", "2026-11-24T02:00:00.0000000Z", "not known"),
        ("Unread", None, "not known"),
        ("None", "2026-11-24T02:00:00.0000000Z", "4 of 4 users without MFA"),
        ("Half", "2026-11-24T02:00:00.0000000Z", "5 of 10 users without MFA"),
        ("All", "2026-11-24T02:00:00.0000000Z", "all users have MFA"),
        ("Nobody there", "2026-11-24T02:00:00.0000000Z", "no users"),
    ]


@pytest.mark.parametrize("counts", [(6, 5, 10), (1, 0, 0), (-1, 11, 10)])
def test_counts_of_a_customer_that_contradict_one_another_are_not_known(counts) -> None:
    rows = list(customer_rows([customer("Odd", *counts)], as_of="now"))

    customers = Customers.of(None, "now", rows)

    assert [row.status for row in rows] == ["not known"]
    assert [entry.mfa_status for entry in customers.customers] == [CustomerStatus.UNKNOWN]
    assert customers.headline() == "0 of 1 customer has MFA for all users; 1 not known."


def test_an_enforced_account_with_requests_without_mfa_says_why_and_what_to_do() -> None:
    federated = portal_sign_in(circumstance=Circumstance.FEDERATED)
    window = make_window(date(2026, 11, 23), {date(2026, 11, 20): Rollup([federated])})
    enforced = account("ann", enforcement=Enforcement.ENFORCED, cause="", remedy="")
    noted = account("ANN", enforcement=Enforcement.ENFORCED)

    first, second = account_rows([enforced, noted], assess(window, Scope(), ShareRule()), "tenant")

    sentence = "The federated domain contoso.example sent no multipleauthn claim."
    assert first.cause == sentence
    assert first.remedy.startswith("Let the identity provider send the multipleauthn claim")
    assert second.cause == f"{sentence} No policy."
    assert second.remedy.endswith(" Add one.")


def test_an_account_that_is_not_enforced_keeps_its_own_cause() -> None:
    federated = portal_sign_in(circumstance=Circumstance.FEDERATED)

    (row,) = rows("ann", federated)

    assert (row["Cause"], row["Remedy"]) == ("No policy.", "Add one.")


def test_what_a_note_on_the_policy_says_already_is_not_said_twice() -> None:
    young = Reason(ReasonKind.POLICY_TOO_YOUNG, "Policy “MFA” is new", ReasonBasis.DIRECTORY)
    sign_in = portal_sign_in()
    window = make_window(date(2026, 11, 23), {date(2026, 11, 20): Rollup([sign_in])})
    assessed = assess(window, Scope(), ShareRule())
    kinds = [msgspec.structs.replace(each, reason=young) for each in assessed.requests.kinds]
    requests = msgspec.structs.replace(assessed.requests, kinds=kinds)
    made = msgspec.structs.replace(assessed, requests=requests)
    noted = account("ann", enforcement=Enforcement.ENFORCED, cause="It is new.", remedy="Wait.")
    plain = account("ann", enforcement=Enforcement.ENFORCED, cause="", remedy="")

    first, second = account_rows([noted, plain], made, "tenant")

    assert (first.cause, first.remedy) == ("It is new.", "Wait.")
    assert second.cause == 'Policy "MFA" is new.'
