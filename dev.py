"""
The one command: sets up the environment that this project needs, then runs one of its commands.

    python dev.py demo      the report of a simulated partner, served on this machine
    python dev.py analyze   a report from exported sign-in records
    python dev.py run       one daily run with the current settings
    python dev.py check     whether a deployment works, end to end
    python dev.py mail      the newest report, sent now
    python dev.py ledger    what was pulled of the sign-in log, slice by slice
    python dev.py directory the tenant's users and policies, as a file for analyze
    python dev.py token     how Partner Center would answer an access token
    python dev.py serve     the reports that already exist
    python dev.py test      all checks; with arguments, only pytest, with those arguments
                            (--faults: the whole kit of faults, which writes docs/reliability.md)
    python dev.py audit     vulnerabilities, secrets, licences, and the list of components
    python dev.py bench     time and memory, against named alternatives (--short: on little data)
    python dev.py texts     the catalogues of translated texts, brought up to date
    python dev.py lock      pin the packages that pyproject.toml names (--upgrade: the newest)
    python dev.py setup     the steps around a deployment, which azd's hooks run

It needs Python 3.11 to 3.14 and, the first time, the network: it fetches uv if the machine
has none, then the packages of requirements*.txt, checked against their hashes. Started with another
Python, it looks for one of these, and fetches one if there is none. Everything stays in this
folder. Standard output belongs to the command; dev.py itself writes to standard error.
"""

from __future__ import annotations

if __name__ == "__main__":  # Ctrl-C during the imports ends this without a traceback
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)

import contextlib
import difflib
import hashlib
import importlib.util
import os
import shutil
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, Popen, SubprocessError
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST, NEWEST = (3, 11), (3, 14)  # the bounds of `requires-python` in pyproject.toml
UV = "uv==0.13.9"

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
UV_VENV = ROOT / ".venv-uv"  # only if the machine has no uv
UV_CACHE = ROOT / ".venv-cache"  # of uv, which links what it installs from here
UV_PYTHONS = ROOT / ".venv-python"  # only if the machine has no Python that will do
LOCK = ROOT / ".venv.lock"
WAIT_SECONDS = 600  # for another dev.py that is setting up
STANDARD_ERROR = 2

PRODUCT = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"  # PRODUCT at the same versions, and more
INSTALLED = VENV / "set-up.txt"  # what .venv holds: written last, so a broken set-up has none

LOCK_HELP = """\
python dev.py lock [OPTION ...]

Compiles requirements.txt and requirements-dev.txt from pyproject.toml, for every supported Python
and system. Takes the options of `uv pip compile`: --upgrade for the newest versions that
pyproject.toml allows, --upgrade-package NAME for the newest version of one package."""

COMMANDS = (
    *("demo", "analyze", "run", "check", "mail", "ledger"),  # the product's
    *("directory", "token", "serve"),
    *("test", "audit", "bench", "texts", "lock", "setup"),
)
CHECKS = [
    ["ruff", "check"],
    ["ruff", "format", "--check"],
    ["mypy"],
    ["pytest", "-n", "auto", "--dist", "worksteal"],  # fixtures of a module are made once
]
#: What ``test --faults`` runs, with options of its own.
KNOWING_LESS = [f"tests/service/test_knowing_less{of}.py" for of in ("", "_of_sources")]
FAULTS = ["tests/faults", *KNOWING_LESS, "-n", "auto"]


class SetUpError(Exception):
    """Setting up failed; the message is one sentence for the user."""


