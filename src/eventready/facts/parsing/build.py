"""Rows of text to records: columns to fields, the device's words to the record's, and reasons for rejected rows.

A column is a name of a parser's column, or a format of several (`{SLOT}/{PORT}`), which is blank where all of them are.
Of formats between ` | ` the first that is not blank is taken (`{BANDWIDTH} | {SPEED}M`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from eventready.facts.catalogue import FactKind
from eventready.facts.parsing.line_pattern import LinePattern
from eventready.facts.parsing.parsed import ParsedText, printable_line
from eventready.facts.parsing.parsing_time import in_time
from eventready.facts.records import Fact
from eventready.platforms.model import FactSpec

_BRACED = re.compile(r"\{([^{}]+)\}")
_SHOWN = 60
#: Rows that become records between two looks at the clock.
_VALIDATED = 512


def columns_of(spec: FactSpec) -> tuple[str, ...]:
    """Return the columns of a fact, without repetition, in order."""
    used: dict[str, None] = {}
    for column in spec.fields.values():
        used.update(dict.fromkeys(_BRACED.findall(column) or [column]))
    used.update(dict.fromkeys(spec.where))
    used.update(dict.fromkeys(spec.expand))
    for group in (spec.required, *spec.together):
        used.update(dict.fromkeys(group))
    used.update(dict.fromkeys(spec.lengths.values()))
    if spec.join:
        own = [name for column in spec.join.by.values() for name in _BRACED.findall(column) or [column]]
        used.update(dict.fromkeys((spec.join.column, spec.join.table, *spec.join.by, *own)))
    return tuple(used)


class Rejected(ValueError):
    """A row without a valid record."""


class UnknownWord(Rejected):
    """A word of the device is missing in the platform's table."""


class Reject(NamedTuple):
    """A row without a valid record: its subject as printed (empty where not known), and the reason."""

    subject: str
    reason: str


class WordTable:
    """A table of words: exact ones without regard to case first, then regular expressions in their order."""

    def __init__(self, table: Mapping[str, str | bool]) -> None:
        self._exact = {word.strip().lower(): value for word, value in table.items() if not is_pattern(word)}
        self._patterns = [(LinePattern(word[1:-1], re.I), value) for word, value in table.items() if is_pattern(word)]
        self._known: dict[str, str | bool] = dict(self._exact)

    def __call__(self, cell: Any) -> Any:
        """The record's word for a cell (for each of a list's). Raises UnknownWord."""
        if isinstance(cell, list):
            return [self(one) for one in cell]
        word = ("true" if cell else "false") if isinstance(cell, bool) else "" if cell is None else str(cell)
        word = word.strip().lower()
        if word in self._exact:
            return self._exact[word]
        for pattern, value in self._patterns:
            if pattern.search(word):
                return value
        if not word:
            return None
        raise UnknownWord(f"{str(cell)[:_SHOWN]!r} is a word the platform does not know")


def is_pattern(word: str) -> bool:
    """Return True for a word between slashes: a regular expression."""
    return len(word) > 2 and word.startswith("/") and word.endswith("/")


Cell = Callable[[Sequence[Any]], Any]
#: Field, and its value for a text. Raises ValueError.
Figure = tuple[str, Callable[[str], Any]]
#: Field, accessor of its value in a row, and its table of words.
_Plan = list[tuple[str, Cell, WordTable | None]]


