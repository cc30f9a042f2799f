from __future__ import annotations

import pytest

from shared.endpoints import Cloud, Endpoint, Url, graph_endpoint, make_endpoint, parse_url
from shared.errors import BadSettingError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://contoso.example", Url("https", "contoso.example", None, "", "")),
        ("HTTPS://Contoso.Example/A?b=C", Url("https", "contoso.example", None, "/A", "b=C")),
        ("http://[::1]:7071/", Url("http", "::1", 7071, "/", "")),
        ("http://a_b:80/~x/%20", Url("http", "a_b", 80, "/~x/%20", "")),
    ],
)
def test_a_url_has_a_scheme_a_host_a_port_a_path_and_a_query(text, url) -> None:
    assert parse_url(text) == url
    assert text.lower().startswith(url.root)


@pytest.mark.parametrize(
    "text",
    [
        *("", "contoso.example", "//contoso.example", "ftp://contoso.example", "https:contoso"),
        *("https://", "https:///path", "https://?a=b", "https://.example", "https://a..example"),
        *("https://user@contoso.example", "https://user:secret@contoso.example", "https://@a"),
        *(
            "https://contoso.example:",
            "https://contoso.example:port",
            "https://contoso.example:0x1",
        ),
        *("https://contoso.example:65536", "https://contoso.example:-1", "https://a:1:2"),
        *("https://contoso.example#part", "https://contoso.example/?", "https://contoso.example?"),
        *("https://evil.example\\.contoso.example", "https://contoso.example/a b", " https://a"),
        *("https://contoso.example\n", "https://contoso.example/\r\nHost: x", "https://a\t.b"),
        *("https://münchen.example", "https://contoso.example/ö", 'https://contoso.example/"'),
        *("https://evil%2f.contoso.example", "https://[::1", "https://[::1%25eth0]", "https://[a]"),
        *(f"https://{'a' * 64}.example", "https://o'neill.example", "https://a.example."),
    ],
)
def test_anything_but_a_plain_absolute_url_is_refused(text) -> None:
    assert parse_url(text) is None


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        *(("http://127.0.0.1:1", True), ("https://LOCALHOST/x", True), ("http://[::1]", True)),
        *(("http://127.0.0.1.evil.example", False), ("http://10.0.0.1", False)),
        *(("http://localhost.example", False), ("http://127.1", False)),
    ],
)
def test_only_this_machine_s_own_names_are_loopback(text, is_loopback) -> None:
    url = parse_url(text)

    assert url is not None
    assert url.is_loopback is is_loopback


@pytest.mark.parametrize(
    ("cloud", "url", "authority"),
    [
        ("global", "https://graph.microsoft.com", "login.microsoftonline.com"),
        ("usgov", "https://graph.microsoft.us", "login.microsoftonline.us"),
        ("dod", "https://dod-graph.microsoft.us", "login.microsoftonline.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_graph_and_its_login(cloud: str, url: str, authority: str) -> None:
    endpoint = graph_endpoint(Cloud(cloud), "", "local")

    assert endpoint == Endpoint(url, token=None)
    assert endpoint.scope == f"{url}/.default"
    assert Cloud(cloud).authority == authority


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:7071", "http://localhost", "http://[::1]:80/", "HTTP://LocalHost:1"]
)
def test_plain_http_on_a_loopback_host_uses_the_literal_token(given: str) -> None:
    endpoint = make_endpoint("GRAPH_ENDPOINT", given, "local")

    assert endpoint == Endpoint(given.lower().rstrip("/"), token="local")


def test_https_needs_a_token_from_entra_even_on_a_loopback_host() -> None:
    assert make_endpoint("GRAPH_ENDPOINT", "https://localhost:8443", "local").token is None


@pytest.mark.parametrize(
    "given",
    [
        "http://graph.microsoft.com",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com?x=1",
        "https://somebody@graph.microsoft.com",
        "https://graph.microsoft.com:port",
        "https://",
        "ftp://127.0.0.1",
        "graph.microsoft.com",
        "http://[::1",
    ],
)
def test_any_other_url_is_an_invalid_setting_that_is_named(given: str) -> None:
    with pytest.raises(
        BadSettingError, match=r"^Setting PARTNER_CENTER_ENDPOINT is .*expected https://HOST"
    ):
        make_endpoint("PARTNER_CENTER_ENDPOINT", given, "local")


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("https://graph.microsoft.com/beta/auditLogs/signIns?$skiptoken=x", True),
        ("https://Graph.Microsoft.com/v1.0/users", True),
        ("https://graph.microsoft.com", False),
        ("https://graph.microsoft.com.evil.example/", False),
        ("https://graph.microsoft.com@evil.example/", False),
        ("https://graph.microsoft.com:444/", False),
        ("http://graph.microsoft.com/", False),
        ("//graph.microsoft.com/", False),
        ("/beta/users", False),
        ("", False),
    ],
)
def test_an_endpoint_owns_the_urls_below_it_and_no_others(url, is_own) -> None:
    assert Endpoint("https://graph.microsoft.com").owns(url) is is_own


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Endpoint("http://127.0.0.1", token="secret"))
