"""
The mandate page's own tables: its seven scenarios, further workloads, and who opens which page.

The current edition lists the seven scenarios and requires, for each, MFA that Entra supports; that
of May 2023 has columns for the MFA of Entra, of any third party, and none.
"""

from __future__ import annotations

import msgspec

from shared.mfa.mandate import MandateAnswer, MfaBy

#: What any scenario answers by the current edition: the provider's claim decides, nothing else.
SCENARIO_ANSWERS = {
    MfaBy.ENTRA: MandateAnswer.ALLOWED,
    MfaBy.THIRD_PARTY: MandateAnswer.ALLOWED,
    MfaBy.INCOMPATIBLE: MandateAnswer.REFUSED,
    MfaBy.NOBODY: MandateAnswer.REFUSED,
}
#: The cells of the edition of May 2023, in its words.
ENTRA_2023, NOBODY_2023 = "MFA supported", "No access"
_EXCEPTION, _NO_EXCEPTION = "Exception supported", "No exception supported"


class Workload(msgspec.Struct, frozen=True):
    """A row of the scenario table."""

    name: str
    title: str
    third_party_2023: str  #: the cell of "any third-party MFA" by the edition of May 2023
    is_additional: bool  #: whether other workloads (Entra, Exchange) have this row, too


WORKLOADS = (
    Workload("discover", "Discover (price, catalog, promotion)", _EXCEPTION, is_additional=False),
    Workload("transact", "Transact and manage", _EXCEPTION, is_additional=False),
    Workload("billing", "Billing and reconciliation", _EXCEPTION, is_additional=False),
    Workload(
        "manage", "Manage customers by delegated access (AOBO)", _NO_EXCEPTION, is_additional=True
    ),
    Workload(
        "assign_dap", "User and license assignment (DAP only)", _EXCEPTION, is_additional=True
    ),
    Workload(
        "assign_gdap", "User and license assignment (GDAP)", _NO_EXCEPTION, is_additional=True
    ),
    Workload(
        "gdap_requests",
        "Granular admin relationships: request, assign",
        _NO_EXCEPTION,
        is_additional=False,
    ),
)


class AdditionalWorkload(msgspec.Struct, frozen=True):
    """A row of the table of additional workloads, such as Entra and Exchange (May 2023)."""

    name: str
    title: str
    entra_2023: str
    third_party_2023: str


_NOT_APPLICABLE = "not applicable"
#: Their third-party column has no exceptions at all, not even for DAP.
ADDITIONAL_WORKLOADS = (
    *(
        AdditionalWorkload(each.name, each.title, _NOT_APPLICABLE, _NOT_APPLICABLE)
        for each in WORKLOADS[:3]
    ),
    AdditionalWorkload("manage", WORKLOADS[3].title, ENTRA_2023, _NO_EXCEPTION),
    AdditionalWorkload("assign", "User and license assignment", ENTRA_2023, _NO_EXCEPTION),
)

#: Who opens which protected page, by the edition of May 2023.
PAGES_2023 = {
    "Customers": ("Admin agents", "Sales agents", "Helpdesk agents"),
    "Support > Customer requests": ("Admin agents", "Helpdesk agents"),
    "Billing": ("Admin agents", "Global administrator", "Billing administrator"),
}
#: The same by the current edition, which has security administrators in place of global ones. Of
#: the last two rows, the copy that was read shows how many roles, not which: this is our reading.
PAGES = {
    "Customers": ("Admin agents", "Sales agents", "Helpdesk agents"),
    "Support > Customer requests": ("Admin agents", "Helpdesk agents"),
    "Billing": ("Admin agents", "Security administrator", "Billing administrator"),
    "Security workspace": ("Admin agents", "Security administrator"),
}
