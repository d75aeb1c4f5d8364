"""Fault types of the real lab.

A fault type is a generator: it injects the fault, yields a function that returns True once the fault has taken effect,
and afterwards clears the fault.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eventready.core.text_lines import lines_of
from eventready_lab.faults.errors import converted
from eventready_lab.real.province.equipment import Equipment

FaultSteps = Generator[Callable[[], bool], None, None]
Role = Literal["router", "bts_controller", "wifi_controller", "service_host"]


@dataclass(frozen=True)
class RealFaultTarget:
    """The device of a fault, and the equipment of the lab."""

    equipment: Equipment
    device: str


@dataclass(frozen=True)
class RealFaultType:
    """Fault type, the roles of applicable devices, and the time limit of its effect."""

    name: str
    run: Callable[..., FaultSteps]
    roles: tuple[Role, ...]
    effect_s: float = 30.0

    @property
    def help(self) -> str:
        """The first line of the docstring."""
        return lines_of((self.run.__doc__ or "").strip())[0]

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: one.default for name, one in list(inspect.signature(self.run).parameters.items())[1:]}

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments, converted to the types of the parameters. Raises UsageError."""
        return {**self.parameters, **converted(self.name, self.parameters, given)}


REAL_FAULT_TYPES: dict[str, RealFaultType] = {}


def fault(
    name: str, roles: tuple[Role, ...], *, effect_s: float = 30.0
) -> Callable[[Callable[..., FaultSteps]], Callable[..., FaultSteps]]:
    """Register a fault type under `name`."""

    def register(function: Callable[..., FaultSteps]) -> Callable[..., FaultSteps]:
        if name in REAL_FAULT_TYPES:
            raise ValueError(f"two faults are named {name!r}")
        REAL_FAULT_TYPES[name] = RealFaultType(name, function, roles, effect_s)
        return function

    return register


def immediately() -> bool:
    """Return True: the effect of an immediate fault."""
    return True
