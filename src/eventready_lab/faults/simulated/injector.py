"""Injection and clearing of faults while a lab runs.

Clearing a fault resets every changed state and injects the remaining faults again, so faults clear in any order. The
change of a fault to a configuration is made once, and later changes by the engineer are kept.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from eventready.core.errors import UsageError
from eventready_lab.control.active_fault import ActiveFault
from eventready_lab.device.configuration.difference import Difference
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import DeviceState
from eventready_lab.faults.errors import not_active, unknown_device
from eventready_lab.faults.simulated.catalogue import FAULT_TYPES
from eventready_lab.faults.simulated.target import FaultTarget


class FaultInjector:
    """The active faults of a lab."""

    def __init__(self, devices: Mapping[str, SimulatedDevice]) -> None:
        self.devices = devices
        self.active: list[ActiveFault] = []
        self._healthy: dict[str, DeviceState] = {}
        self._configuration_changes: list[tuple[ActiveFault, Difference, Difference]] = []

    def inject(self, device: str, name: str, args: Mapping[str, Any]) -> ActiveFault:
        """Inject a fault, beside faults of the same type with other arguments. Raises UsageError."""
        simulated, fault_type = self._device(device), FAULT_TYPES.named(name)
        fault_type.require_applicable(device, simulated.state.role, simulated.dialect.transport)
        fault = ActiveFault(device, name, fault_type.arguments(args))
        if fault in self.active:
            return fault
        try:
            if not fault_type.once and simulated.dialect.config:
                _ = simulated.config  # made from the healthy state, before the fault
            self._apply(fault)
        except UsageError:
            self._reapply()
            raise
        if not fault_type.once:
            self.active.append(fault)
            self._configuration_changes.append((fault, *simulated.adopt_state()))
        return fault

    def clear(self, device: str, name: str, args: Mapping[str, Any]) -> list[ActiveFault]:
        """Clear the faults of a type on a device: those with the given arguments, or all. Raises UsageError."""
        self._device(device)
        given = FAULT_TYPES.named(name).arguments(args)
        cleared = [
            fault
            for fault in self.active
            if (fault.device, fault.fault) == (device, name) and given.items() <= dict(fault.args).items()
        ]
        if not cleared:
            raise not_active(device, name, (fault.fault for fault in self.active if fault.device == device))
        self.active = [fault for fault in self.active if fault not in cleared]
        for fault, running, startup in self._configuration_changes:
            if fault in cleared:
                self.devices[fault.device].undo_configuration(running, startup)
        self._configuration_changes = [change for change in self._configuration_changes if change[0] not in cleared]
        self._reapply()
        return cleared

    def _device(self, name: str) -> SimulatedDevice:
        if name not in self.devices:
            raise unknown_device(name, self.devices)
        return self.devices[name]

    def _keep_healthy_state(self, device: SimulatedDevice) -> None:
        """Keep the state of a device from before its first fault."""
        if device.state.name not in self._healthy:
            self._healthy[device.state.name] = copy.deepcopy(device.state)

    def _apply(self, fault: ActiveFault) -> None:
        device = self.devices[fault.device]
        self._keep_healthy_state(device)
        for name in self._healthy:
            self.devices[name].settle_counters()
        target = FaultTarget(device, self.devices, self._keep_healthy_state)
        FAULT_TYPES[fault.fault].run(target, **fault.args)
        for name in self._healthy:
            self.devices[name].version += 1

    def _reapply(self) -> None:
        """Reset all changed devices, and apply the active faults again."""
        for name, state in self._healthy.items():
            self.devices[name].reset_state(copy.deepcopy(state))
        for fault in self.active:
            self._apply(fault)
        for name in self._healthy:
            self.devices[name].apply_configuration()
