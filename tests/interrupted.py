"""
``python -m shared …``, interrupted as by Ctrl-C at the n-th answer of the simulated Graph.

    python -m tests.interrupted N answered|broken COMMAND …

`answered`: Graph goes on as ever. `broken`: every connection breaks from then on, so that whatever
reads goes on trying for two minutes, if it is let.
"""

from __future__ import annotations

import os
import signal
import sys

from shared.cli import main
from simulator.graph.site import Site

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may be deaf to it

number, how, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
respond = Site.answer


def answer(site, request):
    response = respond(site, request)
    if len(site.served) == number:
        os.kill(os.getpid(), signal.SIGINT)
    if len(site.served) >= number and how == "broken":
        raise ConnectionAbortedError
    return response


setattr(Site, "answer", answer)  # noqa: B010 (mypy refuses the plain way)
sys.exit(main.main(arguments))
