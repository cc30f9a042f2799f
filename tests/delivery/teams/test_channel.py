"""Posting a card to a Teams channel, and keeping the workflow's address secret."""

from __future__ import annotations

import logging
import socket
import traceback

import pytest

from shared.delivery.teams.channel import HOST_SUFFIXES, TeamsChannel
from shared.errors import BadSettingError, DeliveryError, DeliveryUncertainError
from tests.delivery.mail.mail_sink import make_certificate, server_context
from tests.delivery.teams.teams_sink import (
    HOST,
    PATH,
    QUERY,
    SIGNATURE,
    TeamsSink,
    answer,
    endless,
    hang,
    hang_up,
    refusal,
    trickle,
)

CARD = b'{"type":"message","attachments":[]}'


def post(sink, *, timeout_seconds=20.0):
    TeamsChannel(sink.url, timeout_seconds=timeout_seconds).post(CARD)


def failure(sink, **options):
    """What posting raised."""
    with pytest.raises(DeliveryError) as failed:
        post(sink, **options)
    return failed.value


def is_certain(error):
    return not isinstance(error, DeliveryUncertainError)


# Posting


def test_a_card_is_posted_as_json_to_the_whole_address_once() -> None:
    with TeamsSink() as sink:
        post(sink)

    [received] = sink.received
    assert received.target == f"{PATH}?{QUERY}"
    assert received.headers["Content-Type"] == "application/json"
    assert received.body == CARD


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_is_one_and_its_body_is_not_waited_for(status) -> None:
    with TeamsSink(answer(status, b"Workflow run 0815 was started")) as sink:
        post(sink)
    with TeamsSink(endless(status)) as sink:
        post(sink)
        assert sink.given_up.wait(20)

    assert len(sink.received) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_a_refusal_is_certain_and_reported_by_its_code_alone(status) -> None:
    with TeamsSink(refusal(status, "WorkflowTriggerIsNotEnabled")) as sink:
        error = failure(sink)

    assert is_certain(error)
    assert str(error) == (
        f"The Teams workflow at {HOST} refused a card ({status} WorkflowTriggerIsNotEnabled); "
        "see docs/teams.md."
    )


@pytest.mark.parametrize("code", [f"https://{SIGNATURE}", SIGNATURE, "A B", "x\ny", "A" * 61, 7])
def test_a_code_that_is_not_a_word_is_not_repeated(code) -> None:
    with TeamsSink(refusal(400, code)) as sink:
        assert "refused a card (400);" in str(failure(sink))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"error":"no"}', b"\xff", pytest.param(b"[" * 8_000, id="deep")],
)
def test_a_refusal_without_a_code_is_one_all_the_same(body) -> None:
    with TeamsSink(answer(400, body)) as sink:
        error = failure(sink)

    assert is_certain(error)
    assert "refused a card (400);" in str(error)


