"""Window of the event at a device: the time of its crowd."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class EventWindow:
    """Window of kind `event`. `names`: its names and its kind, for the demands of capacity.yaml."""

    start: datetime
    end: datetime
    names: frozenset[str] = frozenset()

    def contains(self, moment: datetime) -> bool:
        """True from the start until before the end."""
        return self.start <= moment < self.end
