"""
The triggers and nothing else: parse, one call, answer.

Loading this module must cost little more than ``azure.functions`` itself and must work with an
empty environment (a missing setting at import would remove every function), so everything else is
imported when it is first called. The host resolves the schedules, which are settings.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, List  # noqa: UP035 (see Messages)

import azure.functions as func

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from shared.service.composition import Service
    from shared.service.http.answers import Answer
    from shared.service.http.report_api import ReportApi
    from shared.service.messages import Message

# The platform's authentication is in front (infra/app/authentication.bicep), and the report API
# demands the caller's role; in Azure nobody is let in without the former. The local host serves on
# loopback only. Function keys would keep people's browsers out, so only scripts have them.
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

STORAGE = "AzureWebJobsStorage"
READ = ("GET", "HEAD")

#: Not ``list[str]``: production's worker refuses to load a function whose output is typed so.
Messages = func.Out[List[str]]  # noqa: UP006


@app.timer_trigger(arg_name="timer", schedule="%PULL_SCHEDULE%", use_monitor=True)
@app.queue_output(arg_name="slices", queue_name="slices", connection=STORAGE)
def plan_slices(timer: func.TimerRequest, slices: Messages) -> None:
    """Queue every owed slice; a late or repeated run plans what is owed then."""
    del timer
    put(service().work.plan(), slices=slices)


@app.queue_trigger(arg_name="message", queue_name="slices", connection=STORAGE)
@app.queue_output(arg_name="slices", queue_name="slices", connection=STORAGE)
@app.queue_output(arg_name="reports", queue_name="reports", connection=STORAGE)
def collect_slice(message: func.QueueMessage, slices: Messages, reports: Messages) -> None:
    """
    Pull one slice and store it; queue what remains of it, and the reports that became due.

    Raising returns the message to the queue.
    """
    put(
        watched().work.collect(message.get_body(), message.expiration_time),
        slices=slices,
        reports=reports,
    )


@app.queue_trigger(arg_name="message", queue_name="slices-poison", connection=STORAGE)
@app.queue_output(arg_name="reports", queue_name="reports", connection=STORAGE)
def abandon_slice(message: func.QueueMessage, reports: Messages) -> None:
    """Enter in the ledger that the queue has given up on a slice; queue the reports now due."""
    put(watched().work.abandon(message.get_body(), message.expiration_time), reports=reports)


@app.timer_trigger(arg_name="timer", schedule="%REPORT_SCHEDULE%", use_monitor=True)
@app.queue_output(arg_name="reports", queue_name="reports", connection=STORAGE)
def plan_reports(timer: func.TimerRequest, reports: Messages) -> None:
    """Remove what has reached its retention, then queue every owed report."""
    del timer
    service().tidy()
    put(service().work.plan_reports(), reports=reports)


@app.queue_trigger(arg_name="message", queue_name="reports", connection=STORAGE)
@app.queue_output(arg_name="reports", queue_name="reports", connection=STORAGE)
@app.queue_output(arg_name="deliveries", queue_name="deliveries", connection=STORAGE)
def publish_report(message: func.QueueMessage, reports: Messages, deliveries: Messages) -> None:
    """Make one report and store it with all its files; queue what became due by it."""
    put(
        watched().work.publish(message.get_body(), message.expiration_time),
        reports=reports,
        deliveries=deliveries,
    )


@app.queue_trigger(arg_name="message", queue_name="reports-poison", connection=STORAGE)
def abandon_report(message: func.QueueMessage) -> None:
    """Say that the queue has given up on a report."""
    watched().work.abandon_report(message.get_body(), message.expiration_time)


@app.queue_trigger(arg_name="message", queue_name="deliveries", connection=STORAGE)
def deliver_report(message: func.QueueMessage) -> None:
    """Mail or post one report. Raising returns the message to the queue."""
    watched().work.deliver(message.get_body(), message.expiration_time)


@app.queue_trigger(arg_name="message", queue_name="deliveries-poison", connection=STORAGE)
def abandon_delivery(message: func.QueueMessage) -> None:
    """Record that the queue has given up on a delivery, and why."""
    watched().work.abandon_delivery(message.get_body(), message.expiration_time)


@app.timer_trigger(arg_name="timer", schedule="%MAIL_SCHEDULE%", use_monitor=True)
@app.queue_output(arg_name="deliveries", queue_name="deliveries", connection=STORAGE)
def mail_status(timer: func.TimerRequest, deliveries: Messages) -> None:
    """From now on people may be written to about the newest day; queue what is due."""
    del timer
    put(service().work.open_door(), deliveries=deliveries)


@app.route("report", methods=READ)
def get_report(req: func.HttpRequest) -> func.HttpResponse:
    """The partner's newest page."""
    return respond(req, lambda api: api.newest_page())


