"""
Reading sign-in records: our code, DuckDB and plain ways, with the same results, and floors.

Each way counts Partner Center's sign-ins by day, application, requirement and error code, on one
core. DuckDB gets the columns it needs, and is told that the JSON values are records, which saves
0.7 s of sampling.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from bench._floors import HAS_COMPILER, HAS_ISAL, inflating, lines_floor, typed
from bench.frame import Given, Row, Way, Work
from bench.generate import API, PORTAL, write_lines, write_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.mfa.sign_in import SignIn

SEED = 2
FILES = {"lines": "lines.json", "pages": "pages.json", "gzip": "lines.json.gz"}

Counts = dict[str, int]  #: "day application requirement error", and how many


def written(layout: str, share: float) -> Callable[[Given], None]:
    """A function that writes the records of one layout; `share` of them are Partner Center's."""
    write = write_pages if layout == "pages" else write_lines
    return lambda given: write(given.folder / FILES[layout], given.size, share, seed=SEED)


def _counting(load: Callable[[], Callable[[Path], Counts]]) -> Callable[[Given], Work]:
    """A way that counts what is in the one file of the folder; `load` imports what it needs."""

    def make(given: Given) -> Work:
        count = load()
        (file,) = given.folder.iterdir()
        return lambda: count(file)

    return make


def _ours() -> Callable[[Path], Counts]:
    from shared.mfa.scope import Scope
    from shared.sources.files.exports import read_exports

    def count(path: Path) -> Counts:
        counts: Counter[str] = Counter()

        def take(sign_in: SignIn) -> None:
            counts[
                f"{sign_in.day} {sign_in.app_id} {sign_in.requirement.value} {sign_in.error_code}"
            ] += 1

        read_exports([path], Scope().ids, take)
        return dict(counts)

    return count


def _standard_library() -> Callable[[Path], Counts]:
    def count(path: Path) -> Counts:
        counts: Counter[str] = Counter()
        for record in _records(path):
            if record["appId"].lower() == PORTAL or record["resourceId"].lower() == API:
                day, code = record["createdDateTime"][:10], record["status"]["errorCode"]
                counts[f"{day} {record['appId']} {record['authenticationRequirement']} {code}"] += 1
        return dict(counts)

    return count


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for line in lines:
            values = json.loads(line)
            yield from values["value"] if "value" in values else [values["properties"]]


_FIELDS = (
    "createdDateTime VARCHAR, appId VARCHAR, resourceId VARCHAR, "
    "authenticationRequirement VARCHAR, status STRUCT(errorCode INTEGER)"
)
_PAGES = f"""
    SELECT unnest(value) AS r FROM read_json($path, format = 'newline_delimited',
        columns = {{value: 'STRUCT({_FIELDS})[]'}}, records = true)
"""
_LINES = f"""
    SELECT properties AS r FROM read_json($path, format = 'newline_delimited',
        columns = {{properties: 'STRUCT({_FIELDS})'}}, records = true)
"""
_COUNT = """
    SELECT concat_ws(' ', r.createdDateTime[:10], r.appId, r.authenticationRequirement,
                     r.status.errorCode), count(*)
    FROM ({records}) WHERE lower(r.appId) = $portal OR lower(r.resourceId) = $api GROUP BY ALL
"""


def _duckdb(given: Given) -> Work:
    import duckdb

    database = duckdb.connect(config={"threads": 1})
    (file,) = given.folder.iterdir()
    query = _COUNT.format(records=_PAGES if file.name == FILES["pages"] else _LINES)
    values = {"path": str(file), "portal": PORTAL, "api": API}
    return lambda: dict(database.execute(query, values).fetchall())


#: What our records hold, which all go to Python as rows.
_ALL_FIELDS = """
    id VARCHAR, createdDateTime VARCHAR, userDisplayName VARCHAR, userPrincipalName VARCHAR,
    userId VARCHAR, appId VARCHAR, appDisplayName VARCHAR, ipAddress VARCHAR,
    status STRUCT(errorCode INTEGER, additionalDetails VARCHAR), correlationId VARCHAR,
    appliedConditionalAccessPolicies JSON, isInteractive BOOLEAN, resourceDisplayName VARCHAR,
    resourceId VARCHAR, authenticationRequirement VARCHAR, servicePrincipalName VARCHAR,
    authenticationDetails STRUCT(authenticationMethod VARCHAR,
                                 authenticationStepResultDetail VARCHAR)[],
    sessionId VARCHAR, signInEventTypes VARCHAR[]
"""
_ROWS = f"""
    SELECT r.createdDateTime, r.appId, r.authenticationRequirement, r.status, r.*
    FROM (SELECT properties AS r FROM read_json($path, format = 'newline_delimited',
        columns = {{properties: 'STRUCT({_ALL_FIELDS})'}}, records = true))
"""


def _duckdb_rows(given: Given) -> Work:
    import duckdb

    database = duckdb.connect(config={"threads": 1})
    (file,) = given.folder.iterdir()

    def count() -> Counts:
        rows = database.execute(_ROWS, {"path": str(file)}).fetchall()
        names = (f"{row[0][:10]} {row[1]} {row[2]} {row[3]['errorCode']}" for row in rows)
        return dict(Counter(names))

    return count


OURS = Way("ours", _counting(_ours))
STANDARD_LIBRARY = Way("standard library", _counting(_standard_library))
TYPED = Way("msgspec", typed)
NATIVE = (Way("native floor", lines_floor, at_most=1.43, is_compared=False),)
ISAL = (Way("inflating with isal", inflating, at_most=1.5, is_compared=False),)

ROWS = [
    Row(
        what="NDJSON, 1 % of the records wanted",
        before="1.6 x of DuckDB, 41 % of the floor",
        size=100_000,
        short_size=200,
        prepare=written("lines", 0.01),
        ours=OURS,
        others=(
            *(Way("DuckDB", _duckdb, at_least=2.5), TYPED, STANDARD_LIBRARY),
            *(NATIVE if HAS_COMPILER else ()),
        ),
    ),
    Row(
        what="NDJSON, 100 % of the records wanted",
        before="0.6 x of DuckDB (as rows to Python)",
        size=20_000,
        short_size=200,
        prepare=written("lines", 1.0),
        ours=OURS,
        others=(Way("DuckDB, as rows", _duckdb_rows, at_least=1.2), TYPED, STANDARD_LIBRARY),
    ),
    Row(
        what="Graph pages, 1 % of the records wanted",
        before="0.30 x of a plain typed decode",
        size=30_000,
        short_size=200,
        prepare=written("pages", 0.01),
        ours=OURS,
        others=(TYPED._replace(at_least=1), Way("DuckDB", _duckdb), STANDARD_LIBRARY),
    ),
    Row(
        what="Graph pages, 100 % of the records wanted",
        before="0.30 x of a plain typed decode",
        size=20_000,
        short_size=200,
        prepare=written("pages", 1.0),
        ours=OURS,
        others=(TYPED._replace(at_least=1), Way("DuckDB", _duckdb), STANDARD_LIBRARY),
    ),
    Row(
        what="NDJSON as gzip, 1 % of the records wanted",
        before="3.8 x of what isal takes to inflate",
        size=50_000,
        short_size=200,
        prepare=written("gzip", 0.01),
        ours=OURS,
        others=(*(ISAL if HAS_ISAL else ()), Way("DuckDB", _duckdb), TYPED, STANDARD_LIBRARY),
    ),
]
