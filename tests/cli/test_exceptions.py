"""Accepted exceptions: read from a file, shown next to the accounts figure, never part of it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from shared.errors import BadInputError, BadSettingError
from shared.mfa.accounts.exceptions import AcceptedException, judge_exceptions
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_exceptions import exception_findings
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from shared.settings import Settings
from shared.sources.files.exceptions_file import read_exceptions
from simulator.demo import simulated_service
from tests.cli.test_analyze import ENDING, analyze, directory_file, run
from tests.delivery.mail.mail_making import mail_of, plain
from tests.delivery.making import report as make_report
from tests.delivery.parsed import page as parsed
from tests.directories import assess, directory, group, policy, user
from tests.records import graph_record, page
from tests.service.world import Clock, Scripted, a_week, make_daily, run_day

DAY = date.fromisoformat(ENDING)
HEADING = {"format": "partner-mfa-status/exceptions", "version": 1}
ENTRY = {
    "account": "user-90@contoso.example",
    "owner": "Eva Berg",
    "reason": "The scanner is replaced in December",
    "ticket": "CHG-4711",
    "expires": "2026-12-31",
}
HOSTILE = "<script>alert(1)</script>\u202egpj"


def exceptions_file(tmp_path, *entries, **changes):
    path = tmp_path / "exceptions.json"
    path.write_text(json.dumps(HEADING | {"exceptions": entries} | changes), encoding="utf-8")
    return path


def entries(*accounts, **changes):
    return [ENTRY | {"account": account} | changes for account in accounts]


def accepted_exceptions(*accounts, **changes):
    shown = entries(*accounts, **changes)
    return tuple(msgspec.convert(shown, list[AcceptedException]))


def standings(judged):
    return {one.account: one.standing.value for one in judged.listed}


def two_of_three():
    """Ann has MFA enforced, Bob and Cyd do not; Dan is disabled."""
    users = [user("ann"), user("bob"), user("cyd"), user("dan", accountEnabled=False)]
    return assess(policy(users={"includeUsers": ["ann"]}), users=users)


def with_an_unread_group():
    """Ann has MFA enforced; Bob's depends on a group that was not read; Cyd has none."""
    return assess(
        policy(users={"includeUsers": ["ann"]}),
        policy("Crew", users={"includeUsers": ["bob"], "excludeGroups": ["crew"]}),
        users=[user("ann"), user("bob"), user("cyd")],
        groups=[group("crew", members=None)],
    )


def report_with(accounts, *exceptions, day=DAY):
    judged = judge_exceptions(exceptions, accounts, day)
    return msgspec.structs.replace(make_report(accounts=accounts.metrics), exceptions=judged)


# The file.


def test_a_file_is_read_as_it_is_documented(tmp_path) -> None:
    path = exceptions_file(tmp_path, ENTRY | {"account": " user-90@contoso.example ", "note": "x"})

    assert read_exceptions(path) == accepted_exceptions("user-90@contoso.example")

    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + path.read_bytes()))
    assert read_exceptions(path) == accepted_exceptions("user-90@contoso.example")


def test_a_file_without_entries_is_an_empty_list(tmp_path) -> None:
    assert read_exceptions(exceptions_file(tmp_path)) == ()


def test_the_example_on_the_page_is_a_file_that_can_be_read(tmp_path) -> None:
    from dev import ROOT

    text = (ROOT / "docs/exceptions.md").read_text(encoding="utf-8")
    path = tmp_path / "example.json"
    path.write_text(text.split("```json\n")[1].split("```")[0], encoding="utf-8")

    assert len(read_exceptions(path)) == 1


