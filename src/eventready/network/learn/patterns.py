"""Properties by name: the venue of a device, base station, cell or access point; mobile and critical ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from eventready.network.learn.proposal import Proposal
from eventready.network.network_facts import DeviceFacts


@dataclass(frozen=True)
class VenuePattern:
    """Venue of all names of a glob. Case does not matter."""

    glob: str
    venue: str

    def covers(self, name: str) -> bool:
        """True for a name of this venue."""
        return fnmatchcase(name.casefold(), self.glob.casefold())


@dataclass(frozen=True)
class NamePatterns:
    """Patterns in order; the first match decides about the venue.

    `mobile`: globs of transportable base stations. `critical`: globs of access points that may never be missing.
    """

    patterns: tuple[VenuePattern, ...] = ()
    mobile: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()

    def of(self, name: str) -> str | None:
        """Venue of a name by pattern."""
        return next((pattern.venue for pattern in self.patterns if pattern.covers(name)), None)

    def at(self, name: str, reading: DeviceFacts) -> str | None:
        """Venue of a part of a device: by pattern, else the only venue of the device; None: all of the device's."""
        venues = reading.device.venues
        return self.of(name) or (venues[0] if len(venues) == 1 else None)

    def flags(self, kind: str, name: str) -> dict[str, bool]:
        """Flags of a part by its name: `mobile` of a base station, `critical` of an access point."""
        known = {"sites": ("mobile", self.mobile), "access_points": ("critical", self.critical)}
        flag, globs = known.get(kind, ("", ()))
        return {flag: True} if any(fnmatchcase(name.casefold(), glob.casefold()) for glob in globs) else {}

    def of_devices(self, reading: DeviceFacts) -> Iterator[Proposal]:
        """Venue of a device without any, by the pattern of its own name."""
        venue = None if reading.device.venues else self.of(reading.name)
        if venue:
            yield Proposal(reading.name, "venues", venue, venue, "pattern")
