"""Elements resting on the lost elements of a run, in its document: by the graph, which a document does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Device, and the name of its port, neighbour, base station, cell, access point or service; empty for the device.
Named = tuple[str, str]


@dataclass(frozen=True)
class Resting:
    """Elements resting on an element `on`."""

    on: Named
    elements: tuple[Named, ...]


def resting_of(rests: Mapping[Named, Named]) -> tuple[Resting, ...]:
    """Elements with the element below each, for a record; inverse of `below_each`."""
    found: dict[Named, list[Named]] = {}
    for element, below in rests.items():
        found.setdefault(below, []).append(element)
    return tuple(Resting(on, tuple(sorted(elements))) for on, elements in sorted(found.items()))


def below_each(found: Iterable[Resting]) -> dict[Named, Named]:
    """Return the elements of a record with the element below each."""
    return {element: one.on for one in found for element in one.elements}
