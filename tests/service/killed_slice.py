"""
Collects one slice of the simulated tenant in small pages, and is killed by SIGKILL on the way.

    python -m tests.service.killed_slice FOLDER N

At the N-th request to the simulated Graph, before it is answered: N - 1 pages have come in.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.service.paged import a_day, paged

here = paged(Path(sys.argv[1]))
answer = here.graph.site.answer


def answer_or_die(request):
    if len(here.graph.site.requests) == int(sys.argv[2]) - 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(request)


setattr(here.graph.site, "answer", answer_or_die)  # noqa: B010 (mypy refuses the plain way)
here.daily.collect(a_day())
