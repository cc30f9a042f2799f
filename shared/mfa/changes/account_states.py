"""
The state of each account on the day of a report, and since when it has it.

Stored with each report, and made from the accounts of the day and what the newest earlier report
stored. Between two stored days nothing is known, so such a state has begun on its first known day
at the latest. No name is in here: only object ids, states and days.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import date, timedelta
from functools import cache, cached_property
from itertools import chain
from typing import TYPE_CHECKING, Self

import msgspec

from shared.decoding import decode_json, inflate
from shared.errors import DamagedError, NewerError
from shared.mfa.accounts.enforcement import Enforcement

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from shared.mfa.accounts.assessment import AccountClass, JudgedAccounts

VERSION = 1
DISABLED = "disabled"
UNKNOWN = Enforcement.UNKNOWN.value
OPEN = frozenset({Enforcement.CONDITIONAL.value, Enforcement.UNPROTECTED.value})
#: Up to so many accounts, every one is listed. Of more, those that are open or unknown are, and
#: those whose state changed within the last weeks.
MOST_LISTED = 50_000
_RECENTLY = timedelta(days=30)


class StateSince(msgspec.Struct, frozen=True):
    """The state of an account, and since when it has it."""

    state: str  #: an `Enforcement`, or `DISABLED`
    since: date  #: the first known day
    is_exact: bool = False  #: whether it is known that it had another one the day before
    open_since: date | None = None  #: since when MFA is not enforced; `None` if it is, or unknown
    is_open_exact: bool = False

    @property
    def is_open(self) -> bool:
        """Whether MFA is certainly not enforced for an enabled account."""
        return self.state in OPEN


class _Group(msgspec.Struct, frozen=True):
    """Accounts with the same state since the same day."""

    state: StateSince
    ids: list[str]  #: object ids in lower case, sorted


class _StatesVersion(msgspec.Struct, frozen=True):
    version: int


class AccountStates(msgspec.Struct, frozen=True, dict=True):
    """The accounts of one day."""

    ending: date
    is_whole: bool  #: whether every account is listed
    groups: list[_Group]
    version: int = VERSION

    @classmethod
    def of(
        cls,
        accounts: JudgedAccounts,
        ending: date,
        before: AccountStates | None = None,
        most_listed: int = MOST_LISTED,
    ) -> Self:
        """The states of a day's accounts; `before` is what the newest earlier day stored."""
        earlier = before if before and before.ending < ending else None
        is_whole = len(accounts) <= most_listed
        listed = earlier.by_id if earlier else {}
        groups: defaultdict[StateSince, list[str]] = defaultdict(list)

        @cache
        def since(state: str, last: StateSince | None) -> StateSince:
            return _since(state, last, ending, earlier)

        for object_id, state in _states(accounts):
            found = since(state, listed.get(object_id))
            if is_whole or _is_kept(found, ending):
                groups[found].append(object_id)
        ordered = sorted(groups.items(), key=lambda group: repr(group[0]))
        return cls(ending, is_whole, [_Group(state, sorted(ids)) for state, ids in ordered])

    @cached_property
    def by_id(self) -> Mapping[str, StateSince]:
        """The listed accounts, by object id in lower case."""
        return {object_id: group.state for group in self.groups for object_id in group.ids}

    @cached_property
    def open(self) -> frozenset[str]:
        """The accounts without MFA enforced."""
        return self._where(OPEN)

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The accounts of which it is unknown."""
        return self._where({UNKNOWN})

    def _where(self, states: Container[str]) -> frozenset[str]:
        found = (group.ids for group in self.groups if group.state.state in states)
        return frozenset(chain.from_iterable(found))

    def of_account(self, object_id: str) -> StateSince | None:
        """The state of one account; `None` if it is not listed. Quick for a single question."""
        wanted = object_id.lower()
        return next((group.state for group in self.groups if wanted in group.ids), None)

    def to_bytes(self) -> bytes:
        """Compressed bytes, the same for equal states; object ids are personal data."""
        return gzip.compress(msgspec.json.encode(self), 3, mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` gave; raises `DamagedError`, or `NewerError` for a later version."""
        content = inflate(data, _damaged)
        version = decode_json(content, _StatesVersion, _damaged).version
        if version > VERSION:
            raise NewerError.of("Stored states of accounts have version", version, VERSION)
        return decode_json(content, cls, _damaged)


def state_of(accounts: JudgedAccounts, object_id: str) -> str | None:
    """The state of one account; `None` if it is not in the directory."""
    index = accounts.membership.roster.index_of(object_id)
    return None if index is None else _state(accounts.class_of(index))


def name_of(accounts: JudgedAccounts, object_id: str) -> str:
    """The name of one account, or its id."""
    roster = accounts.membership.roster
    index = roster.index_of(object_id)
    return object_id if index is None else roster.users[index].user_principal_name or object_id


def _state(found: AccountClass) -> str:
    enforcement = found.judgement.enforcement
    return enforcement.value if enforcement else DISABLED


def _states(accounts: JudgedAccounts) -> Iterator[tuple[str, str]]:
    """Each account's id and state."""
    by_class = [_state(found) for found in accounts.classes]
    for index, user in enumerate(accounts.membership.roster.users):
        yield user.id.lower(), by_class[accounts.class_index(index)]


def _since(
    state: str, last: StateSince | None, ending: date, before: AccountStates | None
) -> StateSince:
    """A state with its first day: that of `last`, which `before` lists, if it is still the same."""
    if last is None or last.state != state:
        begins = StateSince(state, ending, is_exact=_is_known_before(last, ending, before))
    else:
        begins = StateSince(state, last.since, is_exact=last.is_exact)
    if not begins.is_open:
        return begins
    if last is not None and last.is_open:
        since, is_exact = last.open_since or last.since, last.is_open_exact
    else:
        since, is_exact = begins.since, begins.is_exact
    return msgspec.structs.replace(begins, open_since=since, is_open_exact=is_exact)


def _is_known_before(last: StateSince | None, ending: date, before: AccountStates | None) -> bool:
    """Whether it is known of an account how it was the day before, or that it was not there."""
    if before is None or before.ending + timedelta(days=1) != ending:
        return False
    return before.is_whole if last is None else last.state != UNKNOWN


def _is_kept(found: StateSince, ending: date) -> bool:
    """Whether an account of very many is listed."""
    is_recent = found.is_exact and ending - found.since < _RECENTLY
    return found.is_open or found.state == UNKNOWN or is_recent


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"Stored states of accounts cannot be read: {reason}.")
