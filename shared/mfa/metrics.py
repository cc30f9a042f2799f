"""Counts and shares over a window's requests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

import msgspec

from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class ShareRule(msgspec.Struct, frozen=True):
    """How verdicts count in the share."""

    exempted_counts_as_mfa: bool = False  #: setting ``EXEMPTED_COUNTS_AS_MFA``

    def counts_for(self, verdict: Verdict) -> bool:
        """Whether a request with this verdict is in the numerator of the share."""
        return verdict is Verdict.VERIFIED or (
            verdict is Verdict.EXEMPTED and self.exempted_counts_as_mfa
        )

    def counts_against(self, verdict: Verdict) -> bool:
        """Whether a request with this verdict keeps the share below 100 %."""
        return verdict is Verdict.NOT_VERIFIED or (
            verdict is Verdict.EXEMPTED and not self.exempted_counts_as_mfa
        )

    def is_compliant(self, verdict: Verdict) -> bool | None:
        """Partner Center's ``mfaCompliant``; `None` if unknown."""
        if verdict is Verdict.UNKNOWN:
            return None
        return self.counts_for(verdict)


class Tally(msgspec.Struct, frozen=True):
    """How many requests have each verdict."""

    requests: int = 0  #: verified + not_verified + exempted + unknown
    verified: int = 0
    not_verified: int = 0
    exempted: int = 0
    unknown: int = 0
    not_completed: int = 0  #: interrupted or refused sign-ins; not requests
    app_only: int = 0  #: applications without a user; not requests

    def share(self, rule: ShareRule) -> float | None:
        """The fraction (0 to 1) of decided requests that had MFA; `None` if none was decided."""
        decided = self.verified + self.not_verified + self.exempted
        return self.compliant(rule) / decided if decided else None

    def bounds(self, rule: ShareRule) -> tuple[float | None, float | None]:
        """The least and the greatest that the share of all requests can be; `None` without any."""
        if not self.requests:
            return None, None
        counted = self.compliant(rule)
        return counted / self.requests, (counted + self.unknown) / self.requests

    def compliant(self, rule: ShareRule) -> int:
        """Requests in the numerator of the share."""
        return self.verified + (self.exempted if rule.exempted_counts_as_mfa else 0)

    def against(self, rule: ShareRule) -> int:
        """Requests that keep the share below 100 %."""
        return self.not_verified + (0 if rule.exempted_counts_as_mfa else self.exempted)


class Counted(Protocol):
    """So many requests that are equal in what a figure distinguishes."""

    @property
    def verdict(self) -> Verdict:
        """What is known about their MFA."""

    @property
    def can_show_single_factor(self) -> bool:
        """Whether their records have a field that could show that MFA was not used."""

    @property
    def count(self) -> int:
        """How many they are."""


def tally(counted: Iterable[Counted]) -> Tally:
    """Add up requests by verdict."""
    by_verdict: Counter[Verdict] = Counter()
    for each in counted:
        by_verdict[each.verdict] += each.count
    return Tally(
        requests=sum(count for verdict, count in by_verdict.items() if verdict.is_request),
        **{verdict.value: by_verdict[verdict] for verdict in Verdict},
    )


class PortalMetrics(msgspec.Struct, frozen=True):
    """The report's figure "through Partner Center portal"."""

    requests: int
    verified: int
    not_verified: int
    exempted: int
    unknown: int
    not_completed: int
    share: float | None  #: `None` if something it needs is missing, or no request can show it
    provisional_share: float | None  #: over the available days
    share_lower: float | None = None  #: unknown requests counted as made without MFA: "at least"
    share_upper: float | None = None  #: unknown requests counted as made with MFA: "at most"


class ApiMetrics(msgspec.Struct, frozen=True):
    """The report's figure "through API or SDK" (App+User); app-only is counted separately."""

    requests: int
    verified: int
    not_verified: int
    exempted: int
    unknown: int
    not_completed: int
    app_only: int
    share: float | None
    provisional_share: float | None
    share_lower: float | None = None
    share_upper: float | None = None


class AccountMetrics(msgspec.Struct, frozen=True):
    """The report's figure "enabled accounts with MFA enforced"; all `None` if none were read."""

    enabled: int | None = None
    disabled: int | None = None
    enforced: int | None = None
    conditional: int | None = None
    unprotected: int | None = None
    unknown: int | None = None
    share: float | None = None  #: unknown accounts counted as not enforced: "at least"
    share_upper: float | None = None  #: unknown accounts counted as enforced: "at most"

    @property
    def known_share(self) -> float | None:
        """The share to compare over time; `None` if nothing is known about any account."""
        return None if self.enabled and self.unknown == self.enabled else self.share


class AccountShare(msgspec.Struct, frozen=True):
    """How many of certain enabled accounts have MFA enforced; all `None` if it is not known."""

    enabled: int | None = None  #: these accounts, with those that may be among them
    enforced: int | None = None
    unknown: int | None = None  #: it is unknown whether they count, or whether MFA is enforced
    share: float | None = None  #: "at least", 0 to 1; `None` too if accounts may be missing
    share_upper: float | None = None  #: "at most"


class MethodCounts(msgspec.Struct, frozen=True):
    """
    The enabled accounts by the best method that they have registered.

    All `None` if the registration report was not read. Registered does not mean enforced.
    """

    phishing_resistant: int | None = None
    mfa: int | None = None
    one_factor: int | None = None
    none: int | None = None
    unknown: int | None = None  #: guests without any: they may have registered at home


class Metrics(msgspec.Struct, frozen=True):
    """The three figures of one report, and two more about some of the accounts."""

    accounts: AccountMetrics
    portal: PortalMetrics
    api: ApiMetrics
    administrators: AccountShare = AccountShare()  #: those who hold a directory role
    active_accounts: AccountShare = AccountShare()  #: those who made a request in the window
    methods: MethodCounts = MethodCounts()  #: what the enabled accounts have registered


def measure_portal(
    counted: Collection[Counted], rule: ShareRule, *, complete: bool
) -> PortalMetrics:
    """The portal figure of a window's requests; no share unless every log it needs is there."""
    return msgspec.convert(_figure(counted, rule, complete=complete), PortalMetrics)


def measure_api(counted: Collection[Counted], rule: ShareRule, *, complete: bool) -> ApiMetrics:
    """The API figure of a window's requests; no share unless every log it needs is there."""
    return msgspec.convert(_figure(counted, rule, complete=complete), ApiMetrics)


def _figure(
    counted: Collection[Counted], rule: ShareRule, *, complete: bool
) -> dict[str, int | float | None]:
    counts = tally(counted)
    share = counts.share(rule) if can_fall_short(counted, rule) else None
    lower, upper = counts.bounds(rule) if complete else (None, None)
    return {
        **msgspec.structs.asdict(counts),
        "share": share if complete else None,
        "provisional_share": share,
        "share_lower": lower,
        "share_upper": upper,
    }


def can_fall_short(counted: Iterable[Counted], rule: ShareRule) -> bool:
    """Whether any request shows a lack of MFA, or has a record that could have shown it."""
    return any(
        rule.counts_against(each.verdict)
        or (each.verdict.is_request and each.can_show_single_factor)
        for each in counted
    )
