"""What a reading of the directory amounts to, collected part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from shared.errors import SourceError, SourceIncompleteError
from shared.mfa.accounts.directory import FORMAT, VERSION, Directory
from shared.sources.graph.answers import UnlicensedError

if TYPE_CHECKING:
    from collections.abc import Callable

#: What each key of the document is called in a note.
_NAMES = {
    "organization": "The organization",
    "conditionalAccessPolicies": "Conditional access policies",
    "namedLocations": "Named locations",
    "authenticationStrengthPolicies": "Authentication strengths",
    "securityDefaults": "Security defaults",
    "roleDefinitions": "Directory roles",
    "roleAssignments": "Role assignments",
    "roleEligibilities": "Eligibilities for roles",
    "domains": "Domains",
    "userRegistrationDetails": "Registration details",
    "groups": "Groups",
    "customers": "Customers",
}
#: The same for what is part of another key, or goes into one together with others.
_PARTS = {
    "perUserMfaState": "Per-user MFA states",
    "federationConfiguration": "Federation settings",
    "partnerGroups": "Partner groups (AdminAgents, HelpdeskAgents, SalesAgents)",
    "customerInsights": "The customers' MFA figures",
    "delegatedAdminCustomers": "The customers' names",
}
#: Which licence a key takes, where it is not P1.
_LICENCES = {"roleEligibilities": "an Entra ID P2 or Entra ID Governance licence"}
_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Directory)}
_T = TypeVar("_T")


class CollectedDirectory(msgspec.Struct, frozen=True):
    """A directory, and why what is missing in it is missing."""

    directory: Directory
    notes: dict[str, str]  #: a sentence by key of the document, or by the name of a part of one
    content: dict[str, Any]  #: the document's keys
    granted: tuple[str, ...] | None = None  #: Graph's permissions, as the own token names them

    def document(self) -> bytes:
        """The directory as a file for ``--directory``, the notes with it."""
        heading = {"format": FORMAT, "version": VERSION, "notes": self.notes}
        return msgspec.json.encode(heading | self.content)


class DirectoryBuilder:
    """The document while it is put together; a key that nobody keeps is not read."""

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}
        self._parts: dict[str, Any] = {}
        self._typed: dict[str, Any] = {}

    def attempt(self, name: str, read: Callable[[], _T]) -> _T | None:
        """What *read* gives; `None`, and a note under *name*, where it cannot."""
        try:
            return read()
        except SourceError as error:
            self.note(name, error)
            return None

    def keep(self, key: str, value: Any) -> None:  # noqa: ANN401 (JSON)
        """Keep what Graph gave, as it gave it; `None` is not read."""
        if value is None:
            return
        field = _FIELDS[key]
        try:
            self._typed[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError:
            shape = "Graph's answer does not have the shape it is documented with."
            self.note(key, SourceIncompleteError(shape))
        else:
            self._parts[key] = value

    def keep_typed(self, key: str, values: list[Any] | tuple[Any, ...] | None) -> None:
        """Keep what is decoded already, which is where there may be hundreds of thousands."""
        if values is not None:
            self._typed[_FIELDS[key].name] = tuple(values)
            self._parts[key] = values

    def typed(self, key: str) -> Any:  # noqa: ANN401 (the type of any field)
        """What was kept under a key, as the directory will hold it; `None` where nothing was."""
        return self._typed.get(_FIELDS[key].name)

    def note(self, name: str, error: SourceError, missing: str = "") -> None:
        """Say why something, or all that is *missing* of it, was not read."""
        what = missing or _NAMES.get(name) or _PARTS[name]
        verb = "was" if name == "organization" else "were"
        self._notes[name] = f"{what} {verb} not read: {_reason(name, error)}"

    def build(self) -> CollectedDirectory:
        """All of it."""
        return CollectedDirectory(Directory(**self._typed), self._notes, self._parts)


def _reason(name: str, error: SourceError) -> str:
    if isinstance(error, UnlicensedError):  # its own sentence speaks of sign-ins
        licence = _LICENCES.get(name, "an Entra ID P1 or P2 licence")
        return f"Graph gives them only to tenants with {licence}."
    text = str(error)
    return text if text.startswith(("Graph", "No token")) else text[:1].lower() + text[1:]
