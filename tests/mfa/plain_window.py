"""
The plain way to a report: every request of the window in one list, and a list for each group.

What the product computed until it learned to fold a window. It takes some 2 kB a request, and says
what the fold has to say. Only verdicts, reasons and the shapes of results are the product's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import asdict, astuple

from shared.delivery.files.details import ApplicationDay, ApplicationDetails, SignInEntry
from shared.delivery.files.request_rows import ApplicationDayRow, PortalUserRow, RequestRow
from shared.delivery.text.formatting import plain_quotes, utc_time
from shared.mfa.breakdown import SUBJECTS_SHOWN, Breakdown, CauseContribution, Contribution
from shared.mfa.by_day import ApplicationFigure, DayFigure
from shared.mfa.findings.request_summary import RequestGroup
from shared.mfa.metrics import Tally
from shared.mfa.reasons.explaining import Explainer
from shared.mfa.report import ChannelForecast, DayCounts
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Channel
from shared.mfa.verdict import Verdict, judge
from tests.mfa.judging import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.metrics import ShareRule
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Window

TENANT = "tenant"
_WORST = (Verdict.VERIFIED, Verdict.EXEMPTED, Verdict.NOT_VERIFIED)


class Judged(NamedTuple):
    """A request and its reason."""

    request: Request
    reason: Reason | None

    @property
    def sign_in(self) -> SignIn:
        return self.request.sign_in

    @property
    def verdict(self) -> Verdict:
        return self.request.verdict


class PlainWindow:
    """Everything that a report says of a window's requests, each from lists of them."""

    def __init__(
        self, window: Window, scope: Scope, rule: ShareRule, accounts: JudgedAccounts | None = None
    ) -> None:
        self.window, self.rule = window, rule
        rollups = [rollup for rollup in window.rollups.values() if isinstance(rollup, Rollup)]
        explainer = Explainer(rule, accounts, window.ending)
        requests = judge_all(Rollup.total(rollups), scope)
        self.every = [Judged(each, each.reason(explainer)) for each in requests]
        self.of = {
            channel: [each for each in self.every if each.request.channel is channel]
            for channel in Channel
        }

    def report(self, channel: Channel) -> dict[str, Any]:
        """The parts of the report about one channel."""
        those = self.of[channel]
        complete = self.window.has_all_of(channel)
        counts = tally(those)
        lower, upper = counts.bounds(self.rule) if complete else (None, None)
        share = counts.share(self.rule) if self._can_fall_short(those) else None
        against = [it.sign_in.day for it in those if self.rule.counts_against(it.verdict)]
        last = date.fromisoformat(max(against)) if against else None
        return {
            "metrics": {
                **asdict(counts),
                "share": share if complete else None,
                "provisional_share": share,
                "share_lower": lower,
                "share_upper": upper,
            },
            "forecast": ChannelForecast(last + timedelta(days=7) if last else None),
            "breakdown": self._breakdown(those),
        }

    def days(self) -> list[DayCounts]:
        missing = {gap.day for gap in self.window.missing}

        def counts(day: date, channel: Channel) -> Tally | None:
            found = [it for it in self.of[channel] if it.sign_in.day == day.isoformat()]
            unknown = not found and self.window.coverage.missing(channel, [day])
            return None if day in missing or unknown else tally(found)

        return [
            DayCounts(day, *(counts(day, channel) for channel in Channel))
            for day in self.window.days
        ]

    def figures_by_day(self) -> tuple[list[DayFigure], list[ApplicationFigure]]:
        days, applications = [], []
        missing = {gap.day for gap in self.window.missing}
        for channel in Channel:
            by_day = grouped(self.of[channel], lambda it: it.sign_in.day)
            names: dict[str, str] = {}
            figures = []
            days += [
                self._day_figure(day, channel, by_day.get(day.isoformat(), []))
                for day in self.window.days
            ]
            for day in [day for day in reversed(self.window.days) if day not in missing]:
                of_day = grouped(by_day.get(day.isoformat(), []), lambda it: it.sign_in.app_id)
                for app_id, group in of_day.items():
                    names[app_id] = names.get(app_id) or first(it.sign_in.app_name for it in group)
                    figures.append((app_id, self._day_figure(day, channel, group)))
            applications += [ApplicationFigure(app_id, names[app_id], it) for app_id, it in figures]
        return days, applications

    def portal_users(self) -> list[PortalUserRow]:
        those = [it for it in self.of[Channel.PORTAL] if it.verdict.is_request]
        names = {
            user: first(it.sign_in.upn for it in group)
            for user, group in grouped(those, lambda it: it.sign_in.user_key).items()
        }
        last: dict[str, SignIn] = {}
        for it in those:
            if self.rule.counts_against(it.verdict):
                last.setdefault(it.sign_in.user_key, it.sign_in)
        ordered = sorted(last.items(), key=lambda item: (item[1].user_id, item[0]))
        ordered.sort(key=lambda item: item[1].created_at, reverse=True)
        return [
            PortalUserRow(made.user_id, TENANT, names[user], utc_time(made.created_at))
            for user, made in ordered
        ]

    def application_days(self) -> list[ApplicationDayRow]:
        those = [it for it in self.of[Channel.API] if it.verdict.is_request]
        names = {
            app_id: first(it.sign_in.app_name for it in group)
            for app_id, group in grouped(those, lambda it: it.sign_in.app_id).items()
        }
        groups = grouped(those, lambda it: (it.sign_in.day, it.sign_in.app_id))
        counts = {key: tally(group) for key, group in groups.items()}
        ranked = sorted(counts, key=lambda key: (-counts[key].against(self.rule), key[1]))
        ranked.sort(key=lambda key: key[0], reverse=True)
        return [
            ApplicationDayRow(
                day, counts[day, it].compliant(self.rule), counts[day, it].requests, it, names[it]
            )
            for day, it in ranked
        ]

    def rows(self, channel: Channel, cap: int) -> list[RequestRow]:
        made = [it for it in self.of[channel] if it.verdict.is_request][:cap]
        return [
            RequestRow(
                it.sign_in.id if it.sign_in.has_own_id else "",
                it.sign_in.correlation_id,
                f"Sign-in: {it.sign_in.resource_name}",
                utc_time(it.sign_in.created_at),
                it.sign_in.ip_address,
                it.sign_in.user_id,
                TENANT,
                it.sign_in.upn,
                it.sign_in.app_id,
                self.rule.is_compliant(it.verdict),
                plain_quotes(it.reason.sentence) if it.reason else "",
            )
            for it in made
        ]

    def applications(self) -> list[ApplicationDetails]:
        found = []
        for app_id, group in grouped(self.every, lambda it: it.sign_in.app_id).items():
            if app_id:
                split = self._breakdown(group)
                days = grouped(group, lambda it: it.sign_in.day)
                found.append(
                    ApplicationDetails(
                        app_id,
                        first(it.sign_in.app_name for it in group),
                        tally(group),
                        split.by_user,
                        split.by_cause,
                        [ApplicationDay(day, tally(those)) for day, those in days.items()],
                    )
                )
        against = self.rule
        found.sort(key=lambda it: (-it.requests.against(against), -it.requests.requests, it.id))
        return found

    def accounts(self, cap: int) -> dict[str, tuple[Tally, list[SignInEntry]]]:
        """By user id in lower case: all sign-ins counted, and the newest."""
        known = [it for it in self.every if it.sign_in.user_id]
        return {
            user: (tally(group), [_entry(it) for it in group[:cap]])
            for user, group in grouped(known, lambda it: it.sign_in.user_id.lower()).items()
        }

    def last_requests(self) -> dict[str, tuple[str, Verdict, Reason | None]]:
        """By user id in lower case: the newest request, and the newest reason against a share."""
        found = {}
        for user, group in grouped(self.every, lambda it: it.sign_in.user_id.lower()).items():
            if made := [it for it in group if it.verdict.is_request]:
                against = [it.reason for it in made if self.rule.counts_against(it.verdict)]
                newest = made[0]
                reason = next(iter(against), None)
                found[user] = newest.sign_in.created_at, newest.verdict, reason
        return found

    def summary(self) -> dict[str, Any]:
        """What findings need to know, in the order in which they list it."""
        every = self.of[Channel.PORTAL] + self.of[Channel.API]
        of_users = [it for it in reversed(self.every) if it.sign_in.user_id]
        api, portal = self.of[Channel.API], self.of[Channel.PORTAL]
        unknown = [it for it in portal if it.verdict is Verdict.UNKNOWN]
        return {
            "without_mfa": list(_newest_ids(of_users, Verdict.NOT_VERIFIED).items()),
            "exempted": list(_newest_ids(of_users, Verdict.EXEMPTED).items()),
            "active": {it.sign_in.user_id for it in of_users if it.verdict.is_request},
            "app_only": list(_calls(api, Verdict.APP_ONLY).items()),
            "unknown_applications": list(_calls(api, Verdict.UNKNOWN).items()),
            "unknown_users": list(Counter(it.sign_in.user_key for it in unknown).items()),
            "cannot_show": sum(
                it.verdict.is_request and not it.sign_in.can_show_single_factor for it in every
            ),
            "names": {it.sign_in.user_id: it.sign_in.upn for it in of_users if it.sign_in.upn},
            "applications": {
                it.sign_in.app_id: it.sign_in.app_name for it in every if it.sign_in.app_name
            },
            "groups": _groups(every),
        }

    def _day_figure(self, day: date, channel: Channel, those: list[Judged]) -> DayFigure:
        is_missing = any(gap.day == day for gap in self.window.missing)
        complete = not is_missing and not self.window.coverage.missing(channel, [day])
        counts = tally(those)
        lower, upper = counts.bounds(self.rule)
        return DayFigure(
            day=day,
            channel=channel,
            is_complete=complete,
            is_provisional=day in self.window.provisional,
            counts=counts if complete or (those and not is_missing) else None,
            share=counts.share(self.rule) if complete and self._can_fall_short(those) else None,
            share_lower=lower if complete else None,
            share_upper=upper if complete else None,
        )

    def _can_fall_short(self, those: list[Judged]) -> bool:
        return any(
            self.rule.counts_against(it.verdict)
            or (it.verdict.is_request and it.sign_in.can_show_single_factor)
            for it in those
        )

    def _breakdown(self, those: list[Judged]) -> Breakdown:
        made = [it for it in those if it.verdict.is_request]
        total = tally(made)
        decided = total.verified + total.not_verified + total.exempted
        by_cause = [
            CauseContribution(
                **asdict(self._part("", group, decided, reason.sentence)),
                kind=reason.kind,
                basis=reason.basis,
            )
            for reason, group in grouped(made, lambda it: it.reason).items()
            if reason
        ]
        by_cause.sort(key=lambda it: (-it.against, -it.counts.requests, it.name, it.basis or ""))
        users = grouped(made, lambda it: it.sign_in.user_key)
        applications = grouped(made, lambda it: it.sign_in.app_id)
        return Breakdown(
            by_user=_shown(
                [
                    self._part(
                        key,
                        group,
                        decided,
                        first(it.sign_in.upn for it in group),
                        first(it.sign_in.user_name for it in group),
                    )
                    for key, group in users.items()
                ]
            ),
            by_application=_shown(
                [
                    self._part(key, group, decided, first(it.sign_in.app_name for it in group))
                    for key, group in applications.items()
                ]
            ),
            by_cause=by_cause,  # few enough here
        )

    def _part(
        self, key: str, group: list[Judged], decided: int, name: str, detail: str = ""
    ) -> Contribution:
        counts = tally(group)
        against = counts.against(self.rule)
        last = first(it.sign_in.created_at for it in group if self.rule.counts_against(it.verdict))
        points = against / decided if decided else 0.0
        return Contribution(key, name, detail, counts, against, points, last)


