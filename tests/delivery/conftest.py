"""A real browser for pages and mails."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.delivery.opened import View


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium on this machine (set CHROMIUM to one)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program)
        yield running
        running.close()


@pytest.fixture(scope="module")
def view(browser):
    """One page for all tests of a file: to make another takes longer than to show it."""
    return View(browser.new_page())


@pytest.fixture
def opened(view):
    """Opens a page, instead of the one before."""
    return view.show
