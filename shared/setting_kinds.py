"""What a setting is, and its kinds: which texts each accepts, and the value that a text has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NoReturn, Protocol, Self, TypeVar, overload

from shared.errors import BadSettingError
from shared.mfa.guid import is_guid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo
    from enum import StrEnum

    E = TypeVar("E", bound=StrEnum)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: App Service passes on a reference that it cannot resolve, in place of the secret.
_KEY_VAULT_REFERENCE = "@microsoft.keyvault("
_DIGITS = re.compile(r"[0-9]{1,9}")
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


@dataclass(frozen=True, slots=True)
class SettingKind(Generic[T_co]):
    """Which texts a setting accepts, and what they mean."""

    words: str  #: what is expected, in words; empty if the setting's help says it all
    parse: Callable[[str], T_co]  #: the value of a trimmed text; raises `ValueError` if invalid


class HasEnvironment(Protocol):
    """Settings that are in force."""

    environment: Mapping[str, str]


class Setting(Generic[T_co]):
    """
    An attribute of `Settings` and a line of docs/settings.md.

    Reading the attribute checks the text that is given and raises `BadSettingError` if it is
    invalid. Its name in the environment is the attribute's in capital letters.
    """

    def __init__(
        self, kind: SettingKind[T_co], default: str, help_: str, *, is_secret: bool = False
    ) -> None:
        """`default` is written as in the environment; an empty one means that there is none."""
        self.name = ""
        self.kind = kind
        self.default = default
        self.help = help_
        self.is_secret = is_secret

    def __set_name__(self, owner: type[object], attribute: str) -> None:
        self.name = attribute.upper()

    @overload
    def __get__(self, settings: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, settings: HasEnvironment, owner: type[object]) -> T_co: ...
    def __get__(self, settings: HasEnvironment | None, owner: type[object]) -> Self | T_co:
        return self if settings is None else self.read(settings.environment)

    @property
    def meaning(self) -> str:
        """What is expected and what it is for."""
        return ": ".join(filter(None, (self.kind.words, self.help)))

    def text(self, environment: Mapping[str, str]) -> str:
        """The text that is given, trimmed; the default if it is unset or blank."""
        return environment.get(self.name, "").strip() or self.default

    def read(self, environment: Mapping[str, str]) -> T_co:
        """The value that the text stands for."""
        text = self.text(environment)
        if text.lower().startswith(_KEY_VAULT_REFERENCE):
            raise BadSettingError(
                f"Setting {self.name} is a Key Vault reference that was not resolved; expected a "
                "secret that exists, and the role Key Vault Secrets User for the app's identity."
            )
        try:
            text.encode()  # bytes that are not UTF-8 arrive as half surrogate pairs
            return self.kind.parse(text)
        except ValueError:
            self.reject(environment)

    def reject(self, environment: Mapping[str, str]) -> NoReturn:
        """Raise `BadSettingError` with the name, what is given and what is expected."""
        text = self.text(environment)
        given = f"is {text!r}" if text else "is not set"
        if not text.isascii() and text.encode(errors="replace").decode() != text:
            given = "is not text in UTF-8"
        if self.is_secret:
            given = "cannot be used"
        raise BadSettingError(f"Setting {self.name} {given}; expected {self.meaning}.")


def optional(kind: SettingKind[T]) -> SettingKind[T | None]:
    """The same kind, with `None` for a setting that is not set."""
    return SettingKind(kind.words, lambda text: kind.parse(text) if text else None)


def choice(options: type[E]) -> SettingKind[E]:
    """One of a few words, in any case."""
    *others, last = (f"`{option}`" for option in options)
    return SettingKind(f"{', '.join(others)} or {last}", lambda text: options(text.lower()))


def number(least: int, most: int) -> SettingKind[int]:
    """A whole number within bounds, both included."""

    def parse(text: str) -> int:
        if _DIGITS.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        raise ValueError(text)

    return SettingKind(f"a whole number from {least} to {most}", parse)


def _matching(words: str, accepts: Callable[[str], object]) -> SettingKind[str]:
    """A text that passes a check, as it is."""

    def parse(text: str) -> str:
        if accepts(text):
            return text
        raise ValueError(text)

    return SettingKind(words, parse)


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(";") if word.strip()]


def _flag(text: str) -> bool:
    return bool(("false", "true").index(text.lower()))


def _guid(text: str) -> str:
    if is_guid(text):
        return text.lower()
    raise ValueError(text)


def _guids(text: str) -> frozenset[str]:
    if words := _split(text):
        return frozenset(map(_guid, words))
    raise ValueError(text)


def _colours(text: str) -> tuple[str, ...]:
    colours = tuple(_split(text.lower()))
    if len(colours) in (1, 2) and all(map(_COLOUR.fullmatch, colours)):
        return colours
    raise ValueError(text)


def _zone(text: str) -> tzinfo | None:
    """`None` for UTC itself."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if text.upper() == "UTC":
        return None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:  # a folder's name is an `OSError`
        raise ValueError(text) from error


TEXT = SettingKind("", str)  #: any text; empty if the setting is not set
TEXTS = SettingKind("", _split)  #: separated by ``;``; blanks are dropped
FLAG = SettingKind("`true` or `false`", _flag)
GUID = SettingKind("a GUID", _guid)  #: in lower case
GUIDS = SettingKind("GUIDs separated by `;`", _guids)  #: in lower case
ACCOUNT_NAME = _matching("3 to 24 lower-case letters and digits", _ACCOUNT_NAME.fullmatch)
HOST = _matching("a host name or IP address", _HOST_NAME.fullmatch)
COLOURS = SettingKind("`#RRGGBB`, or two of them separated by `;`", _colours)
ZONE = SettingKind("a time zone's IANA name, such as `Europe/Berlin`", _zone)
