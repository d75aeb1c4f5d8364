"""First reading of a watch: devices still to be read, beside the verdicts of before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eventready.core.records import Moment


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
