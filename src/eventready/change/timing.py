"""When a guard may fire, and how long it is worth waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Self

from eventready.store.changes import Step

#: Steps that announce that a guard is about to be armed.
ARMING = ("arm", "lead_back")


@dataclass(frozen=True)
class Time:
    """Monotonic seconds, the real time in UTC, and sleep; a test brings its own."""

    now: Callable[[], float] = time.monotonic
    real: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Patience:
    """Seconds. `pause_s` lies between two looks at a device that is on its way.

    `margin_s`: so long before a guard fires nothing is confirmed any more. `grace_s`: so long after its time a guard
    may still be at work. `reach_s`: how much longer a device that cannot be reached or is not yet back is tried.
    `ways_back`: how often our own lines are sent to bring a device back.
    """

    pause_s: float = 2.0
    margin_s: float = 10.0
    grace_s: float = 20.0
    reach_s: float = 120.0
    ways_back: int = 3


@dataclass(frozen=True)
class Window:
    """Between `first` and `last` (monotonic seconds) an armed guard fires, unless it is confirmed before.

    `last` is -inf where no guard acts by itself.
    """

    first: float = inf
    last: float = -inf

    @classmethod
    def after_crash(cls, time: Time, history: Sequence[Step], seconds: float) -> Self:
        """From the steps on record: the guard was armed after the step that announced it, and before the one after
        `apply` if that was reached.
        """
        at = max(index for index, step in enumerate(history) if step.step in ARMING)
        later = next((step for step in history[at:] if step.step not in (*ARMING, "apply")), None)
        since, until = history[at].moment, later.moment if later else time.real()

        def ago(moment: datetime) -> float:
            return max(0.0, (time.real() - moment).total_seconds())

        return cls(time.now() + seconds - ago(since), time.now() + seconds - ago(until))

    def settled(self, patience: Patience) -> float:
        """From when on it has done what it will ever do."""
        return self.last + patience.grace_s

    def holds(self, now: float, patience: Patience) -> bool:
        """True while it may be firing."""
        return self.first - patience.margin_s <= now <= self.settled(patience)
