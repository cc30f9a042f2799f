"""The `token` command: a token pasted or piped in, an answer out, and nothing left behind."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from dev import ROOT
from shared.cli.main import main
from shared.cli.token import read_line
from tests.clock import CLOCK, real_now
from tests.service.world import Clock
from tests.tokens import (
    APP_ONLY_CLAIMS,
    APPLICATION,
    HEADER,
    NOW,
    PERSON,
    TENANT,
    USER_CLAIMS,
    encoded,
    token_of,
    user_token,
)

PLAIN = CLOCK | {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
COMMAND = [sys.executable, "-X", "utf8", "-m", "shared", "token"]
UNKNOWN = "It is unknown whether Partner Center's API would accept this token."
PROMPT = b"Paste the access token"
ENOUGH_SECONDS = 60

#: Ends its process at once, with 99, when anything is changed on disk, started, or talked to.
GUARD = """
import os, sys

CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate",
           "tempfile.", "shutil.", "sqlite3.", "subprocess.", "os.exec", "os.system", "os.fork",
           "os.posix_spawn", "os.startfile", "winreg.")
TALKS = ("socket.connect", "socket.bind", "socket.send", "socket.getaddrinfo", "socket.gethost",
         "urllib.", "http.client.", "smtplib.", "ftplib.", "webbrowser.", "syslog.")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC

