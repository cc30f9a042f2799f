"""Which account addresses are accepted: our token for storage goes to them."""

from __future__ import annotations

import pytest

from shared.errors import BadSettingError
from shared.sources.diagnostics.account import LogAccount

GLOBAL = "core.windows.net"


@pytest.mark.parametrize(
    ("given", "suffix", "account"),
    [
        (
            "https://contoso.blob.core.windows.net",
            GLOBAL,
            ("https://contoso.blob.core.windows.net", False),
        ),
        (
            "https://Contoso.blob.core.windows.net/",
            GLOBAL,
            ("https://contoso.blob.core.windows.net", False),
        ),
        (
            "https://contoso.z12.blob.storage.azure.net",
            GLOBAL,
            ("https://contoso.z12.blob.storage.azure.net", False),
        ),
        (
            "https://contoso.blob.core.chinacloudapi.cn",
            "core.chinacloudapi.cn",
            ("https://contoso.blob.core.chinacloudapi.cn", False),
        ),
        (
            "http://127.0.0.1:10000/devstoreaccount1",
            GLOBAL,
            ("http://127.0.0.1:10000/devstoreaccount1", True),
        ),
        (
            "http://[::1]:10000/devstoreaccount1/",
            GLOBAL,
            ("http://[::1]:10000/devstoreaccount1", True),
        ),
    ],
)
def test_an_account_s_own_address_and_the_emulator_s_are_accepted(given, suffix, account) -> None:
    assert LogAccount.parse(given, suffix) == account


@pytest.mark.parametrize(
    "given",
    [
        "contoso",
        "contoso.blob.core.windows.net",
        "http://contoso.blob.core.windows.net",
        "https://contoso.blob.core.windows.net/insights-logs-signinlogs",
        "https://contoso.blob.core.windows.net:444",
        "https://contoso.blob.core.windows.net.evil.example",
        "https://evil.example/contoso.blob.core.windows.net",
        "https://evil.example#contoso.blob.core.windows.net",
        "https://u:p@contoso.blob.core.windows.net",
        "https://contoso.table.core.windows.net",
        "https://contoso.blob.core.chinacloudapi.cn",
        "https://contosoXblob.core.windows.net",
        "https://127.0.0.1:10000/devstoreaccount1",
        "http://127.0.0.1:10000",
        "http://127.0.0.1:10000/contoso",
        "http://127.0.0.1:port/devstoreaccount1",
        "http://127.0.0.1:10000@evil.example/devstoreaccount1",
        "http://emulator.example:10000/devstoreaccount1",
        "http://[1",
    ],
)
def test_no_token_for_storage_leaves_for_another_host(given) -> None:
    with pytest.raises(BadSettingError, match=r"^Setting DIAGNOSTICS_ACCOUNT_URL is '.*; expected"):
        LogAccount.parse(given, GLOBAL)


def test_a_shared_access_signature_is_refused_and_not_repeated() -> None:
    signed = "https://contoso.blob.core.windows.net?sv=2026-06-06&sig=c2VjcmV0"

    with pytest.raises(BadSettingError, match="without a path, container or signature") as raised:
        LogAccount.parse(signed, GLOBAL)

    assert "sig=" not in str(raised.value)
