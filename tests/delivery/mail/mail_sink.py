"""A real mail server on loopback that follows a script, and mails parsed from bytes."""

from __future__ import annotations

import asyncio
import email
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.delivery.mail.mailer import Mail
from tests.clock import real_now

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path

HOST = "127.0.0.1"
SENDER = "mfa-status@contoso.example"
ANN = "ann@contoso.example"
KEY = "mail/tenant/2026-11-23/0123456789abcdef"
MAIL = Mail(
    subject="Contoso MFA: portal 20 %, API 40 %",
    text="Portal: 20 %\n.a line that begins with a dot\nGrüße – ÅÄÖ\n",
    html="<p>Portal: 20 %, Grüße – ÅÄÖ</p>\n",
    date=datetime(2026, 11, 24, 4, 15, tzinfo=UTC),
)


def read(message: bytes) -> EmailMessage:
    return email.message_from_bytes(message, policy=policy.default)


def parts(message: bytes) -> dict[str, Any]:
    """A message as its recipient sees it: headers and bodies."""
    parsed = read(message)
    bodies = {
        part.get_content_type(): part.get_content().replace("\r\n", "\n")
        for part in parsed.iter_parts()
    }
    return dict(parsed.items()) | bodies


def hang_up(server: Any) -> str:
    server.transport.abort()
    return "250 lost"


@dataclass
class Received:
    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool


@dataclass
class MailSink:
    """
    Keeps the mails it gets. `on_rcpt`, `on_data` and `on_quit` answer in its place, given the
    server, and may hang up.
    """

    on_rcpt: Callable[[Any], str] | None = None
    on_data: Callable[[Any], str] | None = None
    on_quit: Callable[[Any], str] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server, _, envelope, address, __):  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.on_rcpt(server) if self.on_rcpt else "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        encrypted = session.ssl is not None
        mail = Received(envelope.mail_from, envelope.rcpt_tos, envelope.content, encrypted)
        self.received.append(mail)
        return self.on_data(server) if self.on_data else "250 OK"

    async def handle_QUIT(self, server, *_):  # noqa: N802
        return self.on_quit(server) if self.on_quit else "221 Bye"

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(self, loop=self._loop, hostname=HOST, **self.options), HOST, 0
            )
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)


def let_in(user: str, password: str) -> dict[str, Any]:
    """Options of a server that requires one user's password, over an encrypted connection only."""

    def check(*given):
        data = given[-1]
        good = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=good)

    return {"authenticator": check, "auth_required": True}


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for the loopback address from our own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = real_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
