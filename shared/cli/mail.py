"""``mail``: the newest report, sent now to the recipients of every day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.cli.console import DONE, say
from shared.cli.run import outcome_words
from shared.service.composition import Service
from shared.service.mail_now import mail_again
from shared.service.setting_checks import checked_service

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from shared.settings import Settings


def add_mail(parser: argparse.ArgumentParser) -> None:
    """``mail``."""
    parser.set_defaults(run=_mail)
    parser.description = (
        "Sends the newest stored report to REPORT_RECIPIENTS now, although the day's mail has "
        "gone; that one stays as it is. Exit code 0: done; 1: a mail did not go out; 2: wrong "
        "usage or settings, or there is no report."
    )


def _mail(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    del options
    with checked_service(Service(settings, now=now)) as service:
        for delivery in mail_again(service):
            say(f"Mail:    {outcome_words(delivery, service.settings.outbox_folder)}")
    return DONE
