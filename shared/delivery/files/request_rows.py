"""The rows of requests: Partner Center's three downloads, with its own property names, and ours."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.text.formatting import plain_quotes, utc_time
from shared.mfa.metrics import tally
from shared.mfa.request_counts import made
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.mfa.assessment import Assessment
    from shared.mfa.metrics import ShareRule
    from shared.mfa.request_counts import DayRequests, RequestKind, ShownRequest


class PortalUserRow(msgspec.Struct, frozen=True, rename="pascal"):
    """A user with portal requests without MFA, in ``portal-requests-without-mfa.csv``."""

    object_id: str
    tenant_id: str | None
    upn: str
    last_non_mfa_compliant_login_date_time: str  #: UTC


class ApplicationDayRow(msgspec.Struct, frozen=True, rename="pascal"):
    """One application's API requests of one day, in ``api-requests-summary.csv``."""

    login_date: str
    mfa_compliant_request_count: int
    total_request_count: int
    application_id: str
    application_name: str


class RequestRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One request, in ``all-api-requests.csv`` or ``portal-requests.csv``."""

    request_id: str  #: empty for a record without an id
    correlation_id: str
    operation_name: str
    request_date_time: str  #: UTC
    ip_address: str
    object_id: str
    tenant_id: str | None
    upn: str
    application_id: str
    mfa_compliant: bool | None  #: `None`: unknown
    reason: str = ""  #: why it had no MFA, or is unknown; empty if it had MFA


def portal_user_rows(assessment: Assessment, tenant_id: str | None) -> list[PortalUserRow]:
    """One row per user with a request that counts against the portal's share, latest first."""
    names: dict[str, str] = {}
    last: dict[str, RequestKind] = {}
    for kind in made(assessment.requests.of(Channel.PORTAL)):
        names[kind.user_key] = names.get(kind.user_key) or kind.upn
        if assessment.rule.counts_against(kind.verdict):
            last.setdefault(kind.user_key, kind)
    ordered = sorted(last.items(), key=lambda item: (item[1].user_id, item[0]))
    ordered.sort(key=lambda item: item[1].newest[0], reverse=True)
    return [_portal_user_row(kind, tenant_id, names[user]) for user, kind in ordered]


def _portal_user_row(kind: RequestKind, tenant_id: str | None, upn: str) -> PortalUserRow:
    return PortalUserRow(
        object_id=kind.user_id,
        tenant_id=tenant_id,
        upn=upn,
        last_non_mfa_compliant_login_date_time=utc_time(kind.newest[0]),
    )


def application_day_rows(assessment: Assessment) -> list[ApplicationDayRow]:
    """One row per day and application, newest day first, then the most requests without MFA."""
    names: dict[str, str] = {}
    groups: defaultdict[tuple[str, str], list[DayRequests]] = defaultdict(list)
    for each in assessment.requests.days:
        if each.channel is Channel.API and each.verdict.is_request:
            names[each.app_id] = names.get(each.app_id) or each.app_name
            groups[each.day, each.app_id].append(each)
    ranked = sorted(
        (-tally(group).against(assessment.rule), app_id, day)
        for (day, app_id), group in groups.items()
    )
    ranked.sort(key=lambda rank: rank[2], reverse=True)
    return [
        _application_day_row(groups[day, app_id], assessment.rule, names[app_id])
        for _, app_id, day in ranked
    ]


def _application_day_row(
    requests: list[DayRequests], rule: ShareRule, app_name: str
) -> ApplicationDayRow:
    counts = tally(requests)
    return ApplicationDayRow(
        login_date=requests[0].day,
        mfa_compliant_request_count=counts.compliant(rule),
        total_request_count=counts.requests,
        application_id=requests[0].app_id,
        application_name=app_name,
    )


def request_rows(
    assessment: Assessment, channel: Channel, tenant_id: str | None
) -> list[RequestRow]:
    """A channel's requests, newest first; at most 10,000, as in Partner Center's own file."""
    rule, newest = assessment.rule, assessment.requests.newest[channel]
    return [_request_row(shown, rule, tenant_id) for shown in newest]


def _request_row(shown: ShownRequest, rule: ShareRule, tenant_id: str | None) -> RequestRow:
    sign_in = shown.sign_in
    return RequestRow(
        request_id=sign_in.id if sign_in.has_own_id else "",
        correlation_id=sign_in.correlation_id,
        operation_name=f"Sign-in: {sign_in.resource_name}",
        request_date_time=utc_time(sign_in.created_at),
        ip_address=sign_in.ip_address,
        object_id=sign_in.user_id,
        tenant_id=tenant_id,
        upn=sign_in.upn,
        application_id=sign_in.app_id,
        mfa_compliant=rule.is_compliant(shown.verdict),
        reason=plain_quotes(shown.reason.sentence) if shown.reason else "",
    )
