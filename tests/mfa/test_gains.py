"""What fixing each finding gains for the three figures, on its own and after those above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_accounts import account_findings
from shared.mfa.findings.of_requests import request_findings
from shared.mfa.findings.request_summary import summary_of
from shared.mfa.metrics import ShareRule
from tests.delivery.making import (
    DAYS,
    EXEMPTED,
    NOT_VERIFIED,
    UNKNOWN,
    VERIFIED,
    api,
    assessment,
    portal,
)
from tests.directories import assess, directory, policy, user

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding
    from shared.mfa.sign_in import SignIn

NAMES = ("ann", "bob", "svc-sync")
APPLICATIONS = ("sync", "desk")


def by(name: str) -> dict[str, Any]:
    return {"user_id": name, "upn": f"{name}@contoso.example"}


def app(name: str) -> dict[str, Any]:
    return {"app_id": name, "app_name": name.title()}


def find(*sign_ins: SignIn, policies: list[Any] | None = None, **given: Any) -> list[Finding]:
    """The findings about three accounts, of which the policies' are enforced, and their sign-ins"""
    users = {"users": [user(name) for name in NAMES]}
    accounts = assess(*(policies or []), **users)
    judged = assessment(*sign_ins, accounts=accounts.metrics, **given)
    requests = summary_of(judged.requests, judged.metrics, judged.rule)
    about_accounts = account_findings(directory(*(policies or []), **users), accounts)
    about_requests = request_findings(accounts, requests)
    return by_gain([*about_accounts, *about_requests], accounts, requests)


def named(findings: list[Finding], finding_id: str) -> Finding:
    return next(found for found in findings if found.id == finding_id)


def test_enforcing_mfa_for_accounts_says_what_their_requests_gain_for_both_channels() -> None:
    found = find(
        *(portal(**NOT_VERIFIED, **by("ann")) for _ in range(2)),
        *(portal(**VERIFIED, **by("bob")) for _ in range(2)),
        api(**NOT_VERIFIED, **by("ann")),
        api(**VERIFIED, **by("bob")),
        policies=[policy(users={"includeUsers": ["bob", "svc-sync"]})],
    )

    gains = named(found, "accounts-not-targeted").gains

    assert {figure: (gain.gained, gain.share_after) for figure, gain in gains.items()} == {
        "accounts": (1, 1.0),
        "portal": (2, 1.0),
        "api": (1, 1.0),
    }
    assert gains["portal"].points == 0.5


def test_an_application_without_mfa_is_named_with_its_users_and_when_it_was_seen() -> None:
    found = find(
        api(DAYS[1], "09:00:00", **NOT_VERIFIED, **by("bob"), **app("sync")),
        api(DAYS[3], "10:30:00", **NOT_VERIFIED, **by("ann"), **app("sync")),
        api(DAYS[4], **VERIFIED, **by("ann"), **app("sync")),
        api(DAYS[4], **VERIFIED, **by("ann"), **app("desk")),
        policies=[policy()],
    )

    application = named(found, "applications-without-mfa")

    assert application.cause == (
        "“Sync” made 2 of its 3 requests without MFA (App+User), the first of them on 2026-11-18 "
        "at 09:00, the last on 2026-11-20 at 10:30 UTC, in the name of 2 users. Who consented to "
        "it, and when, was not read."
    )
    assert application.subjects == ["ann@contoso.example", "bob@contoso.example"]
    assert application.ids == ["sync"]
    gain = application.gains["api"]
    assert (gain.gained, gain.share_after, gain.points) == (2, 1.0, 0.5)
    assert gain.share_if_app_only == 1.0  # the other application's request remains


def test_what_is_called_app_only_leaves_the_figure_with_all_requests_of_the_application() -> None:
    found = find(
        *(api(**NOT_VERIFIED, **by("ann"), **app("sync")) for _ in range(2)),
        *(api(**VERIFIED, **by("ann"), **app("sync")) for _ in range(4)),
        api(**NOT_VERIFIED, **by("bob"), **app("desk")),
        api(**VERIFIED, **by("bob"), **app("desk")),
    )

    sync = next(one for one in found if one.ids == ["sync"])

    assert sync.gains["api"].share_after == 7 / 8
    assert sync.gains["api"].share_if_app_only == 1 / 2


