"""Planned works as elements of the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from eventready.workspace.settings.circuits import Circuits
from eventready.workspace.settings.works import Impact, Work

#: Impacts on an element as if out of service.
_DOWN: frozenset[Impact] = frozenset({"degraded", "outage"})


@dataclass(frozen=True)
class PlannedWork:
    """Work with its elements: `down` during the work, `at_risk` without protection of their own.

    `unmapped`: objects without an element. `tentative`: not confirmed yet.
    """

    name: str
    start: datetime
    end: datetime
    down: tuple[str, ...] = ()
    at_risk: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    tentative: bool = False

    def within(self, start: datetime, end: datetime) -> bool:
        """True for a work with a part between two moments."""
        return self.start < end and start < self.end


def planned_works(works: Iterable[Work], circuits: Circuits) -> tuple[PlannedWork, ...]:
    """Works with a further risk, in their order; works of the same name with their accounts."""
    found = [work for work in works if not work.over]
    count = Counter(work.name.casefold() for work in found)
    return tuple(_planned(work, circuits, alone=count[work.name.casefold()] == 1) for work in found)


def _planned(work: Work, circuits: Circuits, *, alone: bool) -> PlannedWork:
    elements = work.elements(circuits)
    return PlannedWork(
        work.name if alone else work.long_name, work.start, work.end,
        tuple(dict.fromkeys(name for name, impact in elements if impact in _DOWN)),
        tuple(dict.fromkeys(name for name, impact in elements if impact == "reduced_redundancy")),
        tuple(one.id for one in work.objects if not circuits.members(work.provider, one.id)),
        work.status == "tentative",
    )  # fmt: skip
