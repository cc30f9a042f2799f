"""Progress: a moving line for people, plain lines for logs."""

from __future__ import annotations

from io import StringIO

from shared.cli.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def told(stream, *, seconds):
    """What is written when 0 to 10 of 10 units are told, one after each of `seconds`."""
    now = [0.0]
    progress = Progress("Reading", "MiB", stream=stream, clock=lambda: now[0])
    for done in range(11):
        now[0] = done * seconds
        progress(done, 10)
    progress.finish()
    return stream.getvalue()


def test_a_terminal_sees_one_moving_line_that_is_gone_at_the_end() -> None:
    text = told(Terminal(), seconds=0.2)

    assert "\n" not in text
    assert "100% 10 of 10 MiB" in text
    assert text.endswith("\r\x1b[K")


def test_a_log_sees_a_plain_line_every_ten_seconds_and_none_for_short_work() -> None:
    assert told(StringIO(), seconds=0.5) == ""
    assert told(StringIO(), seconds=5.0).splitlines() == [
        f"Reading {10 * n}% {n} of 10 MiB" if n < 10 else "Reading 100% 10 of 10 MiB"
        for n in (2, 4, 6, 8, 10)
    ]


def test_a_terminal_is_not_written_to_more_often_than_eyes_can_follow() -> None:
    assert told(Terminal(), seconds=0.01).count("Reading") == 2


def test_work_of_no_size_is_done() -> None:
    stream = Terminal()

    Progress("Reading", "MiB", stream=stream)(0, 0)

    assert "100%" in stream.getvalue()


def test_a_terminal_that_cannot_draw_blocks_gets_a_bar_of_ascii() -> None:
    class Plain(Terminal):
        encoding = "ascii"

    drawn = told(Plain(), seconds=0.2)

    assert "#####" in drawn
    assert drawn.isascii()
