"""JSON answers: a JMESPath expression gives the list of objects, a fact's columns are keys or expressions on each.

Functions beside JMESPath's own make rows of objects whose keys are data, as FRR prints them: `rows(x)` gives the
values of an object (or the members of its lists) with the key added as `_key`, and `items(x)` gives `{key, value}`.
`spread(x, 'nexthops')` makes one row of each member of the list under that key, with what its object says, and
`within(x, 'peers')` one row of each value (or member of its lists) of the object under that key, with its key as
`_key` and that of the object around it as `_outer`; an empty member has no rows, and any other member without the key
makes the answer null.
An expression that yields an empty list of a document that has content is evidence of "none"; null, or an empty
document, is not, unless the fact's `empty` says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import jmespath
from jmespath import exceptions, functions, visitor

from eventready.core.strings.texts import lines_of
from eventready.facts.parsing.parsed import ParsedText, UnmatchedLines
from eventready.facts.parsing.parsing_time import in_time, look


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these pairs. Raises ValueError for a key with two values."""
    look()
    found: dict[str, Any] = {}
    for key, value in in_time(pairs):
        if found.setdefault(key, value) != value:
            raise ValueError(f"an object has two values for {key!r}")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


class ExpressionError(ValueError):
    """The expression does not compile."""


class _Functions(functions.Functions):
    @functions.signature({"types": ["object", "null"]})
    def _func_rows(self, value: dict[str, Any] | None) -> list[Any] | None:
        if value is None:
            return None
        rows: list[Any] = []
        for key, member in value.items():
            rows += [{**one, "_key": key} for one in in_time(_objects(member), 1)]
        return rows

    @functions.signature({"types": ["object", "null"]})
    def _func_items(self, value: dict[str, Any] | None) -> list[Any] | None:
        return None if value is None else [{"key": key, "value": member} for key, member in in_time(value.items())]

    @functions.signature({"types": ["array", "null"]}, {"types": ["string"]})
    def _func_spread(self, value: list[Any] | None, key: str) -> list[Any] | None:
        if value is None:
            return None
        return [{**one, **member} for one in _objects(value) for member in in_time(_objects(one.get(key)), 1)]

    @functions.signature({"types": ["array", "null"]}, {"types": ["string"]})
    def _func_within(self, value: list[Any] | None, key: str) -> list[Any] | None:
        found = [one for one in _objects(value or []) if one.keys() - {"_key"}]
        if value is None or any(not isinstance(one.get(key), dict) for one in found):
            return None
        return [
            {**one, "_outer": one.get("_key"), **row}
            for one in found
            for row in in_time(self._func_rows(one[key]) or (), 1)
        ]


def _objects(member: Any) -> Iterable[dict[str, Any]]:
    members = member if isinstance(member, list) else [member]
    return [one for one in members if isinstance(one, dict)]


_ERRORS = (exceptions.JMESPathError, RecursionError, TypeError, ValueError)
_OPTIONS = jmespath.Options(custom_functions=_Functions())
#: Steps of an expression between two looks at the clock.
_STEPS = 64


class _Interpreter(visitor.TreeInterpreter):
    """Interpreter of an expression. Raises ParsingTooLong."""

    _steps = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """Take a step of the expression."""
        self._steps += 1
        if not self._steps % _STEPS:
            look()
        return super().visit(node, *args, **kwargs)


def _search(expression: Any, value: Any) -> Any:
    return _Interpreter(_OPTIONS).visit(expression.parsed, value)


def _compiled(expression: str) -> Any:
    try:
        return jmespath.compile(expression)
    except exceptions.JMESPathError as error:
        raise ExpressionError(f"the expression {expression!r} does not compile: {error}") from None


class JsonParser:
    """A compiled expression with the columns of a fact. Raises ExpressionError."""

    def __init__(self, expression: str, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._expression = _compiled(expression)
        self._cells = tuple(None if column.isidentifier() else _compiled(column) for column in columns)

    def parse(self, text: str) -> ParsedText:
        """Return objects as rows; text outside a JSON document is unmatched."""
        stripped = text.strip()
        if not stripped:
            return ParsedText()
        try:
            document, end = _DECODER.raw_decode(stripped)
        except (ValueError, RecursionError) as error:
            return ParsedText(reason=f"the answer is not valid JSON: {error}", **_unmatched(stripped))
        rest = stripped[end:].strip()
        if rest:
            return ParsedText(reason="text follows the JSON document", **_unmatched(rest))
        return self._select(document, stripped)

    def _select(self, document: Any, text: str) -> ParsedText:
        try:
            found = _search(self._expression, document)
            if found is None:
                return ParsedText(
                    reason="the JSON document has nothing at the place where the platform looks", **_unmatched(text)
                )
            objects = found if isinstance(found, list) else [found]
            if any(not isinstance(one, dict) for one in objects):
                return ParsedText(reason="the JSON document has something else than objects there", **_unmatched(text))
        except _ERRORS as error:
            return ParsedText(reason=f"the JSON document has another form: {error}", **_unmatched(text))
        rows: list[list[Any]] = []
        strange: dict[int, str] = {}
        for place, one in enumerate(in_time(objects)):
            row, why = self._row(one)
            rows.append(row)
            if why:
                strange[place] = why
        return ParsedText(self.columns, rows, none=bool(document), whole=True, bounded=True, strange=strange)

    def _row(self, one: dict[str, Any]) -> tuple[list[Any], str]:
        """Return the values of an object, and the reason for an unreadable value."""
        row, why = [], ""
        for column, cell in zip(self.columns, self._cells, strict=True):
            try:
                row.append(one.get(column) if cell is None else _search(cell, one))
            except _ERRORS as error:
                row.append(None)
                why = f"the object has another form: {error}"
        return row, why


def _unmatched(text: str) -> dict[str, Any]:
    unmatched = UnmatchedLines()
    for line in in_time(lines_of(text)):
        if line.strip():
            unmatched.add(line)
    return unmatched.all_refused()
