"""Users and applications as the mail lists them; the people who sign in choose these names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.comparison import unclear_sentence
from shared.delivery.text.figure_words import part_name
from shared.delivery.text.figures import request_figures
from shared.delivery.text.formatting import count, shorten, thousands

if TYPE_CHECKING:
    from shared.delivery.text.comparison import Comparison
    from shared.delivery.text.figures import RequestFigure
    from shared.mfa.breakdown import Contribution
    from shared.mfa.report import Report

ROWS_SHOWN = 5  #: users or applications of one table
NAMES_SHOWN = 8  #: users or applications of one list of changes
_NAME_WIDTH = 60  #: characters; a line of the text part has 76

# What a mail program turns into a link on its own: addresses of pages, and host names.
# The last part of a host name may be in any script, and some programs accept other dots. The name
# of a guest, user_host#EXT#@tenant, is not a link.
_DOT = r"[.\u3002\uff0e\uff61]"
_TOP = r"(?:xn--[\w-]+|[^\W\d_]{2,})"
_PAGE = re.compile(rf"(?i)://|\bwww{_DOT}|{_DOT}{_TOP}(?::\d+)?(?:[/?]|#(?!EXT#))")
_LONE_HOST = re.compile(
    rf"(?i)(?<![\w@#.\u3002\uff0e\uff61-])[\w-]+(?:{_DOT}[\w-]+)*{_DOT}{_TOP}(?![\w@#-]|{_DOT}\w)"
)
_LONGEST_WORD = (
    256  #: characters; longer words are defused without a look, which would take too long
)


@dataclass(frozen=True, slots=True)
class WorstRow:
    """One user or application with requests without MFA."""

    name: str
    amount: str  #: ``5 of 8``: its requests without MFA, of all its requests
    length: int  #: of its bar, in percent of the channel's requests without MFA


@dataclass(frozen=True, slots=True)
class WorstTable:
    """The users or applications of one channel with the most requests without MFA."""

    title: str
    rows: list[WorstRow]
    rest: str  #: the others in words; empty if there are none


@dataclass(frozen=True, slots=True)
class NameList:
    """Users or applications that are new, gone or still there."""

    title: str
    names: list[str]
    more: int


def unlinked(text: str) -> str:
    """
    The text without anything that a mail program would turn into a link to a page.

    ``https://evil.example`` becomes ``https[:]//evil[.]example``; mail addresses stay as they are.
    """
    return "".join(_unlinked_word(word) for word in re.split(r"(\s+)", text))


def _unlinked_word(word: str) -> str:
    if len(word) > _LONGEST_WORD or _PAGE.search(word):
        return _defused(word)
    return _LONE_HOST.sub(lambda match: _defused(match[0]), word)


def _defused(link: str) -> str:
    return re.sub(_DOT, "[.]", link.replace("://", "[:]//"))


def subject_name(part: Contribution) -> str:
    """The best name of a user or an application, short and safe to print in a mail."""
    return shorten(unlinked(part_name(part)), _NAME_WIDTH)


def worst_tables(report: Report) -> list[WorstTable]:
    """The worst users of the portal, then the worst applications and users of the API."""
    portal, api = request_figures(report)
    tables = [
        _table(portal, "user", portal.breakdown.by_user),
        _table(api, "application", api.breakdown.by_application),
        _table(api, "user", api.breakdown.by_user),
    ]
    return [table for table in tables if table.rows]


def _table(figure: RequestFigure, by: str, parts: list[Contribution]) -> WorstTable:
    against = [part for part in parts if part.against]
    shown = [part for part in against if not part.others][:ROWS_SHOWN]
    return WorstTable(
        title=f"{figure.title} requests without MFA, by {by}",
        rows=[_row(part, figure.against) for part in shown],
        rest=_rest(against[len(shown) :], by),
    )


def _row(part: Contribution, whole: int) -> WorstRow:
    return WorstRow(
        name=subject_name(part),
        amount=f"{thousands(part.against)} of {thousands(part.counts.requests)}",
        length=max(round(100 * part.against / whole), 1),
    )


def _rest(parts: list[Contribution], by: str) -> str:
    if not parts:
        return ""
    subjects = count(sum(part.others or 1 for part in parts), f"other {by}")
    requests = sum(part.against for part in parts)
    at_most = "up to " if any(part.others for part in parts) else ""
    return f"{at_most}{subjects}: {thousands(requests)} in total"


def changed_names(comparison: Comparison) -> list[NameList]:
    """Who is newly, no longer and still without MFA; empty lists are left out."""
    kinds = (("Users", comparison.users), ("API applications", comparison.applications))
    lists = [
        *((f"{noun} newly without MFA", turnover.newly) for noun, turnover in kinds),
        *((f"{noun} no longer without MFA", turnover.no_longer) for noun, turnover in kinds),
        *((f"{noun} still without MFA", turnover.still) for noun, turnover in kinds),
    ]
    return [_names(title, parts) for title, parts in lists if parts]


def _names(title: str, parts: list[Contribution]) -> NameList:
    names = [subject_name(part) for part in parts[:NAMES_SHOWN]]
    return NameList(title, names, more=len(parts[NAMES_SHOWN:]))


def caveats(comparison: Comparison) -> list[str]:
    """Why the two reports are not fully comparable, in sentences."""
    unclear = [
        unclear_sentence(comparison.users, "user"),
        unclear_sentence(comparison.applications, "application"),
    ]
    return [*comparison.caveats, *filter(None, unclear)]
