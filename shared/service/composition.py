"""
Builds what triggers and commands need out of the settings: each part once, when first needed.

The only place that knows which implementation a setting stands for. The imports are as lazy as the
parts: a request for a stored page pays for the store and nothing else.
"""

from __future__ import annotations

import atexit
import logging
import threading
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from shared.clock import utc_now
from shared.errors import BadInputError, BadSettingError
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure.core.credentials import TokenCredential

    from shared.delivery.mail.mailer import Mailer
    from shared.endpoints import Cloud, Endpoint
    from shared.identity import Login
    from shared.mfa.accounts.exceptions import AcceptedException
    from shared.mfa.report import Report
    from shared.service.daily import Daily
    from shared.service.directory_snapshot import DirectorySnapshot
    from shared.service.http.callers import Caller
    from shared.service.http.report_api import ReportApi
    from shared.service.mailing import Delivery
    from shared.service.queues import QueueWork
    from shared.service.runs import Runs
    from shared.sources import SignInSource
    from shared.sources.graph.collected_directory import CollectedDirectory
    from shared.sources.pacing import Pacer
    from shared.stores.store import Store
    from simulator.simulation import Simulation

_STORAGE_SUFFIXES = {
    "global": "core.windows.net",
    "usgov": "core.usgovcloudapi.net",
    "dod": "core.usgovcloudapi.net",
    "china": "core.chinacloudapi.cn",
}
_STORAGE = (Settings.storage_account_name, Settings.storage_connection_string)
_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class _once(cached_property[_T]):  # noqa: N801 (a decorator, named as one)
    """A part that is made once, whichever thread asks first."""

    def __get__(self, instance: Service, owner: object = None) -> _T:  # type: ignore[override]
        with instance.lock:
            return super().__get__(instance)


