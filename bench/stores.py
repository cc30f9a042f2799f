"""
The cost of storing a window crash-safe and replaceable, compared with plain files.

Seven rollups of 10,000 sign-ins are written and read back: by plain ``open().write()``, which
leaves half a file if the process is killed, and by the local store with its ledger. Both encode and
decode them.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

from shared.mfa.rollup import Rollup
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.mfa.window import LedgerEntry, Slice, SliceState
from shared.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.stores.store import Store

ENDING = date(2026, 11, 23)
DAYS = 7
SIGN_INS = 10_000  #: a day
RUNS = 5
TENANT = str(UUID(int=1))
AT = datetime(2026, 11, 24, 2, tzinfo=UTC)


def run() -> None:
    """Print the figures."""
    rollups = {ENDING - timedelta(days=back): _rollup(back) for back in range(DAYS)}
    size = sum(len(rollup.to_bytes()) for rollup in rollups.values()) / DAYS
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        plain.mkdir()
        store = open_store("local", folder=Path(folder) / "store")
        figures = {
            "write": (
                _best(lambda _: _write_plain(plain, rollups)),
                _best(lambda again: _write_store(store, rollups, again)),
            ),
            "read": (
                _best(lambda _: _read_plain(plain, rollups)),
                _best(lambda _: _read_store(store, rollups)),
            ),
        }
    print(f"{DAYS} days of {SIGN_INS:,} sign-ins, {size / 1000:,.0f} kB a day as stored")
    for name, (bare, kept) in figures.items():
        cost = f"{bare * 1000:5.0f} ms plain, {kept * 1000:5.0f} ms local store"
        print(f"  {name:5} a window  {cost}, {kept / bare:.2f} x")


def _best(work: Callable[[int], None]) -> float:
    """Elapsed seconds, the least of some runs; forcing data to disk is most of the difference."""
    seconds = []
    for again in range(RUNS):
        started = time.perf_counter()
        work(again)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _write_plain(folder: Path, rollups: dict[date, Rollup]) -> None:
    for day, rollup in rollups.items():
        (folder / f"{day}.rollup").write_bytes(rollup.to_bytes())


def _read_plain(folder: Path, rollups: dict[date, Rollup]) -> None:
    for day, rollup in rollups.items():
        read = Rollup.from_bytes((folder / f"{day}.rollup").read_bytes())
        assert len(read) == len(rollup)


def _write_store(store: Store, rollups: dict[date, Rollup], again: int) -> None:
    at = f"{AT + timedelta(seconds=again):%Y-%m-%dT%H:%M:%SZ}"
    for day, rollup in rollups.items():
        slice_ = Slice(TENANT, day)
        store.save_slice(LedgerEntry(slice_, SliceState.COMPLETE, "bench", at, len(rollup)), rollup)


def _read_store(store: Store, rollups: dict[date, Rollup]) -> None:
    for day, rollup in rollups.items():
        read = store.rollup(Slice(TENANT, day))
        assert read is not None
        assert len(read) == len(rollup)


def _rollup(back: int) -> Rollup:
    return Rollup(_sign_ins(ENDING - timedelta(days=back), back * SIGN_INS))


def _sign_ins(day: date, first: int) -> Iterator[SignIn]:
    return (sign_in(day, n) for n in range(first, first + SIGN_INS))


def sign_in(day: date, n: int) -> SignIn:
    """The `n`-th sign-in of all, which is on that day."""
    user, session = n % 500, n % 3_000
    return SignIn(
        created_at=f"{day}T{n % 24:02}:{n % 60:02}:{n // 7 % 60:02}.{n % 10_000_000:07}Z",
        id=str(UUID(int=n << 64 | n * 2_654_435_761)),
        tenant_id=TENANT,
        event=SignInEventType.NON_INTERACTIVE,
        error_code=0,
        requirement=Requirement.MULTI,
        steps=Evidence.SATISFIED,
        user_id=str(UUID(int=user)),
        upn=f"user{user}@contoso.example",
        user_name=f"User {user}",
        app_id=str(UUID(int=n % 9)),
        app_name="Control Panel",
        ip_address=f"198.51.100.{user % 250}",
        correlation_id=str(UUID(int=n * 40_503)),
        session_id=str(UUID(int=session)),
    )


if __name__ == "__main__":
    run()
