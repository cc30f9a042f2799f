"""
Whether the packages with compiled code load; the standard library alone, as the others may not.

They fit one minor version of Python only. A remote build has taken another than the app's
(azure-dev issue 8538), and then nothing works, for a reason that is hard to see.
"""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

#: The compiled modules without which nothing works, by package. A test compares them with the
#: pinned packages; the compiled parts of others only make them faster.
COMPILED = {
    "msgspec": "msgspec._core",
    "cryptography": "cryptography.hazmat.bindings._rust",
    "cffi": "_cffi_backend",
    "stringzilla": "stringzilla",
}
_BUILT_FOR = re.compile(r"\.cpython-3([0-9]{1,3})-")
_REMEDY = "deploy it from a local build, as docs/operating.md says"


@cache
def unloadable_packages() -> str:
    """Say which packages do not load, and what to do; empty if all do. Looks once a process."""
    wrong = [name for name, module in COMPILED.items() if not _loads(module)]
    if not wrong:
        return ""
    python = platform.python_version()
    built_for = sorted({version for name in wrong for version in _built_for(COMPILED[name])})
    guess = f"they were built for {' and '.join(built_for)}" if built_for else "they are not whole"
    return (
        f"These packages do not load in Python {python}, because {guess}: {', '.join(wrong)}. A "
        f"remote build may take another Python than the app's: {_REMEDY}."
    )


def _loads(module: str) -> bool:
    try:
        import_module(module)
    except (ImportError, SystemError):  # what Python raises for modules that do not fit it
        return False
    return True


def _built_for(module: str) -> list[str]:
    """The versions of Python in the names of the compiled files where a module should be."""
    name = module.partition(".")[0]
    folders = [Path(place) for place in (_search_places(name) or [])]
    found = [_BUILT_FOR.search(path.name) for folder in folders for path in folder.glob("*.so")]
    return [f"Python 3.{match[1]}" for match in found if match]


def _search_places(name: str) -> list[str]:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return []
    return [*((spec and spec.submodule_search_locations) or [])]