class Service:
    """Everything that one set of settings amounts to."""

    def __init__(self, settings: Settings, *, today: date | None = None) -> None:
        """With `today` it acts as on that day; instants stay the real ones."""
        self.settings = settings
        self.lock = threading.RLock()
        self._today = today
        self._opened = ExitStack()

    @property
    def today(self) -> date:
        """The UTC day; reports end on the one before."""
        return self._today or utc_now().date()

    @_once
    def tenant_id(self) -> str:
        """The partner's; the simulated tenant has its own."""
        if self.is_simulated:
            from simulator.tenants.partner import TENANT_ID

            return TENANT_ID
        return self.settings.require(Settings.tenant_id)

    @property
    def is_simulated(self) -> bool:
        """Whether no tenant is asked at all."""
        return self.source_kind == "simulated"

    @property
    def source_kind(self) -> str:
        """``graph``, ``diagnostics``, ``exports`` or ``simulated``."""
        return self.settings.signin_source

    @property
    def storage_suffix(self) -> str:
        """How the hosts of storage accounts end in this cloud."""
        return _STORAGE_SUFFIXES[self._cloud]

    @property
    def settle_days(self) -> int:
        """How many closed days are pulled again."""
        return self.settings.settle_days

    @property
    def store_kind(self) -> str:
        """``local`` or ``azure``."""
        given = map(self.settings.is_given, _STORAGE)
        return self.settings.store or ("azure" if any(given) else "local")

    @_once
    def store(self) -> Store:
        """What is kept."""
        from shared.stores import open_store

        settings, kind = self.settings, self.store_kind
        emulator = settings.storage_connection_string
        by_identity = kind == "azure" and not emulator
        account = settings.storage_account_name if by_identity else None
        store = open_store(
            kind,
            folder=Path(settings.store_folder),
            account_name=account,
            connection_string=emulator or None,
            credential=self.credential() if account else None,
            endpoint_suffix=self.storage_suffix,
        )
        self._opened.callback(store.close)
        return store

    @_once
    def source(self) -> SignInSource:
        """Where sign-ins come from; any number of threads may read from it."""
        from shared.service.sign_in_sources import open_source

        return open_source(self)

    @_once
    def daily(self) -> Daily:
        """The daily run's steps."""
        from shared.service.daily import Daily
        from simulator.tenants.partner import TENANT_NAME

        return Daily(
            tenant_id=self.tenant_id,
            tenant_name=TENANT_NAME if self.is_simulated else None,
            source=self.source,
            store=self.store,
            scope=self.settings.scope,
            rule=self.settings.rule,
            settle_days=self.settle_days,
            now=utc_now,
            read_people=None if self.source_kind == "exports" else self.read_people,
        )

    def read_people(self) -> DirectorySnapshot:
        """The directory as Graph tells it now, every account judged."""
        from shared.service.directory_snapshot import DirectorySnapshot

        exceptions = self.exceptions()  # first: a wrong file is told before an hour of reading
        pulled = self.pull_directory()
        read_at = f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"
        return DirectorySnapshot(
            pulled.directory,
            self.settings.scope,
            read_at=read_at,
            notes=pulled.notes,
            exceptions=exceptions,
            granted=pulled.granted,
        )

    def pull_directory(self) -> CollectedDirectory:
        """Users, policies and customers, as far as Graph lets them be read."""
        from msgspec.structs import replace

        from shared.identity import open_graph
        from shared.service.graph_slices import reading_budget
        from shared.sources.graph.directory import read_directory_from_graph
        from shared.sources.graph.session import ThrottleLimits

        limits = (
            ThrottleLimits.unlimited() if self.is_simulated else ThrottleLimits(reports=self.pacer)
        )
        with open_graph(self.endpoint, self.login) as graph:
            pulled = read_directory_from_graph(
                graph,
                limits=limits,
                budget=reading_budget(),
                has_customers=self._cloud == "global",
            )
            return replace(pulled, granted=graph.granted_roles())

    @_once
    def runs(self) -> Runs:
        """Runs that somebody starts."""
        from shared.service.runs import Runs

        return Runs(self.daily, self.settings.runs_per_hour)

    @_once
    def work(self) -> QueueWork:
        """What timers and queue functions do."""
        from shared.service.queues import QueueWork

        return QueueWork(self.daily, self.runs)

    def desk(self, headers: Mapping[str, str]) -> ReportApi:
        """What answers one HTTP request, if its caller may have an answer at all."""
        from shared.service.http.callers import admit

        return self._desk(headers, admit(self.settings, headers))

    def script_desk(self, headers: Mapping[str, str]) -> ReportApi:
        """What answers a script's request that came with a key."""
        from shared.service.http.callers import admit_script

        return self._desk(headers, admit_script(self.settings))

    @_once
    def simulation(self) -> Simulation:
        """The simulated tenant, running; its thirty days end yesterday."""
        from simulator.simulation import open_simulated

        return self._opened.enter_context(open_simulated(self.today - timedelta(days=1)))

    @_once
    def pacer(self) -> Pacer:
        """Shared by all that is read from Graph in this process."""
        from shared.sources.pacing import Pacer

        if self.is_simulated:
            return Pacer(limit=1_000, period_seconds=0.0)  # nobody is spared by waiting
        return Pacer()

    @property
    def endpoint(self) -> Endpoint:
        """Where Graph is."""
        from shared.endpoints import Endpoint, graph_endpoint

        if self.is_simulated:
            return Endpoint(self.simulation.url, self.simulation.token)
        given, token = self.settings.graph_endpoint, self.settings.graph_token
        return graph_endpoint(self._cloud, given, token)

    @property
    def login(self) -> Login:
        """Whom to sign in as."""
        from shared.identity import Login

        settings = self.settings
        is_managed = settings.has_managed_identity
        return Login(
            cloud=self._cloud,
            tenant_id="" if self.is_simulated else self.tenant_id,
            is_managed=is_managed,
            client_id=(settings.azure_client_id if is_managed else None) or "",
        )

    def credential(self) -> TokenCredential:
        """What gives tokens for Azure, storage among it."""
        from shared.identity import open_credential

        return open_credential(self.login)

    def mail(self) -> list[Delivery]:
        """Mail the newest report, once to each recipient, and post it once; what became of it."""
        from shared.service.announcing import send_all
        from shared.service.mailing import newest_reports

        reports = newest_reports(self.store, self.tenant_id)
        if reports is None:
            _log.info("No mail: there is no report")
            return []
        return send_all(partial(self._mail, *reports), partial(self._announce, *reports))

    def tidy(self) -> int:
        """Remove what has been kept for long enough; how many files and rows that were."""
        details = self.settings.detail_retention_days
        metrics = self.settings.retention_days
        return self.store.purge(
            details_before=self.today - timedelta(days=details),
            metrics_before=self.today - timedelta(days=metrics),
        )

    def close(self) -> None:
        """Let go of connections, and of the simulated tenant."""
        self._opened.close()

    def _desk(self, headers: Mapping[str, str], caller: Caller) -> ReportApi:
        from shared.service.http.report_api import ReportApi

        has_links = self.settings.report_links
        return ReportApi(
            self.tenant_id, self.store, lambda: self.runs, utc_now, headers, caller, has_links
        )

    @property
    def _cloud(self) -> Cloud:
        return self.settings.cloud

    def exceptions(self) -> tuple[AcceptedException, ...] | None:
        """The accepted exceptions; `None` where no list of them is kept."""
        from shared.sources.files.exceptions_file import read_exceptions

        path = self.settings.exceptions_file
        try:
            return read_exceptions(Path(path)) if path else None
        except BadInputError as error:
            raise BadSettingError(f"Setting EXCEPTIONS_FILE cannot be used: {error}") from error

    def _mail(self, report: Report, earlier: Report | None) -> list[Delivery]:
        from shared.service.mailing import mail_status

        recipients = self.settings.report_recipients
        if not recipients:
            _log.info("No mail: no recipients")
            return []
        url = self.settings.public_url or None
        with self._mailer() as mailer:
            return mail_status(report, earlier, recipients, mailer, self.store, public_url=url)

    def _announce(self, report: Report, earlier: Report | None) -> list[Delivery]:
        from shared.delivery.teams.channel import TeamsChannel
        from shared.service.announcing import announce

        if not (workflow := self.settings.teams_webhook_url):
            return []
        url = self.settings.public_url or None
        return announce(report, earlier, TeamsChannel(workflow), self.store, public_url=url)

    @contextmanager
    def _mailer(self) -> Iterator[Mailer]:
        from shared.delivery.mail.mailer import open_mailer
        from shared.identity import open_graph
        from shared.service.mailing import post_through

        settings = self.settings
        kind = settings.mailer
        is_smtp = kind == "smtp"
        with ExitStack() as opened:
            if kind == "graph":
                graph = opened.enter_context(open_graph(self.endpoint, self.login))
            yield open_mailer(
                kind,
                sender=settings.report_sender,
                outbox_folder=Path(settings.outbox_folder),
                smtp_host=(settings.smtp_host if is_smtp else None) or "",
                smtp_port=settings.smtp_port if is_smtp else 0,
                smtp_user=settings.smtp_user,
                smtp_password=settings.smtp_password,
                post=post_through(graph) if kind == "graph" else None,
            )


_current: Service | None = None
_current_lock = threading.Lock()


def service() -> Service:
    """The one of this process, made of the environment unless `use` gave another."""
    global _current  # noqa: PLW0603 (one a process is the point)
    with _current_lock:
        if _current is None:
            _current = Service(Settings())
            atexit.register(_current.close)  # the simulated tenant would not let the process end
        return _current


@contextmanager
def use(given: Service) -> Iterator[Service]:
    """Make `service` give this one, for the length of the block; then it is closed."""
    global _current  # noqa: PLW0603
    with _current_lock:
        before, _current = _current, given
    try:
        yield given
    finally:
        with _current_lock:
            _current = before
        given.close()
