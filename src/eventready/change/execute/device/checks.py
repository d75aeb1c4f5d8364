"""The audit's checks around a change: of the device itself, and across the device and its partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TypeAlias

from eventready.change.errors import SendCommands
from eventready.checks.finding import Finding
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import CellState, Matrix, build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.observe import observe
from eventready.facts.platform import Platform
from eventready.facts.rows import FactRows
from eventready.workspace.devices.device import Device

Findings: TypeAlias = tuple[Finding, ...]

_PARTNERS_AT_ONCE = 4
#: Facts that differ until the change is saved, which follows verification.
_LATER = frozenset({"saved_config"})


@dataclass(frozen=True)
class DeviceChecks:
    """Checks of a device, selected before the first connection.

    `partners` are the devices that checks across devices compare with it: the other ends of its links, and its
    redundant partners. Waivers do not count: a waived failure that stays is not worse.
    """

    device: Device
    platform: Platform
    limits: ResolvedLimits | None = None
    partners: tuple[tuple[Device, Platform], ...] = ()

    @cached_property
    def _matrix(self) -> Matrix:
        platforms = {platform.name: platform for _device, platform in self.partners}
        devices = [self.device, *(device for device, _platform in self.partners)]
        return build_matrix(devices, {**platforms, self.platform.name: self.platform}, fleet=bool(self.partners))

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Return the facts needed by the checks of this device, except facts with a difference until the change is
        saved."""
        return tuple(fact for fact in self._matrix.facts_for(self.device.name) if fact not in _LATER)

    @cached_property
    def counters(self) -> tuple[str, ...]:
        """Return the counters among the facts of this device."""
        return tuple(fact for fact in self.facts if CATALOGUE[fact].counter)

    def read(self, send: Mapping[str, SendCommands]) -> tuple[Observation, ...]:
        """Read the device and its partners; `send` is by device name."""
        found = observe(self.device.name, self.platform, self.facts, send[self.device.name]) if self.facts else []
        if self.partners:
            with ThreadPoolExecutor(_PARTNERS_AT_ONCE) as pool:
                for observations in pool.map(partial(self._read_partner, send), self.partners):
                    found += observations
        return tuple(found)

    def _read_partner(
        self, send: Mapping[str, SendCommands], partner: tuple[Device, Platform]
    ) -> Sequence[Observation]:
        """Read a partner's facts for the checks across devices."""
        device, platform = partner
        shared = [fact for fact in platform.facts if fact in self._matrix.shared(device.name)]
        return observe(device.name, platform, shared, send[device.name]) if shared else ()

    def read_counters(self, send: SendCommands) -> tuple[Observation, ...]:
        """Read the counters of the device a second time."""
        return tuple(observe(self.device.name, self.platform, self.counters, send, 2)) if self.counters else ()

    def evaluate(self, observations: Sequence[Observation], moment: datetime, interval_s: float = 0.0) -> Findings:
        """Evaluate the observations at the event's time `moment` (aware). Unreachable subjects are not measured.

        `interval_s`: seconds between the two readings of counters. Findings of partners have their name in the subject.
        """
        own = evaluate(
            [self.device], self._matrix, observations, moment=moment, limits=self.limits, scope="device",
            intervals={self.device.name: interval_s},
        )  # fmt: skip
        across: Findings = ()
        if self.partners:
            devices = [self.device, *(device for device, _platform in self.partners)]
            found = evaluate(devices, self._matrix, observations, moment=moment, limits=self.limits, scope="fleet")
            across = tuple(
                one if one.device == self.device.name else one.replace(subject=f"{one.subject} on {one.device}")
                for one in found
            )
        checks = self._matrix.checks.items()
        left_out = {name for name, check in checks if check.varies or _LATER & set(check.needs)}
        return tuple(finding for finding in (*own, *across) if finding.check not in left_out)

    @property
    def applicable(self) -> bool:
        """Return False if no check applies or the platform supports none: the change cannot be verified then."""
        return any(cell.state is CellState.APPLICABLE for cell in self._matrix.of(self.device.name))


def ages(observations: Sequence[Observation]) -> dict[tuple[str, str], float]:
    """Return the seconds since each adjacency or device came up, by (fact, subject)."""
    return {
        (one.fact, f"{row.subject} on {one.device}"): float(seconds)
        for one in observations
        if one.status.measured
        for row in FactRows.of(one).each_row()
        if (seconds := getattr(row, "uptime_s", None)) is not None
    }


def lost_meanwhile(
    start: Mapping[tuple[str, str], float], end: Mapping[tuple[str, str], float], elapsed_s: float
) -> tuple[str, ...]:
    """Return the states reset between two readings `elapsed_s` apart: their age did not grow with the time.

    Devices print ages in whole seconds, minutes or hours: an age that stays equal has not been reset.
    """
    return tuple(
        f"{fact.replace('_', ' ')} {subject}"
        for (fact, subject), age in sorted(start.items())
        if (now := end.get((fact, subject))) is not None and now < age and now <= elapsed_s + _RESOLUTION_S
    )


#: Seconds of the coarsest age below an hour that a device prints.
_RESOLUTION_S = 60.0
