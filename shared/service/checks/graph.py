"""The login, and the permissions that the figures need of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.decoding import decode_json
from shared.endpoints import Cloud
from shared.errors import BadSettingError, MfaStatusError
from shared.mfa.permissions import USUAL_FIGURES, figures_of, permission_receipt
from shared.service.checks.check import CORRECT, Check, CheckState, not_tried
from shared.service.sign_in_sources import reading_budget
from shared.settings import SourceKind
from shared.sources.graph.answers import DeniedError, unreadable_answer
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.users import USERS_PERMISSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.identity import GraphClient
    from shared.mfa.permissions import PermissionNeed
    from shared.service.composition import Service

TRIES = 2  #: of a request; somebody is waiting
_NOT_NEEDED = "Sign-ins and directory come from files."
_SIGN_IN = "In Azure, see that the app has its identity; on your own machine, run `az login`."
_GRANT = (
    "Grant it: `python -m infra.grant_graph_roles --principal OBJECT_ID --grant` (docs/deploy.md, "
    "step 2)."
)
_NO_ROLES = (
    "The token names no application permissions: it is a person's, or of a kind that does not say."
)
_LOOK = "Look at /api/permissions of the app, or at the receipt of docs/deploy.md, step 2."


class _Organization(msgspec.Struct, frozen=True):
    id: str = ""


class _Organizations(msgspec.Struct, frozen=True):
    value: list[_Organization]


def try_graph(service: Service) -> Iterator[Check]:
    """The login, then each permission; nothing of it if Graph is not read."""
    try:
        figures = needed_figures(service)
        if not figures:
            yield not_tried("identity", _NOT_NEEDED)
            return
        graph = service.partner.access.open_graph()
    except BadSettingError as error:
        yield Check("identity", CheckState.FAILED, str(error), CORRECT)
        return
    with graph:
        identity = _try_identity(service, graph)
        yield identity
        if identity.is_in_order:
            yield from _permissions(graph.granted_roles(), figures)


def needed_figures(service: Service) -> list[str]:
    """The figures that need Graph with these settings, and usually are wanted."""
    settings = service.settings
    unneeded = set()
    if settings.signin_source is not SourceKind.GRAPH:
        unneeded.add("requests")
    if settings.directory_file:
        unneeded.update(USUAL_FIGURES[1:])
    if settings.cloud is not Cloud.GLOBAL:
        unneeded.add("customers")
    return [figure for figure in USUAL_FIGURES if figure not in unneeded]


def _try_identity(service: Service, graph: GraphClient) -> Check:
    access = service.partner.access
    reader = GraphReader(
        graph, USERS_PERMISSION, budget=reading_budget(), tries=TRIES, clock=access.clock
    )
    url = f"{graph.url}/v1.0/organization?$select=id"
    try:
        found = reader.read(url, lambda body: decode_json(body, _Organizations, unreadable_answer))
    except DeniedError:  # Graph takes the token; the permission has a line of its own
        return Check("identity", CheckState.OK, "Graph accepts the app's token.")
    except MfaStatusError as error:
        return Check("identity", CheckState.FAILED, str(error), _SIGN_IN)
    ids = [each.id.lower() for each in found.value]
    if ids != [service.partner_id]:
        shown = ", ".join(ids) or "no tenant"
        sentence = f"The login is of tenant {shown}; TENANT_ID is {service.partner_id}."
        return Check("identity", CheckState.FAILED, sentence, CORRECT)
    return Check("identity", CheckState.OK, f"Graph accepts the login to tenant {ids[0]}.")


def _permissions(roles: tuple[str, ...] | None, figures: list[str]) -> Iterator[Check]:
    """A line for each permission, in the order of the receipt."""
    if roles is None:
        yield Check("permissions", CheckState.UNKNOWN, _NO_ROLES, _LOOK)
        return
    optional = [each for each in figures_of(roles) if each not in USUAL_FIGURES]
    receipt = permission_receipt(roles, [*figures, *optional])
    needs: dict[str, list[PermissionNeed]] = {}
    for need in (*receipt.granted, *receipt.missing):
        needs.setdefault(need.role, []).append(need)
    for role, of_role in needs.items():
        reads = "; ".join(need.reads for need in of_role)
        if role in roles:
            yield Check(f"permission {role}", CheckState.OK, f"It is granted, for: {reads}.")
        else:
            sentence = f"It is not granted, so these stay unknown: {reads}."
            yield Check(f"permission {role}", CheckState.FAILED, sentence, _GRANT)
