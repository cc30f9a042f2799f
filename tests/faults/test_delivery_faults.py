"""Whatever the mail server or the workflow of Teams does: nobody gets anything twice."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from shared.cli.console import DONE_IN_PART
from tests.delivery.mail.mail_sink import hang_up
from tests.delivery.teams import teams_sink
from tests.faults.crashes import UNCERTAIN, doubts, forget_what_was_received, received
from tests.faults.small_partner import NOON, RECIPIENTS, Partner, open_partner
from tests.faults.test_crash_anywhere import LATER
from tests.faults.tree import Tree, differences, tree

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = len(RECIPIENTS) + 1  #: who gets a report: the recipients, and the channel of Teams


def at(step: str, answer: Callable[[Any], str] | str) -> Callable[[Partner], None]:
    """The mail server answers so at a step: ``on_rcpt``, ``on_data`` or ``on_quit``."""

    def spoil(partner: Partner) -> None:
        def refuse(_: Any) -> str:
            if step == "on_data":
                partner.mails.received.pop()  # it did not take the mail
            return str(answer)

        setattr(partner.mails, step, answer if callable(answer) else refuse)

    return spoil


def workflow(answer: Callable[[Any], None], *, takes_it: bool) -> Callable[[Partner], None]:
    """The workflow of Teams answers so, and has or has not taken the card."""

    def spoil(partner: Partner) -> None:
        def reply(handler: Any) -> None:
            if not takes_it:
                partner.cards.received.pop()
            answer(handler)

        partner.cards.answer = reply

    return spoil


FAULTS: dict[str, Callable[[Partner], None]] = {
    "mail server: hangs up after the mail": at("on_data", hang_up),
    "mail server: 451 for a recipient": at("on_rcpt", "451 later"),
    "mail server: 550 for a recipient": at("on_rcpt", "550 no such user"),
    "mail server: hangs up at a recipient": at("on_rcpt", hang_up),
    "mail server: 451 for the mail": at("on_data", "451 later"),
    "mail server: 554 for the mail": at("on_data", "554 no"),
    "mail server: no answer that is one": at("on_rcpt", "what?"),
    "mail server: hangs up at the end": at("on_quit", hang_up),
    "Teams: 429 with Retry-After": workflow(
        teams_sink.refusal(429, Retry_After="7"), takes_it=False
    ),
    "Teams: 429 without Retry-After": workflow(teams_sink.refusal(429), takes_it=False),
    "Teams: 401": workflow(teams_sink.refusal(401), takes_it=False),
    "Teams: 404": workflow(teams_sink.refusal(404), takes_it=False),
    "Teams: 500": workflow(teams_sink.refusal(500), takes_it=True),
    "Teams: 502, HTML": workflow(
        teams_sink.answer(502, b"<html>Bad gateway</html>"), takes_it=True
    ),
    "Teams: hangs up": workflow(teams_sink.hang_up, takes_it=True),
    "Teams: an endless answer": workflow(teams_sink.endless(202), takes_it=True),
}


@pytest.fixture
def partner(tmp_path):
    with open_partner(tmp_path / "undisturbed") as partner:
        yield partner


def without_deliveries(found: Tree) -> Tree:
    about_them = ("claims/", "deliveries/")
    return {path: found[path] for path in found if not path.startswith(about_them)}


def outcome_of(partner: Partner, expected: Tree) -> str:
    """What becomes of a run with a fault, and of the next one without."""
    partner.clock.moment = NOON
    assert partner.run() in (DONE_IN_PART, DONE_IN_PART + 1)
    partner.mails.on_rcpt = partner.mails.on_data = partner.mails.on_quit = None
    partner.cards.answer = teams_sink.answer(202)
    partner.clock.go_on(seconds=LATER.total_seconds())
    assert partner.run() == DONE_IN_PART  # the oldest day is older than the log

    after = tree(partner.folder, [NOON, partner.clock.moment])
    assert differences(without_deliveries(after), expected) == []
    counts, in_doubt = received(partner), doubts(after)
    assert set(counts.values()) <= {1}
    assert ALL - counts.total() <= len(in_doubt)
    assert bool(in_doubt) == any(UNCERTAIN in content for content in after.values())
    return "in doubt, as documented; never sent twice" if in_doubt else "each sent once in the end"


def test_whatever_receives_mails_and_cards_nobody_gets_one_twice(partner, tmp_path, kit) -> None:
    assert partner.run() == DONE_IN_PART
    expected = without_deliveries(tree(partner.folder, [NOON]))
    for name in kit.some_of(list(FAULTS), 1):
        forget_what_was_received(partner)
        partner.folder = tmp_path / "faulty"
        with kit.attempt(name):
            FAULTS[name](partner)
            kit.record("Faults", name, "mails and cards of a run", outcome_of(partner, expected))
        shutil.rmtree(partner.folder, ignore_errors=True)
    assert kit.failures == {}
