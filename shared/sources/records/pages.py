"""One page of Graph's collection of sign-ins."""

from __future__ import annotations

import msgspec

from shared.mfa.sign_in import SignIn
from shared.sources.records.batches import parse_regular_page
from shared.sources.records.decoding import UnplacedError, UnreadableError
from shared.sources.records.parsing import parse_sign_in


class SignInPage(msgspec.Struct):
    """One page of Graph's collection of sign-ins."""

    sign_ins: list[SignIn]
    next_link: str | None  #: ``@odata.nextLink``; `None` on the last page
    unreadable: list[str]  #: one reason for each unreadable record


class _Page(msgspec.Struct):
    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


_page_decoder = msgspec.json.Decoder(_Page)


def parse_page(data: bytes, sequence: int = 0) -> SignInPage:
    """
    A page ``{"value": […]}`` of Graph's answer; `sequence` is that of its first record.

    Raises `msgspec.DecodeError` if it is truncated, or not a page.
    """
    if regular := parse_regular_page(data, sequence):
        return SignInPage(*regular, unreadable=[])
    page = _page_decoder.decode(data)
    sign_ins, unreadable = [], []
    for position, record in enumerate(page.value, sequence):
        try:
            sign_ins.append(parse_sign_in(bytes(record), position))
        except UnplacedError as error:  # the query has placed it
            sign_ins.append(error.sign_in)
        except UnreadableError as error:
            unreadable.append(str(error))
    return SignInPage(sign_ins, page.next_link, unreadable)
