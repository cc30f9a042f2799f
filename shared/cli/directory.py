"""``directory``: the tenant's users, policies and customers, written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.console import DONE, DONE_IN_PART, say
from shared.service.composition import Service
from shared.service.setting_checks import checked_service

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from shared.settings import Settings


def add_directory(parser: argparse.ArgumentParser) -> None:
    """``directory --out FILE``."""
    parser.set_defaults(run=_directory)
    parser.description = (
        "Reads the tenant's users, policies and customers from Graph into a file for analyze "
        "--directory. Exit code 0: done; 1: some of it could not be read, as the output says; "
        "2: wrong usage or settings."
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the file to write; it names people"
    )


def _directory(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    from shared.delivery.files.folder import write_files

    with checked_service(Service(settings, now=now)) as service:
        pulled = service.partner.pull_directory()
    document = {options.out.name: pulled.document()}
    write_files(options.out.parent, document, owner_only=True)
    say(f"{len(pulled.directory.users):,} accounts written to {options.out}.")
    for note in pulled.notes.values():
        say(note)
    return DONE_IN_PART if pulled.notes else DONE
