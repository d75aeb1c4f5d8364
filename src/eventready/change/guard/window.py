"""Times of a change: guard windows and retries."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Self

from eventready.store.change_steps import Apply, Arm, Rollback
from eventready.store.changes import Step

#: Steps that are recorded immediately before a guard is armed.
ARMING = (Arm, Rollback)


@dataclass(frozen=True)
class Timer:
    """Monotonic seconds, the real time in UTC, and sleep; tests replace them."""

    now: Callable[[], float] = time.monotonic
    real: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class RetryTiming:
    """Seconds. `pause_s`: between two reads of a device in transition.

    `margin_s`: no change is confirmed within this time before its guard fires. `grace_s`: time after its deadline in
    which a guard may still be working. `reach_s`: further time for a device that is unreachable or not yet reverted.
    `rollback_attempts`: how often eventready sends its own inverse commands.
    """

    pause_s: float = 2.0
    margin_s: float = 10.0
    grace_s: float = 20.0
    reach_s: float = 120.0
    rollback_attempts: int = 3


@dataclass(frozen=True)
class GuardWindow:
    """Times of the firing of an armed guard without confirmation: between `first` and `last` (monotonic seconds).

    `last` is -inf without a device-side guard.
    """

    first: float = inf
    last: float = -inf

    @classmethod
    def after_crash(cls, timer: Timer, history: Sequence[Step], seconds: float) -> Self:
        """Return the window from recorded steps: the guard was armed after the step `arm`, and before the step after
        `apply`, if present."""
        at = max(index for index, step in enumerate(history) if isinstance(step.body, ARMING))
        later = next((step for step in history[at:] if not isinstance(step.body, (*ARMING, Apply))), None)
        since, until = history[at].moment, later.moment if later else timer.real()

        def ago(moment: datetime) -> float:
            return max(0.0, (timer.real() - moment).total_seconds())

        return cls(timer.now() + seconds - ago(since), timer.now() + seconds - ago(until))

    def settled(self, patience: RetryTiming) -> float:
        """Return the time after which the guard has finished."""
        return self.last + patience.grace_s

    def holds(self, now: float, patience: RetryTiming) -> bool:
        """Return True while the guard may be firing."""
        return self.first - patience.margin_s <= now <= self.settled(patience)
