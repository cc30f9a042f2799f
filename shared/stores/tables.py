"""
The tables for people: what each report says of a day, as typed rows.

Here they are read to see what differs, and for the history of one customer. A day of a table is
written as a whole, by the report that ends nearest to that day: of a missed run, days are there all
the same, and of several reports it does not matter which is made last. All is written before the
row that makes the report current, so a crash between leaves a report that is owed, and is made
again with all of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from shared.decoding import unreadable_as
from shared.errors import BadInputError, ConflictError, DamagedError
from shared.stores.medium import TableDay, as_text, column_name
from shared.stores.names import is_later, one_line, row_key, safe_day, stamp
from shared.stores.table_rows import TABLES, TableRow

if TYPE_CHECKING:
    from shared.stores.medium import Medium

T = TypeVar("T", bound=msgspec.Struct)
Cell: TypeAlias = "str | int | float | bool | datetime"
#: Rows of a report by table and day; a day with no rows is a day of which there are none.
Figures: TypeAlias = Mapping[str, Mapping[date, Sequence[TableRow]]]

ENDING, GENERATED = "ReportEnding", "GeneratedAt"  #: of the report that wrote the row
_ATTEMPTS = 20  #: how often other writers may come first before a write is given up


def replace_figures(
    medium: Medium, tenant_id: str, ending: date, generated_at: str, figures: Figures
) -> None:
    """Write a report's figures, where no other report has more to say of the day."""
    marks: dict[str, Cell] = {ENDING: _midnight(ending), GENERATED: _instant(generated_at)}
    with medium.exclusive():
        for table in TABLES:
            days = figures.get(table, {})
            if not days:
                continue
            since, before = safe_day(min(days)), safe_day(max(days) + timedelta(days=1))
            stored = medium.table_days(table, tenant_id, since, before)
            for day, rows in days.items():
                wanted = {row_key(safe_day(day), row.name): _cells(row) | marks for row in rows}
                _replace_day(medium, (table, tenant_id, safe_day(day)), stored, wanted, marks)


def _replace_day(
    medium: Medium,
    where: tuple[str, str, str],
    found: Mapping[str, TableDay],
    wanted: Mapping[str, Mapping[str, Cell]],
    marks: Mapping[str, Cell],
) -> None:
    table, tenant_id, day = where
    next_day = safe_day(date.fromisoformat(day) + timedelta(days=1))
    for _ in range(_ATTEMPTS):
        stored = found.get(day, TableDay())
        if any(_comes_first(row, day, marks) for row in stored.rows.values()):
            return
        try:
            medium.put_table_day(table, tenant_id, day, wanted, over=stored)
        except ConflictError:
            found = medium.table_days(table, tenant_id, day, next_day)
            continue
        return
    raise ConflictError(f"{table}/{tenant_id}/{day} cannot be written: others keep coming first.")


def _comes_first(row: Mapping[str, object], day: str, marks: Mapping[str, Cell]) -> bool:
    """Whether a stored row is of a report that ends nearer to its day, or was made later."""
    ending, ours = str(row.get(ENDING, "")), str(as_text(marks[ENDING]))
    if ending != ours:
        return day <= ending < ours
    try:
        stored = stamp(str(row.get(GENERATED, "")))
    except BadInputError:
        return False
    return is_later(stored, stamp(str(as_text(marks[GENERATED]))))


def _cells(row: TableRow) -> dict[str, Cell]:
    """The columns of a row that have a value."""
    values = msgspec.structs.asdict(row)
    return {column_name(name): _cell(value) for name, value in values.items() if value is not None}


def from_cells(cells: Mapping[str, object], kind: type[T]) -> T:
    """The value of that type in a stored row, with dates for days."""
    values = {
        field: cells[column_name(field)]
        for field in kind.__struct_fields__
        if cells.get(column_name(field)) is not None
    }
    if "day" in values:
        values["day"] = str(values["day"])[: len("2026-11-23")]
    with unreadable_as(lambda reason: DamagedError(f"A row cannot be read: {reason}.")):
        return msgspec.convert(values, kind)


def _cell(value: str | float | date) -> Cell:
    if isinstance(value, str):
        return one_line(value)
    return _midnight(value) if type(value) is date else value  # type: ignore[return-value]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"Invalid time {text!r}; expected ISO 8601.") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
