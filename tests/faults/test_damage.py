"""Whatever is stored may be wrong: the next three days heal it, or report it and go on."""

from __future__ import annotations

import logging
import re
import shutil
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import pytest

import function_app
from shared.cli.console import DONE, DONE_IN_PART
from shared.cli.local_host import LocalHost
from shared.cli.loopback import HttpRequest
from shared.cli.routes import HttpRoute, Router
from shared.settings import Settings
from shared.stores.models import ACCOUNT_DETAILS, REPORT_FILES
from simulator.tenants.partner import TENANT_ID
from tests.faults.damages import DAMAGES, FOREIGN
from tests.faults.routes import addresses, assert_all_routes_are_asked
from tests.faults.small_partner import NOON, open_partner
from tests.faults.test_time import DAY, newest_report
from tests.faults.tree import differences, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTLED, RECENT = "2026-11-20", "2026-11-24"  #: days that the second run has stored
UNREACHABLE = "2026-11-23"  #: a report that cannot be made again: a day of it is out of reach
FOR_PEOPLE = ("applications", "customers", "days", "metrics")  #: tables
FILES = REPORT_FILES.keys() - set(ACCOUNT_DETAILS[1:])  #: there are too few accounts for more
#: What is stored after two runs, one of each kind, by a pattern of its path.
STORED = {
    "a tenant": r"tenants/",
    "a ledger entry of a settled day": rf"ledger/.*/{SETTLED}",
    "a ledger entry of a recent day": rf"ledger/.*/{RECENT}",
    "a rollup of a settled day": rf"rollups/.*/{SETTLED}",
    "a rollup of a recent day": rf"rollups/.*/{RECENT}",
    "the newest metrics": rf"publications/.*/{RECENT}",
    "earlier metrics": rf"publications/.*/{UNREACHABLE}",
    **{f"the newest {name}": rf"reports/.*/{RECENT}/{re.escape(name)}" for name in sorted(FILES)},
    "an earlier report": rf"reports/.*/{UNREACHABLE}/report.json",
    "an earlier directory": rf"reports/.*/{UNREACHABLE}/directory.json.gz",
    **{f"rows of {name}, for people": rf"tables/{name}/.*/{RECENT}" for name in FOR_PEOPLE},
    "a claim": r"claims/",
    "a delivery": r"deliveries/",
}
OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503
PARTS = 4
EACH = 1  #: how many damages of each kind of file are tried; the kinds share all damages
SAMPLE = 2  #: damages in the normal suite
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
REPORTED = re.compile(r"damaged|cannot be read|newer|gone|again|ignored|not of this app|not there")


@pytest.fixture(scope="module")
def partner(tmp_path_factory):
    logging.getLogger("shared").setLevel(logging.WARNING)
    folder = tmp_path_factory.mktemp("partner") / "store"
    with open_partner(folder, settings={"SCRIPT_KEYS": "true"}) as partner:
        yield partner


@pytest.fixture(scope="module")
def undisturbed(partner):
    """Two runs, whose store is copied to ``start``; and what three more days make of it."""
    for day in range(2):
        partner.clock.moment = NOON + day * DAY
        partner.run()
    shutil.copytree(partner.folder, partner.folder.with_name("start"))
    assert_each_kind_is_damaged(partner.folder)
    targets = targets_of(partner)
    three_days(partner, targets)
    return settled_tree(partner.folder), newest_report(partner), targets


def cases() -> list[tuple[str, str]]:
    """Each kind of file with some damages, other ones than the next kind's."""
    names = list(DAMAGES)
    return [
        (what, names[(5 * number + 7 * other) % len(names)])
        for number, what in enumerate(STORED)
        for other in range(EACH)
    ]


def assert_each_kind_is_damaged(folder: Path) -> None:
    """Whatever is stored later is to be added to `STORED`."""
    patterns = [_DAY.sub(lambda _: _DAY.pattern, pattern) for pattern in STORED.values()]
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    kinds = {path for path in paths if not any(re.match(each, path) for each in patterns)}
    assert kinds == {".lock"}


