"""What one conditional access policy demands, when, and of whom."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_set import NOBODY, AccountSet, union
from shared.mfa.accounts.conditions import read_extent
from shared.mfa.accounts.extent import Extent
from shared.mfa.accounts.grant import Grant, read_grant
from shared.mfa.accounts.graph import flag_words, id_key, instant_of
from shared.mfa.accounts.guests import names_of
from shared.mfa.accounts.policy import (
    GuestsOrExternalUsers,
    PolicyConditions,
    PolicyState,
    PolicyUsers,
)
from shared.mfa.accounts.truth import Truth, all_of
from shared.mfa.guid import is_guid

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
    """What a policy requires, and when; whom it reaches is its `Reach`."""

    id: str
    name: str
    grant: Grant
    extent: Extent
    in_force: Truth  #: `None`: an unknown state, or the policy lacks a part
    is_report_only: bool = False
    doubt: str = ""  #: what is missing or not understood: "the state of"
    created_at: str = ""  #: an instant like `SignIn.created_at`; empty: not given
    changed_at: str = ""

    @property
    def is_relevant(self) -> bool:
        """Whether it matters whom the policy reaches; not if it requires a device only, say."""
        may_hold = self.in_force is not False or self.is_report_only
        grant = self.grant
        concerns_mfa = grant.blocks or grant.offers_mfa is not False or grant.has_custom_control
        return may_hold and concerns_mfa

    @property
    def asks(self) -> Truth:
        """Whether it affects any sign-in: it may ask for MFA, or it blocks."""
        if self.extent.futile:
            return False
        understood = None if self.extent.has_doubt else True  # it may turn out to be futile
        offered = True if self.grant.blocks else self.grant.offers_mfa
        return all_of((self.in_force, understood, offered))

    def requires(self, *, surely: bool) -> bool:
        """Whether only MFA satisfies it, apart from conditions that other policies can cover."""
        if self.extent.futile or not self.extent.is_open(surely=surely):
            return False
        required = all_of((self.in_force, self.grant.requires_mfa))
        return required is True or (required is None and not surely)


class TargetKind(StrEnum):
    """What a policy includes or excludes."""

    USERS = "users"  #: all accounts that are named one by one
    GROUP = "group"
    ROLE = "role"
    GUESTS = "guests"
    EVERYONE = "everyone"
    UNKNOWN = "unknown"  #: it may mean anyone; the target's name says what is not understood


class PolicyTarget(msgspec.Struct, frozen=True):
    """What a policy includes or excludes, and the accounts this means."""

    kind: TargetKind
    id: str
    name: str
    accounts: AccountSet

    @property
    def unread(self) -> str:
        """What would have to be read to know the accounts."""
        return {
            TargetKind.GROUP: f"the members of the group “{self.name}”",
            TargetKind.ROLE: f"who holds the role “{self.name}”",
            TargetKind.GUESTS: "what kind of guest the account is",
        }.get(self.kind, self.name)


class Reach(msgspec.Struct, frozen=True):
    """Whom a policy reaches."""

    inclusions: tuple[PolicyTarget, ...]
    exclusions: tuple[PolicyTarget, ...]
    eligible: AccountSet = NOBODY  #: the accounts that can activate an excluded role

    @property
    def included(self) -> AccountSet:
        """The accounts it includes, whether excluded or not."""
        return union(target.accounts for target in self.inclusions)

    @property
    def applies(self) -> AccountSet:
        """The accounts it applies to: an exclusion beats an inclusion."""
        return self.included - union(target.accounts for target in self.exclusions)

    @property
    def may_leave(self) -> AccountSet:
        """The accounts that it reaches until they activate a role."""
        return self.applies & self.eligible


#: For policies whose reach does not matter.
NO_REACH = Reach((), ())


def read_demands(directory: Directory, partner_center_ids: frozenset[str]) -> list[Demand]:
    """What each policy demands, in the order of the directory; disabled ones too."""
    location_names = {
        id_key(location.id): location.display_name or ""
        for location in directory.named_locations or ()
    }
    strengths = directory.authentication_strength_policies or ()
    return [
        Demand(
            id=policy.id,
            name=policy.display_name or policy.id or "without a name",
            grant=read_grant(policy, strengths),
            extent=read_extent(policy, frozenset(map(id_key, partner_center_ids)), location_names),
            in_force=_in_force(policy),
            is_report_only=policy.state is PolicyState.REPORT_ONLY,
            doubt=_doubt_about_state(policy),
            created_at=instant_of(policy.created_date_time),
            changed_at=instant_of(policy.modified_date_time),
        )
        for policy in directory.policies or ()
    ]


def _in_force(policy: ConditionalAccessPolicy) -> Truth:
    found = _IN_FORCE.get(policy.state) if policy.state else None
    return None if found and _doubt_about_state(policy) else found


def _doubt_about_state(policy: ConditionalAccessPolicy) -> str:
    missing = [part for part in policy.missing if part != "grantControls"]
    if missing:
        return f"the {' and '.join(missing)} of"
    unknown = [path for path in policy.not_understood if "." not in path]
    if policy.partial_enablement_strategy:
        unknown.append("partialEnablementStrategy")
    return f"what “{unknown[0]}” means in" if unknown else ""


def read_reach(policy: ConditionalAccessPolicy, membership: Membership) -> Reach:
    """Whom a policy reaches; what is not understood may include or exclude anyone."""
    conditions = policy.conditions or PolicyConditions()
    users = conditions.users or PolicyUsers()
    unknown = [
        _unknown_target(f"what “{path}” means", membership)
        for path in policy.unknown_in("conditions.users")
    ]
    inclusions = [*_targets(_included(users), membership), *unknown]
    if not _included(users).name_anybody and not conditions.client_applications:
        inclusions.append(_unknown_target("whom it includes", membership))
    return Reach(
        tuple(inclusions),
        (*_targets(_excluded(users), membership), *unknown),
        union(map(membership.roles.eligible_for, users.exclude_roles or ())),
    )


def _unknown_target(what: str, membership: Membership) -> PolicyTarget:
    return PolicyTarget(TargetKind.UNKNOWN, "", what, membership.roster.anyone)


class _Lists(msgspec.Struct, frozen=True):
    """The four lists that name accounts: all included or all excluded."""

    users: tuple[str, ...]
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    guests: GuestsOrExternalUsers | None

    @property
    def name_anybody(self) -> bool:
        """Whether one of the lists was filled; with the word ``None``, too."""
        return any((self.users, self.groups, self.roles, self.guests))


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


def _targets(lists: _Lists, membership: Membership) -> Iterator[PolicyTarget]:
    groups, roles, guests = membership.groups, membership.roles, membership.guests
    yield from _user_targets(lists.users, membership)
    for group_id in lists.groups:
        yield PolicyTarget(
            TargetKind.GROUP, group_id, groups.name(group_id), groups.members(group_id)
        )
    for role_id in lists.roles:
        yield PolicyTarget(TargetKind.ROLE, role_id, roles.name(role_id), roles.holders(role_id))
    if lists.guests is not None:
        kinds = names_of(flag_words(lists.guests.guest_or_external_user_types))
        yield PolicyTarget(TargetKind.GUESTS, "", kinds, guests.of(lists.guests))


def _user_targets(user_ids: tuple[str, ...], membership: Membership) -> Iterator[PolicyTarget]:
    """Graph's special words, and all accounts named one by one as a single target."""
    words = {user_id.lower() for user_id in user_ids}
    roster = membership.roster
    if "all" in words:
        yield PolicyTarget(TargetKind.EVERYONE, "All", "all users", roster.everyone)
    if "guestsorexternalusers" in words:
        kind = "guests and external users"
        yield PolicyTarget(TargetKind.GUESTS, "GuestsOrExternalUsers", kind, membership.guests.all)
    indexes = [index for index in map(roster.index_of, user_ids) if index is not None]
    if indexes:
        yield PolicyTarget(
            TargetKind.USERS, "", "by name", AccountSet.exactly(roster.bits(indexes))
        )
    for word in sorted(words - {"all", "guestsorexternalusers", "none"}):
        if roster.index_of(word) is None and not is_guid(word):
            yield _unknown_target(f"whom “{word}” means", membership)
