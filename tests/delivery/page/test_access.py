"""Every page of every made-up tenant, for everybody: one browser, in which they are set in turn."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from shared.delivery.files.accounts import Accounts
from shared.delivery.files.customers import Customers
from shared.delivery.page.about_findings import render_about_findings
from shared.delivery.page.accounts_page import render_accounts
from shared.delivery.page.customers_page import render_customers
from shared.delivery.page.error_page import render_error
from shared.delivery.page.report_page import PageLinks, page_for_folder, render_page
from shared.delivery.page.table import PageContext
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.assessment import ReportMeta
from shared.mfa.report import Report
from tests.delivery.page import (
    test_accounts_page,
    test_customers_page,
    test_detail_pages,
    test_permissions_page,
    test_reports_page,
)
from tests.delivery.scenarios import SCENARIOS, many, with_findings

_RELEASE = Path(__file__).parents[2] / "stores" / "data" / "0.1.0" / "folder.tar.xz"
_LINKS = PageLinks(
    *("/api/reports/t/2026-11-23/", "/api/accounts", "/api/applications", "/api/reports"),
    *("/api/customers", "/api/permissions", "findings.html", "report.xlsx"),
)
_LOOKS: dict[str, dict[str, Any]] = {
    "accounts": test_accounts_page.LOOKS,
    "customers": test_customers_page.LOOKS,
    "permissions": test_permissions_page.LOOKS,
    "one": test_detail_pages.PAGES,
}


def simulated_partner() -> dict[str, str]:
    """The pages of the demonstration's tenant, from the files that a release stored of it."""
    wanted = ("report.json", "accounts.json", "customers.json")
    with tarfile.open(_RELEASE) as release:
        files = {
            Path(name).name: release.extractfile(name).read()  # type: ignore[union-attr]
            for name in release.getnames()
            if "/2026-11-23/" in name and name.endswith(wanted)
        }
    report, context = Report.from_json(files["report.json"]), PageContext("/api")
    meta = ReportMeta(report.tenant_id, report.tenant_name, report.source, report.generated_at)
    return {
        "report": render_page(report, _LINKS),
        "findings": render_about_findings(report),
        "accounts": render_accounts(Accounts.from_json(files["accounts.json"]), meta, context),
        "customers": render_customers(Customers.from_json(files["customers.json"]), meta, context),
    }


def every_page() -> dict[str, str]:
    """Each kind of page, of each made-up tenant."""
    scenarios = {**SCENARIOS, "many": lambda: many(users=20, apps=8)}
    pages = {f"report, {name}": render_page(make(), _LINKS) for name, make in scenarios.items()}
    for kind, looks in _LOOKS.items():
        pages |= {f"{kind}, {name}": make() for name, make in looks.items()}
    pages |= {f"simulated partner, {kind}": page for kind, page in simulated_partner().items()}
    pages["reports"] = test_reports_page.page(40)
    pages["customer"] = test_reports_page.customer_page()
    pages["error"] = render_error(404, "Not Found", "There is no report yet.", "/api")
    pages["10,000 accounts"] = test_accounts_page.html(
        [
            test_accounts_page.account(each, Enforcement.UNPROTECTED, cause="No policy.")
            for each in range(10_000)
        ],
        page=100,
    )
    return pages


@pytest.fixture(scope="module")
def pages():
    return every_page()


@pytest.fixture
def in_turn(browser):
    """Sets each page into one and the same view, at the given size."""
    contexts = []

    def set_in_turn(pages, **context):
        contexts.append(browser.new_context(bypass_csp=True, **context))
        view = contexts[-1].new_page()
        for name, html in pages.items():
            view.set_content(html)
            view.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
            yield name, view

    yield set_in_turn
    for context in contexts:
        context.close()


@pytest.mark.browser
def test_axe_finds_no_barrier_on_any_page_of_any_tenant(in_turn, pages):
    """Every other page as a dark phone, the others as a light desk; the simulated one as both."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    names = list(pages)
    of_partner = [name for name in names if name.startswith("simulated") and "report" in name]
    looks = [
        (names[::2], {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}}),
        (names[1::2], {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}}),
        (of_partner, {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}}),
    ]
    barriers = {
        name: [(it["id"], it["nodes"][0]["html"][:200]) for it in found]
        for some, context in looks
        for name, view in in_turn({name: pages[name] for name in some}, **context)
        if (found := axe.run(view, options={"resultTypes": ["violations"]}).response["violations"])
    }

    assert barriers == {}


#: Cells with a text of more than four characters that have room for fewer than three in a line.
SQUEEZED = """[...document.querySelectorAll("td, th")].filter(cell => {
    const style = getComputedStyle(cell);
    const room = cell.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return cell.offsetParent && !cell.closest("thead") && cell.innerText.trim().length > 4
        && room < 1.5 * parseFloat(style.fontSize);
}).map(cell => cell.innerText)"""


@pytest.mark.browser
def test_at_200_and_400_percent_no_page_scrolls_sideways_and_no_cell_is_squeezed(in_turn, pages):
    """At 400 % a desk of 1,280 pixels is 320 wide (WCAG 2.2, 1.4.10)."""
    for width in (640, 320):
        for name, view in in_turn(pages, viewport={"width": width, "height": 450}):
            scrolled = view.evaluate("document.documentElement.scrollWidth")
            assert (name, scrolled) == (name, min(scrolled, width))
            assert (name, view.evaluate(SQUEEZED)) == (name, [])


@pytest.mark.browser
def test_equal_names_of_links_and_folds_lead_to_the_same_place(in_turn, pages):
    """Who hears them one after the other, without what is around them, can tell them apart."""
    for name, view in in_turn(pages):
        alike = view.evaluate(
            """() => {
                const leads = {}, told = it => it.textContent.replace(/\\s+/g, ' ').trim();
                for (const it of document.querySelectorAll('main a[href], header a[href]'))
                    (leads[told(it)] ??= new Set()).add(it.getAttribute('href'));
                document.querySelectorAll('main summary').forEach((it, number) =>
                    (leads[told(it)] ??= new Set()).add(number));
                return Object.keys(leads).filter(it => leads[it].size > 1);
            }"""
        )
        assert (name, alike) == (name, []) or "hostile" in name  # people choose equal names


@pytest.mark.browser
def test_forced_colours_keep_what_bars_say_and_reduced_motion_moves_nothing(in_turn, pages):
    some = {name: pages[name] for name in ("report, worked", "customers, some", "reports")}
    for name, view in in_turn(some, forced_colors="active", reduced_motion="reduce"):
        bars = view.evaluate(
            """() => [...document.querySelectorAll('.bar, .column, .swatch, .lines, .sample')]
                .map(it => getComputedStyle(it).forcedColorAdjust)"""
        )
        assert (name, {*bars}) == (name, {"none"})
        assert view.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@pytest.mark.browser
def test_by_keyboard_a_link_leads_past_a_table_with_a_link_in_each_row(in_turn, pages):
    for _, view in in_turn({"accounts": pages["10,000 accounts"]}):
        skip = view.locator(".skip-table")
        skip.focus()
        assert skip.bounding_box()["height"] > 10
        view.keyboard.press("Enter")
        view.keyboard.press("Tab")
        assert view.evaluate("document.activeElement.rel") == "prev"


def test_served_links_go_from_the_page_for_a_folder_with_their_spoken_names():
    page = page_for_folder(render_page(with_findings(), _LINKS), _LINKS)

    assert 'class="served"' not in page
