"""
The groups that policies and roles name, with everything nested in them.

``transitiveMembers`` lists at once who belongs to a group and which groups are nested in it, at any
depth. If any are nested, the direct members of each are read as well, to know the path by which an
account belongs: "All staff > Contractors". Two rounds of batches are therefore enough, whatever the
depth.
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
#: The kinds that count, or may; the rest is neither an account nor a group.
_KINDS_TO_KEEP = (
    *(MemberKind.USER, MemberKind.AGENT_USER, MemberKind.GROUP),
    *(MemberKind.UNKNOWN, None),
)


class GroupResults(msgspec.Struct, frozen=True):
    """The groups that were read whole, and the errors of the others."""

    groups: tuple[Group, ...]
    errors: dict[str, SourceError]  #: by group id


class _Properties(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    display_name: str | None = None
    visibility: str | None = None


def groups_named(policies: Iterable[ConditionalAccessPolicy]) -> list[str]:
    """The groups that enabled and report-only policies include or exclude."""
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
    """The groups through which Partner Center gives the right to act for customers."""
    names = ",".join(f"'{name}'" for name in PARTNER_GROUPS)
    filter_ = quote(f"displayName in ({names})", safe="'(),")
    url = session.url(f"/groups?$filter={filter_}&$select=id,displayName")
    return [group.id for group in read_list(session.reader(PERMISSION), url, _Properties)]


def read_groups(session: GraphSession, group_ids: Sequence[str]) -> GroupResults:
    """Groups by id, and those nested in them; a group that no longer exists has no members."""
    named = _read_round(session, group_ids, "transitiveMembers")
    outer = [group.id for group in named.groups if _nested(group)]
    nested = [group_id for group in named.groups for group_id in _nested(group)]
    again = list(dict.fromkeys([*outer, *nested]))
    direct = _read_round(session, again, "members")
    groups = [*(group for group in named.groups if group.id not in again), *direct.groups]
    read = {group.id for group in groups}
    errors = {id_: it for id_, it in (named.errors | direct.errors).items() if id_ not in read}
    return GroupResults(tuple(groups), errors)


def _nested(group: Group) -> list[str]:
    return [member.id for member in group.members or () if member.kind is MemberKind.GROUP]


def _read_round(session: GraphSession, group_ids: Sequence[str], relation: str) -> GroupResults:
    """Each group and its members, in batches of ten groups."""
    properties = {
        group_id: f"{_path(group_id)}?$select=id,displayName,visibility" for group_id in group_ids
    }
    members = {
        group_id: f"{_path(group_id)}/{relation}?$select=id&$top={_PAGE_ROWS}"
        for group_id in group_ids
    }
    paths = (path for id_ in group_ids for path in (properties[id_], members[id_]))
    items: dict[str, BatchItem] = {}
    for batch in session.batch(PERMISSION).read(paths):
        items |= batch
    groups: list[Group] = []
    errors: dict[str, SourceError] = {}
    for id_ in group_ids:
        try:
            groups.append(_group(session, id_, items[properties[id_]], items[members[id_]]))
        except SourceError as error:
            errors[id_] = error
    return GroupResults(tuple(groups), errors)


def _path(group_id: str) -> str:
    return f"/groups/{quote(group_id, safe='')}"


def _group(
    session: GraphSession, group_id: str, properties_item: BatchItem, members_item: BatchItem
) -> Group:
    if properties_item.is_gone:
        return Group(group_id, members=())
    properties = shaped(_body(properties_item), _Properties)
    members = finish_list(session.reader(PERMISSION), _body(members_item), Member)
    if not members and (properties.visibility or "").lower() == _HIDDEN:
        raise SourceDeniedError(
            "Graph hides the members of a group with hidden membership: grant the app the "
            f"application permission {HIDDEN_PERMISSION} and an administrator's consent to it."
        )
    kept = tuple(member for member in members if member.kind in _KINDS_TO_KEEP)
    return Group(group_id, properties.display_name, kept)


def _body(item: BatchItem) -> bytes:
    if item.error:
        raise item.error
    if item.body is None:
        raise SourceDeniedError("Graph knows the group, but does not give its members (404).")
    return item.body
