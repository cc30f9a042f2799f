"""Wherever Graph is asked, and however it answers: nothing false is stored, and it heals."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from shared.cli.console import DONE_IN_PART
from shared.mfa.report import Report
from simulator.tenants.partner import TENANT_ID
from tests.faults.graph_faults import LASTING, ONCE, within_batch
from tests.faults.small_partner import NOON, TODAY, open_partner
from tests.faults.tree import Tree, differences, tree

if TYPE_CHECKING:
    from simulator.graph.api import Fault, GraphRequest, GraphResponse, Respond

#: The addresses that a run asks for, each kind by a pattern of its own.
SITES = {
    "the log's reach": r"/signIns\?.*\$top=1$",
    "a next page of sign-ins": r"/signIns\?.*\$skiptoken=",
    "sign-ins": r"/signIns\?",
    "users": r"/users\?",
    "organization": r"/organization\?",
    "policies": r"/conditionalAccess/policies$",
    "named locations": r"/namedLocations$",
    "authentication strengths": r"/authenticationStrengthPolicies$",
    "security defaults": r"/identitySecurityDefaultsEnforcementPolicy$",
    "role definitions": r"/roleDefinitions\?",
    "role assignments": r"/roleAssignments\?",
    "role eligibilities": r"/roleEligibilityScheduleInstances\?",
    "domains": r"/domains\?",
    "federation": r"/federationConfiguration$",
    "registrations": r"/userRegistrationDetails$",
    "customers' scores": r"/customerInsights$",
    "the age of the scores": r"/securityScore\?",
    "customers' names": r"/delegatedAdminCustomers$",
    "groups by name": r"/groups\?",
    "a batch": r"/\$batch$",
    "a group in a batch": r"/groups/[-\w]+\?",
    "members in a batch": r"/(?:transitiveM|m)embers\?",
}
ENDING = TODAY - timedelta(days=1)
LATER = timedelta(minutes=10)
PARTS = 7  #: in which the kinds of requests are tried, so that several processes share them
EVERY = 8  #: of how many pairs of request and fault one is tried
SAMPLE = 2  #: faults of one kind of request in the normal suite


class Spoilt:
    """Spoils the answers to requests of one kind, the first or all."""

    def __init__(self, site: str, fault: Fault, *, once: bool) -> None:
        self._site, self._fault, self._once = site, fault, once
        self.times = 0

    def __call__(self, request: GraphRequest, respond: Respond) -> GraphResponse:
        if self._once and self.times:
            return respond(request)
        if site_of(request.target) == self._site:
            self.times += 1
            return self._fault(request, respond)
        if site_of(request.target) == "a batch":
            return within_batch(self._fault, self._is_meant)(request, respond)
        return respond(request)

    def _is_meant(self, url: str) -> bool:
        is_meant = site_of(url) == self._site and not (self._once and self.times)
        self.times += is_meant
        return is_meant


def site_of(target: str) -> str:
    return next((name for name, pattern in SITES.items() if re.search(pattern, target)), target)


def answered(request: GraphRequest, respond: Respond) -> GraphResponse:
    return respond(request)


@pytest.fixture(scope="module")
def partner(tmp_path_factory):
    with open_partner(tmp_path_factory.mktemp("partner")) as partner:
        yield partner


@pytest.fixture(scope="module")
def undisturbed(partner, tmp_path_factory):
    asked = set()

    def note(request, respond):
        asked.add(site_of(request.target))
        if site_of(request.target) == "a batch":
            asked.update(site_of(each["url"]) for each in json.loads(request.body)["requests"])
        return respond(request)

    partner.folder, partner.fault = tmp_path_factory.mktemp("undisturbed"), note
    assert partner.run() == DONE_IN_PART  # the oldest day is older than the log
    assert asked == SITES.keys()
    return figures_in(partner.folder), report_of(partner)


def figures_in(folder) -> Tree:
    """A tree without what became of the mails, which have shown what was known at their time."""
    found = tree(folder, [NOON, NOON + LATER])
    return {path: found[path] for path in found if not path.startswith(("claims/", "deliveries/"))}


def report_of(partner) -> Report:
    stored = partner.opened().report_file(TENANT_ID, ENDING, "report.json")
    return Report.from_json(stored.content)


def never_better(found: Report, truth: Report) -> bool:
    """Whether no figure claims more than is true."""
    figures, true = found.metrics, truth.metrics
    return (
        (figures.accounts.enforced or 0) <= (true.accounts.enforced or 0)
        and figures.portal.verified <= true.portal.verified
        and figures.api.verified <= true.api.verified
        and figures.portal.share in (None, true.portal.share)
        and figures.api.share in (None, true.api.share)
    )


def outcome_of(partner, undisturbed, spoilt) -> str:
    """What becomes of a run with a fault, and of the next one without."""
    expected, truth = undisturbed
    partner.clock.moment, partner.fault = NOON, spoilt
    assert partner.run() == DONE_IN_PART
    assert spoilt.times
    assert never_better(report_of(partner), truth)
    if not differences(figures_in(partner.folder), expected):
        return "the same tree at once"
    partner.clock.go_on(seconds=LATER.total_seconds())
    partner.fault = answered
    assert partner.run() == DONE_IN_PART
    assert differences(figures_in(partner.folder), expected) == []
    return "unknown and reported; the same tree after the next run"


@pytest.mark.parametrize("once", [True, False], ids=["once", "lasting"])
def test_whatever_graph_answers_nothing_false_is_stored_and_the_next_run_heals(
    partner, undisturbed, part, once, kit
) -> None:
    faults, length = (ONCE, "once") if once else (LASTING, "all day")
    folder = partner.folder.with_name(f"faulty-{part}")
    sites = kit.some_of(list(SITES)[part::PARTS], 1)
    cases = list(product(sites, kit.some_of(list(faults), SAMPLE)))
    for site, name in cases[part % EVERY :: EVERY]:
        partner.folder = folder
        with kit.attempt((site, name)):
            outcome = outcome_of(partner, undisturbed, Spoilt(site, faults[name], once=once))
            kit.record("Faults", f"Graph: {name}, {length}", "each kind of request", outcome)
        shutil.rmtree(folder, ignore_errors=True)
    assert kit.failures == {}
