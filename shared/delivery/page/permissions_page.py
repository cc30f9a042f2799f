"""The scope receipt as a self-contained HTML page, in the look of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.delivery.page.report_page import environment, look
from shared.delivery.text.figures import State
from shared.delivery.text.formatting import count
from shared.mfa.permissions import FIGURES, NEEDS, WARNINGS, figures_of, permission_receipt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from shared.mfa.assessment import ReportMeta
    from shared.mfa.permissions import PermissionReceipt


class PermissionRow(NamedTuple):
    """One permission that one figure needs."""

    figure: str  #: what the figure is; empty where the row above has said so
    rows: int  #: that the figure has, where it is said
    role: str
    reads: str
    is_granted: bool | None  #: `None` is not known


class Granted(NamedTuple):
    """What the app's identity may do in Graph, as its own token tells."""

    roles: Collection[str] | None  #: `None` where the token did not tell
    read_at: str  #: UTC
    notes: Mapping[str, str]  #: why what was not read of the directory was not


def render_permissions(granted: Granted, meta: ReportMeta, base: str) -> str:
    """
    The whole page: no other host, no script, equal values give equal pages.

    `base` is the path below which the HTTP functions are.
    """
    figures = figures_of(granted.roles or ())
    receipt = permission_receipt(granted.roles or (), figures)
    return (
        environment()
        .get_template("permissions.html")
        .render(
            granted=granted,
            meta=meta,
            base=base,
            state=_state(granted, receipt),
            headline=_headline(granted, receipt),
            rows=list(_rows(granted.roles, figures)),
            extra=[(role, WARNINGS.get(role, "")) for role in receipt.extra],
            **look("permissions.css"),
        )
    )


def _state(granted: Granted, receipt: PermissionReceipt) -> State:
    if granted.roles is None:
        return State.UNREAD
    return State.BELOW if receipt.missing or receipt.extra else State.MET


def _headline(granted: Granted, receipt: PermissionReceipt) -> str:
    if granted.roles is None:
        return (
            "What the app may read was not told: its token names no application permissions. "
            "That is so where somebody's own login was used in place of the app's identity."
        )
    if not (receipt.missing or receipt.extra):
        return "Everything that the figures need is granted, and nothing besides."
    told = []
    if receipt.missing:
        told.append(f"{count(len(receipt.missing_roles), 'permission')} missing.")
    if receipt.extra:
        told.append(f"{count(len(receipt.extra), 'permission')} could be removed.")
    return " ".join(told)


def _rows(has: Collection[str] | None, figures: Iterable[str]) -> Iterator[PermissionRow]:
    for figure in figures:
        needs = [need for need in NEEDS if need.figure == figure]
        for number, need in enumerate(needs):
            told = FIGURES[figure] if number == 0 else ""
            is_granted = None if has is None else need.role in has
            yield PermissionRow(told, len(needs), need.role, need.reads, is_granted)
