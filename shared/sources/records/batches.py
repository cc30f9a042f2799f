"""
Many regular records at once: a page of Graph's, or some elements of a list in a file.

They are decoded together and read column by column, so that most of the time is not spent in
Python's interpreter; what repeats (status, steps, policies) is understood once. The result is that
of `parse_sign_in` for each. If a record is not regular (see `decoding`), or something has to be
looked for, there is no result, and the records are read one by one.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat, zip_longest
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import stringzilla
from msgspec import UNSET, Meta, Raw, UnsetType
from msgspec.structs import astuple

from shared.decoding import UNREADABLE
from shared.mfa.circumstances import Circumstance
from shared.mfa.sign_in import Requirement, SignIn, SignInEventType
from shared.sources.records.decoding import KEYS, count_keys, lowered
from shared.sources.records.evidence import (
    circumstance_of,
    event_of_log,
    event_of_types,
    requirement_of,
    text_evidence,
)
from shared.sources.records.nested import (
    POLICIES_IN,
    is_agent,
    read_status,
    what_steps_say,
)
from shared.sources.records.parsing import (
    error_code,
    event_of_flag,
    tenant_id,
    tidy_ids,
)
from shared.sources.records.plain import Memory
from shared.sources.records.shapes import Envelope, Fields, Status, Text, names_of
from shared.sources.records.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shared.mfa.sign_in import Evidence

_T = TypeVar("_T")
#: A text that is remembered, so it may not have any length.
Short = Annotated[str, Meta(max_length=1024)]


class _Step(msgspec.Struct, frozen=True, gc=False):
    """As `AuthenticationStep`, and hashable."""

    result: Short | UnsetType | None = msgspec.field(
        default=UNSET, name="authenticationStepResultDetail"
    )
    method: Short | UnsetType | None = msgspec.field(default=UNSET, name="authenticationMethod")

    @property
    def is_regular(self) -> bool:
        """Whether a key was spelled as in the schema."""
        return self.result is not UNSET or self.method is not UNSET


class _Regular(Fields, rename="camel", gc=False, kw_only=True):
    """The fields of a record that has at least a time and a status."""

    created_date_time: str
    status: Raw  # type: ignore[assignment]
    authentication_details: tuple[_Step, ...] | UnsetType | None = UNSET  # type: ignore[assignment]
    authentication_requirement: Short | UnsetType | None = UNSET
    sign_in_event_types: Raw | UnsetType = UNSET  # type: ignore[assignment]


class _OfGraph(_Regular, rename="camel", gc=False, kw_only=True):
    """A record of Graph's; with one of these keys, it would be of another shape."""

    properties: UnsetType = UNSET
    created: UnsetType = msgspec.field(default=UNSET, name="CreatedDateTime")
    generated: UnsetType = msgspec.field(default=UNSET, name="TimeGenerated")


class _InEnvelope(Envelope, gc=False, kw_only=True):
    """A record of a diagnostic setting."""

    properties: _Regular
    category: Short | UnsetType | None = UNSET
    path: Short | UnsetType | None = msgspec.field(default=UNSET, name="resourceId")
    tenant: Short | UnsetType | None = msgspec.field(default=UNSET, name="tenantId")
    received: UnsetType = UNSET
    table: UnsetType = UNSET
    further_policies: UnsetType = UNSET


class _Page(msgspec.Struct):
    value: list[_OfGraph]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


_page_decoder = msgspec.json.Decoder(_Page)
_one_of_graph, _one_envelope = msgspec.json.Decoder(_OfGraph), msgspec.json.Decoder(_InEnvelope)
_graph_decoder = msgspec.json.Decoder(list[_OfGraph])
_envelope_decoder = msgspec.json.Decoder(list[_InEnvelope])
_status_decoder = msgspec.json.Decoder(Status | str | None)
_types_decoder = msgspec.json.Decoder(list[str] | str | None)
_AROUND = ("path", "category", "tenant", "result_type", "caller")  #: what envelopes add
Columns = dict[str, "Sequence[Any]"]


class _IrregularError(Exception):
    """The records have to be read one by one."""


def parse_array(array: bytes, sequence: int) -> list[SignIn] | None:
    """The sign-ins in a JSON array of records, if all of them are regular."""
    return _parse(array, sequence, _graph_decoder.decode, _envelope_decoder.decode)


