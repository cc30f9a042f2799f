"""
"May we ask for an exception?": the six common issues of the mandate page, each answered with no.

Partner Center, "Mandating multifactor authentication (MFA) for your partner tenant", "Common
issues", in our words. ``docs/mandate.md`` has the same table.
"""

from __future__ import annotations

import msgspec


class CommonIssue(msgspec.Struct, frozen=True):
    """One of the issues, and the findings to which it applies."""

    number: int  #: on the mandate page
    question: str
    answer: str
    findings: tuple[str, ...]


COMMON_ISSUES = (
    CommonIssue(
        1,
        "We need more time. May we ask for an exception until MFA is in place?",
        "No, because MFA has to be planned so that nobody is interrupted. Until then, people still "
        "get in by registering and doing MFA when they are asked; having registered enforces "
        "nothing.",
        ("mfa-not-implemented", "report-only"),
    ),
    CommonIssue(
        2,
        "These users manage no customers. May we leave them out?",
        "No, because there is nothing to be excepted from: nobody who stays away from customers' "
        "tenants is asked there. Everybody needs MFA for Partner Center, and by your agreement "
        "every enabled account needs it.",
        ("accounts-not-targeted", "accounts-excluded", "guests-without-mfa"),
    ),
    CommonIssue(
        3,
        "Devices and software sign in with these accounts. May we leave them out?",
        "No, because accounts that go neither to Partner Center nor to customers' tenants are not "
        "asked there, and where the portal or an API requires App+User, every user needs MFA. By "
        "your agreement, these accounts need it, too.",
        ("service-accounts-as-users", "synchronisation-accounts", "agent-accounts"),
    ),
    CommonIssue(
        4,
        "No phones are allowed at work, so nobody can use the Authenticator app. May we ask for "
        "an exception?",
        "No, because there are other methods: Entra ID P1 or P2, or a compatible provider, has "
        "some that need no phone, such as security keys.",
        ("mfa-not-registered", "security-defaults", "strength-not-registered"),
    ),
    CommonIssue(
        5,
        "Some of us use clients with legacy authentication, which cannot do MFA. May we ask for "
        "an exception?",
        "No, because such protocols cannot be protected by MFA and passwords are stolen through "
        "them. Replace the clients, then block the protocols: by security defaults or a policy.",
        ("legacy-authentication",),
    ),
    CommonIssue(
        6,
        "We do MFA, but our provider cannot tell Entra so. May we ask for an exception?",
        "No, because the provider has to be compatible with Entra: its claim must say how the user "
        "was authenticated. Without the claim, MFA does not count.",
        ("third-party-mfa", "federation-claim", "federation-alone", "custom-control"),
    ),
)

_BY_FINDING = {finding: issue for issue in COMMON_ISSUES for finding in issue.findings}


def issue_of(finding_id: str) -> CommonIssue | None:
    """The common issue that a finding raises; `None` if it raises none."""
    return _BY_FINDING.get(finding_id)
