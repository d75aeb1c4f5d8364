"""Revert timer of a device: restores the previous configuration unless the change is confirmed in time.

A revert timer on IOS XE, a trial commit on VRP 8; a device has at most one, and restores a whole configuration.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.timers import Timer, Timers


@dataclass(frozen=True)
class PendingRevert:
    """Armed revert: user `by` armed the timer on line `session`, with an optional `name`."""

    seconds: int
    since: datetime
    by: str
    name: str
    session: int
    tree: Tree
    timer: Timer

    def left_s(self, timers: Timers) -> int:
        """Seconds until the device reverts."""
        return max(0, round(self.timer.due - timers.now))


class RevertTimer:
    """The revert timer of a device. `restore` receives the configuration to return to."""

    def __init__(self, timers: Timers, restore: Callable[[Tree], None]) -> None:
        self._timers = timers
        self._restore = restore
        self.pending: PendingRevert | None = None

    def arm(self, tree: Tree, seconds: int, *, since: datetime, by: str, session: int, name: str = "") -> PendingRevert:
        """Schedule the return to `tree`, in place of an earlier revert."""
        self.confirm()
        timer = self._timers.after(seconds, self.revert)
        self.pending = PendingRevert(seconds, since, by, name, session, copy.deepcopy(tree), timer)
        return self.pending

    def confirm(self) -> bool:
        """Cancel the revert; False when none was pending."""
        if self.pending is None:
            return False
        self.pending.timer.cancel()
        self.pending = None
        return True

    def revert(self) -> bool:
        """Revert now; False when none was pending."""
        pending = self.pending
        if not self.confirm() or pending is None:
            return False
        self._restore(pending.tree)
        return True