def parse_records(records: Sequence[bytes], sequence: int) -> list[SignIn] | None:
    """The same of single records."""
    return _parse(
        b"\n".join(records),
        sequence,
        lambda _: [_one_of_graph.decode(record) for record in records],
        lambda _: [_one_envelope.decode(record) for record in records],
    )


def _parse(
    whole: bytes,
    sequence: int,
    of_graph: Callable[[bytes], list[_OfGraph]],
    in_envelopes: Callable[[bytes], list[_InEnvelope]],
) -> list[SignIn] | None:
    try:
        if stringzilla.find(whole, b'"properties"') >= 0:
            return _of_envelopes(in_envelopes(whole), whole, sequence)
        return _of_graph(of_graph(whole), whole, sequence)
    except (_IrregularError, *UNREADABLE):
        return None


def parse_regular_page(page: bytes, sequence: int) -> tuple[list[SignIn], str | None] | None:
    """The sign-ins on a Graph page, and its next link, if all of them are regular."""
    try:
        decoded = _page_decoder.decode(page)
        return _of_graph(decoded.value, page, sequence), decoded.next_link
    except (_IrregularError, *UNREADABLE):
        return None


def _of_graph(records: Sequence[_OfGraph], whole: bytes, sequence: int) -> list[SignIn]:
    if not records:
        return []
    of = columns_of(records)
    _check_keys(of, Fields, whole)
    if "\n/" in "\n".join(("", *filter(None, of["resource_id"]))):  # the path of a row, no id
        raise _IrregularError
    return _sign_ins(of, dict.fromkeys(_AROUND, (UNSET,) * len(records)), sequence)


def _of_envelopes(envelopes: Sequence[_InEnvelope], whole: bytes, sequence: int) -> list[SignIn]:
    if not envelopes:
        return []
    of, around = columns_of([envelope.properties for envelope in envelopes]), columns_of(envelopes)
    _check_keys(of, Fields, whole)
    _check_keys(around, Envelope, whole)
    pairs = zip(of["correlation_id"], around["correlation"], strict=True)
    of["correlation_id"] = [inner or outer for inner, outer in pairs]
    return _sign_ins(of, around, sequence)


def columns_of(records: Sequence[msgspec.Struct]) -> Columns:
    """The values of each attribute of some structs of one kind; there must be one."""
    names = type(records[0]).__struct_fields__
    return dict(zip(names, zip(*map(astuple, records), strict=True), strict=True))


def _check_keys(of: Columns, shape: type[msgspec.Struct], whole: bytes) -> None:
    """Raise if a key that some records lack may be there in another spelling."""
    in_lower, names = b"", names_of(shape)
    for name, keys in KEYS[shape].items():
        if keys and UNSET in of[name]:
            in_lower = in_lower or lowered(whole)
            found = len(of[name]) - of[name].count(UNSET)
            as_is = stringzilla.count(whole, f'"{names[name]}"'.encode())  # not with an escape
            if count_keys(in_lower, keys) > min(found, as_is):
                raise _IrregularError


def _sign_ins(of: Columns, around: Columns, sequence: int) -> list[SignIn]:
    """The columns of `Fields` and `Envelope` as those of `SignIn`, in the order of its fields."""
    ids, apps = tidy_ids(of["id"]), tidy_ids(of["app_id"])
    is_placed = all(apps) and UNSET not in of["resource_id"]
    if not (all(ids) and is_placed) or UNSET in of["is_interactive"]:
        raise _IrregularError
    codes, details, ways, are_read = zip(*read_all(_STATUS_IN, of["status"]), strict=True)
    steps, ways_of_steps = zip(*map(_steps, of["authentication_details"]), strict=True)
    policies, traces, are_policies_read = zip(
        *read_all(POLICIES_IN, of["applied_conditional_access_policies"]), strict=True
    )
    return list(
        map(
            SignIn,
            map(utc_text, of["created_date_time"]),
            ids,
            repeat(""),  # received_at
            range(sequence, sequence + len(ids)),
            repeat(True),  # noqa: FBT003 (has_own_id)
            map(_tenant_id, around["tenant"], around["path"]),
            _events(of, around),
            _codes(codes, around["result_type"]),
            map(_requirement, of["authentication_requirement"]),
            details,
            steps,
            policies,
            tidy_ids(of["user_id"]),
            _texts(of["user_principal_name"]),
            _texts(of["user_display_name"]),
            apps,
            _texts(of["app_display_name"], of["service_principal_name"]),
            tidy_ids(of["resource_id"]),
            _texts(of["resource_display_name"]),
            _texts(of["ip_address"], around["caller"]),
            tidy_ids(of["correlation_id"]),
            tidy_ids(of["session_id"]),
            _not_understood(are_read, are_policies_read),
            _circumstances(ways, ways_of_steps, of["agent"]),
            traces,
        )
    )


