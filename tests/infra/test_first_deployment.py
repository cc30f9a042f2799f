"""The hook that deploys again while Azure answers 403, run with an `azd` that answers by a list."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / "infra" / "hooks"
REFUSED = (
    "ERROR: failed deploying service 'app': InaccessibleStorageException: "
    "BlobUploadFailedException: Response status code does not indicate success: "
    "403 (This request is not authorized)."
)
BROKEN = "ERROR: failed deploying service 'app': the package has no host.json (4031 bytes)."
SENTENCE = "Azure answers 403 until the app's roles take effect"

#: Writes down how it is called, and answers as the first line that is left of its list says.
AZD = """\
#!/bin/sh
echo "azd $* ${WAITING_FOR_ROLES-}" >>"$CALLS"
[ "$1" = deploy ] || exit 0
answer=$(head -n 1 "$ANSWERS")
tail -n +2 "$ANSWERS" >"$ANSWERS.left" && mv "$ANSWERS.left" "$ANSWERS"
echo "$answer" >&2
[ "$answer" = deployed ]
"""
SLEEP = '#!/bin/sh\necho "sleep $*" >>"$CALLS"\n'


def shells():
    for name, command in (("sh", ["sh"]), ("pwsh", ["pwsh", "-NoProfile", "-File"])):
        lacks = pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not here")
        yield pytest.param(command, id=name, marks=lacks)


@pytest.fixture(params=shells())
def deploy(request, tmp_path):
    """Runs the hook; returns the process and every call that it made, with what it waited."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("azd", AZD), ("sleep", SLEEP)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    hook = HOOKS / "first_deployment.sh"
    if request.param != ["sh"]:
        pause = 'function Start-Sleep { Add-Content $env:CALLS "sleep $($args[-1])" }\n'
        hook = tmp_path / "hook.ps1"
        hook.write_text(pause + (HOOKS / "first_deployment.ps1").read_text("utf-8"))

    def run(*answers, **environment):
        calls, left = tmp_path / "calls", tmp_path / "answers"
        calls.write_text("")
        left.write_text("".join(f"{answer}\n" for answer in answers))
        variables = {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(calls),
            "ANSWERS": str(left),
            "IDENTITY_PRINCIPAL_ID": "the-identity",
        }
        done = subprocess.run(
            [*request.param, str(hook)],
            env=variables | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done, [line.strip() for line in calls.read_text().splitlines()]

    return run


def test_the_first_deployment_tries_again_until_the_roles_have_an_effect(deploy) -> None:
    done, calls = deploy(REFUSED, REFUSED, "deployed")

    once = ["azd deploy --no-prompt true"]
    assert done.returncode == 0
    assert calls == [
        *(*once, "sleep 30", *once, "sleep 30", *once),
        "azd env set APP_DEPLOYED_AS the-identity",
    ]
    assert done.stdout.count(SENTENCE) == 2
    assert "(attempt 3 of 60)" in done.stdout
    assert "ERROR" not in done.stdout + done.stderr


def test_any_other_failure_is_shown_and_not_tried_again(deploy) -> None:
    done, calls = deploy(BROKEN, "deployed")

    assert (done.returncode, len(calls)) == (1, 1)
    assert BROKEN in done.stderr


def test_a_403_that_lasts_ends_after_half_an_hour_with_azure_s_own_words(deploy) -> None:
    done, calls = deploy(*[REFUSED] * 61)

    assert done.returncode == 1
    assert (calls.count("azd deploy --no-prompt true"), calls.count("sleep 30")) == (60, 59)
    assert REFUSED in done.stderr
    assert "docs/deploy.md" in done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"APP_DEPLOYED_AS": "the-identity"},
        {"WAITING_FOR_ROLES": "true"},  # the deployment that the hook itself began
        {"IDENTITY_PRINCIPAL_ID": ""},  # nothing was provisioned, which azd says better
    ],
)
def test_later_deployments_are_left_to_azd(deploy, environment) -> None:
    done, calls = deploy("deployed", **environment)

    assert (done.returncode, calls, done.stdout) == (0, [], "")


def test_a_new_identity_is_a_first_deployment_again(deploy) -> None:
    _, calls = deploy("deployed", APP_DEPLOYED_AS="an-identity-that-was-removed")

    assert calls[-1] == "azd env set APP_DEPLOYED_AS the-identity"


def test_both_scripts_say_the_same_and_wait_as_long() -> None:
    posix, windows = (
        re.sub(r"\s+|\\\n|\" *\+?\n? *\"", " ", (HOOKS / name).read_text("utf-8"))
        for name in ("first_deployment.sh", "first_deployment.ps1")
    )

    for text in (
        "Azure still answers 403 after half an hour, so roles are not the reason",
        "which takes minutes, rarely half an hour.",
        "Trying again in 30 seconds (attempt $attempt of $attempts).",
        *(
            "InaccessibleStorageException",
            "AuthorizationPermissionMismatch",
            "azd deploy --no-prompt",
        ),
        *("azd deploy --no-prompt", "azd env set APP_DEPLOYED_AS", SENTENCE),
    ):
        assert text in posix
        assert text in windows
    assert "attempts=60" in posix
    assert "$attempts = 60" in windows


def test_azd_runs_the_hook_before_it_deploys_and_a_pipeline_remembers() -> None:
    azd = (ROOT / "azure.yaml").read_text("utf-8")
    hook = azd[azd.index("predeploy:") : azd.index("postprovision:")]

    assert re.findall(r"shell: (\w+)\s+run: (\S+)", hook) == [
        ("sh", "infra/hooks/first_deployment.sh"),
        ("pwsh", "infra/hooks/first_deployment.ps1"),
    ]
    assert hook.count("interactive: true") == 2
    assert "pipeline:\n  variables:\n    - APP_DEPLOYED_AS" in azd
