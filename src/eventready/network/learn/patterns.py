"""Properties by name: venue, mobile base stations, critical access points, users of cells, clients of access points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from eventready.network.learn.proposal import Proposal
from eventready.network.network_facts import DeviceFacts


def _fits(name: str, glob: str) -> bool:
    return fnmatchcase(name.casefold(), glob.casefold())


@dataclass(frozen=True)
class VenuePattern:
    """Venue of all names of a glob. Case does not matter."""

    glob: str
    venue: str

    def covers(self, name: str) -> bool:
        """True for a name of this venue."""
        return _fits(name, self.glob)


@dataclass(frozen=True)
class NamePatterns:
    """Patterns in order; the first match decides about the venue.

    `mobile`: globs of transportable base stations. `critical`: globs of access points that may never be missing.
    `users`, `clients`: globs of cells and of access points, each with the number expected.
    """

    patterns: tuple[VenuePattern, ...] = ()
    mobile: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    users: tuple[tuple[str, int], ...] = ()
    clients: tuple[tuple[str, int], ...] = ()

    def of(self, name: str) -> str | None:
        """Venue of a name by pattern."""
        return next((pattern.venue for pattern in self.patterns if pattern.covers(name)), None)

    def at(self, name: str, reading: DeviceFacts) -> str | None:
        """Venue of a part of a device: by pattern, else the only venue of the device; None: all of the device's."""
        venues = reading.device.venues
        return self.of(name) or (venues[0] if len(venues) == 1 else None)

    def properties(self, kind: str, name: str) -> dict[str, bool | int]:
        """Properties of a part by its name: flags, and numbers of which the first match decides."""
        marked = {"sites": ("mobile", self.mobile), "access_points": ("critical", self.critical)}
        counted = {"cells": ("users", self.users), "access_points": ("clients", self.clients)}
        (flag, globs), (number, expected) = marked.get(kind, ("", ())), counted.get(kind, ("", ()))
        found: dict[str, bool | int] = {flag: True} if any(_fits(name, glob) for glob in globs) else {}
        return found | next(({number: count} for glob, count in expected if _fits(name, glob)), {})

    def of_devices(self, reading: DeviceFacts) -> Iterator[Proposal]:
        """Venue of a device without any, by the pattern of its own name."""
        venue = None if reading.device.venues else self.of(reading.name)
        if venue:
            yield Proposal(reading.name, "venues", venue, venue, "pattern")
