"""A page in a browser, with its complaints and requests."""

from __future__ import annotations

ADDRESS = "http://report.test/reports/report.html"
PHONE = {"viewport": {"width": 360, "height": 740}}
DESK = {"viewport": {"width": 1280, "height": 900}}


class View:
    """Shows one page after the other at `ADDRESS`; requests for anything else are aborted."""

    def __init__(self, page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._html = ""
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.route("**/*", self._answer)

    def show(self, html: str, *, viewport=DESK["viewport"], color_scheme="light") -> View:
        """Show a page, of which nothing else has been asked yet."""
        self._html, self.complaints, self.requests = html, [], []
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(media="null", color_scheme=color_scheme)
        self.page.goto(ADDRESS)
        return self

    def overhangs(self):
        """By how many pixels the page, and each scrolling table, is too wide."""
        return self.page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.scrolling')]"
            ".map(it => it.scrollWidth - it.clientWidth)"
        )

    def _answer(self, route) -> None:
        self.requests.append(route.request.url)
        if route.request.url == ADDRESS:
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8")
        else:
            route.abort()
