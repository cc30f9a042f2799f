"""The mail: two parts that say the same, made of text that stays text, and small."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec
import pytest

from shared.delivery.mail.content import render_correction
from shared.delivery.mail.subject import SUBJECT_WIDTH
from shared.delivery.page.report_page import render_page
from shared.delivery.text.digest import report_digest
from shared.delivery.text.summary import summarise
from shared.errors import BadSettingError
from shared.mfa.accounts.customer_counts import CustomerCounts
from shared.mfa.changes.account_changes import AccountChanges, FixedAccount, OpenAccount
from shared.mfa.changes.changes import Changes, FindingChanges, ReportChanges
from shared.mfa.changes.figure_changes import Incomparable
from shared.mfa.coverage import LogKinds
from shared.mfa.metrics import AccountMetrics, AccountShare
from tests.delivery.mail.mail_making import (
    PUBLIC_URL,
    earlier_report,
    mail_of,
    message_of,
    plain,
    yesterday,
)
from tests.delivery.mail.mail_sink import read
from tests.delivery.making import (
    DAYS,
    ENDING,
    NOT_VERIFIED,
    TENANT,
    UNKNOWN,
    VERIFIED,
    api,
    finding,
    portal,
    report,
    user,
    worked_portal,
)
from tests.delivery.parsed import Page
from tests.delivery.scenarios import (
    SCENARIOS,
    a_missing_day,
    nothing_at_all,
    with_findings,
    worked_examples,
)

# The subject


@pytest.fixture(scope="module", params=SCENARIOS)
def made(request):
    """Each scenario's report, made once and only where a test asks for it."""
    return SCENARIOS[request.param]()


def test_the_subject_carries_the_tenant_and_the_figures() -> None:
    made = with_findings()
    named = {
        name: mail_of(msgspec.structs.replace(made, tenant_name=name)).subject
        for name in ("Fabrikam", "Fabrikam Cloud and Security Services of Europe", " ", None)
    }

    assert list(named.values()) == [
        "Fabrikam: MFA 90/20/40 %",
        "Fabrikam Cloud and Securi…: MFA 90/20/40 %",
        *["Tenant 6e6aef4a: MFA 90/20/40 %"] * 2,
    ]
    clean = msgspec.structs.replace(made, tenant_id=None, tenant_name=None)
    assert mail_of(clean).subject == "Unnamed tenant: MFA 90/20/40 %"


def test_the_subject_says_unknown_where_it_is_unknown() -> None:
    undecided = report(api(**UNKNOWN), accounts=AccountMetrics(2, 0, 0, 0, 0, 2, 0.0, 1.0))
    bounded = report(accounts=AccountMetrics(10, 0, 8, 0, 1, 1, 0.8, 0.9))
    found = {
        name: mail_of(made).subject.partition(": MFA ")[2]
        for name, made in {
            "missing": a_missing_day(),
            "empty": report(),
            "unreadable": nothing_at_all(),
            "undecided": undecided,
            "bounded": bounded,
            "no accounts": report(accounts=AccountMetrics(0, 3, 0, 0, 0, 0)),
        }.items()
    }

    assert found == {
        "missing": "?/?/? %, 1 day missing",
        "empty": "?/–/– %",
        "unreadable": "?/?/? %",
        "undecided": "?/–/? %",
        "bounded": "≥80/–/– %",
        "no accounts": "–/–/– %",
    }


def test_unknown_requests_and_missing_logs_are_in_the_subject_and_in_both_parts() -> None:
    sign_ins = [api(**VERIFIED), api(**UNKNOWN, **user("B"))]
    logs = dict.fromkeys(DAYS, LogKinds(interactive=False))

    mail = mail_of(report(*sign_ins, logs=logs, provisional=[ENDING]))

    assert mail.subject.endswith(": MFA ?/?/≥50 %")
    for part in (mail.text, plain(mail.html)):
        text = " ".join(part.split())
        assert "1 of 3 figures not fully known, 1 incomplete, 1 not read" in text
        assert "the log of interactive sign-ins is missing" in text
        assert "23 November 2026 may still change" in text


def test_simulated_data_is_said_in_the_subject_and_in_both_parts() -> None:
    mail = mail_of(report(*worked_portal(), meta={"source": "simulated"}))

    assert mail.subject.startswith("[Simulated] Fabrikam")
    assert "SIMULATED DATA" in mail.text
    assert "Simulated data." in Page(mail.html).text


