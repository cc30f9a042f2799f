"""Every setting that is given, looked at before a command does anything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shared.delivery.mail.mailer import valid_address, valid_recipients
from shared.delivery.teams.channel import TeamsChannel
from shared.delivery.text.digest import base_of_links
from shared.endpoints import make_endpoint
from shared.errors import BadSettingError
from shared.settings import SETTINGS
from shared.sources.diagnostics.account import LogAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.service.composition import Service


def check_given(service: Service) -> None:
    """
    Stop at the first given setting that is of no use, in the order of the settings page.

    For commands alone: the function app looks at a setting when it needs it, so that a wrong one
    takes away no more than what it is for. What is missing stops whoever needs it.
    """
    for setting in SETTINGS:
        if service.settings.is_given(setting.name):
            service.settings.check(setting.name)
            if setting.name in _FURTHER:
                _FURTHER[setting.name](service, service.settings.text(setting.name))


def _look_for_exports(service: Service, given: str) -> None:
    if service.source_kind == "exports" and not Path(given).exists():
        raise BadSettingError(
            f"Setting EXPORTS_FOLDER is {given!r}, which is not there; expected is a folder of "
            "exported sign-in records."
        )


#: What whoever uses a setting asks of it besides that it be of its kind.
_FURTHER: dict[str, Callable[[Service, str], object]] = {
    "GRAPH_ENDPOINT": lambda _, given: make_endpoint("GRAPH_ENDPOINT", given, ""),
    "PARTNER_CENTER_ENDPOINT": lambda _, given: make_endpoint("PARTNER_CENTER_ENDPOINT", given, ""),
    "DIAGNOSTICS_ACCOUNT_URL": lambda service, given: LogAccount.parse(
        given, service.storage_suffix
    ),
    "EXPORTS_FOLDER": _look_for_exports,
    "STORAGE_CONNECTION_STRING": lambda service, _: service.store,
    "EXCEPTIONS_FILE": lambda service, _: service.exceptions(),
    "REPORT_SENDER": lambda _, given: valid_address(given, "REPORT_SENDER"),
    "REPORT_RECIPIENTS": lambda service, _: valid_recipients(
        service.settings.words("REPORT_RECIPIENTS")
    ),
    "PUBLIC_URL": lambda _, given: base_of_links(given),
    "TEAMS_WEBHOOK_URL": lambda _, given: TeamsChannel(given),
}
