"""Is MFA enforced? All demands on one class of accounts together, in three-valued logic."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shared.mfa.accounts.extent import leave_no_gap

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from shared.mfa.accounts.conditional_access import Demand
    from shared.mfa.accounts.truth import Truth


class Enforcement(StrEnum):
    """Whether an enabled account has MFA enforced; worst first."""

    UNPROTECTED = "unprotected"
    UNKNOWN = "unknown"  #: it depends on something that was not read
    CONDITIONAL = "conditional"  #: MFA only sometimes, or MFA or something else, or blocked
    ENFORCED = "enforced"


#: What is known not to be enforced.
NOT_ENFORCED = (Enforcement.UNPROTECTED, Enforcement.CONDITIONAL)


def enforcement(
    demands: Sequence[Demand], applies: Sequence[Truth], elsewhere: Truth
) -> Enforcement:
    """
    The enforcement of accounts to which each of *demands* applies as *applies* says.

    *elsewhere* is whether something other than these policies enforces MFA. What is unknown is
    assumed at its worst and at its best: if both give the same answer, it does not matter.
    """
    if elsewhere is True:
        return Enforcement.ENFORCED
    worst = combined_enforcement(demands, applies)
    if worst is Enforcement.ENFORCED:
        return worst
    if elsewhere is None or worst is not combined_enforcement(
        demands, applies, range(len(demands))
    ):
        return Enforcement.UNKNOWN
    return worst


def combined_enforcement(
    demands: Sequence[Demand], applies: Sequence[Truth], at_best: Container[int] = ()
) -> Enforcement:
    """What the policies enforce together: those whose index is in *at_best* at best, else worst."""
    reached = [
        (demand, index not in at_best)
        for index, (demand, truth) in enumerate(zip(demands, applies, strict=True))
        if _counts(truth, surely=index not in at_best)
    ]
    if leave_no_gap(
        [demand.extent for demand, surely in reached if demand.requires(surely=surely)]
    ):
        return Enforcement.ENFORCED
    if any(_counts(demand.asks, surely=surely) for demand, surely in reached):
        return Enforcement.CONDITIONAL
    return Enforcement.UNPROTECTED


def policy_matters(demands: Sequence[Demand], applies: Sequence[Truth], policy_index: int) -> bool:
    """Whether the answer may depend on what is unknown about one policy."""
    if applies[policy_index] is False:
        return False
    others = [other for other in range(len(demands)) if other != policy_index]
    return combined_enforcement(demands, applies, (policy_index,)) is not combined_enforcement(
        demands, applies
    ) or (
        combined_enforcement(demands, applies, others)
        is not combined_enforcement(demands, applies, range(len(demands)))
    )


def _counts(truth: Truth, *, surely: bool) -> bool:
    return truth is True or (truth is None and not surely)


def enforcing_policies(demands: Sequence[Demand], applies: Sequence[Truth]) -> list[list[Demand]]:
    """
    The policies that enforce MFA, each on its own; otherwise one set that does so together.

    Every policy of such a set is needed.
    """
    sure = [
        demand
        for demand, truth in zip(demands, applies, strict=True)
        if truth is True and demand.requires(surely=True)
    ]
    alone = [[demand] for demand in sure if leave_no_gap([demand.extent])]
    if alone or not leave_no_gap([demand.extent for demand in sure]):
        return alone
    together = list(sure)
    for demand in sure:
        without = [other for other in together if other is not demand]
        if leave_no_gap([other.extent for other in without]):
            together = without
    return [together]
