"""One tenant, the partner's or a customer's: its source, daily run, runs and directory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from shared.clock import timestamp
from shared.errors import BadInputError, BadSettingError
from shared.mfa.accounts.second_opinion import SecondOpinion
from shared.mfa.accounts.verification import questions
from shared.service.daily import Daily
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.once import once
from shared.service.pace_lease import LeasedPace, PaceLease
from shared.service.runs import Runs
from shared.service.sign_in_sources import SourceContext, open_source, reading_budget
from shared.sources.files.documents import read_directory
from shared.sources.files.exceptions_file import read_exceptions
from shared.sources.graph.directory import read_directory_from_graph
from shared.sources.graph.session import GraphSession
from shared.sources.graph.what_if import ask_what_if

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.mfa.accounts.directory import Directory
    from shared.mfa.accounts.exceptions import AcceptedException
    from shared.service.access import TenantAccess
    from shared.service.messages import Message
    from shared.settings import Settings
    from shared.sources import SignInSource
    from shared.sources.graph.collected_directory import CollectedDirectory
    from shared.sources.pacing import Budget, Pace
    from shared.stores.store import Store


class Tenant:
    """
    What is done for one tenant; each part is made once, when it is first needed.

    `access` and `store` are opened on first use too, so that a setting which a step does not need
    never stops it.
    """

    def __init__(  # noqa: PLR0913 (plain values, each named where it is called)
        self,
        tenant_id: str,
        settings: Settings,
        *,
        access: Callable[[], TenantAccess],
        store: Callable[[], Store],
        now: Callable[[], datetime],
        send: Callable[[Sequence[Message]], None],
        name: str | None = None,
        is_read_elsewhere: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Without a `name`, the tenant has the name that its directory gives.

        `is_read_elsewhere`: whether other processes may read it too, over the same store.
        """
        self.id = tenant_id
        self.lock = threading.RLock()
        self._settings = settings
        self._access = access
        self._store = store
        self._now = now
        self._send = send
        self._name = name
        self._is_read_elsewhere = is_read_elsewhere

    @once
    def access(self) -> TenantAccess:
        """How the tenant is reached; shared by all that is read from it in this process."""
        return self._access()

    @once
    def source(self) -> SignInSource:
        """Where its sign-ins come from; any number of threads may read from it."""
        leased = self._leased if self._is_read_elsewhere() else None
        return open_source(
            SourceContext(self.id, self._settings, lambda: self.access, self._now, leased)
        )

    @once
    def daily(self) -> Daily:
        """The steps of its daily run."""
        settings = self._settings
        return Daily(
            tenant_id=self.id,
            tenant_name=self._name,
            source=self.source,
            store=self._store(),
            scope=settings.scope,
            rule=settings.rule,
            settle_days=settings.settle_days,
            now=self._now,
            read_directory=self.read_directory,
            csp_anniversary_month=settings.csp_anniversary_month,
            cloud=settings.cloud.value,
        )

    @once
    def runs(self) -> Runs:
        """The runs that somebody starts for it."""
        settings = self._settings
        return Runs(self.daily, self._send, settings.runs_per_hour, settings.detail_retention_days)

    def read_directory(self) -> DirectorySnapshot:
        """
        Read the directory, from `DIRECTORY_FILE` or Graph, and judge every account.

        With `WHAT_IF`, Entra is asked for a second opinion about one that was read from Graph.
        """
        # First, so that an invalid file stops this before reading.
        exceptions = exceptions_in_file(self._settings.exceptions_file)
        if path := self._settings.directory_file:
            directory = directory_in_file(path, self.id)
            return DirectorySnapshot(directory, self._settings.scope, exceptions=exceptions)
        budget = reading_budget()
        snapshot = self.judged(self.pull_directory(budget), exceptions)
        return self.verified(snapshot, budget) if self._settings.what_if else snapshot

    def judged(
        self, pulled: CollectedDirectory, exceptions: tuple[AcceptedException, ...] | None = None
    ) -> DirectorySnapshot:
        """Judge every account of a directory that was just pulled."""
        return DirectorySnapshot(
            pulled.directory,
            self._settings.scope,
            read_at=timestamp(self._now()),
            notes=pulled.notes,
            exceptions=exceptions,
            granted=pulled.granted,
        )

    def verified(
        self,
        snapshot: DirectorySnapshot,
        budget: Budget | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> DirectorySnapshot:
        """Ask Entra's What If about one account of each class, and judge again."""
        asked = questions(snapshot.accounts, self._settings.scope)
        with self.access.open_graph() as graph:
            session = GraphSession(
                graph,
                self.access.limits,
                budget or reading_budget(),
                self.access.licence,
                clock=self.access.clock,
            )
            given = ask_what_if(session, asked.sign_ins, on_progress)
        note = " ".join(filter(None, [*given.notes, asked.note]))
        return snapshot.with_second_opinion(SecondOpinion(given.answers), note)

    def pull_directory(self, budget: Budget | None = None) -> CollectedDirectory:
        """Pull users, policies and customers, as far as Graph allows it."""
        from msgspec.structs import replace

        with self.access.open_graph() as graph:
            pulled = read_directory_from_graph(
                graph,
                limits=self.access.limits,
                budget=budget or reading_budget(),
                licence=self.access.licence,
                clock=self.access.clock,
                has_customers=self.access.has_customers,
                cloud=self.access.login.cloud,
            )
            return replace(pulled, granted=graph.granted_roles())

    def _leased(self, pace: Pace) -> Pace:
        return LeasedPace(pace, PaceLease(self._store(), self.id, self._now))


def directory_in_file(path: str, tenant_id: str) -> Directory:
    """
    Read what ``DIRECTORY_FILE`` names.

    Raises `BadSettingError` if it is not a directory, or not that of the tenant, if one is given.
    """
    try:
        directory = read_directory(Path(path))
    except BadInputError as error:
        raise BadSettingError(f"Setting DIRECTORY_FILE cannot be used: {error}") from error
    found = ((directory.organization and directory.organization.id) or "").lower()
    if found and tenant_id and found != tenant_id:
        raise BadSettingError(
            f"Setting DIRECTORY_FILE is {path!r}, the directory of tenant {found}; expected that "
            f"of tenant {tenant_id}."
        )
    return directory


def exceptions_in_file(path: str) -> tuple[AcceptedException, ...] | None:
    """Read the accepted exceptions in the file that ``EXCEPTIONS_FILE`` names, if it does."""
    try:
        return read_exceptions(Path(path)) if path else None
    except BadInputError as error:
        raise BadSettingError(f"Setting EXCEPTIONS_FILE cannot be used: {error}") from error
