"""The real province: started, waited for, disturbed, and put in order again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from eventready.errors import UsageError
from eventready.lab.book import Made
from eventready.lab.copy import Answer
from eventready.lab.machine import Credentials
from eventready.lab.real import frr
from eventready.lab.real.access import Doors
from eventready.lab.real.faults import FAULTS, At, Fault, Happening
from eventready.lab.real.hotspot import Hotspot
from eventready.lab.real.logins import Logins
from eventready.lab.real.osmo import TERMINAL, Stations
from eventready.lab.real.plan import AIR_HOST, CONTROLLER, ROUTERS
from eventready.lab.real.wifi.air import AccessPoint

_SETTLED_S = 75.0
_EFFECT_S = 30.0
_GLANCE_S = 0.3


@dataclass
class _Standing:
    """A fault that stands, and how it is undone."""

    made: Made
    happening: Happening


class Province:
    """Everything that runs, seen from the keeper."""

    def __init__(self, folder: Path, credentials: Credentials, air: Sequence[AccessPoint] = ()) -> None:
        self.credentials = credentials
        self.folder = folder
        self.doors = Doors()
        self.logins = Logins(credentials)
        self.stations = Stations(folder)
        self.hotspot = Hotspot(folder / "wifi", tuple(air)) if air else None
        self._standing: list[_Standing] = []
        self._busy = asyncio.Lock()

    def start(self) -> None:
        """Start everything; it still has to settle. Raises UsageError."""
        if self.hotspot:
            self.hotspot.start(self.credentials.password)  # its machine takes longest
        frr.lay_cables()
        self.logins.prepare()
        frr.start(self.folder)
        self.stations.start()
        for router in ROUTERS:
            self.doors.open(router, lambda router=router: self.logins.command(router))  # type: ignore[misc]  # mypy: lambda default
        self.doors.open(CONTROLLER, lambda: TERMINAL)
        self.doors.start()

    def ready(self) -> None:
        """Wait until all has come up. Raises UsageError."""
        if self.hotspot:
            self.hotspot.ready()
        self.settle()

    def settle(self, seconds: float = _SETTLED_S) -> None:
        """Wait until everything is as it should be. Raises UsageError with what is not."""
        deadline = time.monotonic() + seconds
        while waiting := self._waiting_for():
            if time.monotonic() > deadline:
                raise UsageError(f"the province does not settle; it waits for {', '.join(waiting[:6])}")
            time.sleep(_GLANCE_S)

    def _waiting_for(self) -> list[str]:
        waiting = [*frr.waiting_for(), *self.stations.waiting_for()]
        return waiting or (self.hotspot.waiting_for() if self.hotspot else [])

    def answers(self) -> Mapping[str, Answer]:
        """Where every device answers."""
        routers = {
            name: Answer(self.doors[name].port, self.credentials, self.logins.public_key(name), self.logins.shell)
            for name in ROUTERS
        }
        told = {**routers, CONTROLLER: Answer(self.doors[CONTROLLER].port, self.credentials)}
        return {**told, AIR_HOST: self.hotspot.answer()} if self.hotspot else told

    @property
    def names(self) -> Sequence[str]:
        """The devices."""
        return (*ROUTERS, CONTROLLER, *([AIR_HOST] if self.hotspot else []))

    @property
    def endpoints(self) -> int:
        """How many addresses answer."""
        return len(self.names)

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return self.doors.sessions

    @property
    def standing(self) -> Sequence[Made]:
        """The faults that stand."""
        return [one.made for one in self._standing]

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[Made]:
        """Make a fault, or clear those it fits, and wait for the effect; what was done. Raises UsageError."""
        async with self._busy:
            work = self._clear if clear else self._make
            return await asyncio.to_thread(work, device, fault, args)

    def _make(self, device: str, name: str, args: Mapping[str, Any]) -> Sequence[Made]:
        kind = self._kind(device, name)
        made = Made(device, name, _arguments(kind, args))
        if made in self.standing:
            return [made]
        happening = kind.run(At(self, device), **made.args)
        effect = next(happening)
        self._standing.append(_Standing(made, happening))
        deadline = time.monotonic() + _EFFECT_S
        while not effect():
            if time.monotonic() > deadline:
                raise UsageError(f"{name} was made at {device}, and has no effect", do="Clear it.")
            time.sleep(_GLANCE_S)
        return [made]

    def _clear(self, device: str, name: str, args: Mapping[str, Any]) -> Sequence[Made]:
        given = _arguments(self._kind(device, name), args)
        chosen = {key: given[key] for key in args}
        gone = [
            one
            for one in self._standing
            if (one.made.device, one.made.fault) == (device, name) and chosen.items() <= dict(one.made.args).items()
        ]
        if not gone:
            known = ", ".join(sorted({one.fault for one in self.standing if one.device == device})) or "none"
            raise UsageError(f"{device} has no such fault", do=f"Faults that stand on it: {known}.")
        for one in gone:
            self._standing.remove(one)
            next(one.happening, None)
        if not self._standing:
            self.settle()
        return [one.made for one in gone]

    def _kind(self, device: str, name: str) -> Fault:
        if device not in self.names:
            near = get_close_matches(device, self.names, n=1)
            raise UsageError(f"the lab has no device {device!r}", do=f"Did you mean {near[0]}?" if near else "")
        if name not in FAULTS:
            near = get_close_matches(name, FAULTS, n=1)
            meant = f"Did you mean {near[0]}?" if near else "See `eventready lab fault --list`."
            raise UsageError(f"the real lab has no fault {name!r}", do=meant)
        role = {CONTROLLER: "bts_controller", AIR_HOST: "wifi_controller"}.get(device, "router")
        if role not in FAULTS[name].roles:
            raise UsageError(f"{name} happens to a {' or '.join(FAULTS[name].roles)}; {device} is a {role}")
        return FAULTS[name]

    def close(self) -> None:
        """Stop listening; everything else ends with the enclosure."""
        self.doors.close()


def _arguments(kind: Fault, given: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of a fault, read as its own types. Raises UsageError."""
    known = kind.parameters
    read = dict(known)
    for name, value in given.items():
        if name not in known:
            takes = f"It takes: {', '.join(known)}." if known else "It takes none."
            raise UsageError(f"{kind.name} has no argument {name!r}", do=takes)
        try:
            read[name] = type(known[name])(value)
        except (TypeError, ValueError):
            raise UsageError(f"{name} of {kind.name} cannot be {value!r}", do="Give a number.") from None
    return read
