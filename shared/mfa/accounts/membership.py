"""
Membership of groups (with nesting), directory roles and kinds of guests.

Answers are sets over all accounts (`AccountSet`), computed once per group, role or kind: no loop
here runs over accounts and policies. What was not read makes exactly the accounts that may be
affected "possible", never more and never fewer.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_set import NOBODY, AccountSet, union
from shared.mfa.accounts.directory import Group, MemberKind
from shared.mfa.accounts.graph import id_key
from shared.mfa.accounts.guests import Guests
from shared.mfa.accounts.roster import Roster
from shared.mfa.guid import is_guid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.accounts.directory import Directory, Member, RoleAssignment


#: Kinds of members in which others may be nested; one without a kind, or of one that is new to this
#: version, may be a group.
_MAY_NEST = (None, MemberKind.GROUP, MemberKind.UNKNOWN)


class _GroupTree(msgspec.Struct, frozen=True):
    """A group and the groups nested in it, nearest first."""

    groups: tuple[Group, ...]
    paths: tuple[str, ...]  #: to each of `groups`, from the outermost: "All staff > Contractors"
    is_complete: bool  #: whether every nested group was read


class Groups:
    """Groups and their members, direct or through other groups. Cycles are legal."""

    def __init__(self, directory: Directory, roster: Roster) -> None:
        self._roster = roster
        self._groups = {id_key(group.id): group for group in directory.groups or ()}
        self._trees: dict[str, _GroupTree] = {}
        self._members: dict[str, AccountSet] = {}
        self._paths: dict[str, tuple[tuple[str, ...], array[int]]] = {}
        self._direct_members: dict[str, array[int]] = {}

    def name(self, group_id: str) -> str:
        """The display name of a group, else its id."""
        group = self._groups.get(id_key(group_id))
        return (group and group.display_name) or group_id

    def members(self, group_id: str) -> AccountSet:
        """The accounts in a group; anyone may be, if it or a group nested in it was not read."""
        known = self._members.get(id_key(group_id))
        if known is None:
            tree = self._tree(group_id)
            sure = self._roster.bits(
                index for group in tree.groups for index in self._direct(group)
            )
            possible = sure if tree.is_complete else self._roster.everyone.possible
            known = self._members[id_key(group_id)] = AccountSet(sure, possible)
        return known

    def path(self, group_id: str, index: int) -> str:
        """How the account at *index* belongs to the group: "All staff > Contractors"."""
        if group_id not in self._paths:
            tree = self._tree(group_id)
            is_plain = len(tree.groups) <= 1
            self._paths[group_id] = (
                ((self.name(group_id),), array("I"))
                if is_plain
                else (tree.paths, self._find_nearest(tree))
            )
        paths, nearest = self._paths[group_id]
        return paths[nearest[index]] if nearest else paths[0]

    def _find_nearest(self, tree: _GroupTree) -> array[int]:
        nearest = array("I", [0]) * self._roster.size
        for group_index in reversed(range(len(tree.groups))):
            for index in self._direct(tree.groups[group_index]):
                nearest[index] = group_index
        return nearest

    def _direct(self, group: Group) -> array[int]:
        """The accounts that are members themselves; looked up once, as trees share groups."""
        known = self._direct_members.get(id_key(group.id))
        if known is None:
            members = (m.id for m in group.members or () if m.kind is not MemberKind.GROUP)
            indexes = map(self._roster.index_of, members)
            known = array("I", (index for index in indexes if index is not None))
            self._direct_members[id_key(group.id)] = known
        return known

    def _tree(self, group_id: str) -> _GroupTree:
        if id_key(group_id) not in self._trees:
            self._trees[id_key(group_id)] = self._walk(id_key(group_id))
        return self._trees[id_key(group_id)]

    def _walk(self, group_id: str) -> _GroupTree:
        """Breadth first, so that each path found is a shortest one."""
        paths = {group_id: self.name(group_id)}
        queue, is_complete = [group_id], group_id in self._groups
        for current in queue:  # grows during the walk
            group = self._groups.get(current)
            if group is None or group.members is None or group.more_members:
                is_complete = False
            if group is None or group.members is None:
                continue
            for child in filter(self._may_be_group, group.members):
                if id_key(child.id) not in paths:
                    paths[id_key(child.id)] = f"{paths[current]} > {self.name(child.id)}"
                    queue.append(id_key(child.id))
        read = [current for current in queue if current in self._groups]
        return _GroupTree(
            tuple(self._groups[current] for current in read),
            tuple(paths[current] for current in read),
            is_complete,
        )

    def _may_be_group(self, member: Member) -> bool:
        if member.kind is MemberKind.GROUP:
            return True
        return member.kind in _MAY_NEST and self._roster.index_of(member.id) is None


class Roles:
    """
    Directory roles by template id, held directly or through a group.

    An account that is only eligible for a role does not hold it until it activates it, and policies
    that name the role do not reach it before: `eligible` is separate from the rest.
    """

    def __init__(self, directory: Directory, roster: Roster, groups: Groups) -> None:
        self._roster = roster
        self._groups = groups
        self._assignments = directory.role_assignments
        self._eligibilities = directory.role_eligibilities
        self._definitions = directory.role_definitions
        self._by_id = {id_key(role.id): role for role in directory.role_definitions or ()}
        templates = (role.template_id or "" for role in self._by_id.values())
        self._names = {*self._by_id, *map(id_key, templates)}
        self._holders: dict[str, AccountSet] = {}

    def name(self, template_id: str) -> str:
        """The display name of a role, else its template id."""
        for role in self._by_id.values():
            if id_key(template_id) in (id_key(role.template_id or ""), id_key(role.id)):
                return role.display_name or template_id
        return template_id

    def holders(self, template_id: str) -> AccountSet:
        """
        The accounts a policy means by a role.

        Policies apply to assignments for the whole directory only, not to those for an
        administrative unit or one object (Entra's page on users and groups in conditional access).
        """
        if self._assignments is None or self._definitions is None:
            return self._roster.anyone
        known = self._holders.get(id_key(template_id))
        if known is None:
            known = self._with_role(self._assignments, template_id)
            if not is_guid(template_id) and id_key(template_id) not in self._names:
                known |= self._roster.anyone  # a word that may mean any role
            self._holders[id_key(template_id)] = known
        return known

    def eligible_for(self, template_id: str) -> AccountSet:
        """
        The accounts that can come to hold a role as `holders` means it.

        Nobody if eligibilities were not read: Graph gives them only to tenants that have PIM.
        """
        return self._with_role(self._eligibilities or (), template_id)

    def _with_role(self, assignments: Iterable[RoleAssignment], template_id: str) -> AccountSet:
        return union(
            self._held(assignment, id_key(template_id))
            for assignment in assignments
            if assignment.is_tenant_wide
        )

    @cached_property
    def admins(self) -> AccountSet:
        """The accounts that hold any role, of any scope."""
        if self._assignments is None:
            return self._roster.anyone
        return union(map(self._principals, self._assignments))

    @cached_property
    def eligible(self) -> AccountSet:
        """The accounts that can activate any role, of any scope."""
        if self._eligibilities is None:
            return self._roster.anyone
        return union(map(self._principals, self._eligibilities))

    def _held(self, assignment: RoleAssignment, template_id: str) -> AccountSet:
        role = id_key(assignment.role_definition_id)
        definition = self._by_id.get(role)
        if template_id in (role, id_key(definition.template_id or "") if definition else role):
            return self._principals(assignment)
        if definition is None:  # the role was not read, so it may be this one
            return AccountSet(0, self._principals(assignment).possible)
        return NOBODY

    def _principals(self, assignment: RoleAssignment) -> AccountSet:
        principal = assignment.principal_id
        if self._roster.index_of(principal) is not None:
            return self._roster.only(principal)
        kind = assignment.principal.kind if assignment.principal else None
        if kind in _MAY_NEST:
            return self._groups.members(principal)
        return NOBODY


class Membership:
    """Groups, roles and guests of one roster."""

    def __init__(self, directory: Directory) -> None:
        self.roster = Roster(directory.users)
        self.groups = Groups(directory, self.roster)
        self.roles = Roles(directory, self.roster, self.groups)
        self.guests = Guests(self.roster)
