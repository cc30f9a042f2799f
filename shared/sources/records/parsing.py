"""
From one sign-in record, in any of three shapes, to a `SignIn`.

The shapes (Graph, diagnostic settings, Log Analytics) are recognised by content, never by where the
record was found.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import UNSET

from shared.mfa.circumstances import Circumstance, PolicyTraces
from shared.mfa.guid import NO_GUID, is_guid
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.sources.records.decoding import (
    OtherLogError,
    UnplacedError,
    UnreadableError,
    decode_record,
    object_of,
    refuse,
)
from shared.sources.records.evidence import (
    EVENT_OF_FLAG,
    circumstance_of,
    event_of_log,
    event_of_types,
    requirement_of,
    text_evidence,
)
from shared.sources.records.nested import is_agent, read_policies, read_status, read_steps
from shared.sources.records.timestamps import utc_text
from shared.sources.records.tolerant import read_tolerantly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from msgspec import UnsetType

    from shared.sources.records.shapes import Envelope, Fields, Text

__all__ = [
    "FAILED",
    "OtherLogError",
    "UnplacedError",
    "UnreadableError",
    "parse_sign_in",
    "parse_values",
]

FAILED = -1  #: the error code of a sign-in whose failure is recorded only as a word

_LARGEST_CODE = 2**31 - 1  #: Graph's ``errorCode`` is an Int32
_NUMBER = re.compile(r"\s*(-?[0-9]{1,18})(?:\.0*)?\s*", re.ASCII)  # pandas may write 0.0
#: By a property in lower case that only their records have: Graph's other reports.
_GRAPH_LOGS = {
    "activitydisplayname": "directoryAudits",
    "provisioningaction": "provisioning",
    "riskeventtype": "riskDetections",
    "risklastupdateddatetime": "riskyUsers",
}
_UNTIDY = ("{", " ", NO_GUID)  #: parts of ids that are not kept as they are
_TENANT_PATH = re.compile(r"/tenants/([^/]+)", re.IGNORECASE)


def parse_sign_in(record: bytes, sequence: int) -> SignIn:
    """
    The sign-in in a JSON object; raises `UnreadableError` if it is not a sign-in record.

    `sequence` is its position in what is read. Its time is ``createdDateTime``, or if that is
    missing the envelope's ``time`` or the row's ``TimeGenerated``. Without a time, or with nothing
    but a time, it is not a sign-in record: users and policies have a ``createdDateTime`` too.
    """
    fields, envelope = decode_record(record)
    return _sign_in(fields, envelope, sequence, lambda: object_of(record))


def parse_values(record: Mapping[str, object], sequence: int) -> SignIn:
    """The same as `parse_sign_in`, for a record of Python values: a row of a table."""
    fields, envelope = read_tolerantly(record)
    return _sign_in(fields, envelope, sequence, lambda: record)


def _sign_in(
    fields: Fields, envelope: Envelope, sequence: int, whole: Callable[[], object]
) -> SignIn:
    is_sign_in = _is_sign_in(fields, envelope)
    if not is_sign_in and (log := _other_log(envelope, whole())):
        raise OtherLogError(log)
    created_at = _created_at(fields, envelope)
    if not is_sign_in:
        refuse("it is not a sign-in record: its only sign-in field is a time")
    status, is_status_understood = read_status(fields.status)
    steps, of_steps, are_steps_understood = read_steps(fields.authentication_details)
    policies, traces, are_policies_understood = _policies(fields, envelope)
    own_id = tidy_id(fields.id)
    is_understood = is_status_understood and are_steps_understood and are_policies_understood
    sign_in = SignIn(  # by position, in the order of its fields: names take a tenth of the time
        created_at,
        own_id or _digest(whole()),  # id
        _received_at(envelope),  # received_at
        sequence,
        bool(own_id),  # has_own_id
        tenant_id(envelope.tenant, envelope.path),  # tenant_id
        _event(fields, envelope),  # event
        error_code(status.error_code, envelope.result_type),  # error_code
        _requirement(fields.authentication_requirement),  # requirement
        text_evidence(status.additional_details or ""),  # details
        steps,
        policies,
        tidy_id(fields.user_id),  # user_id
        fields.user_principal_name or "",  # upn
        fields.user_display_name or "",  # user_name
        tidy_id(fields.app_id),  # app_id
        fields.app_display_name or fields.service_principal_name or "",  # app_name
        tidy_id(fields.resource_id),  # resource_id
        fields.resource_display_name or "",  # resource_name
        fields.ip_address or envelope.caller or "",  # ip_address
        tidy_id(fields.correlation_id),  # correlation_id
        tidy_id(fields.session_id),  # session_id
        not is_understood,  # not_understood
        _circumstance(fields, status.additional_details or "", of_steps),  # circumstance
        traces,
    )
    if lacks := _lacks_place(sign_in, fields, envelope):
        raise UnplacedError(lacks, sign_in)
    return sign_in


def _lacks_place(sign_in: SignIn, fields: Fields, envelope: Envelope) -> str:
    """
    What a user's sign-in would need to say to be known not to concern Partner Center.

    Entra always gives the application. The resource may be empty, or absent from a diagnostic
    record (which has a ``time``), but only a query that leaves its column out has no such key.
    """
    if sign_in.event.is_app_only or sign_in.error_code:
        return ""
    if not sign_in.app_id:
        return "which application signed in (appId)"
    is_projection = fields.resource_id is UNSET and envelope.time is UNSET
    return "for which resource (resourceId)" if is_projection else ""


def _is_sign_in(fields: Fields, envelope: Envelope) -> bool:
    """Whether the record is of a log of sign-ins, or has a field, empty or not, of them alone."""
    if (
        fields.is_interactive is not UNSET
        or fields.authentication_requirement is not UNSET
        or fields.authentication_details is not UNSET
        or fields.sign_in_event_types is not UNSET
        or fields.applied_conditional_access_policies is not UNSET
    ):
        return True
    if event_of_log(envelope.category or "") or event_of_log(envelope.table or ""):
        return True
    has_app_and_resource = fields.app_id is not UNSET and fields.resource_id is not UNSET
    return has_app_and_resource and not (envelope.category or envelope.table)


def _other_log(envelope: Envelope, record: object) -> str:
    """The name of the log that a record which is not a sign-in is of; empty if unknown."""
    name = envelope.table or envelope.category
    if name or not isinstance(record, dict):
        return name or ""
    keys = {str(key).lower() for key in record}
    return next((log for key, log in _GRAPH_LOGS.items() if key in keys), "")


def tidy_id(text: Text) -> str:
    """An id; a GUID in lower case and without braces, whatever its spelling. Zeros are no id."""
    if not text or text == NO_GUID:
        return ""
    lower = text.lower()
    if lower == text and text[0] not in "{ ":
        return text
    bare = lower.strip(" {}")
    return bare if is_guid(bare) else text


def tidy_ids(texts: Sequence[Text]) -> Sequence[str]:
    """`tidy_id` of each, at once if all are spelled as Entra does."""
    if UNSET in texts or None in texts:
        return [tidy_id(text) for text in texts]
    spelled = "\n".join(texts)  # type: ignore[arg-type]
    is_tidy = spelled == spelled.lower() and not any(part in spelled for part in _UNTIDY)
    return texts if is_tidy else [tidy_id(text) for text in texts]  # type: ignore[return-value]


def _created_at(fields: Fields, envelope: Envelope) -> str:
    text = fields.created_date_time or envelope.time or envelope.received
    if not text:
        refuse("it is not a sign-in record: it has neither createdDateTime nor time")
    try:
        return utc_text(text)
    except ValueError:
        refuse(f"its time {text[:40]!r} is not a valid timestamp")


def _received_at(envelope: Envelope) -> str:
    try:
        return utc_text(envelope.received) if envelope.received else ""
    except ValueError:
        return ""


def _digest(record: object) -> str:
    """A digest of the content, independent of the order of keys and of white space."""
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        refuse("it is nested too deep")
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


def tenant_id(tenant: Text, path: Text) -> str:
    """
    The tenant whose log it is, according to the envelope; Graph's record does not say.

    ``resourceTenantId`` is something else: in a partner's own log it is the customer's tenant if
    one of the partner's users acted there.
    """
    if tenant:
        return tidy_id(tenant)
    match = _TENANT_PATH.match(path) if path else None
    return tidy_id(match[1]) if match else ""


def _event(fields: Fields, envelope: Envelope) -> SignInEventType:
    types = fields.sign_in_event_types
    if types:
        event = event_of_types(types if isinstance(types, str) else " ".join(types))
        if event:
            return event
    event = event_of_log(envelope.category or "") or event_of_log(envelope.table or "")
    if event:
        return event
    return event_of_flag(
        fields.is_interactive, has_user=bool(fields.user_id or fields.user_principal_name)
    )


def event_of_flag(is_interactive: bool | UnsetType | None, *, has_user: bool) -> SignInEventType:  # noqa: FBT001 (a flag of the record)
    """The event of a record that says no more; an application's has the flag of a user's."""
    if is_interactive is False and not has_user:
        return SignInEventType.NOT_GIVEN
    return EVENT_OF_FLAG.get(is_interactive, SignInEventType.NOT_GIVEN)


def error_code(*values: int | str | UnsetType | None) -> int | None:
    """
    0 for a completed sign-in; `None` if the record does not say.

    ``status.errorCode`` takes precedence over ``resultType``, and a number over a word (some
    collectors write ``Failure`` instead).
    """
    for value in values:
        number = _number(value)
        if number is not None:
            return number if abs(number) <= _LARGEST_CODE else FAILED
    result = values[-1]
    if not isinstance(result, str) or not result.strip():
        return None
    return 0 if result.strip().lower() in ("success", "succeeded") else FAILED


def _number(value: int | str | UnsetType | None) -> int | None:
    if isinstance(value, str):
        digits = _NUMBER.fullmatch(value)
        return int(digits[1]) if digits else None
    return value if isinstance(value, int) else None


def _requirement(text: Text) -> Requirement:
    return requirement_of(text) if text else Requirement.NOT_GIVEN


def _policies(fields: Fields, envelope: Envelope) -> tuple[Evidence, PolicyTraces, bool]:
    """The policies' evidence. A row has two columns for them, at least one of which is filled."""
    first = read_policies(fields.applied_conditional_access_policies)
    if envelope.further_policies is UNSET:
        return first
    second = read_policies(envelope.further_policies)
    return first[0] or second[0], first[1] or second[1], first[2] and second[2]


def _circumstance(fields: Fields, details: str, of_steps: Circumstance) -> Circumstance:
    """An agent's user, else what the status says, else what the steps say."""
    if fields.agent and is_agent(fields.agent):
        return Circumstance.AGENT
    return circumstance_of(details) or of_steps
