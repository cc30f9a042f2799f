"""Accounts from Graph, with their per-user MFA states from whichever API gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from shared.errors import OutOfTimeError, SourceDeniedError, SourceError, SourceIncompleteError
from shared.mfa.accounts.directory import PerUserMfaState, User
from shared.sources.graph.answers import RejectedError
from shared.sources.graph.pages import read_list, shaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.sources.graph.batch import BatchItem
    from shared.sources.graph.session import GraphSession

USERS_PERMISSION = "User.Read.All"
STATES_PERMISSION = "Policy.Read.All"
PAGE_ROWS = 999  #: maximum of ``$top`` for directory objects

_STATE = "perUserMfaState"
_PROPERTIES = (
    *("id", "userPrincipalName", "displayName", "accountEnabled", "userType"),
    *("creationType", "externalUserState", "onPremisesSyncEnabled", "createdDateTime"),
)


class ListedUser(User, frozen=True, gc=False):
    """A user with further properties that are useful to readers of the directory file."""

    on_premises_sync_enabled: bool | None = None
    created_date_time: str | None = None


class PerUserStates(msgspec.Struct, frozen=True):
    """The per-user MFA states that were read, by user id, and why some were not."""

    by_id: dict[str, PerUserMfaState]
    unread: int = 0  #: number of enabled accounts whose state is unknown
    error: SourceError | None = None  #: the first one


class _Requirements(msgspec.Struct, frozen=True, rename="camel"):
    per_user_mfa_state: PerUserMfaState | None = None


def read_users(session: GraphSession) -> list[ListedUser]:
    """
    Every account, including disabled ones and guests; without them there is no directory.

    v1.0 gives the per-user MFA state in bulk if it is selected (CIPP-API has relied on it for
    years), but this is undocumented: if Graph refuses, the users are read without it.
    """
    reader = session.reader(USERS_PERMISSION)
    try:
        try:
            return read_list(reader, _users_url(session, *_PROPERTIES, _STATE), ListedUser)
        except (RejectedError, SourceDeniedError):
            return read_list(reader, _users_url(session, *_PROPERTIES), ListedUser)
    except OutOfTimeError as error:
        raise SourceIncompleteError(
            "The users were not read to the end: the execution's time is used up."
        ) from error


def read_states(session: GraphSession, users: Sequence[User]) -> PerUserStates:
    """
    The states that came with the users, and those of the other enabled accounts one by one.

    The latter are read from beta ``/users/{id}/authentication/requirements``, twenty to a batch. A
    state that could not be read is unknown. If a whole batch is denied, no further one is sent,
    since all of them take the same permission.
    """
    by_id = {user.id: user.per_user_mfa_state for user in users if user.per_user_mfa_state}
    user_ids = {
        f"/users/{quote(user.id, safe='')}/authentication/requirements": user.id
        for user in users
        if user.id not in by_id and user.account_enabled is not False
    }
    first: SourceError | None = None
    try:
        for items in session.batch(STATES_PERMISSION).read(user_ids, "beta"):
            by_id |= {user_ids[path]: state for path, it in items.items() if (state := _state(it))}
            errors = [item.error for item in items.values() if item.error]
            first = first or next(iter(errors), None)
            if len(errors) == len(items) and _is_denial(errors):
                break
    except SourceError as error:
        first = first or error
    unread = sum(user_id not in by_id for user_id in user_ids.values())
    return PerUserStates(by_id, unread, first)


def with_states(users: Sequence[ListedUser], states: PerUserStates) -> list[ListedUser]:
    """The users, with the missing states filled in where they were read."""
    return [
        msgspec.structs.replace(user, per_user_mfa_state=states.by_id[user.id])
        if user.per_user_mfa_state is None and user.id in states.by_id
        else user
        for user in users
    ]


def _users_url(session: GraphSession, *properties: str) -> str:
    return session.url(f"/users?$select={','.join(properties)}&$top={PAGE_ROWS}")


def _state(item: BatchItem) -> PerUserMfaState | None:
    if item.body is None:
        return None
    return shaped(item.body, _Requirements).per_user_mfa_state


def _is_denial(errors: Sequence[SourceError]) -> bool:
    return all(isinstance(error, SourceDeniedError) for error in errors)
