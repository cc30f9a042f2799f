"""Tries each part that the settings name, in the order in which a day needs them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import BadSettingError, SourceIncompleteError
from shared.mfa.coverage import NO_LOGS
from shared.mfa.window import Slice
from shared.service.checks.check import CORRECT, Check, CheckState, not_tried, tried
from shared.service.checks.graph import try_graph
from shared.service.checks.mails import try_mails
from shared.service.inbox import SET_ASIDE
from shared.service.setting_checks import check_needed_by_run, invalid_settings
from shared.settings import SETTINGS, SourceKind
from shared.sources import NewestFirstSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.service.composition import Service

_PROBE_SECONDS = timedelta(seconds=1)  #: the shortest life of a message
_PROBE = "A probe of the command check."
_ROLES = "the app's identity needs its three roles on the storage account (infra/app/roles.bicep)"


def try_deployment(service: Service, *, mails: bool) -> Iterator[Check]:
    """Try everything; with `mails`, one mail goes to the first recipient."""
    yield from try_settings(service)
    yield from try_graph(service)
    yield tried("source", partial(_first_page, service), _source_remedy(service))
    yield tried(
        "store",
        partial(_probe_store, service),
        f"Look whether the storage answers and lets this write: {_ROLES}, or STORE_FOLDER is "
        "writable.",
    )
    yield _try_queues(service)
    yield from try_mails(service, send=mails)
    yield _try_authentication(service)


def try_settings(service: Service) -> Iterator[Check]:
    """Whether each given setting is valid, and nothing is missing that a run needs."""
    wrong = invalid_settings(service)
    if not wrong:
        try:
            check_needed_by_run(service)
        except BadSettingError as error:
            wrong = [str(error)]
    for sentence in wrong:
        yield Check("settings", CheckState.FAILED, sentence, CORRECT)
    if not wrong:
        given = sum(map(service.settings.is_given, SETTINGS))
        yield Check("settings", CheckState.OK, f"The {given} given settings are valid.")


def _first_page(service: Service) -> str:
    """Read the beginning of the newest closed day; nothing of it is stored."""
    slice_ = Slice(service.partner_id, service.today - timedelta(days=1))
    source = service.partner.source
    if isinstance(source, NewestFirstSource):
        part = next(iter(source.parts(slice_, ())), None)
        found = len(part.sign_ins) if part else 0
        return (
            f"The first page of {slice_.day} was read: {found:,} sign-ins concern Partner Center."
        )
    next(iter(source.sign_ins(slice_)), None)
    if source.logs(slice_) == NO_LOGS:
        raise SourceIncompleteError(f"The source has no sign-in log of {slice_.day}.")
    return f"The source has a sign-in log of {slice_.day}."


def _source_remedy(service: Service) -> str:
    try:
        kind = service.settings.signin_source
    except BadSettingError:
        return CORRECT
    return {
        SourceKind.GRAPH: "Do what the sentence says: a licence, a consent, or another try later.",
        SourceKind.DIAGNOSTICS: "Look at the diagnostic settings, and at the reader's role on "
        "DIAGNOSTICS_ACCOUNT_URL (docs/deploy.md, From diagnostic settings).",
        SourceKind.EXPORTS: "Put the exports of that day into EXPORTS_FOLDER.",
    }[kind]


def _probe_store(service: Service) -> str:
    service.store.probe(service.partner_id, service.today)
    return "A file and a row were written, read back and removed."


def _try_queues(service: Service) -> Check:
    settings = service.settings
    if not settings.platform.has_functions_host:
        return not_tried("queues", "There is no Functions host here: no AzureWebJobsStorage.")

    def put() -> str:
        service.queues.put(SET_ASIDE, [_PROBE], lifetime=_PROBE_SECONDS)
        return f"A message was put into the queue {SET_ASIDE}; it vanishes by itself."

    return tried(
        "queues", put, f"Look whether the host's storage account answers queues, too: {_ROLES}."
    )


def _try_authentication(service: Service) -> Check:
    name, settings = "authentication", service.settings
    if not settings.platform.is_hosted:
        return not_tried(name, "Nobody signs in here: pages are served to this machine only.")

    def look() -> str:
        if not settings.platform.authenticates:
            raise BadSettingError("App Service authentication is off, so nobody is let in.")
        if not settings.callers_need_mfa:
            return "People sign in, with or without MFA: REQUIRE_MFA_TO_VIEW is false."
        return "People sign in, and their token must show MFA."

    found = tried(name, look, "")
    if found.is_in_order:
        return found
    return Check(name, found.state, found.sentence, "Switch it on: docs/deploy.md, step 3.")
