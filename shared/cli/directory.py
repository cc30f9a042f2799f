"""``directory``: the tenant's users, policies and customers, in a file, or compared with Entra."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.console import DONE, DONE_IN_PART, say, shown_progress
from shared.errors import BadInputError
from shared.service.composition import Service
from shared.service.setting_checks import checked_service

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from shared.service.directory_snapshot import DirectorySnapshot
    from shared.settings import Settings


def add_directory(parser: argparse.ArgumentParser) -> None:
    """``directory [--out FILE] [--verify]``."""
    parser.set_defaults(run=_directory)
    parser.description = (
        "Reads the tenant's users, policies and customers from Graph: into a file for analyze "
        "--directory, or to compare our judgement of the accounts with Entra's What If. Exit code "
        "0: done; 1: some of it could not be read, or Entra differs, as the output says; 2: wrong "
        "usage or settings."
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the file to write; it names people"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="ask Entra's What If about one account of each class, one request a second",
    )


def _directory(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    if not options.out and not options.verify:
        raise BadInputError("Nothing to do; expected --out FILE, --verify, or both.")
    with checked_service(Service(settings, now=now)) as service:
        pulled = service.partner.pull_directory()
        if options.out:
            _write(options.out, pulled.document(), len(pulled.directory.users))
        notes, is_disputed = pulled.notes, False
        if options.verify:
            before = service.partner.judged(pulled)
            with shown_progress("Asking", "sign-ins") as progress:
                after = service.partner.verified(before, on_progress=progress)
            notes, is_disputed = after.notes, _show(before, after)
    for note in notes.values():
        say(note)
    return DONE_IN_PART if notes or is_disputed else DONE


def _write(file: Path, document: bytes, accounts: int) -> None:
    from shared.delivery.files.folder import write_files

    write_files(file.parent, {file.name: document}, owner_only=True)
    say(f"{accounts:,} accounts written to {file}.")


def _show(before: DirectorySnapshot, after: DirectorySnapshot) -> bool:
    """Print the table of all classes; return whether Entra differs on any."""
    from shared.delivery.text.verification import verification_text
    from shared.mfa.accounts.verification import verified_classes

    answers = after.second_opinion.answers if after.second_opinion else ()
    sys.stdout.write(verification_text(verified_classes(before.accounts, after.accounts, answers)))
    return any(found.facts.disagreements for found in after.accounts.classes)
