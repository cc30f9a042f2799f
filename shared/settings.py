"""Every setting: its default, what it means, and the only place that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from shared.errors import BadSettingError
from shared.mfa.metrics import ShareRule
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS, Scope
from shared.mfa.window import WINDOW_DAYS
from shared.setting_kinds import (
    ACCOUNT_NAME,
    FLAG,
    GUID,
    GUIDS,
    HOST,
    SCHEDULE,
    TEXT,
    Kind,
    choice,
    number,
    split_list,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the settings table."""

    name: str
    default: str  #: as it would be written in the environment; empty means "none"
    help: str
    kind: Kind = TEXT  #: the only place where its words and bounds are

    @property
    def meaning(self) -> str:
        """What is expected and what for, as the settings page and a sentence that stops say it."""
        return ": ".join(filter(None, (self.kind.words, self.help)))


SETTINGS = (
    Setting("TENANT_ID", "", "the partner tenant", GUID),
    Setting(
        "CLOUD",
        "global",
        "the cloud that the tenant is in",
        choice("global", "usgov", "dod", "china"),
    ),
    Setting(
        "GRAPH_ENDPOINT",
        "",
        "another Graph host, without a version; by cloud if empty; plain `http` only for loopback",
    ),
    Setting("GRAPH_TOKEN", "local", "the bearer token sent to a plain `http` loopback Graph"),
    Setting("PARTNER_CENTER_ENDPOINT", "", "another Partner Center host; same rule"),
    Setting("PARTNER_CENTER_TOKEN", "local", "the token for a plain `http` loopback host"),
    Setting(
        "SIGNIN_SOURCE",
        "graph",
        "where sign-ins come from",
        choice("graph", "diagnostics", "exports", "simulated"),
    ),
    Setting(
        "DIAGNOSTICS_ACCOUNT_URL",
        "",
        "the storage account that Entra's diagnostic settings archive to, "
        "`https://ACCOUNT.blob.core.windows.net` (docs/deploy.md)",
    ),
    Setting("EXPORTS_FOLDER", "", "a folder of exported sign-in records"),
    Setting(
        "EXCEPTIONS_FILE",
        "",
        "accounts accepted without MFA, shown beside the accounts figure (docs/exceptions.md)",
    ),
    Setting(
        "STORE",
        "",
        "where reports are kept; if empty, `azure` where `STORAGE_*` is set, else `local`",
        choice("azure", "local"),
    ),
    Setting("STORE_FOLDER", ".local/store", "the local store's folder"),
    Setting("STORAGE_ACCOUNT_NAME", "", "storage account, reached by identity", ACCOUNT_NAME),
    Setting("STORAGE_CONNECTION_STRING", "", "for the storage emulator only"),
    Setting(
        "AZURE_CLIENT_ID", "", "user-assigned managed identity, if the app has such a one", GUID
    ),
    Setting(
        "MAILER",
        "outbox",
        "how the report is mailed; `outbox` writes .eml files",
        choice("graph", "smtp", "outbox"),
    ),
    Setting("OUTBOX_FOLDER", ".local/outbox", "where the outbox writes"),
    Setting("SMTP_HOST", "", "mail server of the `smtp` mailer", HOST),
    Setting(
        "SMTP_PORT",
        "587",
        "the mail server's port; STARTTLS is used unless the host is loopback",
        number(1, 65_535),
    ),
    Setting("SMTP_USER", "", "user name, where the server wants one"),
    Setting("SMTP_PASSWORD", "", "password; keep it in Key Vault, by reference"),
    Setting("REPORT_SENDER", "", "the mailbox the report is sent from"),
    Setting("REPORT_RECIPIENTS", "", "who gets the report; separated by `;`"),
    Setting("PUBLIC_URL", "", "base of the links in mails"),
    Setting(
        "TEAMS_WEBHOOK_URL",
        "",
        "a Teams workflow's address, a secret: keep it in Key Vault, by reference (docs/teams.md)",
    ),
    Setting("PULL_SCHEDULE", "0 15 2 * * *", "when slices are planned", SCHEDULE),
    Setting("REPORT_SCHEDULE", "0 15 4 * * *", "when reports are made", SCHEDULE),
    Setting("MAIL_SCHEDULE", "0 15 5 * * *", "when the report is mailed", SCHEDULE),
    Setting(
        "SETTLE_DAYS", "2", "closed days pulled again, because logs arrive late", number(0, 30)
    ),
    Setting("RETENTION_DAYS", "400", "days that metrics are kept", number(WINDOW_DAYS, 3650)),
    Setting(
        "DETAIL_RETENTION_DAYS",
        "30",
        "days that personal data (rollups, files) is kept",
        number(WINDOW_DAYS, 3650),
    ),
    Setting(
        "PORTAL_APP_IDS",
        ";".join(sorted(PORTAL_APP_IDS)),
        "client ids that are the portal, in place of the shipped ones",
        GUIDS,
    ),
    Setting(
        "PARTNER_CENTER_RESOURCE_IDS",
        ";".join(sorted(PARTNER_CENTER_RESOURCE_IDS)),
        "resource ids that are Partner Center's API, in place of the shipped ones",
        GUIDS,
    ),
    Setting(
        "EXEMPTED_COUNTS_AS_MFA",
        "false",
        "whether a skipped MFA (remembered device) counts",
        FLAG,
    ),
    Setting(
        "REQUIRE_MFA_TO_VIEW",
        "",
        "whether a caller's token must show MFA; if empty, where platform authentication is on",
        FLAG,
    ),
    Setting(
        "REPORT_LINKS",
        "true",
        "whether the biggest file is handed out by a link to the store; `false` where callers "
        "cannot reach the store (a private network)",
        FLAG,
    ),
    Setting(
        "RUNS_PER_HOUR", "4", "how many runs may be started by hand within an hour", number(1, 60)
    ),
    Setting(
        "SCRIPT_KEYS",
        "false",
        "whether scripts get the report's files with a function key, in place of a token",
        FLAG,
    ),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


class Settings:
    """
    The settings in force.

    Each is read and checked when it is first needed, not before, so that a timer never fails for a
    setting it has no use for. At a command somebody sits who can mend it: commands let `check` look
    at all that are given before they begin. `BadSettingError` names the one at fault.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def text(self, name: str) -> str:
        """A setting's text, trimmed; its default where it is unset or blank."""
        return self._given(name) or _BY_NAME[name].default

    def required(self, name: str) -> str:
        """The same, for one that has no default."""
        return self.text(name) or self._stop(name)

    def is_given(self, name: str) -> bool:
        """Whether it is set, and not to a blank."""
        return bool(self._given(name))

    def check(self, name: str) -> None:
        """Stop if it is none of its kind."""
        self._checked(name)

    def choice(self, name: str) -> str:
        """One of its kind's few words, in lower case."""
        return self._checked(name).lower()

    def number(self, name: str) -> int:
        """A whole number within its kind's bounds."""
        return int(self._checked(name))

    def flag(self, name: str) -> bool:
        """``true`` or ``false``."""
        return self.choice(name) == "true"

    def words(self, name: str) -> list[str]:
        """A list separated by ``;``; blanks are dropped."""
        return split_list(self.text(name))

    def guids(self, name: str) -> frozenset[str]:
        """A list of GUIDs separated by ``;``, in lower case."""
        return frozenset(split_list(self._checked(name).lower()))

    @property
    def tenant_id(self) -> str | None:
        """The partner tenant in lower case, or `None` where it is not set."""
        return self._checked("TENANT_ID").lower() if self.is_given("TENANT_ID") else None

    @property
    def has_managed_identity(self) -> bool:
        """Whether Azure runs this and gives it an identity: then the platform says where from."""
        return bool(self._environment.get("IDENTITY_ENDPOINT"))

    @property
    def platform_authenticates(self) -> bool:
        """Whether App Service authentication stands in front, and so sets the identity headers."""
        return self._environment.get("WEBSITE_AUTH_ENABLED", "").lower() == "true"

    @property
    def is_hosted(self) -> bool:
        """
        Whether a platform runs this, so that others than its owner could reach it.

        Any sign will do: of App Service, of containers, or of a Functions host that is not the one
        for developers (Functions Core Tools say ``Development``).
        """
        kind = self._environment.get("AZURE_FUNCTIONS_ENVIRONMENT", "")
        is_production = kind.lower() not in ("", "development")
        return is_production or any(map(self._environment.get, _HOSTED))

    @property
    def requires_mfa_to_view(self) -> bool:
        """Whether a caller's token must show MFA; if not set: where the platform authenticates."""
        if self.is_given("REQUIRE_MFA_TO_VIEW"):
            return self.flag("REQUIRE_MFA_TO_VIEW")
        return self.platform_authenticates

    @property
    def scope(self) -> Scope:
        """Which applications are the portal, and which resources Partner Center's API."""
        return Scope(self.guids("PORTAL_APP_IDS"), self.guids("PARTNER_CENTER_RESOURCE_IDS"))

    @property
    def rule(self) -> ShareRule:
        """How verdicts weigh in the share."""
        return ShareRule(self.flag("EXEMPTED_COUNTS_AS_MFA"))

    def _given(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def _checked(self, name: str) -> str:
        text = self.text(name)
        return text if _BY_NAME[name].kind.takes(text) else self._stop(name)

    def _stop(self, name: str) -> NoReturn:
        given = self.text(name)
        shown = f"is {given!r}" if given else "is not set"
        if name in _SECRETS:
            shown = "cannot be used"
        raise BadSettingError(f"Setting {name} {shown}; expected is {_BY_NAME[name].meaning}.")


_SECRETS = {
    *("GRAPH_TOKEN", "PARTNER_CENTER_TOKEN", "STORAGE_CONNECTION_STRING"),
    *("SMTP_PASSWORD", "TEAMS_WEBHOOK_URL"),
}
_HOSTED = (
    *("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "WEBSITE_SKU"),
    *("CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST"),
)
