"""
Builds what triggers and commands need out of the settings: each part once, when first needed.

`Service` holds the parts that a process has once, and gives each tenant's. Imports are as lazy as
the parts: a request for a stored page pays for the store and nothing else.
"""

from __future__ import annotations

import atexit
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from shared.clock import utc_now
from shared.delivery.appearance import follow, showing
from shared.errors import BadInputError, BadSettingError
from shared.service.once import once
from shared.settings import Settings, StoreKind
from shared.telemetry import start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from azure.core.credentials import TokenCredential

    from shared.delivery.appearance import Appearance
    from shared.http_client import HttpClient
    from shared.identity import GraphClient, Login
    from shared.mfa.accounts.exceptions import AcceptedException
    from shared.service.access import TenantAccess
    from shared.service.deliveries import Deliveries
    from shared.service.delivery_decision import MailPolicy
    from shared.service.http.callers import Caller
    from shared.service.http.recent_reports import RecentReports
    from shared.service.http.report_api import ReportApi
    from shared.service.mail_requests import MailRequests
    from shared.service.messages import Message, Queues, Sender
    from shared.service.queues import QueueWork
    from shared.service.runs import Runs
    from shared.service.tenant import Tenant
    from shared.service.watchdog import Watchdog
    from shared.stores.store import Store


