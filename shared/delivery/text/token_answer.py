"""What an access token says and how it would be answered: as text for 80 columns, and as JSON."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.text.formatting import NBSP, harmless, instant, listed
from shared.mfa.access_token import AccessToken, MfaClaim, TokenKind
from shared.mfa.mandate import (
    MANDATE,
    MandateAnswer,
    MandateScenario,
    MfaBy,
    Ruling,
    possible_mfa_by,
)
from shared.mfa.mandate_tables import (
    ADDITIONAL_WORKLOADS,
    ENTRA_2023,
    NOBODY_2023,
    PAGES,
    PAGES_2023,
    SCENARIO_ANSWERS,
    WORKLOADS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

VERSION = 1  #: of the JSON
UNSIGNED = "The signature was not checked: this is only what the token says."

_WIDTH = 80
_AMR_SHOWN, _AMR_WIDTH = 8, 20
_AUDIENCE_WIDTH = 60

_VERDICTS = {
    MandateAnswer.ALLOWED: "Partner Center's API would accept this token.",
    MandateAnswer.REFUSED: "Partner Center's API would refuse this token.",
}
_UNDECIDED = "It is unknown whether Partner Center's API would accept this token."
_KINDS = {TokenKind.APP_AND_USER: "App+User", TokenKind.APP_ONLY: "app-only, without a user"}
_MFA = {MfaClaim.YES: "yes", MfaClaim.NO: "no; MFA by a custom control does not show in a token"}
_SCENARIOS = {
    MandateScenario.PORTAL: "Portal",
    MandateScenario.API: "API",
    MandateScenario.GDAP: "Customers (GDAP)",
}
_MFA_BY = {
    MfaBy.ENTRA: "Entra",
    MfaBy.THIRD_PARTY: "compatible",
    MfaBy.INCOMPATIBLE: "incompatible",
    MfaBy.NOBODY: "nobody",
}
_ANSWERS = {
    MandateAnswer.ALLOWED: "allowed",
    MandateAnswer.ASKED_FOR_MFA: "asked for MFA",
    MandateAnswer.REFUSED: "refused (401)",
    MandateAnswer.BLOCKED: "blocked",
    MandateAnswer.CANNOT_TELL: "unknown",
    MandateAnswer.NOT_APPLICABLE: "not applicable",
}
#: Cells of the edition of May 2023 in a table of 80 columns.
_SHORT_2023 = {
    ENTRA_2023: "supported",
    "Exception supported": "exception",
    "No exception supported": "no exception",
    NOBODY_2023: "no access",
    "not applicable": "n/a",
}


class _Cell(msgspec.Struct):
    """One cell of the mandate's table in the JSON."""

    scenario: MandateScenario
    mfa_by: MfaBy
    is_this_token: bool
    ruling: Ruling


class _Workload(msgspec.Struct):
    """One row of the mandate's own scenario table in the JSON."""

    name: str
    title: str
    answers: dict[MfaBy, MandateAnswer]
    edition_2023: dict[str, str]  #: its three columns, in its words
    additional_workloads: bool  #: whether the row is also one of Entra's and Exchange's


class _AdditionalWorkload(msgspec.Struct):
    """One row of the mandate's table of additional workloads in the JSON."""

    name: str
    title: str
    answers: dict[MfaBy, MandateAnswer]
    edition_2023: dict[str, str]  #: its two columns, in its words


class _AnswerDocument(msgspec.Struct):
    version: int
    signature_checked: bool
    token: AccessToken
    answers: dict[MandateScenario, Ruling]
    mandate: list[_Cell]
    scenarios: list[_Workload]
    additional_workloads: list[_AdditionalWorkload]
    pages: dict[str, dict[str, tuple[str, ...]]]  #: by edition: the roles that open a page


def token_json(token: AccessToken, answers: dict[MandateScenario, Ruling]) -> bytes:
    """
    The same for programs; fields may be added, never removed.

    In ASCII, because a token may contain characters that control a terminal.
    """
    marked = possible_mfa_by(token)
    cells = [
        _Cell(scenario, mfa_by, mfa_by in marked, ruling)
        for (scenario, mfa_by), ruling in MANDATE.items()
    ]
    document = _AnswerDocument(
        VERSION,
        signature_checked=False,
        token=token,
        answers=answers,
        mandate=cells,
        scenarios=_workloads(),
        additional_workloads=_additional_workloads(),
        pages={"current": PAGES, "may_2023": PAGES_2023},
    )
    return json.dumps(msgspec.to_builtins(document), separators=(",", ":")).encode() + b"\n"


def _workloads() -> list[_Workload]:
    return [
        _Workload(
            each.name,
            each.title,
            SCENARIO_ANSWERS,
            {"entra": ENTRA_2023, "third_party": each.third_party_2023, "nobody": NOBODY_2023},
            each.is_additional,
        )
        for each in WORKLOADS
    ]


def _additional_workloads() -> list[_AdditionalWorkload]:
    """Where a row does not apply by the edition of May 2023, it has no answers."""
    return [
        _AdditionalWorkload(
            each.name,
            each.title,
            SCENARIO_ANSWERS if each.entra_2023 == ENTRA_2023 else {},
            {"entra": each.entra_2023, "third_party": each.third_party_2023},
        )
        for each in ADDITIONAL_WORKLOADS
    ]