def judge_all(sign_ins: Iterable[SignIn], scope: Scope) -> list[Request]:
    """Every sign-in in scope, newest first; each without evidence looks through all that has."""
    judged = [(it, channel, judge(it)) for it in sign_ins if (channel := scope.channel(it))]
    decided = [(it, verdict) for it, _, verdict in judged if verdict and verdict.is_request]
    by_link: defaultdict[tuple[str, str, str], list[tuple[str, int, str, SignIn]]]
    by_link = defaultdict(list)
    for it, verdict in decided:
        for link in ("session_id", "correlation_id"):
            entry = it.created_at, _WORST.index(verdict), it.id, it
            by_link[it.user_key, link, getattr(it, link)].append(entry)
    requests = [
        Request(it, channel, verdict) if verdict else _inherited(it, channel, by_link)
        for it, channel, verdict in judged
    ]
    return sorted(requests, key=lambda it: (it.sign_in.created_at, it.sign_in.id), reverse=True)


def _inherited(it: SignIn, channel: Channel, by_link: dict[Any, list[Any]]) -> Request:
    for link in ("session_id", "correlation_id"):
        if it.user_key and getattr(it, link) and not it.not_understood:
            entries = by_link.get((it.user_key, link, getattr(it, link)), [])
            before = [entry for entry in entries if entry[0] <= it.created_at]
            if before:
                *_, donor = max(before, key=lambda entry: entry[:3])
                return Request(it, channel, judge(donor) or Verdict.UNKNOWN, donor=donor)
    return Request(it, channel, Verdict.UNKNOWN)


