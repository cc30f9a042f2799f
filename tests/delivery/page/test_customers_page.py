"""The customers' page: none is missing, nothing runs, and 3,000 customers fit."""

from __future__ import annotations

import re

import pytest

from shared.delivery.files.customers import Customers, customer_notes
from shared.delivery.files.directory_rows import customer_rows
from shared.delivery.page.customers_page import COMMANDS, render_customers
from shared.delivery.page.table import PAGE_ROWS, PageContext, Query
from shared.errors import DamagedError
from shared.mfa.accounts.directory import Customer, CustomerMfa
from shared.mfa.assessment import ReportMeta
from tests.delivery.opened import DESK, PHONE, View
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE

TENANT = "cccccccc-0000-4000-8000-00000000000c"
READ_AT = "2026-11-24T02:00:00Z"
COLUMNS = [
    *("Customer", "Admins with MFA enabled", "Non-admins with MFA enabled", "Total Users"),
    *("Status", "How it is enforced", "In the customer’s tenant"),  # noqa: RUF001
]


def guid(number):
    return f"00000000-0000-4000-8000-{number:012}"


def customer(number, name, *counts, ways=("disabled", "enabled", None)):
    mfa = CustomerMfa(*counts, *ways) if counts else None
    return Customer(tenant_id=guid(number), display_name=name, mfa=mfa)


SOME = [
    customer(1, "Adatum", 2, 8, 10),
    customer(2, "Bellows", 1, 3, 10),
    customer(3, "Contoso"),
    customer(4, "Datum", 0, 0, 4),
    customer(5, None, 1, 4, 5),
    customer(6, "Empty", 0, 0, 0),
    customer(7, "Fabrikam", 1, None, 5),
]


def customers(*listed, read_at=READ_AT):
    return Customers.of(TENANT, read_at, customer_rows(listed or SOME, read_at))


def html(*listed, source="graph", base="/api", notes=(), **asked):
    meta = ReportMeta(TENANT, "Northwind Cloud", source, "2026-11-24T02:15:00Z")
    return render_customers(customers(*listed), meta, PageContext(base, notes, Query(**asked)))


def rows(made):
    """The cells of the table as text, without the header."""
    body = made.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in body.split("</tr>")
    ][:-1]


def test_the_verdict_counts_every_customer_and_says_of_how_many_nothing_is_known():
    assert customers().headline() == "2 of 7 customers have MFA for all users; 2 not known."
    assert customers(SOME[0]).headline() == "1 of 1 customer has MFA for all users."
    assert customers(SOME[1]).headline() == "0 of 1 customer has MFA for all users."
    assert Customers(TENANT, READ_AT, []).headline() == "There are no customers."


def test_the_table_has_partner_center_s_columns_and_every_customer_worst_first():
    made = Page(html())

    heads = re.findall(r'<th scope="col">(?:<a [^>]+>)?([^<]+)<', html())
    assert heads == COLUMNS
    assert re.findall(r'<th scope="row"><a [^>]+><(?:bdi|i)>([^<]+)', html()) == [
        *("Contoso", "Fabrikam", "Datum", "Bellows", "name not known", "Adatum", "Empty")
    ]
    assert "As of unknown Read 24 November 2026, 02:00 UTC" in made.text
    assert "Customers of Northwind Cloud" in made.text


def test_a_customer_without_a_name_is_told_by_its_id_once():
    [row] = rows(html(customer(5, None, 1, 4, 5)))

    assert row.startswith(f"name not known {guid(5)} 1 4 5")
    assert row.partition("Manage")[0].count(guid(5)) == 1


def test_what_is_not_known_says_so_and_is_not_a_zero():
    contoso, fabrikam = rows(html())[:2]

    assert contoso.count("not known") == 6
    assert "Not known" in contoso
    assert "1 not known 5 Not known" in fabrikam
    assert " 0 " not in contoso


def test_the_summary_bar_says_every_kind_in_words():
    text = Page(html()).text

    for part in (
        *("2 with MFA for all users", "1 for some users", "1 for no user", "1 without users"),
        "2 not known",
    ):
        assert part in text


def test_what_enforces_it_is_told_in_words_graph_s_own_where_they_are_new():
    [row] = rows(html(customer(1, "Adatum", 2, 8, 10, ways=("enabled", "disabled", "partly<b>"))))

    methods = "Security defaults on Conditional access off Per-user MFA partly&lt;b&gt;"
    assert methods in row


def test_every_row_has_the_three_commands_in_its_customer_s_own_tenant():
    links = [link["href"] or "" for link in Page(html()).all("a")]

    for number in range(1, 8):
        mine = [link for link in links if guid(number) in link]
        prefix = f"https://entra.microsoft.com/{guid(number)}/#view/"
        own = f"/api/customers/{guid(number)}"
        assert mine == [own, *(prefix + view for view in COMMANDS.values())]
    assert "/customers/" not in html(base="")


def test_each_command_names_its_customer_for_who_hears_the_links_alone():
    made = html(SOME[0], SOME[4])

    for command in COMMANDS:
        assert f'>{command}<span class="spoken"> of Adatum</span></a>' in made
        assert f'>{command}<span class="spoken"> of the customer {guid(5)}</span></a>' in made


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_or_id_stays_text_and_makes_no_link(name):
    attack = Customer(name, name, CustomerMfa(1, 2, 3, name, name, name))
    made = html(attack, search=name[:100], notes=[name])
    page = Page(made)

    assert not [tag for tag, _ in page.elements if tag in ("script", "img", "b", "iframe")]
    assert not [link for link in page.all("a") if "entra" in (link["href"] or "")]
    assert not [link for link in page.all("a") if "evil" in (link["href"] or "").partition("?")[0]]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x1b]", made)
    assert len(page.all("input")) == 1
    assert page.all("form") == [{"class": "tools", "method": "get", "role": "search"}]


