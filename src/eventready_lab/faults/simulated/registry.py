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
from eventready.core.messages import message
from eventready.core.text_lines import lines_of
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.session_faults import SessionFaults
from eventready_lab.device.state import DeviceState
from eventready_lab.faults.errors import converted, no_part, wrong_role


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

    def unknown(self, part: str, name: str = "", known: Iterable[str] = ()) -> UsageError:
        """Return the error for a part unknown on this device; `part` is a word of `lab:part`."""
        return no_part(self.state.name, part, name, sorted(known))


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
        return lines_of((self.run.__doc__ or "").strip())[0]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: p.default for name, p in list(inspect.signature(self.run).parameters.items())[1:]}

    def require_applicable(self, device: SimulatedDevice) -> None:
        """Raise UsageError for a device of another role or transport."""
        name, role, transport = device.state.name, device.state.role, device.dialect.transport
        if self.roles and role not in self.roles:
            raise wrong_role(self.name, self.roles, name, role)
        if self.transports and transport not in self.transports:
            raise UsageError(
                message(
                    "lab:fault.wrong_transport",
                    fault=self.name, transports=self.transports, device=name, transport=transport,
                )
            )  # fmt: skip

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given arguments, converted to the types of the parameters. Raises UsageError."""
        return converted(self.name, self.parameters, given)


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
