"""Records one per line (NDJSON), as diagnostic settings write them: fast, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stringzilla import Str

from shared.sources.files.skimming import NO_ID, are_filled

if TYPE_CHECKING:
    from shared.sources.files.intake import Intake
    from shared.sources.files.skimming import Kind, Skimmed, Skimmer
    from shared.sources.files.streams import Stream

BLOCK_BYTES = 1024 * 1024  #: 1 to 4 MiB is fastest; 1 MiB fits into the processor's cache
LONGEST_RECORD_BYTES = 4 * 1024 * 1024  #: sign-in records have 4 to 12 kB, rarely 400

_WANTED_BYTES = 8 * 1024  #: more hits than one in so many: most lines are decoded
_TOGETHER_BYTES = 128 * 1024  #: of lines that are decoded at once
_DAY_LENGTH = len("2026-11-23")
SPACE = b" \t\r\n\xef\xbb\xbf"  #: between records; a byte order mark if files were joined

_BRACE, _QUOTE, _ZERO = b'}"0'


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
        while start < end and len(hits) * _WANTED_BYTES > end:
            start = self._read_together(block, start, end)
        hits.append(end)
        hit = 0
        while start < end:
            while hits[hit] < start:
                hit += 1
            if self._pattern:
                start = self._skip_regular(block, start, end, hits[hit], self._pattern)
            if start < end:
                stop = block.find(b"\n", start)
                line = bytes(memoryview(block)[start:stop])  # one copy, not two
                self._read_line(line, may_concern=hits[hit] < stop)
                start = stop + 1

    def _read_together(self, block: bytearray, start: int, end: int) -> int:
        """Take in some lines most of which may be wanted; returns where the next one begins."""
        last = block.rfind(b"\n", start, min(start + _TOGETHER_BYTES, end))
        stop = last if last >= 0 else block.find(b"\n", start, end)
        lines = bytes(memoryview(block)[start:stop]).split(b"\n")
        if self._intake.take_records(lines):
            self._line += len(lines)
        else:
            for line in lines:
                self._read_line(line, may_concern=True)
        return stop + 1

    def _skip_regular(self, block: bytearray, start: int, end: int, hit: int, like: Skimmed) -> int:
        """
        Count lines like one that was skimmed, up to that of the `hit`; returns where it stopped.

        This loop determines the speed of reading: a call takes as long as searching half a record.
        """
        opening, time_key, zone, *_ = like
        key_length, zone_length = len(time_key), len(zone)
        kinds = self._skimmer.kinds_like(like) if self._skimmer else []
        mark, is_before_time, (app_key, resource_key, *user_keys), _ = kinds[0]
        number, day, counts = 0, b"?", [0] * len(kinds)  #: of that day
        text = Str(memoryview(block)[:end])
        find, rfind, has_at = text.find, text.rfind, text.startswith
        time = find(time_key, start)
        while start < hit:
            stop = find(b"\n", start)
            at = time + key_length
            quote = find(b'"', at)
            time = find(time_key, at)  # may be the next line's
            if (
                stop > hit
                or not start + key_length < at < quote < stop
                or 0 <= time < stop
                or not has_at(zone, quote - zone_length)
                or rfind(opening, start, at) != start  # at the start, and only there
                or (block[stop - 1] != _BRACE and not has_at(b"}\r", stop - 2))
            ):
                break
            if find(mark, start, at if is_before_time else stop) < 0:
                number = _kind_of(kinds, text, start, at, stop)
                if number < 0:
                    break
                mark, is_before_time, (app_key, resource_key, *user_keys), _ = kinds[number]
            if (
                (place := find(app_key, start, stop)) < 0
                or (first := block[place + len(app_key)]) == _QUOTE
                or (first == _ZERO and has_at(NO_ID, place + len(app_key)))
                or find(resource_key, start, stop) < 0
                or (user_keys and not are_filled(block, user_keys, start, stop))
            ):
                break
            if not has_at(day, at):
                self._skip(kinds, counts, day)
                day = bytes(block[at : at + _DAY_LENGTH])
                if day not in self._days:
                    break
            counts[number] += 1
            start = stop + 1
        self._skip(kinds, counts, day)
        return start

    def _skip(self, kinds: list[Kind], counts: list[int], day: bytes) -> None:
        """Count the lines of one day and of each kind, and begin again at zero."""
        for number, kind in enumerate(kinds):
            if count := counts[number]:
                self._intake.skip(count, day.decode(), kind.event)
                self._line += count
                counts[number] = 0

    def _read_line(self, line: bytes, *, may_concern: bool) -> None:
        """Take in one line: count it if skimming is enough, else decode it."""
        record = line.strip(SPACE)
        seen = None if may_concern or not self._skimmer else self._skimmer.look(record)
        if seen:
            self._intake.skip(1, seen.day, seen.kind.event)
            self._days.add(seen.day.encode())
            self._pattern = seen if seen.zone else None
        elif record and self._intake.take(record, self._line) and self._skimmer:
            self._skimmer.learn(record)
        self._line += 1


def _kind_of(kinds: list[Kind], text: Str, start: int, time: int, stop: int) -> int:
    """The index of the kind that a line is of, or -1."""
    for number, kind in enumerate(kinds):
        if text.find(kind.mark, start, time if kind.is_before_time else stop) >= 0:
            return number
    return -1
