"""JSON answers: a JMESPath expression gives the list of objects, a fact's columns are keys or expressions on each.

Functions beside JMESPath's own make rows of objects whose keys are data, as FRR prints them: `rows(x)` gives the
values of an object (or the members of its lists) with the key added as `_key`, and `items(x)` gives `{key, value}`. A
third, `spread(x, 'nexthops')`, makes one row of each member of the list under that key, with what its object says.
An expression that yields an empty list of a document that has content is evidence of "none"; null, or an empty
document, is not, unless the fact's `empty` says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import jmespath
from jmespath import exceptions, functions

from eventready.facts.reading import Leftovers, Reading

_DECODER = json.JSONDecoder()


class ExpressionError(ValueError):
    """The expression does not compile."""


class _Functions(functions.Functions):
    @functions.signature({"types": ["object", "null"]})
    def _func_rows(self, value: dict[str, Any] | None) -> list[Any] | None:
        if value is None:
            return None
        rows: list[Any] = []
        for key, member in value.items():
            rows += [{**one, "_key": key} for one in _objects(member)]
        return rows

    @functions.signature({"types": ["object", "null"]})
    def _func_items(self, value: dict[str, Any] | None) -> list[Any] | None:
        return None if value is None else [{"key": key, "value": member} for key, member in value.items()]

    @functions.signature({"types": ["array", "null"]}, {"types": ["string"]})
    def _func_spread(self, value: list[Any] | None, key: str) -> list[Any] | None:
        if value is None:
            return None
        return [{**one, **member} for one in _objects(value) for member in _objects(one.get(key))]


def _objects(member: Any) -> Iterable[dict[str, Any]]:
    members = member if isinstance(member, list) else [member]
    return [one for one in members if isinstance(one, dict)]


_OPTIONS = jmespath.Options(custom_functions=_Functions())


def _compiled(expression: str) -> Any:
    try:
        return jmespath.compile(expression)
    except exceptions.JMESPathError as error:
        raise ExpressionError(f"the expression {expression!r} does not compile: {error}") from None


class Objects:
    """A compiled expression with the columns that a fact wants. Raises ExpressionError."""

    def __init__(self, expression: str, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._expression = _compiled(expression)
        self._cells = tuple(None if column.isidentifier() else _compiled(column) for column in columns)

    def read(self, text: str) -> Reading:
        """Objects as rows; a document that is not JSON, or text around it, is unmatched."""
        stripped = text.strip()
        if not stripped:
            return Reading()
        try:
            document, end = _DECODER.raw_decode(stripped)
        except (ValueError, RecursionError) as error:
            return Reading(reason=f"the answer is not JSON: {error}", **_leftovers(stripped))
        rest = stripped[end:].strip()
        if rest:
            return Reading(reason="text follows the JSON document", **_leftovers(rest))
        return self._select(document, stripped)

    def _select(self, document: Any, text: str) -> Reading:
        try:
            found = self._expression.search(document, options=_OPTIONS)
            if found is None:
                return Reading(
                    reason="the JSON document has nothing at the place where the platform looks", **_leftovers(text)
                )
            objects = found if isinstance(found, list) else [found]
            strange = [one for one in objects if not isinstance(one, dict)]
            if strange:
                return Reading(reason="the JSON document has something else than objects there", **_leftovers(text))
            rows = [self._row(one) for one in objects]
        except (exceptions.JMESPathError, RecursionError, TypeError, ValueError) as error:
            return Reading(reason=f"the JSON document has another form: {error}", **_leftovers(text))
        return Reading(columns=self.columns, rows=rows, heading=bool(document))

    def _row(self, one: dict[str, Any]) -> list[Any]:
        return [
            one.get(column) if cell is None else cell.search(one, options=_OPTIONS)
            for column, cell in zip(self.columns, self._cells, strict=True)
        ]


def _leftovers(text: str) -> dict[str, Any]:
    leftovers = Leftovers()
    for line in text.splitlines():
        if line.strip():
            leftovers.add(line)
    return {"unmatched": tuple(leftovers.shown), "unmatched_total": leftovers.total}
