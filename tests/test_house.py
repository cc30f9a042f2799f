"""
The rules of the code, checked on its source: what may import what, and how long is too long.

A rule is a function that yields its violations. A test states a rule, applies it to all files, and
shows with a line of bad code that the rule catches it.
"""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import pytest

import dev

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What each part may import besides itself, from the ground up.
MAY_IMPORT = {
    "errors": set(),
    "clock": set(),
    "telemetry": set(),
    "decoding": set(),
    "mfa": {"decoding", "errors"},
    "endpoints": {"errors"},
    "setting_kinds": {"errors", "mfa"},
    "hosting": set(),
    "settings": {"errors", "endpoints", "hosting", "mfa", "setting_kinds"},
    "http_client": {"decoding"},
    "identity": {"decoding", "errors", "endpoints", "http_client", "mfa"},
    "app_identity": {"decoding"},
    "sources": {"decoding", "errors", "endpoints", "mfa"},
    "stores": {"decoding", "errors", "endpoints", "mfa"},
    "delivery": {"decoding", "errors", "endpoints", "mfa"},
    "service": {
        *(
            "errors",
            "clock",
            "decoding",
            "endpoints",
            "hosting",
            "mfa",
            "setting_kinds",
            "settings",
            "http_client",
            "identity",
            "app_identity",
        ),
        *("sources", "stores", "delivery", "telemetry"),
    },
    "function_app": {"errors", "mfa", "service"},
    "cli": {
        *("errors", "clock", "endpoints", "mfa", "settings", "delivery"),
        *("service", "function_app"),
    },
    "__main__": {"cli"},
    "simulator": {
        *("errors", "clock", "endpoints", "mfa", "settings", "identity"),
        *("sources", "stores", "delivery", "service", "cli"),
    },
    "__init__": set(),
}

#: What mfa may use: values, and functions of values.
PURE = {
    *("__future__", "array", "base64", "bisect", "collections", "dataclasses", "datetime", "enum"),
    *("functools", "gzip", "hashlib", "heapq", "itertools", "math", "operator", "re", "string"),
    *("types", "typing", "zlib", "msgspec", "shared"),
}

#: What an HTTP request must not pay for, and the files whose purpose it is.
HEAVY = re.compile(
    r"(azure|httpx|kiota_\w+|msgraph\w*|opentelemetry|shared\.stores\.azure\w*|shared\.sources\.diagnostics\.blobs)\b"
)
MAY_BE_HEAVY = {
    "function_app.py": ("azure.functions",),
    "shared/stores/azure": ("azure", "shared.stores.azure"),
    "shared/sources/diagnostics/blobs": ("azure",),
}

ALL = ast.Name("BaseException")  #: what an ``except`` without a name catches
#: What raises for wrong bytes in a dozen ways, and the files that name all of them.
DECODES = re.compile(
    r"(msgspec\.)?(json|msgpack|toml|yaml)\.(decode|Decoder)|json\.loads?|.*\.decode"
    r"|gzip\.(open|decompress|GzipFile)|zlib\.(decompress|decompressobj)"
)
MAY_DECODE = (
    "shared/decoding.py",
    "shared/sources/records/",  # each record on its own: a wrong one is counted, not raised
    "shared/sources/files/",  # streams without end, wrong lines counted
    "shared/service/http/callers.py",  # an unreadable caller is nobody
    "shared/cli/functions.py",  # the platform's own converters
    "shared/cli/local_host.py",  # our own host.json
)
CLOCKS = {"shared/clock.py", "tests/clock.py"}
READS_THE_CLOCK = re.compile(
    r"(datetime\.)?(datetime\.(now|utcnow|today)|date\.today)"
    r"|time\.(time|time_ns|gmtime|localtime|ctime|strftime)"
)
LONGEST_FUNCTION = 50
LONGEST_FILE = 400


class Module(NamedTuple):
    """One file."""

    path: str
    source: str

    @property
    def part(self) -> str:
        """Its folder in shared/, or its own name outside of any."""
        names = PurePath(self.path).with_suffix("").parts
        return names[1] if names[0] == "shared" else names[0]

    @property
    def name(self) -> str:
        """As it is imported."""
        parts = PurePath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    def at(self, line: int, breach: str) -> str:
        return f"{self.path}:{line}: {breach}"


