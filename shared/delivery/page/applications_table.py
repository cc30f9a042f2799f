"""What can be asked of the applications that used Partner Center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.page.table import Column, Filter, Table, natural

if TYPE_CHECKING:
    from shared.delivery.files.details import ApplicationDetails, Applications

_MFA = {
    "without": "Some requests without",
    "unknown": "Some not known",
    "with": "All requests with",
    "app_only": "App-only",
}


def applications_table(applications: Applications) -> Table[ApplicationDetails]:
    """The applications as a table that people search, filter and sort."""
    rule = applications.rule

    def words(it: ApplicationDetails) -> list[str]:
        counts = it.requests
        if counts.against(rule):
            return ["without"]
        if counts.unknown:
            return ["unknown"]
        return ["with"] if counts.requests else ["app_only"]

    return Table(
        rows=applications.applications,
        texts=lambda it: (it.name, it.id),
        columns={
            "name": Column("Application", lambda it: natural(it.name or it.id)),
            "requests": Column("Requests", lambda it: it.requests.requests),
            "against": Column("Without MFA", lambda it: it.requests.against(rule)),
            "unknown": Column("Not known", lambda it: it.requests.unknown),
            "app_only": Column("App-only", lambda it: it.requests.app_only),
        },
        filters={"mfa": Filter("MFA", _MFA, words)},
    )
