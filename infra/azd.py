"""The Azure Developer CLI as its hooks see it: what it knows, and what it is to remember."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from infra.registration import Deployed
from shared.endpoints import Cloud
from shared.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
#: Set while a hook itself runs azd, whose hooks then do nothing: this one's, first_deployment's.
INNER = "SETUP_RUNS"
DEPLOYING = "WAITING_FOR_ROLES"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URL = re.compile(r"https://[A-Za-z0-9.-]+(/[A-Za-z0-9./_-]*)?")


class Azd:
    """Its environment: azd hands every value to its hooks as a variable."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._known = dict(os.environ if variables is None else variables)

    def __getitem__(self, name: str) -> str:
        return self._known.get(name, "").strip()

    @property
    def is_inner(self) -> bool:
        """Whether a hook runs this azd."""
        return bool(self[INNER] or self[DEPLOYING])

    def deployed(self) -> Deployed:
        """What was deployed. Raises `BadInputError` if nothing was."""
        return Deployed(
            tenant_id=_match(_GUID, "AZURE_TENANT_ID", self["AZURE_TENANT_ID"]),
            principal_id=_match(_GUID, "IDENTITY_PRINCIPAL_ID", self["IDENTITY_PRINCIPAL_ID"]),
            redirect_uri=_match(_URL, "AUTH_REDIRECT_URI", self["AUTH_REDIRECT_URI"]),
            cloud=Cloud(self["GRAPH_CLOUD"] or "global"),
        )

    def remember(self, name: str, value: str) -> None:
        """Keep a value in the environment."""
        self._run("env", "set", name, value)
        self._known[name] = value

    def provision(self) -> None:
        """Deploy the resources again, with what was remembered since."""
        self._run("provision", "--no-prompt")

    def folder(self) -> Path:
        """Where azd keeps this environment."""
        return ROOT / ".azure" / (self["AZURE_ENV_NAME"] or "unknown")

    def _run(self, *arguments: str) -> None:
        environment = os.environ | {INNER: "true"}
        done = subprocess.run(["azd", *arguments], env=environment, check=False)  # noqa: S603, S607
        if done.returncode:
            raise BadInputError(f"azd {arguments[0]} failed: see above.")


def _match(pattern: re.Pattern[str], name: str, value: str) -> str:
    """The value, if it has the shape that commands may contain."""
    if not pattern.fullmatch(value):
        raise BadInputError(f"azd does not know {name} yet: run azd provision first.")
    return value