@app.route("{root:maxlength(0)?}", methods=READ)
def get_index(req: func.HttpRequest) -> func.HttpResponse:
    """The partner's reports, at the root: the host takes an empty route for the function's name."""
    return respond(req, lambda api: api.index(dict(req.params)), has_query=True)


@app.route("reports", methods=READ)
def get_reports(req: func.HttpRequest) -> func.HttpResponse:
    """The partner's reports as a page, each day a link; parameters as for tables."""
    return respond(req, lambda api: api.index(dict(req.params)), has_query=True)


@app.route("reports/{tenant_id}/{ending}", methods=READ)
def get_report_page(req: func.HttpRequest) -> func.HttpResponse:
    """The page of the report that ends on a day, or of the ``latest``."""
    return respond(req, lambda api: api.page(**req.route_params))


@app.route("reports/{tenant_id}/{ending}/{file}", methods=READ)
def get_report_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of a report: ``report.json``, ``report.html``, or one of the CSV files."""
    return respond(req, lambda api: api.file(**req.route_params))


@app.route("customers", methods=READ)
def get_customers(req: func.HttpRequest) -> func.HttpResponse:
    """The customers' status as a page: search, filters, order and page in the address."""
    return respond(req, lambda api: api.customers(dict(req.params)), has_query=True)


@app.route("customers.json", methods=READ)
def get_customers_json(req: func.HttpRequest) -> func.HttpResponse:
    """The customers' status as JSON; parameters as for the page."""
    return respond(req, lambda api: api.customers_json(dict(req.params)), has_query=True)


@app.route("customers.csv", methods=READ)
def get_customers_csv(req: func.HttpRequest) -> func.HttpResponse:
    """The customers' status as CSV; parameters as for the page."""
    return respond(req, lambda api: api.customers_csv(dict(req.params)), has_query=True)


@app.route("customers/{tenant_id}", methods=READ)
def get_customer(req: func.HttpRequest) -> func.HttpResponse:
    """One customer's page."""
    return respond(req, lambda api: api.customer(**req.route_params))


@app.route("accounts", methods=READ)
def get_accounts(req: func.HttpRequest) -> func.HttpResponse:
    """The partner's accounts as a page: search, filters, order and page in the address."""
    return respond(req, lambda api: api.accounts(dict(req.params)), has_query=True)


@app.route("accounts.json", methods=READ)
def get_accounts_json(req: func.HttpRequest) -> func.HttpResponse:
    """The accounts as JSON; parameters as for the page."""
    return respond(req, lambda api: api.accounts_json(dict(req.params)), has_query=True)


@app.route("accounts.csv", methods=READ)
def get_accounts_csv(req: func.HttpRequest) -> func.HttpResponse:
    """The accounts as CSV; parameters as for the page."""
    return respond(req, lambda api: api.accounts_csv(dict(req.params)), has_query=True)


@app.route("accounts/{object_id}", methods=READ)
def get_account(req: func.HttpRequest) -> func.HttpResponse:
    """One account: why, its sign-ins of the week, and what each policy means for it."""
    return respond(req, lambda api: api.account(**req.route_params))


@app.route("applications", methods=READ)
def get_applications(req: func.HttpRequest) -> func.HttpResponse:
    """The applications that used Partner Center, as a page; parameters as for accounts."""
    return respond(req, lambda api: api.applications(dict(req.params)), has_query=True)


@app.route("applications/{app_id}", methods=READ)
def get_application(req: func.HttpRequest) -> func.HttpResponse:
    """One application: in whose name it acted, why without MFA, day by day."""
    return respond(req, lambda api: api.application(**req.route_params))


@app.route("permissions", methods=READ)
def get_permissions(req: func.HttpRequest) -> func.HttpResponse:
    """What the app may read in Graph and what its figures need: the permission receipt."""
    return respond(req, lambda api: api.permissions())


@app.route("runs", methods=("POST",))
def start_run(req: func.HttpRequest) -> func.HttpResponse:
    """Start a run, of a day if the body names one: 202, 409 while one is active, 429."""
    return respond(req, lambda api: api.start_run(req.get_body()))


@app.route("mails", methods=("POST",))
def start_mail(req: func.HttpRequest) -> func.HttpResponse:
    """Mail the newest report now, to the recipients of every day: 202, 409, 429 as for a run."""
    return respond(req, lambda api: api.start_mail(req.get_body()))


@app.route("runs/{run_id}", methods=READ)
def get_run(req: func.HttpRequest) -> func.HttpResponse:
    """The state of a run."""
    return respond(req, lambda api: api.run(**req.route_params))


