"""How old policies are."""

from __future__ import annotations

from datetime import date

import pytest

from shared.mfa.accounts.graph import instant_of
from shared.mfa.accounts.policy_age import newest_since
from tests.directories import assess, policy

START = date(2026, 11, 22)
BEFORE, DURING = "2026-11-01T08:00:00Z", "2026-11-24T08:15:30Z"


def demand(name="MFA", created=None, changed=None):
    """What a policy demands that was created and changed then."""
    dates = {"createdDateTime": created, "modifiedDateTime": changed}
    return assess({**policy(name), **dates}).tenant.demands[0]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-24T08:15:30Z", "2026-11-24T08:15:30.0000000Z"),
        ("2026-11-24T08:15:30.1234567Z", "2026-11-24T08:15:30.1234560Z"),
        ("2026-11-24T10:15:30+02:00", "2026-11-24T08:15:30.0000000Z"),
        ("/Date(1795508130000)/", "2026-11-24T08:15:30.0000000Z"),
        ("2026-11-24", "2026-11-24T00:00:00.0000000Z"),
        *(("", ""), (None, ""), (7, ""), ({}, ""), ("soon", "")),
        ("/Date(999999999999999)/", ""),
        ("0001-01-01T00:00:00+14:00", ""),
    ],
)
def test_instants_are_read_as_graph_and_powershell_write_them(written, instant) -> None:
    assert instant_of(written) == instant


def test_a_date_that_is_not_understood_leaves_the_policy_as_it_is() -> None:
    accounts = assess({**policy(), "createdDateTime": {"value": "soon"}})

    assert accounts.metrics.enforced == 1
    assert accounts.tenant.demands[0].created_at == ""


def test_mfa_is_new_only_if_nothing_older_enforces_it() -> None:
    old, new = demand("Old", created=BEFORE), demand("New", created=DURING)
    changed = demand("Changed", created=BEFORE, changed=DURING)

    assert newest_since([[new]], START) == new
    assert newest_since([[changed]], START) == changed
    assert newest_since([[old, new]], START) == new  # only together do they enforce it
    assert newest_since([[new], [old]], START) is None
    assert newest_since([], START) is None
