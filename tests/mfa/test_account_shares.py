"""Two shares about some of the accounts: administrators, and those that use Partner Center."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.accounts.account_shares import administrators
from shared.mfa.assessment import assess as assess_window
from shared.mfa.metrics import AccountShare, ShareRule
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.window import make_window, window_days
from tests.directories import assess, policy, user
from tests.sign_ins import api_sign_in, portal_sign_in

ENDING = date(2026, 11, 23)
MFA_FOR_ANN = policy(users={"includeUsers": ["ann"]})
USERS = [user(name) for name in ("ann", "bob", "cid", "dan")]


def holding(*names, **more):
    """These accounts hold a role."""
    return {
        "roleDefinitions": [{"id": "ga", "templateId": "ga"}],
        "roleAssignments": [
            {"principalId": name, "roleDefinitionId": "ga", "directoryScopeId": "/"}
            for name in names
        ],
        **more,
    }


def of_administrators(*policies, **changes):
    return administrators(assess(*policies, users=USERS, **changes))


def of_active(*sign_ins, accounts=None, missing=()):
    rollups = {day: Rollup() for day in window_days(ENDING) if day not in missing}
    for sign_in in sign_ins:
        rollups[date.fromisoformat(sign_in.day)].add(sign_in)
    accounts = accounts or assess(MFA_FOR_ANN, users=USERS)
    window = make_window(ENDING, rollups)
    return assess_window(window, Scope(), ShareRule(), accounts).metrics.active_accounts


# Administrators.


def test_administrators_are_the_enabled_accounts_that_hold_a_role() -> None:
    share = of_administrators(MFA_FOR_ANN, **holding("ann", "bob"))

    assert share == AccountShare(enabled=2, enforced=1, unknown=0, share=0.5, share_upper=0.5)


def test_a_disabled_administrator_does_not_count() -> None:
    users = [user("ann"), user("bob", accountEnabled=False)]

    share = administrators(assess(MFA_FOR_ANN, users=users, **holding("ann", "bob")))

    assert (share.enabled, share.share) == (1, 1.0)


def test_without_an_administrator_there_is_no_share() -> None:
    assert of_administrators(MFA_FOR_ANN) == AccountShare(0, 0, 0, None, None)


def test_if_roles_were_not_read_the_registration_report_says_who_is_an_administrator() -> None:
    details = [{"id": each["id"], "isAdmin": each["id"] == "bob"} for each in USERS]

    share = of_administrators(MFA_FOR_ANN, roleAssignments=None, userRegistrationDetails=details)

    assert (share.enabled, share.enforced, share.share_upper) == (1, 0, 0.0)


def test_accounts_whose_role_is_unknown_bound_the_share() -> None:
    details = [{"id": "ann", "isAdmin": True}, {"id": "bob", "isAdmin": False}]

    share = of_administrators(MFA_FOR_ANN, roleAssignments=None, userRegistrationDetails=details)

    assert share == AccountShare(enabled=3, enforced=1, unknown=2, share=1 / 3, share_upper=1.0)


def test_if_nobody_knows_who_is_an_administrator_the_share_is_anything() -> None:
    share = of_administrators(MFA_FOR_ANN, roleAssignments=None)

    assert share == AccountShare(enabled=4, enforced=0, unknown=4, share=0.0, share_upper=1.0)


def test_if_all_have_mfa_enforced_so_have_the_administrators_even_if_nobody_knows_them() -> None:
    share = of_administrators(policy(), roleAssignments=None)

    assert (share.share, share.share_upper) == (1.0, 1.0)


def test_an_administrator_who_cannot_be_judged_bounds_the_share() -> None:
    unread = policy("group", users={"includeGroups": ["not read"]})

    share = of_administrators(MFA_FOR_ANN, unread, **holding("ann", "bob"))

    assert share == AccountShare(enabled=2, enforced=1, unknown=1, share=0.5, share_upper=1.0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob", "cid", "dan"]), st.booleans()),
        unique_by=lambda it: it[0],
    )
)
def test_if_the_others_are_known_later_the_share_is_within_its_bounds(known) -> None:
    details = [{"id": name, "isAdmin": is_admin} for name, is_admin in known]
    partly = of_administrators(MFA_FOR_ANN, roleAssignments=None, userRegistrationDetails=details)
    sure = {name for name, is_admin in known if is_admin}
    open_ = {each["id"] for each in USERS} - {name for name, _ in known}

    for others in (set(), open_, open_ - {"ann"}, open_ & {"ann"}):
        if sure | others:
            whole = of_administrators(MFA_FOR_ANN, **holding(*sorted(sure | others)))
            assert partly.share is not None
            assert whole.share is not None
            assert partly.share <= whole.share <= (partly.share_upper or 0)


# Accounts that use Partner Center.


def test_active_accounts_are_those_that_made_a_portal_or_api_request() -> None:
    share = of_active(
        *(portal_sign_in(user_id="ann"), api_sign_in(user_id="ANN"), api_sign_in(user_id="bob"))
    )

    assert share == AccountShare(enabled=2, enforced=1, unknown=0, share=0.5, share_upper=0.5)


def test_who_did_not_complete_a_sign_in_made_no_request() -> None:
    share = of_active(
        portal_sign_in(user_id="ann"), portal_sign_in(user_id="bob", error_code=50074)
    )

    assert (share.enabled, share.share) == (1, 1.0)


def test_a_record_without_an_id_is_of_the_account_with_its_name() -> None:
    share = of_active(
        *(portal_sign_in(user_id="", upn="Ann@Contoso.example"), portal_sign_in(user_id="ann"))
    )

    assert (share.enabled, share.enforced) == (1, 1)


def test_a_user_who_is_not_in_the_directory_is_unknown() -> None:
    share = of_active(portal_sign_in(user_id="ann"), portal_sign_in(user_id="eve"))

    assert share == AccountShare(enabled=2, enforced=1, unknown=1, share=0.5, share_upper=1.0)


def test_an_account_disabled_since_does_not_count() -> None:
    accounts = assess(MFA_FOR_ANN, users=[user("ann"), user("bob", accountEnabled=False)])

    share = of_active(
        portal_sign_in(user_id="ann"), portal_sign_in(user_id="bob"), accounts=accounts
    )

    assert (share.enabled, share.share) == (1, 1.0)


def test_with_a_day_missing_there_are_counts_and_no_share() -> None:
    share = of_active(portal_sign_in(user_id="ann"), missing=[date(2026, 11, 17)])

    assert share == AccountShare(enabled=1, enforced=1, unknown=0, share=None, share_upper=None)


def test_a_request_that_names_no_user_may_be_anybodys() -> None:
    share = of_active(portal_sign_in(user_id="ann"), portal_sign_in(user_id="", upn=""))

    assert (share.enabled, share.share) == (1, None)


def test_without_a_directory_neither_is_known() -> None:
    window = make_window(ENDING, {day: Rollup() for day in window_days(ENDING)})

    metrics = assess_window(window, Scope(), ShareRule()).metrics

    assert (metrics.administrators, metrics.active_accounts) == (AccountShare(), AccountShare())
