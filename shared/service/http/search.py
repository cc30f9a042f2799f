"""
Customers that match a search, as page, JSON or CSV.

This is the only answer that is computed, because nobody could store one for every possible search.
It contains no new figure: it is what is stored, with some of it left out.
"""

from __future__ import annotations

import csv
import hashlib
from http import HTTPStatus
from io import StringIO
from typing import TYPE_CHECKING

from shared.decoding import decode_text
from shared.delivery.files.customers import Customers
from shared.errors import DamagedError
from shared.service.addresses import API
from shared.service.http.answers import RefusedError
from shared.stores.models import StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.mfa.assessment import ReportMeta

LONGEST_SEARCH = 100  #: characters


def searched_for(search: str) -> str:
    """
    Return the text to search for, empty for all customers; `RefusedError` (400) if too long.

    Surrogates are replaced: no name contains one, and a page with one could not be encoded.
    """
    if len(search) > LONGEST_SEARCH:
        sentence = f"The search is too long; expected at most {LONGEST_SEARCH} characters."
        raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
    return search.strip().encode(errors="replace").decode()


def find(
    name: str,
    read: Callable[[str], bytes],
    wanted: str,
    meta: ReportMeta,
    notes: Sequence[str],
) -> StoredFile:
    """Return the matching part of ``customers.html``, ``.json`` or ``.csv``, by `read`."""
    if name == "customers.csv":
        return _tagged(rows_with(read(name), wanted))
    customers = Customers.from_json(read("customers.json"))
    if name == "customers.json":
        return _tagged(customers.matching(wanted).to_json())
    from shared.delivery.page.customers_page import PageContext, render_customers  # loads Jinja

    return _tagged(render_customers(customers, meta, PageContext(API, notes, wanted)).encode())


def rows_with(content: bytes, search: str) -> bytes:
    """Return the header, and the rows whose customer's name or tenant id contains a text."""
    header, *rows = csv.reader(StringIO(decode_text(content, _damaged), newline=""))
    columns = [header.index("Customer"), header.index("TenantId")]
    wanted = search.casefold()
    kept = StringIO()
    writer = csv.writer(kept, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(row for row in rows if any(wanted in row[n].casefold() for n in columns))
    return kept.getvalue().encode()


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"The stored list of customers cannot be read: {reason}.")


def _tagged(content: bytes) -> StoredFile:
    """Return bytes that are not stored, with the ETag that they would have if they were."""
    return StoredFile(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
