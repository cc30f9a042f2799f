"""What SECURITY.md and docs/deploy.md promise, checked against what exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

from shared.mfa.permissions import FIGURES, NEEDS

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
DEPLOY = (ROOT / "docs" / "deploy.md").read_text("utf-8")


def rows(page):
    """The cells of every line of a table."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def anchors(page):
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_test_that_the_security_page_names_exists() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    existing = set(re.findall(r"def (test_\w+)\(", "".join(sources)))

    named = set(re.findall(r"`(test_\w+)`", SECURITY))

    assert len(named) > 40
    assert named - existing == set()


def test_every_threat_says_what_protects_against_it_and_which_test_shows_it() -> None:
    threats = [row for row in rows(SECURITY) if row[0] not in ("Who, how", "---")]

    assert len(threats) > 20
    for threat in threats:
        assert len(threat) == 3, threat
        assert threat[2] == "-" or "`test_" in threat[2], threat


def test_the_deployment_page_names_the_permissions_that_each_figure_needs() -> None:
    roles = {row[0].split("`")[1]: row[1] for row in rows(DEPLOY) if row[0].split("`")[1:]}

    for figure in FIGURES:
        needed = {need.role for need in NEEDS if need.figure == figure}
        assert set(re.findall(r"[\w-]+\.[\w.]+", roles[figure])) == needed


def test_the_deployment_page_names_every_app_role() -> None:
    roles = json.loads((ROOT / "infra" / "app-roles.json").read_bytes())

    for role in roles:
        assert f"| `{role['value']}` |" in DEPLOY


def test_the_deployment_page_names_only_outputs_and_variables_that_exist() -> None:
    main = (ROOT / "infra" / "main.bicep").read_text("utf-8")
    given = (ROOT / "infra" / "main.parameters.json").read_text("utf-8")
    outputs = set(re.findall(r"^output (\w+)", main, re.MULTILINE))

    asked = set(re.findall(r"azd env get-value ([A-Z_]+)", DEPLOY)) - {"NAME"}
    assert asked <= outputs
    assert {"IDENTITY_PRINCIPAL_ID", "IDENTITY_CLIENT_ID", "REPORT_URL"} <= outputs
    variables = set(re.findall(r"\$\{(\w+)\}", given))
    assert set(re.findall(r"azd env set (\w+)", DEPLOY)) <= variables


def test_links_between_the_two_pages_lead_somewhere() -> None:
    pages = {ROOT / "docs" / "deploy.md": DEPLOY, ROOT / "SECURITY.md": SECURITY}
    links = [
        (page.parent / path if path else page, anchor)
        for page, text in pages.items()
        for path, anchor in re.findall(r"\]\((?!https)([^)#]*)#([^)]*)\)", text)
    ]

    assert links
    for path, anchor in links:
        assert anchor in anchors(path.read_text("utf-8")), (path, anchor)


def test_the_arithmetic_of_the_costs_adds_up() -> None:
    numbers = {
        row[0]: [float(cell.split("=")[-1].strip(" *$").replace(",", "")) for cell in row[1:]]
        for row in rows(DEPLOY)
        if len(row) == 4 and re.search(r"\d[* ]*$", row[-1])
    }
    names = list(numbers)
    of_a_day = [numbers[name] for name in names[: names.index("**sum**")]]
    dollars_of = [numbers[n] for n in names[names.index("execution") : names.index("**about**")]]

    assert len(of_a_day) == len(dollars_of) == 6
    seconds = [sum(column) for column in zip(*of_a_day, strict=True)]
    assert seconds == numbers["**sum**"]
    gb_seconds = [each * gb * 30 for each, gb in zip(seconds, (2, 2, 4), strict=True)]
    assert gb_seconds == next(n for name, n in numbers.items() if "2 GB" in name)
    dollars = [round(max(0, each - 100_000) * 0.000026, 2) for each in gb_seconds]
    assert dollars == numbers["execution"]
    totals = [round(sum(column), 2) for column in zip(*dollars_of, strict=True)]
    assert totals == numbers["**about**"]
