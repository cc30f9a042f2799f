"""
``dev.py demo`` or ``run``, interrupted as by Ctrl-C at the n-th answer of the simulated Graph.

    python -m tests.interrupted N answered|broken COMMAND …

`answered`: Graph goes on as ever. `broken`: every connection breaks from then on, so that whatever
reads goes on trying for two minutes, if it is let.
"""

from __future__ import annotations

import os
import signal
import sys

from shared.cli.main import main
from simulator import __main__ as simulator
from simulator.graph.api import SimulatedGraph
from tests.simulated import simulated_environment

signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may ignore it

number, how, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
respond = SimulatedGraph.answer


def answer(site, request):
    response = respond(site, request)
    if len(site.requests) == number:
        os.kill(os.getpid(), signal.SIGINT)
    if len(site.requests) >= number and how == "broken":
        raise ConnectionAbortedError
    return response


setattr(SimulatedGraph, "answer", answer)  # noqa: B010 (mypy refuses the plain way)
if arguments[0] == "demo":
    sys.exit(simulator.main(arguments))
with simulated_environment():
    sys.exit(main(arguments))