@app.route("health", methods=READ)
def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether packages load, the store answers and reports are recent; nothing personal."""
    if problem := foreign_package() or broken_packages():
        return unavailable(problem)
    return respond(req, lambda api: api.health())


@app.route("probe", methods=READ)
def get_probe(req: func.HttpRequest) -> func.HttpResponse:
    """The same in one word, for a probe, which cannot sign in."""
    if foreign_package() or broken_packages():
        return unavailable("unavailable")
    return answer(req, lambda: watched(by_request=True).report_api(req.headers, "to probe").probe())


@app.route("openapi.json", methods=READ)
def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The description of all of this (OpenAPI 3.1)."""

    def describe(_: ReportApi) -> Answer:
        from shared.service.http.openapi import description

        return description()

    return respond(req, describe)


@app.route("favicon.ico", methods=READ)
def get_favicon(req: func.HttpRequest) -> func.HttpResponse:
    """The icon that browsers ask for where an address is not a page."""
    return respond(req, lambda _: people().favicon())


@app.route("robots.txt", methods=READ)
def get_robots(req: func.HttpRequest) -> func.HttpResponse:
    """What search engines may do: nothing."""
    return respond(req, lambda _: people().robots())


@app.route("v1/nonMfaCompliantPartnerPrincipals", methods=READ)
def get_principals(req: func.HttpRequest) -> func.HttpResponse:
    """Partner Center's list of users with portal requests without MFA."""
    return respond(req, lambda api: api.resource("nonMfaCompliantPartnerPrincipals"))


@app.route("v1/applicationmfaadoptionstatus", methods=READ)
def get_adoption(req: func.HttpRequest) -> func.HttpResponse:
    """Partner Center's API requests by day and application."""
    return respond(req, lambda api: api.resource("applicationmfaadoptionstatus"))


@app.route("v1/partnerRequests", methods=READ)
def get_partner_requests(req: func.HttpRequest) -> func.HttpResponse:
    """Partner Center's list of API requests."""
    return respond(req, lambda api: api.resource("partnerRequests"))


@app.route("scripts/{name}", methods=READ, auth_level=func.AuthLevel.FUNCTION)
def get_for_script(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the newest report, for a script with a key; off unless ``SCRIPT_KEYS`` is on."""

    def make() -> Answer:
        api = watched().report_api(req.headers, "with a key")
        expect_parameters(req, "code")
        return api.for_script(**req.route_params)

    return answer(req, make)


@cache
def foreign_package() -> str:
    """Say what is wrong if Python finds another package called ``shared`` before the app's own."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("shared")
    [found, *_] = map(Path, (spec and spec.submodule_search_locations) or ["nothing"])
    own = Path(__file__).parent / "shared"
    if found.resolve() == own.resolve():
        return ""
    return (
        f"Another package called shared, {found}, hides this app's own, {own}: remove it, or take "
        "it off the path (PYTHONPATH)."
    )


def broken_packages() -> str:
    """Say which packages with compiled code do not load, once they were tried in this process."""
    from shared.service.packages import unloadable_packages

    return unloadable_packages()


def people() -> ModuleType:
    """Return what only people's browsers get."""
    from shared.service.http import people

    return people


def service() -> Service:
    """Return this process's service."""
    if problem := foreign_package():
        raise ImportError(problem)
    try:
        from shared.service import current
    except ImportError as error:
        raise ImportError(broken_packages() or str(error)) from error
    return current.service()


def watched(*, by_request: bool = False) -> Service:
    """
    Return it after looking, once in a few minutes, whether a timer has fallen silent.

    The first request to a new app begins its first run.
    """
    current = service()
    if current.watchdog:
        current.watchdog.look(begins=by_request)
    return current


def put(messages: Sequence[Message], **outputs: Messages) -> None:
    """Put messages into the output bindings, which are named like their queues."""
    for queue, output in outputs.items():
        output.set([message.to_json() for message in messages if message.queue == queue])


def respond(
    req: func.HttpRequest, ask: Callable[[ReportApi], Answer], *, has_query: bool = False
) -> func.HttpResponse:
    """Answer a caller that is let in; without `has_query`, an address takes no parameters."""

    def make() -> Answer:
        api = watched(by_request=True).report_api(req.headers)
        if not has_query:
            expect_parameters(req)
        return ask(api)

    return answer(req, make)


def expect_parameters(req: func.HttpRequest, *expected: str) -> None:
    """Refuse parameters that an address does not take."""
    from shared.service.http.search import expect_parameters

    expect_parameters(req.params, expected)


def answer(req: func.HttpRequest, make: Callable[[], Answer]) -> func.HttpResponse:
    """Turn an answer, or the problem in its place, into the host's response."""
    if problem := foreign_package():
        return unavailable(problem)
    try:
        from shared.service.http.answers import answered
        from shared.service.http.people import for_reader

        made = for_reader(answered(make), req.headers)
    except ImportError:
        if problem := broken_packages():
            return unavailable(problem)
        raise
    return func.HttpResponse(made.body, status_code=made.status, headers=made.headers)


def unavailable(problem: str) -> func.HttpResponse:
    """Say why nothing works, with nothing but the SDK."""
    return func.HttpResponse(problem, status_code=503, mimetype="text/plain")
