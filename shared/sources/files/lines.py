"""Records one per line (NDJSON), as diagnostic settings write them: fast, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import stringzilla

from shared.sources.files.skimming import all_are_filled, are_filled

if TYPE_CHECKING:
    from shared.mfa.sign_in import SignInEventType
    from shared.sources.files.intake import Intake
    from shared.sources.files.skimming import Skimmed, Skimmer
    from shared.sources.files.streams import Stream

BLOCK_BYTES = 1024 * 1024  #: 1 to 4 MiB is fastest; 1 MiB fits into the processor's cache
LONGEST_RECORD_BYTES = 4 * 1024 * 1024  #: sign-in records have 4 to 12 kB, rarely 400

_DAY_LENGTH = len("2026-11-23")
SPACE = b" \t\r\n\xef\xbb\xbf"  #: between records; a byte order mark if files were joined

_find = stringzilla.find


class LineReader:
    """
    Takes in a stream of lines.

    With a `Skimmer`, lines that may contain one of its ids are decoded, other lines are counted if
    they look regular, and else decoded too. The result is the same as of decoding every line.
    """

    def __init__(
        self, intake: Intake, skimmer: Skimmer | None, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._intake = intake
        self._skimmer = skimmer
        self._block_bytes = block_bytes
        self._line = 1  #: number of the next line
        self._pattern: Skimmed | None = None  #: of the last line that was examined individually
        self._days: set[bytes] = set()  #: days seen so far; other text may not be a valid day
        self._is_too_long = False  #: the next line has already been refused
        #: Whether all lines of the block have some keys (`Skimmed.place_keys`).
        self._placed: dict[tuple[bytes, ...], bool] = {}

    def read(self, stream: Stream) -> None:
        """Take in every line of the stream, including a last line without a line break."""
        block, filled = bytearray(self._block_bytes), 0
        while size := stream.readinto(memoryview(block)[filled:]):
            filled += size
            end = block.rfind(b"\n", 0, filled) + 1
            if end:
                self._read_block(block, self._after_too_long(block, end), end)
                filled -= end
                block[:filled] = block[end : end + filled]
            elif filled == len(block):
                block, filled = self._longer(block)
        self._read_rest(bytes(block[:filled]), stream.fault)

    def _longer(self, block: bytearray) -> tuple[bytearray, int]:
        """A larger block for a line that fills this one; refuses lines longer than any record."""
        if len(block) < LONGEST_RECORD_BYTES:
            return block + bytearray(len(block)), len(block)
        if not self._is_too_long:
            self._is_too_long = True
            self._intake.refuse(self._line, f"it is longer than {LONGEST_RECORD_BYTES:,} bytes")
        return block, 0

    def _after_too_long(self, block: bytearray, end: int) -> int:
        if not self._is_too_long:
            return 0
        self._is_too_long = False
        self._line += 1
        return block.find(b"\n", 0, end) + 1

    def _read_rest(self, rest: bytes, fault: str) -> None:
        """Take in the last line if it has no line break, and note why the stream broke off."""
        unreadable = self._intake.unreadable
        record = b"" if self._is_too_long else rest.strip(SPACE)
        if record:
            self._intake.take(record, self._line, reason=fault)
        if fault and self._intake.unreadable == unreadable:
            self._intake.refuse(self._line, fault)
        if fault:  # a last line that was still being written is just one record
            self._intake.break_off()

    def _read_block(self, block: bytearray, start: int, end: int) -> None:
        hits = self._skimmer.hits(block, end) if self._skimmer else []
        hits.append(end)
        hit = 0
        self._placed.clear()
        while start < end:
            while hits[hit] < start:
                hit += 1
            if self._pattern:
                start = self._skip_regular(block, start, end, hits[hit], self._pattern)
            if start < end:
                stop = block.find(b"\n", start)
                self._read_line(bytes(block[start:stop]), may_concern=hits[hit] < stop)
                start = stop + 1

    def _skip_regular(
        self, block: bytearray, start: int, end: int, hit: int, pattern: Skimmed
    ) -> int:
        """
        Count lines that match the pattern, up to the line of the `hit`; returns where it stopped.

        This loop runs once per line, and determines the speed of reading.
        """
        opening, time_key, _, kind_mark, place_keys, event = pattern
        find, startswith = block.find, block.startswith
        is_placed = self._all_have(place_keys, block, start, end)
        count, day = 0, b"?"
        time = _find(block, time_key, start, end)
        while start < hit:
            stop = find(b"\n", start)
            at = time + len(time_key)
            quote = find(b'"', at)
            time = _find(block, time_key, at, end)  # may be the next line's
            if (
                stop > hit
                or not start + len(time_key) < at < quote < stop
                or 0 <= time < stop
                or not startswith(opening, start)
                or not (startswith(b"}", stop - 1) or startswith(b"}\r", stop - 2))
                or not (startswith(b"+00:00", quote - 6) or startswith(b"Z", quote - 1))
                or _find(block, opening, start + 1, at) >= 0
                or not (is_placed or are_filled(block, place_keys, start, stop))
            ):
                break
            if _find(block, kind_mark, start, stop) < 0:  # a record of another log
                self._skip(count, day, event)
                count, found = 0, self._kind_of(block, start, stop, pattern)
                if found is None:
                    break
                _, _, _, kind_mark, place_keys, event = found
                is_placed = self._all_have(place_keys, block, start, end)
                if not (is_placed or are_filled(block, place_keys, start, stop)):
                    break
            if not startswith(day, at):
                self._skip(count, day, event)
                count, day = 0, bytes(block[at : at + _DAY_LENGTH])
                if day not in self._days:
                    break
            count += 1
            start = stop + 1
        self._skip(count, day, event)
        return start

    def _all_have(self, keys: tuple[bytes, ...], block: bytearray, start: int, end: int) -> bool:
        """Whether all lines of the block from `start` on have these keys."""
        if keys not in self._placed:
            self._placed[keys] = all_are_filled(block, keys, start, end)
        return self._placed[keys]

    def _kind_of(self, block: bytearray, start: int, stop: int, pattern: Skimmed) -> Skimmed | None:
        """The pattern of another log that a line matches, if such a line was seen before."""
        for other in self._skimmer.of_other_logs(pattern) if self._skimmer else ():
            if _find(block, other.kind_mark, start, stop) >= 0:
                return other
        return None

    def _skip(self, count: int, day: bytes, event: SignInEventType) -> None:
        if count:
            self._intake.skip(count, day.decode(), event)
            self._line += count

    def _read_line(self, line: bytes, *, may_concern: bool) -> None:
        """Take in one line: count it if skimming is enough, else decode it."""
        record = line.strip(SPACE)
        seen = None if may_concern or not self._skimmer else self._skimmer.look(record)
        if seen:
            self._intake.skip(1, seen.day, seen.event)
            self._days.add(seen.day.encode())
            self._pattern = seen
        elif record and self._intake.take(record, self._line) and self._skimmer:
            self._skimmer.learn(record)
        self._line += 1
