"""Items of named properties to rows, as RouterOS prints them.

    Flags: X - disabled, R - running
     0  R ;;; to the core
          name="ether1" mtu=1500

One item (`print detail`, `print terse`): a number, flags, a comment, and pairs that may go on in further lines.

       name: ether1
     status: link-ok

One object (`print` of a single one, `monitor`): a property per line.

Columns are the names in capitals with underscores (`DST_ADDRESS`; `.as` after `remote.address` is `REMOTE_AS`), besides
NUMBER, FLAGS and COMMENT. Lines that begin with "/" or ":" are commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from eventready.core.strings.texts import lines_of
from eventready.facts.parsing.line_pattern import LinePattern
from eventready.facts.parsing.parsed import LONGEST_LINE, ParsedText, UnmatchedLines, printable_line
from eventready.facts.parsing.parsing_time import in_time

_FLAGS_HEADING = re.compile(r"\s*Flags:? ")
_FLAGS_GO_ON = re.compile(r"\s*[A-Za-z*+] - \w")
_REST = re.compile(r";;;|[a-z][\w.-]*=")  # of an item, behind its head
_HEAD = re.compile(r"(?P<number>\d*) ?(?P<flags>[A-Za-z*+ ]{0,8})")
_MORE = re.compile(r"\s+(?P<rest>\.?[a-z][\w.-]*=.*)$")
_PAIR = re.compile(r'(?:^|(?<=\s))(?P<name>\.?[a-z][\w.-]*)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$))?')
_LINE = re.compile(r"(?P<name>[a-z][\w.-]*):(?:\s+(?P<value>\S.*))?")
_DUMP = re.compile(r"\s+[\da-f]{4}:(?: |$)|\s*\*\s*$")  # "*": lines like the one before
_REST_OF_LIST = re.compile(r"\s{8,}(?P<rest>[\w-][\w,-]*)\s*")
_TOTAL = re.compile(r"\s*total: (?P<count>\d+)\s*$")
_GROUPED = re.compile(r"\d{1,3}(?: \d{3})+")  # 4 309 122
_ADDRESS_AND_MORE = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?\s+\S")  # 10.0.0.1 reachable: a status alone
_COMMAND = re.compile(r"\s*[/:]")

Row = dict[str, str]
_Rule = Callable[[Iterable[Row]], Iterator[Row]]


#: Key of the reason why an item cannot be read.
_STRANGE = "?"


class _Contradiction(Exception):
    """Two values for a property of an item."""


@dataclass
class _Item:
    """The current item. `lines`: in the form with a property per line; `at`: where the last value began."""

    row: Row = field(default_factory=dict)
    lines: bool = False
    at: int = -1

    def put(self, name: str, value: str) -> None:
        column = _column(name)
        if self.row.setdefault(column, value) != value:
            raise _Contradiction(f"two values for {name} in one item")

    def goes_on(self, line: str) -> bool:
        """Add the rest of a list: below its first item, or broken by the terminal behind a comma or hyphen (`1G-`)."""
        column = next(reversed(self.row))
        more = _REST_OF_LIST.fullmatch(line)
        value = self.row[column]
        if more is None or not value or more.start("rest") != self.at:
            return False
        self.row[column] = value + ("" if value.endswith((",", "-")) else ",") + more["rest"]
        return True


class _Line(NamedTuple):
    """First line of an item: number, flags, and the comment or the pairs."""

    number: str
    flags: str
    rest: str


def _item(line: str) -> _Line | None:
    """Return the parts of the first line of an item; None for another line."""
    rest = _REST.search(line)
    head = _HEAD.fullmatch(" ".join(line[: rest.start()].split())) if rest else None
    return _Line(head["number"], head["flags"].replace(" ", ""), line[rest.start() :]) if rest and head else None


class PropertiesParser:
    """Parser `properties`. Raises ValueError for an invalid rule.

    The template is a list of rules between semicolons: `COLUMN ~ pattern` and `COLUMN !~ pattern` keep the items whose
    column is found or not found by the pattern; `any COLUMN ...` keeps those that have one of the columns; `has COLUMN
    ...` refuses an answer with an item that lacks one of them; `each COLUMN ...` makes a row of each of its values
    (between commas), `first COLUMN` keeps the first one; `cut COLUMN` puts the interface of `10.0.0.1%ether1` into
    COLUMN_INTERFACE.
    """

    def __init__(self, template: str, wanted: Sequence[str]) -> None:
        self.columns: tuple[str, ...] | None = tuple(wanted)
        self._rules = [_rule(text.strip()) for text in template.split(";") if text.strip()]

    def parse(self, text: str) -> ParsedText:
        """Return a row per item left by the rules."""
        reader = _Reader()
        for line in in_time(lines_of(text)):
            reader.take(line)
        reader.settle()
        if reader.total is not None and reader.total != len(reader.rows):
            return ParsedText(reason=f"the device counts {reader.total} items, and the answer has {len(reader.rows)}")
        rows = self._ruled(reader.rows)
        strange = {place: row[_STRANGE] for place, row in enumerate(rows) if _STRANGE in row}
        bounded = reader.total is not None
        if strange and not bounded:
            return ParsedText(contradictions=(next(iter(strange.values())),))
        columns = self.columns or ()
        return ParsedText(
            columns,
            [[row.get(column, "") for column in columns] for row in in_time(rows)],
            strange=strange,
            bounded=bounded,
            unmatched=(*reader.unmatched.shown, *reader.passed_over.shown),
            unmatched_total=reader.unmatched.total + reader.passed_over.total,
            refused=reader.unmatched.total,
            heading=reader.heading or bool(reader.rows),
            none=reader.total == 0,
            whole=bounded,
        )

    def _ruled(self, rows: Sequence[Row]) -> list[Row]:
        """Return the items left by the rules, then the strange ones, which no rule can judge."""
        strange = [row for row in rows if _STRANGE in row]
        good = [row for row in rows if _STRANGE not in row]
        for rule in self._rules:
            ruled = list(in_time(rule(good)))
            good = [row for row in ruled if _STRANGE not in row]
            strange += [row for row in ruled if _STRANGE in row]
        return good + strange


class _Reader:
    """Items of an answer, in order."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.unmatched = UnmatchedLines()
        self.passed_over = UnmatchedLines()
        self.heading = False
        self.total: int | None = None
        self._item: _Item | None = None
        self._within: list[tuple[Row, str]] = []
        self._before = ""  # the part before the dot of the last name

    def take(self, line: str) -> None:
        """Read a line."""
        if not line.strip():
            if self._item is not None and not self._item.lines:
                self._item = None
        elif len(line) > LONGEST_LINE:
            self.unmatched.add(line)
        elif found := _TOTAL.fullmatch(line):
            self.total = int(found["count"])
        elif _COMMAND.match(line):
            pass
        elif _FLAGS_HEADING.match(line):
            self.heading, self._item = True, None
        elif not self._reads(line):
            if self._item is not None and self._item.row.get("NUMBER"):
                self._within.append((self._item.row, line))
            else:
                self.unmatched.add(line)

    def settle(self) -> None:
        """Count the strange lines within items: against the item alone where the device counts the items."""
        for row, line in in_time(self._within):
            if self.total is None:
                self.unmatched.add(line)
            else:
                self.passed_over.add(line)
                row.setdefault(_STRANGE, f"the line {printable_line(line)!r} matches no rule")

    def _reads(self, line: str) -> bool:
        try:
            return self._pairs(line) or self._property(line) or self._continues(line)
        except _Contradiction as error:
            if self._item is not None:
                self._item.row.setdefault(_STRANGE, str(error))
            return True

    def _pairs(self, line: str) -> bool:
        """Read a line of `name=value` pairs: a new item, or the rest of the item before."""
        new = _item(line)
        more = _MORE.match(line)
        going_on = self._item is not None and not self._item.lines and more is not None
        if going_on and not (new and (new.number or new.flags)):
            self._put_pairs(more["rest"] if more else "")
            return True
        if new is None or (self.heading and not (new.number or new.flags)):
            return False  # the items of a list are numbered
        self._begin(lines=False)
        self._put("number", new.number)
        self._put("flags", new.flags)
        rest = new.rest
        if rest.startswith(";;;"):
            self._put("comment", rest[3:].strip())
        else:
            self._put_pairs(rest)
        return True

    def _put_pairs(self, text: str) -> None:
        pairs = list(_PAIR.finditer(text))
        for pair, end in zip(pairs, [*(later.start() for later in pairs[1:]), len(text)], strict=True):
            value = pair["quoted"]
            name = self._full(pair["name"])
            if value is None and _ADDRESS_AND_MORE.match(text, pair.end(), end) and not name.endswith("status"):
                raise _Contradiction(f"words behind the address of {name}")
            self._put(name, text[pair.end() : end].strip() if value is None else re.sub(r"\\(.)", r"\1", value))

    def _full(self, name: str) -> str:
        """Return the full name: `remote.as` for `.as` after `remote.address`."""
        if name.startswith("."):
            return self._before + name
        self._before = name.partition(".")[0]
        return name

    def _property(self, line: str) -> bool:
        found = _LINE.fullmatch(line.strip())
        if found is None:
            return False
        item = self._item
        if item is None or not item.lines or _column(found["name"]) in item.row:
            self._begin(lines=True)
        self._put(found["name"], found["value"] or "")
        if self._item is not None and found["value"]:
            self._item.at = len(line) - len(line.lstrip()) + found.start("value")
        return True

    def _continues(self, line: str) -> bool:
        """Return True for the next line of a list, and of a comment or dump of a module's memory, which are skipped."""
        item = self._item
        if item is None:
            return self.heading and not self.rows and bool(_FLAGS_GO_ON.match(line))
        if item.lines:
            return (bool(_DUMP.match(line)) and "EEPROM" in item.row) or item.goes_on(line)
        if set(item.row) == {"NUMBER", "FLAGS", "COMMENT"}:
            self.passed_over.add(line)  # a comment may have further lines
            return True
        return False

    def _begin(self, *, lines: bool) -> None:
        self._item = _Item(lines=lines)
        self.rows.append(self._item.row)

    def _put(self, name: str, value: str) -> None:
        if self._item is not None:
            self._item.put(name, value.replace(" ", "") if _GROUPED.fullmatch(value) else value)


