"""
Texts in PowerShell that can never become a command, and how Microsoft Graph is asked from it.

Everything from logs and directories is somebody else's text. Such text stands in single quotes only
(PowerShell, "about_Quoting_Rules": nothing is expanded there) and goes into an address through
``EscapeDataString``. PowerShell ends such a string at any of five characters (``CharTraits.cs``,
``IsSingleQuote``), and a terminal may act on control characters that are pasted into it.
"""

from __future__ import annotations

import re

from shared.delivery.text.formatting import harmless, shorten
from shared.endpoints import Cloud
from shared.mfa.guid import is_guid

#: Names for ``Connect-MgGraph -Environment``, as ``Get-MgEnvironment`` lists them.
_ENVIRONMENTS = {
    Cloud.GLOBAL: "Global",
    Cloud.USGOV: "USGov",
    Cloud.DOD: "USGovDoD",
    Cloud.CHINA: "China",
}
_ESCAPED = {
    "{id}": "[uri]::EscapeDataString($id)",
    "{text}": '[uri]::EscapeDataString(($id -replace "\'", "\'\'"))',
}
_QUOTES = "'\u2018\u2019\u201a\u201b"
_DOUBLED = str.maketrans({quote: quote * 2 for quote in _QUOTES})


def literal(text: str) -> str:
    """A text as a single-quoted PowerShell string, on one line."""
    return _quoted(shorten(harmless(text)))


def _quoted(text: str) -> str:
    return f"'{text.translate(_DOUBLED)}'"


def connect(cloud: str, tenant_id: str, scope: str) -> list[str]:
    """
    The lines that sign in to Graph with one permission.

    Addresses are absolute: with relative ones, some versions of the module ask the global cloud
    whatever the environment (github.com/microsoftgraph/msgraph-sdk-powershell/issues/2950).
    """
    known = Cloud(cloud) if cloud in set(Cloud) else Cloud.GLOBAL
    tenant = f" -TenantId {literal(tenant_id)}" if is_guid(tenant_id) else ""
    environment = _ENVIRONMENTS[known]
    return [
        f"Connect-MgGraph{tenant} -Environment {environment} -Scopes {literal(scope)}",
        f"$graph = {literal(known.graph_url)}",
    ]


def request(path: str, method: str = "GET", body: str = "") -> str:
    """
    A command that asks Graph, for a path such as ``/v1.0/users/{id}?$select=id``.

    ``{id}`` stands for the variable ``$id`` as a part of the path, ``{text}`` for the same within
    quotes of a filter. `body` is an expression for what is sent, as JSON.
    """
    parts = filter(None, re.split(r"(\{\w+\})", path))
    address = " + ".join(["$graph", *(_ESCAPED.get(part) or _quoted(part) for part in parts)])
    json = f"({body} | ConvertTo-Json -Depth 20)"
    sent = f" -Body {json} -ContentType 'application/json'" if body else ""
    return f"Invoke-MgGraphRequest -Method {method} -Uri ({address}){sent}"
