"""The faults that stand in a lab: made and cleared while it runs.

Clearing one brings every state that was touched back to healthy and makes the others again, so that faults can be
cleared in any order. What a fault did to a configuration is done once, and stays what the engineer has made of it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from eventready.errors import UsageError
from eventready.lab.difference import Difference
from eventready.lab.fault import Fault, On
from eventready.lab.faults import FAULTS
from eventready.lab.machine import Machine
from eventready.lab.state import DeviceState


@dataclass(frozen=True)
class Made:
    """A fault that stands."""

    device: str
    fault: str
    args: Mapping[str, Any]


class FaultBook:
    """The faults of one lab."""

    def __init__(self, machines: Mapping[str, Machine]) -> None:
        self.machines = machines
        self.made: list[Made] = []
        self._healthy: dict[str, DeviceState] = {}
        self._configured: list[tuple[Made, Difference, Difference]] = []

    def touch(self, machine: Machine) -> None:
        """Remember the state before the first fault that changes it."""
        if machine.state.name not in self._healthy:
            self._healthy[machine.state.name] = copy.deepcopy(machine.state)

    def make(self, device: str, name: str, args: Mapping[str, Any]) -> Made:
        """Make a fault. One of the same kind with other arguments stands beside it. Raises UsageError."""
        machine, kind = self._machine(device), _kind(name)
        reason = kind.reason_against(machine)
        if reason:
            raise UsageError(reason, do="See `eventready lab fault --list`.")
        made = Made(device, name, kind.arguments(args))
        if made in self.made:
            return made
        try:
            if not kind.once and machine.dialect.config:
                _ = machine.config  # it is that of the healthy device
            self._happen(made)
        except UsageError:
            self._again()
            raise
        if not kind.once:
            self.made.append(made)
            self._configured.append((made, *machine.adopt()))
        return made

    def clear(self, device: str, name: str, args: Mapping[str, Any]) -> list[Made]:
        """Clear the faults of that kind on the device: those with these arguments, or all. Raises UsageError."""
        self._machine(device)
        given = _kind(name).arguments(args)
        gone = [
            made
            for made in self.made
            if (made.device, made.fault) == (device, name) and given.items() <= dict(made.args).items()
        ]
        if not gone:
            standing = ", ".join(sorted({made.fault for made in self.made if made.device == device})) or "none"
            raise UsageError(f"{device} has no such fault", do=f"Faults that stand on it: {standing}.")
        self.made = [made for made in self.made if made not in gone]
        for made, running, startup in [one for one in self._configured if one[0] in gone]:
            self.machines[made.device].undo(running, startup)
        self._configured = [one for one in self._configured if one[0] not in gone]
        self._again()
        return gone

    def _machine(self, device: str) -> Machine:
        if device not in self.machines:
            near = get_close_matches(device, self.machines, n=1)
            raise UsageError(f"the lab has no device {device!r}", do=f"Did you mean {near[0]}?" if near else "")
        return self.machines[device]

    def _happen(self, made: Made) -> None:
        machine = self.machines[made.device]
        self.touch(machine)
        for known in self._healthy:
            self.machines[known].settle()
        FAULTS[made.fault].run(On(self, machine), **made.args)
        for known in self._healthy:
            self.machines[known].version += 1

    def _again(self) -> None:
        """All touched devices healthy, then every fault that stands made anew."""
        for name, state in self._healthy.items():
            self.machines[name].recover(copy.deepcopy(state))
        for made in self.made:
            self._happen(made)
        for name in self._healthy:
            self.machines[name].obey()


def _kind(name: str) -> Fault:
    if name not in FAULTS:
        near = get_close_matches(name, FAULTS, n=1)
        meant = f"Did you mean {near[0]}?" if near else "See `eventready lab fault --list`."
        raise UsageError(f"there is no fault {name!r}", do=meant)
    return FAULTS[name]
