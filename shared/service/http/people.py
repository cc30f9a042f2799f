"""What only people's browsers get: errors as pages, an icon, and what search engines may do."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.decoding import decode_any_json
from shared.errors import DamagedError
from shared.service.addresses import API
from shared.service.http.answers import PROBLEM, Answer, fixed_answer, page_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFUSED_TYPE = re.compile(r"q=0(?:\.0*)?")
_FAVICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    b'<path fill="#1c6b67" d="M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z"/>'
    b'<path fill="none" stroke="white" stroke-width="1.8" d="M5 8l2.2 2.2L11 6"/></svg>'
)
_ROBOTS = b"User-agent: *\nDisallow: /\n"


def for_reader(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """Return a problem as a page with the same sentence if a browser asks; else the answer."""
    if answer.headers.get("Content-Type") != PROBLEM or not _asks_for_pages(headers):
        return answer
    from shared.delivery.page.error_page import render_error  # loads Jinja

    sentence = decode_any_json(answer.body, DamagedError)["detail"]
    heading = HTTPStatus(answer.status).phrase
    page = render_error(answer.status, heading, sentence, API).encode()
    return Answer(answer.status, {**answer.headers, **page_headers(page)}, page)


def favicon() -> Answer:
    """The icon of the pages, which have it in themselves, for addresses without a page."""
    return fixed_answer(_FAVICON, "image/svg+xml")


def robots() -> Answer:
    """Nothing here is for search engines."""
    return fixed_answer(_ROBOTS, "text/plain; charset=utf-8")


def _asks_for_pages(headers: Mapping[str, str]) -> bool:
    """Whether ``Accept`` names HTML, as browsers do for a page; ``*/*`` does not."""
    for wanted in (headers.get("accept") or "").lower().split(","):
        media_type, *parameters = (part.strip() for part in wanted.split(";"))
        if media_type == "text/html":
            return not any(_REFUSED_TYPE.fullmatch(parameter) for parameter in parameters)
    return False
