"""Every address, asked as its description allows and as it does not, by schemathesis."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

import function_app
from shared.cli.local_host import LocalHost
from shared.service.current import use
from shared.service.http.openapi import described
from tests.service.world import Clock, Scripted, ScriptedService, a_week, make_daily, run_day

OPERATIONS = [(path, method) for path, of in described()["paths"].items() for method in of]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """The description that the local host gives of itself, over a store with a report."""
    import schemathesis  # takes a second, which every worker would spend

    daily = make_daily(tmp_path_factory.mktemp("store"), Scripted(a_week(weak=2, strong=3)))
    run_day(daily)
    with use(ScriptedService(daily)) as service:
        service.queues = LocalHost(function_app.app, service.settings, now=Clock())
        with service.queues.serve() as server:
            yield schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda value: value.strip("/"))
def test_an_address_answers_as_it_is_described(api, path, method) -> None:
    from schemathesis.checks import positive_data_acceptance

    @given(case=api[path][method].as_strategy())
    @settings(max_examples=3, suppress_health_check=[*HealthCheck], deadline=None)
    def asked(case) -> None:
        # Whether a day is kept, or anybody is written to, is not in the form of a request.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    asked()
