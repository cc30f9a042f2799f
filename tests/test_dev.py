"""dev.py without its downloads: what it decides, remembers and says."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from shared.service.http.health import VERSION


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Set up in an empty folder, so that this environment is not touched."""
    for name in ("VENV", "UV_VENV", "LOCK", "PRODUCT", "DEVELOPMENT"):
        monkeypatch.setattr(dev, name, tmp_path / getattr(dev, name).name)
    monkeypatch.setattr(dev, "INSTALLED", dev.VENV / dev.INSTALLED.name)
    dev.PRODUCT.write_text("msgspec==1\n")
    dev.DEVELOPMENT.write_text("msgspec==1\npytest==1\n")


@pytest.fixture
def steps(monkeypatch):
    """The steps of the set-up, recorded instead of run; `venv` creates its folder."""
    taken = []

    def note(*command):
        taken.append(command[1])
        if command[1] == "venv":
            make_venv(Path(command[-1]))

    monkeypatch.setattr(dev, "find_uv", lambda: "uv")
    monkeypatch.setattr(dev, "run_or_stop", note)
    return taken


def make_venv(folder):
    python = Path(dev.program(folder, "python"))
    python.parent.mkdir(parents=True)
    python.touch()


def test_test_alone_is_every_check_and_with_arguments_it_is_pytest() -> None:
    assert dev.plan("test") == (dev.DEVELOPMENT, dev.CHECKS)
    assert dev.plan("test", "-k", "foo") == (dev.DEVELOPMENT, [["pytest", "-k", "foo"]])


def test_test_with_faults_is_the_whole_kit_on_all_cores() -> None:
    calls = [["pytest", "tests/faults", *dev.KNOWING_LESS, "-n", "auto", "--faults", "-x"]]

    assert all((dev.ROOT / path).exists() for path in dev.KNOWING_LESS)
    assert dev.plan("test", "--faults", "-x") == (dev.DEVELOPMENT, calls)


def test_a_command_that_is_not_its_own_goes_to_the_product_as_it_was_given() -> None:
    command = ("analyze", "a b.json", "--out", "report", "--json")

    assert dev.plan(*command) == (dev.PRODUCT, [["shared", *command]])


