"""
The cost of storing a window crash-safe and replaceable, compared with plain files.

Seven rollups are written and read back: by plain ``open().write()``, which leaves half a file if
the process is killed, and by the local store with its ledger. Both encode and decode them.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from bench.frame import Amount, Given, Row, Way
from shared.mfa.rollup import Rollup
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.mfa.window import LedgerEntry, Slice, SliceState
from shared.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

ENDING = date(2026, 11, 23)
DAYS = 7
TENANT = str(UUID(int=1))
AT = f"{datetime(2026, 11, 24, 2, tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}"


def _plain(given: Given) -> Callable[[], Amount]:
    return _written_and_read(
        given,
        lambda day, rollup: (given.folder / f"{day}.rollup").write_bytes(rollup.to_bytes()),
        lambda day: Rollup.from_bytes((given.folder / f"{day}.rollup").read_bytes()),
    )


def _ours(given: Given) -> Callable[[], Amount]:
    store = open_store("local", folder=given.folder / "store")

    def write(day: date, rollup: Rollup) -> None:
        slice_ = Slice(TENANT, day)
        store.save_slice(LedgerEntry(slice_, SliceState.COMPLETE, "bench", AT, len(rollup)), rollup)

    return _written_and_read(given, write, lambda day: store.rollup(Slice(TENANT, day)))


def _written_and_read(
    given: Given, write: Callable[[date, Rollup], object], read: Callable[[date], Rollup | None]
) -> Callable[[], Amount]:
    """Elapsed seconds: forcing data to disk is most of the difference."""
    rollups = {ENDING - timedelta(days=back): _rollup(back, given.size) for back in range(DAYS)}

    def work() -> Amount:
        start = time.perf_counter()
        for day, rollup in rollups.items():
            write(day, rollup)
        found = [len(read(day) or ()) for day in rollups]
        return Amount(found, time.perf_counter() - start)

    return work


def _rollup(back: int, size: int) -> Rollup:
    day, first = ENDING - timedelta(days=back), back * size
    return Rollup(sign_in(day, n) for n in range(first, first + size))


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


ROWS = [
    Row(
        what="Writing and reading a window in the local store, sign-ins a day",
        before="not recorded",
        size=10_000,
        short_size=20,
        ours=Way("ours", _ours),
        others=(Way("plain files", _plain, at_most=1.5),),
        unit="ms",
    )
]
