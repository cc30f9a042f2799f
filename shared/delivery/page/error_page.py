"""A refusal or an error as a page."""

from __future__ import annotations

from shared.delivery.page.report_page import environment, look


def render_error(status: int, heading: str, sentence: str, base: str) -> str:
    """Render it; `base` is the path below which the HTTP functions are."""
    return (
        environment()
        .get_template("error.html")
        .render(status=status, heading=heading, sentence=sentence, base=base, **look("details.css"))
    )
