"""Checks every given setting before a command does anything else."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shared.delivery.appearance import Accent, Logo
from shared.delivery.mail.mailer import valid_address
from shared.delivery.teams.channel import TeamsChannel
from shared.delivery.text.digest import link_base
from shared.endpoints import make_endpoint
from shared.errors import BadSettingError
from shared.service.current import use
from shared.service.mailers import check_mailer
from shared.service.recipients import recipients_of
from shared.service.tenant import directory_in_file, exceptions_in_file
from shared.settings import SETTINGS, Settings, SourceKind
from shared.sources.diagnostics.account import LogAccount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.service.composition import Service
    from shared.setting_kinds import Setting


@contextmanager
def checked_service(service: Service) -> Iterator[Service]:
    """
    Use a service while the block lasts, after checking every given setting.

    Raises `BadSettingError` for the first invalid one, in the order of the settings page. This is
    for commands: the function app checks a setting when it needs it, so that an invalid one stops
    nothing but what it is for. A missing setting stops only what needs it.
    """
    with use(service):
        check_given(service)
        yield service


def check_given(service: Service) -> None:
    """Raise `BadSettingError` for the first given setting that is invalid."""
    for setting in SETTINGS:
        _check(service, setting)


def invalid_settings(service: Service) -> list[str]:
    """Return a sentence for each given setting that is invalid."""
    wrong = []
    for setting in SETTINGS:
        try:
            _check(service, setting)
        except BadSettingError as error:
            wrong.append(str(error))
    return wrong


def _check(service: Service, setting: Setting[object]) -> None:
    if service.settings.is_given(setting):
        setting.read(service.settings.environment)
        if setting in _FURTHER_CHECKS:
            _FURTHER_CHECKS[setting](service, service.settings)


def check_needed_by_run(service: Service) -> None:
    """Raise `BadSettingError` for the first setting that a run lacks, however late it needs it."""
    service.partner_id, service.store, service.partner.source  # noqa: B018 (opened, nothing is read)
    if service.settings.report_recipients:
        check_mailer(service.settings)


def _check_exports(folder: str, source: SourceKind) -> None:
    if source is SourceKind.EXPORTS and not Path(folder).exists():
        raise BadSettingError(
            f"Setting EXPORTS_FOLDER is {folder!r}, which does not exist; expected a folder of "
            "exported sign-in records."
        )


#: Checks beyond the kind of a setting, which the code that uses it requires.
_FURTHER_CHECKS: dict[Setting[object], Callable[[Service, Settings], object]] = {
    Settings.graph_endpoint: lambda _, settings: make_endpoint(
        "GRAPH_ENDPOINT", settings.graph_endpoint, ""
    ),
    Settings.partner_center_endpoint: lambda _, settings: make_endpoint(
        "PARTNER_CENTER_ENDPOINT", settings.partner_center_endpoint, ""
    ),
    Settings.diagnostics_account_url: lambda _, settings: LogAccount.parse(
        settings.diagnostics_account_url, settings.cloud.storage_suffix
    ),
    Settings.exports_folder: lambda _, settings: _check_exports(
        settings.exports_folder, settings.signin_source
    ),
    Settings.storage_connection_string: lambda service, _: service.store,
    Settings.directory_file: lambda _, settings: directory_in_file(
        settings.directory_file, settings.tenant_id or ""
    ),
    Settings.exceptions_file: lambda _, settings: exceptions_in_file(settings.exceptions_file),
    Settings.report_sender: lambda _, settings: valid_address(
        settings.report_sender, "REPORT_SENDER"
    ),
    Settings.report_recipients: lambda _, settings: recipients_of(settings),
    Settings.public_url: lambda _, settings: link_base(settings.public_url),
    Settings.brand_logo_file: lambda _, settings: Logo.read(Path(settings.brand_logo_file)),
    Settings.brand_colour: lambda _, settings: Accent.of(settings.brand_colour or ()),
    Settings.teams_webhook_url: lambda _, settings: TeamsChannel(settings.teams_webhook_url),
}
