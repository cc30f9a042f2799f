"""Licences: what metadata states, what is allowed, and the page of what is deployed."""

from __future__ import annotations

import pytest

import dev
from audit import accepted, licences, pins
from audit.licences import UNKNOWN, Licensed

OSI = "License :: OSI Approved :: "
ALLOWED = accepted.Accepted(["MIT", "Apache-2.0"], [], [], [])


def test_every_package_has_a_licence_that_is_allowed_and_the_page_lists_what_is_deployed() -> None:
    part = licences.check(accepted.read())

    assert part.wrong == ()


def test_the_page_names_every_pin_of_the_product_whatever_python_it_is_for() -> None:
    rows = licences.PAGE.read_text(encoding="utf-8").splitlines()
    listed = [tuple(row.split(" | ")[:2]) for row in rows if row.startswith("| ")][1:]

    assert listed[1:] == [(f"| {pin.name}", pin.version) for pin in pins.read(dev.PRODUCT)]


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        (["apache-2.0 and MIT", f"{OSI}MIT License"], "Apache-2.0 AND MIT"),
        (["PSF-2.0"], "PSF-2.0"),
        (["Apache 2.0"], "Apache-2.0"),
        (["Copyright (c) 2021, all of us", "Topic :: Mail", f"{OSI}MIT License"], "MIT"),
        ([f"{OSI}Mozilla Public License 2.0 (MPL 2.0)"], "MPL-2.0"),
        (["BSD", f"{OSI}BSD License"], UNKNOWN),  # which of them?
        ([], UNKNOWN),
    ],
)
def test_a_licence_is_read_from_the_most_exact_field_there_is(stated, licence) -> None:
    assert licences.stated_licence(stated) == licence


@pytest.mark.parametrize(
    ("licence", "is_refused"),
    [
        ("MIT", False),
        ("(MIT OR Apache-2.0) AND MIT", False),
        ("MIT OR GPL-3.0-only", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        (UNKNOWN, True),
    ],
)
def test_every_licence_that_a_package_names_has_to_be_allowed(licence, is_refused) -> None:
    refused = licences.refused([Licensed("one", "1.0", licence)], ALLOWED)

    assert bool(refused) == is_refused
    assert all(f"one 1.0: the licence is {licence}" in sentence for sentence in refused)


def test_a_page_that_is_out_of_date_is_reported_with_the_command_that_renews_it(
    tmp_path, monkeypatch
) -> None:
    text = licences.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(licences, "PAGE", tmp_path / "licences.md")
    licences.PAGE.write_text(text.replace("| jinja2 | 3", "| jinja2 | 2"), encoding="utf-8")

    wrong = licences.check(accepted.read()).wrong

    assert wrong == ("docs/licences.md is out of date: run python dev.py audit --write.",)


def test_the_licence_of_a_package_for_another_python_is_read_from_the_page_or_unknown(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(dev, "PRODUCT", tmp_path / "requirements.txt")
    monkeypatch.setattr(licences, "PAGE", tmp_path / "licences.md")
    dev.PRODUCT.write_text("elsewhere==1.0\nnowhere==1.0\n")
    licences.PAGE.write_text(licences.page([Licensed("elsewhere", "1.0", "MIT")]))

    assert licences.of_deployed(ALLOWED) == [
        Licensed("elsewhere", "1.0", "MIT"),
        Licensed("nowhere", "1.0", UNKNOWN),
    ]


def test_a_licence_stated_for_a_package_that_is_not_used_is_wrong() -> None:
    known = accepted.read()
    known.licences.append(accepted.Licence("nowhere", "MIT", "its README"))

    assert licences.check(known).wrong == (
        "audit/accepted.toml states the licence of nowhere, which is not used.",
    )
