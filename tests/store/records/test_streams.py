"""Every stream and document of the product: its records come back as written, and no other record is read."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import eventready
from eventready.core.messages import LANGS
from eventready.core.records import JsonDocument, ShapeError, Stream
from tests.store.records.from_schema import Schema, values

_HOME = Path(eventready.__file__).parent
#: Of a type that no field but one of any type takes.
_WRONG: list[Any] = [[[[{}]]]]


def _found() -> Iterator[tuple[str, Stream[Any] | JsonDocument[Any]]]:
    """Streams and documents of all modules, by name."""
    for path in sorted(_HOME.rglob("*.py")):
        if "core.records" in path.read_text(encoding="utf-8") and path.name != "records.py":
            name = ".".join(("eventready", *path.relative_to(_HOME).with_suffix("").parts))
            for one in vars(importlib.import_module(name)).values():
                if isinstance(one, Stream):
                    yield one.name, one
                elif isinstance(one, JsonDocument):
                    yield one.schema, one


FOUND = dict(_found())
NAMES = sorted(FOUND)


def _read(name: str, plain: Any) -> Any:
    one, data = FOUND[name], json.dumps(plain).encode()
    return one.decode(data) if isinstance(one, Stream) else one.read(data)


@cache
def _schema(name: str) -> Schema:
    return FOUND[name].json_schema()


@cache
def _records(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return values(_schema(name), _schema(name))


def _is_typed(schema: Schema) -> bool:
    kinds = schema.get("oneOf") or schema.get("allOf")
    return all(map(_is_typed, kinds)) if kinds else "properties" in schema


def test_each_is_of_a_type() -> None:
    assert {"incident", "delivery", "note", "watch", "watch open", "eventready.bundle/2"} <= FOUND.keys()
    assert [name for name in NAMES if not _is_typed(_schema(name))] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(data=st.data())
def test_a_record_comes_back_as_written_and_a_forged_one_is_refused(name: str, data: st.DataObject) -> None:
    try:
        record = _read(name, data.draw(_records(name)))
    except ShapeError:  # fields against each other, such as an end before its begin
        assume(False)
    written = FOUND[name].encode(record)
    plain = json.loads(written)
    assert _read(name, plain) == record
    assert FOUND[name].encode(_read(name, plain)) == written
    for field in plain:
        _refused(name, {**plain, field: _WRONG}, field)
    for field in _required(_schema(name), plain):
        _refused(name, {key: value for key, value in plain.items() if key != field}, field)
    _refused(name, {**plain, "colour": "red"}, "colour")


@pytest.mark.parametrize("name", NAMES)
def test_another_shape_is_refused_with_a_sentence(name: str) -> None:
    other = "schema" if isinstance(FOUND[name], JsonDocument) else ""
    others: tuple[Any, ...] = ({}, [], None, 7, {"schema": "eventready.thing/0"}, {"body": {}, "kind": "gone"})
    for plain in others:
        _refused(name, plain, other)


def _refused(name: str, plain: Any, field: str) -> None:
    """Refused with the field and a sentence in both languages."""
    with pytest.raises(ShapeError) as refused:
        _read(name, plain)
    sentence = refused.value.sentence
    for lang in LANGS:
        shown = sentence if isinstance(sentence, str) else sentence.render(lang)
        assert shown
        assert field in shown


def _required(schema: Schema, plain: dict[str, Any]) -> set[str]:
    if "allOf" in schema:
        return {field for part in schema["allOf"] for field in _required(part, plain)}
    for kind in schema.get("oneOf", ()):
        if all(plain.get(key) == one["const"] for key, one in kind["properties"].items() if "const" in one):
            return _required(kind, plain)
    return set(schema.get("required", ()))
