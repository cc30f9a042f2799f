"""What `azd deploy` puts into the package, from a project's folder in which people have worked."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import dev
from infra.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = (ROOT / "docs" / "deploy.md").read_text("utf-8")
if shutil.which("git") is None:
    pytest.skip("git, which reads the list, is not on this machine", allow_module_level=True)
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()

#: What people and tools leave in the folder: reports, exports, secrets, caches, backups.
LEFT_BEHIND = (
    *(
        "report/report.json",
        "report/accounts.csv",
        "signins.json",
        "signins.json.gz",
        "directory.json",
    ),
    *(".env", ".env.production", "local.settings.json", "shared/.env", "templates/.env"),
    *("__pycache__/function_app.cpython-313.pyc", "shared/__pycache__/clock.cpython-313.pyc"),
    *("shared/mfa/__pycache__/guid.cpython-313.pyc", ".mypy_cache/3.13/cache.json"),
    *(".local/backup/metrics.json", ".local/azurite/blob.json", ".azure/mfa-status/.env"),
    *(".venv/bin/python", ".venv/lib/python3.13/site-packages/shared/a.py", "app_env/pyvenv.cfg"),
    *("report.json", "shared/report.json", "shared/signins.csv", "templates/accounts.csv"),
    *("old/exceptions.json", "shared/exceptions.json", "exceptions/people.json", "exceptions.txt"),
    *("notes.txt", "notes.py", "host.json.orig", "old/host.json", "function_app.py~", "core"),
    *("tests/shared/a.py", "tests/templates/a.html", "node_modules/a/index.js"),
)


@pytest.fixture
def package(tmp_path):
    """Lists the package of a folder that holds these files, by git's own reading of .funcignore."""

    def package(*names):
        for name in (*TRACKED, *LEFT_BEHIND, *names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        (tmp_path / ".funcignore").write_bytes((ROOT / ".funcignore").read_bytes())
        git = ["git", "-C", str(tmp_path)]
        subprocess.run([*git, "init", "--quiet"], check=True)
        listed = subprocess.run(
            [*git, "ls-files", "--others", "--exclude-from", ".funcignore"],
            capture_output=True,
            text=True,
            check=True,
        )
        return listed.stdout.splitlines()

    return package


def is_the_app_s(name):
    return name in {"function_app.py", "host.json", "requirements.txt", "texts/de.mo"} or (
        name.startswith(("shared/", "templates/", "docs/findings/"))
    )


def test_the_package_is_the_app_and_nothing_else(package) -> None:
    assert package() == sorted(filter(is_the_app_s, TRACKED))


def test_the_dependencies_are_those_of_the_app_for_its_own_python_and_linux(monkeypatch) -> None:
    called: list[tuple[str, ...]] = []

    def run(*command):
        called.append(command)
        return 7

    monkeypatch.setattr(dev, "find_uv", lambda: "uv")
    monkeypatch.setattr(dev, "run", run)

    assert main(["package"]) == 7
    command = " ".join(called[0])
    assert command.startswith("uv pip sync --require-hashes --only-binary :all: ")
    assert f"--target {ROOT / '.python_packages/lib/site-packages'} " in command
    assert command.endswith(str(ROOT / "requirements.txt"))
    assert f"--python-version {'.'.join(map(str, dev.NEWEST))} " in command
    assert "--python-platform x86_64-manylinux" in command
    azd = (ROOT / "azure.yaml").read_text("utf-8")
    assert azd.split("prepackage:")[1].count("setup.") == azd.count(" package\n") == 2
    assert "remoteBuild: false" in azd


def test_the_dependencies_go_with_the_app(package) -> None:
    packages = ".python_packages/lib/site-packages"
    installed = [f"{packages}/jinja2-3.1.6.dist-info/RECORD", f"{packages}/msgspec/_core.so"]

    assert [name for name in package(*installed) if not is_the_app_s(name)] == installed


def test_a_file_of_exceptions_is_deployed_and_never_in_the_repository(package) -> None:
    (named,) = set(re.findall(r"azd env set EXCEPTIONS_FILE (\S+)", DEPLOY))

    found = package(named, "exceptions-2026.json")

    assert [name for name in found if not is_the_app_s(name)] == ["exceptions-2026.json", named]
    for name in (named, "exceptions-2026.json"):
        ignored = subprocess.run(
            ["git", "check-ignore", "--quiet", "--no-index", name], cwd=ROOT, check=False
        )
        assert ignored.returncode == 0, name


def test_a_logo_is_deployed_from_the_top_of_the_folder_alone(package) -> None:
    found = package("logo.png", "logo-dark.png", "old/logo.png", "logo.svg", "picture.png")

    assert [name for name in found if not is_the_app_s(name)] == ["logo-dark.png", "logo.png"]
    assert "/home/site/wwwroot/logo.png" in DEPLOY


def test_azd_reads_the_list_as_git_does(package, tmp_path) -> None:
    """
    It asks of each folder and file, from the top, which pattern matches last.

    A pattern without a slash matches any name; one that begins with a slash matches from the top
    (denormal/go-gitignore, which azd uses).
    """
    found = package("exceptions.json")
    patterns = [
        line for line in (ROOT / ".funcignore").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]  # fmt: skip

    def is_in(path):
        parents = [each for each in path.parents if each != Path()]
        return all(accepts(patterns, folder, is_folder=True) for folder in parents) and accepts(
            patterns, path, is_folder=False
        )

    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.as_posix() for path in files if is_in(path)) == found


def accepts(patterns, path, *, is_folder):
    """Whether the last pattern that matches begins with an exclamation mark."""
    fitting = [each for each in patterns if matches(each.removeprefix("!"), path, is_folder)]
    return bool(fitting) and fitting[-1].startswith("!")


def matches(pattern, path, is_folder):
    if pattern == "*":
        return True
    assert pattern.startswith("/"), "a pattern of another kind than this test reads"
    if pattern.endswith("/") and not is_folder:
        return False
    parts = [re.escape(part).replace(r"\*", "[^/]*") for part in pattern.strip("/").split("/")]
    expression = "/".join(parts).replace("/[^/]*[^/]*/", "/(.*/)?").replace("/[^/]*[^/]*", "(/.*)?")
    return re.fullmatch(expression, path.as_posix()) is not None
