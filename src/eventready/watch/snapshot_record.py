"""Snapshot of a watch for the pages: verdicts, open findings, and the age of every device, as of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from eventready.core.language import FindingSentence
from eventready.core.records import Moment, Stream
from eventready.store.run_records import Named, Resting, below_each


@dataclass(frozen=True)
class LastVerdicts:
    """Verdicts as of a moment, of an earlier watch or of an audit: venue, service, verdict."""

    at: Moment
    places: tuple[tuple[str, str, str], ...]

    @property
    def verdicts(self) -> Mapping[tuple[str, str], str]:
        """Verdicts by venue and service."""
        return {(venue, service): verdict for venue, service, verdict in self.places}


@dataclass(frozen=True)
class FirstReading:
    """First reading in progress: devices not yet read, and the verdicts of before; None without any."""

    left: int
    last: LastVerdicts | None


#: Seconds between two snapshots without a change of state.
SNAPSHOT_S = 5.0

#: Snapshots that may be missing before the watch counts as gone.
MISSED = 3


@dataclass(frozen=True, kw_only=True)
class OpenEntry(FindingSentence):
    """Open finding of a snapshot: state and sentence, since when, cause of a missing measurement."""

    device: str
    check: str
    subject: str
    since: Moment
    venues: tuple[str, ...]
    services: tuple[str, ...]
    cause: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """Device, check, subject."""
        return self.device, self.check, self.subject


@dataclass(frozen=True)
class DeviceAge:
    """Seconds since the oldest answer in use of a device, None without a measurement.

    `change`: reason of its rest, empty for a pause by a person; None while it is watched.
    """

    name: str
    age: float | None
    change: str | None


@dataclass(frozen=True)
class ServiceVerdict:
    """Verdict of a service at a venue, with the ids of its reasons, and the sentence about its users."""

    venue: str
    service: str
    verdict: str
    reasons: tuple[str, ...]
    way: FindingSentence | None


@dataclass(frozen=True)
class Snapshot:
    """State of a watch. `real`: real time; `every`: longest time to the next snapshot, in seconds.

    `notes`: ids of sentences about the calls and the inventory. `opened`: version of the open findings, which are kept
    beside the rest. `walk`: seconds since the ways were walked, while newer readings wait for the next walk.
    """

    at: Moment
    real: Moment
    every: float
    notes: tuple[str, ...]
    opened: str
    first: FirstReading | None
    walk: float | None
    rests: tuple[Resting, ...]
    devices: tuple[DeviceAge, ...]
    verdicts: tuple[ServiceVerdict, ...]
    open: tuple[OpenEntry, ...] = ()

    @property
    def below(self) -> Mapping[Named, Named]:
        """Elements resting on lost elements, with the element below each."""
        return below_each(self.rests)

    @property
    def last(self) -> LastVerdicts:
        """Verdicts; during a first reading those of before."""
        if self.first and self.first.last:
            return self.first.last
        return LastVerdicts(self.at, tuple((one.venue, one.service, one.verdict) for one in self.verdicts))

    @property
    def age_s(self) -> float:
        """Seconds since the snapshot, by real time."""
        return (datetime.now(UTC) - self.real).total_seconds()

    def is_old(self, age_s: float) -> bool:
        """True with missing followers, or of the future: the clock was set back."""
        return abs(age_s) > MISSED * self.every


@dataclass(frozen=True)
class OpenFindings:
    """Open findings of a version, as kept beside the snapshot."""

    version: str
    open: tuple[OpenEntry, ...]


SNAPSHOTS = Stream("watch", Snapshot)
OPEN = Stream("watch open", OpenFindings)
