"""
Customers that answer to a search, as page, JSON or CSV.

The one place where an answer is computed, as there are too many searches to store them all. It is
still no new figure: what is stored is read back, and some of it left out.
"""

from __future__ import annotations

import csv
import hashlib
from http import HTTPStatus
from io import StringIO
from typing import TYPE_CHECKING

from shared.delivery.files.customers import Customers
from shared.service.addresses import API
from shared.service.http.answers import RefusedError
from shared.stores.models import StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.mfa.assessment import ReportMeta

LONGEST_SEARCH = 100  #: characters


def searched_for(search: str) -> str:
    """
    What is looked for; empty for all there is. `RefusedError` (400) where it is too long.

    Names hold no surrogates, and a page could not be encoded with one.
    """
    if len(search) > LONGEST_SEARCH:
        sentence = f"search is longer than {LONGEST_SEARCH} characters."
        raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
    return search.strip().encode(errors="replace").decode()


def find(
    name: str,
    read: Callable[[str], bytes],
    wanted: str,
    meta: ReportMeta,
    notes: Sequence[str],
) -> StoredFile:
    """What is left of ``customers.html``, ``.json`` or ``.csv``; `read` gives a stored file."""
    if name == "customers.csv":
        return _tagged(rows_with(read(name), wanted))
    customers = Customers.from_json(read("customers.json"))
    if name == "customers.json":
        return _tagged(customers.matching(wanted).to_json())
    from shared.delivery.page.customers_page import PageContext, render_customers  # loads Jinja

    return _tagged(render_customers(customers, meta, PageContext(API, notes, wanted)).encode())


def rows_with(content: bytes, search: str) -> bytes:
    """The heading, and the rows that hold a text in their customer's name or tenant id."""
    heading, *rows = csv.reader(StringIO(content.decode(), newline=""))
    columns = [heading.index("Customer"), heading.index("TenantId")]
    wanted = search.casefold()
    kept = StringIO()
    writer = csv.writer(kept, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows(row for row in rows if any(wanted in row[n].casefold() for n in columns))
    return kept.getvalue().encode()


def _tagged(content: bytes) -> StoredFile:
    """Bytes that are stored nowhere, with the tag that they would have if they were."""
    return StoredFile(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
