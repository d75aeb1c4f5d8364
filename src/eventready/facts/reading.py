"""What a parser makes of one answer, before any record is built: rows of text under columns, and what was left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from eventready.facts.observation import Status

#: A device that prints garbage by the megabyte is quoted with this many lines; the others are counted.
UNMATCHED_SHOWN = 20
#: A longer line is none of any table, and is not given to regular expressions, which may take quadratic time over it.
LONGEST_LINE = 8_192
_LINE_SHOWN = 200


@dataclass(frozen=True)
class Reading:
    """`rows` hold one value per column: text, a list of texts, or whatever JSON has (never a record).

    `unmatched` are lines that no rule knew, at most UNMATCHED_SHOWN of them; `unmatched_total` counts all. `heading` is
    True when the answer shows the heading of a table (or an empty JSON container, or a report's "0 results"), which
    without rows is evidence of "none". `status` and `reason` are set where the answer itself says why it has no rows.
    """

    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[Any]] = ()
    unmatched: tuple[str, ...] = ()
    unmatched_total: int = 0
    heading: bool = False
    status: Status | None = None
    reason: str = ""


class Reader(Protocol):
    """A compiled parser."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns it gives; None where only the answer tells."""

    def read(self, text: str) -> Reading:
        """Never raises, whatever the text."""
        ...


@dataclass
class Leftovers:
    """Collects unmatched lines: the first UNMATCHED_SHOWN are kept, cut to a length a person reads; all are counted."""

    shown: list[str] = field(default_factory=list)
    total: int = 0

    def add(self, line: str) -> None:
        """Note one line."""
        self.total += 1
        if self.total <= UNMATCHED_SHOWN:
            self.shown.append(quoted(line))


def quoted(line: str) -> str:
    """The line as it may be shown: cut, and without what would move a terminal's cursor."""
    short = line.strip()[:_LINE_SHOWN]
    return short if short.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in short)
