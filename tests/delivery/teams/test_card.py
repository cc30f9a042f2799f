"""What the card in the Teams channel says, and that no name can turn into anything but text."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.teams.card import render_card
from shared.delivery.text.digest import report_digest
from shared.errors import BadSettingError
from shared.mfa.metrics import AccountMetrics
from shared.mfa.window import MissingDay
from tests.delivery.mail.mail_making import PUBLIC_URL, plain, yesterday
from tests.delivery.making import DAYS, finding, report, worked_portal
from tests.delivery.scenarios import (
    HOSTILE,
    SCENARIOS,
    a_missing_day,
    all_green,
    many,
    with_findings,
    worked_examples,
)

LIMIT_BYTES = 28_000
DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
LONGEST = ["W" * 10_000, "<" * 10_000, "a.bc " * 2_000, "\U0001f512" * 10_000, '"' * 10_000]

BLOCK = {"type", "inlines", "spacing"}
RUN = {"type", "text", "size", "weight", "color", "isSubtle"}
CHOICES: dict[str, set[object]] = {
    "spacing": {"none", "small"},
    "size": {"large"},
    "weight": {"bolder"},
    "color": {"good", "attention", "warning"},
    "isSubtle": {True},
}


def card_of(made, earlier=None, public_url=PUBLIC_URL) -> Any:
    """The card inside the message, which has to be what a workflow waits for."""
    message = json.loads(render_card(made, earlier, public_url))
    assert set(message) == {"type", "attachments"}
    assert message["type"] == "message"
    [attachment] = message["attachments"]
    assert set(attachment) == {"contentType", "contentUrl", "content"}
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    return attachment["content"]


def lines(made, *others) -> list[str]:
    """Each block's text."""
    return [
        plain("".join(run["text"] for run in block["inlines"]))
        for block in card_of(made, *others)["body"]
    ]


def line(made, start, *others) -> str:
    [found] = [text for text in lines(made, *others) if text.startswith(start)]
    return found


def check_schema(card) -> None:
    """The main rules of Adaptive Cards 1.4 (its schema.json), and no part that we do not use."""
    assert set(card) <= {"type", "$schema", "version", "lang", "body", "actions"}
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
    assert card["body"]
    for block in card["body"]:
        assert block["type"] == "RichTextBlock", "TextBlocks render Markdown"
        assert set(block) <= BLOCK
        assert block["inlines"]
        for run in block["inlines"]:
            assert run["type"] == "TextRun"
            assert set(run) <= RUN, "no selectAction: it would be a link"
            assert isinstance(run["text"], str)
            assert run["text"]
        for part in (block, *block["inlines"]):
            assert all(part[name] in CHOICES[name] for name in set(part) & set(CHOICES))
    for action in card.get("actions", []):
        assert set(action) == {"type", "title", "url"}
        assert action["type"] == "Action.OpenUrl"


def named(name):
    """A report whose every name that gets near the card is this one."""
    base = msgspec.structs.replace(
        with_findings(),
        tenant_name=name,
        source=name,
        generated_at=name,
        findings=[finding(title=name, cause=name, subjects=[name])] * 5,
    )
    gap = [MissingDay(DAYS[2], name)]
    return msgspec.structs.replace(base, window=msgspec.structs.replace(base.window, missing=gap))


# What it says


def test_the_card_names_the_tenant_and_the_days() -> None:
    texts = lines(worked_examples())

    assert texts[:3] == [
        "Partner Center MFA status",
        "Fabrikam Cloud Services",
        "17–23 November 2026 (UTC). Newest day read: 23 November 2026.",
    ]


def test_the_card_uses_the_words_of_the_mail() -> None:
    for scenario in SCENARIOS.values():
        digest = report_digest(scenario(), yesterday(), PUBLIC_URL)
        texts = lines(scenario(), yesterday())

        assert plain(digest.headline) in texts
        assert plain(digest.completeness) in texts
        for figure in digest.figures:
            assert any(plain(f"{figure.title}: {figure.share}") in text for text in texts)


def test_the_three_figures_are_shown_with_their_changes() -> None:
    texts = lines(worked_examples(), yesterday())

    assert "Portal requests with MFA: 20 % (−5 points since 22 Nov)" in texts
    assert "API or SDK requests with MFA: 40 % (unchanged since 22 Nov)" in texts
    assert "Enabled accounts with MFA enforced: 90 % (+5 points since 22 Nov)" in texts


def test_an_unknown_figure_is_unknown_and_neither_green_nor_zero() -> None:
    made = a_missing_day()

    assert line(made, "Portal") == "Portal requests with MFA: unknown"
    assert line(made, "API") == "API or SDK requests with MFA: unknown"
    assert line(made, "Enabled") == "Enabled accounts with MFA enforced: not read"
    assert "21 November 2026" in line(made, "6 of 7 days are complete.")
    shares = [block["inlines"][1] for block in card_of(made)["body"] if len(block["inlines"]) > 1]
    assert [share["color"] for share in shares] == ["warning"] * 3


def test_green_is_for_100_percent_alone() -> None:
    for made, color in ((all_green(), "good"), (worked_examples(), "attention")):
        runs = [run for block in card_of(made)["body"] for run in block["inlines"]]

        assert {run["color"] for run in runs if "color" in run} == {color}