def read_all(memory: Memory[_T], column: Sequence[Any]) -> Iterable[_T]:
    """What is read in each JSON of a column; in an absent one as in no bytes."""
    values = map(bytes, column)
    if UNSET in column:
        values = map(bytes, (b"" if value is UNSET else value for value in column))
    return map(memory.__getitem__, values)


def _read_status(data: bytes) -> tuple[int | None, Evidence, Circumstance, bool]:
    """Error code, evidence, circumstance, and whether all of that is understood."""
    value = _status_decoder.decode(data)
    if isinstance(value, Status) and not value.is_regular:
        raise _IrregularError
    status, is_read = read_status(value)
    details = status.additional_details or ""
    code = error_code(status.error_code, UNSET)
    return code, text_evidence(details), circumstance_of(details), is_read


@lru_cache(maxsize=1024)
def _steps(steps: tuple[_Step, ...] | UnsetType | None) -> tuple[Evidence, Circumstance]:
    if not all(step.is_regular for step in steps or ()):
        raise _IrregularError
    return what_steps_say(
        tuple([step.result or "" for step in steps or () if step.result or step.method])
    )


def _event_of_types(data: bytes) -> SignInEventType:
    types = _types_decoder.decode(data) if data else None
    text = types if isinstance(types, str) else " ".join(types or ())
    return event_of_types(text) if text else SignInEventType.NOT_GIVEN


_STATUS_IN = Memory(_read_status)
EVENT_IN = Memory(_event_of_types)


def _events(of: Columns, around: Columns) -> Sequence[SignInEventType]:
    events = list(read_all(EVENT_IN, of["sign_in_event_types"]))
    if all(events):
        return events
    names = of["user_id"], of["user_principal_name"]
    rest = zip(events, around["category"], of["is_interactive"], *names, strict=True)
    return [
        event or event_of_log(log or "") or event_of_flag(flag, has_user=bool(user or upn))
        for event, log, flag, user, upn in rest
    ]


def _codes(codes: Sequence[int | None], results: Sequence[Any]) -> Sequence[int | None]:
    """Error codes; the envelope's where the status has none."""
    if None not in codes:
        return codes
    pairs = zip(codes, results, strict=True)
    return [error_code(result) if code is None else code for code, result in pairs]


@lru_cache(maxsize=256)
def _tenant_id(tenant: Text, path: Text) -> str:
    return tenant_id(tenant, path)


@lru_cache(maxsize=256)
def _requirement(text: Text) -> Requirement:
    return requirement_of(text) if text else Requirement.NOT_GIVEN


def _texts(texts: Sequence[Text], others: Sequence[Text] = ()) -> Sequence[str]:
    """Texts, each absent one replaced by the other."""
    if all(texts):
        return texts  # type: ignore[return-value]
    return [text or other or "" for text, other in zip_longest(texts, others)]


def _not_understood(*are_read: Sequence[bool]) -> Iterable[bool]:
    """Whether one of a record's parts that speak of MFA is filled, but not understood."""
    if all(map(all, are_read)):
        return repeat(False)  # noqa: FBT003
    return [not all(parts) for parts in zip(*are_read, strict=True)]


def _circumstances(
    of_status: Sequence[Circumstance], of_steps: Sequence[Circumstance], agents: Sequence[Any]
) -> Iterable[Circumstance]:
    """An agent's user, else what the status says, else what the steps say."""
    found = [status or steps for status, steps in zip(of_status, of_steps, strict=True)]
    if any(agents):
        pairs = zip(found, agents, strict=True)
        return [Circumstance.AGENT if agent and is_agent(agent) else one for one, agent in pairs]
    return found
