"""
The report as a card in a Microsoft Teams channel, in the words of the mail but without names.

More people read a channel than get the mail, so the card holds figures, days and the titles of
findings, but no account, application, user name or address.

All text is in RichTextBlocks, which do not render Markdown (Microsoft: "Text features"; a TextBlock
renders bold, lists and links). `_plain` defuses everything else in a text that a client acts on:
``<at>`` becomes a mention, ``{{DATE(…)}}`` a date, and whatever looks like an address may become a
link. There are few texts and all are cut, so a card stays far below the 28 KB that a message may
have (connector "Microsoft Teams", "known issues and limitations").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from shared.delivery.language import language, said
from shared.delivery.mail.subject import Correction
from shared.delivery.text.changes import change_lines
from shared.delivery.text.digest import link_base, report_digest
from shared.delivery.text.figures import State
from shared.delivery.text.formatting import count, harmless, long_day, shorten
from shared.delivery.text.lists import unlinked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.delivery.text.digest import FigureLine, ReportDigest
    from shared.delivery.text.first_step import StepWords
    from shared.mfa.report import Report

    #: An object of the card, as in JSON.
    Part = dict[str, Any]

FINDINGS_SHOWN = 3
REPORT_PATH = "/api/report"  #: the newest page, below PUBLIC_URL
_TEXT_LIMIT = 600  #: characters of one text

# What could identify somebody: mail addresses and UPNs, IPv4, IPv6.
_IDENTITY = re.compile(
    r"(?<!\S)\S[^\s@]*@\S+|\d{1,3}(?:\.\d{1,3}){3}"
    r"|[0-9A-Fa-f:]{0,39}::[0-9A-Fa-f:.]*|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
)
_MARKUP = re.compile(r"[<{]")  #: the start of a mention, a date or a template expression
_COLORS = {State.MET: "good", State.BELOW: "attention"}


def render_card(
    report: Report, earlier: Report | None, public_url: str | None, notes: Sequence[str] = ()
) -> bytes:
    """
    The message to post, as JSON; the same arguments give the same bytes.

    `earlier` is the report to compare with and `public_url` the base of the link, as in
    `render_mail`. Without `public_url` there is no button. `notes` come last, in small print.
    """
    digest = report_digest(report, earlier, public_url)
    small = [_block(_run(note, isSubtle=True)) for note in notes]
    return _card([*_body(digest, report), *small], public_url, digest.first_step)


def render_correction_card(report: Report, lacked: str, said: str, public_url: str | None) -> bytes:
    """The short card that follows one whose report lacked something, as `render_correction`."""
    digest = report_digest(report, None, public_url)
    correction = Correction.of(report, lacked, said)
    body = [
        *_head(digest),
        _block(_run(f"{digest.period} (UTC): complete now", isSubtle=True), spacing="none"),
        _block(_run(correction.before)),
        _block(_run(correction.now, weight="bolder")),
    ]
    return _card(body, public_url)


def render_sentences(title: str, sentences: Sequence[str], public_url: str | None) -> bytes:
    """A card that says something else than a report, as JSON."""
    body = [_block(_run(title, weight="bolder")), *(_block(_run(each)) for each in sentences)]
    return _card(body, public_url)


def _card(body: list[Part], public_url: str | None, step: StepWords | None = None) -> bytes:
    card: Part = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",  # the newest that workflows accept
        "lang": language(),
        "body": body,
    }
    links = []
    if public_url:
        links.append(("Open the report", link_base(public_url) + REPORT_PATH))
    if step and step.href:
        links.append(("Open the first step in Entra", step.href))
    if links:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": said(title), "url": url} for title, url in links
        ]
    return msgspec.json.encode(_message(card))


def _message(card: Part) -> Part:
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _head(digest: ReportDigest) -> Iterator[Part]:
    simulated = "[Simulated] " if digest.is_simulated else ""
    title = f"{simulated}Partner Center MFA status"
    yield _block(_run(title, size="large", weight="bolder"))
    yield _block(_run(digest.tenant_name, weight="bolder"), spacing="none")


def _body(digest: ReportDigest, report: Report) -> Iterator[Part]:
    yield from _head(digest)
    yield _block(_run(f"{digest.period} (UTC). {_newest(report)}", isSubtle=True), spacing="none")
    yield _block(_run(digest.verdict, weight="bolder"))
    yield _block(_run(digest.headline), spacing="none")
    for line in change_lines(report):
        yield _block(_run(line), spacing="none")
    yield from _first_step(digest)
    for figure in digest.figures:
        yield _figure(figure)
    yield _block(_run(digest.completeness, isSubtle=True))
    yield from _findings(digest, report)


def _first_step(digest: ReportDigest) -> Iterator[Part]:
    """The remedy is the same for every tenant: it names no policy, account or application."""
    step = digest.first_step
    if step and step.title:
        yield _block(_run(f"{step.heading}: {step.title}", weight="bolder"))
        yield _block(_run(step.remedy), spacing="none")
        yield _block(_run(f"{step.gain} Who: {step.role}."), spacing="none")
    elif step:
        yield _block(_run(step.gain), spacing="none")


def _newest(report: Report) -> str:
    """Names the last day of the window that was read whole."""
    missing = {gap.day for gap in report.window.missing}
    newest = max((day.day for day in report.days if day.day not in missing), default=None)
    return f"Newest day read: {long_day(newest)}." if newest else "No day was read."


def _figure(figure: FigureLine) -> Part:
    share = _run(figure.share, weight="bolder", color=_COLORS.get(figure.state, "warning"))
    change = [_run(f" ({figure.change})")] if figure.change else []
    return _block(_run(f"{figure.title}: "), share, *change, spacing="small")


def _findings(digest: ReportDigest, report: Report) -> Iterator[Part]:
    """Each title has its own block, so that right-to-left text does not affect other texts."""
    if not report.findings:
        return
    yield _block(_run(count(len(report.findings), "finding"), weight="bolder"))
    for finding in digest.findings[:FINDINGS_SHOWN]:
        yield _block(_run(finding.title), spacing="small")
    if more := len(report.findings[FINDINGS_SHOWN:]):
        yield _block(_run(f"And {count(more, 'more finding')} in the report."), spacing="small")


def _block(*runs: Part, **look: str) -> Part:
    return {"type": "RichTextBlock", "inlines": list(runs), **look}


def _run(text: str, **look: str | bool) -> Part:
    return {"type": "TextRun", "text": _plain(said(text)), **look}


def _plain(text: str) -> str:
    """A text that is shown literally, identifies nobody and does nothing."""
    anonymous = _IDENTITY.sub("(address)", shorten(harmless(text), _TEXT_LIMIT))
    return _MARKUP.sub(r"[\g<0>]", unlinked(anonymous))
