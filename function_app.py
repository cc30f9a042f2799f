"""
The triggers, and nothing but: parse, one call, answer.

Loading this must cost little more than ``azure.functions`` itself, and must work with an empty
environment (one missing setting at import would take every function away), so everything else is
imported when it is first called. The schedules are settings that the host resolves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List  # noqa: UP035 (see Messages)

import azure.functions as func

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.service.composition import Service
    from shared.service.http.answers import Answer
    from shared.service.http.report_api import ReportApi

# The platform's authentication stands in front (infra/app/authentication.bicep), and the desk asks
# for the caller's role; in Azure without the one, nobody gets to the other. The local host serves
# on loopback only. Function keys would keep people's browsers out, so only scripts have them.
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

STORAGE = "AzureWebJobsStorage"
READ = ("GET", "HEAD")

#: Not ``list[str]``: production's worker refuses to load a function whose output is annotated so.
Messages = func.Out[List[str]]  # noqa: UP006


@app.timer_trigger(arg_name="timer", schedule="%PULL_SCHEDULE%", use_monitor=True)
@app.queue_output(arg_name="slices", queue_name="slices", connection=STORAGE)
def plan_slices(timer: func.TimerRequest, slices: Messages) -> None:
    """Queue every slice that is owed: late or missed, a run plans what there is to do then."""
    del timer
    slices.set(service().work.plan())


@app.queue_trigger(arg_name="message", queue_name="slices", connection=STORAGE)
@app.queue_output(arg_name="left", queue_name="slices", connection=STORAGE)
def collect_slice(message: func.QueueMessage, left: Messages) -> None:
    """Pull one slice and store it; queue what is left of it. Raising hands the message back."""
    left.set(service().work.collect(message.get_body()))


@app.queue_trigger(arg_name="message", queue_name="slices-poison", connection=STORAGE)
def abandon_slice(message: func.QueueMessage) -> None:
    """Let the ledger know that a slice was given up, and why."""
    service().work.abandon(message.get_body())


@app.timer_trigger(arg_name="timer", schedule="%REPORT_SCHEDULE%", use_monitor=True)
@app.queue_output(arg_name="reports", queue_name="reports", connection=STORAGE)
def plan_reports(timer: func.TimerRequest, reports: Messages) -> None:
    """Queue every report that is owed, once what has been kept for long enough is gone."""
    del timer
    service().tidy()
    reports.set(service().work.plan_reports())


@app.queue_trigger(arg_name="message", queue_name="reports", connection=STORAGE)
def publish_report(message: func.QueueMessage) -> None:
    """Make one report and store it with all its files."""
    service().work.publish(message.get_body())


@app.timer_trigger(arg_name="timer", schedule="%MAIL_SCHEDULE%", use_monitor=True)
def mail_status(timer: func.TimerRequest) -> None:
    """Mail the newest report, once to each recipient."""
    del timer
    service().mail()


@app.route("report", methods=READ)
def get_report(req: func.HttpRequest) -> func.HttpResponse:
    """The partner's newest page."""
    return respond(req, lambda desk: desk.newest_page())


@app.route("reports/{tenant_id}/{ending}", methods=READ)
def get_report_page(req: func.HttpRequest) -> func.HttpResponse:
    """The page of the report that ends on a day, or of the ``latest``."""
    return respond(req, lambda desk: desk.page(**req.route_params))


@app.route("reports/{tenant_id}/{ending}/{file}", methods=READ)
def get_report_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of a report: ``report.json``, ``report.html``, or one of the CSV files."""
    return respond(req, lambda desk: desk.file(**req.route_params))


@app.route("customers", methods=READ)
def get_customers(req: func.HttpRequest) -> func.HttpResponse:
    """How the customers stand, as a page; ``?search=`` finds some by name or tenant id."""
    return respond(req, lambda desk: desk.customers(req.params.get("search", "")))


@app.route("customers.json", methods=READ)
def get_customers_json(req: func.HttpRequest) -> func.HttpResponse:
    """How the customers stand, as JSON; ``?search=`` as for the page."""
    return respond(req, lambda desk: desk.customers_json(req.params.get("search", "")))


@app.route("customers.csv", methods=READ)
def get_customers_csv(req: func.HttpRequest) -> func.HttpResponse:
    """How the customers stand, as CSV; ``?search=`` as for the page."""
    return respond(req, lambda desk: desk.customers_csv(req.params.get("search", "")))


@app.route("permissions", methods=READ)
def get_permissions(req: func.HttpRequest) -> func.HttpResponse:
    """What the app may read in Graph, and what its figures need of that: the scope receipt."""
    return respond(req, lambda desk: desk.permissions())


@app.route("runs", methods=("POST",))
@app.queue_output(arg_name="slices", queue_name="slices", connection=STORAGE)
def start_run(req: func.HttpRequest, slices: Messages) -> func.HttpResponse:
    """Start a daily run now: 202 and where to look, 409 while one is under way, 429 too often."""

    def start(desk: ReportApi) -> Answer:
        answer, messages = desk.start_run()
        slices.set(messages)
        return answer

    return respond(req, start)


@app.route("runs/{run_id}", methods=READ)
def get_run(req: func.HttpRequest) -> func.HttpResponse:
    """What has come of a run."""
    return respond(req, lambda desk: desk.run(**req.route_params))


@app.route("health", methods=READ)
def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether the store answers, and how far the reports are; nothing personal."""
    return respond(req, lambda desk: desk.health())


@app.route("v1/nonMfaCompliantPartnerPrincipals", methods=READ)
def get_principals(req: func.HttpRequest) -> func.HttpResponse:
    """Partner Center's list of users with portal requests without MFA."""
    return respond(req, lambda desk: desk.resource("nonMfaCompliantPartnerPrincipals"))


@app.route("v1/applicationmfaadoptionstatus", methods=READ)
def get_adoption(req: func.HttpRequest) -> func.HttpResponse:
    """Partner Center's API requests by day and application."""
    return respond(req, lambda desk: desk.resource("applicationmfaadoptionstatus"))


@app.route("v1/partnerRequests", methods=READ)
def get_partner_requests(req: func.HttpRequest) -> func.HttpResponse:
    """Partner Center's list of API requests."""
    return respond(req, lambda desk: desk.resource("partnerRequests"))


@app.route("scripts/{name}", methods=READ, auth_level=func.AuthLevel.FUNCTION)
def get_for_script(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the newest report by its name, for a script with a key; off unless switched on."""
    return answer(lambda: service().script_desk(req.headers).for_script(**req.route_params))


def service() -> Service:
    """The one of this process."""
    from shared.service import composition

    return composition.service()


def respond(req: func.HttpRequest, ask: Callable[[ReportApi], Answer]) -> func.HttpResponse:
    """What the desk answers to a caller that is let in."""
    return answer(lambda: ask(service().desk(req.headers)))


def answer(make: Callable[[], Answer]) -> func.HttpResponse:
    """An answer, or the problem in its place, as the host wants it."""
    from shared.service.http.answers import answered

    made = answered(make)
    return func.HttpResponse(made.body, status_code=made.status, headers=made.headers)
