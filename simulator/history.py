"""
What the demonstration has of the days before its last one: three months.

The day a week ago is played through the chain, and of the days since then the directory is there as
it was: a few people were excepted one by one and have been taken off that list since, and one
account is new. Of the days before, only figures are left, as after their retention.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import sin
from typing import TYPE_CHECKING

import msgspec

from shared.clock import timestamp
from shared.mfa.accounts.directory import Member
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.scope import Scope
from shared.service.day_run import collect_owed, publish_owed
from shared.service.directory_snapshot import DIRECTORY_FILE, DirectorySnapshot
from shared.stores.models import MetricsRow
from simulator.tenants.partner import TENANT_ID

if TYPE_CHECKING:
    from shared.mfa.accounts.directory import Directory, Group
    from shared.service.tenant import Tenant

DAYS = 91  #: before the newest one
WITH_FILES = 7  #: of them
_EXCEPTIONS = "Rollout wave 3"  #: the group that people were in
_NEW = "svc-backup-report@"  #: an account that has not signed in
#: How many more were excepted so many days ago.
_MORE = {1: 2, 2: 2, 3: 5, 4: 6, 5: 8, 6: 8, 7: 9}


def play_history(tenant: Tenant, newest: date) -> None:
    """Fill the store with everything before a tenant's newest day; its log is there."""
    daily, past = tenant.daily, _Past(tenant.read_directory())
    for back in range(DAYS, WITH_FILES, -1):
        daily.store.save_report(_figures(newest - timedelta(days=back), back), {})
    week_ago = newest - timedelta(days=WITH_FILES)
    then = replace(
        daily,
        now=lambda: _morning_after(week_ago),
        read_directory=lambda: past.on(WITH_FILES, week_ago),
    )
    today = week_ago + timedelta(days=1)
    collect_owed(then, today, lambda *_: None)
    publish_owed(then, today, lambda *_: None)
    for back in range(WITH_FILES - 1, 0, -1):  # reports follow, with that of the newest day
        day = newest - timedelta(days=back)
        files = {DIRECTORY_FILE: past.on(back, day).to_bytes()}
        daily.store.save_report(_figures(day, back), files)


class _Past:
    """The directory as it was."""

    def __init__(self, snapshot: DirectorySnapshot) -> None:
        self._snapshot = snapshot
        rows = list(snapshot.accounts.rows())
        enforced = [row for row in rows if row.enforcement is Enforcement.ENFORCED]
        self._excepted = [
            row.object_id for row in enforced if row.user_type == "Member" and not row.is_admin
        ]
        new = (row.object_id for row in rows if row.upn.startswith(_NEW))
        self._new = next(new)  #: there since the newest day only

    def on(self, back: int, day: date) -> DirectorySnapshot:
        """So many days before the newest one."""
        directory = self._snapshot.directory
        more = tuple(Member(object_id) for object_id in self._excepted[: _MORE[back]])
        then = msgspec.structs.replace(
            directory,
            users=tuple(user for user in directory.users if user.id != self._new),
            groups=_with_members(directory, more),
        )
        return DirectorySnapshot(
            then,
            Scope(),
            read_at=timestamp(_morning_after(day)),
            notes=self._snapshot.notes,
            granted=self._snapshot.granted,
        )


def _with_members(directory: Directory, more: tuple[Member, ...]) -> tuple[Group, ...]:
    return tuple(
        msgspec.structs.replace(group, members=(*(group.members or ()), *more))
        if group.display_name == _EXCEPTIONS
        else group
        for group in directory.groups or ()
    )


def _figures(day: date, back: int) -> MetricsRow:
    """The figures of an earlier report: worse the longer ago, and never quite even."""
    enforced = round(25 - 20 * back / DAYS + sin(back))
    portal = round(300 * (0.62 - 0.35 * back / DAYS + 0.04 * sin(back / 3)))
    api = round(900 * (0.57 - 0.22 * back / DAYS + 0.03 * sin(back / 4)))
    return MetricsRow(
        tenant_id=TENANT_ID,
        ending=day,
        generated_at=timestamp(_morning_after(day)),
        complete_days=7,
        accounts_share=enforced / 59,
        accounts_enforced=enforced,
        accounts_enabled=59,
        portal_share=portal / 300,
        portal_compliant=portal,
        portal_decided=300,
        api_share=api / 900,
        api_compliant=api,
        api_decided=900,
    )


def _morning_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(3), tzinfo=UTC)