def main(arguments: list[str]) -> int:
    """Do what *arguments* say; return the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        return act(*arguments)
    except (SetUpError, OSError, SubprocessError) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130  # what a shell reports for a command that Ctrl-C ended


def act(command: str, *rest: str) -> int:
    """Set up what a command needs, run it, and return its exit code."""
    if command == "--version":
        print(version())
        return 0
    refuse_unknown(command)
    keep_uv_here()
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return with_supported_python([command, *rest])
    if command == "lock":
        return lock(list(rest))
    requirements, calls = plan(command, *rest)
    set_up(requirements)
    os.environ["PYTHONPATH"] = str(ROOT)  # importable from any folder
    if requirements == DEVELOPMENT:
        os.chdir(ROOT)  # where ruff, mypy and pytest look for their settings
    return become(python_m(calls[0])) if len(calls) == 1 else run_each(calls)


def plan(command: str, *rest: str) -> tuple[Path, list[list[str]]]:
    """Return the requirements of a command, and the modules that it runs, with their arguments."""
    if command == "test":
        options = FAULTS if rest[:1] == ("--faults",) else []
        return DEVELOPMENT, [["pytest", *options, *rest]] if rest else CHECKS
    if command in ("audit", "bench", "texts"):
        return DEVELOPMENT, [[command, *rest]]
    if command == "demo":
        return PRODUCT, [["simulator", command, *rest]]
    if command == "setup":
        return PRODUCT, [["infra", *rest]]
    return PRODUCT, [["shared", command, *rest]]


def version() -> str:
    """Return the project's name and version, as pyproject.toml has them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    name, number = (text.split(f'\n{key} = "')[1].split('"')[0] for key in ("name", "version"))
    return f"{name} {number}"


def with_supported_python(arguments: list[str]) -> int:
    """Run this again with a Python that the pinned packages support; fetch one if need be."""
    found = next(filter(lambda command: runs(*command), pythons()), None)
    this, bounds = dotted(sys.version_info[:2]), f"{dotted(OLDEST)} to {dotted(NEWEST)}"
    say(f"This is Python {this}; going on with one from {bounds}.")
    if found is None:
        with one_at_a_time():
            found = [find_uv(), "run", "--no-project", f"--python={dotted(NEWEST)}", "python"]
        if not runs(*found):
            raise SetUpError(
                f"This machine has no Python from {bounds}, and none could be fetched: install one."
            )
    return become([*found, str(Path(__file__).resolve()), *arguments])


def pythons(system: str = os.name) -> list[list[str]]:
    """Return how supported Pythons are called on a system, the newest first."""
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    return [["py", f"-3.{n}"] if system == "nt" else [f"python3.{n}"] for n in minors]


def keep_uv_here() -> None:
    """Have uv leave nothing outside this folder, and trust the certificates the machine trusts."""
    os.environ.setdefault("UV_CACHE_DIR", str(UV_CACHE))
    os.environ.setdefault("UV_PYTHON_INSTALL_DIR", str(UV_PYTHONS))
    # As pip does; a gateway that inspects TLS has a certificate of its own.
    os.environ.setdefault("UV_SYSTEM_CERTS", "true")


def refuse_unknown(command: str) -> None:
    """Raise `SetUpError` for an unknown command; not repeated, as it may be a pasted secret."""
    if command not in COMMANDS:
        similar = difflib.get_close_matches(command, COMMANDS, 1)
        hint = f" Did you mean {similar[0]}?" if similar else ""
        raise SetUpError(f"Unknown command.{hint} The commands are {', '.join(COMMANDS)}.")


def set_up(requirements: Path) -> None:
    """Install *requirements* into .venv, unless they are installed already."""
    if is_set_up(requirements):
        return
    with one_at_a_time():
        if not is_set_up(requirements):  # another dev.py may have done it meanwhile
            install(requirements)


def is_set_up(requirements: Path) -> bool:
    """Whether .venv holds *requirements*, for the Python that runs this."""
    return {this_python(), digest(requirements)} <= installed()


def installed() -> set[str]:
    """Return the Python and the requirements files in .venv; nothing if it is broken."""
    if not (INSTALLED.exists() and Path(program(VENV, "python")).exists()):
        return set()
    return set(INSTALLED.read_text(encoding="utf-8").splitlines())