def token_text(token: AccessToken, answers: dict[MandateScenario, Ruling], now: datetime) -> str:
    """
    The verdict, what the token says, the answer in each scenario, and the whole mandate.

    In ASCII, because any terminal can show that.
    """
    lines = [
        _VERDICTS.get(answers[MandateScenario.API].answer, _UNDECIDED),
        *("", UNSIGNED, ""),
        *_facts(token, now),
        *("", "How its holder would be answered", ""),
        *_answers(answers),
        *("", "The mandate, by who did the MFA", ""),
        *_mandate(token),
        *("", "Its seven scenarios, by who did the MFA", ""),
        *_scenarios(),
        *("", "Who opens which protected page", ""),
        *_pages(),
    ]
    return "\n".join(lines).replace(NBSP, " ") + "\n"


def _facts(token: AccessToken, now: datetime) -> Iterator[str]:
    has_expired = bool(token.expires_at and token.expires_at <= now)
    for label, value in (
        ("Kind", _KINDS.get(token.kind, "")),
        ("MFA", _mfa(token)),
        ("Signed in by", _amr(token.amr)),
        ("Audience", _shown(token.audience, _AUDIENCE_WIDTH)),
        ("Application", token.app_id),
        ("Tenant", token.tenant_id),
        ("Issued", _instant(token.issued_at)),
        ("Expires", _instant(token.expires_at) + (" (has expired)" if has_expired else "")),
        ("Version", _shown(token.version, _AMR_WIDTH)),
    ):
        yield from _paragraph(f"  {label:<14}", value or "not given")


def _mfa(token: AccessToken) -> str:
    if token.kind is TokenKind.APP_ONLY:
        return "not required of an application"
    if MfaBy.THIRD_PARTY in possible_mfa_by(token):
        return "yes; the token does not say whether by Entra or by another provider"
    return _MFA.get(token.mfa, "")


def _amr(values: tuple[str, ...]) -> str:
    shown = [_shown(value, _AMR_WIDTH) for value in values[:_AMR_SHOWN]]
    more = len(values) - len(shown)
    return f"{', '.join(shown)}{f' and {more:,} more' if more else ''} (amr)" if shown else ""


def _instant(moment: datetime | None) -> str:
    return instant(moment.isoformat()) if moment else ""


def _shown(text: str, width: int) -> str:
    """A text from the token, without terminal control characters, cut visibly."""
    plain = harmless(text).encode("ascii", "backslashreplace").decode("ascii")
    return plain if len(plain) <= width else f"{plain[: width - 3]}..."


def _answers(answers: dict[MandateScenario, Ruling]) -> Iterator[str]:
    for scenario, ruling in answers.items():
        label = f"  {_SCENARIOS[scenario]:<17} {_ANSWERS[ruling.answer]:<15} "
        yield from _paragraph(label, ruling.sentence)


def _mandate(token: AccessToken) -> Iterator[str]:
    """The table of scenarios by who did the MFA, with this token's columns marked."""
    marked = possible_mfa_by(token)
    heads = (f"{_MFA_BY[mfa_by]}{' *' if mfa_by in marked else ''}" for mfa_by in MfaBy)
    yield _row("", heads)
    for scenario in MandateScenario:
        cells = (_ANSWERS[MANDATE[scenario, mfa_by].answer] for mfa_by in MfaBy)
        yield _row(_SCENARIOS[scenario], cells)
    yield ""
    if marked:
        names = listed([_MFA_BY[mfa_by] for mfa_by in marked]).replace(" and ", " or ")
        yield f"  * this token: {names}"
    else:
        yield "  This token has no column: it says nothing about a user's MFA."
    yield from _paragraph("  ", "Conditions, editions and sources: docs/mandate.md")


def _scenarios() -> Iterator[str]:
    """By the current edition, all rows answer alike; that of May 2023 had three columns."""
    answers = [
        f"{_MFA_BY[mfa_by]} {_ANSWERS[answer]}" for mfa_by, answer in SCENARIO_ANSWERS.items()
    ]
    yield from _paragraph("  ", f"By the current edition, each: {', '.join(answers)}.")
    yield ""
    yield _scenario("By the edition of May 2023", "Entra", "third party", "nobody")
    for each in WORKLOADS:
        yield _scenario(each.title, ENTRA_2023, each.third_party_2023, NOBODY_2023)
    yield ""
    yield _scenario("Additional workloads (Entra, Exchange)", "Entra", "third party")
    for row in ADDITIONAL_WORKLOADS:
        yield _scenario(row.title, row.entra_2023, row.third_party_2023)


def _scenario(title: str, entra: str, third_party: str, nobody: str = "") -> str:
    """A row of 80 columns, without the words that many cells have in common."""
    cells = (_SHORT_2023.get(cell, cell) for cell in (entra, third_party, nobody))
    return "  {:<45} {:<9} {:<12} {}".format(title, *cells).rstrip()


def _pages() -> Iterator[str]:
    for page, roles in PAGES.items():
        yield from _paragraph(f"  {page:<29} ", ", ".join(roles))
    yield ""
    yield "  By the edition of May 2023"
    for page, roles in PAGES_2023.items():
        yield from _paragraph(f"  {page:<29} ", ", ".join(roles))


def _row(head: str, cells: Iterable[str]) -> str:
    return f"  {head:<17} {''.join(f'{cell:<15}' for cell in cells)}".rstrip()


def _paragraph(label: str, text: str) -> list[str]:
    """A wrapped text whose first line begins with the label."""
    indent = " " * len(label)
    return wrap(text, _WIDTH, initial_indent=label, subsequent_indent=indent)
