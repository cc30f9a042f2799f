"""Every setting: its default, what it means, and the only place that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from shared.errors import BadSettingError
from shared.mfa.guid import is_guid
from shared.mfa.metrics import Rule
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the settings table."""

    name: str
    default: str  #: as it would be written in the environment; empty means "none"
    help: str


SETTINGS = (
    Setting("TENANT_ID", "", "the partner tenant, a GUID"),
    Setting("CLOUD", "global", "`global`, `usgov`, `dod` or `china`"),
    Setting(
        "GRAPH_ENDPOINT",
        "",
        "another Graph host, without a version; by cloud if empty; plain `http` only for loopback",
    ),
    Setting("GRAPH_TOKEN", "local", "the bearer token sent to a plain `http` loopback Graph"),
    Setting("PARTNER_CENTER_ENDPOINT", "", "another Partner Center host; same rule"),
    Setting("PARTNER_CENTER_TOKEN", "local", "the token for a plain `http` loopback host"),
    Setting("SIGNIN_SOURCE", "graph", "`graph`, `diagnostics`, `exports` or `simulated`"),
    Setting(
        "DIAGNOSTICS_ACCOUNT_URL",
        "",
        "storage account that Entra's diagnostic settings archive to, "
        "`https://ACCOUNT.blob.core.windows.net` (docs/deploy.md)",
    ),
    Setting("EXPORTS_FOLDER", "", "folder of exported sign-in records"),
    Setting(
        "EXCEPTIONS_FILE",
        "",
        "accounts accepted without MFA, shown beside the accounts figure (docs/exceptions.md)",
    ),
    Setting("STORE", "", "`azure` or `local`; `azure` where `STORAGE_*` is set, else `local`"),
    Setting("STORE_FOLDER", ".local/store", "the local store's folder"),
    Setting("STORAGE_ACCOUNT_NAME", "", "storage account, reached by identity"),
    Setting("STORAGE_CONNECTION_STRING", "", "for the storage emulator only"),
    Setting("AZURE_CLIENT_ID", "", "user-assigned managed identity, if the app has such a one"),
    Setting("MAILER", "outbox", "`graph`, `smtp` or `outbox` (writes .eml files)"),
    Setting("OUTBOX_FOLDER", ".local/outbox", "where the outbox writes"),
    Setting("SMTP_HOST", "", "mail server of the `smtp` mailer"),
    Setting("SMTP_PORT", "587", "its port; STARTTLS is used unless the host is loopback"),
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
    Setting("PULL_SCHEDULE", "0 15 2 * * *", "NCRONTAB, UTC: when slices are planned"),
    Setting("REPORT_SCHEDULE", "0 15 4 * * *", "NCRONTAB, UTC: when reports are made"),
    Setting("MAIL_SCHEDULE", "0 15 5 * * *", "NCRONTAB, UTC: when the report is mailed"),
    Setting("SETTLE_DAYS", "2", "closed days pulled again, because logs arrive late"),
    Setting("RETENTION_DAYS", "400", "days that metrics are kept"),
    Setting("DETAIL_RETENTION_DAYS", "30", "days that personal data (rollups, files) is kept"),
    Setting(
        "PORTAL_APP_IDS",
        ";".join(sorted(PORTAL_APP_IDS)),
        "client ids that are the portal; `;`-separated GUIDs that replace the shipped ones",
    ),
    Setting(
        "PARTNER_CENTER_RESOURCE_IDS",
        ";".join(sorted(PARTNER_CENTER_RESOURCE_IDS)),
        "resource ids that are Partner Center's API; the same rule",
    ),
    Setting("EXEMPTED_COUNTS_AS_MFA", "false", "whether a skipped MFA (remembered device) counts"),
    Setting(
        "REQUIRE_MFA_TO_VIEW",
        "",
        "whether a caller's token must show MFA; `true` when platform authentication is on",
    ),
    Setting(
        "REPORT_LINKS",
        "true",
        "whether the biggest file is handed out by a link to the store; `false` where callers "
        "cannot reach the store (a private network)",
    ),
    Setting("RUNS_PER_HOUR", "4", "how many runs may be started by hand within an hour"),
    Setting(
        "SCRIPT_KEYS",
        "false",
        "whether scripts get the report's files with a function key, in place of a token",
    ),
)
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


class Settings:
    """
    The settings in force.

    Each is read and checked when it is first needed, not before, so that a command never stops at
    a setting it has no use for; `BadSettingError` names the one at fault.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def text(self, name: str) -> str:
        """A setting's text, trimmed; its default where it is unset or blank."""
        return self._environment.get(name, "").strip() or _DEFAULTS[name]

    def required(self, name: str) -> str:
        """The same, for one that has no default."""
        return self.text(name) or self._stop(name, "a value")

    def choice(self, name: str, *choices: str) -> str:
        """One of a few words."""
        given = self.text(name).lower()
        return given if given in choices else self._stop(name, "one of " + ", ".join(choices))

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number within bounds, both included."""
        given = self.text(name)
        if not (given.isdecimal() and least <= int(given) <= most):
            self._stop(name, f"a whole number from {least} to {most}")
        return int(given)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``."""
        return self.choice(name, "true", "false") == "true"

    def words(self, name: str) -> list[str]:
        """A list separated by ``;``; blanks are dropped."""
        return [word.strip() for word in self.text(name).split(";") if word.strip()]

    def guids(self, name: str) -> frozenset[str]:
        """A list of GUIDs separated by ``;``, in lower case."""
        words = [word.lower() for word in self.words(name)]
        if not words or not all(map(is_guid, words)):
            self._stop(name, "GUIDs separated by ;")
        return frozenset(words)

    @property
    def tenant_id(self) -> str | None:
        """The partner tenant, or `None` where it is not set."""
        given = self.text("TENANT_ID").lower()
        if given and not is_guid(given):
            self._stop("TENANT_ID", "a GUID")
        return given or None

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
        """Whether Azure runs this, so that others than its owner could reach it."""
        names = ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "WEBSITE_SKU")
        return any(map(self._environment.get, names))

    @property
    def requires_mfa_to_view(self) -> bool:
        """Whether a caller's token must show MFA; if not set: where the platform authenticates."""
        if self.text("REQUIRE_MFA_TO_VIEW"):
            return self.flag("REQUIRE_MFA_TO_VIEW")
        return self.platform_authenticates

    @property
    def scope(self) -> Scope:
        """Which applications are the portal, and which resources Partner Center's API."""
        return Scope(self.guids("PORTAL_APP_IDS"), self.guids("PARTNER_CENTER_RESOURCE_IDS"))

    @property
    def rule(self) -> Rule:
        """How verdicts weigh in the share."""
        return Rule(self.flag("EXEMPTED_COUNTS_AS_MFA"))

    def _stop(self, name: str, expected: str) -> NoReturn:
        given = self.text(name)
        shown = f"is {given!r}" if given else "is not set"
        if name in _SECRETS:
            shown = "cannot be used"
        message = f"Setting {name} {shown}; expected is {expected}: {_HELP[name]}."
        raise BadSettingError(message)


_SECRETS = {
    *("GRAPH_TOKEN", "PARTNER_CENTER_TOKEN", "STORAGE_CONNECTION_STRING"),
    *("SMTP_PASSWORD", "TEAMS_WEBHOOK_URL"),
}
_HELP = {setting.name: setting.help for setting in SETTINGS}
