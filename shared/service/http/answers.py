"""HTTP answers as plain values: stored bytes with their ETag, problems, redirects."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from shared.errors import (
    BadInputError,
    BadSettingError,
    DamagedError,
    MfaStatusError,
    NewerError,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.stores.models import StoredFile

#: Sent with every answer. After its first visit a browser uses TLS only; it trusts the media type,
#: sends no referrer to other sites, and does not let their pages open or embed ours.
_GUARDED = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
#: For personal data: shared caches may not store it, and a browser must check its copy again.
_PRIVATE = {**_GUARDED, "Cache-Control": "private, no-cache"}
_FRESH = {**_GUARDED, "Cache-Control": "no-store"}
PROBLEM = "application/problem+json"
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
_POLICY_OF_PAGE = re.compile(
    rb'<meta http-equiv="Content-Security-Policy" content="([ -!#-~]{1,500})">'
)
_HEAD_BYTES = 2_000  #: the beginning of a page, which contains its policy
_ETAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP function answers."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class RefusedError(MfaStatusError):
    """A request is refused, with one sentence for the caller."""

    def __init__(
        self, status: HTTPStatus, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


def answered(make: Callable[[], Answer]) -> Answer:
    """
    Return the answer of `make`, or a problem for the error that it raises.

    The caller learns only what is wrong with the request; everything else goes to the log.
    """
    try:
        return make()
    except RefusedError as refusal:
        return problem(refusal.status, str(refusal), refusal.headers)
    except BadSettingError:
        _log.exception("A request could not be answered")
        sentence = "This app is not completely set up; its log says what is missing."
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
    except BadInputError as error:
        return problem(HTTPStatus.BAD_REQUEST, str(error))
    except StoreError as error:
        return _store_problem(error)
    except MfaStatusError:
        _log.exception("A request could not be answered")
        sentence = "Something went wrong; the app's log has the details."
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)


def _store_problem(error: StoreError) -> Answer:
    """What cannot be read stops this answer and no other; the next daily run makes it again."""
    seconds = 3600
    if isinstance(error, NewerError):
        sentence = "This was stored by a newer release of this app; this one cannot read it."
    elif isinstance(error, DamagedError):
        sentence = "What is stored here is damaged; the next daily run makes it again."
    else:
        sentence, seconds = (
            "The stored data cannot be read at the moment; try again in a minute.",
            60,
        )
    _log.error("A request could not be answered", exc_info=error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence, {"Retry-After": str(seconds)})


def problem(status: HTTPStatus, sentence: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a problem (RFC 9457)."""
    members = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    return json_answer(
        status,
        {**members, "detail": sentence},
        media_type=PROBLEM,
        headers={"Vary": "Accept", **(headers or {})},
    )


def json_answer(
    status: HTTPStatus,
    value: object,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return a value as JSON, which nobody may cache."""
    fixed = {**_FRESH, "Content-Security-Policy": _NO_PAGE, "Content-Type": media_type}
    return Answer(int(status), {**fixed, **(headers or {})}, msgspec.json.encode(value))


def stored_answer(stored: StoredFile, media_type: str, attached_as: str = "") -> Answer:
    """Return stored bytes."""
    headers = _stored_headers(stored.etag, media_type)
    headers["Content-Security-Policy"] = _policy(stored.content)
    if attached_as:
        headers["Content-Disposition"] = f'attachment; filename="{attached_as}"'
    return Answer(int(HTTPStatus.OK), headers, stored.content)


def fixed_answer(content: bytes, media_type: str) -> Answer:
    """Return bytes that are the same for everybody, and change with a release only."""
    headers = {**_GUARDED, "Cache-Control": "private, max-age=86400"}
    headers |= {"Content-Security-Policy": _NO_PAGE, "Content-Type": media_type}
    return Answer(int(HTTPStatus.OK), headers, content)


def page_headers(page: bytes) -> dict[str, str]:
    """The headers by which a page that is not stored differs from JSON in its place."""
    return {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _policy(page)}


def not_modified(etag: str, media_type: str) -> Answer:
    """
    Return 304 for a caller that already has the file; nothing of it has to be read.

    A page's own policy is left out, so that a cache keeps the one that it has (RFC 9111, 3.2).
    """
    headers = _stored_headers(etag, media_type)
    if not media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = _NO_PAGE
    return Answer(int(HTTPStatus.NOT_MODIFIED), headers)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether ``If-None-Match`` is ``*`` or lists the tag, compared weakly (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)


def redirect(url: str) -> Answer:
    """Redirect once: the URL is valid for minutes, and for anybody who has it."""
    headers = {**_FRESH, "Content-Security-Policy": _NO_PAGE, "Location": url}
    return Answer(int(HTTPStatus.FOUND), headers)


def _stored_headers(etag: str, media_type: str) -> dict[str, str]:
    # The type with 304 too, because the SDK would send text/plain.
    return {**_PRIVATE, "ETag": etag, "Content-Type": media_type}


def _policy(content: bytes) -> str:
    """Return a page's own policy, which names its style sheet, and forbid framing."""
    found = _POLICY_OF_PAGE.search(content[:_HEAD_BYTES])
    return f"{found[1].decode(errors='replace')}; frame-ancestors 'none'" if found else _NO_PAGE
