"""Judged observations of a run, and facts read in part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eventready.core.language import clean
from eventready.core.strings.texts import natural
from eventready.store.run import Run
from eventready.store.run_records import RunObservation

#: Unread records that a line names.
_NAMED = 5


def judged_observations(run: Run, having: bytes = b"") -> Iterator[RunObservation]:
    """The observations of facts needed by checks; those of the inventory do not bear on readiness."""
    return (observation for observation in run.observations(having) if not observation.inventory)


@dataclass(frozen=True)
class PartialReading:
    """Fact of a device of which some records were not read, by their names."""

    device: str
    fact: str
    names: tuple[str, ...]

    @property
    def shown(self) -> str:
        """Device, fact and the first names."""
        more = f" (+{len(self.names) - _NAMED})" if len(self.names) > _NAMED else ""
        return f"{self.device} {self.fact}: {', '.join(self.names[:_NAMED])}{more}"


def partial_readings(run: Run) -> tuple[PartialReading, ...]:
    """The facts of a run read in part, by device."""
    found = {
        (clean(one.device), clean(one.fact)): tuple(clean(record.subject) for record in one.unread)
        for one in judged_observations(run, b'"unread":')
        if one.unread
    }
    return tuple(PartialReading(*key, found[key]) for key in sorted(found, key=lambda key: (natural(key[0]), key[1])))
