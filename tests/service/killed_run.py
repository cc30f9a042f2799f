"""
``python -m shared run``, killed by SIGKILL at the n-th answer of the simulated Graph.

    python -m tests.service.killed_run N [before|after]

`before`: the answer is worked out, but never sent. `after`: the next question has come in, so the
answer was taken in and whatever followed from it was done. The simulated Graph lives in the same
process and dies with it; what counts is what is in the store then.
"""

from __future__ import annotations

import os
import signal
import sys

from shared.cli.main import main
from simulator.graph.api import SimulatedGraph
from tests.simulated import simulated_environment

number, when = int(sys.argv[1]), sys.argv[2]
respond = SimulatedGraph.answer


def answer(site, request):
    if when == "after" and len(site.requests) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    response = respond(site, request)
    if when == "before" and len(site.requests) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return response


setattr(SimulatedGraph, "answer", answer)  # noqa: B010 (mypy refuses the plain way)
with simulated_environment():
    sys.exit(main(["run"]))
