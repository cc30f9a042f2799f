"""How many times as fast a page is read as by the models of Graph's SDK (10 s to import)."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.generate import graph_records
from shared.sources.records.pages import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS, RUNS = 100, 5


def run() -> None:
    """Print the time of a record in both ways, and the ratio: lowest, median, highest."""
    from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
    from msgraph.generated.models.sign_in_collection_response import SignInCollectionResponse

    page = b'{"value":[' + b",".join(graph_records(RECORDS, 0.01, seed=2)) + b"]}"

    def models() -> None:
        node = JsonParseNodeFactory().get_root_parse_node("application/json", page)
        response = node.get_object_value(SignInCollectionResponse)
        if not response or len(response.value or []) != RECORDS:
            raise AssertionError("the SDK has read another number of records")

    models()  # imports what it needs
    theirs = [_seconds(models) for _ in range(RUNS)]
    ours = [_seconds(lambda: parse_page(page)) for _ in range(RUNS)]
    for name, times in (("the SDK's models", theirs), ("ours", ours)):
        spread = (f"{1e6 * each(times) / RECORDS:,.1f}" for each in (min, median, max))
        print(f"{name}: {' / '.join(spread)} µs a record")
    print(f"ratio: {median(theirs) / median(ours):,.0f}; wanted: 1,000")


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
