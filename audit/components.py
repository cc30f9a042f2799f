"""
The deployed packages as a software bill of materials (SBOM): CycloneDX 1.6, JSON.

`cyclonedx-py` reads requirements files, too, but without licences, dependencies and markers, and
brings nineteen packages more; so the library that it is made of is called directly. The same
requirements give the same bytes: the serial number depends on the content, and there is a time only
if ``SOURCE_DATE_EPOCH`` is set, as reproducible-builds.org specifies it.
"""

from __future__ import annotations

import json
import os
import tomllib
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from packageurl import PackageURL

import dev
from audit import Part, licences, pins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from audit.accepted import Accepted
    from audit.pins import Pin

FILE = dev.ROOT / ".local" / "sbom.cdx.json"
PROJECT = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def check(accepted: Accepted, file: Path = FILE) -> Part:
    """Write the list to *file* and validate it against the schema of CycloneDX."""
    deployed = pins.read(dev.PRODUCT)
    text = written(deployed, licences.of_deployed(accepted))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    error = schema_error(text)
    return Part(
        "components",
        f"{len(deployed)} in {file.parent.name}/{file.name}, valid CycloneDX 1.6",
        (f"{file.name} is not valid CycloneDX 1.6: {error}.",) if error else (),
    )


def written(deployed: Sequence[Pin], licensed: Sequence[licences.Licensed]) -> str:
    """Return the *deployed* packages with their licences, as JSON."""
    known = {(one.package, one.version): one.licence for one in licensed}
    components = {pin: _component(pin, known[pin.name, pin.version]) for pin in deployed}
    bom = Bom(components=components.values())
    bom.metadata.component = root = _root()
    for needed_by, needed in [(root, _needed(PROJECT["name"], components))] + [
        (component, _needed(pin.name, components)) for pin, component in components.items()
    ]:
        bom.register_dependency(needed_by, needed)
    return _reproducible(json.loads(JsonV1Dot6(bom).output_as_string()))


def schema_error(text: str) -> str:
    """Return why *text* is not valid CycloneDX 1.6, or an empty text if it is."""
    # Its import compiles grammars for three seconds, which only this needs.
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return "" if error is None else str(error.data.message)


def _root() -> Component:
    return Component(
        name=PROJECT["name"],
        version=PROJECT["version"],
        type=ComponentType.APPLICATION,
        bom_ref=PROJECT["name"],
        licenses=[LicenseFactory().make_from_string(PROJECT["license"])],
    )


def _component(pin: Pin, licence: str) -> Component:
    """Return one package; its hashes are those of all its files, of which one is deployed."""
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    marker = [Property(name="partner-mfa-status:marker", value=pin.marker)] if pin.marker else []
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in pin.hashes],
        properties=marker,
    )


def _needed(name: str, components: Mapping[Pin, Component]) -> list[Component]:
    return [component for pin, component in components.items() if name in pin.needed_by]


def _reproducible(bom: dict[str, Any]) -> str:
    """Remove what differs from run to run, and derive the serial number from the content."""
    del bom["serialNumber"], bom["metadata"]["timestamp"]
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        bom["metadata"]["timestamp"] = datetime.fromtimestamp(int(epoch), UTC).isoformat()
    content = json.dumps(bom, sort_keys=True)
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, content).urn
    return json.dumps(bom, indent=2, sort_keys=True) + "\n"
