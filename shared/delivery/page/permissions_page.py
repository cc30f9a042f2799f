"""The scope receipt as a self-contained HTML page that looks like the report."""

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

    figure: str  #: its name; empty if the row above has named it
    rows: int  #: number of rows of the figure
    role: str
    reads: str
    is_granted: bool | None  #: `None` is unknown


class Granted(NamedTuple):
    """What the app's identity may do in Graph, according to its own token."""

    roles: Collection[str] | None  #: `None` if the token does not say
    read_at: str  #: UTC
    notes: Mapping[str, str]  #: why parts of the directory were not read


def render_permissions(granted: Granted, meta: ReportMeta, base: str) -> str:
    """
    Render the whole page: no other host, no script, and equal values give equal pages.

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
            "The app's permissions are unknown: its token contains no application permissions. "
            "This happens if a user's own login was used instead of the app's identity."
        )
    if not (receipt.missing or receipt.extra):
        return "Everything that the figures need is granted, and nothing else."
    sentences = []
    if receipt.missing:
        sentences.append(f"{count(len(receipt.missing_roles), 'permission')} missing.")
    if receipt.extra:
        sentences.append(f"{count(len(receipt.extra), 'permission')} could be removed.")
    return " ".join(sentences)


def _rows(has: Collection[str] | None, figures: Iterable[str]) -> Iterator[PermissionRow]:
    for figure in figures:
        needs = [need for need in NEEDS if need.figure == figure]
        for index, need in enumerate(needs):
            name = FIGURES[figure] if index == 0 else ""
            is_granted = None if has is None else need.role in has
            yield PermissionRow(name, len(needs), need.role, need.reads, is_granted)
