"""What one conditional access policy demands, when, and of whom."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_set import AccountSet, union
from shared.mfa.accounts.conditions import read_extent
from shared.mfa.accounts.extent import Extent
from shared.mfa.accounts.grant import Grant, read_grant
from shared.mfa.accounts.graph import flag_words, id_key
from shared.mfa.accounts.guests import names_of
from shared.mfa.accounts.policy import GuestsOrExternalUsers, PolicyState, PolicyUsers
from shared.mfa.accounts.truth import Truth, all_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.directory import Directory
    from shared.mfa.accounts.membership import Membership
    from shared.mfa.accounts.policy import ConditionalAccessPolicy

_IN_FORCE = {
    PolicyState.ENABLED: True,
    PolicyState.DISABLED: False,
    PolicyState.REPORT_ONLY: False,
}


class Demand(msgspec.Struct, frozen=True):
    """What a policy asks for, and when; of whom is its `Reach`."""

    id: str
    name: str
    grant: Grant
    extent: Extent
    in_force: Truth  #: `None`: a state not known here
    is_report_only: bool = False

    @property
    def is_relevant(self) -> bool:
        """Whether it matters at all whom it reaches; a policy about devices alone does not."""
        may_hold = self.in_force is not False or self.is_report_only
        grant = self.grant
        says = grant.blocks or grant.offers_mfa is not False or grant.has_custom_control
        return may_hold and says

    @property
    def asks(self) -> Truth:
        """Whether it has a say at all in a sign-in: it may ask for MFA, or it blocks."""
        if self.extent.futile:
            return False
        return all_of((self.in_force, True if self.grant.blocks else self.grant.offers_mfa))

    def requires(self, *, surely: bool) -> bool:
        """Whether only MFA satisfies it, but for conditions that other policies can make up for."""
        if self.extent.futile or not self.extent.is_open(surely=surely):
            return False
        required = all_of((self.in_force, self.grant.requires_mfa))
        return required is True or (required is None and not surely)


class TargetKind(StrEnum):
    """What an entry in a policy's lists of people is."""

    USERS = "users"  #: all that are named one by one
    GROUP = "group"
    ROLE = "role"
    GUESTS = "guests"
    EVERYONE = "everyone"


class PolicyTarget(msgspec.Struct, frozen=True):
    """One entry in a policy's lists of people, and who they are."""

    kind: TargetKind
    id: str
    name: str
    people: AccountSet

    @property
    def unread(self) -> str:
        """What would have to be read to know who they are."""
        return {
            TargetKind.GROUP: f"the members of the group “{self.name}”",
            TargetKind.ROLE: f"who holds the role “{self.name}”",
            TargetKind.GUESTS: "what kind of guest the account is",
        }.get(self.kind, self.name)


class Reach(msgspec.Struct, frozen=True):
    """Of whom a policy makes its demand."""

    inclusions: tuple[PolicyTarget, ...]
    exclusions: tuple[PolicyTarget, ...]

    @property
    def included(self) -> AccountSet:
        """Those it names, excluded or not."""
        return union(entry.people for entry in self.inclusions)

    @property
    def applies(self) -> AccountSet:
        """Those it makes its demand of: an exclusion beats an inclusion."""
        return self.included - union(entry.people for entry in self.exclusions)


#: Of a policy of which it does not matter whom it reaches.
NO_REACH = Reach((), ())


def read_demands(directory: Directory, partner_center_ids: frozenset[str]) -> list[Demand]:
    """What each policy asks for, in the file's order; disabled ones too."""
    places = {
        id_key(place.id): place.display_name or "" for place in directory.named_locations or ()
    }
    strengths = directory.authentication_strength_policies or ()
    return [
        Demand(
            id=policy.id,
            name=policy.display_name or policy.id or "without a name",
            grant=read_grant(policy.grant_controls, strengths),
            extent=read_extent(
                policy.conditions, frozenset(map(id_key, partner_center_ids)), places
            ),
            in_force=_IN_FORCE.get(policy.state) if policy.state else None,
            is_report_only=policy.state is PolicyState.REPORT_ONLY,
        )
        for policy in directory.conditional_access_policies or ()
    ]


def read_reach(policy: ConditionalAccessPolicy, membership: Membership) -> Reach:
    """Of whom a policy makes its demand."""
    users = (policy.conditions and policy.conditions.users) or PolicyUsers()
    return Reach(
        tuple(_entries(_included(users), membership)),
        tuple(_entries(_excluded(users), membership)),
    )


class _Lists(msgspec.Struct, frozen=True):
    """The four lists of people, those included or those excluded."""

    users: tuple[str, ...]
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    guests: GuestsOrExternalUsers | None


def _included(users: PolicyUsers) -> _Lists:
    return _Lists(
        users.include_users or (),
        users.include_groups or (),
        users.include_roles or (),
        users.include_guests_or_external_users,
    )


def _excluded(users: PolicyUsers) -> _Lists:
    return _Lists(
        users.exclude_users or (),
        users.exclude_groups or (),
        users.exclude_roles or (),
        users.exclude_guests_or_external_users,
    )


def _entries(lists: _Lists, membership: Membership) -> Iterator[PolicyTarget]:
    groups, roles, guests = membership.groups, membership.roles, membership.guests
    yield from _user_entries(lists.users, membership)
    for group_id in lists.groups:
        yield PolicyTarget(
            TargetKind.GROUP, group_id, groups.name(group_id), groups.members(group_id)
        )
    for role_id in lists.roles:
        yield PolicyTarget(TargetKind.ROLE, role_id, roles.name(role_id), roles.holders(role_id))
    if lists.guests is not None:
        kinds = names_of(flag_words(lists.guests.guest_or_external_user_types))
        yield PolicyTarget(TargetKind.GUESTS, "", kinds, guests.of(lists.guests))


def _user_entries(user_ids: tuple[str, ...], membership: Membership) -> Iterator[PolicyTarget]:
    """Graph's special words, and all accounts named one by one as a single entry."""
    special = {user_id.lower() for user_id in user_ids} & {"all", "guestsorexternalusers"}
    roster = membership.roster
    if "all" in special:
        yield PolicyTarget(TargetKind.EVERYONE, "All", "all users", roster.everyone)
    if "guestsorexternalusers" in special:
        kind = "guests and external users"
        yield PolicyTarget(TargetKind.GUESTS, "GuestsOrExternalUsers", kind, membership.guests.all)
    numbers = [number for number in map(roster.number, user_ids) if number is not None]
    if numbers:
        yield PolicyTarget(
            TargetKind.USERS, "", "by name", AccountSet.exactly(roster.those(numbers))
        )
