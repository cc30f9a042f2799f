"""
The licences of all packages, and whether they are allowed. A page lists those that are deployed.

A licence is read from the metadata of the installed package, as an SPDX expression. For packages
that only other Pythons install, it is read from the page, which was written with such a Python.
(pip-licenses knows the installed packages only, and does not normalise what they say to SPDX.)
"""

from __future__ import annotations

import json
import re
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

import dev
from audit import Part, pins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audit.accepted import Accepted
    from audit.pins import Pin

PAGE = dev.ROOT / "docs" / "licences.md"
EMULATOR = dev.ROOT / "tests" / "azurite_npm" / "package-lock.json"
UNKNOWN = "unknown"

#: Names in metadata that SPDX does not know.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_FIELDS = ("License-Expression", "License", "Classifier")
_CLASSIFIER = "License :: OSI Approved :: "
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([^| ]+) \| ([^|]+) \|$", re.MULTILINE)
_TOP = """\
# Licences

Every package that is deployed, as `requirements.txt` pins it, with its licence as an
[SPDX expression](https://spdx.org/licenses/). `python dev.py audit --write` writes this page from
what is installed; where a package is for other Pythons, run it with one of those too. Which
licences are allowed is in `audit/accepted.toml`.

| Package | Version | Licence |
| --- | --- | --- |
"""


class Licensed(NamedTuple):
    """A package at a version, and its licence as an SPDX expression, or `UNKNOWN`."""

    package: str
    version: str
    licence: str


def check(accepted: Accepted) -> Part:
    """Check the licence of every pinned package, and of every package of the emulator."""
    deployed, emulator = of_deployed(accepted), of_emulator(accepted)
    tools, elsewhere = of_development(accepted)
    every = [*deployed, *tools, *emulator]
    wrong = [*refused(every, accepted), *_needless(every, accepted)]
    if _page() != page(deployed):
        wrong.append("docs/licences.md is out of date: run python dev.py audit --write.")
    checked = (
        f"all allowed: {len(deployed)} packages deployed, {len(tools)} for development,"
        f" {len(emulator)} of the emulator"
    )
    if elsewhere:
        checked += f"; not installed here, so not checked: {', '.join(elsewhere)}"
    return Part("licences", checked, tuple(wrong))


def of_development(accepted: Accepted) -> tuple[list[Licensed], list[str]]:
    """Return the packages that only developers install, and the names of the missing ones."""
    deployed = {pin.name for pin in pins.read(dev.PRODUCT)}
    every = [pin for pin in pins.read(dev.DEVELOPMENT) if pin.name not in deployed]
    here = [_licensed(pin, accepted) for pin in every if _is_installed(pin)]
    return here, [pin.name for pin in every if not _is_installed(pin)]


def of_deployed(accepted: Accepted) -> list[Licensed]:
    """Return every package of requirements.txt; what is not installed here, from the page."""
    known = {(one.package, one.version): one.licence for one in _rows(_page())}
    return [
        _licensed(pin, accepted)
        if _is_installed(pin)
        else Licensed(pin.name, pin.version, known.get((pin.name, pin.version), UNKNOWN))
        for pin in pins.read(dev.PRODUCT)
    ]


def of_emulator(accepted: Accepted) -> list[Licensed]:
    """Return every package of the storage emulator, which only tests use, from its lock file."""
    packages = json.loads(EMULATOR.read_text(encoding="utf-8"))["packages"]
    by_hand = {one.package: one.licence for one in accepted.licences}
    return [
        Licensed(name, about["version"], by_hand.get(name) or spelled(about.get("license", "")))
        for path, about in packages.items()
        if (name := path.partition("node_modules/")[2].rpartition("node_modules/")[2])
        and not about.get("link")
    ]


def refused(every: Iterable[Licensed], accepted: Accepted) -> list[str]:
    """Return a sentence for each package whose licence is unknown or not allowed."""
    return [
        f"{package} {version}: the licence is {licence}, which audit/accepted.toml does not allow."
        for package, version, licence in sorted(set(every))
        if not names(licence) <= set(accepted.licences_allowed)
    ]


def names(licence: str) -> set[str]:
    """Return every licence that an expression names: even of a choice, each must be allowed."""
    return set(re.split(r"[\s()]+(?:AND|OR)?[\s()]*", licence)) - {""}


def page(deployed: Iterable[Licensed]) -> str:
    """Return the page of the deployed packages."""
    return _TOP + "".join(f"| {' | '.join(one)} |\n" for one in deployed)


def stated_licence(stated: Iterable[str]) -> str:
    """Return the first that SPDX knows of the licences that metadata states, most exact first."""
    spellings = (spelled(one.removeprefix(_CLASSIFIER)) for one in stated)
    return next((one for one in spellings if one != UNKNOWN), UNKNOWN)


def spelled(licence: str) -> str:
    """Return a licence as SPDX writes it; `UNKNOWN` if SPDX does not know it."""
    try:
        return canonicalize_license_expression(_SPDX.get(licence, licence))
    except InvalidLicenseExpression:
        return UNKNOWN


def _licensed(pin: Pin, accepted: Accepted) -> Licensed:
    by_hand = {one.package: one.licence for one in accepted.licences}
    about = metadata.metadata(pin.name)
    stated = [text for field in _FIELDS for text in about.get_all(field) or []]
    return Licensed(pin.name, pin.version, by_hand.get(pin.name) or stated_licence(stated))


def _is_installed(pin: Pin) -> bool:
    try:
        return metadata.version(pin.name) == pin.version
    except metadata.PackageNotFoundError:
        return False


def _needless(every: Iterable[Licensed], accepted: Accepted) -> list[str]:
    found = {one.package for one in every}
    return [
        f"audit/accepted.toml states the licence of {one.package}, which is not used."
        for one in accepted.licences
        if one.package not in found
    ]


def _page() -> str:
    return PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""


def _rows(text: str) -> list[Licensed]:
    return [Licensed(*row) for row in _ROW.findall(text)]
