"""What a sign-in's record tells about why there was no MFA: policies, and how the user came in."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from shared.decoding import decode_json

if TYPE_CHECKING:
    from collections.abc import Iterable


class Circumstance(StrEnum):
    """How a user was authenticated, where the record says more than whether there was MFA."""

    REMEMBERED_DEVICE = "remembered_device"
    REGISTERED_DEVICE = "registered_device"
    BROKER = "broker"  #: the Windows broker's flow
    LOCATION = "location"
    LEGACY_APP = "legacy_app"  #: one that cannot do MFA, with an app password
    AGENT = "agent"  #: an agent's user account
    FEDERATED = "federated"  #: another identity provider authenticated the user
    PROMPTED = "prompted"  #: to register for MFA, which a user can put off
    NOT_GIVEN = ""


#: Controls that are neither MFA nor custom, as Graph's policies and the log write them.
NOT_MFA = frozenset(
    """
    block compliantdevice domainjoineddevice approvedapplication compliantapplication
    requireapprovedapp requirecompliantapp requirecompliantdevice requiredomainjoineddevice
    passwordchange requirepasswordchange riskremediation termsofuse
    """.split()  # noqa: SIM905 (quotation marks would add nothing)
)


class PolicyTrace(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """
    What a record says about one policy: Graph beta ``appliedConditionalAccessPolicy``.

    Words are in lower case, lists joined by commas. A rule is written ``users:groupid``.
    """

    id: str
    name: str
    result: str = ""
    controls: str = ""  #: ``enforcedGrantControls``; often empty for a policy that did not apply
    strength: str = ""  #: the id of the authentication strength
    unmet: str = ""  #: ``conditionsNotSatisfied``
    excluded_by: str = ""  #: ``excludeRulesSatisfied``
    included_by: str = ""  #: ``includeRulesSatisfied``

    @property
    def was_applied(self) -> bool:
        """Whether it asked for its controls."""
        return self.result in ("success", "failure")

    @property
    def is_report_only(self) -> bool:
        """Whether it would have asked, had it been on."""
        return self.result.startswith("reportonly") and self.result != "reportonlynotapplied"

    @property
    def accepts_mfa(self) -> bool | None:
        """Whether MFA satisfies it; `None` if the record has no controls or unknown ones."""
        if self.strength or "mfa" in self.control_names:
            return True
        names = self.control_names
        return False if names and NOT_MFA.issuperset(names) else None

    @property
    def control_names(self) -> list[str]:
        """Its controls."""
        return self.controls.split(",") if self.controls else []


class PolicyTraces(str):
    """
    The policies of one record that came nearest to requiring MFA, nearest first.

    JSON, so that there is one object for all sign-ins that say the same (see `shared_traces`): a
    sign-in holds a reference only. Empty if the record names none.
    """

    __slots__ = ()

    @classmethod
    def of(cls, traces: Iterable[PolicyTrace]) -> PolicyTraces:
        """The text for these policies."""
        found = tuple(traces)
        return shared_traces(msgspec.json.encode(found).decode()) if found else NO_TRACES

    @property
    def policies(self) -> tuple[PolicyTrace, ...]:
        """The policies, nearest first; none if the text cannot be read."""
        return _policies(str(self)) if self else ()


@lru_cache(maxsize=4096)
def shared_traces(text: str) -> PolicyTraces:
    """The one object with this text, while it is in use."""
    return PolicyTraces(text)


NO_TRACES = PolicyTraces()


@lru_cache(maxsize=4096)
def _policies(text: str) -> tuple[PolicyTrace, ...]:
    try:
        return decode_json(text, tuple[PolicyTrace, ...], ValueError)
    except ValueError:
        return ()


def to_text(value: object) -> str:
    """What msgspec writes for a type of ours: its ``enc_hook``."""
    if isinstance(value, PolicyTraces):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be stored")


class SharedTexts:
    """
    Writes each text once, then its number: msgspec's hooks for one list of sign-ins.

    A reader that reads in the order of writing finds every number defined.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[PolicyTraces] = []

    def write(self, value: object) -> str | int:
        """The text when it first occurs, then its number."""
        text = to_text(value)
        if text in self._numbers:
            return self._numbers[text]
        self._numbers[text] = len(self._numbers)
        return text

    def read(self, kind: type, value: object) -> PolicyTraces:
        """What `write` wrote; raises `ValueError` if it wrote nothing of the kind."""
        if kind is PolicyTraces and isinstance(value, str):
            self._texts.append(shared_traces(value) if value else NO_TRACES)
            return self._texts[-1]
        if kind is PolicyTraces and isinstance(value, int) and 0 <= value < len(self._texts):
            return self._texts[value]
        raise ValueError(f"expected a text or the number of one, got {value!r:.50}")
