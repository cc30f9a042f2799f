"""
Check licences, secrets in files, known vulnerabilities, and write the list of components.

The package index, OSV and npm are asked over the network. What cannot be asked is reported as NOT
CHECKED, which is an error only with --strict.
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

_NAME_WIDTH = len("vulnerabilities")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every check; return 1 if something is wrong, 2 if the checks could not be run."""
    parser = argparse.ArgumentParser(prog="python dev.py audit", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail on what was not checked, too")
    parser.add_argument("--write", action="store_true", help="write docs/licences.md first")
    parser.add_argument("--osv", metavar="URL", default="", help="a mirror of OSV to ask instead")
    options = parser.parse_args(arguments)
    try:
        known = accepted.read()
        if options.write:
            licences.PAGE.write_text(
                licences.page(licences.of_deployed(known)), encoding="utf-8", newline="\n"
            )
        return report(parts(known, options.osv), is_strict=options.strict)
    except (AuditError, dev.SetUpError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2


def parts(known: Accepted, osv: str) -> Iterable[Part]:
    """Yield the answers, one after the other."""
    yield licences.check(known)
    yield leaks.check(known)
    yield components.check(known)
    yield from registries.check(known, datetime.now(UTC).date(), osv)
    yield registries.emulator()


def report(answers: Iterable[Part], *, is_strict: bool) -> int:
    """Print each answer as it comes, then the summary; return the exit code."""
    wrong, unchecked = 0, []
    for part in answers:
        wrong += len(part.wrong)
        for line in lines(part):
            print(f"{part.name:{_NAME_WIDTH}}  {line}", flush=True)
        if part.unchecked:
            unchecked.append(part.name)
    missing = f"; NOT CHECKED: {', '.join(unchecked)}" if unchecked else ""
    print(f"{wrong or 'nothing'} wrong in what was checked{missing}")
    return 1 if wrong or (unchecked and is_strict) else 0


def lines(part: Part) -> Iterable[str]:
    """Yield the lines about one question; if anything is wrong, nothing is called in order."""
    yield from part.wrong
    if part.checked and not part.wrong:
        yield part.checked
    if part.unchecked:
        yield f"NOT CHECKED: {part.unchecked}"


if __name__ == "__main__":
    sys.exit(main())
