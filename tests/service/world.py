"""A partner whose sign-ins a test writes down, day by day, and the daily run over a local store."""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, timedelta

from shared.errors import BadInputError
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import ShareRule
from shared.mfa.scope import Scope
from shared.service.composition import Service
from shared.service.daily import Daily
from shared.service.deliveries import Deliveries
from shared.service.delivery_decision import MailPolicy
from shared.service.messages import CollectSlice, Sender
from shared.service.queues import QueueWork
from shared.service.run_log import RUNS_PER_HOUR
from shared.service.runs import Runs
from shared.settings import Settings
from shared.stores import open_store
from shared.stores.models import REPORT_FILES
from tests.sign_ins import api_sign_in, portal_sign_in

APP = "0123456789abcdef"
TENANT = "cccccccc-0000-4000-8000-00000000000c"
TODAY = date(2026, 11, 24)
ENDING = TODAY - timedelta(days=1)
WEEK = [ENDING - timedelta(days=back) for back in range(7)]  #: newest first


class Clock:
    """Stands still until it is moved on."""

    def __init__(self, moment=datetime(2026, 11, 24, 2, 15, tzinfo=UTC)):
        self.moment = moment

    def __call__(self):
        return self.moment

    def go_on(self, **step):
        self.moment += timedelta(**step)


class Scripted:
    """A source with scripted days: the sign-ins of a day, or the error that reading it raises."""

    name = "graph"

    def __init__(self, days=None, reach=7):
        self.days = dict(days or {})
        self.reach = reach
        self.kinds = {}  #: the kinds of log of a day, where it lacks some
        self.asked = []

    def sign_ins(self, owed):
        self.asked.append(owed.name)
        scripted = self.days.get(owed.name, self.days.get(owed.day, []))
        for sign_in in scripted or ():
            if isinstance(sign_in, Exception):
                raise sign_in
            yield sign_in

    def logs(self, owed):
        return self.kinds.get(owed.day, LogKinds())

    def reach_days(self, today):
        del today
        return self.reach


def on(day, hour=9, minute=0):
    """An instant of a day, as sign-ins write it."""
    return f"{day}T{hour:02}:{minute:02}:00.0000000Z"


def a_day(day, *, weak=1, strong=1):
    """Some portal and API requests of a day; the same ones whenever it is asked for."""
    from shared.mfa.sign_in import Evidence

    def made(kind, number, **changes):
        make = {"p": portal_sign_in, "a": api_sign_in}[kind[0]]
        return make(id=f"{day}-{kind}-{number}", created_at=on(day, minute=number), **changes)

    satisfied = {"details": Evidence.SATISFIED}
    return [
        *(made("p-weak", number) for number in range(weak)),
        *(made("p-strong", number, **satisfied) for number in range(strong)),
        *(made("a-strong", number, **satisfied) for number in range(strong)),
    ]


def a_week(**counts):
    """Seven such days."""
    return {day: a_day(day, **counts) for day in WEEK}


def make_daily(folder, source, *, clock=None, settle_days=2, store=None):
    """The daily run over a folder."""
    return Daily(
        tenant_id=TENANT,
        tenant_name="Contoso Cloud",
        source=source,
        store=store or open_store("local", folder=folder),
        scope=Scope(),
        rule=ShareRule(),
        settle_days=settle_days,
        now=clock or Clock(),
    )


class MemoryQueues:
    """Queues whose messages a test takes out."""

    def __init__(self):
        self.messages = []  #: (queue, body, delay) in the order of putting

    def put(self, queue, bodies, *, delay=timedelta(), lifetime=None):
        del lifetime
        self.messages += [(queue, body, delay) for body in bodies]

    def slices(self):
        """The messages of slices that were put."""
        bodies = [body for queue, body, _ in self.messages if queue == "slices"]
        return [CollectSlice.from_json(body) for body in bodies]


def make_runs(daily, per_hour=RUNS_PER_HOUR, queues=None):
    """The runs that somebody starts for a tenant, whose messages go into some queues."""
    sender = Sender(APP, lambda: queues or MemoryQueues())
    return Runs(daily, sender.send, per_hour)


def work_of(*runs, today=TODAY, queues=None, channels=None, is_mailed_about=lambda _: False):
    """What the queues' functions do for the tenants of some runs."""
    by_tenant = {each.daily.tenant_id: each for each in runs}

    def runs_of(tenant_id):
        if tenant_id not in by_tenant:
            raise BadInputError(f"Tenant {tenant_id!r} is not configured.")
        return by_tenant[tenant_id]

    def deliveries_of(tenant_id):
        daily = runs_of(tenant_id).daily
        return Deliveries(tenant_id, daily.store, daily.now, channels or {}, is_mailed_about)

    sender = Sender(APP, lambda: queues or MemoryQueues())
    return QueueWork(list(by_tenant), runs_of, lambda: today, sender, deliveries_of, MailPolicy)


def as_bytes(message):
    """A message as a queue hands it over."""
    return message.to_json().encode()


def handle(work, message):
    """Handle one message; the messages that follow from it."""
    handlers = {"slices": work.collect, "reports": work.publish, "deliveries": work.deliver}
    return handlers[message.queue](as_bytes(message)) or []


def drain(work, messages):
    """Handle messages, and all that follow from them."""
    waiting = deque(messages)
    while waiting:
        waiting += handle(work, waiting.popleft())


class ScriptedService(Service):
    """A service whose partner has a given daily run."""

    def __init__(self, daily, today=TODAY, **settings):
        super().__init__(Settings({"TENANT_ID": TENANT} | settings), now=daily.now, today=today)
        self.store = daily.store
        self.partner.daily = daily


def run_day(daily, today=TODAY):
    """Plan, collect and publish, as `run` does; the newest report and what failed."""
    from shared.service.day_run import collect_owed, publish_owed

    failed = collect_owed(daily, today, lambda *_: None)
    return publish_owed(daily, today, lambda *_: None)[-1], failed


def kept_in(folder):
    """Every file below a folder by its path, without the lock and the spare file for writing."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def read_back(store, tenant=TENANT):
    """All that a store has to tell of a tenant's days and reports, as its readers get it."""
    entries = store.ledger(tenant, date.min)
    points = store.history(tenant, date.max, 1000)
    return {
        "ledger": entries,
        "rollups": {e.slice.name: store.rollup(e.slice) for e in entries if e.has_rollup},
        "history": points,
        "files": {
            (str(point.ending), name): file
            for point in points
            for name in REPORT_FILES
            if (file := store.report_file(tenant, point.ending, name))
        },
    }
