"""What people are written when there is no report of a day: short, and the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from shared.delivery import language
from shared.delivery.mail.mailer import Mail
from shared.delivery.text.digest import link_base
from shared.delivery.text.formatting import (
    NBSP,
    harmless,
    long_day,
    name_of,
    short_day,
    shorten,
)
from shared.delivery.text.lists import unlinked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

_HEALTH = "/api/health"
_UNKNOWN = "Its days are known, but it could not be made; the app's log says why."
_GOES_ON = "The app goes on trying. When the report is there, it is sent as ever."


@dataclass(frozen=True, slots=True)
class MissingReport:
    """A report that should be there, and why it is not."""

    tenant_id: str
    tenant_name: str
    ending: date
    at: datetime  #: aware; when this is said
    reasons: Sequence[str] = ()
    public_url: str | None = None

    @property
    def title(self) -> str:
        """What is missing, on one line."""
        title = f"{name_of(self.tenant_name)} MFA: no report of {long_day(self.ending)}"
        return language.said(title).replace(NBSP, " ")

    @property
    def subject(self) -> str:
        """The same in as few words as a phone shows: an id of a tenant never comes first."""
        is_named = self.tenant_name and self.tenant_name != self.tenant_id
        name = (
            shorten(name_of(self.tenant_name), 18) if is_named else f"Tenant {self.tenant_id[:8]}"
        )
        words = language.said(f"no report of {short_day(self.ending)}")
        return f"{name}: {words}".replace(NBSP, " ")

    @property
    def sentences(self) -> list[str]:
        """The rest of it, without markup, and with nothing in it that is a link."""
        said = [*self.reasons] or [_UNKNOWN]
        return [unlinked(harmless(language.said(sentence))) for sentence in (*said, _GOES_ON)]

    def mail(self) -> Mail:
        """The mail; raises `BadSettingError` for an invalid `public_url`."""
        url = f"{link_base(self.public_url)}{_HEALTH}" if self.public_url else ""
        how = language.said("How the app is")
        link = [f"{how}: {url}"] if url else []
        paragraphs = "".join(f"<p>{escape(each)}</p>\n" for each in (self.title, *self.sentences))
        anchor = f'<p><a href="{escape(url)}">{how}</a></p>\n' if url else ""
        opening = f'<html lang="{language.language()}">'
        return Mail(
            subject=self.subject,
            text="\n\n".join([self.title, *self.sentences, *link]) + "\n",
            html=f"<!doctype html>\n{opening}\n{paragraphs}{anchor}</html>\n",
            date=self.at,
        )

    def card(self) -> bytes:
        """The Teams card, as JSON."""
        from shared.delivery.teams.card import render_sentences

        return render_sentences(self.title, self.sentences, self.public_url)
