"""The way back that a device keeps for itself: what it returns to unless somebody confirms in time.

A revert timer (Cisco), a trial commit (Huawei): one at a time on a device. What comes back is a whole configuration.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eventready.lab.configuration import Tree
from eventready.lab.timers import Timer, Timers


@dataclass(frozen=True)
class Waiting:
    """A way back that waits. `by` is who armed it, `name` what they called it, `session` the line they were on."""

    seconds: int
    since: datetime
    by: str
    name: str
    session: int
    tree: Tree
    timer: Timer

    def left_s(self, timers: Timers) -> int:
        """Seconds until the device goes back."""
        return max(0, round(self.timer.due - timers.now))


class WayBack:
    """The one way back of a device: `restore` is called with the configuration to return to."""

    def __init__(self, timers: Timers, restore: Callable[[Tree], None]) -> None:
        self._timers = timers
        self._restore = restore
        self.waiting: Waiting | None = None

    def arm(self, tree: Tree, seconds: int, *, since: datetime, by: str, session: int, name: str = "") -> Waiting:
        """Return to `tree` in so many seconds, in place of any way back that waited."""
        self.confirm()
        timer = self._timers.after(seconds, self.take)
        self.waiting = Waiting(seconds, since, by, name, session, copy.deepcopy(tree), timer)
        return self.waiting

    def confirm(self) -> bool:
        """Stay as it is; False when nothing waited."""
        if self.waiting is None:
            return False
        self.waiting.timer.cancel()
        self.waiting = None
        return True

    def take(self) -> bool:
        """Go back now; False when nothing waited."""
        waiting = self.waiting
        if not self.confirm() or waiting is None:
            return False
        self._restore(waiting.tree)
        return True
