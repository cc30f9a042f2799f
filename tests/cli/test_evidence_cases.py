"""Numbered cases in which a figure once looked better than what is known; skipped without them."""

from __future__ import annotations

import json

import pytest

from shared.cli.main import main


@pytest.fixture
def analyzed(cases, tmp_path, capsys):
    """Analyze a file of a case whose days are complete; the report, the page and what was said."""

    def run(path):
        options = ["--ending", "2026-11-20", "--since", "2026-11-14", "--out", str(tmp_path)]
        assert main(["analyze", str(cases / path), *options]) == 0
        page = (tmp_path / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
        assert "At 100 %" not in page
        report = json.loads((tmp_path / "report.json").read_bytes())
        return report, page, capsys.readouterr().err

    return run


@pytest.mark.parametrize("name", ["signins-v1.json", "kql-project.csv"])
def test_records_that_cannot_show_a_single_factor_have_no_share(analyzed, name) -> None:
    report, _, said = analyzed(f"02-v1-records-read-100/{name}")

    assert report["metrics"]["portal"]["share"] is None
    assert report["metrics"]["portal"]["provisional_share"] is None
    assert "records-cannot-show" in [finding["id"] for finding in report["findings"]]
    assert "at least 20 %, at most 100 %" in said


def test_unknown_requests_bound_the_api_figure_and_are_a_finding(analyzed) -> None:
    report, page, said = analyzed("03-api-unknown-headline-100/signins.json.gz")

    api = report["metrics"]["api"]
    assert (api["share_lower"], api["share_upper"], api["unknown"]) == (0.39, 1.0, 427)
    assert "At least 39 % and at most 100 % of 700 API or SDK requests were made with MFA" in page
    assert "Nothing is missing" not in page
    assert "at least 39 %, at most 100 %" in said
    [found] = [each for each in report["findings"] if each["id"] == "applications-unknown"]
    assert found["subjects"] == ["Contoso Billing Sync (427 requests)"]


def test_interactive_sign_ins_alone_say_nothing_about_the_api(analyzed) -> None:
    report, page, said = analyzed("05-interactive-only-says-no-api/interactive-7-days.json")

    assert report["metrics"]["api"]["share"] is None
    assert report["window"]["coverage"]["non_interactive"] == []
    assert [day["api"] for day in report["days"]] == [None] * 7
    assert "the log of non-interactive sign-ins is missing" in page
    assert "no API or SDK request was made" not in page
    assert "non-interactive sign-ins 0 of 7" in said