class Service:
    """Everything that one set of settings amounts to."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = utc_now,
        today: date | None = None,
        partner: TenantAccess | None = None,
    ) -> None:
        """
        With `today`, runs act as if it were that day; timestamps are still those of the clock.

        `partner` is the access to the partner's tenant, instead of what the settings say.
        """
        self.settings = settings
        self.lock = threading.RLock()
        self.now = now
        self._today = today
        self._partner = partner
        self._tenants: dict[str, Tenant] = {}
        self._opened = ExitStack()

    @property
    def today(self) -> date:
        """The UTC day; reports end on the day before. Read it once in each use case."""
        return self._today or self.now().date()

    @once
    def partner_id(self) -> str:
        """The partner's tenant id."""
        if self._partner:
            return self._partner.tenant_id
        return self.settings.require(Settings.tenant_id)

    @property
    def partner(self) -> Tenant:
        """The partner's own tenant."""
        return self.tenant(self.partner_id)

    def tenant(self, tenant_id: str) -> Tenant:
        """Return one tenant; raises `BadInputError` for one that is not configured."""
        from shared.service.tenant import Tenant

        if tenant_id != self.partner_id:
            raise BadInputError(f"Tenant {tenant_id!r} is not configured; nothing is done for it.")
        with self.lock:
            if tenant_id not in self._tenants:
                self._tenants[tenant_id] = Tenant(
                    tenant_id,
                    self.settings,
                    access=self._partner_access,
                    store=lambda: self.store,
                    exceptions=self.partner_exceptions,
                    now=self.now,
                    send=self._send,
                    name=self._partner.name if self._partner else None,
                    is_read_elsewhere=lambda: self.store_kind is StoreKind.AZURE,
                )
            return self._tenants[tenant_id]

    @property
    def store_kind(self) -> StoreKind:
        """``local`` or ``azure``."""
        settings = self.settings
        if settings.store:
            return settings.store
        if settings.storage_account_name or settings.storage_connection_string:
            return StoreKind.AZURE
        if settings.is_hosted:  # its own disk is lost with the instance
            raise BadSettingError(
                "Setting STORE is not set; expected azure, with STORAGE_ACCOUNT_NAME, or local, "
                "because only an app on your own machine has a default."
            )
        return StoreKind.LOCAL

    @once
    def store(self) -> Store:
        """The store of all tenants."""
        from shared.stores import open_store

        settings, kind = self.settings, self.store_kind
        account, emulator = settings.storage_account_name, settings.storage_connection_string
        by_identity = kind is StoreKind.AZURE and account and not emulator
        store = open_store(
            kind,
            folder=Path(settings.store_folder),
            account_name=account or None,
            connection_string=emulator or None,
            credential=self._own_credential() if by_identity else None,
            endpoint_suffix=settings.cloud.storage_suffix,
        )
        self._opened.callback(store.close)
        return store

    @once
    def reports(self) -> RecentReports:
        """The reports as requests read them; a local folder is asked each time."""
        from shared.service.http.recent_reports import FRESH_SECONDS, RecentReports

        is_remote = self.store_kind is StoreKind.AZURE
        return RecentReports(self.store, fresh_seconds=FRESH_SECONDS if is_remote else 0)

    @once
    def work(self) -> QueueWork:
        """What timers and queue functions do."""
        from shared.service.queues import QueueWork

        return QueueWork(
            [self.partner_id],
            self._runs_of,
            lambda: self.today,
            self.sender,
            self._deliveries_of,
            self.mail_policy,
        )

    @once
    def watchdog(self) -> Watchdog | None:
        """What looks after the timers of a Functions host; `None` without one."""
        from shared.service.watchdog import Watchdog

        settings = self.settings
        if not (settings.host_storage or settings.host_queues_url):
            return None
        timers = (Settings.pull_schedule, Settings.report_schedule, Settings.mail_schedule)
        schedules = [timer.text(settings.environment) for timer in timers]
        return Watchdog(self.partner_id, self.store, self.now, schedules, self.work)

    @once
    def sender(self) -> Sender:
        """Puts messages into the queues where no output binding does."""
        from shared.service.messages import Sender

        return Sender(self.app_id, lambda: self.queues)

    @once
    def app_id(self) -> str:
        """
        Which app a message is of: the one of a tenant that writes into a store.

        Its name would not do: a deployment gets another one, and its messages are the same.
        """
        settings, kind = self.settings, self.store_kind
        folder = Path(settings.store_folder).resolve().as_posix()
        account = settings.storage_account_name or settings.storage_connection_string
        place = folder if kind is StoreKind.LOCAL else account
        return sha256(f"{self.partner_id} {kind} {place}".lower().encode()).hexdigest()[:16]

    @once
    def queues(self) -> Queues:
        """The queues of the Functions host; the local host puts its own here."""
        from shared.stores import open_queues

        settings = self.settings
        queues = open_queues(
            connection_string=settings.host_storage,
            url=settings.host_queues_url,
            credential=self._own_credential,
        )
        self._opened.callback(queues.close)
        return queues

    def report_api(self, headers: Mapping[str, str], comes: str = "signed in") -> ReportApi:
        """Return what answers an HTTP request; raises `RefusedError` for a caller not let in."""
        from shared.service.http.callers import ADMITS

        return self._report_api(headers, ADMITS[comes](self.settings, headers))

    @once
    def mail_requests(self) -> MailRequests:
        """Mails that somebody asks for."""
        from shared.service.mail_requests import MailRequests

        return MailRequests(self.deliveries, self._send, self.settings.runs_per_hour)

    def mail_policy(self) -> MailPolicy:
        """What the settings say about reports that are not complete."""
        from shared.service.delivery_decision import MailPolicy

        wait = timedelta(hours=self.settings.mail_wait_hours)
        return MailPolicy(wait, corrections=self.settings.mail_corrections)

    @once
    def appearance(self) -> Appearance:
        """How pages and mails look."""
        from shared.service.brand import appearance_or_plain

        return appearance_or_plain(self.settings)

    @once
    def deliveries(self) -> Deliveries:
        """How the partner's report is made known: by what is set up."""
        from shared.service.deliveries import Deliveries
        from shared.service.mailers import channels_of

        channels = channels_of(self.settings, self.open_partner_graph)
        return Deliveries(self.partner_id, self.store, self.now, channels, self._is_mailed_about)

    def _is_mailed_about(self, ending: date) -> bool:
        """Whether a timer of a Functions host was to open the day's door."""
        from shared.service.watchdog import last_time

        settings, day = self.settings, ending + timedelta(days=1)
        if not (settings.host_storage or settings.host_queues_url):
            return False
        schedule = Settings.mail_schedule.text(settings.environment)
        due = last_time(schedule, datetime.combine(day, time.max, UTC))
        return due is not None and due.date() == day

    def tidy(self) -> int:
        """Remove what has reached its retention; return how many files and rows that were."""
        from shared.delivery.mail.outbox import purge_outbox

        today, settings = self.today, self.settings
        details_before = today - timedelta(days=settings.detail_retention_days)
        mails = purge_outbox(Path(settings.outbox_folder), details_before)
        return mails + self.store.purge(
            details_before=details_before,
            metrics_before=today - timedelta(days=settings.retention_days),
        )

    def close(self) -> None:
        """Close connections."""
        self._opened.close()

    def partner_exceptions(self) -> tuple[AcceptedException, ...] | None:
        """The partner's accepted exceptions; `None` without a list of them."""
        from shared.sources.files.exceptions_file import read_exceptions

        path = self.settings.exceptions_file
        try:
            return read_exceptions(Path(path)) if path else None
        except BadInputError as error:
            raise BadSettingError(f"Setting EXCEPTIONS_FILE cannot be used: {error}") from error

    @once
    def http(self) -> HttpClient:
        """The HTTP client of all requests to Graph but mails, which have a connection each."""
        from shared.http_client import HttpClient

        return self._opened.enter_context(HttpClient())

    def _partner_access(self) -> TenantAccess:
        from shared.endpoints import Cloud, graph_endpoint
        from shared.service.access import TenantAccess
        from shared.sources.graph.clock import GraphClock

        if self._partner:
            return replace(self._partner, http=self.http)
        settings = self.settings
        return TenantAccess(
            self.partner_id,
            graph_endpoint(settings.cloud, settings.graph_endpoint, settings.graph_token),
            self._login(self.partner_id),
            clock=GraphClock(self.now),
            has_customers=settings.cloud is Cloud.GLOBAL,
            http=self.http,
        )

    def _own_credential(self) -> TokenCredential:
        """Return the credential for the app's own resources."""
        settings = self.settings
        if settings.identity_endpoint and settings.identity_secret:
            from shared.app_identity import AppIdentity

            client_id = settings.azure_client_id or ""
            return AppIdentity(settings.identity_endpoint, settings.identity_secret, client_id)
        from shared.identity import open_credential

        return open_credential(self._login(self.partner_id))

    def _login(self, tenant_id: str) -> Login:
        from shared.identity import Login

        return Login(
            cloud=self.settings.cloud,
            tenant_id=tenant_id,
            is_managed=self.settings.has_managed_identity,
            client_id=self.settings.azure_client_id or "",
        )

    def _report_api(self, headers: Mapping[str, str], caller: Caller) -> ReportApi:
        from shared.service.http.report_api import ReportApi

        partner_id, has_links = self.partner_id, self.settings.report_links
        runs = partial(self._runs_of, partner_id)
        silent = self.watchdog.sentences if self.watchdog else list
        return ReportApi(
            partner_id,
            self.reports,
            runs,
            self.now,
            headers,
            caller,
            has_links,
            silent,
            lambda: self.mail_requests,
        )

    def _send(self, messages: Sequence[Message]) -> None:
        self.sender.send(messages)

    def _runs_of(self, tenant_id: str) -> Runs:
        return self.tenant(tenant_id).runs

    def _deliveries_of(self, tenant_id: str) -> Deliveries:
        if self.tenant(tenant_id) is self.partner:  # which raises for one that is not configured
            return self.deliveries
        raise BadInputError(f"Tenant {tenant_id!r} is not the partner; only its report is mailed.")

    def open_partner_graph(self) -> GraphClient:
        """Open the partner's Graph for a mail, over a new connection: an idle one may break."""
        return replace(self.partner.access, http=None).open_graph()


_current: Service | None = None
_current_lock = threading.Lock()


def service() -> Service:
    """Return this process's service: made of the environment, unless `use` gave another."""
    global _current  # noqa: PLW0603 (one per process is the point)
    with _current_lock:
        if _current is None:
            _current = Service(Settings())
            start(Settings.telemetry.text(_current.settings.environment))
            atexit.register(_current.close)
            follow(lambda: service().appearance)
        return _current


@contextmanager
def use(given: Service) -> Iterator[Service]:
    """Make `service` return this one while the block lasts; then close it."""
    global _current  # noqa: PLW0603
    with _current_lock:
        before, _current = _current, given
    try:
        with showing(lambda: given.appearance):
            yield given
    finally:
        with _current_lock:
            _current = before
        given.close()
