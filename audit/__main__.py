"""
Ask whether what this project is made of is to be trusted.

Licences, secrets in files, and the list of components need no network. What the package index, OSV
and npm know does: where one cannot be asked, that is said, and fails with --strict only.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dev
from audit import AuditError, accepted, components, leaks, licences, registries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from audit import Part
    from audit.accepted import Accepted

_WIDTH = len("vulnerabilities")


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask everything there is to ask; 1 where something is wrong, 2 where asking was."""
    parser = argparse.ArgumentParser(prog="python dev.py audit", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="what was not checked is wrong, too")
    parser.add_argument("--write", action="store_true", help="write docs/licences.md first")
    parser.add_argument("--osv", metavar="URL", default="", help="a mirror of OSV to ask")
    options = parser.parse_args(arguments)
    try:
        known = accepted.read()
        if options.write:
            licences.PAGE.write_text(
                licences.page(licences.of_deployed(known)), encoding="utf-8", newline="\n"
            )
        return told(parts(known, options.osv), is_strict=options.strict)
    except (AuditError, dev.SetUpError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2


def parts(known: Accepted, osv: str) -> Iterable[Part]:
    """Answer one question after the other."""
    yield licences.check(known)
    yield leaks.check(known)
    yield components.check(known)
    yield from registries.check(known, datetime.now(UTC).date(), osv)
    yield registries.emulator()


def told(answers: Iterable[Part], *, is_strict: bool) -> int:
    """Print each answer as it comes, and in the end what they amount to; return the exit code."""
    wrong, unchecked = 0, []
    for part in answers:
        wrong += len(part.wrong)
        for line in lines(part):
            print(f"{part.name:{_WIDTH}}  {line}", flush=True)
        if part.unchecked:
            unchecked.append(part.name)
    missing = f"; NOT CHECKED: {', '.join(unchecked)}" if unchecked else ""
    print(f"{wrong or 'nothing'} wrong in what was checked{missing}")
    return 1 if wrong or (unchecked and is_strict) else 0


def lines(part: Part) -> Iterable[str]:
    """Yield what there is to say of one question: never "in order" beside what is wrong."""
    yield from part.wrong
    if part.looked_at and not part.wrong:
        yield part.looked_at
    if part.unchecked:
        yield f"NOT CHECKED: {part.unchecked}"


if __name__ == "__main__":
    sys.exit(main())
