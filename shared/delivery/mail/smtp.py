"""Mails by SMTP: one recipient per mail, encrypted unless the server is on this machine."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from shared.delivery.mail.message import compose, without_addresses
from shared.errors import DeliveryError, DeliveryUncertainError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.delivery.mail.mailer import Mail

TIMEOUT_SECONDS = (
    60.0  #: for each answer; RFC 5321 allows servers minutes, and readers can wait a day
)
_OK = 250


class SmtpMailer:
    """
    Sends through a mail server, with a new connection for each mail.

    With `tls` the connection is encrypted before anything is sent, and the server's certificate
    must be valid for `host`. Without it the connection is plain, for a server on this machine.
    """

    repeatable = False
    is_outbox = False

    def __init__(  # noqa: PLR0913 (where, as whom, from whom)
        self,
        host: str,
        port: int,
        user: str = "",
        password: str = "",
        *,
        sender: str,
        tls: ssl.SSLContext | None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._host, self._port = host, port
        self._user, self._password = user, password
        self._sender = sender
        self._tls = tls
        self._timeout_seconds = timeout_seconds

    def reach(self) -> str:
        """Connect, encrypt and sign in; then leave."""
        with self._certain():
            client = smtplib.SMTP(self._host, self._port, timeout=self._timeout_seconds)
        with closing(client):
            with self._certain():
                self._sign_in(client)
            with suppress(OSError):
                client.quit()
        return f"The mail server {self._host} answers, and takes the login."

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """
        Hand the mail to the server.

        The result is uncertain if the connection is lost between the mail's first byte and the
        server's answer to its last. A refusal is always certain.
        """
        message = compose(mail, sender=self._sender, recipient=recipient, key=key)
        with self._certain():
            client = smtplib.SMTP(self._host, self._port, timeout=self._timeout_seconds)
        with closing(client):
            with self._certain():
                self._prepare(client, recipient)
            self._hand_over(client, message)
            with suppress(OSError):  # the mail is accepted, whatever happens now
                client.quit()

    def _prepare(self, client: smtplib.SMTP, recipient: str) -> None:
        """Everything between the greeting and the mail itself."""
        self._sign_in(client)
        _require(client.mail(self._sender), _OK)
        _require(client.rcpt(recipient), _OK, 251)

    def _sign_in(self, client: smtplib.SMTP) -> None:
        if self._tls:
            client.starttls(context=self._tls)
        if self._user:
            client.login(self._user, self._password)
        client.ehlo_or_helo_if_needed()

    def _hand_over(self, client: smtplib.SMTP, message: bytes) -> None:
        try:
            code, answer = client.data(message)
        except smtplib.SMTPResponseException as refusal:
            raise self._refusal(refusal.smtp_code, refusal.smtp_error) from None
        except OSError as error:  # smtplib's own errors are OSErrors, too
            raise DeliveryUncertainError(
                f"The connection to the mail server {self._host} was lost while it accepted a mail "
                f"({type(error).__name__}); the mail may or may not have been sent."
            ) from None
        if code != _OK:
            raise self._refusal(code, answer)

    @contextmanager
    def _certain(self) -> Iterator[None]:
        """Turn errors before the mail's first byte into `DeliveryError`."""
        try:
            yield
        except smtplib.SMTPResponseException as refusal:
            raise self._refusal(refusal.smtp_code, refusal.smtp_error) from None
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                f"The certificate of the mail server {self._host} is not valid: "
                f"{error.verify_message}."
            ) from None
        except smtplib.SMTPServerDisconnected:
            raise self._unreached("it closed the connection") from None
        except smtplib.SMTPException as error:
            raise DeliveryError(
                f"The mail server {self._host} does not support what is needed: "
                f"{without_addresses(str(error))}"
            ) from None
        except OSError as error:
            raise self._unreached(type(error).__name__) from None

    def _unreached(self, why: str) -> DeliveryError:
        return DeliveryError(
            f"The mail server {self._host} could not be reached on port {self._port} ({why}); "
            "nothing was sent."
        )

    def _refusal(self, code: int, answer: bytes | str) -> DeliveryError:
        reason = without_addresses(answer)
        return DeliveryError(f"The mail server {self._host} refused: {code} {reason}")


def _require(answer: tuple[int, bytes], *codes: int) -> None:
    code, text = answer
    if code not in codes:
        raise smtplib.SMTPResponseException(code, text)
