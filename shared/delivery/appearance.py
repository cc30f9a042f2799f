"""
How pages, mails and the workbook look: the name, logo and colour of who runs this, a time zone.

One process has one appearance, which `follow` gives it: what renders asks `current`. So no value
of the report knows of it, and no signature carries it.
"""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from shared.errors import BadSettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo
    from pathlib import Path

LARGEST_LOGO = 32 * 1024  #: bytes; each page and each mail carries it
LEAST_CONTRAST = 4.5  #: of text, WCAG 2.2, 1.4.3
LINK, DARK_LINK = "#14568f", "#86bdf0"  #: as the style sheets have them
_LIGHT, _DARK = "#f1f1ed", "#242a2f"  #: the grounds of each theme that contrast least with text
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_MOST_PIXELS = 4_000
_NEARLY_BLACK = 0.04045  #: below which sRGB is linear
_HEIGHT, _MOST_WIDTH = 32, 220  #: of a logo as it is drawn, in CSS pixels


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in PNG, which every mail program draws; few draw SVG, which can hold script."""

    content: bytes
    width: int  #: as it is drawn, in CSS pixels
    height: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file of the setting BRAND_LOGO_FILE; raises `BadSettingError`."""
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST_LOGO + 1)
        except OSError as error:
            raise _bad_logo(path, f"cannot be read ({error.strerror})") from error
        if len(content) > LARGEST_LOGO:
            raise _bad_logo(path, "is larger")
        if not content.startswith(_PNG):
            raise _bad_logo(path, "is of another kind")
        sides = content[len(_PNG) :][:8]
        width, height = (int.from_bytes(side) for side in (sides[:4], sides[4:]))
        if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
            raise _bad_logo(path, f"has {width} by {height} pixels")
        scale = min(_HEIGHT / height, _MOST_WIDTH / width)
        return cls(content, max(1, round(width * scale)), max(1, round(height * scale)))

    @property
    def data_uri(self) -> str:
        """The picture in an address of its own."""
        return f"data:image/png;base64,{base64.b64encode(self.content).decode()}"


def _bad_logo(path: Path, why: str) -> BadSettingError:
    return BadSettingError(
        f"Setting BRAND_LOGO_FILE is {str(path)!r}, which {why}; expected a PNG picture of at "
        f"most {LARGEST_LOGO // 1024} KB and {_MOST_PIXELS} pixels a side."
    )


@dataclass(frozen=True, slots=True)
class Accent:
    """The colour of links and buttons, in each theme."""

    light: str = LINK
    dark: str = DARK_LINK

    @classmethod
    def of(cls, colours: tuple[str, ...]) -> Self:
        """
        One colour, or one for each theme; of one, the dark theme gets the tint that is readable.

        Raises `BadSettingError` if a given one is not readable.
        """
        light, *more = colours
        _require_contrast(light, _LIGHT, "light")
        if not more:
            return cls(light, _tint(light))
        _require_contrast(more[0], _DARK, "dark")
        return cls(light, more[0])


@dataclass(frozen=True, slots=True)
class Appearance:
    """What the settings say about it; the default is plain."""

    name: str = ""
    logo: Logo | None = None
    accent: Accent = Accent()
    zone: tzinfo | None = None  #: shown after UTC; `None`: UTC alone
    language: str = "en"  #: as HTML names it


PLAIN = Appearance()


def _plain() -> Appearance:
    return PLAIN


_source: Callable[[], Appearance] = _plain


def current() -> Appearance:
    """Return this process's appearance."""
    return _source()


def follow(source: Callable[[], Appearance]) -> Callable[[], Appearance]:
    """Let `current` ask this; return what it asked before."""
    global _source
    before, _source = _source, source
    return before


@contextmanager
def showing(source: Callable[[], Appearance]) -> Iterator[None]:
    """Let `current` ask this while the block lasts."""
    before = follow(source)
    try:
        yield
    finally:
        follow(before)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours ``#rrggbb``, 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (_linear(channel / 255) for channel in bytes.fromhex(colour[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _NEARLY_BLACK else ((channel + 0.055) / 1.055) ** 2.4


def _require_contrast(colour: str, ground: str, theme: str) -> None:
    found = contrast(colour, ground)
    if found < LEAST_CONTRAST:
        raise BadSettingError(
            f"Setting BRAND_COLOUR has {colour!r} for the {theme} theme, whose contrast there is "
            f"{int(found * 10) / 10}:1; expected at least {LEAST_CONTRAST}:1 (WCAG 2.2, 1.4.3)."
        )


def _tint(colour: str) -> str:
    """The colour, mixed with as little white as makes it readable in the dark theme."""
    for part in range(101):
        channels = (round(each + (255 - each) * part / 100) for each in bytes.fromhex(colour[1:]))
        tint = f"#{bytes(channels).hex()}"
        if contrast(tint, _DARK) >= LEAST_CONTRAST:
            return tint
    return "#ffffff"
