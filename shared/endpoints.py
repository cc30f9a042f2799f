"""Microsoft's clouds, the hosts of their APIs, which token each gets, and the one URL parser."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from shared.errors import BadSettingError

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})  #: all that kiota lets use plain http
#: The same as a ``Host`` header writes them, without a port.
LOOPBACK_NAMES = frozenset(f"[{host}]" if ":" in host else host for host in LOOPBACK_HOSTS)

_URL = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]!$&'()*+,;=@%-]+", re.IGNORECASE)  #: RFC 3986, 2
_LABEL = r"[a-z0-9_-]{1,63}"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*|[0-9a-f.]*:[0-9a-f.:]+")  #: a name, IPv4 or IPv6


class Url(NamedTuple):
    """The parts of an absolute ``http`` or ``https`` URL."""

    scheme: str  #: in lower case, as is the host
    host: str  #: an IPv6 address has no brackets here
    port: int | None
    path: str
    query: str

    @property
    def netloc(self) -> str:
        """The host, with the port if there is one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def root(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def is_loopback(self) -> bool:
        """Whether it leads to this machine."""
        return self.host in LOOPBACK_HOSTS


def parse_url(text: str) -> Url | None:
    """
    The parts of an absolute URL, or `None` if it is not a plain one.

    What URL parsers disagree about is refused: a user name, a fragment, an empty port or query, an
    unusual host, and every character that RFC 3986 does not allow (spaces and backslashes, too).
    """
    if not _URL.fullmatch(text):
        return None
    try:
        parts = urlsplit(text)
        url = Url(parts.scheme, parts.hostname or "", parts.port, parts.path, parts.query)
    except ValueError:  # an invalid port or IPv6 address
        return None
    is_plain = bool(_HOST.fullmatch(url.host)) and url.netloc == parts.netloc.lower()
    return url if is_plain and bool(url.query) == ("?" in text) else None


class Cloud(StrEnum):
    """Microsoft's clouds (setting ``CLOUD``). Hosts: Graph's "national cloud deployments" page."""

    GLOBAL = "global"  #: including GCC
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
    def storage_suffix(self) -> str:
        """How the hosts of storage accounts end in this cloud."""
        return {
            Cloud.GLOBAL: "core.windows.net",
            Cloud.USGOV: "core.usgovcloudapi.net",
            Cloud.DOD: "core.usgovcloudapi.net",
            Cloud.CHINA: "core.chinacloudapi.cn",
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

    @property
    def issuers(self) -> tuple[str, ...]:
        """
        How the issuers of this cloud's tokens begin, before the tenant id: of version 1, and of 2.

        As Entra publishes them at ``/common/.well-known/openid-configuration`` and
        ``/common/v2.0/.well-known/openid-configuration`` of each cloud (those of version 2 are also
        part of Microsoft's MSAL for JavaScript).
        """
        version_1, version_2 = {
            Cloud.GLOBAL: ("sts.windows.net", "login.microsoftonline.com"),
            Cloud.USGOV: ("sts.windows.net", "login.microsoftonline.us"),
            Cloud.DOD: ("sts.windows.net", "login.microsoftonline.us"),
            Cloud.CHINA: ("sts.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        }[self]
        return f"https://{version_1}/", f"https://{version_2}/"


class Endpoint(msgspec.Struct, frozen=True):
    """Where an API is, and the token it takes."""

    url: str  #: scheme, host and perhaps a port; no path, no trailing slash
    token: str | None = None  #: a loopback host's literal bearer token; `None`: Entra's

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r})"  # tokens must not appear in logs

    @property
    def host(self) -> str:
        """The host name without the port, which is what kiota compares."""
        return urlsplit(self.url).hostname or ""

    @property
    def scope(self) -> str:
        """The scope of a token request: every permission consented to on this host."""
        return f"{self.url}/.default"

    def owns(self, url: str) -> bool:
        """
        Whether a URL is below this endpoint; the bearer token goes nowhere else.

        Compares the prefix up to and including the slash, on which all URL parsers agree.
        """
        prefix = f"{self.url}/"
        return url[: len(prefix)].lower() == prefix


def graph_endpoint(cloud: Cloud, given: str, token: str) -> Endpoint:
    """Graph's endpoint: the cloud's, unless ``GRAPH_ENDPOINT`` gives another."""
    return make_endpoint("GRAPH_ENDPOINT", given or cloud.graph_url, token)


def make_endpoint(setting: str, given: str, token: str) -> Endpoint:
    """
    The endpoint that a setting gives; plain ``http`` only for a loopback host, with `token`.

    Raises `BadSettingError` for anything that is not ``https://host[:port]``.
    """
    url = parse_url(given)
    if url and not (url.path.strip("/") or url.query):
        if url.scheme == "https":
            return Endpoint(url.root)
        if url.is_loopback:
            return Endpoint(url.root, token)
    raise BadSettingError(
        f"Setting {setting} is {given!r}; expected https://HOST without a version or path "
        f"(plain http for {', '.join(sorted(LOOPBACK_HOSTS))} only)."
    )
