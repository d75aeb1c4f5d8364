"""Answers of a single simulated device, and the facts that the product reads from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from eventready.facts import records as r
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation
from eventready.facts.observe import observe
from eventready.facts.platform import Platform, load_platform
from eventready.facts.questions import with_example
from eventready.facts.saved import saved_reply
from eventready.session.reply import Reply
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import load_dialect
from eventready_lab.device.state import DeviceState
from eventready_lab.servers.mml import ElementManager, MmlSession

F = TypeVar("F", bound=r.Fact)


class AnswerChannel:
    """A channel that records the output of a session."""

    def __init__(self) -> None:
        self.sent = ""

    def write(self, text: str) -> None:
        self.sent += text

    def close(self) -> None:
        self.sent += "<closed>"

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        raise AssertionError("unexpected delay")


def machine_of(state: DeviceState, element: str = "") -> SimulatedDevice:
    """A device with a stopped clock."""
    known = Credentials("netops", "lab-only")
    return SimulatedDevice(state, load_dialect(state.platform), known, element=element, monotonic=lambda: 0.0)


def printed(machine: SimulatedDevice, command: str) -> str:
    """The output of a command, over an MML session for an MML platform."""
    if machine.dialect.transport == "mml":
        wire = AnswerChannel()
        session = MmlSession(ElementManager("mae-9", [machine]), wire)
        session.feed('LGI:OP="netops",PWD="lab-only";')
        wire.sent = ""
        session.feed(command)
        return wire.sent.replace("\r\n", "\n")
    text = machine.show(command)
    assert text is not None, f"the dialect does not know {command!r}"
    return text


def observed(machine: SimulatedDevice, fact: str) -> Observation:
    """What an audit makes of the device's answer."""
    platform = load_platform(machine.state.platform)
    compiled = platform.facts[fact]
    if compiled.questions is not None:
        return questioned(machine, with_example(platform, fact), fact)
    return interpret("lab", fact, compiled, reply_of(machine, platform, compiled.command))


def questioned(machine: SimulatedDevice, platform: Platform, fact: str) -> Observation:
    """What an audit makes of the device's answers to the questions of a platform."""
    (seen,) = observe("lab", platform, [fact], lambda commands: [reply_of(machine, platform, one) for one in commands])
    return seen


def reply_of(machine: SimulatedDevice, platform: Platform, command: str) -> Reply:
    """The whole answer of the device to a command."""
    return replace(saved_reply(platform, command, printed(machine, command)), complete=True)


def rows(machine: SimulatedDevice, fact: str, record: type[F]) -> list[F]:
    """The rows of a completely parsed answer."""
    seen = observed(machine, fact)
    assert seen.status.measured, f"{fact}: {seen.reason} {seen.unmatched}"
    assert seen.unmatched == ()
    assert all(isinstance(row, record) for row in seen.rows)
    return [row for row in seen.rows if isinstance(row, record)]
