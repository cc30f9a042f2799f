"""Detectors for secrets of Microsoft's clouds that detect-secrets lacks; it loads this file."""

from __future__ import annotations

import re

from detect_secrets.plugins.base import RegexBasedDetector


class EntraClientSecretDetector(RegexBasedDetector):
    """A client secret from Entra: 37 to 40 characters, always with Q~ among them."""

    secret_type = "Entra client secret"
    denylist = (re.compile(r"(?<![\w.~-])[\w.~-]{3}[78]Q~[\w.~-]{31,34}(?![\w.~-])"),)


class SignedLinkDetector(RegexBasedDetector):
    """A link that is a credential: a storage SAS, the webhook of a flow or Logic App."""

    secret_type = "Signed link"
    denylist = (re.compile(r"[?&](?:amp;)?sig=((?:[\w+/-]|%2[BbFf]){40,}(?:=|%3[Dd])?)"),)


class TeamsWebhookDetector(RegexBasedDetector):
    """An incoming webhook of a Teams channel."""

    secret_type = "Teams webhook"
    denylist = (
        re.compile(r"webhook\.office\.com/webhookb2/[\w@-]+/IncomingWebhook/([0-9a-f]{32})"),
    )