def install(requirements: Path) -> None:
    """Install *requirements* into .venv, which is created again if it is broken."""
    uv = find_uv()
    say("Setting up .venv; the first time, this takes some seconds and the network.")
    is_usable = this_python() in installed()
    INSTALLED.unlink(missing_ok=True)
    if not is_usable:
        shutil.rmtree(VENV, ignore_errors=True)
        run_or_stop(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
    sync = [uv, "pip", "sync", "--require-hashes", "--python", program(VENV, "python")]
    if not sys.stderr.isatty():
        sync.append("--quiet")
    run_or_stop(*sync, str(requirements))
    lines = {this_python(), digest(PRODUCT), digest(requirements)}
    INSTALLED.write_text("\n".join(sorted(lines)), encoding="utf-8")


def find_uv() -> str:
    """Return the machine's uv, else our own, which is fetched if need be."""
    for uv in (shutil.which("uv"), program(UV_VENV, "uv")):
        if uv and runs(uv):  # a version manager's stub may not, nor a download that was interrupted
            return uv
    fetch_uv()
    return program(UV_VENV, "uv")


def runs(*command: str) -> bool:
    """Whether a program can be started."""
    try:
        return run(*command, "--version", stdout=DEVNULL, stderr=DEVNULL) == 0
    except OSError:
        return False


def fetch_uv() -> None:
    """Install uv with pip, in a virtual environment of its own."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetUpError("This Python has no pip: install python3-venv, or uv, and try again.")
    import venv

    say(f"Fetching {UV}.")
    venv.create(UV_VENV, clear=True, with_pip=True)
    pip = [program(UV_VENV, "python"), "-m", "pip", "--disable-pip-version-check"]
    run_or_stop(*pip, "install", "--quiet", "--no-cache-dir", UV)


def lock(options: list[str]) -> int:
    """Compile both requirements files, for every supported Python and system."""
    if {"-h", "--help"} & set(options):
        print(LOCK_HELP)
        return 0
    with one_at_a_time():
        uv = find_uv()
    os.chdir(ROOT)  # so that the files name each other, but no folder of this machine
    os.environ["UV_CUSTOM_COMPILE_COMMAND"] = "python dev.py lock"
    flags = ["--quiet", "--universal", "--generate-hashes", f"--python-version={dotted(OLDEST)}"]
    pin = [uv, "pip", "compile", "pyproject.toml", *flags, *options, "--output-file"]
    run_or_stop(*pin, PRODUCT.name)
    run_or_stop(*pin, DEVELOPMENT.name, "--group", "dev", "--constraints", PRODUCT.name)
    return 0


def this_python() -> str:
    """Return the version and the place of the Python that runs this."""
    return f"python {dotted(sys.version_info[:3])} in {sys.base_prefix}"


def digest(requirements: Path) -> str:
    """Return the name of a requirements file and the digest of its content."""
    return f"{requirements.name} {hashlib.sha256(requirements.read_bytes()).hexdigest()}"


def program(folder: Path, name: str, system: str = os.name) -> str:
    """Return the path of a program in a virtual environment."""
    return str(folder / "Scripts" / f"{name}.exe" if system == "nt" else folder / "bin" / name)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the set-up lock, or wait for it; it ends with this process, however that ends."""
    with LOCK.open("a") as file:
        for second in range(WAIT_SECONDS):
            if has_locked(file):
                break
            if second == 0:
                say("Another dev.py is setting up; waiting for it.")
            time.sleep(1)
        else:
            raise SetUpError("Another dev.py has been setting up for ten minutes; stop it first.")
        # uv inherits the lock: if this process is killed, it holds until uv has ended.
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003
        yield


def has_locked(file: IO[str]) -> bool:
    """Lock *file*; return whether that worked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # taken: on POSIX, on Windows
        return False
    return True


def become(command: list[str]) -> int:
    """Replace this process by another program, so that signals and exit code are its own."""
    if sys.platform != "win32":  # which cannot replace a process
        os.execvp(command[0], command)
    return run(*command)


def run_each(calls: list[list[str]]) -> int:
    """Run all *calls*, even after a failure, to show everything there is to fix at once."""
    failed = []
    for call in calls:
        name = " ".join(call)
        say(name)
        if run(*python_m(call)) != 0:
            failed.append(name)
    if failed:
        say(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def python_m(call: list[str]) -> list[str]:
    """Return the command line of a module; -P keeps the current folder out of its imports."""
    return [program(VENV, "python"), "-P", "-m", *call]


def run(*command: str, stdout: int | None = None, stderr: int | None = None) -> int:
    """Run *command* and return its exit code; after Ctrl-C, which reaches it too, wait for it."""
    with Popen(command, stdout=stdout, stderr=stderr, close_fds=False) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.wait()
            raise


def run_or_stop(*command: str) -> None:
    """Run a step of the set-up, its output on standard error; raise `SetUpError` if it fails."""
    if run(*command, stdout=STANDARD_ERROR) != 0:
        raise SetUpError(
            "Setting up failed for the reason above; the first time, it needs the network."
        )


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as text."""
    return ".".join(map(str, version))


def say(sentence: str) -> None:
    """Write a sentence to standard error."""
    print(f"dev.py: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
