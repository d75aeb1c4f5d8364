"""Target of a simulated fault: device, state, sessions, other devices of the lab."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from eventready.core.errors import UsageError
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.session_faults import SessionFaults
from eventready_lab.device.state import DeviceState
from eventready_lab.faults.errors import no_part
from eventready_lab.faults.fault import Registry

FAULT_TYPES: Registry[None] = Registry()
fault = FAULT_TYPES.fault


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
