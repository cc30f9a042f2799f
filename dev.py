"""
The one command: makes the environment this project needs, then hands on to it.

    python dev.py demo      the report of a simulated partner, served on this machine
    python dev.py analyze   a report from exported sign-in records
    python dev.py run       one daily run with the current settings
    python dev.py directory the tenant's users and policies, as a file for analyze
    python dev.py token     what Partner Center would answer to an access token
    python dev.py serve     the reports that are there already
    python dev.py test      every check there is; with arguments, pytest alone with those
    python dev.py audit     vulnerabilities, secrets, licences, and the list of components
    python dev.py bench     records a second, and peak memory
    python dev.py lock      pin what pyproject.toml asks for (--upgrade: at its newest)

It needs Python 3.11, 3.12 or 3.13 and, the first time, the network: uv is fetched where the machine
has none, then the packages that requirements*.txt names, checked by their hashes. All of it stays
in this folder. Standard output belongs to the command; dev.py itself speaks on standard error.
"""

from __future__ import annotations

import contextlib
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

OLDEST, NEWEST = (3, 11), (3, 13)  # the bounds of `requires-python` in pyproject.toml
UV = "uv==0.13.9"

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
UV_VENV = ROOT / ".venv-uv"  # only where the machine has no uv
LOCK = ROOT / ".venv.lock"
PATIENCE_SECONDS = 600
STANDARD_ERROR = 2

PRODUCT = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"  # all of PRODUCT at the same versions, and more

LOCK_HELP = """\
python dev.py lock [OPTION ...]

Compiles requirements.txt and requirements-dev.txt from pyproject.toml, for every supported Python
and system. Options are those of `uv pip compile`: --upgrade takes the newest versions that
pyproject.toml allows, --upgrade-package NAME that of one package."""

COMMANDS = (
    *("demo", "analyze", "run", "directory", "token", "serve"),  # the product's
    *("test", "audit", "bench", "lock"),
)
CHECKS = [
    ["ruff", "check"],
    ["ruff", "format", "--check"],
    ["mypy"],
    ["pytest", "--cov", "-n", "auto"],
]


class SetUpError(Exception):
    """What is missing, in one sentence."""


def main(arguments: list[str]) -> int:
    """Set up what the command in *arguments* needs, run it, and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        refuse_unsupported(sys.version_info[:2])
        refuse_unknown(arguments[0])
        if arguments[0] == "lock":
            return lock(arguments[1:])
        requirements, calls = plan(*arguments)
        set_up(requirements)
        os.environ["PYTHONPATH"] = str(ROOT)  # the project is found from whichever folder
        if requirements == DEVELOPMENT:
            os.chdir(ROOT)  # where ruff, mypy and pytest look for their settings
        return hand_on(calls[0]) if len(calls) == 1 else run_each(calls)
    except (SetUpError, OSError, SubprocessError) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130  # what a shell reports for a command that Ctrl-C ended


def plan(command: str, *rest: str) -> tuple[Path, list[list[str]]]:
    """Return the packages that a command needs, and the modules to run, with their arguments."""
    if command == "test":
        return DEVELOPMENT, [["pytest", *rest]] if rest else CHECKS
    if command in ("audit", "bench"):
        return DEVELOPMENT, [[command, *rest]]
    if command == "demo":
        return PRODUCT, [["simulator", command, *rest]]
    return PRODUCT, [["shared", command, *rest]]


def refuse_unsupported(version: tuple[int, ...]) -> None:
    """Stop a Python that the pinned packages are not made for."""
    if not OLDEST <= version <= NEWEST:
        supported = f"{dotted(OLDEST)} to {dotted(NEWEST)}"
        raise SetUpError(f"This is Python {dotted(version)}; dev.py needs one from {supported}.")


def refuse_unknown(command: str) -> None:
    """Stop at what is no command, and do not repeat it: a secret may have been pasted there."""
    if command not in COMMANDS:
        raise SetUpError(f"There is no such command; there are {', '.join(COMMANDS)}.")


def set_up(requirements: Path) -> None:
    """
    Make .venv hold *requirements*; where it does already, that costs a look at its stamp.

    The stamp tells what is installed. It is taken away before a change and written after it, so
    that what an interrupted set-up leaves behind is never trusted.
    """
    if is_set_up(requirements):
        return
    with one_at_a_time():
        if not is_set_up(requirements):  # another dev.py may have done it while this one waited
            install(requirements)


def is_set_up(requirements: Path) -> bool:
    """Tell whether .venv holds *requirements*, for the Python that runs this."""
    return {this_python(), digest(requirements)} <= read_stamp(VENV)


def install(requirements: Path) -> None:
    """Install *requirements* into .venv, which is made anew unless it is known to be whole."""
    uv = find_uv()
    say("Setting up .venv; the first time, that takes the network and some seconds.")
    is_whole = this_python() in read_stamp(VENV)
    stamp(VENV).unlink(missing_ok=True)
    if not is_whole:
        shutil.rmtree(VENV, ignore_errors=True)
        run_or_stop(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
    sync = [uv, "pip", "sync", "--require-hashes", "--python", program(VENV, "python")]
    if not sys.stderr.isatty():
        sync.append("--quiet")
    run_or_stop(*sync, str(requirements))
    write_stamp(VENV, this_python(), digest(PRODUCT), digest(requirements))


def find_uv() -> str:
    """Return the machine's own uv if that one runs (a version manager's stub may not), or ours."""
    found = shutil.which("uv")
    if found and run(found, "--version", stdout=DEVNULL, stderr=DEVNULL) == 0:
        return found
    if UV not in read_stamp(UV_VENV):
        fetch_uv()
    return program(UV_VENV, "uv")


def fetch_uv() -> None:
    """Install uv by pip, in a virtual environment of its own."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetUpError("This Python brings no pip: install python3-venv, or uv, and start again.")
    import venv

    say(f"Fetching {UV}.")
    venv.create(UV_VENV, clear=True, with_pip=True)
    pip = [program(UV_VENV, "python"), "-m", "pip", "--disable-pip-version-check"]
    run_or_stop(*pip, "install", "--quiet", UV)
    write_stamp(UV_VENV, UV)


