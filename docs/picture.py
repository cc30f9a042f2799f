"""
The picture in the README, made by the project itself: ``python dev.py test`` once, then this.

It plays the demo in a folder of its own and takes the page's head with the machine's own Chromium.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from shared.cli.local_host import LocalHost
from shared.clock import utc_now
from simulator.demo import demo_settings, play, simulated_service

PICTURE = Path(__file__).parent / "report.png"
WIDTH, HEIGHT = 1200, 1560  #: CSS pixels: from the verdict to the first split of what is missing


def main() -> None:
    """Play, open, photograph."""
    import function_app

    with TemporaryDirectory() as folder:
        settings = demo_settings(Path(folder), "")
        with simulated_service(settings, utc_now) as service:
            play(LocalHost(function_app.app, settings, now=utc_now))
            newest = service.store.latest_ending(service.partner_id) or service.today
            page = service.store.report_file(service.partner_id, newest, "report.html")
        (Path(folder) / "report.html").write_bytes(page.content if page else b"")
        photograph(Path(folder) / "report.html")


def photograph(page: Path) -> None:
    """Take the top of a page, as a reader's screen shows it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.goto(page.as_uri())
        view.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