def test_too_many_requests_is_certain_and_says_when_to_come_back() -> None:
    with TeamsSink(refusal(429, "TooMany", Retry_After="17")) as sink:
        error = failure(sink)
    with TeamsSink(refusal(429, "TooMany", Retry_After=f"soon {SIGNATURE}")) as careless:
        other = failure(careless)

    assert is_certain(error)
    assert "(429 TooMany, try again in 17 s)" in str(error)
    assert "(429 TooMany);" in str(other)
    assert len(sink.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_refusal_and_not_followed(status) -> None:
    with TeamsSink() as elsewhere, TeamsSink(answer(status, Location=elsewhere.url)) as sink:
        error = failure(sink)

    assert is_certain(error)
    assert f"({status})" in str(error)
    assert elsewhere.received == []


@pytest.mark.parametrize("reply", [answer(500), refusal(502), answer(503), answer(504), hang_up])
def test_a_failure_after_the_card_left_is_uncertain_and_not_tried_again(reply) -> None:
    with TeamsSink(reply) as sink:
        error = failure(sink)

    assert not is_certain(error)
    assert "may or may not have been posted" in str(error)
    assert len(sink.received) == 1


@pytest.mark.parametrize("reply", [hang, trickle])
def test_a_workflow_that_does_not_answer_in_time_is_uncertain(reply) -> None:
    with TeamsSink(reply) as sink:
        error = failure(sink, timeout_seconds=1)

    assert not is_certain(error)


def test_only_the_start_of_an_endless_refusal_is_read() -> None:
    with TeamsSink(endless(400)) as sink:
        error = failure(sink)
        assert sink.given_up.wait(20)

    assert is_certain(error)
    assert sink.written < 32 * 2**20, "what sockets hold, and no more"


def test_a_refusal_whose_body_never_comes_is_certain_all_the_same() -> None:
    def stall(handler):
        handler.send_response(400)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        hang(handler)

    with TeamsSink(stall) as sink:
        error = failure(sink, timeout_seconds=0.3)

    assert is_certain(error)


def test_a_workflow_that_cannot_be_reached_is_certain() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(DeliveryError, match="nothing was posted") as failed:
        TeamsChannel(f"http://{HOST}:{port}{PATH}?{QUERY}").post(CARD)

    assert is_certain(failed.value)


def test_a_host_that_does_not_finish_the_handshake_in_time_is_certain() -> None:
    with socket.create_server((HOST, 0)) as silent:
        url = f"https://{HOST}:{silent.getsockname()[1]}{PATH}?{QUERY}"
        with pytest.raises(DeliveryError, match="nothing was posted") as failed:
            TeamsChannel(url, timeout_seconds=0.3).post(CARD)

    assert is_certain(failed.value)


def test_no_proxy_is_used(monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.example:3128")

    with TeamsSink() as sink:
        post(sink)

    assert len(sink.received) == 1


def test_an_encrypted_connection_takes_a_valid_certificate(tmp_path, monkeypatch) -> None:
    certificate, key = make_certificate(tmp_path, "workflow")
    context = server_context(certificate, key)

    with TeamsSink(tls=context) as sink:
        error = failure(sink)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        post(sink)
    with TeamsSink(trickle, tls=context) as trickling:
        late = failure(trickling, timeout_seconds=0.5)

    assert is_certain(error)
    assert "has no valid certificate: " in str(error)
    assert [received.body for received in sink.received] == [CARD]
    assert not is_certain(late)


# The address


@pytest.mark.parametrize(
    "reply",
    [answer(202), refusal(400), refusal(429), refusal(500), hang, hang_up, answer(302)],
)
def test_the_address_is_in_no_log_no_error_and_no_name(reply, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    raised = ""

    with TeamsSink(reply) as sink:
        channel = TeamsChannel(sink.url, timeout_seconds=0.3)
        try:
            channel.post(CARD)
        except DeliveryError as error:
            raised = "".join(traceback.format_exception(error))

    for text in (caplog.text, raised, repr(channel), str(channel), channel.id):
        assert SIGNATURE not in text
        assert "sig=" not in text
    assert repr(channel) == f"TeamsChannel('{HOST}')"


@pytest.mark.parametrize("suffix", HOST_SUFFIXES)
def test_workflows_of_every_cloud_are_taken(suffix) -> None:
    channel = TeamsChannel(f"https://prod-12.region{suffix}:443{PATH}?{QUERY}")

    assert channel.host == f"prod-12.region{suffix}"


def test_a_workflow_is_the_same_after_its_signature_was_renewed_and_another_one_is_not() -> None:
    base = f"https://prod-12.westeurope.logic.azure.com:443{PATH}"

    assert TeamsChannel(f"{base}?sig=a").id == TeamsChannel(f"{base}?sv=1.0&sig=b").id
    assert TeamsChannel(f"{base}?sig=a").id != TeamsChannel(f"{base}2?sig=a").id


@pytest.mark.parametrize(
    "given",
    [
        "workflow",
        f"http://prod-12.westeurope.logic.azure.com{PATH}?{QUERY}",
        f"ftp://{HOST}{PATH}?{QUERY}",
        f"https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/c?{QUERY}",
        f"https://logic.azure.com{PATH}?{QUERY}",
        f"https://evil.example/.logic.azure.com{PATH}?{QUERY}",
        f"https://evil.example?.logic.azure.com/&{QUERY}",
        f"https://evil.example#.logic.azure.com{PATH}?{QUERY}",
        f"https://evil.example\\.logic.azure.com{PATH}?{QUERY}",
        f"https://a.logic.azure.com@evil.example{PATH}?{QUERY}",
        f"https://somebody:{SIGNATURE}@a.logic.azure.com{PATH}?{QUERY}",
        f"https://a.logic.azure.com.evil.example{PATH}?{QUERY}",
        f"https://[evil.logic.azure.com{PATH}?{QUERY}",
        f"https://a.logic.azure.com:port{PATH}?{QUERY}",
        f"https://a.logic.azure.com:8443{PATH}?{QUERY}",
        f"https://evil.example%2f.logic.azure.com{PATH}?{QUERY}",
        f"https://[::1%25.logic.azure.com]{PATH}?{QUERY}",
        f"https://.logic.azure.com{PATH}?{QUERY}",
        f"https://a..logic.azure.com{PATH}?{QUERY}",
        f"https://{'a' * 64}.logic.azure.com{PATH}?{QUERY}",
        f"https://a.logic.azure.com?{QUERY}",
        f"https://a.logic.azure.com{PATH}?api-version=1",
        f"https://a.logic.azure.com{PATH}?sig=",
        f"https://a.logic.azure.com{PATH}?{QUERY}#part",
        f"https://a.logic.azure.com{PATH}?{QUERY} HTTP/1.1\r\nHost: evil.example",
        f"https://a.logic.azure.com/ö?{QUERY}",
        f"@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/{SIGNATURE})",
    ],
)
def test_any_other_address_stops_with_one_sentence_that_does_not_repeat_it(
    given,
) -> None:
    with pytest.raises(BadSettingError) as stopped:
        TeamsChannel(given)

    sentence = str(stopped.value)
    assert sentence.startswith("Setting TEAMS_WEBHOOK_URL cannot be used; expected the whole https")
    assert sentence.endswith("(sig=…).")
    assert SIGNATURE not in sentence
    assert "evil" not in sentence
    assert "\n" not in sentence
