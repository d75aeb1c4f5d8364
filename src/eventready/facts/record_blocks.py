"""Records of an answer by the platform's bounds (`record`), and which of them can be read when the whole cannot.

A record is read where the answer with this record alone is understood; every line outside all records stands in each of
these answers. What is left without the other records must be understood as a whole and have the same rows, so that no
record is read otherwise than without the strange one beside it. There are no bounds, and the answer is refused, where
a strange line is outside all records, where a record has a second value or holds a second subject (its first line may
be lost), and where as many records are strange as not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from eventready.core.messages import Text
from eventready.facts.observation import Unread
from eventready.facts.parsing.line_pattern import LinePattern, watched
from eventready.facts.parsing.parsed import ParsedText
from eventready.facts.parsing.parsing_time import in_time
from eventready.facts.records import Fact
from eventready.platforms.model import RecordSpec


@dataclass(frozen=True)
class LinesRead:
    """Lines as understood: rows as parsed, records, and the reason where they are not understood."""

    parsed: ParsedText
    records: tuple[Fact, ...] = ()
    reason: Text | None = None


Read = Callable[[Sequence[str]], LinesRead]


@dataclass(frozen=True)
class RecordBlock:
    """Lines of a record, from `start` up to `end`."""

    subject: str
    start: int
    end: int


class RecordBlocks:
    """Bounds of a fact's records, compiled."""

    def __init__(self, spec: RecordSpec) -> None:
        self._starts = LinePattern(spec.starts)
        self._lines = LinePattern(spec.lines) if spec.lines else None

    @property
    def patterns(self) -> tuple[LinePattern, ...]:
        """Patterns of lines of records."""
        return (self._starts, *([self._lines] if self._lines else []))

    def split(self, lines: Sequence[str]) -> list[RecordBlock]:
        """Return the records of an answer in order. Raises ParsingTooLong."""
        found = [(place, match) for place, line in enumerate(watched(lines)) if (match := self._starts.search(line))]
        bounds = [*(place for place, _ in found), len(lines)]
        return [
            RecordBlock((match["subject"] or "").strip(), start, self._end(lines, start + 1, after))
            for (start, match), (_, after) in zip(found, pairwise(bounds), strict=True)
        ]

    def _end(self, lines: Sequence[str], start: int, after: int) -> int:
        """Return the end of a record with further lines from `start` on; `after`: start of the next record."""
        if self._lines is None:
            return start
        return next((place for place in in_time(range(start, after)) if not self._lines.search(lines[place])), after)


def readable(
    blocks: Sequence[RecordBlock], lines: Sequence[str], read: Read, *, ended: bool
) -> tuple[LinesRead, tuple[Unread, ...]] | None:
    """Return the readable records, and the others by name; None where the strange ones have no bounds.

    `ended`: the answer is known to be whole, which bounds its last record. Raises ParsingTooLong.
    """
    outside = _without(lines, blocks)
    around = read([line for _, line in outside])
    if around.reason or around.parsed.rows:
        return None
    rows: list[Any] = []
    strange: list[RecordBlock] = []
    unread: list[Unread] = []
    for block, alone in _each_alone(blocks, lines, outside, read):
        if alone.parsed.doubled:
            return None
        if alone.reason:
            if _holds_several(alone, lines[block.start : block.end], read):
                return None
            strange.append(block)
            unread.append(Unread(block.subject, alone.reason, "\n".join(lines[block.start : block.end])))
        else:
            rows += alone.parsed.rows
    if not unread or 2 * len(unread) >= len(blocks) or (strange[-1] == blocks[-1] and not ended):
        return None
    rest = read([line for _, line in _without(lines, strange)])
    same = not rest.reason and rest.records and list(rest.parsed.rows) == rows
    return (rest, tuple(unread)) if same else None


def _holds_several(strange: LinesRead, lines: Sequence[str], read: Read) -> bool:
    """Return True for a strange record with records of several subjects, such as after a lost first line."""
    unmatched = set(strange.parsed.unmatched)
    rest = read([line for line in lines if line not in unmatched])
    return len({getattr(record, record.key[0]) for record in rest.records if record.key}) > 1


def _each_alone(
    blocks: Sequence[RecordBlock], lines: Sequence[str], outside: Sequence[tuple[int, str]], read: Read
) -> Iterator[tuple[RecordBlock, LinesRead]]:
    """Yield each record with the lines outside all records, as read."""
    places, texts = [place for place, _ in outside], [line for _, line in outside]
    for block in in_time(blocks, 1):
        at = bisect_left(places, block.start)
        yield block, read([*texts[:at], *lines[block.start : block.end], *texts[at:]])


def _without(lines: Sequence[str], blocks: Sequence[RecordBlock]) -> list[tuple[int, str]]:
    """Return the lines outside these records, with their places."""
    inside = {place for block in in_time(blocks) for place in range(block.start, block.end)}
    return [(place, line) for place, line in enumerate(in_time(lines)) if place not in inside]
