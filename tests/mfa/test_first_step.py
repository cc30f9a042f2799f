"""The one step to take first."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.mfa.findings.first_step import FirstStep, StepKind, first_step
from shared.mfa.findings.gains import FigureGain
from shared.mfa.findings.places import Kind
from shared.mfa.metrics import AccountMetrics, ApiMetrics, Metrics, PortalMetrics
from tests.delivery.making import finding

COUNTS: dict[str, Any] = dict.fromkeys(
    ("requests", "verified", "not_verified", "exempted", "unknown", "not_completed"), 0
)


def metrics(accounts: float | None, portal: float | None, api: float | None) -> Metrics:
    shares: list[dict[str, Any]] = [
        {"share": at, "provisional_share": at, "share_lower": at} for at in (portal, api)
    ]
    return Metrics(
        AccountMetrics(enabled=10, share=accounts),
        PortalMetrics(**COUNTS, **shares[0]),
        ApiMetrics(**COUNTS, app_only=0, **shares[1]),
    )


def gain(**changes: Any) -> FigureGain:
    plain = FigureGain(
        gained=3,
        share_after=0.9,
        points=0.2,
        gain_after_those_above=3,
        points_after_those_above=0.2,
    )
    return msgspec.structs.replace(plain, **changes)


def test_the_first_finding_that_gains_anything_is_the_step_for_the_figure_furthest_behind() -> None:
    idle = finding(id="federation-claim")
    useful = finding(
        role="Conditional Access Administrator",
        gains={"accounts": gain(share_after=1.0), "api": gain(), "portal": gain()},
    )

    step = first_step([idle, useful], metrics(0.9, 0.8, 0.7))

    assert step == FirstStep(
        kind=StepKind.GAIN,
        finding="accounts-excluded",
        number=2,
        title="A title",
        remedy="A remedy.",
        role="Conditional Access Administrator",
        href="https://entra.microsoft.com/",
        doc="docs/findings/accounts-excluded.md",
        figure="api",
        gained=3,
        share=0.7,
        share_after=0.9,
        points=0.2,
    )


def test_a_figure_that_is_unknown_promises_no_share() -> None:
    unknown = gain(share_after=None, points=None, points_after_those_above=None)

    step = first_step([finding(gains={"portal": unknown})], metrics(1.0, 0.5, None))

    assert (step.figure, step.gained) == ("portal", 3)
    assert (step.share, step.share_after, step.points) == (None, None, None)


def test_if_nothing_is_gained_what_could_not_be_read_comes_first() -> None:
    found = [finding(id="app-only-access"), finding(id="not-read", kind=Kind.READING)]

    step = first_step(found, metrics(0.4, 1.0, 1.0))

    assert (step.kind, step.finding, step.number) == (StepKind.READ, "not-read", 2)


def test_without_a_finding_that_helps_no_step_is_named() -> None:
    assert first_step([finding()], metrics(0.4, None, None)) == FirstStep(kind=StepKind.NONE)


def test_equal_figures_are_taken_in_their_order_and_the_same_input_gives_the_same_step() -> None:
    found = [finding(gains={"api": gain(), "portal": gain()})]

    steps = {first_step(found, metrics(1.0, 0.5, 0.5)).figure for _ in range(3)}

    assert steps == {"portal"}