class RowBuilder:
    """Builder for the records of a fact. Stateless between answers."""

    def __init__(self, kind: FactKind, spec: FactSpec) -> None:
        self.kind = kind
        self._fields = dict(spec.fields)
        self._words = {name: WordTable(table) for name, table in spec.words.items()}
        self._constants = dict(spec.constants)
        self._defaults = dict(spec.defaults)
        self._expand = {column: tuple(map(LinePattern, patterns)) for column, patterns in spec.expand.items()}
        self._items = {field: LinePattern(pattern) for field, pattern in spec.items.items()}
        self._where = {column: LinePattern(pattern) for column, pattern in spec.where.items()}
        self._required, self._lengths = spec.required, dict(spec.lengths)
        self._groups = tuple(filter(None, (spec.required, *spec.together)))
        self._adapter: TypeAdapter[list[Fact]] = TypeAdapter(list[kind.record])  # type: ignore[name-defined]  # a type known at run time
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._figures: dict[tuple[str, ...], Mapping[int, Figure | None]] = {}

    def build(self, parsed: ParsedText) -> tuple[tuple[Fact, ...], list[Reject]]:
        """Return the records, and each rejected row. Raises ParsingTooLong."""
        plan = self._plan(parsed.columns)
        places = {column: index for index, column in enumerate(parsed.columns)}
        rejects: list[Reject] = []
        documents: list[dict[str, Any]] = []
        numbers: list[int] = []
        rows = self._expanded(places, parsed.rows) if self._expand else parsed.rows
        for number, row in enumerate(in_time(rows), 1):
            try:
                _known(parsed.strange.get(number - 1))
                if not self._selected(places, row):
                    continue
                self._complete(places, row)
                document = self._document(plan, row)
                self._counted(places, row, document)
            except Rejected as error:
                rejects.append(Reject(self._subject(plan, row), f"row {number}: {error}"))
                continue
            documents.append(document)
            numbers.append(number)
        return self._records(documents, numbers, rejects)

    def figures(self, columns: tuple[str, ...]) -> Mapping[int, Figure | None]:
        """Return the columns with the text of a single field and no more, and the unused columns, by place.

        Another text in such a column is another value of that field of its record, and changes nothing else.
        """
        if columns not in self._figures:
            used = [*self._where, *self._lengths.values(), *self._expand]
            used += (name for column in self._fields.values() for name in _BRACED.findall(column) or [column])
            unused = {place: None for place, name in enumerate(columns) if name not in used}
            self._figures[columns] = unused | {
                columns.index(column): (field, self._validation(field))
                for field, column in self._fields.items()
                if column in columns and used.count(column) == 1 and self._is_apart(field)
            }
        return self._figures[columns]

    def _is_apart(self, field: str) -> bool:
        """Return True for a field with a value from its column alone, on which no other field and no row rests."""
        record, checked = self.kind.record, self.kind.record.__pydantic_decorators__
        alone = not (self._expand or checked.field_validators or checked.model_validators)
        return alone and field not in {*self._words, *self._items, *self._lengths, *record.key, *record.tie}

    def _validation(self, field: str) -> Callable[[str], Any]:
        return TypeAdapter[Any](self.kind.record.model_fields[field].rebuild_annotation()).validate_python

    def _subject(self, plan: _Plan, row: Sequence[Any]) -> str:
        """Return the text of the first field of the record's key in a row, or nothing."""
        cells = {field: cell for field, cell, _ in plan}
        cell = cells.get(next(iter(self.kind.record.key), ""))
        return printable_line(str(cell(row) or "")) if cell else ""

    def _expanded(self, places: Mapping[str, int], rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Return the rows, with a row per match for a column of `expand`."""
        for row in rows:
            parts = [
                match.groupdict()
                for column, patterns in self._expand.items()
                for text in row[places[column]] or ()
                for pattern in patterns
                for match in in_time(pattern.finditer(text))
            ]
            for part in parts or ({},):
                whole = list(row)
                for column, value in part.items():
                    whole[places[column]] = value
                yield whole if part else row

    def _selected(self, places: Mapping[str, int], row: Sequence[Any]) -> bool:
        """Return True for a row of the fact's own kind (`where`)."""
        return all(pattern.fullmatch(str(row[places[column]])) for column, pattern in self._where.items())

    def _complete(self, places: Mapping[str, int], row: Sequence[Any]) -> None:
        """Raise Rejected for a record without a column of `required`, or with a part of a group in `together`."""
        for group in self._groups:
            missing = [c for c in group if c not in places or row[places[c]] in (None, "", [])]
            if missing and (group is self._required or len(missing) < len(group)):
                raise Rejected(f"the record is not complete: {missing[0]} is missing")

    def _counted(self, places: Mapping[str, int], row: Sequence[Any], document: Mapping[str, Any]) -> None:
        """Raise Rejected for a list with a repeated item (but `repeating`), or with a length other than stated."""
        for field, column in self._lengths.items():
            stated, came = row[places[column]], len(document.get(field) or ())
            if isinstance(stated, list):
                stated = len(stated)
            if stated != "" and str(stated) != str(came):
                raise Rejected(f"{field}: the device states {stated}, and {came} came")
        if list not in map(type, document.values()):
            return
        for field, items in document.items():
            if field in self.kind.record.repeating or not isinstance(items, list):
                continue
            if len(set(map(str, items))) < len(items):
                raise Rejected(f"{field}: the device lists one item twice")

    def _records(
        self, documents: list[dict[str, Any]], numbers: list[int], rejects: list[Reject]
    ) -> tuple[tuple[Fact, ...], list[Reject]]:
        records: list[Fact] = []
        for start in in_time(range(0, len(documents), _VALIDATED), 1):
            part = slice(start, start + _VALIDATED)
            found, bad = self._validated(documents[part], numbers[part])
            records += found
            rejects += bad
        return self._distinct(records, rejects)

    def _validated(self, documents: list[dict[str, Any]], numbers: list[int]) -> tuple[list[Fact], Iterable[Reject]]:
        """Return the records of documents, and the rejected documents."""
        try:
            return self._adapter.validate_python(documents), ()
        except ValidationError as error:
            bad: dict[int, Reject] = {}
            for item in error.errors(include_url=False):
                row, *names = item["loc"]
                field = str(names[0]) if names else "?"
                column = self._fields.get(field, "")
                source = f" (column {column})" if column and column != field else ""
                reason = f"row {numbers[int(row)]}: {field}{source}: {_complaint(item)}"
                bad.setdefault(int(row), Reject(self._named(documents[int(row)]), reason))
        good = [document for index, document in enumerate(documents) if index not in bad]
        return self._adapter.validate_python(good), bad.values()

    def _named(self, document: Mapping[str, Any]) -> str:
        return printable_line(str(document.get(next(iter(self.kind.record.key), "")) or ""))

    def _distinct(self, records: list[Fact], rejects: list[Reject]) -> tuple[tuple[Fact, ...], list[Reject]]:
        """Return the records without repetition. Two different rows of a subject are a contradiction."""
        if self.kind.record.tie:
            records = self._without_needless_ties(records)
        seen: dict[tuple[Any, ...], Fact] = {}
        for record in in_time(records):
            key = _values(record, self.kind.record.key)
            kept = seen.setdefault(key, record)
            if kept is not record and kept != record:
                rejects.append(Reject("", f"two rows speak of {record.subject or 'the device'} and differ"))
        return tuple(seen.values()), rejects

    def _without_needless_ties(self, records: list[Fact]) -> list[Fact]:
        """Return the records, without values in `tie` fields not needed to identify a record."""
        tie = self.kind.record.tie
        names = [name for name in self.kind.record.key if name not in tie]
        ties: dict[tuple[Any, ...], set[tuple[Any, ...]]] = {}
        for record in in_time(records):
            ties.setdefault(_values(record, names), set()).add(_values(record, tie))
        blank = dict.fromkeys(tie)
        return [
            record if len(ties[_values(record, names)]) > 1 else record.model_copy(update=blank)
            for record in in_time(records)
        ]

    def _document(self, plan: _Plan, row: Sequence[Any]) -> dict[str, Any]:
        document: dict[str, Any] = dict(self._constants)
        for field, cell, words in plan:
            value = cell(row)
            if (value is None or value == "") and field in self._defaults:
                value = self._defaults[field]
            elif words is not None:
                try:
                    value = words(value)
                except UnknownWord as error:
                    raise UnknownWord(f"{field}: {error}") from None
                if value is None or value == "":
                    continue
            document[field] = value
        return document

    def _plan(self, columns: tuple[str, ...]) -> _Plan:
        plan = self._plans.get(columns)
        if plan is None:
            places = {column: index for index, column in enumerate(columns)}
            plan = [
                (field, self._with_items(field, cell), self._words.get(field))
                for field, column in self._fields.items()
                if (cell := cell_of(column, places)) is not None
            ]
            self._plans[columns] = plan
        return plan

    def _with_items(self, field: str, cell: Cell) -> Cell:
        """Return the accessor of the items in a cell for a field of `items`, else of the cell itself."""
        if field not in self._items:
            return cell
        pattern = self._items[field]

        def items(row: Sequence[Any]) -> list[str]:
            value = cell(row)
            texts = value if isinstance(value, list) else [value]
            return [match[1] for text in texts for match in pattern.finditer(text or "")]

        return items


def _known(strange: str | None) -> None:
    """Raise Rejected for a row with a reason of the parser."""
    if strange:
        raise Rejected(strange)


def _values(record: Fact, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)


def _complaint(item: Any) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    shown = repr(item.get("input"))[:_SHOWN]
    return message if shown in message or item["type"] == "missing" else f"{message}, not {shown}"


def cell_of(column: str, places: Mapping[str, int]) -> Cell | None:
    """Return the accessor of a field's value in a row; None for a missing column."""
    if column in places:
        return lambda row: row[places[column]]
    choices = [cell for choice in column.split(" | ") if (cell := _format(choice, places)) is not None]
    if len(choices) < 2:
        return choices[0] if choices else None
    return lambda row: next((text for cell in choices if (text := cell(row))), "")


def _format(column: str, places: Mapping[str, int]) -> Cell | None:
    names = _BRACED.findall(column)
    if not names or any(name not in places for name in names):
        return None
    template = _BRACED.sub("{}", column)
    indices = [places[name] for name in names]

    def joined(row: Sequence[Any]) -> str:
        texts = [_text(row[index]) for index in indices]
        return template.format(*texts).strip() if any(texts) else ""

    return joined


def _text(value: Any) -> Any:
    return "" if value is None else " ".join(map(str, value)) if isinstance(value, list) else value
