"""An engineer at the console of a simulated device: types lines and reads what it says, with no network between."""

from __future__ import annotations

from collections.abc import Callable

from eventready.platforms.loader import describe
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.servers.host_shell import HostShellSession
from eventready_lab.servers.mml import ElementManager, MmlSession
from eventready_lab.terminal.session import CliSession

#: A device that asks or works before it answers has done so after this time.
_ANSWERED_S = 2.0


class Line:
    """The other end of a host's shell; what shall happen later happens when the machine's time passes."""

    def __init__(self, machine: SimulatedDevice) -> None:
        self._machine = machine
        self.sent = ""
        self.closed = False

    def write(self, text: str) -> None:
        self.sent += text

    def close(self) -> None:
        self.closed = True

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self._machine.timers.after(seconds, call)


class Console:
    """A session that is logged in, privileged and without paging. `with Console(machine) as say: say("show clock")`.

    For a machine that serves a lab it is used in the lab's own thread (`LabThread.within`).
    """

    def __init__(self, machine: SimulatedDevice) -> None:
        self._machine, self._line = machine, Line(machine)
        self._mml = machine.dialect.transport == "mml"
        self._session: CliSession | MmlSession
        if self._mml:
            self._session = MmlSession(ElementManager("OMU", [machine]), self._line)
            known = machine.credentials
            self(f'LGI:OP="{known.username}",PWD="{known.password}";')
            if machine.element:
                self(f'REG NE:NAME="{machine.element}";')
            return
        host = machine.dialect.host
        self._session = shell = (HostShellSession if host and host.main else CliSession)(machine, self._line)
        shell.greet()
        shell.begin()
        for command in ("enable", *describe(machine.dialect.platform).spec.session.setup):
            if command != "enable" or machine.dialect.enable:
                self(command)

    def __call__(self, line: str) -> str:
        """What the device says to a line, without its echo and its prompt."""
        self._line.sent = ""
        self._session.feed(f"{line}\n")
        self._machine.advance_clock(_ANSWERED_S)
        output = self._line.sent.replace("\r\n", "\n")
        return output if self._mml else "\n".join(output.split("\n")[1:-1])

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.ended()