def grouped(items: Iterable[Judged], key: Callable[[Judged], Any]) -> dict[Any, list[Judged]]:
    """Lists of the items with the same key, in the order in which each first occurs."""
    groups: dict[Any, list[Judged]] = {}
    for it in items:
        groups.setdefault(key(it), []).append(it)
    return groups


def tally(those: Iterable[Judged]) -> Tally:
    """Count by verdict."""
    counts = Counter(it.verdict for it in those)
    made = sum(count for verdict, count in counts.items() if verdict.is_request)
    return Tally(requests=made, **{verdict.value: counts[verdict] for verdict in Verdict})


def first(names: Iterable[str]) -> str:
    """The first text that is not empty."""
    return next(filter(None, names), "")


def _shown(parts: list[Contribution]) -> list[Contribution]:
    parts.sort(key=lambda it: (-it.against, -it.counts.requests, it.id))
    rest = parts[SUBJECTS_SHOWN:]
    if not rest:
        return parts
    columns = zip(*(astuple(it.counts) for it in rest), strict=True)
    others = Contribution(
        *("", "others", ""),
        counts=Tally(*map(sum, columns)),
        against=sum(it.against for it in rest),
        points=sum(it.points for it in rest),
        last_against=max(it.last_against for it in rest),
        others=len(rest),
    )
    return [*parts[:SUBJECTS_SHOWN], others]