def test_the_page_loads_nothing_runs_nothing_and_may_send_its_form_to_its_own_host_only():
    made = html()
    page = Page(made)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', made)

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert made.index("Content-Security-Policy") < 1000
    assert not [name for _, has in page.elements for name in has if name.startswith("on")]
    assert {link["href"][:5] for link in page.all("link") if link["href"]} == {"data:"}


def test_ids_are_unique_and_equal_customers_give_equal_pages():
    ids = [attributes["id"] for _, attributes in Page(html()).elements if "id" in attributes]

    assert len(ids) == len(set(ids))
    assert html() == html()


def test_a_search_lists_what_matches_and_leaves_the_verdict_alone():
    made = html(search="dAtUm")

    assert [row.split()[0] for row in rows(made)] == ["Datum", "Adatum"]
    assert "2 of 7 customers have MFA for all users; 2 not known." in made
    assert "2 customers of 7 with “<bdi>dAtUm</bdi>” in their name or tenant id." in made
    assert 'href="/api/customers.csv?search=dAtUm"' in made
    assert 'value="dAtUm"' in made
    assert rows(html(search=guid(3)))[0].startswith("Contoso")
    assert "No customer matches." in html(search="nobody")


def test_customers_are_read_back_from_their_json_as_they_were():
    made = customers()

    assert Customers.from_json(made.to_json()) == made
    assert customers(read_at="").as_of is None
    with pytest.raises(DamagedError, match="cannot be read"):
        Customers.from_json(b"{}")


def test_notes_about_customers_are_told_and_others_are_not():
    notes = {"groups": "Groups were not read.", "customerInsights": "Figures were not read."}

    assert customer_notes(notes) == ["Figures were not read."]
    assert "Figures were not read." in html(notes=customer_notes(notes))


def test_simulated_customers_are_said_to_be_simulated():
    assert "No customer here is real." in html(source="simulated")
    assert "Simulated" not in html()


MANY = [
    customer(number, f"Customer {number} Ltd", number % 4, number % 90, 100)
    for number in range(3000)
]


def test_three_thousand_customers_are_shown_a_hundred_a_page_in_less_than_300_kilobytes():
    made = html(*MANY)

    assert len(made.encode()) < 300_000
    assert len(rows(made)) == PAGE_ROWS
    assert made.count("/#view/") == 3 * PAGE_ROWS
    assert "Page 1 of 30" in made
    assert 'rel="next" href="?page=2"' in made
    assert 'rel="prev"' not in made


def test_the_last_page_has_the_rest_and_keeps_what_was_asked_for():
    made = html(*MANY[:250], page=3, sort="-customer", filters={"conditional_access": "enabled"})

    assert len(rows(made)) == 50
    assert rows(made)[-1].startswith("Customer 0 Ltd")
    assert 'rel="prev" href="?conditional_access=enabled&amp;sort=-customer&amp;page=2"' in made
    assert 'rel="next"' not in made


def test_totals_are_those_of_all_customers_whose_figures_are_known():
    text = Page(html(search="adatum")).text

    assert "The 5 customers of 7 whose figures are known 4 15 29" in text


def test_in_a_folder_the_page_has_no_form_and_says_where_the_rest_is():
    made = html(*MANY, base="")

    assert "<form" not in made
    assert 'href="?' not in made
    assert "The first 100 of 3,000, worst first" in Page(made).text
    assert 'href="customers.csv"' in made


def test_it_says_which_role_each_command_takes_and_that_disabled_accounts_count():
    text = Page(html()).text

    assert "Security Administrator at least" in text
    assert "Microsoft’s figures count disabled accounts, too" in text  # noqa: RUF001


LOOKS = {
    "some": lambda: html(notes=["The customers' names were not read: denied."]),
    "searched": lambda: html(search="datum", sort="-total_users"),
    "many": lambda: html(*MANY[:250], page=2),
    "nobody": lambda: html(search="nobody", source="simulated"),
    "hostile": lambda: html(*(Customer(guid(9), name, CustomerMfa(1, 2, 3)) for name in HOSTILE)),
}


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", [{"viewport": {"width": 320, "height": 700}}, PHONE, DESK])
def test_the_page_never_scrolls_sideways_and_the_browser_has_no_complaint(opened, look, screen):
    made = opened(LOOKS[look](), **screen)

    assert max(made.overhangs()) <= 0
    assert made.complaints == []
    assert len(made.requests) == 1


@pytest.mark.browser
def test_a_search_is_sent_without_a_script_to_where_the_page_is(browser):
    made = View(browser.new_page(java_script_enabled=False)).show(html())
    made.page.get_by_role("searchbox").fill("datum & co")
    made.page.get_by_label("Status").select_option("No user with MFA")

    with made.page.expect_request("**search**") as sent:
        made.page.get_by_role("button", name="Show").click(no_wait_after=True)

    assert "report.html?search=datum+%26+co&status=none&" in sent.value.url
