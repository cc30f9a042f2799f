"""A tenant's policies from Graph: Conditional Access and what it refers to, security defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.decoding import decode_any_json
from shared.errors import SourceIncompleteError
from shared.sources.graph.answers import DeniedError, RejectedError, unreadable_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.sources.graph.session import GraphSession

PERMISSION = "Policy.Read.All"

_CONDITIONAL_ACCESS = "/identity/conditionalAccess"
_STRENGTHS = "/policies/authenticationStrengthPolicies"
_SECURITY_DEFAULTS = "/policies/identitySecurityDefaultsEnforcementPolicy"


def read_policies(session: GraphSession, remark: Callable[[str], None]) -> list[dict[str, Any]]:
    """
    From beta: v1.0 leaves out policies that use preview conditions, without a word.

    Sources: msgraph-sdk-powershell 431, AzureADAssessment 79.
    """
    path, pacer = f"{_CONDITIONAL_ACCESS}/policies", session.limits.policies
    try:
        return session.objects(path, PERMISSION, pacer, version="beta")
    except (DeniedError, RejectedError) as error:
        policies = session.objects(path, PERMISSION, pacer)
        remark(
            "Conditional access policies with preview conditions may be missing: Graph gives "
            f"them in its beta version only, which it refused ({error.refusal})."
        )
        return policies


def read_locations(session: GraphSession) -> list[dict[str, Any]]:
    """The named locations."""
    path = f"{_CONDITIONAL_ACCESS}/namedLocations"
    return session.objects(path, PERMISSION, session.limits.policies)


def read_strengths(session: GraphSession) -> list[dict[str, Any]]:
    """The authentication strengths."""
    try:
        return session.objects(_STRENGTHS, PERMISSION, session.limits.policies)
    except RejectedError as error:
        raise SourceIncompleteError(
            "Graph does not have them in every cloud (China lacks them), and does not know "
            f"the request here ({error.refusal})."
        ) from None


def read_security_defaults(session: GraphSession) -> Any:  # noqa: ANN401  # typed when it is kept
    """Whether security defaults are on."""

    def decode(body: bytes) -> Any:  # noqa: ANN401
        return decode_any_json(body, unreadable_answer)

    return session.reader(PERMISSION).read(session.url(_SECURITY_DEFAULTS), decode)