def test_skipped_mfa_gains_nothing_where_it_counts_as_mfa() -> None:
    sign_ins = [portal(**EXEMPTED, **by("ann")), portal(**VERIFIED, **by("ann"))]

    assert named(find(*sign_ins), "remembered-device").gains["portal"].share_after == 1.0
    counted = find(*sign_ins, rule=ShareRule(exempted_counts_as_mfa=True))
    assert named(counted, "remembered-device").gains == {}


def test_unknown_requests_do_not_count_in_the_share_after() -> None:
    found = find(
        portal(**NOT_VERIFIED, **by("ann")),
        portal(**VERIFIED, **by("bob")),
        *(portal(**UNKNOWN, **by("bob")) for _ in range(2)),
        policies=[policy()],
    )

    gain = named(found, "enforced-but-without-mfa").gains["portal"]
    assert (gain.share_after, gain.points) == (2 / 4, 1 / 4)


def test_while_a_day_is_missing_a_gain_is_counted_but_promises_no_share() -> None:
    found = find(portal(**NOT_VERIFIED, **by("gone")), missing={DAYS[0]: "It was not read."})

    gain = named(found, "signed-in-without-mfa").gains["portal"]
    assert (gain.gained, gain.gain_after_those_above) == (1, 1)
    assert (gain.share_after, gain.points, gain.points_after_those_above) == (None, None, None)


def test_the_figure_furthest_behind_decides_which_finding_comes_first() -> None:
    sign_ins = [
        *(api(**NOT_VERIFIED, **by("bob"), **app("sync")) for _ in range(9)),
        api(**VERIFIED, **by("bob"), **app("desk")),
    ]
    found = find(*sign_ins, policies=[policy(users={"includeUsers": ["bob", "svc-sync"]})])

    assert found[0].id == "applications-without-mfa"
    assert [one.id for one in found].index("accounts-not-targeted") > 0
    only_accounts = find(policies=[policy(users={"includeUsers": ["bob", "svc-sync"]})])
    assert only_accounts[0].id == "accounts-not-targeted"


def test_two_findings_about_the_same_requests_gain_them_once() -> None:
    found = find(api(**NOT_VERIFIED, **by("ann"), **app("sync")), policies=[policy()])

    first, second = (one.gains["api"] for one in found if one.gains)

    assert (first.gained, first.gain_after_those_above) == (1, 1)
    assert (second.gained, second.gain_after_those_above) == (1, 0)
    assert second.points_after_those_above == 0.0


def test_findings_come_in_the_same_order_whatever_the_order_they_were_found_in() -> None:
    sign_ins = [
        *(api(**NOT_VERIFIED, **by(name), **app(name)) for name in NAMES),
        portal(**EXEMPTED, **by("ann")),
    ]
    accounts = assess(users=[user(name) for name in NAMES])
    judged = assessment(*sign_ins, accounts=accounts.metrics)
    requests = summary_of(judged.requests, judged.metrics, judged.rule)
    found = list(request_findings(accounts, requests))

    assert by_gain(found, accounts, requests) == by_gain(found[::-1], accounts, requests)


VERDICTS = [VERIFIED, NOT_VERIFIED, EXEMPTED, UNKNOWN]
sign_ins = st.lists(
    st.builds(
        lambda make, verdict, name, application: make(
            **verdict, **by(name), **(app(application) if make is api else {})
        ),
        st.sampled_from([portal, api]),
        st.sampled_from(VERDICTS),
        st.sampled_from([*NAMES, "gone"]),
        st.sampled_from(APPLICATIONS),
    ),
    max_size=12,
)
covered = st.lists(st.sampled_from(NAMES), unique=True)


@pytest.mark.parametrize("figure", ["accounts", "portal", "api"])
@given(made=sign_ins, covered=covered, rule=st.builds(ShareRule, st.booleans()))
def test_what_all_findings_gain_one_after_the_other_never_exceeds_100_percent(
    figure: str, made: list[SignIn], covered: list[str], rule: ShareRule
) -> None:
    policies = [policy(users={"includeUsers": covered}, clientAppTypes=["browser"])]
    found = find(*made, policies=policies, rule=rule)

    gains = [one.gains[figure] for one in found if figure in one.gains]

    added = sum(gain.points_after_those_above or 0 for gain in gains)
    before = [(gain.share_after or 0) - (gain.points or 0) for gain in gains]
    assert all(share == pytest.approx(before[0]) for share in before)
    assert not gains or before[0] + added <= 1 + 1e-9
    for gain in gains:
        assert 0 < (gain.points or 0) <= 1
        assert 0 <= gain.gain_after_those_above <= gain.gained
