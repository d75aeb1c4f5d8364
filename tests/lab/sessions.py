"""Sessions on a simulated device without a network: recorded output, and a typed command line."""

from __future__ import annotations

from collections.abc import Callable

from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import Dialect
from eventready_lab.terminal.session import CliSession
from tests.lab.conftest import machine


class RecordedChannel:
    """A channel that records the output; `run` makes the scheduled calls."""

    def __init__(self) -> None:
        self.text = ""
        self.closed = False
        self.scheduled: list[tuple[float, Callable[[], None]]] = []

    def write(self, text: str) -> None:
        self.text += text

    def close(self) -> None:
        self.closed = True

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.scheduled.append((seconds, call))

    def run(self) -> None:
        scheduled, self.scheduled = self.scheduled, []
        for _, call in scheduled:
            call()


class TypedSession:
    """A command line on a device, or on a small one of the dialect."""

    def __init__(self, of: SimulatedDevice | Dialect, *, ask_login: bool = False) -> None:
        self.machine = of if isinstance(of, SimulatedDevice) else machine("r1", of)
        self.channel = RecordedChannel()
        self.session = CliSession(self.machine, self.channel, ask_login=ask_login)
        self.session.greet()
        self.greeting = self.channel.text
        self.session.begin()

    def type(self, text: str) -> str:
        """The output for typed text."""
        before = len(self.channel.text)
        self.session.feed(text)
        return self.channel.text[before:]

    def enabled(self) -> TypedSession:
        self.type("enable\nterminal length 0\n")
        return self
