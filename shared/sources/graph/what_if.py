"""
Entra's What If: which policies would apply to a sign-in (``POST …/conditionalAccess/evaluate``).

It reads, and a repeated request is harmless. Policies allow one request a second; everything is
asked under that limit and within the time that there is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from shared.decoding import decode_json
from shared.errors import SourceError
from shared.mfa.accounts.second_opinion import PLATFORM, Answer, read_policy_answer
from shared.sources.graph.answers import RejectedError, unreadable_answer
from shared.sources.graph.pages import ListPage, finish_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.mfa.accounts.second_opinion import AskedSignIn
    from shared.sources.graph.session import GraphSession

#: ``Policy.Read.ConditionalAccess`` would do for this; the policies themselves take more.
PERMISSION = "Policy.Read.All"
_TRIES = 4  #: of one request: the report waits for the second opinion
_PATH = "/identity/conditionalAccess/evaluate"


class WhatIfAnswers(msgspec.Struct, frozen=True):
    """Entra's answers, and in sentences what it did not answer."""

    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()


def ask_what_if(
    session: GraphSession,
    sign_ins: Sequence[AskedSignIn],
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> WhatIfAnswers:
    """
    Ask about each sign-in, in this order; `on_progress` hears how many are done, of how many.

    A refusal or the end of the time ends the questions. A rejected one (an application or account
    that Entra does not know) is passed over, and if nothing about its application was answered yet,
    so is the rest about that.
    """
    answers: list[Answer] = []
    rejected: list[tuple[AskedSignIn, RejectedError]] = []
    for number, sign_in in enumerate(sign_ins):
        on_progress(number, len(sign_ins))
        if _is_hopeless(sign_in, answers, rejected):
            continue
        try:
            answers.append(_ask(session, sign_in))
        except RejectedError as error:
            rejected.append((sign_in, error))
        except SourceError as error:
            counted = f"{len(answers):,} of {len(sign_ins):,} sign-ins only"
            note = f"Entra's What If answered about {counted}: {error}"
            return WhatIfAnswers(tuple(answers), (*_about(rejected), note))
    return WhatIfAnswers(tuple(answers), _about(rejected))


def _is_hopeless(
    sign_in: AskedSignIn,
    answers: Sequence[Answer],
    rejected: Sequence[tuple[AskedSignIn, RejectedError]],
) -> bool:
    application = sign_in.application_id
    return any(other.application_id == application for other, _ in rejected) and not any(
        answer.sign_in.application_id == application for answer in answers
    )


def _about(rejected: Sequence[tuple[AskedSignIn, RejectedError]]) -> tuple[str, ...]:
    if not rejected:
        return ()
    channels = " and ".join(dict.fromkeys(sign_in.channel.value for sign_in, _ in rejected))
    return (f"Entra's What If did not answer everything about the {channels}: {rejected[0][1]}",)


def _ask(session: GraphSession, sign_in: AskedSignIn) -> Answer:
    reader = replace(session.reader(PERMISSION, session.limits.policies), tries=_TRIES)
    body = msgspec.json.encode(_request(sign_in))
    page = reader.read(session.url(_PATH), _checked_page, body=body)
    results = finish_list(reader, page, dict[str, Any])
    return Answer(sign_in, tuple(map(read_policy_answer, results)))


def _request(sign_in: AskedSignIn) -> dict[str, Any]:
    """The documented body; a condition that it leaves out is not met, or "none"."""
    identity = {"@odata.type": "#microsoft.graph.userSignIn", "userId": sign_in.user_id}
    if sign_in.external_user_type:
        identity["externalUserType"] = sign_in.external_user_type
    return {
        "signInIdentity": identity,
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [sign_in.application_id],
        },
        "signInConditions": {"clientAppType": sign_in.client, "devicePlatform": PLATFORM},
        "appliedPoliciesOnly": False,
    }


def _checked_page(body: bytes) -> bytes:
    decode_json(body, ListPage, unreadable_answer)
    return body
