"""Values for hypothesis that a JSON Schema of the product describes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]

_TIMES = st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  gets one
_FORMATS = {"date-time": _TIMES.map(datetime.isoformat), "date": st.dates().map(str)}
_SIMPLE = {"boolean": st.booleans(), "null": st.none(), "number": st.floats(-1e6, 1e6)}
_ANY = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)


def values(schema: Schema, root: Schema) -> st.SearchStrategy[Any]:
    """Strategy of the values of a schema; `root` has its definitions."""
    root = schema if "$defs" in schema else root
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return st.deferred(lambda: values(root["$defs"][name], root))
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return st.one_of([values(one, root) for one in schema[key]])
    if "allOf" in schema:
        parts = st.tuples(*(values(one, root) for one in schema["allOf"]))
        return parts.map(lambda found: {name: value for part in found for name, value in part.items()})
    return _of_type(schema, root)


def _of_type(schema: Schema, root: Schema) -> st.SearchStrategy[Any]:
    match kind := schema.get("type"):
        case "object":
            return _objects(schema, root)
        case "array":
            return _arrays(schema, root)
        case "integer":
            return st.integers(schema.get("minimum", -(2**40)), schema.get("maximum", 2**40))
        case "string":
            return _texts(schema)
    return _SIMPLE[kind] if kind else _ANY


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].removeprefix("^").removesuffix("$"), fullmatch=True)
    if schema.get("contentEncoding") == "base64":
        return st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode())
    if "format" in schema:
        return _FORMATS[schema["format"]]
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 8), 8))


def _objects(schema: Schema, root: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" in schema:
        fields = {name: values(one, root) for name, one in schema["properties"].items()}
        required = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: one for name, one in fields.items() if name in required},
            optional={name: one for name, one in fields.items() if name not in required},
        )
    ((pattern, inside),) = schema.get("patternProperties", {"": schema.get("additionalProperties", True)}).items()
    keys = {"type": "string", **({"pattern": pattern} if pattern else {}), **schema.get("propertyNames", {})}
    items = values(inside, root) if isinstance(inside, dict) else _ANY
    return st.dictionaries(values(keys, root), items, max_size=2)


def _arrays(schema: Schema, root: Schema) -> st.SearchStrategy[list[Any]]:
    if "prefixItems" in schema:
        return st.tuples(*(values(one, root) for one in schema["prefixItems"])).map(list)
    least = schema.get("minItems", 0)
    return st.lists(values(schema.get("items", {}), root), min_size=least, max_size=least + 2)
