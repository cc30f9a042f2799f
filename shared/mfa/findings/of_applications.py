"""Applications that make requests for users (App+User) without MFA."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from shared.mfa.findings.finding import Gap, finding, named_subjects, user_name
from shared.mfa.findings.gains import Fix
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.findings.request_summary import RequestGroup, RequestSummary

MOST_APPLICATIONS = 20  #: that have a finding of their own; the breakdown has them all


def application_findings(
    accounts: JudgedAccounts | None, requests: RequestSummary
) -> Iterator[Gap]:
    """One finding for each application with App+User requests without MFA, most of them first."""
    every: defaultdict[str, set[int]] = defaultdict(set)
    against: defaultdict[str, set[int]] = defaultdict(set)
    for index, group in enumerate(requests.groups):
        if group.channel is Channel.API:
            every[group.app_id].add(index)
            if requests.rule.counts_against(group.verdict):
                against[group.app_id].add(index)

    def rank(app_id: str) -> tuple[int, str]:
        return -sum(requests.groups[index].count for index in against[app_id]), app_id

    for app_id in sorted(against, key=rank)[:MOST_APPLICATIONS]:
        yield _finding(
            accounts, requests, app_id, frozenset(against[app_id]), frozenset(every[app_id])
        )


def _finding(
    accounts: JudgedAccounts | None,
    requests: RequestSummary,
    app_id: str,
    against: frozenset[int],
    every: frozenset[int],
) -> Gap:
    groups = [requests.groups[index] for index in sorted(against)]
    users = {group.user: user_name(accounts, requests, group.user) for group in groups}
    found = finding(
        "applications-without-mfa",
        named_subjects(users.values(), [app_id] if app_id else []),
        application=requests.applications.get(app_id) or app_id or "(no name)",
        without=f"{_total(groups):,}",
        requests=_requests(_total([requests.groups[index] for index in every])),
        times=_times(groups),
        users="1 user" if len(users) == 1 else f"{len(users):,} users",
    )
    return Gap(found, Fix(groups=against), Fix(groups=every, removes=True))


def _total(groups: list[RequestGroup]) -> int:
    return sum(group.count for group in groups)


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _times(groups: list[RequestGroup]) -> str:
    first, last = min(group.first for group in groups), max(group.last for group in groups)
    if first == last:
        return f"on {_minute(first)} UTC"
    return f"the first of them on {_minute(first)}, the last on {_minute(last)} UTC"


def _minute(created_at: str) -> str:
    """``2026-11-23 at 08:15`` of ``2026-11-23T08:15:00.0000000Z``."""
    return created_at[:16].replace("T", " at ")
