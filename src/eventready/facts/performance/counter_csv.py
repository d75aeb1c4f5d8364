"""CSV of counters: a row per object and period, heads by the layout."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from math import nan

from eventready.core.messages import message
from eventready.facts.performance.counters import LONGEST_S, Counters, Known, PerformanceError, moment, number
from eventready.facts.performance.layout import CounterColumns

_FIELDS, _LINE = 5_000, 4 * 1024 * 1024
_PERIOD = re.compile(r"(\d{1,5})\s*(?:min(?:ute)?s?)?", re.IGNORECASE)


def read_csv(
    pieces: Iterable[bytes],
    columns: CounterColumns,
    found: Callable[[Counters], None],
    known: Known,
    zone: tzinfo | None,
) -> None:
    """Give every row to `found`. Raises PerformanceError for a file of another layout and for a cut last line."""
    rows = csv.reader(_lines(pieces, columns.encodings), delimiter=columns.separator)
    try:
        heads = [cell.strip() for cell in next(rows, [])]
        places = {head.casefold(): place for place, head in enumerate(heads)}
        time, period, name = (_place(places, head) for head in (columns.time, columns.period, columns.name))
        trust = _place(places, columns.reliability) if columns.reliability else None
        own = {time, period, name, trust}
        named = [(place, known(head)) for place, head in enumerate(heads) if place not in own and head]
        counters = [(place, counter) for place, counter in named if counter is not None]
        for row in rows:
            if len(row) != len(heads):
                if any(row):
                    sizes = {"fields": len(row), "heads": len(heads)}
                    raise PerformanceError(message("facts:performance.row", line=rows.line_num, **sizes))
                continue
            minutes, begin = _PERIOD.fullmatch(row[period].strip()), moment(row[time], zone)
            if minutes is None or begin is None or int(minutes[1]) * 60 > LONGEST_S:
                if rows.line_num == 2 and _units(row, time, places.values()):
                    continue
                raise PerformanceError(message("facts:performance.row_time", line=rows.line_num, text=row[time][:40]))
            values: dict[str, float] = {}
            for place, counter in counters:
                if (value := number(row[place])) is not None:
                    values[counter] = value if values.get(counter, value) == value else nan
            doubtful = trust is not None and row[trust].strip().casefold() != columns.reliable.casefold()
            found(Counters(row[name].strip(), begin, int(minutes[1]) * 60, values, doubtful))
    except csv.Error as error:
        raise PerformanceError(message("facts:performance.csv", line=rows.line_num, reason=str(error))) from None


def _units(row: Sequence[str], time: int, places: Iterable[int]) -> bool:
    """True for a line of units below the heads: no figure in the place of the time, and no number anywhere."""
    return not any(map(str.isdecimal, row[time])) and all(number(row[place]) is None for place in places)


def _place(places: dict[str, int], head: str) -> int:
    if head.casefold() not in places:
        raise PerformanceError(message("facts:performance.no_head", head=head, heads=", ".join(list(places)[:8])[:200]))
    return places[head.casefold()]


def _lines(pieces: Iterable[bytes], encodings: tuple[str, ...]) -> Iterator[str]:
    """Yield lines with their ends, decoded by the first encoding fit for the first line.

    Raises PerformanceError for a last line without its end.
    """
    rest, encoding = b"", ""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > _LINE:
            raise PerformanceError(message("facts:performance.text", most=_LINE))
        for line in whole:
            encoding = encoding or _encoding(line, encodings)
            yield _decoded(line, encoding)
    if rest.strip():
        raise PerformanceError(message("facts:performance.cut"))


def _encoding(line: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise PerformanceError(message("facts:performance.encoding", encodings=", ".join(encodings)))


def _decoded(line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding).replace("\0", "\ufffd") + "\n"
    except UnicodeDecodeError:
        raise PerformanceError(message("facts:performance.encoding", encodings=encoding)) from None
