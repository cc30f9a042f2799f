"""Every setting, with its type, default and meaning: the only reader of the environment."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from shared.endpoints import Cloud
from shared.hosting import Platform
from shared.mfa.metrics import ShareRule
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS, Scope
from shared.mfa.window import WINDOW_DAYS
from shared.setting_kinds import (
    ACCOUNT_NAME,
    COLOURS,
    FLAG,
    GUID,
    GUIDS,
    HOST,
    TEXT,
    TEXTS,
    ZONE,
    Setting,
    choice,
    number,
    optional,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

_NCRONTAB = "NCRONTAB in UTC (second, minute, hour, day, month, weekday)"
_PLACEHOLDER = re.compile(r"%(\w+)%")


class SourceKind(StrEnum):
    """Where sign-ins come from."""

    GRAPH = "graph"
    DIAGNOSTICS = "diagnostics"
    EXPORTS = "exports"


class StoreKind(StrEnum):
    """Where reports are stored."""

    AZURE = "azure"
    LOCAL = "local"


class MailerKind(StrEnum):
    """How reports are mailed."""

    GRAPH = "graph"
    SMTP = "smtp"
    OUTBOX = "outbox"


class Language(StrEnum):
    """The language of what people read."""

    ENGLISH = "en"
    GERMAN = "de"


class MailWhen(StrEnum):
    """On which days a recipient gets the mail."""

    DAILY = "daily"
    WEEKLY = "weekly"  #: the first one of each week, which begins on Monday
    ON_CHANGE = "on-change"


class TelemetryKind(StrEnum):
    """Where spans and metrics go; one line a use case is logged anyway."""

    NONE = "none"
    OTLP = "otlp"
    AZURE = "azure"


class Settings:
    """
    The settings in force.

    Each is read and checked when it is first needed, so that a timer never fails for a setting that
    it does not use. Commands, which a person is there to correct, check all that are given before
    they begin (`shared.service.setting_checks`).
    """

    tenant_id = Setting(optional(GUID), "", "the partner tenant")
    cloud = Setting(choice(Cloud), Cloud.GLOBAL, "the cloud that the tenant is in")
    graph_endpoint = Setting(
        TEXT,
        "",
        "another Graph host, without a version; by cloud if empty; plain `http` only for loopback",
    )
    graph_token = Setting(
        TEXT, "local", "the bearer token sent to a plain `http` loopback Graph", is_secret=True
    )
    partner_center_endpoint = Setting(TEXT, "", "another Partner Center host; same rule")
    partner_center_token = Setting(
        TEXT, "local", "the token for a plain `http` loopback host", is_secret=True
    )
    signin_source = Setting(choice(SourceKind), SourceKind.GRAPH, "where sign-ins come from")
    diagnostics_account_url = Setting(
        TEXT,
        "",
        "the storage account that Entra's diagnostic settings archive to, "
        "`https://ACCOUNT.blob.core.windows.net` (docs/deploy.md)",
    )
    exports_folder = Setting(TEXT, "", "a folder of exported sign-in records")
    directory_file = Setting(
        TEXT, "", "the tenant's directory, read instead of Graph's (docs/directory.md)"
    )
    what_if = Setting(
        FLAG,
        "false",
        "whether each day Entra's What If is asked for a second opinion on the accounts "
        "(docs/directory.md); a directory file is not verified",
    )
    exceptions_file = Setting(
        TEXT,
        "",
        "accounts accepted without MFA, shown next to the accounts figure (docs/exceptions.md)",
    )
    store = Setting(
        optional(choice(StoreKind)),
        "",
        "where reports are stored; if empty, `azure` if a `STORAGE_*` setting is given, "
        "otherwise `local`, except in a hosted app, which needs one of them",
    )
    store_folder = Setting(TEXT, ".local/store", "the local store's folder")
    storage_account_name = Setting(
        optional(ACCOUNT_NAME), "", "storage account, accessed with the app's identity"
    )
    storage_connection_string = Setting(TEXT, "", "for the storage emulator only", is_secret=True)
    azure_client_id = Setting(
        optional(GUID), "", "user-assigned managed identity, if the app has one"
    )
    mailer = Setting(
        choice(MailerKind),
        MailerKind.OUTBOX,
        "how the report is mailed; `outbox` writes .eml files; a hosted app has no default",
    )
    outbox_folder = Setting(TEXT, ".local/outbox", "where the outbox writes")
    smtp_host = Setting(optional(HOST), "", "mail server of the `smtp` mailer")
    smtp_port = Setting(
        number(1, 65_535),
        "587",
        "the mail server's port; STARTTLS is used unless the host is loopback",
    )
    smtp_user = Setting(TEXT, "", "user name, if the server requires one")
    smtp_password = Setting(
        TEXT, "", "password; keep it in Key Vault, by reference", is_secret=True
    )
    report_sender = Setting(TEXT, "", "the mailbox the report is sent from")
    report_recipients = Setting(
        TEXTS,
        "",
        "who gets the report; separated by `;`, each with a MAIL_WHEN of its own if one follows: "
        "`a@contoso.com;b@contoso.com=weekly`",
    )
    mail_when = Setting(
        choice(MailWhen),
        MailWhen.DAILY,
        "when a recipient gets the mail: `weekly` is the first mail of each week, on Monday as a "
        "rule, `on-change` what differs from the last one (docs/operating.md); the Teams card is "
        "daily",
    )
    public_url = Setting(TEXT, "", "base of the links in mails")
    teams_webhook_url = Setting(
        TEXT,
        "",
        "a Teams workflow's address, a secret: keep it in Key Vault, by reference (docs/teams.md)",
        is_secret=True,
    )
    brand_name = Setting(TEXT, "", "whose name pages, mails and the workbook carry")
    brand_logo_file = Setting(
        TEXT, "", "a logo for them: a PNG picture of at most 32 KB (docs/deploy.md, Your own look)"
    )
    brand_colour = Setting(
        optional(COLOURS),
        "",
        "the colour of links and buttons, and of them in the dark theme, which gets a readable "
        "tint otherwise; a colour is refused if its contrast is below 4.5:1",
    )
    time_zone = Setting(
        ZONE,
        "UTC",
        "times for people are shown in it, too, after UTC; days are UTC days, and files for "
        "programs have UTC alone",
    )
    pull_schedule = Setting(TEXT, "0 15 2 * * *", f"{_NCRONTAB}: when a day is begun")
    report_schedule = Setting(
        TEXT,
        "0 15 4 * * *",
        f"{_NCRONTAB}: when a report is made at the latest, with what there is",
    )
    mail_schedule = Setting(
        TEXT, "0 15 5 * * *", f"{_NCRONTAB}: nobody is written to before this, each day"
    )
    mail_wait_hours = Setting(
        number(0, 23),
        "4",
        "how long after MAIL_SCHEDULE a mail waits for days that its report lacks; then it goes "
        "and says what is missing",
    )
    mail_corrections = Setting(
        FLAG, "true", "whether a short second mail says so if those days come later on the same day"
    )
    settle_days = Setting(
        number(0, 30), "2", "closed days that are pulled again, because logs arrive late"
    )
    retention_days = Setting(
        number(WINDOW_DAYS, 3650), "400", "days that metrics are kept, and the tables for people"
    )
    detail_retention_days = Setting(
        number(WINDOW_DAYS, 3650), "30", "days that personal data (rollups, files) is kept"
    )
    portal_app_ids = Setting(
        GUIDS,
        ";".join(sorted(PORTAL_APP_IDS)),
        "client ids of the portal, in place of the shipped ones",
    )
    partner_center_resource_ids = Setting(
        GUIDS,
        ";".join(sorted(PARTNER_CENTER_RESOURCE_IDS)),
        "resource ids of Partner Center's API, in place of the shipped ones",
    )
    exempted_counts_as_mfa = Setting(
        FLAG, "false", "whether a skipped MFA (remembered device) counts"
    )
    language = Setting(
        choice(Language),
        "en",
        "the language of pages, mails and the Teams card; files, logs and the terminal are English",
    )
    csp_anniversary_month = Setting(
        optional(number(1, 12)),
        "",
        "the month in which Microsoft validates your authorisation as a Cloud Solution Provider "
        "each year; the report names it",
    )
    require_mfa_to_view = Setting(
        optional(FLAG),
        "",
        "whether a caller's token must show MFA; if empty, it must if platform authentication is "
        "on",
    )
    report_links = Setting(
        FLAG,
        "true",
        "whether the biggest file is served by a link to the store; `false` if callers cannot "
        "reach the store (a private network)",
    )
    runs_per_hour = Setting(
        number(1, 60),
        "4",
        "how many runs, and how many mails, may be started by hand within an hour",
    )
    script_keys = Setting(
        FLAG,
        "false",
        "whether scripts get the report's files with a function key, in place of a token",
    )

    telemetry = Setting(
        choice(TelemetryKind),
        "none",
        "where spans and metrics go: `otlp` sends them to OTEL_EXPORTER_OTLP_ENDPOINT, `azure` "
        "leaves that to the Functions worker (docs/deploy.md, Telemetry)",
    )

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """With `environment` in place of the process's own."""
        self.environment = os.environ if environment is None else environment

    def is_given(self, setting: Setting[object]) -> bool:
        """Whether it is set, and not to a blank."""
        return bool(self.environment.get(setting.name, "").strip())

    def require(self, setting: Setting[T | None]) -> T:
        """The value of a setting that has no default; `BadSettingError` if it is not set."""
        return setting.read(self.environment) or setting.reject(self.environment)

    def resolve(self, text: str) -> str:
        """The text with settings put in for each ``%NAME%``, as the Functions host does."""
        return _PLACEHOLDER.sub(lambda name: _BY_NAME[name[1]].text(self.environment), text)

    @property
    def platform(self) -> Platform:
        """What runs this process."""
        return Platform(self.environment)

    @property
    def callers_need_mfa(self) -> bool:
        """Whether a caller's token must show MFA: by default, if the platform authenticates."""
        required = self.require_mfa_to_view
        return self.platform.authenticates if required is None else required

    @property
    def scope(self) -> Scope:
        """Which applications are the portal, and which resources are Partner Center's API."""
        return Scope(self.portal_app_ids, self.partner_center_resource_ids)

    @property
    def rule(self) -> ShareRule:
        """How verdicts weigh in the share."""
        return ShareRule(self.exempted_counts_as_mfa)


#: In the order of the settings page.
SETTINGS = tuple(each for each in vars(Settings).values() if isinstance(each, Setting))
_BY_NAME = {setting.name: setting for setting in SETTINGS}
