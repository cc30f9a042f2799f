"""What browsers get in place of a problem, and what no address takes."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from shared.errors import StoreError
from shared.service.http.answers import RefusedError, answered, json_answer, problem
from shared.service.http.people import favicon, for_reader, robots
from shared.service.http.search import expect_parameters
from tests.delivery.parsed import Page

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SENTENCE = "There is no report of this tenant yet."


def test_a_browser_gets_the_same_sentence_as_a_page_that_leads_on() -> None:
    answer = for_reader(problem(HTTPStatus.NOT_FOUND, SENTENCE, {"Retry-After": "60"}), BROWSER)
    page = Page(answer.body.decode())

    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert SENTENCE in page.text
    assert [link["href"] for link in page.all("a")] == ["/api/report", "/api/"]
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "accept",
    [None, "", "*/*", "application/json", "text/html;q=0", "text/html; q=0.0,*/*", "text/htmlx"],
)
def test_a_program_gets_the_problem(accept) -> None:
    made = problem(HTTPStatus.NOT_FOUND, SENTENCE)

    assert for_reader(made, {"accept": accept} if accept is not None else {}) is made


def test_what_is_not_a_problem_stays_as_it_is() -> None:
    made = json_answer(HTTPStatus.OK, {"detail": "x"})

    assert for_reader(made, BROWSER) is made


def test_a_page_says_no_more_than_the_problem() -> None:
    def fail():
        raise StoreError("https://stsecret.blob.example does not answer")

    page = for_reader(answered(fail), BROWSER)

    assert page.status == 503
    assert b"stsecret" not in page.body


def test_a_sentence_stays_text() -> None:
    page = for_reader(problem(HTTPStatus.BAD_REQUEST, "<script>alert(1)</script>\u202e"), BROWSER)

    assert b"&lt;script&gt;" in page.body
    assert "\u202e" not in page.body.decode()


def test_an_address_that_takes_no_parameters_says_so() -> None:
    for expected, words in ((), "none"), (("code",), "code"):
        with pytest.raises(RefusedError, match=f"parameter in the address; expected {words}"):
            expect_parameters({"search": "x"}, expected)
    expect_parameters({})
    expect_parameters({"code": "x"}, ("code",))


def test_search_engines_are_kept_out_and_the_icon_may_be_kept() -> None:
    assert robots().body == b"User-agent: *\nDisallow: /\n"
    assert favicon().headers["Content-Type"] == "image/svg+xml"
    for answer in (robots(), favicon(), problem(HTTPStatus.NOT_FOUND, SENTENCE)):
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
