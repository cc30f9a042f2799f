"""
One account, one application: what their own pages show, stored so that one is found at once.

Accounts are spread over several files by their id, so that a page reads one of them; applications
are few, and their details stand in their list.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby, starmap
from operator import attrgetter
from typing import TYPE_CHECKING, Self
from zlib import compressobj, crc32

import msgspec

from shared.decoding import decode_json, inflate
from shared.delivery.files.accounts import AccountEntry
from shared.delivery.text.formatting import count
from shared.errors import DamagedError
from shared.mfa.breakdown import CauseContribution, Contribution, break_down
from shared.mfa.metrics import ShareRule, Tally, tally
from shared.mfa.request_counts import first_known
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.mfa.accounts.account_facts import AccountFacts, TenantFacts
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.truth import Truth
    from shared.mfa.assessment import Assessment
    from shared.mfa.request_counts import AccountSignIn, DayRequests, RequestKind

_GZIP_FORMAT = 31  #: as zlib's ``wbits``
_PER_FILE = 2_000  #: accounts, as long as there are files enough


class SignInEntry(msgspec.Struct, frozen=True, gc=False):
    """One sign-in to Partner Center, with its verdict."""

    id: str
    time: str  #: UTC
    channel: Channel
    application: str
    application_id: str
    ip_address: str
    verdict: str
    reason: str = ""  #: why there was no MFA, or why that is unknown; empty if there was


class PolicyReach(msgspec.Struct, frozen=True):
    """What one policy means for an account."""

    id: str
    name: str
    state: str  #: ``on``, ``report-only``, ``off`` or ``unknown``
    reach: str  #: ``applies``, ``excluded``, ``not included`` or ``unknown``


class AccountDetails(msgspec.Struct, frozen=True):
    """One account's page."""

    account: AccountEntry
    policies: int  #: the index of its policies in the file's list
    requests: Tally = Tally()  #: of the window, including sign-ins that were no requests
    sign_ins: list[SignInEntry] = []  #: the newest `ACCOUNT_SIGN_INS_CAP`


class AccountFile(msgspec.Struct, frozen=True):
    """Some accounts' details, of which one is decoded when it is asked for."""

    policies: list[list[PolicyReach]]
    accounts: dict[str, msgspec.Raw]  #: the JSON of `AccountDetails`, by object id in lower case

    def account(self, object_id: str) -> AccountDetails | None:
        """An account's details; raises `DamagedError`. `None`: the file lacks it."""
        found = self.accounts.get(object_id.lower())
        return None if found is None else decode_json(found, AccountDetails, _damaged)


class ApplicationDay(msgspec.Struct, frozen=True):
    """One application's requests of one day."""

    day: str
    requests: Tally


class ApplicationDetails(msgspec.Struct, frozen=True):
    """One application's page; requests in users' names, and sign-ins as itself."""

    id: str
    name: str
    requests: Tally
    by_user: list[Contribution]
    by_cause: list[CauseContribution]
    days: list[ApplicationDay]


class Applications(msgspec.Struct, frozen=True):
    """All applications that used Partner Center in the window, the worst first."""

    tenant_id: str | None
    rule: ShareRule
    applications: list[ApplicationDetails]

    @classmethod
    def of(cls, tenant_id: str | None, assessment: Assessment) -> Self:
        """The applications of a window: most requests without MFA first."""
        kinds: defaultdict[str, list[RequestKind]] = defaultdict(list)
        for kind in assessment.requests.kinds:
            kinds[kind.app_id].append(kind)
        days: defaultdict[str, list[DayRequests]] = defaultdict(list)
        for each in assessment.requests.days:
            days[each.app_id].append(each)
        rule = assessment.rule
        found = [
            _application(app_id, group, days[app_id], rule)
            for app_id, group in kinds.items()
            if app_id
        ]
        found.sort(key=lambda it: (-it.requests.against(rule), -it.requests.requests, it.id))
        return cls(tenant_id, rule, found)

    def to_json(self) -> bytes:
        """UTF-8 JSON, ending in a newline; equal applications give equal bytes."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote. Raises `DamagedError` if it is not valid."""
        return decode_json(data, cls, _damaged)

    def headline(self) -> str:
        """How many of them made requests without MFA, in words."""
        if not self.applications:
            return "No application used Partner Center in these days."
        worse = sum(it.requests.against(self.rule) > 0 for it in self.applications)
        every = count(len(self.applications), "application")
        return f"{worse:,} of {every} made requests without MFA."


