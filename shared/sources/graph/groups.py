"""
The groups that somebody names, with all that is nested in them.

``transitiveMembers`` says of a group at once who belongs to it and which groups are nested, however
deep. Where there are any, the direct members of each are asked for as well: they keep by which path
somebody belongs, "All staff > Contractors". So two rounds of batches do, whatever the depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from shared.errors import SourceDeniedError, SourceError
from shared.mfa.accounts.directory import Group, Member, MemberKind
from shared.mfa.accounts.policy import PolicyState
from shared.sources.graph.pages import finish_list, read_list, shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.mfa.accounts.policy import ConditionalAccessPolicy
    from shared.sources.graph.batch import BatchItem
    from shared.sources.graph.session import GraphSession

PERMISSION = "GroupMember.Read.All"
HIDDEN_PERMISSION = "Member.Read.Hidden"
PARTNER_GROUPS = ("AdminAgents", "HelpdeskAgents", "SalesAgents")  #: who may act for customers

_PAGE_ROWS = 999  #: maximum of ``$top`` for members
_HIDDEN = "hiddenmembership"
_NOBODY_OF_CONCERN = (MemberKind.DEVICE, MemberKind.CONTACT, MemberKind.SERVICE_PRINCIPAL)


class ReadGroups(msgspec.Struct, frozen=True):
    """Groups that were read whole, and those that were not."""

    groups: tuple[Group, ...]
    errors: dict[str, SourceError]  #: by id of the group


class _About(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    display_name: str | None = None
    visibility: str | None = None


def groups_named(policies: Iterable[ConditionalAccessPolicy]) -> list[str]:
    """The groups that policies include or exclude; a disabled policy's do not matter."""
    users = [
        policy.conditions.users
        for policy in policies
        if policy.conditions and policy.state is not PolicyState.DISABLED
    ]
    named = (
        group_id
        for lists in filter(None, users)
        for group_id in (*(lists.include_groups or ()), *(lists.exclude_groups or ()))
    )
    return list(dict.fromkeys(named))


def partner_group_ids(session: GraphSession) -> list[str]:
    """The groups by which Partner Center gives the right to act for customers."""
    names = ",".join(f"'{name}'" for name in PARTNER_GROUPS)
    filter_ = quote(f"displayName in ({names})", safe="'(),")
    url = session.url(f"/groups?$filter={filter_}&$select=id,displayName")
    return [about.id for about in read_list(session.reader(PERMISSION), url, _About)]


def read_groups(session: GraphSession, group_ids: Sequence[str]) -> ReadGroups:
    """Groups by id, and those nested in them; one that no longer exists has no members."""
    named = _round(session, group_ids, "transitiveMembers")
    nesting = [group.id for group in named.groups if _nested(group)]
    nested = [group_id for group in named.groups for group_id in _nested(group)]
    again = list(dict.fromkeys([*nesting, *nested]))
    direct = _round(session, again, "members")
    groups = [*(group for group in named.groups if group.id not in again), *direct.groups]
    read = {group.id for group in groups}
    errors = {id_: it for id_, it in (named.errors | direct.errors).items() if id_ not in read}
    return ReadGroups(tuple(groups), errors)


def _nested(group: Group) -> list[str]:
    return [member.id for member in group.members or () if member.kind is MemberKind.GROUP]


def _round(session: GraphSession, group_ids: Sequence[str], relation: str) -> ReadGroups:
    """Each group and its members, in batches of ten groups."""
    about = {
        group_id: f"{_path(group_id)}?$select=id,displayName,visibility" for group_id in group_ids
    }
    members = {
        group_id: f"{_path(group_id)}/{relation}?$select=id&$top={_PAGE_ROWS}"
        for group_id in group_ids
    }
    paths = (path for group_id in group_ids for path in (about[group_id], members[group_id]))
    answers: dict[str, BatchItem] = {}
    for batch in session.batch(PERMISSION).read(paths):
        answers |= batch
    groups: list[Group] = []
    errors: dict[str, SourceError] = {}
    for group_id in group_ids:
        try:
            group = _group(session, group_id, answers[about[group_id]], answers[members[group_id]])
        except SourceError as error:
            errors[group_id] = error
        else:
            groups.append(group)
    return ReadGroups(tuple(groups), errors)


def _path(group_id: str) -> str:
    return f"/groups/{quote(group_id, safe='')}"


def _group(session: GraphSession, group_id: str, about: BatchItem, members: BatchItem) -> Group:
    if about.is_gone:
        return Group(group_id, members=())
    told, first = shaped(_body(about), _About), _body(members)
    found = finish_list(session.reader(PERMISSION), first, Member)
    if not found and (told.visibility or "").lower() == _HIDDEN:
        raise SourceDeniedError(
            "Graph hides the members of a group with hidden membership: grant the app the "
            f"application permission {HIDDEN_PERMISSION} and an administrator's consent to it."
        )
    of_concern = (member for member in found if member.kind not in _NOBODY_OF_CONCERN)
    return Group(group_id, told.display_name, tuple(of_concern))


def _body(inner: BatchItem) -> bytes:
    if inner.error:
        raise inner.error
    if inner.body is None:
        raise SourceDeniedError("Graph knows the group, but does not give its members (404).")
    return inner.body
