"""The result of reading a directory, put together part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from shared.errors import SourceError, SourceIncompleteError
from shared.mfa.accounts.directory import FORMAT, VERSION, Directory
from shared.sources.graph.answers import UnlicensedError

if TYPE_CHECKING:
    from collections.abc import Callable

#: What notes call each key of the document.
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
    "partnerSecurityScore": "The age of the customers' MFA figures",
}
#: The same for content that is part of another key, or shares one with other content.
_PARTS = {
    "perUserMfaState": "Per-user MFA states",
    "federationConfiguration": "Federation settings",
    "partnerGroups": "Partner groups (AdminAgents, HelpdeskAgents, SalesAgents)",
    "customerInsights": "The customers' MFA figures",
    "delegatedAdminCustomers": "The customers' names",
}
_SINGULAR = ("organization", "partnerSecurityScore")
#: The licence that a key takes, if it is not P1.
_LICENCES = {"roleEligibilities": "an Entra ID P2 or Entra ID Governance licence"}
_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Directory)}
_T = TypeVar("_T")


class CollectedDirectory(msgspec.Struct, frozen=True):
    """A directory, and the reasons for everything that is missing from it."""

    directory: Directory
    notes: dict[str, str]  #: by key of the document, or by the name of a part of one: a sentence
    content: dict[str, Any]  #: the document's keys and values
    granted: tuple[str, ...] | None = None  #: Graph's permissions, as the app's token names them

    def document(self) -> bytes:
        """The directory as a file for ``--directory``, with the notes."""
        header = {"format": FORMAT, "version": VERSION, "notes": self.notes}
        return msgspec.json.encode(header | self.content)


class DirectoryBuilder:
    """Puts the document together; a key that is never kept counts as not read."""

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}
        self._content: dict[str, Any] = {}
        self._typed: dict[str, Any] = {}

    def attempt(self, name: str, read: Callable[[], _T]) -> _T | None:
        """The result of *read*; `None`, and a note under *name*, if it raises a `SourceError`."""
        try:
            return read()
        except SourceError as error:
            self.note(name, error)
            return None

    def keep(self, key: str, value: Any) -> None:  # noqa: ANN401 (JSON)
        """Keep Graph's JSON unchanged; `None` means not read."""
        if value is None:
            return
        field = _FIELDS[key]
        try:
            self._typed[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError:
            shape = "Graph's answer does not have the shape it is documented with."
            self.note(key, SourceIncompleteError(shape))
        else:
            self._content[key] = value

    def keep_typed(self, key: str, values: list[Any] | tuple[Any, ...] | None) -> None:
        """Keep objects that are decoded already, for lists that may hold hundreds of thousands."""
        if values is not None:
            field = _FIELDS[key]
            # Only the directory's own fields, so that it is stored as it will be read back.
            self._typed[field.name] = msgspec.convert(values, field.type, from_attributes=True)
            self._content[key] = values

    def typed(self, key: str) -> Any:  # noqa: ANN401 (the type of any field)
        """The value kept under a key, as the directory will hold it; `None` if nothing was."""
        return self._typed.get(_FIELDS[key].name)

    def note(self, name: str, error: SourceError, missing: str = "") -> None:
        """Note why something, or only what is *missing* of it, was not read."""
        what = missing or _NAMES.get(name) or _PARTS[name]
        verb = "was" if name in _SINGULAR else "were"
        self._notes[name] = f"{what} {verb} not read: {_reason(name, error)}"

    def remark(self, name: str, sentence: str) -> None:
        """Note something about a part that was read."""
        self._notes[name] = sentence

    def build(self) -> CollectedDirectory:
        """The directory with everything kept so far."""
        return CollectedDirectory(Directory(**self._typed), self._notes, self._content)


def _reason(name: str, error: SourceError) -> str:
    if isinstance(error, UnlicensedError):  # its own sentence is about sign-ins
        licence = _LICENCES.get(name, "an Entra ID P1 or P2 licence")
        return f"Graph gives them only to tenants with {licence}."
    text = str(error)
    return text if text.startswith(("Graph", "No token")) else text[:1].lower() + text[1:]