def guard(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if writes or event.startswith(CHANGES + TALKS):
        os.write(2, f"GUARD {event} {arguments}".encode())
        os._exit(99)

sys.addaudithook(guard)
"""


def fresh_token(claims=USER_CLAIMS, **changes):
    """A token that is valid now, by this machine's clock: the command accepts no other."""
    now = int(real_now().timestamp())
    return token_of(claims | {"iat": now, "nbf": now, "exp": now + 3600} | changes)


def run(token, *arguments, command=None, **environment):
    content = token if isinstance(token, bytes) else token.encode()
    return subprocess.run(
        [*(command or COMMAND), *arguments],
        cwd=ROOT,
        env=PLAIN | environment,
        input=content,
        capture_output=True,
        check=False,
        timeout=ENOUGH_SECONDS,
    )


def guarded(program):
    return [sys.executable, "-B", "-X", "utf8", "-c", GUARD + program]


def pieces(token, length=12):
    return {token[start : start + length] for start in range(len(token) - length + 1)}


def assert_nothing_printed(token, done):
    printed = (done.stdout + done.stderr).decode()
    assert not pieces(token) & pieces(printed)
    assert [value for value in PERSON.values() if value in printed] == []


# The answer.


def test_a_token_with_mfa_is_answered_with_verdict_scenarios_and_the_whole_mandate() -> None:
    token = fresh_token()

    done = run(token)

    text = done.stdout.decode("ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert text.splitlines()[0] == "Partner Center's API would accept this token."
    assert "The signature was not checked" in text
    for text_part in (
        "App+User",
        "pwd, mfa (amr)",
        APPLICATION,
        TENANT,
        "Portal            allowed",
    ):
        assert text_part in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    start = lines.index("The mandate, by who did the MFA") + 2
    assert lines[start : start + 5] == [
        "Entra * compatible incompatible nobody",
        "Portal allowed allowed blocked asked for MFA",
        "API allowed allowed refused (401) refused (401)",
        "Customers (GDAP) allowed allowed blocked blocked",
        "",
    ]
    manage = "Manage customers by delegated access (AOBO) supported no exception"
    assert lines.index(manage) - lines.index(f"{manage} no access") == 9  # the additional workloads
    assert "Security workspace Admin agents, Security administrator" in lines
    assert max(map(len, text.splitlines())) <= 80
    assert "* this token: Entra\n" in text


@pytest.mark.parametrize(
    ("claims", "code", "verdict", "facts"),
    [
        ({"amr": ["pwd"]}, 1, "would refuse this token.", ["MFA           no;", "nobody *"]),
        ({"amr": ["fed", "mfa"]}, 0, "would accept this token.", ["Entra *", "compatible *"]),
        ({"idtyp": "app"}, 1, UNKNOWN, ["Kind          not given", "no column"]),
        ({"amr": 7}, 1, UNKNOWN, ["MFA           not given", "no column"]),
        ({"aud": "https://graph.microsoft.com"}, 1, "would refuse this token.", ["audience"]),
        ({"exp": 1_700_000_000}, 1, "would refuse this token.", ["(has expired)"]),
    ],
)
def test_the_first_line_and_the_exit_code_are_the_verdict_of_the_api(
    claims, code, verdict, facts
) -> None:
    done = run(fresh_token(**claims))

    assert done.returncode == code
    assert done.stdout.decode().splitlines()[0].endswith(verdict)
    for fact in facts:
        assert fact in done.stdout.decode()


def test_an_applications_token_is_accepted_without_mfa() -> None:
    done = run(fresh_token(APP_ONLY_CLAIMS))

    assert done.returncode == 0
    assert "app-only, without a user" in done.stdout.decode()
    assert "not required of an application" in done.stdout.decode()


def test_the_text_fits_80_columns_of_ascii_whatever_the_token_says() -> None:
    hostile = "\u202e\x1b[2J" + "\u00e9" * 300
    token = fresh_token(
        aud=hostile, amr=["mfa", "fed", *[hostile] * 9], ver=hostile, appid=hostile, tid=hostile
    )

    text = run(token).stdout.decode("ascii")

    assert "App+User" in text
    assert max(map(len, text.splitlines())) <= 80
    assert all(line.isprintable() for line in text.splitlines())
    assert "3 more" in text


@pytest.mark.parametrize("key", ["access_token", "accessToken", "Token"])
def test_the_answer_of_a_token_endpoint_may_be_piped_in_whole(key) -> None:
    token = fresh_token()

    done = run(json.dumps({"token_type": "Bearer", "expires_in": 3599, key: token}, indent=2))

    assert (done.returncode, done.stderr) == (0, b"")
    assert_nothing_printed(token, done)


def test_json_is_the_same_for_programs() -> None:
    done = run(fresh_token(amr=["pwd"]), "--json")

    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, b"")
    assert (answer["version"], answer["signature_checked"]) == (1, False)
    assert (answer["token"]["kind"], answer["token"]["mfa"]) == ("app_and_user", "no")
    assert answer["token"]["amr"] == ["pwd"]
    assert (answer["token"]["tenant_id"], answer["token"]["app_id"]) == (TENANT, APPLICATION)
    assert answer["token"]["expires_at"].endswith("Z")
    assert {scenario: each["answer"] for scenario, each in answer["answers"].items()} == {
        "portal": "asked_for_mfa",
        "api": "refused",
        "gdap": "blocked",
    }
    assert len(answer["mandate"]) == 12
    marked = {(cell["mfa_by"], cell["is_this_token"]) for cell in answer["mandate"]}
    assert marked == {
        *(("entra", False), ("third_party", False), ("incompatible", True), ("nobody", True)),
    }
    assert [each["name"] for each in answer["scenarios"]] == [
        *("discover", "transact", "billing", "manage", "assign_dap", "assign_gdap"),
        "gdap_requests",
    ]
    manage = answer["scenarios"][3]
    assert manage["answers"] == {
        "entra": "allowed",
        "third_party": "allowed",
        "incompatible": "refused",
        "nobody": "refused",
    }
    assert manage["edition_2023"] == {
        "entra": "MFA supported",
        "third_party": "No exception supported",
        "nobody": "No access",
    }
    assert manage["additional_workloads"] is True
    assert [each["name"] for each in answer["additional_workloads"]] == [
        *("discover", "transact", "billing", "manage", "assign"),
    ]
    assert answer["additional_workloads"][0]["answers"] == {}
    assert answer["additional_workloads"][4] == {
        "name": "assign",
        "title": "User and license assignment",
        "answers": manage["answers"],
        "edition_2023": {"entra": "MFA supported", "third_party": "No exception supported"},
    }
    assert answer["pages"]["may_2023"]["Billing"][1] == "Global administrator"


def test_the_setting_for_partner_centers_ids_counts_here_too() -> None:
    other = "c0000000-1111-4222-8333-000000000009"

    assert run(fresh_token(aud=other)).returncode == 1
    assert run(fresh_token(aud=other), PARTNER_CENTER_RESOURCE_IDS=other).returncode == 0


# The way in.


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_powershell_wrote_can_be_piped_in(encoding) -> None:
    assert run(f"Bearer {fresh_token()}\r\n".encode(encoding)).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    ["{}", "--json {}", "--json={}", "--token {}", "--token={}", "-{}", "-- {}"],
)
def test_a_token_as_an_argument_is_refused_and_not_repeated(arguments) -> None:
    token = fresh_token()

    done = run(fresh_token(), *arguments.format(token).split())

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"token: A token must not be an argument")
    assert done.stderr.count(b"\n") == 1
    assert_nothing_printed(token, done)


