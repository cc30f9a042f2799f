"""Whatever happens to a stored thing, all else goes on, and the next day makes it again."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import msgspec
import pytest

from shared.mfa.report import Report
from shared.mfa.window import SliceState, complete_days
from shared.service.day_run import collected_warnings
from shared.service.directory_snapshot import DIRECTORY_FILE
from tests.service.world import ENDING, TENANT, Scripted, make_daily
from tests.stores.damaged_store import (
    DAMAGES,
    EARLIER,
    SETTLED,
    THINGS,
    copied,
    filled,
    flipped,
    found_in,
    made_newer,
    truncated,
)

#: Every thing with a third of the damages, and every damage with a third of the things.
SOME = [
    pair for number, pair in enumerate(product(THINGS, DAMAGES)) if number % 3 == number // 6 % 3
]


#: Nobody can make these again: they are said once a day until their time comes.
UNIQUE = ("run", "newest run", "claim", "delivery", "directory", "earlier directory")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def undisturbed(template, tmp_path_factory):
    day = copied(template, tmp_path_factory.mktemp("undisturbed"))
    before = day.answers()
    report, failed = day.work()
    assert failed == []
    return before, report, day.answers(), day.store.history(TENANT, day.today, 9)


@pytest.mark.parametrize("pair", SOME, ids=" ".join)
def test_one_damaged_thing_stops_nothing_and_is_made_again(
    template, undisturbed, tmp_path, caplog, pair
) -> None:
    thing, damage = pair
    answered_before, report, answered_after, history = undisturbed
    day = copied(template, tmp_path)
    DAMAGES[damage](found_in(tmp_path / "store", thing))

    for asked, status in day.answers().items():
        assert status in (answered_before[asked], 404, 503), asked
    made, failed = day.work()

    assert failed == []
    assert made.metrics == report.metrics
    assert apart_from_changes(made.window) == apart_from_changes(report.window)
    assert made.history == report.history
    assert day.store.history(TENANT, day.today, 9) == history
    assert day.answers() == answered_after
    assert_sound(day, but_for=() if thing not in UNIQUE else (DIRECTORY_FILE,))
    if thing not in UNIQUE:
        caplog.clear()
        day.work()
        again = [said for said in caplog.messages if not said.endswith("it is ignored.")]
        assert again == [], "it is said again although it was made again"


def apart_from_changes(window):
    """What was lost cannot be compared with what is read again."""
    return msgspec.structs.replace(window, verdict_changes=None)


def assert_sound(day, but_for=(), days=9) -> None:
    """Every day is known, and every report can be read with all its files."""
    store = day.store
    ledger = store.ledger(TENANT, SETTLED - timedelta(days=2))
    assert {entry.state for entry in ledger} == {SliceState.COMPLETE}
    assert all(store.rollup(entry.slice) for entry in ledger)
    assert len(complete_days(ledger)) == days
    for ending in (ENDING, EARLIER):
        Report.from_json(store.report_file(TENANT, ending, "report.json").content)
    broken = store.settle(TENANT, "2026-11-01T00:00:00Z").values()
    assert {name for names in broken for name in names} <= set(but_for)


def test_everything_damaged_at_once_is_made_again(template, tmp_path) -> None:
    day = copied(template, tmp_path)
    for path in sorted((tmp_path / "store").rglob("*")):
        if path.is_file() and path.name != ".lock":
            truncated(path)

    _, failed = day.work()

    assert failed == []
    assert_sound(day, but_for=(DIRECTORY_FILE,))


def test_a_damaged_row_is_said_once_a_day(template, tmp_path, caplog) -> None:
    day = copied(template, tmp_path)
    store = day.store
    flipped(found_in(tmp_path / "store", "newest run"))

    for _ in range(3):
        store.run(f"newest-{TENANT}")
    assert len(caplog.messages) == 1
    store.purge(details_before=SETTLED, metrics_before=SETTLED)
    store.run(f"newest-{TENANT}")

    assert len(caplog.messages) == 2


@pytest.mark.parametrize("thing", ["claim", "delivery"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_claim_stops_one_mail_at_most_and_no_later_one(
    template, tmp_path, thing, damage
) -> None:
    day = copied(template, tmp_path)
    before = {path.name for path in (tmp_path / "outbox").iterdir()}
    for path in sorted((tmp_path / "store").glob(THINGS[thing])):
        DAMAGES[damage](path)

    day.work()

    mails = {path.name for path in (tmp_path / "outbox").iterdir()} - before
    assert [str(day.today - timedelta(days=1)) in mail for mail in mails] == [True]


@pytest.mark.parametrize("thing", [thing for thing in THINGS if "run" not in thing])
def test_what_a_newer_release_wrote_is_left_alone_and_all_else_goes_on(
    template, tmp_path, caplog, thing
) -> None:
    day = copied(template, tmp_path)
    made_newer(tmp_path / "store", found_in(tmp_path / "store", thing))
    newer = {path: path.read_bytes() for path in (tmp_path / "store").rglob("*.json")}
    newer = {path: content for path, content in newer.items() if b"Colour" in content}
    assert newer

    asked = day.answers()
    report, failed = day.work()

    assert set(asked.values()) <= {200, 404, 503}
    assert (failed, report.window.ending) == ([], day.today - timedelta(days=1))
    assert {path: path.read_bytes() for path in newer} == newer
    if thing != "claim":  # which says all that it has to say by being there
        assert "of a newer release of this app" in caplog.text
    for path in newer:
        if path.parts[-3] == "ledger":
            assert path.stem not in day.asked_for


def test_a_report_of_a_newer_schema_is_left_alone(template, tmp_path, caplog, monkeypatch) -> None:
    day = copied(template, tmp_path)
    monkeypatch.setattr("shared.mfa.report.SCHEMA_VERSION", 0)

    for ending in (ENDING, EARLIER):
        made = make_daily(None, Scripted({}), clock=day.clock, store=day.store)
        made.publish(ending, ending)

    monkeypatch.undo()
    assert "of a newer release; this one reads 0" in caplog.text
    assert_sound(day, days=8)


def test_a_number_of_a_format_that_was_only_flipped_is_damage(template, tmp_path) -> None:
    day = copied(template, tmp_path)
    path = found_in(tmp_path / "store", "entry")
    path.write_text(path.read_text("utf-8").replace('"Format": 1,', '"Format": 3,'), "utf-8")

    _, failed = day.work()

    assert failed == []
    assert_sound(day)


def test_a_row_in_another_place_is_not_that_places_row(template, tmp_path) -> None:
    day = copied(template, tmp_path)
    path = found_in(tmp_path / "store", "settled entry")
    found_in(tmp_path / "store", "entry").write_bytes(path.read_bytes())

    assert ENDING not in {entry.slice.day for entry in day.store.ledger(TENANT, SETTLED)}
    assert len(day.store.ledger(TENANT, SETTLED)) == 5


def test_a_run_says_once_what_it_could_not_read(template, tmp_path, capsys) -> None:
    day = copied(template, tmp_path)
    truncated(found_in(tmp_path / "store", "settled entry"))

    with collected_warnings() as warnings:
        day.work()
        said = warnings.take()

    assert [f"ledger/{TENANT}/{SETTLED} cannot be read: " in each for each in said] == [True]
    assert capsys.readouterr().err == ""