def without(field):
    return {name: value for name, value in ENTRY.items() if name != field}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        *((without(field), f"{field} is missing") for field in ENTRY),
        *((ENTRY | {field: None}, f"{field} is missing") for field in ENTRY),
        *((ENTRY | {field: " \t"}, f"{field} is blank") for field in ENTRY),
        *((ENTRY | {field: 7}, f"{field} is 7; expected a string") for field in ENTRY),
        (
            ENTRY | {"expires": "31.12.2026"},
            "expires is '31.12.2026'; expected a date, YYYY-MM-DD",
        ),
        (ENTRY | {"expires": "20261231"}, "expires is '20261231'; expected a date, YYYY-MM-DD"),
        (
            ENTRY | {"expires": "2026-02-30"},
            "expires is '2026-02-30'; expected a date, YYYY-MM-DD",
        ),
        (
            "user-91@contoso.example",
            "it is not an object with the fields account, owner, reason, ticket, expires",
        ),
        (
            ENTRY | {"account": "FIRST@contoso.example"},
            "account 'FIRST@contoso.example' is in entry 1 already",
        ),
    ],
)
def test_an_invalid_entry_is_refused_in_one_sentence_that_names_file_entry_and_field(
    tmp_path, wrong, sentence
) -> None:
    path = exceptions_file(tmp_path, *entries("first@contoso.example"), wrong)

    with pytest.raises(BadInputError) as refused:
        read_exceptions(path)

    assert str(refused.value) == f"{path}, entry 2: {sentence}."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": "else"}, ' has format "else", not "partner-mfa-status/exceptions".'),
        ({"format": None}, ' has format none, not "partner-mfa-status/exceptions".'),
        ({"version": 2}, ' has version "2", not 1.'),
        (
            {"exceptions": {}},
            " is not an exceptions file at $.exceptions: expected `array`, got `object`.",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, changes, sentence) -> None:
    path = exceptions_file(tmp_path, **changes)

    with pytest.raises(BadInputError) as refused:
        read_exceptions(path)

    assert str(refused.value) == f"{path}{sentence}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), (b"{", "is not UTF-8 JSON"), (b"\x1f\x8b\x08", "damaged")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, sentence) -> None:
    path = tmp_path / "exceptions.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BadInputError, match=sentence) as refused:
        read_exceptions(path)

    assert str(path) in str(refused.value)


def test_an_invalid_value_is_repeated_without_control_characters_and_shortened(
    tmp_path,
) -> None:
    path = exceptions_file(tmp_path, ENTRY | {"expires": "\x1b[2J\u202e" + "x" * 500})

    with pytest.raises(BadInputError) as refused:
        read_exceptions(path)

    message = str(refused.value).removeprefix(str(path))
    assert message.isprintable()
    assert len(message) < 200


# What becomes of an exception.


def test_an_exception_is_accepted_or_not_needed_or_unmatched() -> None:
    judged = judge_exceptions(accepted_exceptions("ann", "bob", "dan", "eve"), two_of_three(), DAY)

    assert standings(judged) == {
        "ann": "needless",
        "bob": "accepted",
        "dan": "unmatched",  # disabled accounts are in no figure
        "eve": "unmatched",
    }
    shown = judged.metrics
    assert (shown.accepted, shown.needless, shown.unmatched, shown.expired) == (1, 1, 2, 0)
    assert shown.share_without_accepted == 1 / 2


def test_an_exception_is_valid_through_the_day_it_names_and_not_a_day_longer() -> None:
    accounts = two_of_three()

    for expires, standing in (
        ("2026-11-24", "accepted"),
        ("2026-11-23", "accepted"),
        ("2026-11-22", "expired"),
    ):
        judged = judge_exceptions(accepted_exceptions("bob", expires=expires), accounts, DAY)
        assert standings(judged) == {"bob": standing}, expires


def test_an_expired_exception_that_is_not_needed_is_reported_as_not_needed() -> None:
    judged = judge_exceptions(accepted_exceptions("ann", expires="2026-01-01"), two_of_three(), DAY)

    assert standings(judged) == {"ann": "needless"}


def test_an_account_is_found_by_id_or_by_name_in_any_case_and_counted_once() -> None:
    judged = judge_exceptions(
        accepted_exceptions("BOB", "Bob@Contoso.Example"), two_of_three(), DAY
    )

    assert {one.upn for one in judged.listed} == {"bob@contoso.example"}
    assert judged.metrics.accepted == 1
    assert judged.metrics.share_without_accepted == 1 / 2


def test_an_account_of_unknown_enforcement_stays_unknown_and_is_not_left_out() -> None:
    accounts = with_an_unread_group()
    assert accounts.metrics.unknown == 1

    judged = judge_exceptions(accepted_exceptions("bob"), accounts, DAY)

    assert standings(judged) == {"bob": "undecided"}
    assert (judged.metrics.accepted, judged.metrics.undecided) == (0, 1)
    assert judged.metrics.share_without_accepted == accounts.metrics.share


def test_if_every_account_is_accepted_there_is_no_second_share() -> None:
    accounts = assess(users=[user("ann"), user("bob")])

    judged = judge_exceptions(accepted_exceptions("ann", "bob"), accounts, DAY)

    assert judged.metrics.share_without_accepted is None


def test_what_expires_first_is_listed_first_however_the_file_is_sorted() -> None:
    late, soon = accepted_exceptions("bob"), accepted_exceptions("cyd", expires="2026-11-30")

    for order in ((*late, *soon), (*soon, *late)):
        judged = judge_exceptions(order, two_of_three(), DAY)
        assert [one.account for one in judged.listed] == ["cyd", "bob"]


def test_expired_and_needless_exceptions_are_findings() -> None:
    accounts = two_of_three()
    stale = (
        *accepted_exceptions("ann"),
        *accepted_exceptions("bob", expires="2026-11-22"),
        *accepted_exceptions("cyd", "eve"),
    )

    found = by_gain(exception_findings(judge_exceptions(stale, accounts, DAY), accounts), accounts)

    expired, needless = found
    assert (expired.id, expired.subjects) == ("exception-expired", ["bob@contoso.example"])
    assert (expired.gained, expired.share_after) == (1, 2 / 3)
    assert (needless.id, needless.subjects) == ("exception-needless", ["ann@contoso.example"])
    assert needless.href == ""


def test_enforcing_mfa_where_it_is_unknown_promises_no_gain() -> None:
    accounts = with_an_unread_group()
    expired = judge_exceptions(
        accepted_exceptions("bob", "cyd", expires="2026-11-22"), accounts, DAY
    )

    (found,) = by_gain(exception_findings(expired, accounts), accounts)

    assert (found.subjects_total, found.gained) == (2, 1)


def test_valid_exceptions_are_not_a_finding() -> None:
    accounts = two_of_three()

    assert not list(
        exception_findings(judge_exceptions(accepted_exceptions("bob"), accounts, DAY), accounts)
    )


def test_a_stored_directory_keeps_the_exceptions_of_its_day() -> None:
    tenant = directory(users=[user("ann")])
    for shown in (None, (), accepted_exceptions("ann")):
        stored = DirectorySnapshot(tenant, Scope(), exceptions=shown).to_bytes()
        again = DirectorySnapshot.from_bytes(stored, Scope())
        assert again.exceptions(DAY) == DirectorySnapshot(
            tenant, Scope(), exceptions=shown
        ).exceptions(DAY)


def test_a_directory_that_was_stored_before_there_were_exceptions_is_still_read() -> None:
    stored = json.loads(gzip.decompress(DirectorySnapshot(directory(), Scope()).to_bytes()))
    del stored["exceptions"]

    again = DirectorySnapshot.from_bytes(gzip.compress(json.dumps(stored).encode()), Scope())

    assert again.exceptions(DAY) is None


# The page and the mail.


def test_the_page_shows_exceptions_next_to_the_figure_with_who_is_responsible() -> None:
    shown = parsed(report_with(two_of_three(), *accepted_exceptions("bob"))).text

    assert (
        "1 of the 3 accounts is an accepted exception; without it this would read 50 %: "
        "the figure above counts it." in shown
    )
    assert "33.3 %" in shown
    assert "bob@contoso.example" in shown
    for words in ("Eva Berg", "The scanner is replaced in December", "CHG-4711"):
        assert words in shown
    assert "31 December 2026 in force" in shown


def test_several_are_in_the_plural_and_the_share_is_at_least_if_some_are_unknown() -> None:
    many = parsed(
        report_with(assess(users=[user(n) for n in "abc"]), *accepted_exceptions("a", "b"))
    ).text
    unknown = parsed(report_with(with_an_unread_group(), *accepted_exceptions("cyd", "bob"))).text

    assert "2 of the 3 accounts are accepted exceptions; without them it would read 0 %" in many
    assert "the figure above counts them." in many
    assert "without it this would read at least 50 %" in unknown
    assert "in force, but whether MFA is enforced is unknown" in unknown


def test_expired_needless_and_unmatched_ones_are_marked_in_words() -> None:
    stale = (*accepted_exceptions("ann", "eve"), *accepted_exceptions("bob", expires="2026-11-22"))

    shown = parsed(report_with(two_of_three(), *stale)).text

    assert "No account is an accepted exception on 23 November 2026." in shown
    assert "22 November 2026 expired: no longer accepted" in shown
    assert "not needed: MFA is enforced" in shown
    assert "no such enabled account" in shown


def test_if_every_account_is_accepted_the_page_says_so() -> None:
    shown = parsed(report_with(assess(users=[user("ann")]), *accepted_exceptions("ann"))).text

    assert "Every account is an accepted exception; the figure above counts them all." in shown


@pytest.mark.parametrize("made", [make_report(), report_with(two_of_three())])
def test_without_exceptions_page_and_mail_do_not_mention_them(made) -> None:
    assert "exception" not in parsed(made).text
    assert "exception" not in mail_of(made).text


def test_a_long_list_is_cut_and_the_rest_is_counted() -> None:
    shown = parsed(report_with(two_of_three(), *accepted_exceptions(*map(str, range(60))))).text

    assert "And 10 more in report.json." in shown


def test_whatever_the_file_contains_stays_text() -> None:
    fields = {"owner": HOSTILE, "reason": HOSTILE, "ticket": HOSTILE}

    shown = parsed(report_with(two_of_three(), *accepted_exceptions(HOSTILE, **fields)))

    assert shown.all("script") == []
    assert shown.text.count("<script>alert(1)</script>[U+202E]gpj") == 4


def test_the_mail_says_it_in_one_line_and_names_nobody() -> None:
    mail = mail_of(report_with(two_of_three(), *accepted_exceptions("bob")))

    line = "1 of the 3 accounts is an accepted exception; without it this would read 50 %"
    assert line in plain(mail.text)
    assert line in plain(mail.html)
    assert "Eva Berg" not in mail.text + mail.html


# The command, and the setting.


def test_the_raw_figure_is_the_same_to_the_byte_with_the_file_and_without(tmp_path) -> None:
    snapshot = directory_file(tmp_path)
    expired = entries("user-98@contoso.example", expires="2026-11-22")
    accepted = entries("USER-90", *(f"user-{n}@contoso.example" for n in range(91, 96)))
    others = entries("user-3", "user-105", "nobody@contoso.example")
    file = exceptions_file(tmp_path, *accepted, *expired, *others)
    metrics, accounts = [], []

    for options in ([], ["--exceptions", file]):
        shown = analyze(tmp_path, page(graph_record()), options=["--directory", snapshot, *options])
        metrics.append(json.dumps(shown["metrics"]))
        accounts.append((tmp_path / "report" / "accounts.csv").read_bytes())

    assert metrics[0] == metrics[1]
    assert accounts[0] == accounts[1]
    assert shown["metrics"]["accounts"]["share"] == 0.9
    assert shown["exceptions"]["metrics"] == {
        "accepted": 6,
        "undecided": 0,
        "expired": 1,
        "needless": 1,
        "unmatched": 2,
        "share_without_accepted": 90 / 94,
    }
    assert shown["exceptions"]["listed"][0] == ENTRY | {
        "account": "user-98@contoso.example",
        "expires": "2026-11-22",
        "standing": "expired",
        "object_id": "user-98",
        "upn": "user-98@contoso.example",
    }
    stale = {found["id"]: found["subjects"] for found in shown["findings"]}
    assert stale["exception-expired"] == ["user-98@contoso.example"]
    assert stale["exception-needless"] == ["user-3@contoso.example"]
    html = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "6 of the 100 accounts are accepted exceptions" in html


def test_without_the_file_the_field_is_null(tmp_path) -> None:
    options = ["--directory", directory_file(tmp_path)]

    shown = analyze(tmp_path, page(graph_record()), options=options)

    assert shown["exceptions"] is None
    assert not {found["id"] for found in shown["findings"]} & {
        "exception-expired",
        "exception-needless",
    }


@pytest.mark.parametrize(
    ("ending", "standing"), [("2026-11-20", "accepted"), ("2026-11-21", "expired")]
)
def test_the_day_that_counts_is_the_last_of_the_seven(tmp_path, ending, standing) -> None:
    file = exceptions_file(tmp_path, *entries("user-90", expires="2026-11-20"))
    options = ["--directory", directory_file(tmp_path), "--exceptions", file]

    shown = analyze(tmp_path, page(graph_record()), ending=ending, options=options)

    assert [one["standing"] for one in shown["exceptions"]["listed"]] == [standing]


def test_an_invalid_file_stops_the_command_with_its_sentence(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(graph_record()))
    file = exceptions_file(tmp_path, without("owner"))

    done = run("analyze", source, "--json", "--exceptions", file)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"analyze: {file}, entry 1: owner is missing.\n"


def test_exceptions_without_a_directory_are_refused_rather_than_left_out(tmp_path) -> None:
    source = tmp_path / "signins.json"
    source.write_bytes(page(graph_record()))
    file = exceptions_file(tmp_path, ENTRY)

    done = run("analyze", source, "--json", "--exceptions", file)

    assert done.returncode == 2
    assert "--directory" in done.stderr


def simulated(**settings):
    return simulated_service(Settings(settings), Clock())


def test_the_daily_run_takes_the_file_that_the_setting_names(tmp_path) -> None:
    file = exceptions_file(tmp_path, ENTRY)

    with simulated(EXCEPTIONS_FILE=str(file)) as service:
        judged = service.partner.read_directory().exceptions(DAY)

    assert judged is not None
    assert standings(judged) == {ENTRY["account"]: "unmatched"}


def test_a_report_made_again_uses_the_exceptions_of_its_day(tmp_path) -> None:
    tenant = directory(users=[user("ann"), user("bob")])
    snapshot = DirectorySnapshot(tenant, Scope(), exceptions=accepted_exceptions("bob"))
    daily = replace(make_daily(tmp_path, Scripted(a_week())), read_directory=lambda: snapshot)
    run_day(daily)

    again = replace(daily, read_directory=None).publish(DAY, DAY)

    assert again.exceptions == snapshot.exceptions(DAY)
    assert again.exceptions is not None
    assert standings(again.exceptions) == {"bob": "accepted"}


def test_an_invalid_file_stops_with_the_name_of_the_setting_before_anything_is_read(
    tmp_path,
) -> None:
    file = exceptions_file(tmp_path, without("ticket"))

    with simulated(EXCEPTIONS_FILE=str(file)) as service, pytest.raises(BadSettingError) as stop:
        service.partner.read_directory()

    assert str(stop.value) == (
        f"Setting EXCEPTIONS_FILE cannot be used: {file}, entry 1: ticket is missing."
    )
