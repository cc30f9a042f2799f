"""How old a policy is: what is younger than the window cannot explain the requests before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shared.mfa.accounts.conditional_access import Demand


def is_created_since(demand: Demand, start: date) -> bool:
    """Whether the policy is certainly younger than the start of a day, UTC."""
    return demand.created_at >= start.isoformat()


def is_changed_since(demand: Demand, start: date) -> bool:
    """Whether the policy was changed since: before, it may have asked for something else."""
    return demand.changed_at >= start.isoformat()


def newest_since(groups: Sequence[Sequence[Demand]], start: date) -> Demand | None:
    """
    The policy that made MFA required since *start*; `None` if it may have been required before.

    Each of *groups* enforces MFA on its own, all policies of one group together. MFA is new if each
    group has a policy that is new. Of several, the first group's decides.
    """
    news = [next((d for d in group if _is_new(d, start)), None) for group in groups]
    return news[0] if news and all(news) else None


def _is_new(demand: Demand, start: date) -> bool:
    return is_created_since(demand, start) or is_changed_since(demand, start)