def lock(options: list[str]) -> int:
    """Compile both requirements files, for every supported Python and system."""
    if {"-h", "--help"} & set(options):
        print(LOCK_HELP)
        return 0
    with one_at_a_time():
        uv = find_uv()
    os.chdir(ROOT)  # the files name each other, and no folder of this machine
    os.environ["UV_CUSTOM_COMPILE_COMMAND"] = "python dev.py lock"
    flags = ["--quiet", "--universal", "--generate-hashes", f"--python-version={dotted(OLDEST)}"]
    pin = [uv, "pip", "compile", "pyproject.toml", *flags, *options, "--output-file"]
    run_or_stop(*pin, PRODUCT.name)
    run_or_stop(*pin, DEVELOPMENT.name, "--group", "dev", "--constraints", PRODUCT.name)
    return 0


def this_python() -> str:
    """Name the Python that runs this."""
    return f"python {dotted(sys.version_info[:3])} in {sys.base_prefix}"


def digest(requirements: Path) -> str:
    """Name the content of a requirements file."""
    return f"{requirements.name} {hashlib.sha256(requirements.read_bytes()).hexdigest()}"


def read_stamp(folder: Path) -> set[str]:
    """Return what is installed in *folder*; nothing if it was never finished or lost its Python."""
    if not (stamp(folder).exists() and Path(program(folder, "python")).exists()):
        return set()
    return set(stamp(folder).read_text(encoding="utf-8").splitlines())


def write_stamp(folder: Path, *lines: str) -> None:
    """Declare that *folder* is whole and what it holds."""
    stamp(folder).write_text("\n".join(sorted(set(lines))), encoding="utf-8")


def stamp(folder: Path) -> Path:
    """Return where the stamp of a virtual environment is."""
    return folder / "set-up.txt"


def program(folder: Path, name: str, system: str = os.name) -> str:
    """Return where a virtual environment keeps a program."""
    return str(folder / "Scripts" / f"{name}.exe" if system == "nt" else folder / "bin" / name)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one dev.py set up while others wait here; whichever way it ends, its lock ends too."""
    with LOCK.open("a") as file:
        for second in range(PATIENCE_SECONDS):
            if has_locked(file):
                break
            if second == 0:
                say("Another dev.py is setting up; waiting for it.")
            time.sleep(1)
        else:
            raise SetUpError("Another dev.py has been setting up for ten minutes; end it first.")
        # uv inherits the lock: where this process is killed, it holds until uv has ended.
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003
        yield


def has_locked(file: IO[str]) -> bool:
    """Lock *file*, if nobody else has."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # taken, as POSIX and as Windows says it
        return False
    return True


def hand_on(call: list[str]) -> int:
    """Become ``python -m`` *call*, whose output, signals and exit code are then its own."""
    command = python_m(call)
    if sys.platform != "win32":  # where a process cannot become another
        os.execv(command[0], command)
    return run(*command)


def run_each(calls: list[list[str]]) -> int:
    """Run all *calls*, the ones after a failure too: one start shows all there is to mend."""
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
    """Return the command line of a module; -P keeps the caller's folder out of its imports."""
    return [program(VENV, "python"), "-P", "-m", *call]


def run(*command: str, stdout: int | None = None, stderr: int | None = None) -> int:
    """Run *command* and return its exit code; after Ctrl-C, which it gets too, wait for its end."""
    with Popen(command, stdout=stdout, stderr=stderr, close_fds=False) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.wait()
            raise


def run_or_stop(*command: str) -> None:
    """Run a step of setting up, which speaks on standard error and without which nothing works."""
    if run(*command, stdout=STANDARD_ERROR) != 0:
        raise SetUpError("Stopped for the reason above; the first set-up needs the network.")


def dotted(version: tuple[int, ...]) -> str:
    """Write a version as people do."""
    return ".".join(map(str, version))


def say(sentence: str) -> None:
    """Tell the person who started this."""
    print(f"dev.py: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
