"""
``token``: how Partner Center would answer an access token that is pasted or piped in.

The token is decoded locally: nothing in this module uses the network or writes files, and no part
of the token is ever printed.
"""

from __future__ import annotations

import codecs
import getpass
import os
import re
import sys
from typing import TYPE_CHECKING

from shared.delivery.text.token_answer import token_json, token_text
from shared.errors import BadInputError
from shared.mfa.access_token import LONGEST, decode_token
from shared.mfa.mandate import MandateAnswer, MandateScenario, mandate_answers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.settings import Settings

ACCEPTED, NOT_ACCEPTED = 0, 1  #: exit codes: whether Partner Center's API would accept the token

_PROMPT = "Paste the access token, then Enter (it is not shown, sent or stored): "
_TOKEN = re.compile(r"eyJ[\w-]{8}")  # how a JWT begins: {" in base64
_OPTIONS = frozenset({"--json", "-h", "--help"})
_MOST_BYTES = 4 * LONGEST  # no text of that many characters is longer, in any encoding
_PAUSE_SECONDS = 0.2  # a line end with nothing after it for this long was the Enter key
_END_OF_INPUT = b"\x04"  # Ctrl-D, an ordinary byte when line editing is off


def add_token(parser: argparse.ArgumentParser) -> None:
    """``token [--json]``."""
    parser.set_defaults(run=_run)
    parser.description = (
        "Reads an access token from standard input, or asks for it on a terminal, and says how "
        "Partner Center would answer its holder. Exit code 0: its API would accept the token; "
        "1: it would not, or this is unknown; 2: the input is not an access token."
    )
    parser.add_argument(
        "--json", action="store_true", help="print the answer as JSON on standard output"
    )


def refuse_arguments(arguments: Sequence[str]) -> None:
    """
    Refuse a command line that may contain a token, before argparse repeats it.

    Raises `BadInputError` for anything but ``token``'s own options, and for a token anywhere.
    """
    is_extra = arguments[:1] == ["token"] and not _OPTIONS.issuperset(arguments[1:])
    if is_extra or any(_TOKEN.search(argument) for argument in arguments):
        raise BadInputError(
            "A token must not be an argument, because the shell's history and the list of "
            "processes would show it; expected --json or nothing, and the token pasted or piped in."
        )


def _run(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    token = decode_token(_pasted() if _is_terminal() else _piped())
    present = now()  # a prompt may stand open for long before anything is pasted
    rulings = mandate_answers(
        token, present, settings.cloud.issuers, settings.partner_center_resource_ids
    )
    if options.json:
        sys.stdout.buffer.write(token_json(token, rulings))
    else:
        sys.stdout.write(token_text(token, rulings, present))
    is_accepted = rulings[MandateScenario.API].answer is MandateAnswer.ALLOWED
    return ACCEPTED if is_accepted else NOT_ACCEPTED


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _piped() -> str:
    """Standard input, up to one byte over the limit; PowerShell writes files in UTF-16."""
    content = sys.stdin.buffer.read(_MOST_BYTES + 1) if sys.stdin is not None else b""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig", errors="replace")


def _pasted() -> str:
    if sys.platform == "win32":  # reads key by key, so the line may be long
        return getpass.getpass(_PROMPT, stream=sys.stderr)
    return _read_unseen(sys.stdin.fileno()).decode(errors="replace")


def _read_unseen(terminal: int) -> bytes:
    """
    What is pasted up to the Enter key, without echo.

    With line editing, a terminal silently cuts lines (Linux after 4,095 bytes, macOS after 1,024),
    and many tokens are longer: `getpass` would get only the beginning. So line editing is off, too.
    Unread input must not reach the shell: it is discarded when the settings are restored.
    """
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSAFLUSH)
    try:
        _say(_PROMPT)
        return read_line(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        _say("\n")


def read_line(terminal: int, most_at_once: int = 4096) -> bytes:
    """
    Bytes up to a line end with nothing after it: a token copied from a page may have several.

    Also stops at the end of input, and after more bytes than a token may have.
    """
    pasted = b""
    while len(pasted) <= _MOST_BYTES:
        chunk = os.read(terminal, most_at_once)
        pasted += chunk
        if not chunk or _END_OF_INPUT in chunk:
            break
        if chunk.endswith((b"\n", b"\r")) and not _more_comes(terminal):
            break
    return pasted.rstrip(_END_OF_INPUT)


def _more_comes(terminal: int) -> bool:
    import select

    return bool(select.select([terminal], [], [], _PAUSE_SECONDS)[0])


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
