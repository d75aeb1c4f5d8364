"""Fault types of the embedded lab.

A fault type is a function that changes the state of a device, never its text:

    @fault("psu-failed", roles=("router",))
    def psu_failed(target: FaultTarget, number: int = 2) -> None:
        \"\"\"A power supply stops.\"\"\"

The docstring is the fault's help; its parameters, all with defaults, are the fault's arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eventready.core.errors import UsageError
from eventready_lab.engine.device import SimulatedDevice
from eventready_lab.engine.session_faults import SessionFaults
from eventready_lab.engine.state import DeviceState


@dataclass(frozen=True)
class FaultTarget:
    """The device of a fault, and the other devices of the lab.

    before_change: called with a device before its state is changed.
    """

    device: SimulatedDevice
    devices: Mapping[str, SimulatedDevice]
    before_change: Callable[[SimulatedDevice], None]

    @property
    def state(self) -> DeviceState:
        """The device's state, to be changed."""
        return self.device.state

    @property
    def session_faults(self) -> SessionFaults:
        """The faults of the device's sessions, to be changed."""
        return self.device.session_faults

    def other(self, name: str) -> DeviceState | None:
        """The state of another device, to be changed; None for an unknown name."""
        device = self.devices.get(name)
        if device is None:
            return None
        self.before_change(device)
        return device.state

    def peek(self, name: str) -> DeviceState:
        """The state of another device, read only."""
        return self.devices[name].state

    def unknown(self, what: str, known: Iterable[str]) -> UsageError:
        """Return the error for an argument unknown on this device."""
        names = ", ".join(sorted(known)[:12])
        return UsageError(f"{self.state.name} has no {what}", do=f"It has: {names}." if names else "")


@dataclass(frozen=True)
class FaultType:
    """A fault type. Empty `roles` and `transports`: the fault applies to every device.

    once: an event without duration (a restart), which cannot be cleared.
    """

    name: str
    run: Callable[..., None]
    roles: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()
    once: bool = False

    @property
    def help(self) -> str:
        """The first line of the docstring."""
        return (self.run.__doc__ or "").strip().splitlines()[0]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: p.default for name, p in list(inspect.signature(self.run).parameters.items())[1:]}

    def inapplicable(self, device: SimulatedDevice) -> str:
        """Return the reason against a fault on a device; empty for an applicable fault."""
        name = device.state.name
        if self.roles and device.state.role not in self.roles:
            return f"{self.name} applies to {' or '.join(self.roles)}; {name} is a {device.state.role}"
        if self.transports and device.dialect.transport not in self.transports:
            transport = device.dialect.transport
            return f"{self.name} applies to {' or '.join(self.transports)}; {name} uses {transport}"
        return ""

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given arguments, converted to the types of the parameters. Raises UsageError."""
        known = self.parameters
        converted: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                accepted = f"Arguments: {', '.join(known)}." if known else "The fault has no arguments."
                raise UsageError(f"{self.name} has no argument {name!r}", do=accepted)
            kind = type(known[name])
            try:
                converted[name] = kind(value)
            except (TypeError, ValueError):
                raise UsageError(f"{name} of {self.name} cannot be {value!r}", do="Give a number.") from None
        return converted


FAULT_TYPES: dict[str, FaultType] = {}


def fault(
    name: str, *, roles: tuple[str, ...] = (), transports: tuple[str, ...] = (), once: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a fault type under `name`."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in FAULT_TYPES:
            raise ValueError(f"two faults are named {name!r}")
        FAULT_TYPES[name] = FaultType(name, function, roles, transports, once)
        return function

    return register
