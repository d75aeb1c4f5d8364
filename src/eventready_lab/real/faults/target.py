"""Target of a fault of the real lab, and its steps.

A fault is a generator: it injects the fault, yields a function that returns True once the fault has taken effect, and
afterwards clears the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal

from eventready_lab.faults.fault import Registry
from eventready_lab.real.province.equipment import Equipment

FaultSteps = Generator[Callable[[], bool], None, None]
Role = Literal["router", "bts_controller", "wifi_controller", "service_host"]

REAL_FAULT_TYPES: Registry[FaultSteps] = Registry()
fault = REAL_FAULT_TYPES.fault


@dataclass(frozen=True)
class RealFaultTarget:
    """The device of a fault, and the equipment of the lab."""

    equipment: Equipment
    device: str


def immediately() -> bool:
    """Return True: the effect of an immediate fault."""
    return True