def account_files(
    names: Sequence[str],
    entries: Sequence[AccountEntry],
    accounts: JudgedAccounts,
    assessment: Assessment,
) -> dict[str, bytes]:
    """Every account's details, in as many of these files as keep a look at one of them quick."""
    wanted = max(1, min(len(names), -(-len(entries) // _PER_FILE)))
    policies = _PolicyLists(accounts)
    files: list[list[tuple[AccountEntry, int]]] = [[] for _ in range(wanted)]
    for entry in entries:
        file = files[place_of(entry.object_id, wanted)]
        file.append((entry, policies.of(entry.object_id)))
    kinds = _kinds_by_user(assessment)
    sign_ins = assessment.requests.of_accounts

    def details(entry: AccountEntry, index: int) -> AccountDetails:
        key = entry.object_id.lower()
        return AccountDetails(
            account=entry,
            policies=index,
            requests=tally(kinds.get(key, ())),
            sign_ins=[_entry(sign_in) for sign_in in sign_ins.get(key, ())],
        )

    return {
        name: _packed(policies.lists, starmap(details, file))
        for name, file in zip(names, files, strict=False)
    }


def _packed(policies: list[list[PolicyReach]], accounts: Iterable[AccountDetails]) -> bytes:
    """An `AccountFile`, written one account after the other, as each has many sign-ins."""
    encode, packer = msgspec.json.encode, compressobj(3, wbits=_GZIP_FORMAT)
    packed = [packer.compress(b'{"policies":%b,"accounts":{' % encode(policies))]
    comma = b""
    for each in accounts:
        key = encode(each.account.object_id.lower())
        packed.append(packer.compress(b"%b%b:%b" % (comma, key, encode(each))))
        comma = b","
    return b"".join([*packed, packer.compress(b"}}"), packer.flush()])


def place_of(object_id: str, files: int) -> int:
    """Which of so many files has an account."""
    return crc32(object_id.lower().encode(errors="replace")) % files


def read_account_file(data: bytes) -> AccountFile:
    """Read what `account_files` wrote; raises `DamagedError`."""
    return decode_json(inflate(data, _damaged), AccountFile, _damaged)


class _PolicyLists:
    """What policies mean for each class of accounts; classes for which it is the same share it."""

    def __init__(self, accounts: JudgedAccounts) -> None:
        self._accounts = accounts
        self._places: dict[tuple[PolicyReach, ...], int] = {}

    @property
    def lists(self) -> list[list[PolicyReach]]:
        """All that were asked for, in the order of their index."""
        return [list(found) for found in self._places]

    def of(self, object_id: str) -> int:
        """The index of an account's policies."""
        index = self._accounts.membership.roster.index_of(object_id)
        facts = None if index is None else self._accounts.class_of(index).facts
        found = tuple(_policies(self._accounts.tenant, facts)) if facts else ()
        return self._places.setdefault(found, len(self._places))


def _policies(tenant: TenantFacts, facts: AccountFacts) -> Iterator[PolicyReach]:
    reaches = zip(tenant.demands, facts.included, facts.applies, strict=True)
    for demand, included, applies in reaches:
        if demand.is_report_only:
            state = "report-only"
        else:
            state = {True: "on", False: "off", None: "unknown"}[demand.in_force]
        yield PolicyReach(demand.id, demand.name, state, _reach(included, applies))


def _reach(included: Truth, applies: Truth) -> str:
    if included is False:
        return "not included"
    if applies is None or included is None:
        return "unknown"
    return "applies" if applies else "excluded"


def _kinds_by_user(assessment: Assessment) -> dict[str, list[RequestKind]]:
    groups: defaultdict[str, list[RequestKind]] = defaultdict(list)
    for kind in assessment.requests.kinds:
        groups[kind.user_id.lower()].append(kind)
    return groups


def _entry(sign_in: AccountSignIn) -> SignInEntry:
    traits = sign_in.traits
    return SignInEntry(
        id=sign_in.id,
        time=sign_in.created_at,
        channel=traits.channel,
        application=traits.app_name,
        application_id=traits.app_id,
        ip_address=sign_in.ip_address,
        verdict=traits.verdict.value,
        reason=traits.reason.sentence if traits.reason else "",
    )


def _application(
    app_id: str, kinds: list[RequestKind], days: list[DayRequests], rule: ShareRule
) -> ApplicationDetails:
    split = break_down(kinds, rule)
    by_day = groupby(sorted(days, key=_day, reverse=True), key=_day)
    return ApplicationDetails(
        id=app_id,
        name=first_known(kind.app_name for kind in kinds),
        requests=tally(kinds),
        by_user=split.by_user,
        by_cause=split.by_cause,
        days=[ApplicationDay(day, tally(group)) for day, group in by_day],
    )


_day = attrgetter("day")


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"Stored details cannot be read: {reason}.")