def _entry(it: Judged) -> SignInEntry:
    return SignInEntry(
        it.sign_in.id if it.sign_in.has_own_id else "",
        it.sign_in.created_at,
        it.request.channel,
        it.sign_in.app_name,
        it.sign_in.app_id,
        it.sign_in.ip_address,
        it.verdict.value,
        it.reason.sentence if it.reason else "",
    )


def _newest_ids(oldest_first: list[Judged], verdict: Verdict) -> dict[str, str]:
    return {it.sign_in.user_id: it.sign_in.id for it in oldest_first if it.verdict is verdict}


def _calls(those: list[Judged], verdict: Verdict) -> Counter[str]:
    names = (it.sign_in for it in those if it.verdict is verdict)
    return Counter(it.app_name or it.app_id or "(no name)" for it in names)


def _groups(every: list[Judged]) -> tuple[RequestGroup, ...]:
    short = [it for it in every if it.verdict in (Verdict.EXEMPTED, Verdict.NOT_VERIFIED)]
    users = {it.sign_in.user_key for it in short}
    applications = {it.sign_in.app_id for it in short}
    verified = [
        it
        for it in every
        if it.verdict is Verdict.VERIFIED
        and (it.sign_in.user_key in users or it.sign_in.app_id in applications)
    ]
    groups = grouped(
        short + verified,
        lambda it: (it.request.channel, it.sign_in.user_key, it.sign_in.app_id, it.verdict),
    )
    return tuple(
        RequestGroup(
            channel=channel,
            user=user,
            app_id=app_id,
            verdict=verdict,
            count=len(group),
            first=min(it.sign_in.created_at for it in group),
            last=max(it.sign_in.created_at for it in group),
        )
        for (channel, user, app_id, verdict), group in sorted(groups.items())
    )
