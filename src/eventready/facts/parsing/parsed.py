"""Result of parsing an answer, before records are built: rows of text under columns, and lines without a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from eventready.facts.observation import Status

#: Lines that are quoted of an answer; the others are counted.
UNMATCHED_SHOWN = 20
#: The longest line that is given to regular expressions.
LONGEST_LINE = 8_192
#: Processor time that one answer may take, in all facts that are read from it; measured on the thread that reads.
PARSING_SECONDS = 5.0
#: Part of it that is left for the step after the last look at the clock.
RESERVE_SECONDS = 0.5
TOO_LONG = f"parsing the answer takes more than {PARSING_SECONDS:g} s of processor time"
_LINE_SHOWN = 200


class ParsingTooLong(Exception):
    """An answer took more than PARSING_SECONDS of processor time."""


@dataclass(frozen=True)
class ParsedText:
    """Rows and unmatched lines of an answer. `rows`: a value per column: text, a list of texts, or a JSON value.

    `unmatched`: lines that no rule matched, at most UNMATCHED_SHOWN of `unmatched_total`; `refused` counts those that
    may carry the fact. `contradictions`: one sentence for each record that does not hold; `doubled`: one of them is a
    second value, so that a record may hold another one whose beginning is lost. `none`: the answer itself proves that
    it has no rows (an empty JSON container, a report of 0 results). `heading`: it has none if it is whole.
    `whole`: its format proves that it is complete. `bounded`: its format proves where each row begins and ends, so that
    a strange row costs no other; `strange`: places of rows that the parser could not read, and why. `status` and
    `reason` are set where the answer itself gives the reason for having no rows.
    """

    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[Any]] = ()
    unmatched: tuple[str, ...] = ()
    unmatched_total: int = 0
    refused: int = 0
    contradictions: tuple[str, ...] = ()
    doubled: bool = False
    none: bool = False
    heading: bool = False
    whole: bool = False
    bounded: bool = False
    strange: Mapping[int, str] = field(default_factory=dict)
    status: Status | None = None
    reason: str = ""


class TextParser(Protocol):
    """A compiled parser."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of the rows; None where they depend on the answer."""

    def parse(self, text: str) -> ParsedText:
        """Return the rows of an answer. Raises ParsingTooLong behind the limit of this thread, and nothing else."""
        ...


@runtime_checkable
class LineReader(Protocol):
    """A line-based parser."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions of its rules."""

    def reads(self, line: str) -> bool:
        """Return True for a line with a possible value of a row."""
        ...

    def knows(self, line: str) -> bool:
        """Return True for a line with a matching rule."""
        ...


@dataclass
class UnmatchedLines:
    """Collects unmatched lines: the first UNMATCHED_SHOWN are kept, shortened; all are counted."""

    shown: list[str] = field(default_factory=list)
    total: int = 0

    def add(self, line: str) -> None:
        """Count a line, and keep the first lines."""
        self.total += 1
        if self.total <= UNMATCHED_SHOWN:
            self.shown.append(printable_line(line))

    def all_refused(self) -> dict[str, Any]:
        """Return the fields of a ParsedText in which each of these lines may have a value of the fact."""
        return {"unmatched": tuple(self.shown), "unmatched_total": self.total, "refused": self.total}


def printable_line(line: str) -> str:
    """Return the line, shortened, with a replacement for each unprintable character."""
    short = line.strip()[:_LINE_SHOWN]
    return short if short.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in short)
