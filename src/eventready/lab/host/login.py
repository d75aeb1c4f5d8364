"""A session of the host's own shell: bash as an engineer or a tool meets it after logging in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventready.lab.host.programs import PROGRAMS
from eventready.lab.host.run import Left, Posix, Streams
from eventready.lab.host.syntax import Incomplete
from eventready.lab.host.system import Process, Steps
from eventready.lab.shell import Shell, garbage, wired
from eventready.lab.shows import shown

if TYPE_CHECKING:
    from eventready.lab.machine import Machine
    from eventready.lab.shell import Line

_CONTINUES = "> "


class HostShell(Shell):
    """bash on the host of a machine. What its dialect shows is known here too, as a whole line."""

    def __init__(self, machine: Machine, line: Line) -> None:
        super().__init__(machine, line)
        self._system = machine.system
        self._heard: list[str] = []
        self._typed = ""
        self._page = 0
        pid = self._system.number()
        self._posix = Posix(
            self._system, {**PROGRAMS, **machine.programs}, dict(machine.host_system.variables),
            pid=pid, own=pid, group=pid, session=pid, interactive=True,
        )  # fmt: skip

    def prompt_text(self) -> str:
        """`ops@host:~$ `, or what bash shows while a line is not finished."""
        if self._typed:
            return _CONTINUES
        known = self.machine.host or self.machine.credentials
        host = self.machine.state.hostname or self.machine.state.name
        return self.machine.host_system.prompt.format(user=known.username, host=host)

    def ended(self) -> None:
        """The transport is gone, and with it what belongs to the session."""
        self._system.hang_up(self._posix.session)
        super().ended()

    def _command_in(self, line: str) -> str:
        return line

    def _changes_configuration(self, command: str) -> bool:
        return not command.startswith("#")

    def _refuse(self, command: str) -> None:
        self._posix.status = 1
        self._say(f"{command.split(maxsplit=1)[0]}: Operation not permitted")

    def _carry_on(self, command: str) -> None:
        text = None if self._typed else shown(self.machine, " ".join(command.split()))
        if text is not None:
            self._posix.status = 0
            self._say(text)
            return
        self._typed += ("\n" if self._typed else "") + command
        try:
            steps = self._posix.run_text(self._typed, Streams("", self._heard, self._heard))
        except Incomplete:
            self._prompt()
            return
        self._typed = ""
        self._busy = True
        process = Process(self._system.number(), self._posix.pid, self._posix.session, "-bash", self._until_left(steps))
        process.ended.append(self._finished)
        self._system.start(process)
        if process.alive:
            self._tell()

    def _until_left(self, steps: Steps) -> Steps:
        try:
            return (yield from steps)
        except Left:
            self._leave()
            return 0

    def _tell(self) -> None:
        said, self._heard[:] = "".join(self._heard), []
        wire = self.machine.wire
        if said and wire.garbage:
            said = garbage(said)
        self._out.append(wired(said[: len(said) // 2] if wire.truncated else said))

    def _finished(self) -> None:
        self._busy = False
        if self._gone:
            return
        self._tell()
        self._prompt()
        self._resume()