class Import(NamedTuple):
    line: int
    name: str  #: in full, ``shared.mfa.window.Slice``
    when: str  #: ``loading``, ``calling``, or ``checking`` (types)


def imports(node: ast.AST, when: str = "loading") -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names):
                yield from (Import(child.lineno, alias.name, when) for alias in names)
            case ast.ImportFrom(module, names):
                for alias in names:
                    yield Import(child.lineno, f"{module}.{alias.name}", when)
            case ast.If(ast.Name("TYPE_CHECKING")):
                yield from imports(child, "checking")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from imports(child, "calling")
            case _:
                yield from imports(child, when)


def modules(*patterns: str) -> list[Module]:
    """All Python files below the project's folder that match the patterns."""
    return [
        Module(path.relative_to(dev.ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for pattern in patterns
        for path in dev.ROOT.glob(pattern)
    ]


PRODUCT = modules("function_app.py", "shared/**/*.py")
SIMULATOR = modules("simulator/**/*.py")
SUPPORT = [*SIMULATOR, *modules("tests/**/*.py", "bench/**/*.py")]


def breaches(rule: Callable[[Module], Iterator[str]]) -> list[str]:
    """All violations of a rule in the product."""
    return [breach for module in PRODUCT for breach in rule(module)]


def catches(rule: Callable[[Module], Iterator[str]], path: str, source: str) -> bool:
    """Whether the rule catches this."""
    return bool(list(rule(Module(path, source))))


def stray_imports(module: Module) -> Iterator[str]:
    for line, name, _ in imports(module.tree):
        names = name.split(".")
        other = names[1] if names[0] == "shared" else names[0]
        if other in MAY_IMPORT and other not in MAY_IMPORT[module.part] | {module.part}:
            yield module.at(line, f"{module.part} must not know {other}")


def test_a_room_never_imports_its_neighbour() -> None:
    assert breaches(stray_imports) == []

    assert catches(stray_imports, "shared/stores/local.py", "from shared.sources import graph")
    assert catches(stray_imports, "shared/mfa/window.py", "from shared import settings")
    assert catches(stray_imports, "shared/service.py", "def f():\n    import function_app")
    assert not catches(stray_imports, "shared/service.py", "from shared.stores import open_store")


def test_the_product_never_imports_the_simulator() -> None:
    assert [breach for module in SIMULATOR for breach in stray_imports(module)] == []

    assert catches(
        stray_imports, "shared/service/a.py", "def f():\n    import simulator.simulation"
    )


def arrows(house: list[Module], place: Callable[[str], str]) -> dict[str, set[str]]:
    """The imports between places, lazy ones and those for types included."""
    names = {module.name for module in house}
    found: dict[str, set[str]] = {}
    for module in house:
        for _, name, _ in imports(module.tree):
            target = name if name in names else name.rpartition(".")[0]
            if target in names and not within(place(target), place(module.name)):
                found.setdefault(place(module.name), set()).add(place(target))
    return found


def within(one: str, other: str) -> bool:
    """Whether two places are the same, or one contains the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def circle(found: dict[str, set[str]]) -> list[str]:
    """The places on a circle of imports; empty if there is none."""
    try:
        tuple(TopologicalSorter(found).static_order())
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def folder(name: str) -> str:
    """The folder that a module is in; modules right below ``shared`` are places of their own."""
    parent = name.rpartition(".")[0]
    return name if parent in ("", "shared") else parent


def test_no_imports_go_in_a_circle_not_even_lazy_ones() -> None:
    house = [*PRODUCT, *SIMULATOR]

    assert circle(arrows(house, str)) == []
    assert circle(arrows(house, folder)) == []

    lazily = "def f():\n    from shared.b import y"
    loop = [Module("shared/a.py", lazily), Module("shared/b.py", "from shared.a import x")]
    assert set(circle(arrows(loop, str))) == {"shared.a", "shared.b"}


def test_every_part_has_its_place_in_the_order() -> None:
    assert {module.part for module in PRODUCT} <= MAY_IMPORT.keys()


def impurities(module: Module) -> Iterator[str]:
    if module.part != "mfa":
        return
    for line, name, _ in imports(module.tree):
        if name.split(".")[0] not in PURE:
            yield module.at(line, f"imports {name}")
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(ast.Name("open" | "print" | "input") | ast.Attribute(attr="open")):
                yield module.at(node.lineno, "reads or writes")


def test_the_pure_room_has_no_files_and_no_libraries() -> None:
    assert breaches(impurities) == []

    for line in ("import os", "from pathlib import Path", "open('x')"):
        assert catches(impurities, "shared/mfa/window.py", line)


def clock_readings(module: Module) -> Iterator[str]:
    if module.path in CLOCKS:
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute() if READS_THE_CLOCK.fullmatch(ast.unparse(node)):
                yield module.at(node.lineno, "reads the clock")
            case ast.ImportFrom("time", names) if {"time", "time_ns"} & {n.name for n in names}:
                yield module.at(node.lineno, "reads the clock")


def test_only_one_function_reads_the_clock_and_only_one_helper_of_the_tests() -> None:
    assert [breach for module in [*PRODUCT, *SUPPORT] for breach in clock_readings(module)] == []

    for line in (
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "now: Callable = datetime.now",
        "date.today()",
        "time.time()",
        "from time import time",
    ):
        assert catches(clock_readings, "shared/mfa/window.py", line)
        assert catches(clock_readings, "tests/mfa/test_window.py", line)
    assert not catches(clock_readings, "shared/service.py", "time.monotonic(); service.today")


def heavy_loads(module: Module) -> Iterator[str]:
    allowed = next(
        (names for path, names in MAY_BE_HEAVY.items() if module.path.startswith(path)), ()
    )
    for line, name, when in imports(module.tree):
        if when == "loading" and HEAVY.match(name) and not name.startswith(allowed):
            yield module.at(line, f"loads {name} before it is needed")


def test_what_is_slow_to_load_is_loaded_where_it_is_needed() -> None:
    assert breaches(heavy_loads) == []

    assert catches(heavy_loads, "shared/identity.py", "from msgraph import GraphServiceClient")
    assert catches(heavy_loads, "shared/stores/__init__.py", "import shared.stores.azure")
    assert catches(heavy_loads, "shared/service/a.py", "import shared.sources.diagnostics.blobs")
    assert catches(heavy_loads, "function_app.py", "import azure.functions, azure.identity")
    assert not catches(heavy_loads, "shared/identity.py", "def f():\n    import msgraph")


def stray_credentials(module: Module) -> Iterator[str]:
    for line, name, _ in imports(module.tree):
        if name.startswith("azure.identity") and module.path != "shared/identity.py":
            yield module.at(line, "asks for credentials")


def test_only_one_file_knows_where_credentials_come_from() -> None:
    assert breaches(stray_credentials) == []

    assert catches(stray_credentials, "shared/stores/azure/blobs.py", "from azure import identity")


def stray_settings(module: Module) -> Iterator[str]:
    if module.path == "shared/settings.py":
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(ast.Name("os"), "environ" | "environb" | "getenv"):
                yield module.at(node.lineno, "reads the environment")
            case ast.ImportFrom("os", names) if {"environ", "getenv"} & {n.name for n in names}:
                yield module.at(node.lineno, "reads the environment")


def test_only_the_settings_read_the_environment() -> None:
    assert breaches(stray_settings) == []

    for line in ("os.environ['A']", "os.getenv('A')", "from os import environ"):
        assert catches(stray_settings, "shared/service.py", line)


def oversizes(module: Module) -> Iterator[str]:
    lines = module.source.count("\n")
    if lines > LONGEST_FILE:
        yield module.at(lines, f"is longer than {LONGEST_FILE} lines")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield module.at(node.lineno, f"{node.name} has {length} lines")


def test_functions_and_files_stay_short_enough_to_read() -> None:
    assert breaches(oversizes) == []
    assert list(oversizes(Module("dev.py", (dev.ROOT / "dev.py").read_text("utf-8")))) == []

    assert catches(oversizes, "shared/service.py", "def f():\n" + "    pass\n" * LONGEST_FUNCTION)
    assert catches(oversizes, "shared/service.py", "pass\n" * (LONGEST_FILE + 1))


def prints(module: Module) -> Iterator[str]:
    if module.path == "shared/cli/main.py":
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(ast.Name("print")):
                yield module.at(node.lineno, "prints")


def test_only_the_command_line_prints() -> None:
    assert breaches(prints) == []

    assert catches(prints, "shared/service.py", "print('done')")


def swallowed_errors(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        match node:
            case ast.ExceptHandler(body=[*_, ast.Raise()]):
                pass
            case ast.ExceptHandler(caught):
                names = {name.id for name in ast.walk(caught or ALL) if isinstance(name, ast.Name)}
                if names & {"Exception", "BaseException"}:
                    yield module.at(node.lineno, "catches everything")


def test_no_error_is_swallowed_that_is_not_named() -> None:
    assert breaches(swallowed_errors) == []

    for caught in ("except:", "except Exception:", "except (OSError, BaseException) as error:"):
        source = f"try:\n    work()\n{caught}\n    pass"
        assert catches(swallowed_errors, "shared/service.py", source)


def bare_decoding(module: Module) -> Iterator[str]:
    if module.path.startswith(MAY_DECODE):
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(ast.Attribute(ast.Call(encoder), "decode")) if is_encoder(encoder):
                continue  # our own bytes
            case ast.Call(ast.Attribute(_, "decode"), _, [ast.keyword("errors"), *_]):
                continue  # replaces what it cannot read
            case ast.Call(called, arguments):
                for name in map(ast.unparse, [called, *arguments]):
                    if DECODES.fullmatch(name):
                        yield module.at(node.lineno, f"decodes with {name}")


def is_encoder(called: ast.expr) -> bool:
    return ast.unparse(called).endswith("encode")


def test_foreign_bytes_are_decoded_in_one_place() -> None:
    assert breaches(bare_decoding) == []

    for line in (
        "msgspec.json.decode(data, type=Report)",
        "decoder = msgspec.msgpack.Decoder(Report)",
        "json.loads(data)",
        "gzip.decompress(data)",
        "data.decode()",
        "data.decode('utf-8')",
        "read(url, msgspec.json.decode)",
        "head[1].decode()",
    ):
        assert catches(bare_decoding, "shared/stores/local.py", line), line
    assert not catches(bare_decoding, "shared/stores/local.py", "data.decode(errors='replace')")
    assert not catches(bare_decoding, "shared/stores/local.py", "msgspec.json.encode(a).decode()")


def foreign_hosts(text: str) -> list[str]:
    """The hosts that a page names; w3.org is only the name of a vocabulary and is never asked."""
    return [host for host in re.findall(r"//([\w-]+(?:\.[\w-]+)+)", text) if host != "www.w3.org"]


def test_a_page_needs_no_other_host() -> None:
    templates = [path for path in dev.ROOT.glob("templates/**/*") if path.is_file()]

    assert {path: foreign_hosts(path.read_text("utf-8")) for path in templates} == {
        path: [] for path in templates
    }
    assert foreign_hosts('<link href="//fonts.example.com/a.css">') == ["fonts.example.com"]


def commands() -> set[str]:
    """Every command: dev.py's own, and those that the product's and the simulator's help list."""
    listed = {"test", "audit", "bench", "texts", "lock", "setup"}
    for package in ("shared", "simulator"):
        ask = [sys.executable, "-m", package, "--help"]
        answer = subprocess.run(ask, cwd=dev.ROOT, capture_output=True, text=True, check=False)
        found = re.search(r"\{([\w,-]+)\}", answer.stdout)
        assert found, answer.stderr
        listed |= set(found[1].split(","))
    return listed


def commands_in(text: str) -> set[str]:
    return set(re.findall(r"python3? (?:dev\.py|-m shared) ([a-z]\w*)", text))


def test_dev_py_lists_every_command_and_no_page_promises_another() -> None:
    existing = commands()

    assert commands_in(dev.__doc__ or "") == set(dev.COMMANDS) == existing
    for page in [*dev.ROOT.glob("*.md"), *dev.ROOT.glob("docs/**/*.md")]:
        assert commands_in(page.read_text("utf-8")) <= existing, page
    assert commands_in("run `python dev.py conquer --world`") == {"conquer"}


def test_the_suite_talks_to_nobody_but_this_machine() -> None:
    with pytest.raises(pytest.fail.Exception, match="another host"):
        socket.getaddrinfo("graph.microsoft.com", 443)
    with socket.socket() as outward, pytest.raises(pytest.fail.Exception, match="another host"):
        outward.connect(("192.0.2.1", 443))

    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