@pytest.mark.parametrize(
    ("system", "path"), [("posix", "/venv/bin/uv"), ("nt", "/venv/Scripts/uv.exe")]
)
def test_programs_are_found_where_each_system_puts_them(system, path) -> None:
    assert dev.program(Path("/venv"), "uv", system) == str(Path(path))


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_another_python_looks_for_one_that_is_supported_and_goes_on_with_it(
    version, monkeypatch, capsys
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    monkeypatch.setattr(dev, "runs", lambda *command: command == ("python3.12",))
    monkeypatch.setattr(dev, "become", begun.append)

    dev.main(["demo", "--once"])

    assert begun == [["python3.12", dev.__file__, "demo", "--once"]]
    said = capsys.readouterr().err
    assert said == f"dev.py: This is Python 3.{version[1]}; going on with one from 3.11 to 3.14.\n"


def test_where_no_supported_python_is_installed_uv_fetches_one(monkeypatch) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", (3, 15, 0))
    monkeypatch.setattr(dev, "find_uv", lambda: "/uv")
    monkeypatch.setattr(dev, "runs", lambda *command: command[0] == "/uv")
    monkeypatch.setattr(dev, "become", begun.append)

    dev.main(["demo"])

    [command] = begun
    assert command[:4] == ["/uv", "run", "--no-project", "--python=3.14"]


def test_where_none_can_be_fetched_either_one_sentence_says_so(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    monkeypatch.setattr(dev, "find_uv", lambda: "/uv")
    monkeypatch.setattr(dev, "runs", lambda *_: False)

    assert dev.main(["demo"]) == 2
    assert "has no Python from 3.11 to 3.14, and none could be fetched" in capsys.readouterr().err


@pytest.mark.parametrize(("system", "first"), [("posix", ["python3.14"]), ("nt", ["py", "-3.14"])])
def test_supported_pythons_are_called_as_each_system_calls_them(system, first) -> None:
    assert dev.pythons(system)[0] == first


def test_uv_leaves_nothing_outside_the_folder_and_trusts_what_the_machine_trusts(
    monkeypatch, tmp_path
) -> None:
    for name in ("UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_SYSTEM_CERTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))  # a choice of the user's, which is kept

    dev.keep_uv_here()

    assert os.environ["UV_CACHE_DIR"] == str(tmp_path)
    assert Path(os.environ["UV_PYTHON_INSTALL_DIR"]).parent == dev.ROOT
    assert os.environ["UV_SYSTEM_CERTS"] == "true"


def test_it_says_its_version_with_any_python(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 0))

    assert dev.main(["--version"]) == 0
    assert capsys.readouterr().out == f"partner-mfa-status {VERSION}\n"


def test_a_command_with_a_slip_is_answered_with_the_one_that_was_meant(capsys) -> None:
    assert dev.main(["analyse"]) == 2
    assert "Did you mean analyze?" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("command", "imported"),
    [
        (["dev.py", "--version"], "hashlib"),
        (["-m", "shared", "analyze"], "shared.cli"),
        (["-m", "simulator", "demo", "--help"], "argparse"),
    ],
)
def test_ctrl_c_while_it_is_being_loaded_prints_no_traceback(command, imported) -> None:
    started = [sys.executable, "-X", "importtime", *command]
    with subprocess.Popen(started, cwd=dev.ROOT, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr
        next(line for line in child.stderr if line.rstrip().endswith(imported))
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()

    assert "Traceback" not in rest
    assert child.returncode in (-signal.SIGINT, 0, 2)  # 0, 2: it had already ended


def test_without_a_command_it_says_what_there_is_and_sets_up_nothing(steps, capsys) -> None:
    assert dev.main([]) == dev.main(["--help"]) == 0
    assert "python dev.py test" in capsys.readouterr().out
    assert steps == []


def test_an_unknown_command_is_answered_with_the_list_before_anything_is_set_up(
    steps, capsys
) -> None:
    assert dev.main(["frobnicate"]) == 2

    said = capsys.readouterr().err
    assert all(command in said for command in dev.COMMANDS)
    assert "frobnicate" not in said  # it could be a token, pasted in the wrong place
    assert steps == []


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_help_of_lock_is_printed_once_and_pins_nothing(option, steps, capsys) -> None:
    assert dev.main(["lock", "--upgrade", option]) == 0

    assert capsys.readouterr().out.count("Compiles requirements.txt") == 1
    assert steps == []


def test_the_second_start_installs_nothing(steps) -> None:
    dev.set_up(dev.PRODUCT)
    dev.set_up(dev.PRODUCT)

    assert steps == ["venv", "pip"]


def test_the_packages_of_the_tests_are_added_and_include_those_of_the_product(steps) -> None:
    dev.set_up(dev.PRODUCT)
    dev.set_up(dev.DEVELOPMENT)
    dev.set_up(dev.PRODUCT)

    assert steps == ["venv", "pip", "pip"]


def test_changed_requirements_are_installed_into_the_same_environment(steps) -> None:
    dev.set_up(dev.PRODUCT)
    dev.PRODUCT.write_text("msgspec==2\n")
    dev.set_up(dev.PRODUCT)

    assert steps == ["venv", "pip", "pip"]


def test_another_python_gets_an_environment_of_its_own(steps, monkeypatch) -> None:
    dev.set_up(dev.PRODUCT)
    monkeypatch.setattr(sys, "version_info", (3, 13, 9))
    dev.set_up(dev.PRODUCT)

    assert steps == ["venv", "pip", "venv", "pip"]


def test_an_environment_that_lost_its_python_is_created_again(steps) -> None:
    dev.set_up(dev.PRODUCT)
    Path(dev.program(dev.VENV, "python")).unlink()
    dev.set_up(dev.PRODUCT)

    assert steps == ["venv", "pip", "venv", "pip"]


def test_an_interrupted_set_up_starts_again(steps, monkeypatch) -> None:
    def interrupt(*command):
        if command[1] == "pip":
            raise KeyboardInterrupt
        make_venv(Path(command[-1]))

    with monkeypatch.context() as interrupted:
        interrupted.setattr(dev, "run_or_stop", interrupt)
        assert dev.main(["demo"]) == 130

    dev.set_up(dev.PRODUCT)

    assert steps == ["venv", "pip"]


def test_an_interrupted_update_is_not_trusted_either(steps, monkeypatch) -> None:
    dev.set_up(dev.PRODUCT)
    with monkeypatch.context() as failing:
        failing.setattr(dev, "run_or_stop", lambda *command: sys.exit(command[1]))
        with pytest.raises(SystemExit, match="pip"):
            dev.set_up(dev.DEVELOPMENT)

    dev.set_up(dev.DEVELOPMENT)

    assert steps == ["venv", "pip", "venv", "pip"]


def test_after_waiting_for_another_set_up_nothing_is_left_to_do(steps, monkeypatch) -> None:
    def work_meanwhile(_seconds):
        make_venv(dev.VENV)
        dev.INSTALLED.write_text(f"{dev.this_python()}\n{dev.digest(dev.PRODUCT)}")

    answers = iter([False, True])
    monkeypatch.setattr(dev, "has_locked", lambda _file: next(answers))
    monkeypatch.setattr("time.sleep", work_meanwhile)

    dev.set_up(dev.PRODUCT)

    assert steps == []


def test_waiting_for_another_set_up_has_an_end(monkeypatch, capsys) -> None:
    monkeypatch.setattr(dev, "has_locked", lambda _file: False)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)

    assert dev.main(["demo"]) == 2
    assert capsys.readouterr().err.count("Another dev.py") == 2


def test_only_one_at_a_time_holds_the_lock() -> None:
    with dev.one_at_a_time(), dev.LOCK.open("a") as second:
        assert not dev.has_locked(second)

    with dev.LOCK.open("a") as third:
        assert dev.has_locked(third)


@pytest.mark.parametrize(
    ("working", "found", "is_fetched"),
    [(["theirs", "ours"], "theirs", False), (["ours"], "ours", False), ([], "ours", True)],
)
def test_uv_is_the_machine_s_if_that_runs_and_fetched_if_none_does(
    working, found, is_fetched, monkeypatch
) -> None:
    fetched = []
    monkeypatch.setattr("shutil.which", lambda _name: "theirs")
    monkeypatch.setattr(dev, "program", lambda *_: "ours")
    monkeypatch.setattr(dev, "run", lambda name, *_, **__: 0 if name in working else 127)
    monkeypatch.setattr(dev, "fetch_uv", lambda: fetched.append("uv"))

    assert (dev.find_uv(), bool(fetched)) == (found, is_fetched)


def test_what_cannot_be_started_does_not_run(tmp_path) -> None:
    cut_off = tmp_path / "uv"
    cut_off.write_bytes(b"\x7fELF")
    cut_off.chmod(0o755)

    assert dev.runs(sys.executable)
    assert not dev.runs(str(cut_off))
    assert not dev.runs(str(tmp_path / "nothing"))


def test_a_python_without_pip_is_told_what_to_install(monkeypatch, capsys) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    assert dev.main(["demo"]) == 2
    assert "install python3-venv, or uv" in capsys.readouterr().err


def test_a_step_that_fails_stops_with_one_sentence(monkeypatch, capfd) -> None:
    monkeypatch.setattr(dev, "find_uv", lambda: sys.executable)  # it has no command called venv

    assert dev.main(["demo"]) == 2
    assert "dev.py: Setting up failed for the reason above" in capfd.readouterr().err


def test_exit_codes_are_passed_on_and_a_failed_check_does_not_stop_the_others(
    monkeypatch, capfd
) -> None:
    monkeypatch.setattr(dev, "python_m", lambda call: [sys.executable, "-c", *call])

    assert dev.run(sys.executable, "-c", "raise SystemExit(3)") == 3
    assert dev.run_each([["1 / 0"], ["print('still run')"]]) == 1
    assert "still run" in capfd.readouterr().out


def test_a_command_keeps_its_exit_code() -> None:
    program = "import dev, sys; dev.become([sys.executable, '-c', 'raise SystemExit(3)'])"

    assert (
        subprocess.run([sys.executable, "-c", program], cwd=dev.ROOT, check=False).returncode == 3
    )
