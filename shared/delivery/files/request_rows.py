"""The rows of requests: Partner Center's three downloads, with its own property names, and ours."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.text.formatting import plain_quotes, utc_time
from shared.mfa.metrics import tally
from shared.mfa.requests import REQUESTS_CAP
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.assessment import Assessment
    from shared.mfa.metrics import ShareRule
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.requests import Request


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


class RequestRow(msgspec.Struct, frozen=True, rename="pascal"):
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
    last: dict[str, Request] = {}
    for request in _requests(assessment, Channel.PORTAL):
        user = request.sign_in.user_key
        if not names.get(user):
            names[user] = request.sign_in.upn
        if assessment.rule.counts_against(request.verdict):
            last.setdefault(user, request)
    ordered = sorted(last.items(), key=lambda item: (item[1].sign_in.user_id, item[0]))
    ordered.sort(key=lambda item: item[1].sign_in.created_at, reverse=True)
    return [_portal_user_row(request, tenant_id, names[user]) for user, request in ordered]


def _portal_user_row(request: Request, tenant_id: str | None, upn: str) -> PortalUserRow:
    return PortalUserRow(
        object_id=request.sign_in.user_id,
        tenant_id=tenant_id,
        upn=upn,
        last_non_mfa_compliant_login_date_time=utc_time(request.sign_in.created_at),
    )


def application_day_rows(assessment: Assessment) -> list[ApplicationDayRow]:
    """One row per day and application, newest day first, then the most requests without MFA."""
    names: dict[str, str] = {}
    groups: defaultdict[tuple[str, str], list[Request]] = defaultdict(list)
    for request in _requests(assessment, Channel.API):
        app_id = request.sign_in.app_id
        if not names.get(app_id):
            names[app_id] = request.sign_in.app_name
        groups[request.sign_in.day, app_id].append(request)
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
    requests: list[Request], rule: ShareRule, app_name: str
) -> ApplicationDayRow:
    counts, sign_in = tally(requests), requests[0].sign_in
    return ApplicationDayRow(
        login_date=sign_in.day,
        mfa_compliant_request_count=counts.compliant(rule),
        total_request_count=counts.requests,
        application_id=sign_in.app_id,
        application_name=app_name,
    )


def request_rows(
    assessment: Assessment, channel: Channel, tenant_id: str | None
) -> list[RequestRow]:
    """A channel's requests, newest first; at most 10,000, as in Partner Center's own file."""
    newest = islice(_requests(assessment, channel), REQUESTS_CAP)
    rule, reasons = assessment.rule, assessment.reasons
    return [
        _request_row(request, rule, tenant_id, reasons.get(request.sign_in.id))
        for request in newest
    ]


def _request_row(
    request: Request, rule: ShareRule, tenant_id: str | None, reason: Reason | None
) -> RequestRow:
    sign_in = request.sign_in
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
        mfa_compliant=rule.is_compliant(request.verdict),
        reason=plain_quotes(reason.sentence) if reason else "",
    )


def _requests(assessment: Assessment, channel: Channel) -> Iterator[Request]:
    """The channel's sign-ins that are requests, newest first."""
    return (request for request in assessment.requests[channel] if request.verdict.is_request)
