"""``check``: whether a deployment works end to end, each line with what to do if it does not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import msgspec

from shared.cli.console import DONE, DONE_IN_PART
from shared.delivery.text.formatting import harmless
from shared.service.composition import Service
from shared.service.current import use

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from shared.service.checks.check import Check
    from shared.settings import Settings


def add_check(parser: argparse.ArgumentParser) -> None:
    """``check [--json] [--mail] [--url URL]``."""
    parser.set_defaults(run=_check)
    parser.description = (
        "Tries everything that the settings name: settings, identity, each permission, a page of "
        "sign-ins, the store, queues, mailer, authentication. Changes no figure. Exit code 0: all "
        "in order; 1: something is not, or is not known; 2: wrong usage."
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON on standard output")
    parser.add_argument(
        "--mail", action="store_true", help="send a test mail to the first of REPORT_RECIPIENTS"
    )
    parser.add_argument(
        "--url", metavar="URL", help="ask a deployed app for its health instead: https://HOST"
    )


def _check(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    if options.url:
        from shared.service.checks.address import try_address

        return _show(try_address(options.url), as_json=options.json)
    from shared.service.checks.deployment import try_deployment

    with use(Service(settings, now=now)) as service:
        return _show(try_deployment(service, mails=options.mail), as_json=options.json)


def _show(checks: Iterable[Check], *, as_json: bool) -> int:
    """Print each as it comes, or all as JSON; return the exit code."""
    done = []
    for check in checks:
        done.append(check)
        if not as_json:
            sys.stdout.write(_line(check))
            sys.stdout.flush()
    is_in_order = all(check.is_in_order for check in done)
    if as_json:
        listed = {"in_order": is_in_order, "checks": msgspec.to_builtins(done)}
        sys.stdout.write(f"{json.dumps(listed, indent=2)}\n")
    return DONE if is_in_order else DONE_IN_PART


def _line(check: Check) -> str:
    remedy = f"\n{'':11}-> {harmless(check.remedy)}" if check.remedy else ""
    return f"{check.state.value:<9}  {check.check}: {harmless(check.sentence)}{remedy}\n"
