"""What must be true of a run that was killed and then done again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults.small_partner import RECIPIENTS
from tests.faults.tree import Tree, differences

if TYPE_CHECKING:
    from tests.faults.small_partner import Partner

UNCERTAIN = b'"State": "may or may not have been sent"'


def forget_what_was_received(partner: Partner) -> None:
    partner.mails.received.clear()
    partner.cards.received.clear()


def outcome_of_repeated(partner: Partner, after: Tree, expected: Tree) -> str:
    """
    What became of a run that was killed and done again, by what is stored and what was received.

    The same is stored as without the kill, and everybody got one mail or card. If the kill came
    between the claim of a delivery and its outcome, that one is in doubt, and recorded so.
    """
    in_doubt = doubts(after)
    found, wanted = (compared(each, is_in_doubt=bool(in_doubt)) for each in (after, expected))
    assert differences(found, wanted) == []
    recorded = [path for path in after if UNCERTAIN in after[path]]
    assert len(recorded) == len(in_doubt)
    counts = received(partner)
    assert counts.keys() <= {*RECIPIENTS, "channel"}
    assert set(counts.values()) <= {1}
    assert len(RECIPIENTS) + 1 - counts.total() <= len(in_doubt) <= 1
    return "one delivery in doubt, as documented" if in_doubt else "the same tree, each sent once"


def received(partner: Partner) -> Counter[str]:
    """How many mails each recipient has received, and how many cards the channel."""
    mails = Counter(address for mail in partner.mails.received for address in mail.recipients)
    return mails + Counter({"channel": len(partner.cards.received)})


def doubts(found: Tree) -> list[str]:
    """The deliveries in doubt, by their keys."""
    claims = [json.loads(found[path]) for path in found if path.startswith("claims/")]
    return [each["Key"].removesuffix("/doubt") for each in claims if each["Key"].endswith("doubt")]


def compared(found: Tree, *, is_in_doubt: bool) -> Tree:
    """What must be equal: all, or what is not about the delivery in doubt."""
    if not is_in_doubt:
        return found
    about_it = ("claims/", "deliveries/")
    return {path: found[path] for path in found if not path.startswith(about_it)}
