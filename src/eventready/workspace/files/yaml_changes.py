"""Changed values between two texts of a YAML file, in whatever form both are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from eventready.core.errors import WorkspaceError
from eventready.workspace.files.yaml_document import parse_yaml


def changed_values(old: str, new: str) -> tuple[str, ...] | None:
    """Return a line per value lost (`- hosts.core-1.port: 22`) or new (`+ ...`); None where a text cannot be read.

    The order of the keys of a mapping, comments and quotes that change no value are no change.
    """
    try:
        before, after = (parse_yaml(Path(), text, may_be_empty=True).data for text in (old, new))
    except WorkspaceError:
        return None
    return tuple(_changes("", before, after))


def _changes(place: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _of_key(_below(place, key), key, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(place, old, new)
    elif _text(old) != _text(new):
        yield from (*_values("-", place, old), *_values("+", place, new))


def _of_key(place: str, key: Any, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[str]:
    if key not in new:
        yield from _values("-", place, old[key])
    elif key not in old:
        yield from _values("+", place, new[key])
    else:
        yield from _changes(place, old[key], new[key])


def _of_lists(place: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """Yield the changes of the items, wherever equal ones have moved to."""
    matcher = SequenceMatcher(None, [*map(_text, old)], [*map(_text, new)], autojunk=False)
    for kind, start, end, begin, stop in matcher.get_opcodes():
        if kind == "replace" and end - start == stop - begin:
            for at, (one, other) in enumerate(zip(old[start:end], new[begin:stop], strict=True), begin):
                yield from _changes(f"{place}[{at}]", one, other)
        elif kind != "equal":
            yield from _items("-", place, start, old[start:end])
            yield from _items("+", place, begin, new[begin:stop])


def _items(sign: str, place: str, start: int, items: Sequence[Any]) -> Iterator[str]:
    for at, item in enumerate(items, start):
        yield from _values(sign, f"{place}[{at}]", item)


def _values(sign: str, place: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _values(sign, _below(place, key), inner)
    elif isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        yield from _items(sign, place, 0, value)
    else:
        yield f"{sign} {place}: {_text(value)}"


def _below(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def _text(value: Any) -> str:
    """Return a value with its type, hence `1` is neither `true` nor `"1"`."""
    return json.dumps(value, ensure_ascii=False, sort_keys=False, default=str)
