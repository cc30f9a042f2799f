"""A page in a browser, with its complaints and requests."""

from __future__ import annotations

ADDRESS = "http://report.test/reports/report.html"
PHONE = {"viewport": {"width": 360, "height": 740}}
DESK = {"viewport": {"width": 1280, "height": 900}}


class Opened:
    """A page opened at `ADDRESS`; requests for anything else are aborted."""

    def __init__(self, browser, html: str, **context) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.route("**/*", lambda route: self._answer(route, html))
        self.page.goto(ADDRESS)

    def _answer(self, route, html: str) -> None:
        self.requests.append(route.request.url)
        if route.request.url == ADDRESS:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    def overhangs(self):
        """By how many pixels the page, and each scrolling table, is too wide."""
        return self.page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.scrolling')]"
            ".map(it => it.scrollWidth - it.clientWidth)"
        )
