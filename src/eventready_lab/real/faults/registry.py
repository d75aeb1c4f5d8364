"""Fault types of the real lab.

A fault type is a generator: it injects the fault, yields a function that returns True once the fault has taken effect,
and afterwards clears the fault.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eventready.core.errors import UsageError
from eventready_lab.real.equipment import Equipment

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
        return (self.run.__doc__ or "").strip().splitlines()[0]

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: one.default for name, one in list(inspect.signature(self.run).parameters.items())[1:]}

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments, converted to the types of the parameters. Raises UsageError."""
        known = self.parameters
        values = dict(known)
        for name, value in given.items():
            if name not in known:
                accepted = f"Arguments: {', '.join(known)}." if known else "The fault has no arguments."
                raise UsageError(f"{self.name} has no argument {name!r}", do=accepted)
            try:
                values[name] = type(known[name])(value)
            except (TypeError, ValueError):
                raise UsageError(f"{name} of {self.name} cannot be {value!r}", do="Give a number.") from None
        return values


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