def test_accounts_that_could_not_be_judged_make_it_at_least() -> None:
    accounts = AccountMetrics(10, 0, 8, 0, 1, 1, 0.8, 0.9)

    assert line(report(accounts=accounts), "Enabled").endswith(": at least 80 %, at most 90 %")


def test_the_newest_day_is_the_last_that_was_read() -> None:
    late = report(*worked_portal(), missing=dict.fromkeys(DAYS[5:], "throttled"))
    never = report(missing=dict.fromkeys(DAYS, "throttled"))

    assert "Newest day read: 21 November 2026." in line(late, "17–23 November")
    assert "No day was read." in line(never, "17–23 November")


def test_three_findings_are_named_and_the_others_counted() -> None:
    five = [finding(title=f"Title {number}") for number in range(5)]
    made = msgspec.structs.replace(worked_examples(), findings=five)

    texts = ["5 findings", "Title 0", "Title 1", "Title 2", "And 2 more findings in the report."]
    assert lines(made)[-5:] == texts
    assert lines(with_findings())[-2:] == [found.title for found in with_findings().findings]
    assert not any("finding" in text for text in lines(worked_examples()))


def test_the_button_leads_to_the_report_where_its_address_is_known() -> None:
    [button] = card_of(worked_examples(), public_url="https://mfa.example/partner/")["actions"]

    assert button["title"] == "Open the report"
    assert button["url"] == "https://mfa.example/partner/api/report"
    assert "actions" not in card_of(worked_examples(), public_url=None)
    with pytest.raises(BadSettingError, match="PUBLIC_URL"):
        render_card(worked_examples(), None, "javascript:alert(1)")


def test_a_simulated_report_says_so() -> None:
    assert lines(many())[0] == "[Simulated] Partner Center MFA status"


def test_the_same_report_makes_the_same_card() -> None:
    made = [render_card(with_findings(), yesterday(), PUBLIC_URL) for _ in range(2)]

    assert made[0] == made[1]


# What it does not name


def test_no_account_application_or_address_is_in_the_card() -> None:
    for made in (worked_examples(), with_findings(), many(users=20, apps=7)):
        texts = "\n".join(lines(made, yesterday()))

        assert "@" not in texts
        for secret in ("203.0.113.7", "Agent", "agent", "Adele", "Control Panel", "CloudBlue"):
            assert secret not in texts


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("ann@contoso.example", "(address)"),
        ("ann_fabrikam.com#EXT#@contoso.example is here", "(address) is here"),
        ("from 203.0.113.7.", "from (address)."),
        ("from 2001:db8::1 and ::1", "from (address) and (address)"),
        ("from 2001:db8:0:0:0:0:0:1", "from (address)"),
        ("at 08:15:00, 3:1, 2.0.1", "at 08:15:00, 3:1, 2.0.1"),
    ],
)
def test_what_identifies_somebody_is_left_out_of_titles(given, printed) -> None:
    made = msgspec.structs.replace(worked_examples(), findings=[finding(title=given)])

    assert lines(made)[-1] == printed


# What names cannot do


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("[click](https://evil.example)", "[click](https[:]//evil[.]example)"),
        ("[click](javascript:alert(1))", "[click](javascript:alert(1))"),
        ("**bold** _italic_\r- list", "**bold** _italic_[U+000D]- list"),
        ("<at>everyone</at>", "[<]at>everyone[<]/at>"),
        ("<at id='0'>ann@contoso.example</at>", "[<]at (address)"),
        ("{{DATE(2026-11-23T08:15:00Z)}}", "[{][{]DATE(2026-11-23T08:15:00Z)}}"),
        ("${secret}", "$[{]secret}"),
        ("\u202egpj.exe\u2066", "[U+202E]gpj[.]exe[U+2066]"),
        ("line\nbreak\u2028", "line[U+000A]break[U+2028]"),
        pytest.param("W" * 10_000, "W" * 119 + "…", id="long"),
        (" ", "6e6aef4a-4ca9-40a8-b5bf-b53a1923c540"),
    ],
)
def test_a_name_is_shown_as_text(name, printed) -> None:
    made = msgspec.structs.replace(worked_examples(), tenant_name=name)

    assert lines(made)[1] == printed
    check_schema(card_of(made))


def check_harmless(card) -> None:
    check_schema(card)
    assert "msteams" not in json.dumps(card), "mentions need entities there"
    for block in card["body"]:
        for run in block["inlines"]:
            assert not DANGEROUS.search(run["text"])
            assert not re.search(r"[<{](?!\])", run["text"])
            assert "://" not in run["text"]
            assert not re.search(r"\S@\S", run["text"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_report_makes_a_card_that_teams_accepts(name) -> None:
    made = SCENARIOS[name]()

    check_harmless(card_of(made, yesterday()))
    assert len(render_card(made, yesterday(), PUBLIC_URL)) < LIMIT_BYTES / 4


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_names_are_text_and_nothing_else(number) -> None:
    check_harmless(card_of(named(HOSTILE[number])))


@given(st.one_of(st.text(st.characters(), max_size=300), st.sampled_from(LONGEST)))
def test_any_name_makes_a_card_that_does_nothing_and_fits_a_message(name) -> None:
    made = named(name)

    check_harmless(card_of(made))
    assert len(render_card(made, None, PUBLIC_URL)) < LIMIT_BYTES
