"""
Make the picture in the README; run ``python dev.py test`` once before, to install what it needs.

It plays the demo in a temporary folder and takes a picture of the page's top with Chromium.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from shared.cli.local_host import LocalHost
from shared.clock import utc_now
from simulator.demo import demo_settings, play, simulated_service
from simulator.history import play_history

PICTURE = Path(__file__).parent / "report.png"
WIDTH, HEIGHT = 1200, 1560  #: CSS pixels: from the verdict to the end of the three figures


def main() -> None:
    """Play the demo and take the picture."""
    import function_app

    with TemporaryDirectory() as folder:
        settings = demo_settings(Path(folder), "")
        with simulated_service(settings, utc_now) as service:
            play_history(service.partner, service.today - timedelta(days=1))
            play(LocalHost(function_app.app, settings, now=utc_now))
            newest = service.store.latest_ending(service.partner_id) or service.today
            page = service.store.report_file(service.partner_id, newest, "report.html")
        (Path(folder) / "report.html").write_bytes(page.content if page else b"")
        photograph(Path(folder) / "report.html")


def photograph(page: Path) -> None:
    """Take a picture of the top of a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.goto(page.as_uri())
        view.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
