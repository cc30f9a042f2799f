"""``python dev.py audit``: its output and its exit code."""

from __future__ import annotations

import pytest

import dev
from audit import AuditError, Part, __main__, accepted, licences

SOUND = Part("licences", "78 packages")
LEAK = Part("secrets", "9 files", ("app.py:2: looks like a secret.",))
OPEN = Part("vulnerabilities", unchecked="OSV cannot be reached")


def test_dev_py_gives_it_the_development_environment() -> None:
    assert dev.plan("audit", "--strict") == (dev.DEVELOPMENT, [["audit", "--strict"]])


@pytest.mark.parametrize(
    ("answers", "is_strict", "code"),
    [
        ([SOUND], True, 0),
        ([SOUND, OPEN], False, 0),
        ([SOUND, OPEN], True, 1),
        ([SOUND, LEAK, OPEN], False, 1),
    ],
)
def test_what_is_wrong_fails_and_what_was_not_checked_only_where_that_is_asked_for(
    answers, is_strict, code
) -> None:
    assert __main__.report(answers, is_strict=is_strict) == code


def test_what_was_not_checked_is_printed_with_the_reason_and_never_called_in_order(capsys) -> None:
    __main__.report([SOUND, LEAK, OPEN], is_strict=False)

    assert capsys.readouterr().out.splitlines() == [
        "licences         78 packages",
        "secrets          app.py:2: looks like a secret.",
        "vulnerabilities  NOT CHECKED: OSV cannot be reached",
        "1 wrong in what was checked; NOT CHECKED: vulnerabilities",
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("secrets = [{ file = 'a.py', digest = '0a1b2c3d' }]", "missing required field `reason`"),
        ("vulnerabilities = [{ id = 'CVE-1', reason = 'so' }]", "missing required field `until`"),
        ("licenses = []", "unknown field `licenses`"),
        ("secrets = [", "cannot be read"),
    ],
)
def test_an_exception_without_its_reason_or_its_last_day_is_refused(line, error, tmp_path) -> None:
    file = tmp_path / "accepted.toml"
    given = line.partition(" ")[0]
    empty = ["licences_allowed", "licences", "secrets", "vulnerabilities"]
    file.write_text("\n".join([f"{name} = []" for name in empty if name != given] + [line]))

    with pytest.raises(AuditError, match=error):
        accepted.read(file)


def test_the_page_is_written_on_demand_and_then_up_to_date(tmp_path, monkeypatch, capsys) -> None:
    page = licences.PAGE.read_text(encoding="utf-8")
    copy = tmp_path / "licences.md"
    copy.write_text(page.replace("| jinja2 | 3", "| jinja2 | 2"), encoding="utf-8")
    monkeypatch.setattr(licences, "PAGE", copy)
    monkeypatch.setattr(__main__, "parts", lambda known, _osv: [licences.check(known)])

    assert __main__.main([]) == 1
    assert __main__.main(["--write"]) == 0
    assert copy.read_text(encoding="utf-8") == page
    assert "out of date" in capsys.readouterr().out
