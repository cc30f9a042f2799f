"""What the settings say about how pages and mails look."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from shared.delivery.appearance import PLAIN, Accent, Appearance, Logo
from shared.delivery.language import Name
from shared.errors import BadSettingError

if TYPE_CHECKING:
    from shared.settings import Settings

_log = logging.getLogger(__name__)


def appearance_of(settings: Settings) -> Appearance:
    """Return it; raises `BadSettingError` for an invalid setting."""
    logo, colours = settings.brand_logo_file, settings.brand_colour
    return Appearance(
        Name(settings.brand_name),
        Logo.read(Path(logo)) if logo else None,
        Accent.of(colours) if colours else Accent(),
        settings.time_zone,
        settings.language,
    )


def appearance_or_plain(settings: Settings) -> Appearance:
    """Return it; plain, with an error in the log, if a setting is invalid: nothing stops for it."""
    try:
        return appearance_of(settings)
    except BadSettingError as error:
        _log.error("Pages and mails are plain: %s", error)
        return PLAIN