def test_a_subject_is_one_short_line_that_comes_through_as_it_was(made) -> None:
    mail = mail_of(made)

    assert mail.subject.isprintable()
    assert len(mail.subject.removeprefix("[Simulated] ")) <= SUBJECT_WIDTH
    assert read(message_of(mail))["Subject"] == mail.subject


# What the parts say


def texts_of(value):
    """Every text in a digest, at whatever depth."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in ("kind", "stored_at", "links", "href"):
                yield from texts_of(getattr(value, field.name))


@pytest.mark.parametrize("public_url", [PUBLIC_URL, None])
def test_both_parts_say_everything_that_there_is_to_say(made, public_url) -> None:
    digest = report_digest(made, yesterday(), public_url)
    mail = mail_of(made, yesterday(), public_url)
    text, html = plain(mail.text).lower(), Page(mail.html).text.lower()

    given = [plain(it).strip().lower() for it in texts_of(digest)]

    assert len(given) > 10
    assert [it for it in given if it not in text] == []
    assert [it for it in given if it not in html] == []


def test_each_figure_comes_with_its_numerator_denominator_change_and_forecast() -> None:
    text = plain(mail_of(worked_examples(), yesterday()).text)

    assert (
        "Portal requests with MFA: 20 % (−5 points since 22 Nov) 2 with MFA, 8 without MFA "
        "2 of 10 requests were made with MFA. Reads 100 % on 25 November 2026 if no further"
    ) in text
    assert "API or SDK requests with MFA: 40 % (unchanged since 22 Nov)" in text
    assert "5 app-only sign-ins left out." in text
    assert (
        "Enabled accounts with MFA enforced: 90 % (+5 points since 22 Nov) 90 enforced, "
        "4 conditional, 6 unprotected 90 of 100 enabled accounts have MFA enforced."
    ) in text
    assert "7 of 7 days are complete." in text
    assert "count tokens, not HTTP requests" in text


def test_the_figures_stand_in_one_order_in_mail_subject_terminal_and_page() -> None:
    made = worked_examples()
    mail = mail_of(made)
    shares = ["90 %", "20 %", "40 %"]
    titles = ["ccounts with MFA enforced", "Portal requests with MFA", "SDK requests with MFA"]

    assert mail.subject.endswith(": MFA 90/20/40 %")
    for text in (mail.text, Page(mail.html).text, summarise(made), Page(render_page(made)).text):
        starts = [text.index(title) for title in titles]
        assert starts == sorted(starts)
        assert [re.findall(r"\d+ %", plain(text[start:]))[0] for start in starts] == shares


def test_who_came_and_who_went_is_told_by_name() -> None:
    text = mail_of(worked_examples(), yesterday()).text

    assert "Users newly without MFA:\n- agent.a@" not in text  # without MFA by API before
    assert "Users no longer without MFA:\n- agent.c@fabrikam.example\n" in text
    assert "API applications still without MFA:\n- Control Panel\n" in text


def changed():
    """A report with changes, its accounts and findings dated, and customers."""
    made = with_findings()
    accounts = AccountChanges(
        fixed=1,
        new=1,
        still_open=9,
        gone=0,
        unclear=0,
        new_accounts=[
            OpenAccount("n", "new@fabrikam.example", "unprotected", ENDING, 1, is_exact=True)
        ],
        fixed_accounts=[FixedAccount("f", "fixed@fabrikam.example")],
    )
    day = Changes(
        ENDING - timedelta(days=1),
        accounts=accounts,
        findings=FindingChanges(["A new finding"], ["An old finding"], 1),
    )
    opened = [OpenAccount("o", "old@fabrikam.example", "conditional", DAYS[0], 23, is_exact=False)]
    week = Changes(ENDING - timedelta(days=7), reason=Incomparable.NO_REPORT)
    first, *others = made.findings
    dated = msgspec.structs.replace(
        first, open_since=DAYS[0], open_days=7, is_since_exact=True, role="Security Administrator"
    )
    return msgspec.structs.replace(
        made,
        changes=ReportChanges(day, week, opened),
        findings=[dated, *others],
        customers=CustomerCounts(total=42, protected=7, unknown=3),
    )


def test_what_changed_comes_first_with_new_fixed_and_still_open() -> None:
    mail = mail_of(changed(), yesterday())
    lines = ["Since 22 Nov: 1 account fixed, 1 new, 9 still open.", "Not compared with 16 Nov"]
    order = [
        *lines,
        *("Accounts newly without MFA", "new@fabrikam.example", "New findings", "A new finding"),
        *("Accounts that have MFA enforced now", "fixed@fabrikam.example"),
        *("Findings that are gone", "An old finding"),
        *("without MFA for the longest", "old@fabrikam.example", "open for at least 23 days"),
        *("1. Two administrators are excluded", "What to do:"),
        "The three figures",
        "7 of 42 customers have MFA for all users; 3 not known.",
    ]
    html = Page(mail.html).text
    starts = [html.index(text) for text in order]
    assert starts == sorted(starts)
    for text in (*order[:-2], "open for 7 days", order[-1]):
        assert text in plain(mail.text), text


def test_each_finding_links_to_its_place_in_entra_and_in_the_report() -> None:
    mail = mail_of(changed())
    page = Page(mail.html)

    links = {a["href"] for a in page.all("a")}
    assert f"{PUBLIC_URL}/api/reports/{TENANT}/{ENDING}#finding-1" in links
    assert f"{PUBLIC_URL}/api/customers" in links
    assert "https://entra.microsoft.com/" in links
    assert "Who: Security Administrator." in page.text


SPACED = re.compile(r"(?:^|;)\s*(?:padding|margin)[\w-]*:(?!0(?:;|$))")


@pytest.mark.parametrize("made", [*SCENARIOS.values(), changed], ids=[*SCENARIOS, "changed"])
def test_only_cells_of_tables_have_space_because_outlook_draws_no_other(made) -> None:
    mails = [mail_of(made(), yesterday()), render_correction(made(), "a day", "", PUBLIC_URL)]
    for mail in mails:
        for tag, attributes in Page(mail.html).elements:
            style = attributes.get("style") or ""
            assert tag in ("td", "th") or not SPACED.search(style), (tag, style)
            assert tag != "p"  # whose own space programs differ in
            assert "inline-block" not in style


def test_a_button_is_a_cell_with_a_colour() -> None:
    html = mail_of(worked_examples()).html

    assert re.search(
        r'<td bgcolor="#14568f" style="padding:10px 18px;[^"]*"><a href="[^"]+" style="[^"]*'
        r'color:#ffffff[^"]*">Open the report</a></td>',
        html,
    )


def test_a_missing_day_is_named_with_its_reason_and_the_share_is_provisional() -> None:
    text = plain(mail_of(a_missing_day(), yesterday()).text)

    assert "21 November 2026: Microsoft Graph was throttling" in text
    assert "Portal requests with MFA: unknown (was 25 % on 22 Nov)" in text
    assert "Provisionally 20 %, over the 6 complete days." in text
    assert (
        "This report lacks 1 day: users and applications that are no longer listed may have" in text
    )


def test_without_an_earlier_report_nothing_is_made_up() -> None:
    mail = mail_of(worked_examples())

    assert "There is no earlier report to compare with." in mail.text
    assert "Newly" not in mail.text + mail.html
    assert "was " not in mail.subject


def test_two_clean_reports_say_that_nobody_was_without_mfa() -> None:
    clean = portal(**VERIFIED)

    assert (
        "Neither report has requests without MFA."
        in mail_of(report(clean), earlier_report(clean)).text
    )


def test_findings_come_with_their_remedy_and_long_ones_are_cut() -> None:
    findings = [
        finding(id=f"f{n}", title=f"Finding {n}", cause="", remedy="Do this. " * 200)
        for n in range(8)
    ]
    made = msgspec.structs.replace(worked_examples(), findings=findings)

    text = plain(mail_of(made).text)

    assert "5. Finding 4 What to do: Do this." in text
    assert "Finding 5" not in text
    assert "And 3 more findings in the report." in text
    assert len(text) < 8000


def test_the_reader_is_told_why_and_how_to_stop_it() -> None:
    mail = mail_of(worked_examples())

    for part in (plain(mail.text), Page(mail.html).text):
        assert "your address is in the setting REPORT_RECIPIENTS" in part
        assert "To stop it, ask the people who run it to remove your address." in part


# Links


def test_links_lead_to_the_report_and_its_requests_below_the_public_url() -> None:
    mail = mail_of(worked_examples(), public_url=f"{PUBLIC_URL}/base/")

    page = f"{PUBLIC_URL}/base/api/reports/{TENANT}/2026-11-23"
    hrefs = [link["href"] for link in Page(mail.html).all("a")]
    assert hrefs == [page, f"{page}/all-api-requests.csv"]
    assert all(href in mail.text.splitlines() for href in hrefs)


def test_without_a_public_url_there_is_no_link_and_one_line_says_where_the_report_lies() -> None:
    mail = mail_of(worked_examples(), public_url=None)

    assert Page(mail.html).all("a") == []
    for part in (mail.text, Page(mail.html).text):
        assert "://" not in part
        assert f"reports/{TENANT}/2026-11-23/" in part


@pytest.mark.parametrize(
    "public_url",
    [
        "http://mfa.contoso.example",
        "javascript:alert(1)",
        "https://",
        "https://[",
        "https://user:secret@mfa.contoso.example",
        "https://mfa.contoso.example?code=1",
        "https://mfa.contoso.example/#x",
        'https://mfa.contoso.example/"><b>',
        "https://mfa.contoso.example/\nx",
        "mfa.contoso.example",
    ],
)
def test_a_public_url_that_cannot_begin_links_is_refused_in_one_sentence(public_url) -> None:
    with pytest.raises(BadSettingError, match=r"^Setting PUBLIC_URL is .*; expected https://"):
        mail_of(worked_examples(), public_url=public_url)


def test_this_machine_may_be_linked_to_in_plain_http() -> None:
    assert (
        "http://127.0.0.1:8000/api/reports/"
        in mail_of(worked_examples(), public_url="http://127.0.0.1:8000").text
    )


# Its size and form


@pytest.fixture(scope="module")
def crowded():
    """10,000 users and as many applications, with names as long as they come."""
    sign_ins = []
    for n in range(10_000):
        person = {"user_id": f"u{n}", "upn": f"{n}-{'ü<&' * 200}@fabrikam.example"}
        app = {"app_id": f"app{n}", "app_name": f"{n} {'W' * 500}"}
        sign_ins.append(portal(DAYS[n % 7], **person, **NOT_VERIFIED))
        sign_ins.append(api(DAYS[n % 7], **person, **app, **NOT_VERIFIED))
    findings = [
        finding(
            title="T" * 5000, cause="<" * 50_000, remedy="R" * 50_000, subjects=["S" * 5000] * 1000
        )
    ] * 400
    made = report(*sign_ins, meta={"tenant_name": "T" * 5000, "source": "simulated"})
    return msgspec.structs.replace(made, findings=findings)


def test_a_mail_on_10000_users_stays_below_the_size_at_which_mail_programs_cut(crowded) -> None:
    mail = mail_of(crowded, yesterday())
    sizes = len(mail.html.encode()), len(message_of(mail))
    names_the_others = "up to 9,995 other users: 9,995 in total" in plain(mail.text)

    assert max(sizes) < 100_000
    assert names_the_others


def test_the_text_part_can_be_read_in_78_columns(made) -> None:
    lines = mail_of(made, yesterday()).text.splitlines()

    long = [line for line in lines if len(line) > 78 and not line.startswith(PUBLIC_URL)]
    assert long == []
    assert "" not in [line for line in lines if line != line.rstrip()]
    assert "\n\n\n" not in "\n".join(lines)


def test_a_long_line_goes_on_under_its_own_text() -> None:
    text = mail_of(a_missing_day()).text

    assert "- 21 November 2026: Microsoft Graph was throttling; the slice is pulled\n  ag" in text


def test_the_same_report_makes_the_same_mail_dated_when_the_report_was_made() -> None:
    once, again = (mail_of(make(), yesterday()) for make in (worked_examples, worked_examples))

    assert once.date == datetime(2026, 11, 24, 6, 2, 11, tzinfo=UTC)
    assert (once.subject, once.text) == (again.subject, again.text)
    assert message_of(once) == message_of(again)


@pytest.mark.parametrize("generated_at", ["", "yesterday", "2026-11-24T00:00:00"])
def test_a_report_that_does_not_say_when_it_was_made_is_dated_after_its_window(
    generated_at,
) -> None:
    mail = mail_of(report(meta={"generated_at": generated_at}))

    assert mail.date == datetime(ENDING.year, ENDING.month, ENDING.day + 1, tzinfo=UTC)


def test_both_parts_say_the_two_figures_below_the_three_and_what_hangs_on_them() -> None:
    made = report()
    metrics = msgspec.structs.replace(
        made.metrics,
        administrators=AccountShare(5, 4, 0, 0.8, 0.8),
        active_accounts=AccountShare(3, 1, 1, 1 / 3, 2 / 3),
    )

    mail = mail_of(msgspec.structs.replace(made, metrics=metrics))

    for part in (mail.text, plain(mail.html)):
        text = " ".join(part.split())
        assert "Administrators with MFA enforced: 80 %" in text
        assert "4 of 5 administrators have MFA enforced." in text
        assert "Accounts that used Partner Center: at least 33.3 %, at most 66.7 %" in text
        assert "Your agreement with Microsoft requires it of every enabled account" in text
