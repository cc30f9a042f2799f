"""
A store with one of everything, what can happen to each thing in it, and a day of work over it.

`THINGS` and `DAMAGES` are all that is stored and all that can happen to it; `after` damages a copy
of the store. `Day` works over a store as the timers, the queues and people do.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shared.mfa.accounts.directory import Directory, User
from shared.mfa.scope import Scope
from shared.service.day_run import collect_owed, publish_owed
from shared.service.directory_snapshot import DIRECTORY_FILE, DirectorySnapshot
from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import FILES, ReportApi
from shared.service.mail_now import mail_newest
from shared.stores import open_store
from shared.stores.medium import ROW_FORMAT, RowId, sealed
from shared.stores.names import digest
from tests.service.world import (
    ENDING,
    TENANT,
    TODAY,
    Clock,
    Scripted,
    ScriptedService,
    a_day,
    make_daily,
    make_runs,
)

if TYPE_CHECKING:
    from pathlib import Path

    from shared.stores.store import Store

EARLIER = ENDING - timedelta(days=1)  #: the report before the newest one
SETTLED = ENDING - timedelta(days=5)  #: a day that is not pulled again
RECIPIENT = "ann@contoso.example"
_DAYS = [TODAY - timedelta(days=back) for back in range(-4, 9)]
_SEED = 5

#: What is stored, by where it is in the folder; `*` stands for a name that is not known before.
THINGS = {
    "tenant": f"tenants/{TENANT}.json",
    "entry": f"ledger/{TENANT}/{ENDING}.json",
    "settled entry": f"ledger/{TENANT}/{SETTLED}.json",
    "rollup": f"rollups/{TENANT}/{ENDING}.rollup",
    "settled rollup": f"rollups/{TENANT}/{SETTLED}.rollup",
    "metrics": f"publications/{TENANT}/{ENDING}.json",
    "earlier metrics": f"publications/{TENANT}/{EARLIER}.json",
    "report": f"reports/{TENANT}/{ENDING}/report.json",
    "earlier report": f"reports/{TENANT}/{EARLIER}/report.json",
    "page": f"reports/{TENANT}/{ENDING}/page.html",
    "earlier page": f"reports/{TENANT}/{EARLIER}/page.html",
    "table": f"reports/{TENANT}/{ENDING}/all-api-requests.csv",
    "directory": f"reports/{TENANT}/{ENDING}/{DIRECTORY_FILE}",
    "earlier directory": f"reports/{TENANT}/{EARLIER}/{DIRECTORY_FILE}",
    "run": "runs/*.json",
    "newest run": f"runs/newest-{TENANT}.json",
    "claim": "claims/*.json",
    "delivery": f"deliveries/{TENANT}/{ENDING}-mail.json",
}


def flipped(path: Path) -> None:
    """One bit in the middle: of a number, a name, or compressed data."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1 << (len(content) % _SEED)
    path.write_bytes(content)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def deleted(path: Path) -> None:
    path.unlink()


def foreign(path: Path) -> None:
    """Another program's JSON, none of whose names are ours."""
    path.write_text('{"version": 7, "items": [null], "at": "2026-02-30"}')


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "notes.txt").write_text("mine")


DAMAGES = {
    damage.__name__: damage for damage in (flipped, truncated, emptied, deleted, foreign, a_folder)
}


def made_newer(folder: Path, path: Path) -> None:
    """What a release with the next format would have written, with a column that we do not know."""
    if path.suffix == ".json" and path.parts[-4:-3] != ("reports",):
        table, *partition, _ = path.relative_to(folder).parts
        row_id = RowId(table, "/".join(partition), path.stem)
        columns = {**json.loads(path.read_bytes()), "Colour": "green"}
        newer = {**sealed(row_id, columns), "Format": ROW_FORMAT + 1}
        path.write_text(json.dumps({**newer, "Digest": digest(b"of another kind")}))
        return
    if path.suffix == ".rollup":
        made_newer(folder, folder / "ledger" / TENANT / f"{path.stem}.json")
    else:
        made_newer(folder, folder / "publications" / TENANT / f"{path.parent.name}.json")


def found_in(folder: Path, thing: str) -> Path:
    """Where a thing is."""
    places = sorted(folder.glob(THINGS[thing]))
    return next(place for place in places if "newest" not in place.name or "newest" in thing)


@dataclass
class Day:
    """The daily work over a folder with a store and an outbox."""

    folder: Path
    clock: Clock

    @property
    def store(self) -> Store:
        return open_store("local", folder=self.folder / "store")

    @property
    def today(self) -> date:
        return self.clock().date()

    def work(self) -> Any:
        """Pull, publish, mail, start a run, purge; the report and what failed."""
        source = Scripted({day: a_day(day, weak=1, strong=3) for day in _DAYS}, reach=9)
        snapshot = DirectorySnapshot(
            Directory(users=(User(id="ann", user_principal_name=RECIPIENT),)),
            Scope(),
            read_at=f"{self.clock():%Y-%m-%dT%H:%M:%SZ}",
        )
        daily = make_daily(None, source, clock=self.clock, store=self.store)
        daily = replace(daily, read_directory=lambda: snapshot)
        service = ScriptedService(
            daily,
            today=self.today,
            REPORT_RECIPIENTS=RECIPIENT,
            OUTBOX_FOLDER=str(self.folder / "outbox"),
        )
        failed = collect_owed(daily, self.today, lambda *_: None)
        self.clock.go_on(minutes=1)
        report = publish_owed(daily, self.today, lambda *_: None)[-1]
        mail_newest(service)
        service.tidy()
        self.asked_for = source.asked
        return report, failed

    def start_run(self) -> None:
        """As a person does."""
        source = Scripted({}, reach=7)
        daily = make_daily(None, source, clock=self.clock, store=self.store)
        make_runs(daily).start()

    def answers(self) -> dict[str, int]:
        """The status of every route's answer, by what was asked for."""
        daily = make_daily(None, Scripted({}), clock=self.clock, store=self.store)
        reports = RecentReports(self.store, fresh_seconds=0)
        api = ReportApi(TENANT, reports, lambda: make_runs(daily), self.clock, {}, OWN_MACHINE)
        asked: dict[str, Any] = {
            name: getattr(api, name)
            for name in ("newest_page", "permissions", "customers", "customers_json", "health")
        }
        for ending in map(str, (ENDING, EARLIER, "latest")):
            asked[f"page {ending}"] = lambda ending=ending: api.page(TENANT, ending)
            for name in FILES:
                asked[f"{name} {ending}"] = lambda ending=ending, name=name: api.file(
                    TENANT, ending, name
                )
        return {name: answered(make).status for name, make in asked.items()}


def filled(folder: Path) -> Day:
    """Two days' work, with a run that somebody started and a mail."""
    day = Day(folder, Clock())
    day.clock.go_on(days=-1)
    day.work()
    day.clock.go_on(days=1)
    day.work()
    day.start_run()
    return day


def copied(template: Day, folder: Path) -> Day:
    """The same a day later, in a folder of its own."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    return Day(folder, Clock(template.clock() + timedelta(days=1)))