@pytest.mark.parametrize("arguments", ["{}", "serve {}", "analyze {} --out x", "bearer {}"])
def test_a_token_that_is_given_to_anything_else_is_not_repeated_either(arguments) -> None:
    token = fresh_token()

    done = run(b"", *arguments.format(token).split(), command=COMMAND[:-1])

    assert (done.returncode, done.stdout) == (2, b"")
    assert b": A token must not be an argument" in done.stderr
    assert_nothing_printed(token, done)


WRONG = {
    "nothing": ("", "There is no token"),
    "cut short": (user_token()[:200], "This has 2 parts"),
    "claims cut short": (f"{encoded(HEADER)}.{encoded(USER_CLAIMS)[:-9]}.", "second part is not"),
    "refresh token": ("0.AXoAexample.AgABAAEAAAD-example", "This is a refresh token"),
    "ID token": (token_of({"aud": APPLICATION, "nonce": "n", **PERSON}), "This is an ID token"),
    "long": ("e" * 100_000, "longer than 65,536 characters"),
    "very long": ("e" * 1_000_000, "longer than 65,536 characters"),
    "answer without a token": ('{"error": "invalid_grant"}', "JSON without an access token"),
    "answer cut short": ('{"access_token": "eyJ0eXAi', "begins like JSON but is not"),
    "no text": (b"\xff" * 1000, "This has 1 part"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_an_access_token_stops_with_one_sentence_that_repeats_nothing(what) -> None:
    paste, sentence = WRONG[what]

    done = run(paste)

    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert_nothing_printed(paste if isinstance(paste, str) else "", done)


def test_closed_standard_input_is_an_invalid_token_rather_than_a_traceback() -> None:
    program = "import os, sys\nsys.stdin = None\nfrom shared.cli.main import main\n"

    done = run("", command=guarded(program + "sys.exit(main(['token']))"))

    assert done.returncode == 2
    assert done.stderr.startswith(b"token: There is no token")


# What is left behind: nothing.


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(("amr", "end", "code"), [("mfa", None, 0), ("pwd", None, 1), ("", 300, 2)])
def test_nothing_is_sent_or_stored_and_nothing_of_the_token_is_printed(
    amr, end, code, options
) -> None:
    program = f"from shared.cli.main import main\nsys.exit(main(['token', *{options}]))"
    token = fresh_token(amr=[amr])[:end]

    done = run(token, command=guarded(program))

    assert done.returncode == code, done.stderr
    assert done.stdout or done.stderr
    assert_nothing_printed(token, done)


@pytest.mark.parametrize(
    "program",
    [
        "open('token.txt', 'w')",
        "os.open('token.txt', os.O_CREAT | os.O_WRONLY)",
        "os.mkdir('token')",
        "import socket\nsocket.socket().connect(('127.0.0.1', 9))",
        "import socket\nsocket.getaddrinfo('localhost', 443)",
        "import subprocess\nsubprocess.run(['curl'])",
    ],
)
def test_the_guard_of_these_tests_catches_it(program, tmp_path) -> None:
    done = run("", command=guarded(f"os.chdir({str(tmp_path)!r})\n{program}"))

    assert done.returncode == 99
    assert done.stderr.startswith(b"GUARD ")
    assert list(tmp_path.iterdir()) == []


def test_what_reads_the_token_knows_no_network_at_all() -> None:
    program = (
        "import sys, shared.cli.token\n"
        "print({'socket', 'ssl', 'http.client', 'urllib.request', 'asyncio', 'azure'}"
        " & set(sys.modules))"
    )

    done = run("", command=[sys.executable, "-c", program])

    assert done.stdout.decode().strip() == "set()", done.stderr


def test_a_token_is_judged_by_the_time_at_which_it_was_read(monkeypatch, capsys) -> None:
    clock = Clock(NOW)

    class Waiting(io.BytesIO):
        """Standard input whose token comes only after it has expired."""

        def read(self, *_):
            clock.go_on(hours=2)
            return user_token().encode()

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Waiting()))

    assert main(["token"], now=clock) == 1
    assert "expired" in capsys.readouterr().out


