"""A real browser for pages and mails."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.delivery.opened import Opened


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


@pytest.fixture
def opened(browser):
    """Opens pages, each in its own context."""
    contexts = []

    def open_page(html: str, **context) -> Opened:
        made = Opened(browser, html, **context)
        contexts.append(made.context)
        return made

    yield open_page
    for context in contexts:
        context.close()
