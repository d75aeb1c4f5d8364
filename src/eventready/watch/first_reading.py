"""First reading of a watch: devices still to be read, beside the verdicts of before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from eventready.store.run import Run


@dataclass(frozen=True)
class LastVerdicts:
    """Verdicts by venue and service as of a moment: of an earlier watch, or of an audit."""

    at: datetime
    verdicts: Mapping[tuple[str, str], str]

    @classmethod
    def of_audit(cls, run: Run, at: datetime) -> Self:
        """Verdicts of an audit at a moment of the event."""
        return cls(at, {(venue, service): verdict for venue, service, verdict in run.verdicts})

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Self:
        """Verdicts of a snapshot; during a first reading those of before."""
        first = document.get("first") or {}
        head = first.get("last") or document
        return cls(
            datetime.fromisoformat(head["at"]),
            {(one["venue"], one["service"]): str(one["verdict"]) for one in head["verdicts"]},
        )


@dataclass(frozen=True)
class FirstReading:
    """First reading in progress: devices not yet read, and the verdicts of before; None without any."""

    left: int
    last: LastVerdicts | None

    def to_dict(self) -> dict[str, Any]:
        """Return the reading as plain JSON types."""
        last = self.last and {
            "at": self.last.at.isoformat(),
            "verdicts": [
                {"venue": venue, "service": service, "verdict": verdict}
                for (venue, service), verdict in self.last.verdicts.items()
            ],
        }
        return {"left": self.left, "last": last}

    @classmethod
    def of(cls, snapshot: Mapping[str, Any] | None) -> Self | None:
        """First reading in a snapshot; None after the first reading."""
        found = (snapshot or {}).get("first")
        if not found:
            return None
        return cls(int(found["left"]), LastVerdicts.load(found["last"]) if found["last"] else None)
