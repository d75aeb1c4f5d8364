"""Elements resting on the lost elements of a run, in its document: by the graph, which a document does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from eventready.store.run import Run

#: Device, and the name of its port, neighbour, base station, cell, access point or service; empty for the device.
Named = tuple[str, str]


@dataclass(frozen=True)
class Resting:
    """Elements resting on an element `on`."""

    on: Named
    elements: tuple[Named, ...]


_RESTS = TypeAdapter(tuple[Resting, ...])


def rests_to_json(rests: Mapping[Named, Named]) -> list[dict[str, Any]]:
    """Elements with the element below each, as plain JSON types; inverse of `rests_of`."""
    plain: list[dict[str, Any]] = _RESTS.dump_python(resting_of(rests), mode="json")
    return plain


def resting_of(rests: Mapping[Named, Named]) -> tuple[Resting, ...]:
    """Elements with the element below each, for a record; inverse of `below_each`."""
    found: dict[Named, list[Named]] = {}
    for element, below in rests.items():
        found.setdefault(below, []).append(element)
    return tuple(Resting(on, tuple(sorted(elements))) for on, elements in sorted(found.items()))


def below_each(found: Iterable[Resting]) -> dict[Named, Named]:
    """Return the elements of a record with the element below each."""
    return {element: one.on for one in found for element in one.elements}


def rests_of(document: Mapping[str, Any] | None) -> dict[Named, Named]:
    """Elements of a run document with the element below each; nothing without readable elements."""
    try:
        found = _RESTS.validate_python((document or {}).get("rests", ()))
    except ValueError:
        return {}
    return below_each(found)


def rests_between(before: Run, after: Run) -> dict[Named, Named]:
    """Elements of two runs with the element below each; the later run counts for an element of both."""
    return {**rests_of(before.document), **rests_of(after.document)}
