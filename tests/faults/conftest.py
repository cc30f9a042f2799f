"""How thorough a run of the kit is, and the page that its last whole run writes."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis
import pytest

from tests.azurite import Azurite, running_azurite
from tests.faults.reliability import KINDS, PAGE, Tried, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytest.register_assert_rewrite("tests.faults.crashes")  # its assertions say what differs
T = TypeVar("T")
_TRIED = "tried"  #: the property of a test's report that holds a `Tried`
_OPTIONAL = "optional"  #: one of a test that may be skipped
_LONGEST = 600  #: characters of a failure that are shown


@pytest.fixture(autouse=True, scope="module")
def _level_of_the_log() -> Iterator[None]:
    """Some faults are logged a hundred times; what other tests see of the log stays as it was."""
    logger = logging.getLogger("shared")
    before = logger.level
    yield
    logger.setLevel(before)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """In a whole run several processes share what a test tries, in so many parts."""
    if "part" in metafunc.fixturenames:
        is_whole = metafunc.config.getoption("--faults")
        metafunc.parametrize("part", range(metafunc.module.PARTS if is_whole else 1))


class Kit:
    """All of what there is to try in a whole run, a sample in the normal suite; and a record."""

    def __init__(self, properties: list[tuple[str, object]], *, is_whole: bool) -> None:
        self.is_whole = is_whole
        self.failures: dict[object, str] = {}  #: by what was tried
        self._properties = properties

    def some_of(self, cases: Sequence[T], sample: int) -> list[T]:
        """All cases, or that many of them at equal distances."""
        if self.is_whole or len(cases) <= sample:
            return list(cases)
        return [cases[(2 * index + 1) * len(cases) // (2 * sample)] for index in range(sample)]

    def examples(self, number: int, times: int = 25) -> hypothesis.settings:
        """Settings of a property: so many examples in the normal suite, else `times` as many."""
        return hypothesis.settings(
            max_examples=number * times if self.is_whole else number,
            deadline=None,
            derandomize=True,  # the same examples each time; those that failed once are kept
            suppress_health_check=list(hypothesis.HealthCheck),
        )

    @contextmanager
    def attempt(self, case: object) -> Iterator[None]:
        """Note a failure and go on, so that all cases are tried before the test fails."""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self.failures[case] = f"{type(error).__name__}: {error}"[:_LONGEST]

    def skip(self, reason: str) -> None:
        """Skip what is optional: the page is written all the same."""
        self._properties.append((_OPTIONAL, reason))
        pytest.skip(reason)

    def record(self, kind: str, fault: str, tried: str, outcome: str, times: int = 1) -> None:
        """Note what was tried; the page adds up equal lines."""
        self._properties.append((_TRIED, Tried(kind, fault, tried, outcome, times)._asdict()))


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with running_azurite() as server:
        yield server


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> Kit:
    is_whole = request.config.getoption("--faults")
    return Kit(request.node.user_properties, is_whole=is_whole)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_PageWriter(config), "reliability-page")


class _PageWriter:
    """Gathers what all tests, in whichever process, have tried; writes the page in the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._is_whole = config.getoption("--faults") and not hasattr(config, "workerinput")
        self._tried: list[Tried] = []
        self._is_complete = True
        self._seconds: Counter[str] = Counter()  #: by file, in whichever process

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._is_complete &= not items

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._seconds[report.location[0]] += report.duration
        is_optional = report.skipped and _OPTIONAL in dict(report.user_properties)
        self._is_complete &= report.passed or is_optional
        if report.when == "teardown":
            values = [value for name, value in report.user_properties if name == _TRIED]
            self._tried += [Tried(**value) for value in values]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._tried:
            if line.kind == "Load":
                terminalreporter.write_line(f"{line.tried}, {line.fault}: {line.outcome}")
        for file, seconds in self._seconds.most_common() if self._is_whole else ():
            terminalreporter.write_line(f"{seconds / 60:5.1f} minutes  {file}")

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Iterator[None]:
        yield
        all_kinds = {line.kind for line in self._tried} == KINDS.keys()
        if self._is_whole and self._is_complete and all_kinds and exitstatus == pytest.ExitCode.OK:
            PAGE.write_text(render(self._tried), encoding="utf-8")
