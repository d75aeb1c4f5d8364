"""What a fault is, and the book of those that are made: each can be made and cleared at run time.

A fault is a function that changes states, never texts:

    @fault("psu-failed", roles=("router",))
    def psu_failed(on: On, number: int = 2) -> None:
        \"\"\"A power supply stops.\"\"\"

Its docstring is its help, its parameters (all with defaults) are the arguments. Clearing one brings every state that
was touched back to healthy and makes the others again, so that faults can be cleared in any order.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from eventready.errors import UsageError
from eventready.lab.machine import Machine, Wire
from eventready.lab.state import DeviceState


class On:
    """The device that a fault happens on. Whatever comes from here may be changed; clearing brings it back."""

    def __init__(self, book: FaultBook, machine: Machine) -> None:
        self._book = book
        self.machine = machine

    @property
    def state(self) -> DeviceState:
        """The device's state."""
        return self.machine.state

    @property
    def wire(self) -> Wire:
        """How the device behaves on the wire."""
        return self.machine.wire

    def other(self, name: str) -> DeviceState | None:
        """The state of another device of the lab, the far end of a cable for one; None when there is none."""
        machine = self._book.machines.get(name)
        if machine is None:
            return None
        self._book.touch(machine)
        return machine.state

    @property
    def machines(self) -> Mapping[str, Machine]:
        """All devices of the lab, to look at."""
        return self._book.machines

    def peek(self, name: str) -> DeviceState:
        """The state of another device, to look at only."""
        return self._book.machines[name].state

    def refuse(self, what: str, known: Iterable[str]) -> UsageError:
        """The error for an argument that names nothing on this device."""
        names = ", ".join(sorted(known)[:12])
        return UsageError(f"{self.state.name} has no {what}", do=f"It has: {names}." if names else "")


@dataclass(frozen=True)
class Fault:
    """A kind of fault. `transports` and `roles` tell where it can happen; empty means everywhere."""

    name: str
    run: Callable[..., None]
    roles: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        """The docstring's first line."""
        return (self.run.__doc__ or "").strip().splitlines()[0]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: p.default for name, p in list(inspect.signature(self.run).parameters.items())[1:]}

    def reason_against(self, machine: Machine) -> str:
        """Why it cannot happen on the device; empty when it can."""
        if self.roles and machine.state.role not in self.roles:
            return f"{self.name} happens to a {' or '.join(self.roles)}; {machine.state.name} is a {machine.state.role}"
        if self.transports and machine.dialect.transport not in self.transports:
            transport = machine.dialect.transport
            return f"{self.name} happens over {' or '.join(self.transports)}; {machine.state.name} speaks {transport}"
        return ""

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the function wants them. Raises UsageError."""
        known = self.parameters
        read: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                takes = f"It takes: {', '.join(known)}." if known else "It takes none."
                raise UsageError(f"{self.name} has no argument {name!r}", do=takes)
            kind = type(known[name])
            try:
                read[name] = kind(value)
            except (TypeError, ValueError):
                raise UsageError(f"{name} of {self.name} cannot be {value!r}", do="Give a number.") from None
        return read


FAULTS: dict[str, Fault] = {}


def fault(
    name: str, *, roles: tuple[str, ...] = (), transports: tuple[str, ...] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a fault under `name`."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in FAULTS:
            raise ValueError(f"two faults are named {name!r}")
        FAULTS[name] = Fault(name, function, roles, transports)
        return function

    return register


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
            self._happen(made)
        except UsageError:
            self._again()
            raise
        self.made.append(made)
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


def _kind(name: str) -> Fault:
    if name not in FAULTS:
        near = get_close_matches(name, FAULTS, n=1)
        meant = f"Did you mean {near[0]}?" if near else "See `eventready lab fault --list`."
        raise UsageError(f"there is no fault {name!r}", do=meant)
    return FAULTS[name]
