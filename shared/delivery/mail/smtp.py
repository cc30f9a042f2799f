"""Mails by SMTP: one recipient a mail, encrypted unless the server is this machine."""

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

TIMEOUT_SECONDS = 60.0  #: for each answer; RFC 5321 allows servers minutes, readers can wait a day
_OK = 250


class SmtpMailer:
    """
    A mail server, asked anew for each mail.

    With `tls` the connection is encrypted before anything is said, and the server's certificate
    must be that of `host`; without, it is plain, which is for a server on this machine.
    """

    repeatable = False

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

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """
        Hand the mail to the server.

        Uncertain is what is lost between its first byte and the server's answer to its last; a
        refusal is certain at any time.
        """
        message = compose(mail, sender=self._sender, recipient=recipient, key=key)
        with self._certain():
            client = smtplib.SMTP(self._host, self._port, timeout=self._timeout_seconds)
        with closing(client):
            with self._certain():
                self._prepare(client, recipient)
            self._hand_over(client, message)
            with suppress(OSError):  # the mail is taken, whatever happens now
                client.quit()

    def _prepare(self, client: smtplib.SMTP, recipient: str) -> None:
        """Everything between the greeting and the mail itself."""
        if self._tls:
            client.starttls(context=self._tls)
        if self._user:
            client.login(self._user, self._password)
        client.ehlo_or_helo_if_needed()
        _agree(client.mail(self._sender), _OK)
        _agree(client.rcpt(recipient), _OK, 251)

    def _hand_over(self, client: smtplib.SMTP, message: bytes) -> None:
        try:
            code, answer = client.data(message)
        except smtplib.SMTPResponseException as refusal:
            raise self._refusal(refusal.smtp_code, refusal.smtp_error) from None
        except OSError as error:  # smtplib's own errors are some, too
            raise DeliveryUncertainError(
                f"The mail server {self._host} was lost while it took a mail "
                f"({type(error).__name__}); the mail may or may not have been sent."
            ) from None
        if code != _OK:
            raise self._refusal(code, answer)

    @contextmanager
    def _certain(self) -> Iterator[None]:
        """Say what went wrong before the mail's first byte left."""
        try:
            yield
        except smtplib.SMTPResponseException as refusal:
            raise self._refusal(refusal.smtp_code, refusal.smtp_error) from None
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                f"The mail server {self._host} cannot prove that it is that server: "
                f"{error.verify_message}."
            ) from None
        except smtplib.SMTPServerDisconnected:
            raise self._unreached("it hung up") from None
        except smtplib.SMTPException as error:
            raise DeliveryError(
                f"The mail server {self._host} cannot do what is asked of it: "
                f"{without_addresses(str(error))}"
            ) from None
        except OSError as error:
            raise self._unreached(type(error).__name__) from None

    def _unreached(self, why: str) -> DeliveryError:
        return DeliveryError(
            f"The mail server {self._host} could not be talked to on port {self._port} ({why}); "
            "nothing was sent."
        )

    def _refusal(self, code: int, answer: bytes | str) -> DeliveryError:
        told = without_addresses(answer)
        return DeliveryError(f"The mail server {self._host} refused: {code} {told}")


def _agree(answer: tuple[int, bytes], *codes: int) -> None:
    code, told = answer
    if code not in codes:
        raise smtplib.SMTPResponseException(code, told)
