"""What a fault is.

A fault is a function that changes states, never texts:

    @fault("psu-failed", roles=("router",))
    def psu_failed(on: On, number: int = 2) -> None:
        \"\"\"A power supply stops.\"\"\"

Its docstring is its help, its parameters (all with defaults) are the arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eventready.errors import UsageError
from eventready.lab.machine import Machine, Wire
from eventready.lab.state import DeviceState

if TYPE_CHECKING:
    from eventready.lab.book import FaultBook


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
    """A kind of fault. `transports` and `roles` tell where it can happen; empty means everywhere.

    `once`: it happens and is over (a restart); nothing stands that could be cleared.
    """

    name: str
    run: Callable[..., None]
    roles: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()
    once: bool = False

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
    name: str, *, roles: tuple[str, ...] = (), transports: tuple[str, ...] = (), once: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a fault under `name`."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in FAULTS:
            raise ValueError(f"two faults are named {name!r}")
        FAULTS[name] = Fault(name, function, roles, transports, once)
        return function

    return register