# The terminal.


#: Makes standard input the terminal that its Ctrl-C comes from, and becomes the command.
ON_ITS_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """The command on its own terminal, waiting for a paste."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.before = self.settings()
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_ITS_TERMINAL, *COMMAND],
            cwd=ROOT,
            env=PLAIN,
            stdin=self.slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr
        self.prompt = b""
        while PROMPT not in self.prompt and (chunk := os.read(self.process.stderr.fileno(), 4096)):
            self.prompt += chunk

    def settings(self):
        import termios

        return termios.tcgetattr(self.slave)

    def paste(self, text) -> None:
        content = text.encode()
        while content:
            content = content[os.write(self.master, content) :]

    def end(self):
        """Exit code and output; what the terminal showed; what is still unread in it."""
        out, err = self.process.communicate(timeout=ENOUGH_SECONDS)
        done = subprocess.CompletedProcess([], self.process.returncode, out, self.prompt + err)
        return done, self._waiting(self.master), self._waiting(self.slave)

    def _waiting(self, end) -> bytes:
        os.set_blocking(end, False)
        try:
            return os.read(end, 65_536)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal():
    pytest.importorskip("termios", reason="terminals of this kind are a POSIX matter")
    opened = Terminal()
    yield opened
    opened.close()


@pytest.mark.parametrize("length", [0, 5_000, 40_000])
def test_a_paste_is_not_shown_and_not_cut_however_long(terminal, length) -> None:
    token = fresh_token(xms_padding="x" * length)

    terminal.paste(f"{token}\n")

    done, shown, left = terminal.end()
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(b"Partner Center's API would accept this token.")
    assert (shown, left) == (b"", b"")
    assert terminal.settings() == terminal.before
    assert_nothing_printed(token, done)


def test_a_paste_of_several_lines_is_one_token_and_none_of_it_is_left_for_the_shell(
    terminal,
) -> None:
    token = fresh_token()

    terminal.paste("\n".join(token[start : start + 70] for start in range(0, len(token), 70)))
    terminal.paste("\n")

    done, shown, left = terminal.end()
    assert done.returncode == 0, done.stderr
    assert (shown, left) == (b"", b"")


def test_a_line_end_ends_a_paste_only_where_nothing_follows_it() -> None:
    pytest.importorskip("termios", reason="terminals of this kind are a POSIX matter")
    reading, writing = os.pipe()  # both ends stay open: there is no end of input to stop at
    try:
        os.write(writing, b"first..\nsecond.\r\nthird..\n")

        pasted = read_line(reading, most_at_once=8)  # so the first read ends with the first line

        assert pasted == b"first..\nsecond.\r\nthird..\n"
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("paste", ["\n", "\x04"])
def test_enter_alone_and_end_of_input_are_no_token(terminal, paste) -> None:
    terminal.paste(paste)

    done, _, _ = terminal.end()
    assert done.returncode == 2
    assert b"There is no token" in done.stderr


def test_after_ctrl_c_the_terminal_is_as_it_was(terminal) -> None:
    terminal.paste(f"{fresh_token()[:300]}\x03")

    done, shown, _ = terminal.end()
    assert (done.returncode, done.stdout, shown) == (130, b"", b"")
    assert terminal.settings() == terminal.before
