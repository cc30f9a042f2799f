"""For every test: no network but this machine, and the real records if they are there."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# The time of one example depends on the machine more than on the code.
hypothesis.settings.register_profile("house", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults", action="store_true", help="try all faults of tests/faults instead of a sample"
    )


def pytest_configure(config: pytest.Config) -> None:
    """With all faults, the properties of `tests.knowledge` have more examples, too."""
    gc.disable()  # the collecting of tests makes a million objects, which all stay
    if config.getoption("--faults"):
        os.environ.setdefault("EXAMPLES_TIMES", "5")


@pytest.hookimpl(trylast=True)  # hypothesis marks its own first
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep properties out of the coverage: tracing hundreds of examples takes twice the time."""
    for item in items:
        if item.get_closest_marker("hypothesis") and item.config.pluginmanager.hasplugin("_cov"):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Have the garbage collector look at what tests make, and no more at the tests themselves."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real records written by others, which is not part of this project."""
    folder = ROOT.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("there is no folder of real records next to this clone")
    return folder


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of small inputs with known right answers, which is not part of this project."""
    folder = ROOT.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("the numbered cases are not next to this clone")
    return folder


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    """
    Fail a test that looks up or connects to another host.

    An audit hook sees every socket of this process, and the failure is not an `Exception` that a
    retry could catch. It does not see other processes: a test that drives a browser has to check
    what that loads.
    """
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        endpoint, address = arguments[:2]
        if address is None or endpoint.family not in (socket.AF_INET, socket.AF_INET6):
            return
        host = address[0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    if not _is_this_machine(host):
        pytest.fail(f"a test reached for another host: {host}")


def _is_this_machine(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name in ("localhost", _OWN_NAME):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# Tests started in the background would ignore Ctrl-C, and so would the programs they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

_OWN_NAME = socket.gethostname()  # a mail client looks itself up
sys.addaudithook(_refuse_the_network)
