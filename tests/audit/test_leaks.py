"""Secrets in files. Those to be found are assembled here, so that this file contains none."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess

import pytest

from audit import accepted, leaks


def scramble(length):
    """Text that looks random and is the same every time."""
    digest = hashlib.sha512(b"made up").digest() * 2
    return base64.b64encode(digest).decode().translate({43: "a", 47: "b"})[:length]


JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","typ":"JWT"}', b'{"sub":"1234567890"}', b"signature" * 5)
)
ENTRA = f"a1B8{'Q~'}{scramble(34)}"
TRIGGER = (
    "https://prod-01.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke?sv=1.0"
)
PLANTED = {
    "AWS Access Key": ("deploy.sh", f"export KEY={'AK'}IA{scramble(40).upper()[:16]}"),
    "Private Key": ("key.pem", f"-----BEGIN {'PRIVATE'} KEY-----"),
    "Azure Storage Account access key": ("a.json", f'"x;Account{"Key"}={scramble(86)}=="'),
    "Entra client secret": ("notes.md", f"The secret of the app is {ENTRA}, until May."),
    "Secret Keyword": ("app.py", f'client_{"secret"} = "hunter2hunter2"'),
    "JSON Web Token": ("request.http", f"Authorization: Bearer {JWT}"),
    "Signed link": ("main.bicepparam", f"param webhook = '{TRIGGER}&{'sig'}={scramble(43)}'"),
    "Teams webhook": (
        "settings.yaml",
        f"url: https://contoso.webhook.office.com/webhookb2/1@2/Incoming{'Webhook'}/{'0a' * 16}/3",
    ),
    "Basic Auth Credentials": ("index.txt", f"https://ann:{scramble(12)}@packages.example"),
}


@pytest.fixture
def folder(tmp_path):
    """An empty repository."""
    git = shutil.which("git") or pytest.skip("git lists the files to search, and there is no git")
    subprocess.run([git, "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("# made\n.local/\n*.secret\n/people*.json\n")
    return tmp_path


def accepting(*secrets):
    return accepted.Accepted([], [], list(secrets), [])


def test_no_file_of_this_project_holds_a_secret() -> None:
    part = leaks.check(accepted.read())
    if part.unchecked:
        pytest.skip(part.unchecked)

    assert part.wrong == ()


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found_where_it_is_and_is_not_repeated(kind, folder) -> None:
    name, line = PLANTED[kind]
    (folder / name).write_text(f"first line\n{line}\n")

    wrong = leaks.check(accepting(), folder).wrong

    assert any(sentence.startswith(f"{name}:2: looks like a secret ({kind}") for sentence in wrong)
    assert not any(word in " ".join(wrong) for word in line.split() if len(word) > 12)


@pytest.mark.parametrize(
    "line",
    [
        'password = "a password change"',
        "client_secret: NOT_A_SECRET",
        "AccountKey=",
        "https://store.example/a.csv?sig=no",
        "{'8Q~'}",
    ],
)
def test_words_and_names_are_no_secrets(line, folder) -> None:
    (folder / "app.py").write_text(f"{line}\n")

    assert leaks.check(accepting(), folder).wrong == ()


def test_what_is_accepted_is_accepted_in_that_file_only(folder) -> None:
    for name in ("one.py", "two.py"):
        (folder / name).write_text(PLANTED["Secret Keyword"][1])
    (one, two) = leaks.leaks(["one.py", "two.py"], folder)

    wrong = leaks.check(accepting(accepted.Secret("one.py", one.digest, "made up")), folder).wrong

    assert one.digest == two.digest
    assert [sentence.partition(":")[0] for sentence in wrong] == ["two.py"]


def test_what_is_accepted_but_no_longer_there_is_wrong_too(folder) -> None:
    wrong = leaks.check(accepting(accepted.Secret("gone.py", "0a1b2c3d", "was")), folder).wrong

    assert wrong == (
        "audit/accepted.toml accepts 0a1b2c3d in gone.py, where it is no longer found.",
    )


def test_a_comment_on_the_line_excuses_nothing(folder) -> None:
    line = f"{PLANTED['Secret Keyword'][1]}  # pragma: allowlist {'secret'}"
    (folder / "app.py").write_text(line)

    assert len(leaks.check(accepting(), folder).wrong) == 1


def test_a_file_that_is_not_text_is_reported_as_not_searched_and_a_style_sheet_is_searched(
    folder,
) -> None:
    (folder / "page.css").write_text(f"/* {PLANTED['Private Key'][1]} */")
    (folder / "page.png").write_bytes(b"\x89PNG")

    part = leaks.check(accepting(), folder)

    assert [sentence.partition(":")[0] for sentence in part.wrong] == ["page.css"]
    assert "2 files" in part.checked
    assert "not searched: page.png" in part.checked


def test_every_file_is_searched_that_git_has_or_would_add(folder) -> None:
    for name in (".local", "data"):
        (folder / name).mkdir()
    ignored = ("my.secret", "people.json", ".local/report.html")
    for name in ("kept.py", "new.py", "data/people.json", *ignored):
        (folder / name).write_text("text\n")
    subprocess.run(["git", "add", "kept.py"], cwd=folder, check=True)

    assert leaks.files(folder) == [
        ".gitignore",
        "data/people.json",
        "kept.py",
        "new.py",
    ]


@pytest.mark.parametrize("has_git", [True, False])
def test_without_git_or_outside_a_clone_nothing_is_said_to_be_in_order(
    has_git, tmp_path, monkeypatch
) -> None:
    if not has_git:
        monkeypatch.setenv("PATH", "")

    part = leaks.check(accepting(), tmp_path)

    assert (part.checked, part.wrong) == ("", ())
    assert part.unchecked == "git lists the files, and there is no git or no clone"