def three_days(partner, targets: list[str]) -> None:
    """The runs of three days; after each all routes, but those of a lost report, are answered."""
    for day in range(2, 5):
        partner.clock.moment = NOON + day * DAY
        assert partner.run() in (DONE, DONE_IN_PART)
        statuses = dict(ask(partner, targets))
        refused = {target: n for target, n in statuses.items() if n not in (OK, NOT_FOUND)}
        assert set(refused.values()) <= {UNAVAILABLE}
        assert [target for target in refused if UNREACHABLE not in target] == []


def targets_of(partner) -> list[str]:
    """The addresses of everything there is, and those of the report that may be lost."""
    by_route = addresses(partner.opened(), date.fromisoformat(RECENT))
    assert_all_routes_are_asked(by_route)
    files = ("", "/report.json", "/report.html", "/accounts.csv", "/customers.csv")
    of_lost = [f"reports/{TENANT_ID}/{UNREACHABLE}{file}" for file in files]
    return [*of_lost, *(target for each in by_route.values() for target in each)]


def ask(partner, targets: list[str]) -> Iterator[tuple[str, int]]:
    """The status of every page and file."""
    with partner.used():
        router = routes_of(partner)
        for target in targets:
            request = HttpRequest("GET", f"/api/{target}", {"host": "127.0.0.1"})
            yield target, router.answer(request).status


def routes_of(partner) -> Router:
    host = LocalHost(function_app.app, Settings(partner.environment), now=partner.clock)
    functions = [each for each in host.functions.values() if each.kind == "httpTrigger"]

    def route(function) -> HttpRoute:
        def answer(request, params):
            return host.answer(function, request, params)

        return HttpRoute(function.route, function.methods, answer)

    return Router([route(function) for function in functions], "api")


def settled_tree(folder):
    return tree(folder, [NOON + day * DAY for day in range(5)])


def outcome_of(partner, undisturbed, said) -> str:
    """What three days make of a damaged store; `said` gives what was said meanwhile."""
    expected, newest, targets = undisturbed
    said()
    three_days(partner, targets)
    report = newest_report(partner)
    assert report.metrics == newest.metrics
    assert report.window.complete_days == newest.window.complete_days
    if differences(settled_tree(partner.folder), expected) == []:
        return "healed: the same tree"
    assert REPORTED.search(said())
    return "reported, and nothing else was affected"


@pytest.fixture
def said(capsys, caplog):
    """Gives what was printed and logged since the last time."""

    def take() -> str:
        text = f"{capsys.readouterr().err}{caplog.text}"
        caplog.clear()
        return text

    return take


def test_what_is_damaged_is_healed_or_reported_and_stops_nothing(
    undisturbed, partner, part, kit, said
) -> None:
    start = partner.folder.with_name("start")
    for what, how in kit.some_of(cases()[part::PARTS], SAMPLE):
        partner.folder = start.with_name(f"damaged-{part}")
        shutil.copytree(start, partner.folder)
        with kit.attempt((what, how)):
            DAMAGES[how](path_of(partner.folder, STORED[what]))
            outcome = outcome_of(partner, undisturbed, said)
            kit.record("Damage", how, "each kind of stored file", outcome)
        shutil.rmtree(partner.folder)
    assert kit.failures == {}


def test_foreign_files_stop_nothing(undisturbed, partner, kit, said) -> None:
    start = partner.folder.with_name("start")
    partner.folder = start.with_name("foreign")
    shutil.copytree(start, partner.folder)
    folders = [path for path in partner.folder.rglob("*") if path.is_dir()]
    for folder, (name, content) in product([partner.folder, *folders], FOREIGN.items()):
        (folder / name).write_bytes(content)

    outcome = outcome_of(partner, undisturbed, said)

    kit.record("Damage", "foreign files", "every folder", outcome, len(folders) * len(FOREIGN))


def path_of(folder: Path, pattern: str) -> Path:
    """The first file whose path begins like that."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return next(path for path in paths if re.match(pattern, path.relative_to(folder).as_posix()))
