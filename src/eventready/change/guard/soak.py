"""Soak time: how long a changed device is observed before the change is confirmed.

A neighbour that no longer agrees is lost after its dead or hold time, not at once. The soak is the longest such time
of the protocols that the change touches: as negotiated, else from the device's own configuration, else the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.core.messages import rendered
from eventready.platforms.model import HoldTime

#: Answer to a read-only command; empty without an answer.
Ask: TypeAlias = Callable[[str], str]


@dataclass(frozen=True)
class Soak:
    """Seconds to observe a device, and the origin of the figure."""

    seconds: float
    reason: str

    @property
    def summary(self) -> str:
        """Return the seconds and their origin."""
        return rendered("change:soak", seconds=self.seconds, reason=self.reason)


def soak_of(
    form: ConfigurationForm, before: Tree, target: Tree, minimum_s: float, ask: Ask = lambda _command: ""
) -> Soak:
    """Return the soak of a change: the longest hold time of the touched protocols, at least `minimum_s`."""
    found = [Soak(minimum_s, rendered("change:soak_minimum"))]
    paths = set(touched_paths(form.rules(), before, target))
    touched = {line for path in paths for line in path}
    for rule in form.spec.hold_times:
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
