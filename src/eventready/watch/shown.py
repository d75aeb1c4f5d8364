"""Open findings and weights as shown, computed once after each change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import is_

from eventready.checks.finding import Finding
from eventready.evaluation.bearing import Blocks, Weight, weights
from eventready.watch.open_finding import OpenFinding, open_of
from eventready.watch.states import States
from eventready.workspace.devices.device import Device


class Shown:
    """Open findings and weights of a group of findings, computed once after each change; for any thread."""

    def __init__(self, limits: Blocks | None = None) -> None:
        self._limits = limits
        self._version, self._looked_up = 0, -1
        self.open: list[OpenFinding] = []
        self.weights: tuple[Weight, ...] = ()

    def changed(self) -> None:
        """Invalidate the results, after a change."""
        self._version += 1

    def of(self, findings: Iterable[Finding], states: States, devices: Collection[Device]) -> Shown:
        """Return the current results; equal values stay the same objects."""
        if self._looked_up != (version := self._version):
            found = tuple(findings)
            known = {one.key: one for one in self.open}
            now = ((known.get(one.key), one) for one in open_of(found, states))
            opened = [before if before == one else one for before, one in now]
            self.open = self.open if same(opened, self.open) else opened
            weighed = weights(devices, found, self._limits)
            self.weights = self.weights if weighed == self.weights else weighed
            self._looked_up = version
        return self


def same(one: Sequence[object], other: Sequence[object]) -> bool:
    """True for the same objects."""
    return len(one) == len(other) and all(map(is_, one, other))
