"""Rows of text to records: columns to fields, a device's words to the record's, and what a row is rejected for.

A column is a name of the parser's, or a format of several (`{SLOT}/{PORT}`), which is blank where all of them are. Of
formats between ` | ` the first that is not blank is taken (`{BANDWIDTH} | {SPEED}M`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from eventready.facts.catalogue import FactKind
from eventready.facts.reading import Reading
from eventready.facts.records import Fact
from eventready.platforms.model import FactSpec

_BRACED = re.compile(r"\{([^{}]+)\}")
_SHOWN = 60


def columns_of(spec: FactSpec) -> tuple[str, ...]:
    """The parser's columns that a fact uses, each once, in order."""
    used: dict[str, None] = {}
    for column in spec.fields.values():
        used.update(dict.fromkeys(_BRACED.findall(column) or [column]))
    return tuple(used)


class UnknownWord(ValueError):
    """The device used a word that the platform's table does not have."""


class Words:
    """A table of words: exact ones without regard to case first, then regular expressions in their order."""

    def __init__(self, table: Mapping[str, str | bool]) -> None:
        self._exact = {word.strip().lower(): value for word, value in table.items() if not _is_pattern(word)}
        self._patterns = [(re.compile(word[1:-1], re.I), value) for word, value in table.items() if _is_pattern(word)]
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


def _is_pattern(word: str) -> bool:
    return len(word) > 2 and word.startswith("/") and word.endswith("/")


Cell = Callable[[Sequence[Any]], Any]


class RowBuilder:
    """Builds the records of one fact. Stateless between readings."""

    def __init__(self, kind: FactKind, spec: FactSpec) -> None:
        self.kind = kind
        self._fields = dict(spec.fields)
        self._words = {name: Words(table) for name, table in spec.words.items()}
        self._constants = dict(spec.constants)
        self._defaults = dict(spec.defaults)
        self._adapter: TypeAdapter[list[Fact]] = TypeAdapter(list[kind.record])  # type: ignore[name-defined]  # a type known at run time
        self._plans: dict[tuple[str, ...], list[tuple[str, Cell, Words | None]]] = {}

    def build(self, reading: Reading) -> tuple[tuple[Fact, ...], list[str]]:
        """The records, and one sentence for each row that was rejected."""
        plan = self._plan(reading.columns)
        rejects: list[str] = []
        documents: list[dict[str, Any]] = []
        numbers: list[int] = []
        for number, row in enumerate(reading.rows, 1):
            try:
                document = self._document(plan, row)
            except UnknownWord as error:
                rejects.append(f"row {number}: {error}")
                continue
            documents.append(document)
            numbers.append(number)
        return self._records(documents, numbers, rejects)

    def _records(
        self, documents: list[dict[str, Any]], numbers: list[int], rejects: list[str]
    ) -> tuple[tuple[Fact, ...], list[str]]:
        try:
            return self._distinct(self._adapter.validate_python(documents), rejects)
        except ValidationError as error:
            bad: dict[int, str] = {}
            for item in error.errors(include_url=False):
                row, *names = item["loc"]
                field = str(names[0]) if names else "?"
                column = self._fields.get(field, "")
                source = f" (column {column})" if column and column != field else ""
                bad.setdefault(int(row), f"row {numbers[int(row)]}: {field}{source}: {_complaint(item)}")
        rejects += bad.values()
        good = [document for index, document in enumerate(documents) if index not in bad]
        return self._distinct(self._adapter.validate_python(good), rejects)

    def _distinct(self, records: list[Fact], rejects: list[str]) -> tuple[tuple[Fact, ...], list[str]]:
        """A row printed twice counts once; two rows that say different things of one subject are a contradiction."""
        names = self.kind.record.key
        seen: dict[tuple[Any, ...], Fact] = {}
        for record in records:
            key = tuple(getattr(record, name) for name in names)
            if seen.setdefault(key, record) != record:
                subject = record.subject or "the device"
                rejects.append(f"two rows speak of {subject} and differ")
        return tuple(seen.values()), rejects

    def _document(self, plan: list[tuple[str, Cell, Words | None]], row: Sequence[Any]) -> dict[str, Any]:
        document: dict[str, Any] = dict(self._constants)
        for field, cell, words in plan:
            value = cell(row)
            if field in self._defaults and value in (None, ""):
                value = self._defaults[field]
            elif words is not None:
                try:
                    value = words(value)
                except UnknownWord as error:
                    raise UnknownWord(f"{field}: {error}") from None
                if value is None:
                    continue
            document[field] = value
        return document

    def _plan(self, columns: tuple[str, ...]) -> list[tuple[str, Cell, Words | None]]:
        plan = self._plans.get(columns)
        if plan is None:
            places = {column: index for index, column in enumerate(columns)}
            plan = [
                (field, cell, self._words.get(field))
                for field, column in self._fields.items()
                if (cell := _cell(column, places)) is not None
            ]
            self._plans[columns] = plan
        return plan


def _complaint(item: Any) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    shown = repr(item.get("input"))[:_SHOWN]
    return message if shown in message or item["type"] == "missing" else f"{message}, not {shown}"


def _cell(column: str, places: Mapping[str, int]) -> Cell | None:
    """What takes a field's value out of a row; None where the answer has no such column."""
    if column in places:
        return _at(places[column])
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
        texts = ["" if row[index] is None else row[index] for index in indices]
        return template.format(*texts).strip() if any(texts) else ""

    return joined


def _at(index: int) -> Cell:
    return lambda row: row[index]
