"""The six common issues of the mandate page, where they apply."""

from __future__ import annotations

import re

import pytest

from dev import ROOT
from shared.mfa.common_issues import COMMON_ISSUES, issue_of
from shared.mfa.findings.catalogue import CATALOGUE, page_of


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_there_are_six_and_each_is_answered_with_no_and_a_reason() -> None:
    assert [issue.number for issue in COMMON_ISSUES] == [1, 2, 3, 4, 5, 6]
    for issue in COMMON_ISSUES:
        assert issue.question.endswith("?")
        assert issue.answer.startswith("No, because ")


@pytest.mark.parametrize("issue", COMMON_ISSUES, ids=lambda issue: str(issue.number))
def test_each_is_answered_on_the_page_of_every_finding_that_raises_it(issue) -> None:
    assert issue.findings
    for finding_id in issue.findings:
        page = words((ROOT / page_of(finding_id)).read_text("utf-8"))
        assert finding_id in CATALOGUE
        assert issue_of(finding_id) == issue
        assert f"*{issue.question}* {issue.answer}" in page


def test_the_mandates_page_has_all_of_them() -> None:
    page = (ROOT / "docs" / "mandate.md").read_text("utf-8")

    for issue in COMMON_ISSUES:
        row = next(line for line in page.splitlines() if line.startswith(f"| {issue.number} |"))
        assert f"| {issue.question} | {issue.answer} |" in row
        assert all(f"(findings/{finding}.md)" in row for finding in issue.findings)


def test_a_finding_that_raises_none_has_none() -> None:
    assert issue_of("remembered-device") is None