def _column(name: str) -> str:
    return re.sub(r"[.-]", "_", name).upper()


def _rule(text: str) -> _Rule:
    words = text.split(maxsplit=2)
    if words[0] == "each" and len(words) > 1:
        return _each(text.split()[1:])
    if words[0] == "any" and len(words) > 1:
        return _any(text.split()[1:])
    if words[0] == "has" and len(words) > 1:
        return _has(text.split()[1:])
    if words[0] == "first" and len(words) == 2:
        return _first(words[1])
    if words[0] == "cut" and len(words) == 2:
        return _cut(words[1])
    if len(words) == 3 and words[1] in ("~", "!~"):
        return _kept(words[0], _compiled(words[2]), found=words[1] == "~")
    raise ValueError(
        f"{text!r} is no rule: `COLUMN ~ pattern`, `COLUMN !~ pattern`, `any COLUMN...`, `has COLUMN...`, "
        "`each COLUMN...`, `first COLUMN` or `cut COLUMN`"
    )


def _compiled(pattern: str) -> LinePattern:
    try:
        return LinePattern(pattern)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} of a rule does not compile: {error}") from None


def _kept(column: str, pattern: LinePattern, *, found: bool) -> _Rule:
    return lambda rows: (row for row in rows if bool(pattern.search(row.get(column, ""))) is found)


def _any(columns: Sequence[str]) -> _Rule:
    return lambda rows: (row for row in rows if any(column in row for column in columns))


def _has(columns: Sequence[str]) -> _Rule:
    def rule(rows: Iterable[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows, 1):
            missing = [column for column in columns if column not in row]
            yield {**row, _STRANGE: f"item {number} has no {missing[0]}"} if missing else row

    return rule


def _first(column: str) -> _Rule:
    return lambda rows: ({**row, column: row.get(column, "").split(",")[0]} for row in rows)


def _cut(column: str) -> _Rule:
    def rule(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            address, _, interface = row.get(column, "").partition("%")
            yield {**row, column: address, f"{column}_INTERFACE": interface}

    return rule


def _each(columns: Sequence[str]) -> _Rule:
    """Yield a row per value of the first column; a further column with as many values is split in parallel."""

    def rule(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            lists = {column: row.get(column, "").split(",") for column in columns}
            count = len(lists[columns[0]])
            for at in in_time(range(count)):
                yield {**row, **{column: values[at] for column, values in lists.items() if len(values) == count}}

    return rule
