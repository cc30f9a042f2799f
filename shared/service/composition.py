"""
Builds what triggers and commands need out of the settings: each part once, when first needed.

`Service` holds the parts that a process has once, and gives each tenant's. Imports are as lazy as
the parts: a request for a stored page pays for the store and nothing else.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared.clock import utc_now
from shared.errors import BadInputError
from shared.service.once import once
from shared.service.storage import app_id_of, open_queues_of, open_store_of, store_kind_of
from shared.settings import Settings, StoreKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from azure.core.credentials import TokenCredential

    from shared.delivery.appearance import Appearance
    from shared.http_client import HttpClient
    from shared.identity import GraphClient, Login
    from shared.service.access import TenantAccess
    from shared.service.deliveries import Deliveries
    from shared.service.delivery_decision import MailPolicy
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
                    now=self.now,
                    send=self._send,
                    name=self._partner.name if self._partner else None,
                    is_read_elsewhere=lambda: self.store_kind is StoreKind.AZURE,
                )
            return self._tenants[tenant_id]

    @property
    def store_kind(self) -> StoreKind:
        """``local`` or ``azure``."""
        return store_kind_of(self.settings)

    @once
    def store(self) -> Store:
        """The store of all tenants."""
        store = open_store_of(self.settings, self._own_credential)
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
        from shared.service.watchdog import Watchdog, schedules_of

        schedules = schedules_of(self.settings)
        if not schedules:
            return None
        return Watchdog(self.partner_id, self.store, self.now, schedules, self.work)

    @once
    def sender(self) -> Sender:
        """Puts messages into the queues where no output binding does."""
        from shared.service.messages import Sender

        return Sender(app_id_of(self.settings, self.partner_id), lambda: self.queues)

    @once
    def queues(self) -> Queues:
        """The queues of the Functions host; the local host puts its own here."""
        queues = open_queues_of(self.settings.platform, self._own_credential)
        self._opened.callback(queues.close)
        return queues

    def report_api(self, headers: Mapping[str, str], comes: str = "signed in") -> ReportApi:
        """Return what answers an HTTP request; raises `RefusedError` for a caller not let in."""
        from shared.service.http.callers import ADMITS
        from shared.service.http.report_api import ReportApi

        caller = ADMITS[comes](self.settings, headers)  # first: who is refused learns nothing else
        return ReportApi(
            self.partner_id,
            self.reports,
            partial(self._runs_of, self.partner_id),
            self.now,
            headers,
            caller,
            self.settings.report_links,
            self.watchdog.sentences if self.watchdog else list,
            lambda: self.mail_requests,
        )

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
        from shared.service.watchdog import opens_door

        channels = channels_of(self.settings, self.open_partner_graph)
        is_mailed_about = partial(opens_door, self.settings)
        return Deliveries(self.partner_id, self.store, self.now, channels, is_mailed_about)

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
            self._login(),
            clock=GraphClock(self.now),
            has_customers=settings.cloud is Cloud.GLOBAL,
            http=self.http,
        )

    def _own_credential(self) -> TokenCredential:
        """Return the credential for the app's own resources."""
        platform, client_id = self.settings.platform, self.settings.azure_client_id or ""
        if platform.identity_endpoint and platform.identity_secret:
            from shared.app_identity import AppIdentity

            return AppIdentity(platform.identity_endpoint, platform.identity_secret, client_id)
        from shared.identity import open_credential

        return open_credential(self._login())

    def _login(self) -> Login:
        from shared.identity import Login

        return Login(
            cloud=self.settings.cloud,
            tenant_id=self.partner_id,
            is_managed=bool(self.settings.platform.identity_endpoint),
            client_id=self.settings.azure_client_id or "",
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
