"""A report is done when its files are where people look for them, after any kill."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.mfa.report import Report
from shared.stores.local import LocalMedium
from tests.contracts.store_examples import Killed
from tests.service.world import ENDING, TENANT
from tests.stores.damaged_store import EARLIER, copied, filled


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("filled"))


def shown(folder, ending) -> Report:
    """What the place holds that `run` prints."""
    path = folder / "store" / "reports" / TENANT / str(ending) / "report.json"
    return Report.from_json(path.read_bytes())


def made(day, ending) -> Report:
    """What the row lists."""
    return Report.from_json(day.store.report_file(TENANT, ending, "report.json").content)


def test_a_run_finishes_what_one_killed_after_writing_the_row_left(
    template, tmp_path, monkeypatch
) -> None:
    day, reached = copied(template, tmp_path), []

    def killed(medium, path, final_path) -> None:
        if path.startswith("reports/"):
            reached.append(date.fromisoformat(path.split("/")[2]))
            raise Killed
        finalize(medium, path, final_path)

    finalize = LocalMedium.finalize
    monkeypatch.setattr(LocalMedium, "finalize", killed)
    with pytest.raises(Killed):
        day.work()
    monkeypatch.undo()
    assert reached == [EARLIER]
    assert shown(tmp_path, EARLIER) != made(day, EARLIER), "the place that is printed is behind"
    day.work()

    for ending in (EARLIER, ENDING, day.today - timedelta(days=1)):
        folder = tmp_path / "store" / "reports" / TENANT / str(ending)
        assert all(path.is_file() for path in folder.iterdir()), "a version was left"
        assert shown(tmp_path, ending) == made(day, ending)
