"""A simulated device by itself: made of a state, asked a command, and read as an audit reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eventready.facts import records as r
from eventready.facts.observation import Observation
from eventready.facts.platform import load_platform
from eventready.facts.read import interpret
from eventready.facts.saved import reply_of
from eventready.lab.dialect import load_dialect
from eventready.lab.machine import Credentials, Machine
from eventready.lab.mml import Manager, MmlSession
from eventready.lab.shows import shown
from eventready.lab.state import DeviceState

F = TypeVar("F", bound=r.Fact)


class Wire:
    """The other end of a session: keeps what was sent."""

    def __init__(self) -> None:
        self.sent = ""

    def write(self, text: str) -> None:
        self.sent += text

    def close(self) -> None:
        self.sent += "<closed>"

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        raise AssertionError("nothing here is slow")


def machine_of(state: DeviceState, element: str = "") -> Machine:
    """A device whose time stands still."""
    known = Credentials("netops", "lab-only")
    return Machine(state, load_dialect(state.platform), known, element=element, monotonic=lambda: 0.0)


def printed(machine: Machine, command: str) -> str:
    """What the device prints for a command: rendered, or over an MML session."""
    if machine.dialect.transport == "mml":
        wire = Wire()
        session = MmlSession(Manager("mae-9", [machine]), wire)
        session.feed('LGI:OP="netops",PWD="lab-only";')
        wire.sent = ""
        session.feed(command)
        return wire.sent.replace("\r\n", "\n")
    text = shown(machine, command)
    assert text is not None, f"the dialect does not know {command!r}"
    return text


def observed(machine: Machine, fact: str) -> Observation:
    """What an audit makes of the device's answer."""
    platform = load_platform(machine.state.platform)
    compiled = platform.facts[fact]
    return interpret("lab", fact, compiled, reply_of(platform, compiled.command, printed(machine, compiled.command)))


def rows(machine: Machine, fact: str, record: type[F]) -> list[F]:
    """The rows, of an answer that was understood whole."""
    seen = observed(machine, fact)
    assert seen.status.measured, f"{fact}: {seen.reason} {seen.unmatched}"
    assert seen.unmatched == ()
    assert all(isinstance(row, record) for row in seen.rows)
    return [row for row in seen.rows if isinstance(row, record)]
