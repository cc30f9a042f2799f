"""The answers of the index, OSV and npm: uv is real, the servers are on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date
from subprocess import CompletedProcess

import pytest

import dev
from audit import accepted, registries
from tests.audit.registry import Registry, serving

TODAY = date(2026, 11, 24)
NOBODY = "http://127.0.0.1:1"
KNOWN = {
    "schema_version": "1.7.0",
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-0001"],
    "modified": "2026-11-01T00:00:00Z",
    "published": "2026-11-01T00:00:00Z",
    "summary": "It runs what it reads",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "weak"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]},
            ],
        }
    ],
}


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Ask a registry about pins; OSV or the index may be elsewhere."""
    monkeypatch.setattr(dev, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(dev, "DEVELOPMENT", tmp_path / "requirements-dev.txt")
    uv = usable_uv()
    monkeypatch.setattr(dev, "find_uv", lambda: uv)
    for name in [name for name in os.environ if name.startswith("UV_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def asking(registry, *pins, known=(), index="", osv=""):
        lines = [f"{pin}==1.0 \\\n    --hash=sha256:{'0' * 64}\n" for pin in pins]
        dev.DEVELOPMENT.write_text("".join(lines))
        with serving(registry) as url:
            monkeypatch.setenv("UV_DEFAULT_INDEX", index or f"{url}/simple")
            return registries.check(accepting(*known), TODAY, osv or url)

    return asking


def usable_uv():
    for name in ("uv", dev.program(dev.UV_VENV, "uv")):
        if uv := shutil.which(name):
            ask = [uv, "audit", "--help"]
            if subprocess.run(ask, capture_output=True, check=False).returncode == 0:
                return uv
    return pytest.skip("there is no uv that can audit")


def accepting(*vulnerabilities):
    return accepted.Accepted([], [], [], list(vulnerabilities))


def until(day):
    return accepted.Vulnerability("CVE-2026-0001", "it is never given anything to read", day)


def test_pins_without_findings_are_in_order_and_every_one_was_asked_about(ask) -> None:
    registry = Registry.of("sound", "whole")

    index, osv = ask(registry, "sound", "whole")

    assert (index.checked, index.wrong, index.unchecked) == (
        "2 pins, all available and none withdrawn",
        (),
        "",
    )
    assert (osv.checked, osv.wrong, osv.unchecked) == ("2 pins, of which OSV knows none", (), "")
    assert sorted(registry.asked) == ["sound", "whole"]


def test_a_known_vulnerability_is_reported_with_the_version_that_fixes_it(ask) -> None:
    _, osv = ask(Registry.of("weak", "sound", vulnerabilities={"weak": KNOWN}), "weak", "sound")

    assert osv.wrong == (
        "weak 1.0: GHSA-aaaa-bbbb-cccc = CVE-2026-0001: It runs what it reads. Fixed in 1.1.",
    )


@pytest.mark.parametrize(("day", "wrong"), [(TODAY, 0), (date(2026, 11, 23), 1)])
def test_an_accepted_vulnerability_is_wrong_again_the_day_after_its_last(day, wrong, ask) -> None:
    registry = Registry.of("weak", vulnerabilities={"weak": KNOWN})

    _, osv = ask(registry, "weak", known=[until(day)])

    was_accepted = (
        "CVE-2026-0001 was accepted until 2026-11-23: it is never given anything to read."
    )
    assert [was_accepted in osv.wrong, len(osv.wrong)] == [bool(wrong), 2 * wrong]


def test_a_withdrawn_version_and_a_project_under_quarantine_are_wrong(ask) -> None:
    registry = Registry.of("old", "bad", quarantined=["bad"], yanked={"old": "it loses data"})

    index, osv = ask(registry, "old", "bad")

    assert index.wrong == ("old==1.0 was withdrawn from the index (it loses data).",)
    assert osv.wrong == ("The index has put bad under quarantine.",)


def test_a_pin_that_the_index_no_longer_has_is_wrong(ask) -> None:
    index, osv = ask(Registry.of("sound"), "sound", "gone")

    assert len(index.wrong) == 1
    assert "gone was not found" in index.wrong[0]
    assert osv.unchecked


def test_if_osv_cannot_be_asked_nothing_is_called_in_order(ask) -> None:
    index, osv = ask(Registry.of("sound"), "sound", osv=NOBODY)

    assert index.checked
    assert (osv.checked, osv.wrong) == ("", ())
    assert "Connection refused" in osv.unchecked


def test_if_the_index_cannot_be_asked_both_questions_stay_open(ask) -> None:
    answers = ask(Registry.of("sound"), "sound", index=f"{NOBODY}/simple")

    assert [(part.checked, part.wrong) for part in answers] == [("", ())] * 2
    assert all(part.unchecked for part in answers)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "an unexpected shape"),
        ("{}", "an unexpected shape"),
        ('{"summary": {"audited_packages": 1}, "vulnerabilities": [{}]}', "an unexpected shape"),
        (
            json.dumps(
                {
                    "summary": {"audited_packages": 1},
                    "vulnerabilities": [],
                    "adverse_statuses": [],
                }
            ),
            "asked about only 1 of the 2 pins",
        ),
    ],
)
def test_an_answer_of_another_shape_or_about_fewer_pins_is_not_accepted(answer, why) -> None:
    osv = registries.of_osv(2, CompletedProcess([], 0, answer, ""), accepting(), TODAY)

    assert (osv.checked, osv.wrong) == ("", ())
    assert why in osv.unchecked


def test_what_npm_knows_of_the_emulator_is_reported_and_a_refusal_is_not_an_answer() -> None:
    found = {"metadata": {"vulnerabilities": {"total": 3}}}
    refusal = {"message": "405 Method Not Allowed - POST https://npm.example", "error": {}}

    known, refused, silent = (
        registries.of_emulator(CompletedProcess([], 1, text, ""))
        for text in (json.dumps(found), json.dumps(refusal), "")
    )

    assert (known.checked[:14], known.unchecked) == ("npm knows 3 vu", "")
    assert (refused.checked, refused.unchecked) == ("", "405 Method Not Allowed")
    assert (silent.checked, silent.unchecked) == ("", "no reason was given")
