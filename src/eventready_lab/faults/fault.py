"""Fault types of a lab, with their help and arguments, and the registry of a lab's fault types.

    FAULT_TYPES: Registry[None] = Registry()

    @FAULT_TYPES.fault("psu-failed", roles=("router",))
    def psu_failed(target: FaultTarget, number: int = 2) -> None:
        \"\"\"A power supply stops.\"\"\"

The docstring is the fault's help; its parameters behind the target, all with defaults, are the fault's arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import lines_of
from eventready_lab.faults.errors import converted, unknown_fault, wrong_role

R = TypeVar("R")


@dataclass(frozen=True)
class FaultType(Generic[R]):
    """A fault type. Empty `roles` and `transports`: the fault applies to every device.

    once: an event without duration (a restart), which cannot be cleared.
    effect_s: time limit of its effect.
    """

    name: str
    run: Callable[..., R]
    roles: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()
    once: bool = False
    effect_s: float = 30.0

    @property
    def help(self) -> str:
        """The first line of the docstring."""
        return lines_of((self.run.__doc__ or "").strip())[0]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: one.default for name, one in list(inspect.signature(self.run).parameters.items())[1:]}

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given arguments, converted to the types of the parameters. Raises UsageError."""
        return converted(self.name, self.parameters, given)

    def require_applicable(self, device: str, role: str, transport: str = "") -> None:
        """Raise UsageError for a device of another role or transport."""
        if self.roles and role not in self.roles:
            raise wrong_role(self.name, self.roles, device, role)
        if self.transports and transport not in self.transports:
            raise UsageError(
                message(
                    "lab:fault.wrong_transport",
                    fault=self.name, transports=self.transports, device=device, transport=transport,
                )
            )  # fmt: skip


class Registry(dict[str, FaultType[R]]):
    """The fault types of a lab by name."""

    def fault(
        self,
        name: str,
        roles: tuple[str, ...] = (),
        *,
        transports: tuple[str, ...] = (),
        once: bool = False,
        effect_s: float = 30.0,
    ) -> Callable[[Callable[..., R]], Callable[..., R]]:
        """Register a fault type under `name`."""

        def register(function: Callable[..., R]) -> Callable[..., R]:
            if name in self:
                raise ValueError(f"two faults are named {name!r}")
            self[name] = FaultType(name, function, roles, transports, once, effect_s)
            return function

        return register

    def named(self, name: str) -> FaultType[R]:
        """The fault type of a name. Raises UsageError."""
        if name not in self:
            raise unknown_fault(name, self)
        return self[name]
