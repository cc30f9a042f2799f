"""Microsoft's clouds, where their APIs are, and which token an address gets."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from shared.errors import BadSettingError

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})  #: all that kiota lets use plain http
#: The same as a ``Host`` header writes them, without a port.
LOOPBACK_NAMES = frozenset(f"[{host}]" if ":" in host else host for host in LOOPBACK_HOSTS)


class Cloud(StrEnum):
    """Microsoft's clouds, setting ``CLOUD``. Hosts: Graph's "national cloud deployments" page."""

    GLOBAL = "global"  #: GCC too
    USGOV = "usgov"  #: US Government L4 (GCC High)
    DOD = "dod"  #: US Government L5
    CHINA = "china"  #: operated by 21Vianet

    @property
    def graph_url(self) -> str:
        """Graph's root in this cloud, without a version."""
        return {
            Cloud.GLOBAL: "https://graph.microsoft.com",
            Cloud.USGOV: "https://graph.microsoft.us",
            Cloud.DOD: "https://dod-graph.microsoft.us",
            Cloud.CHINA: "https://microsoftgraph.chinacloudapi.cn",
        }[self]

    @property
    def authority(self) -> str:
        """The host that issues this cloud's tokens."""
        return {
            Cloud.GLOBAL: "login.microsoftonline.com",
            Cloud.USGOV: "login.microsoftonline.us",
            Cloud.DOD: "login.microsoftonline.us",
            Cloud.CHINA: "login.chinacloudapi.cn",
        }[self]


class Endpoint(msgspec.Struct, frozen=True):
    """Where an API is, and what opens it."""

    url: str  #: scheme and host, with a port where there is one; no path, no trailing slash
    token: str | None = None  #: the literal bearer token of a loopback host; `None`: Azure's

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r})"  # a token has no business in a log

    @property
    def host(self) -> str:
        """The host's name alone, which is what kiota compares."""
        return urlsplit(self.url).hostname or ""

    @property
    def scope(self) -> str:
        """What a token is asked for: every permission consented to on this host."""
        return f"{self.url}/.default"

    def owns(self, url: str) -> bool:
        """
        Whether an address is below this endpoint: the bearer token goes nowhere else.

        A prefix up to and with the slash, because no two URL parsers disagree about that.
        """
        prefix = f"{self.url}/"
        return url[: len(prefix)].lower() == prefix


def graph_endpoint(cloud: Cloud, given: str, token: str) -> Endpoint:
    """Graph's endpoint: the cloud's own unless ``GRAPH_ENDPOINT`` gives another."""
    return make_endpoint("GRAPH_ENDPOINT", given or cloud.graph_url, token)


def make_endpoint(setting: str, given: str, token: str) -> Endpoint:
    """
    The endpoint a setting gives; plain ``http`` for a loopback host only, and then with `token`.

    `BadSettingError` for anything that is not ``https://host[:port]``.
    """
    url = given.rstrip("/").lower()
    try:
        parts = urlsplit(url)
        is_root = f"{parts.scheme}://{parts.netloc}" == url and "@" not in url
        is_loopback = parts.hostname in LOOPBACK_HOSTS
        _ = parts.port  # ValueError unless a number
    except ValueError:
        is_root = is_loopback = False
    if is_root and parts.hostname and parts.scheme == "https":
        return Endpoint(url)
    if is_root and is_loopback and parts.scheme == "http":
        return Endpoint(url, token)
    raise BadSettingError(
        f"{setting} is {given!r}; expected https://HOST without a version or path "
        f"(plain http for {', '.join(sorted(LOOPBACK_HOSTS))} only)."
    )
