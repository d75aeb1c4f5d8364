"""Times of a change: the soak before the confirmation, guard windows, retries.

A neighbour that no longer agrees is lost after its dead or hold time, not at once. The soak is the longest such time
of the protocols that the change touches: as negotiated, else from the device's own configuration, else the default.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Self, TypeAlias

from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.core.messages import Message, message
from eventready.platforms.model import HoldTime
from eventready.store.change_steps import Apply, Arm, Rollback
from eventready.store.changes import Step

#: Answer to a read-only command; empty without an answer.
Ask: TypeAlias = Callable[[str], str]


@dataclass(frozen=True)
class Soak:
    """Seconds to observe a device, and the origin of the figure."""

    seconds: float
    reason: str | Message

    @property
    def summary(self) -> Message:
        """Return the seconds and their origin."""
        return message("change:soak", seconds=self.seconds, reason=self.reason)


def soak_of(
    form: ConfigurationForm, before: Tree, target: Tree, minimum_s: float, ask: Ask = lambda _command: ""
) -> Soak:
    """Return the soak of a change: the longest hold time of the touched protocols, at least `minimum_s`."""
    found = [Soak(minimum_s, message("change:soak_minimum"))]
    paths = set(touched_paths(form.rules(), before, target))
    for rule in form.spec.hold_times:
        touched = {line for path in paths if not re.fullmatch(rule.but, path[-1]) for line in path}
        if any(re.fullmatch(rule.touched, line) for line in touched):
            negotiated = _negotiated(rule, ask)
            found.append(_longest(rule, (before, target), negotiated, paths if negotiated else None))
    return max(found, key=lambda soak: soak.seconds)


def _negotiated(rule: HoldTime, ask: Ask) -> list[Soak]:
    """Return the times of the established neighbours, if the device shows them."""
    shown = re.finditer(rule.shown, ask(rule.ask), re.MULTILINE) if rule.ask else ()
    return [Soak(float(match["seconds"]), f"`{' '.join(match[0].split())}`") for match in shown]


def touched_paths(rules: Rules, before: Tree, target: Tree, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of different lines, and of the lines beneath."""
    for line in {**before, **target}:
        here = (*path, line)
        if line not in before or line not in target:
            yield here
            yield from (found for tree in (before, target) for found in walk(tree.get(line, {}), here))
        elif before[line] != target[line] or list(before[line]) != list(target[line]):
            yield from touched_paths(rules, before[line], target[line], here)
            if rules.is_ordered(line):
                yield here


def _longest(rule: HoldTime, trees: tuple[Tree, ...], negotiated: list[Soak], changed: set[Path] | None) -> Soak:
    """Return the longest time of a rule in either tree: negotiated, configured, or the default of the protocol.

    `changed`: only these lines count.
    """
    times = negotiated + [
        Soak(seconds, f"`{path[-1]}`")
        for tree in trees
        for path in walk(tree)
        if (changed is None or path in changed)
        and (match := re.fullmatch(rule.line, path[-1]))
        and (seconds := _seconds(rule, match, subtree(tree, path[:-1]))) is not None
    ]
    if not negotiated and (not times or not all(_replaces_default(rule, tree) for tree in trees)):
        times.append(Soak(rule.default_s, rule.default_reason))
    return max(times, key=lambda soak: soak.seconds)


def _replaces_default(rule: HoldTime, tree: Tree) -> bool:
    """Return True if each section of the protocol has a line with the time of all its neighbours."""
    sections = [beneath for line, beneath in tree.items() if re.fullmatch(rule.touched, line)]
    return bool(rule.for_all) and all(any(re.fullmatch(rule.for_all, one) for one in lines) for lines in sections)


def _seconds(rule: HoldTime, match: re.Match[str], section: Iterable[str]) -> float | None:
    value = _interval(rule, section) if rule.interval else _stated(match)
    return None if value is None else value * rule.times * float(match.groupdict().get("times") or 1)


def _interval(rule: HoldTime, section: Iterable[str]) -> float:
    """Return the longest interval of a section, else the default of the protocol."""
    found = (_stated(match) for line in section if (match := re.fullmatch(rule.interval, line)))
    return max((seconds for seconds in found if seconds is not None), default=rule.interval_s)


def _stated(match: re.Match[str]) -> float | None:
    groups = match.groupdict()
    if groups.get("seconds"):
        return float(groups["seconds"])
    return float(groups["ms"]) / 1000 if groups.get("ms") else None


#: Origin of a soak that the operator of a lab chose, as recorded.
CHOSEN = "chosen for a lab"
#: Steps that are recorded immediately before a guard is armed.
ARMING = (Arm, Rollback)


def _since_boot() -> float:
    """Return the seconds since the start of the machine, also those of its suspension where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True)
class Timer:
    """Monotonic seconds, the real time in UTC, sleep, and seconds with those of a suspended machine; for tests."""

    now: Callable[[], float] = time.monotonic
    real: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    elapsed: Callable[[], float] = _since_boot


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
