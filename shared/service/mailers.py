"""The channels that the settings set up: mails, by the mailer that they name, and Teams."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from shared.delivery.mail.mailer import OUTBOX_SENDER, valid_address
from shared.endpoints import LOOPBACK_HOSTS
from shared.errors import BadSettingError
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from shared.delivery.mail.mailer import Mailer, Post
    from shared.delivery.missing import MissingReport
    from shared.identity import GraphClient
    from shared.service.deliveries import OpenChannel
    from shared.service.outgoing import Announcement, Outgoing

    About = TypeVar("About", bound=Announcement | MissingReport)

    #: Opens Graph, signed in; called only for the mailer that needs it.
    OpenGraph = Callable[[], AbstractContextManager[GraphClient]]


def channels_of(settings: Settings, open_graph: OpenGraph) -> dict[str, OpenChannel]:
    """What the settings set up: ``mail`` if there are recipients, ``teams`` if there is a URL."""

    def linked(announcement: About) -> About:
        return replace(announcement, public_url=settings.public_url or None)

    @contextmanager
    def mails(announcement: Announcement | MissingReport) -> Iterator[Outgoing]:
        from shared.service.outgoing import by_mail

        usual = settings.mail_when
        with open_mailer(settings, open_graph) as mailer:
            yield by_mail(linked(announcement), settings.report_recipients, mailer, usual)

    @contextmanager
    def card(announcement: Announcement | MissingReport) -> Iterator[Outgoing]:
        from shared.delivery.teams.channel import TeamsChannel
        from shared.service.outgoing import by_card

        yield by_card(linked(announcement), TeamsChannel(settings.teams_webhook_url))

    channels: dict[str, OpenChannel] = {}
    if Settings.report_recipients.text(settings.environment).strip("; "):
        channels["mail"] = mails
    if settings.is_given(Settings.teams_webhook_url):
        channels["teams"] = card
    return channels


@contextmanager
def open_mailer(settings: Settings, open_graph: OpenGraph) -> Iterator[Mailer]:
    """
    Open the mailer that ``MAILER`` names; nothing is sent or written yet.

    Only the settings that it needs are read. Raises `BadSettingError` if one is missing.
    """
    mailer = _without_graph(settings)
    if mailer:
        yield mailer
        return
    from shared.delivery.mail.graph import GraphMailer

    sender = valid_address(settings.report_sender, "REPORT_SENDER")
    with open_graph() as graph:
        yield GraphMailer(_post_through(graph), sender)


def check_mailer(settings: Settings) -> None:
    """Raise `BadSettingError` for the first setting that the mailer lacks; nothing is opened."""
    if _without_graph(settings) is None:
        valid_address(settings.report_sender, "REPORT_SENDER")


def _without_graph(settings: Settings) -> Mailer | None:
    """Return the mailer that ``MAILER`` names, which opens nothing yet; `None` for Graph."""
    if settings.platform.is_hosted and not settings.is_given(Settings.mailer):
        raise BadSettingError(
            "Setting MAILER is not set; expected graph, smtp or outbox, because only an app on "
            "your own machine has a default."
        )
    if settings.mailer == "outbox":
        return _outbox(settings)
    return _smtp(settings) if settings.mailer == "smtp" else None


def _outbox(settings: Settings) -> Mailer:
    from shared.delivery.mail.outbox import OutboxMailer

    sender = valid_address(settings.report_sender or OUTBOX_SENDER, "REPORT_SENDER")
    return OutboxMailer(Path(settings.outbox_folder), sender)


def _smtp(settings: Settings) -> Mailer:
    from ssl import create_default_context

    from shared.delivery.mail.smtp import SmtpMailer

    sender = valid_address(settings.report_sender, "REPORT_SENDER")
    host = settings.smtp_host
    if not host:
        raise BadSettingError("Setting SMTP_HOST is not set; expected a mail server's name.")
    tls = None if host in LOOPBACK_HOSTS else create_default_context()
    return SmtpMailer(
        host,
        settings.smtp_port,
        settings.smtp_user,
        settings.smtp_password,
        sender=sender,
        tls=tls,
    )


def _post_through(graph: GraphClient) -> Post:
    """Return what `GraphMailer` posts with: a signed-in Graph that never retries by itself."""

    def post(path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        answer = graph.post(f"{graph.url}{path}", body, headers={"Content-Type": content_type})
        return answer.status, answer.body

    return post
