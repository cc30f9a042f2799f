from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from simulator.tenants.expected import expected_counts
from simulator.tenants.partner import logged_by, simulate_partner
from simulator.tenants.people import PersonKind
from tests.sources.graph.graph_doubles import ENDING, partner

SHAPE = "zerotrustassessment-signIn-beta-shape.json"


def counts(days_before: int) -> dict[str, Counter[str]]:
    return expected_counts(partner().expected, ENDING - timedelta(days=days_before))


def share(counter: Counter[str]) -> float:
    decided = sum(counter[kind] for kind in ("verified", "not_verified", "exempted"))
    return counter["verified"] / decided


def test_equal_seed_and_ending_make_an_equal_tenant() -> None:
    assert simulate_partner(ENDING) == partner()


@pytest.mark.parametrize("how", [(ENDING, 1), (ENDING + timedelta(days=1), 365)])
def test_another_seed_or_ending_makes_another(how) -> None:
    assert simulate_partner(*how).log != partner().log


def test_its_name_says_that_it_is_simulated() -> None:
    assert partner().tenant_name == "Northwind Cloud Partners (simulated)"


def test_it_has_sixty_enabled_accounts_of_every_kind() -> None:
    enabled = [person for person in partner().people if person.is_enabled]

    assert len(enabled) == 60
    assert {person.kind for person in enabled} == set(PersonKind)
    assert len({person.upn for person in partner().people}) == len(partner().people)


def test_names_and_addresses_are_of_nobody() -> None:
    for person in partner().people:
        assert person.upn.endswith(".example")
        assert person.upn == person.upn.lower()
        assert re.match(r"192\.0\.2\.|198\.51\.100\.|203\.0\.113\.", person.ip_address)


def test_every_day_of_thirty_has_sign_ins() -> None:
    days = {sign_in.at.date() for sign_in in partner().expected}

    assert {ENDING - timedelta(days=back) for back in range(30)} <= days


def test_rows_have_graphs_property_names_and_nesting(samples) -> None:
    shape = json.loads((samples / SHAPE).read_text())
    known = shape["value"][0] if "value" in shape else shape

    for logged in partner().log:
        assert set(logged.row) <= set(known) | {"id", "sessionId"}, set(logged.row) - set(known)
    row = partner().log[0].row
    for name in ("status", "deviceDetail", "location"):
        assert set(row[name]) <= set(known[name] or row[name])


def test_ids_are_unique_but_for_copies() -> None:
    ids = Counter(logged.row["id"] for logged in partner().log)

    copied = {sign_in.row["id"] for sign_in in partner().expected if sign_in.first_row}
    assert {id_ for id_, number in ids.items() if number == 2} == copied
    assert set(ids.values()) == {1, 2}


def test_some_rows_are_late_and_all_are_there_in_the_end() -> None:
    soon = max(sign_in.at for sign_in in partner().expected) + timedelta(hours=3)
    late = len(partner().expected) - len(logged_by(partner(), soon))

    assert 0 < late < len(partner().expected) / 100
    assert len(logged_by(partner(), soon + timedelta(days=2))) == len(partner().expected)


@pytest.mark.parametrize("channel", ["portal", "api"])
def test_the_trend_has_a_bad_day_and_steady_improvement_after_it(channel: str) -> None:
    shares = [share(counts(back)[channel]) for back in range(23, -1, -1)]

    assert shares[-1] > 0.8
    assert shares[-1] > shares[12] + 0.05
    assert shares[-1] < 1


def test_the_bad_day_is_the_vendors() -> None:
    def vendor(days_before: int) -> Counter[str]:
        day = ENDING - timedelta(days=days_before)
        return Counter(
            sign_in.verdict
            for sign_in in partner().expected
            if sign_in.at.date() == day
            and sign_in.row["appDisplayName"] == "CloudDeck Control Panel"
        )

    assert vendor(13)["verified"] > 60
    assert vendor(12)["verified"] == 0
    assert vendor(12)["not_verified"] > 60
    assert vendor(1)["verified"] > 60


def test_everything_that_the_report_tells_apart_occurs_in_the_last_week() -> None:
    portal, api = counts(0)["portal"], counts(0)["api"]

    for kind in ("verified", "not_verified", "exempted", "not_completed"):
        assert portal[kind] > 0
    for kind in ("verified", "not_verified", "unknown", "not_completed", "app_only"):
        assert api[kind] > 0


def test_most_of_the_log_is_not_about_partner_center_at_all() -> None:
    channels = Counter(sign_in.channel for sign_in in partner().expected)

    assert channels[""] > 1000


def test_a_follower_of_a_sign_in_outside_the_week_is_unknown() -> None:
    crossing = [t for t in partner().expected if t.inherits_from and t.inherits_from < t.at.date()]
    first = crossing[len(crossing) // 2].at.date()

    whole = expected_counts(crossing, first)["api"]
    cut = expected_counts(crossing, first + timedelta(days=6))["api"]

    assert whole["verified"] > 0
    assert cut["unknown"] > 0


def test_a_tenant_can_be_simulated_on_any_day() -> None:
    assert len(simulate_partner(date(2024, 2, 29), days=2).expected) > 100
