"""One account, and one application, each as a self-contained page in the look of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.page.account_history import history_bar, open_words, periods
from shared.delivery.page.accounts_table import EXCEPTIONS, STATES
from shared.delivery.page.applications_table import applications_table
from shared.delivery.page.report_page import environment, look
from shared.delivery.text.bars import request_bar
from shared.delivery.text.figures import State
from shared.mfa.accounts.enforcement import Enforcement

if TYPE_CHECKING:
    from shared.delivery.files.details import (
        AccountDetails,
        ApplicationDetails,
        Applications,
        PolicyReach,
    )
    from shared.delivery.page.table import PageContext
    from shared.mfa.assessment import ReportMeta
    from shared.mfa.changes.account_history import AccountHistory
    from shared.mfa.metrics import ShareRule

_STATES = {
    Enforcement.ENFORCED.value: State.MET,
    Enforcement.UNKNOWN.value: State.UNDECIDED,
    Enforcement.CONDITIONAL.value: State.BELOW,
    Enforcement.UNPROTECTED.value: State.BELOW,
}
_VERDICTS = {
    "verified": "with MFA",
    "not_verified": "without MFA",
    "exempted": "MFA skipped",
    "unknown": "not known",
    "not_completed": "not completed",
    "app_only": "app-only",
}


def render_account(
    details: AccountDetails,
    policies: list[PolicyReach],
    history: AccountHistory,
    meta: ReportMeta,
    base: str,
) -> str:
    """Render one account's page; people choose their own names, so every text is escaped."""
    return (
        environment()
        .get_template("account.html")
        .render(
            details=details,
            account=details.account,
            policies=policies,
            history=history,
            periods=periods(history),
            history_bar=history_bar(history),
            open_words=open_words(history),
            state=_STATES.get(details.account.state, State.EMPTY),
            states=STATES,
            exceptions=EXCEPTIONS,
            verdicts=_VERDICTS,
            bar=request_bar(details.requests),
            meta=meta,
            base=base,
            **look("details.css"),
        )
    )


def render_applications(applications: Applications, meta: ReportMeta, context: PageContext) -> str:
    """Render all applications that used Partner Center."""
    return (
        environment()
        .get_template("applications.html")
        .render(
            applications=applications,
            chosen=applications_table(applications).select(context.query),
            state=_state_of_applications(applications),
            meta=meta,
            context=context,
            **look("table.css", "details.css"),
        )
    )


def render_application(
    details: ApplicationDetails, rule: ShareRule, meta: ReportMeta, base: str
) -> str:
    """Render one application's page."""
    return (
        environment()
        .get_template("application.html")
        .render(
            application=details,
            rule=rule,
            share=details.requests.share(rule),
            bounds=details.requests.bounds(rule),
            state=_state_of_application(details, rule),
            bar=request_bar(details.requests),
            meta=meta,
            base=base,
            **look("details.css"),
        )
    )


def _state_of_applications(applications: Applications) -> State:
    states = [_state_of_application(it, applications.rule) for it in applications.applications]
    for state in (State.BELOW, State.UNDECIDED, State.MET):
        if state in states:
            return state
    return State.EMPTY


def _state_of_application(details: ApplicationDetails, rule: ShareRule) -> State:
    requests = details.requests
    if requests.against(rule):
        return State.BELOW
    if requests.unknown:
        return State.UNDECIDED
    return State.MET if requests.requests else State.EMPTY
