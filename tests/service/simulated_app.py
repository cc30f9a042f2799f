"""The function app's steps, its queues and its days, in one process whose clock a test moves on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.errors import MfaStatusError, SourceIncompleteError, StoreError
from shared.service.outgoing import by_card, by_mail
from tests.service.world import Clock, Scripted, a_day, a_week, make_daily, make_runs, work_of

ANN = "ann@contoso.example"
TIMERS = {"plan": (2, 15), "plan_reports": (4, 15), "open_door": (5, 15)}  #: hour, minute, UTC
TRIES = 5
TRIED_AGAIN_AFTER = timedelta(minutes=5)  #: both as in host.json
DAY = timedelta(days=1)


class Post:
    """A mailer and a Teams channel that keep what they take, or fail as scripted."""

    repeatable = False
    is_outbox = False
    id = "workflows.example/invoke"

    def __init__(self):
        self.recipients = [ANN]
        self.mails = []  #: recipient, mail
        self.cards = []
        self.failures = {}  #: recipient to error; the channel's is that of ``teams``

    def reach(self):
        return ""

    def send(self, mail, recipient, key):
        assert key
        if failure := self.failures.get(recipient):
            raise failure
        self.mails.append((recipient, mail))

    def post(self, card):
        if failure := self.failures.get("teams"):
            raise failure
        self.cards.append(json.loads(card)["attachments"][0]["content"])

    @contextmanager
    def by_mail(self, letter):
        yield by_mail(letter, self.recipients, self)

    @contextmanager
    def by_card(self, letter):
        yield by_card(letter, self)  # type: ignore[arg-type]

    @property
    def subjects(self):
        return [mail.subject for _, mail in self.mails]


class Source(Scripted):
    """Scripted days; while it is down it answers nothing."""

    is_down = False

    def sign_ins(self, owed):
        if self.is_down:
            raise SourceIncompleteError("Graph does not answer.")
        yield from super().sign_ins(owed)


@dataclass
class Waiting:
    """A message in a queue."""

    queue: str
    body: str
    visible_at: datetime
    expires_at: datetime
    tries: int = 0


class SimulatedApp:
    """One app over a folder; each step is one execution."""

    def __init__(self, folder, moment=datetime(2026, 11, 24, 2, 15, tzinfo=UTC)):
        self.clock = Clock(moment)
        self.source = Source(a_week())
        self.daily = make_daily(folder, self.source, clock=self.clock)
        self.runs = make_runs(self.daily, queues=self)
        self.post = Post()
        self.queue = []
        self.set_aside = []
        self.is_queue_down = False

    @property
    def today(self):
        return self.clock().date()

    @property
    def ending(self):
        return self.today - DAY

    @property
    def work(self):
        channels = {"mail": self.post.by_mail, "teams": self.post.by_card}
        return work_of(
            self.runs,
            today=self.today,
            queues=self,
            channels=channels,
            is_mailed_about=lambda _: True,
        )

    def put(self, queue, bodies, *, delay=timedelta(), lifetime=timedelta(days=7)):
        """The queues as the app's own sender sees them."""
        if self.is_queue_down:
            raise StoreError("The queue answers 503.")
        now = self.clock()
        found = [Waiting(queue, body, now + delay, now + lifetime) for body in bodies]
        (self.set_aside if queue == "set-aside" else self.queue).extend(found)

    def fire(self, timer):
        """One of `TIMERS`."""
        self._put_all(getattr(self.work, timer)())

    def visible(self):
        return [each for each in self.queue if each.visible_at <= self.clock()]

    def step(self, index=0, *, loses_output=False, is_repeated=False):
        """
        Handle one of the visible messages, as the host does.

        With `loses_output` the process is killed before what it returned is queued; with
        `is_repeated` the message is handled, but comes again all the same.
        """
        visible = self.visible()
        if not visible:
            return
        message = visible[index % len(visible)]
        message.tries += 1
        handlers = {"slices": "collect", "reports": "publish", "deliveries": "deliver"}
        try:
            handle = getattr(self.work, handlers[message.queue])
            done = handle(message.body.encode(), message.expires_at) or []
        except MfaStatusError:
            self._again(message)
            return
        if not loses_output:
            self._put_all(done)
        if loses_output or is_repeated:
            self._again(message)
        else:
            self.queue.remove(message)

    def drain(self):
        """Handle everything that is visible, and what follows from it."""
        while self.visible():
            self.step()

    def finish(self, hours=6):
        """Let that much time pass, and handle what becomes visible."""
        until = self.clock() + timedelta(hours=hours)
        self.drain()
        while self.clock() < until:
            self.clock.go_on(minutes=5)
            self.drain()

    def new_day(self):
        """Write the sign-ins of the day that has just been closed."""
        self.source.days[self.ending] = a_day(self.ending)

    def _put_all(self, messages):
        for message in messages:
            self.put(message.queue, [message.to_json()])

    def _again(self, message):
        message.visible_at = self.clock() + TRIED_AGAIN_AFTER
        if message.tries < TRIES:
            return
        self.queue.remove(message)
        poison = {"slices": "abandon", "reports": "abandon_report"}
        given_up = getattr(self.work, poison.get(message.queue, "abandon_delivery"))
        self._put_all(given_up(message.body.encode()) or [])
