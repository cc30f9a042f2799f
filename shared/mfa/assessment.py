"""From a window to its report."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, TypedDict, Unpack

import msgspec

from shared.mfa.accounts.account_shares import active_accounts, administrators, method_counts
from shared.mfa.breakdown import break_down
from shared.mfa.findings.finding import in_admin_center
from shared.mfa.findings.first_step import first_step
from shared.mfa.metrics import (
    AccountMetrics,
    Metrics,
    ShareRule,
    Tally,
    measure_api,
    measure_portal,
    tally,
)
from shared.mfa.report import (
    ChannelForecast,
    DayCounts,
    Forecast,
    HistoryPoint,
    Report,
    WindowSummary,
)
from shared.mfa.request_counts import RequestKind, WindowRequests, made
from shared.mfa.scope import Channel, Scope
from shared.mfa.verdict_changes import VerdictChanges
from shared.mfa.window import WINDOW_DAYS, Window
from shared.mfa.window_fold import fold_window

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.customer_counts import CustomerCounts
    from shared.mfa.accounts.exceptions import ExceptionsSummary
    from shared.mfa.accounts.partner_roles import PartnerRole
    from shared.mfa.findings.finding import Finding
    from shared.mfa.metrics import Counted
    from shared.mfa.reasons.of_accounts import AccountCause
    from shared.mfa.report import FileEntry, InputSummary


class Assessment(msgspec.Struct, frozen=True):
    """A window with every request judged: the basis of figures and files."""

    window: Window
    rule: ShareRule
    requests: WindowRequests  #: including not completed and app-only
    metrics: Metrics


def assess(
    window: Window, scope: Scope, rule: ShareRule, accounts: JudgedAccounts | None = None
) -> Assessment:
    """
    Judge every sign-in of the window and compute the figures.

    Without *accounts* (no directory was read), nothing is known about accounts, and requests are
    explained by their records alone.
    """
    requests = fold_window(window, scope, rule, accounts)
    portal, api = (requests.of(channel) for channel in Channel)
    has_all = {channel: window.has_all_of(channel) for channel in Channel}
    metrics = measure(window, rule, portal, api)
    if accounts is not None:
        users = {kind.user_key.lower() for kind in made(requests.kinds)}
        metrics = msgspec.structs.replace(
            metrics,
            accounts=accounts.metrics,
            administrators=administrators(accounts),
            active_accounts=active_accounts(accounts, users, complete=all(has_all.values())),
            methods=method_counts(accounts),
        )
    return Assessment(window, rule, requests, metrics)


def measure(
    window: Window, rule: ShareRule, portal: Collection[Counted], api: Collection[Counted]
) -> Metrics:
    """The figures of a window's requests; nothing is known about accounts."""
    return Metrics(
        accounts=AccountMetrics(),
        portal=measure_portal(portal, rule, complete=window.has_all_of(Channel.PORTAL)),
        api=measure_api(api, rule, complete=window.has_all_of(Channel.API)),
    )


def history_point(ending: date, metrics: Metrics) -> HistoryPoint:
    """What later reports show of this one."""
    return HistoryPoint(
        ending=ending,
        accounts=metrics.accounts.known_share,
        portal=metrics.portal.share,
        api=metrics.api.share,
        portal_lower=metrics.portal.share_lower,
        portal_upper=metrics.portal.share_upper,
        api_lower=metrics.api.share_lower,
        api_upper=metrics.api.share_upper,
    )


class ReportMeta(msgspec.Struct, frozen=True):
    """The tenant and source of a report, and when it was made."""

    tenant_id: str | None
    tenant_name: str | None
    source: str
    generated_at: str
    csp_anniversary_month: int | None = None  #: setting ``CSP_ANNIVERSARY_MONTH``
    cloud: str = "global"  #: setting ``CLOUD``
    partner_center_ids: list[str] = []  #: of the `Scope`, sorted


class ReportExtras(TypedDict, total=False):
    """Optional fields of `Report`."""

    reading: InputSummary | None
    findings: list[Finding]
    directory_notes: dict[str, str]
    exceptions: ExceptionsSummary | None
    account_causes: list[AccountCause]
    partner_roles: list[PartnerRole]
    customers: CustomerCounts | None


def make_report(
    assessment: Assessment,
    meta: ReportMeta,
    files: Mapping[str, FileEntry],
    history: Sequence[HistoryPoint] = (),
    **extras: Unpack[ReportExtras],
) -> Report:
    """The report of an assessment; `history` has earlier windows, and this one is appended."""
    window, requests, rule = assessment.window, assessment.requests, assessment.rule
    earlier = {point.ending: point for point in history if point.ending < window.ending}
    found = extras.get("findings", [])
    findings = [in_admin_center(each, meta.cloud, meta.tenant_id or "") for each in found]
    return Report(
        **msgspec.structs.asdict(meta),
        window=WindowSummary(
            start=window.days[0],
            ending=window.ending,
            complete_days=WINDOW_DAYS - len(window.missing),
            missing=list(window.missing),
            provisional_days=sorted(window.provisional),
            coverage=window.coverage,
            verdict_changes=window.changes if window.changes != VerdictChanges() else None,
        ),
        metrics=assessment.metrics,
        first_step=first_step(findings, assessment.metrics),
        findings=findings,
        files=dict(files),
        forecast=Forecast(*(_forecast(requests.of(channel), rule) for channel in Channel)),
        history=[
            *(earlier[day] for day in sorted(earlier)),
            history_point(window.ending, assessment.metrics),
        ],
        days=_days(assessment),
        breakdown={channel: break_down(requests.of(channel), rule) for channel in Channel},
        rule=rule,
        reading=extras.get("reading"),
        directory_notes=extras.get("directory_notes", {}),
        exceptions=extras.get("exceptions"),
        account_causes=extras.get("account_causes", []),
        partner_roles=extras.get("partner_roles", []),
        customers=extras.get("customers"),
    )


def _forecast(kinds: Sequence[RequestKind], rule: ShareRule) -> ChannelForecast:
    """The last request that counts against the share leaves the window after seven days."""
    last = max((kind.newest for kind in kinds if rule.counts_against(kind.verdict)), default=None)
    if last is None:
        return ChannelForecast(reads_100_on=None)
    return ChannelForecast(date.fromisoformat(last[0][:10]) + timedelta(days=WINDOW_DAYS))


def _days(assessment: Assessment) -> list[DayCounts]:
    by_day = {channel: assessment.requests.by_day(channel) for channel in Channel}
    window = assessment.window
    missing = {gap.day for gap in window.missing}

    def counts(day: date, channel: Channel) -> Tally | None:
        found = by_day[channel].get(day.isoformat(), [])
        is_unknown = not found and window.coverage.missing(channel, [day])
        return None if day in missing or is_unknown else tally(found)

    return [DayCounts(day, *(counts(day, channel) for channel in Channel)) for day in window.days]
