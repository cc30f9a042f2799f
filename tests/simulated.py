"""
A command of the product over the simulated partner: ``python -m tests.simulated run …``.

The command reads the simulated Graph as it would read Microsoft's, only without waiting between
requests.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from shared.cli.main import main
from shared.service.composition import Service
from shared.sources.graph.session import ThrottleLimits
from simulator.simulation import open_simulated
from simulator.tenants.partner import TENANT_ID
from tests.clock import real_now


@contextmanager
def simulated_environment():
    """Settings of this process that name the simulated tenant, whose thirty days end yesterday."""
    with open_simulated(real_now().date() - timedelta(days=1)) as simulation:
        os.environ["TENANT_ID"] = TENANT_ID
        os.environ["GRAPH_ENDPOINT"] = simulation.url
        os.environ["GRAPH_TOKEN"] = simulation.token
        setattr(Service, "_partner_access", UNPACED)  # noqa: B010 (mypy refuses the plain way)
        yield


def _unpaced(paced):
    """How the partner's tenant is reached, without waiting between requests."""

    def access(self):
        return replace(paced(self), limits=ThrottleLimits.unlimited())

    return access


#: In the place of `Service._partner_access`: no setting takes the waiting away.
UNPACED = _unpaced(Service._partner_access)  # noqa: SLF001


if __name__ == "__main__":
    with simulated_environment():
        sys.exit(main(sys.argv[1:]))
