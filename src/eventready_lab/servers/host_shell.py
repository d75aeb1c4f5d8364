"""Session of the host's shell, in bash's form after a login."""

from __future__ import annotations

from eventready_lab.device.device import SimulatedDevice
from eventready_lab.host.interpreter import Interpreter, ShellExit, Streams
from eventready_lab.host.programs import PROGRAMS
from eventready_lab.host.syntax import Incomplete
from eventready_lab.host.system import Process, Steps
from eventready_lab.terminal.channel import Channel, garbage, to_wire
from eventready_lab.terminal.session import CliSession

_CONTINUATION = "> "


class HostShellSession(CliSession):
    """bash on the host of a device. The shows of the dialect are known as whole lines."""

    def __init__(self, device: SimulatedDevice, channel: Channel) -> None:
        super().__init__(device, channel)
        self._host = device.host
        self._stdout: list[str] = []
        self._script = ""
        self._page = 0
        pid = self._host.number()
        self._shell = Interpreter(
            self._host, {**PROGRAMS, **device.programs}, dict(device.host_profile.variables),
            pid=pid, own=pid, group=pid, session=pid, interactive=True,
        )  # fmt: skip

    def prompt_text(self) -> str:
        """`ops@host:~$ `, or the continuation prompt within an unfinished line."""
        if self._script:
            return _CONTINUATION
        credentials = self.device.shell_credentials or self.device.credentials
        host = self.device.state.hostname or self.device.state.name
        return self.device.host_profile.prompt.format(user=credentials.username, host=host)

    def ended(self) -> None:
        """Hang up the processes of the session."""
        self._host.hang_up(self._shell.session)
        super().ended()

    def _normalise(self, line: str) -> str:
        return line

    def _changes_configuration(self, command: str) -> bool:
        return not command.startswith("#")

    def _refuse(self, command: str) -> None:
        self._shell.status = 1
        self._reply(f"{command.split(maxsplit=1)[0]}: Operation not permitted")

    def _execute(self, command: str) -> None:
        text = None if self._script else self.device.show(" ".join(command.split()))
        if text is not None:
            self._shell.status = 0
            self._reply(text)
            return
        self._script += ("\n" if self._script else "") + command
        try:
            steps = self._shell.run_text(self._script, Streams("", self._stdout, self._stdout))
        except Incomplete:
            self._prompt()
            return
        self._script = ""
        self._busy = True
        process = Process(self._host.number(), self._shell.pid, self._shell.session, "-bash", self._until_exit(steps))
        process.ended.append(self._finished)
        self._host.start(process)
        if process.alive:
            self._print()

    def _until_exit(self, steps: Steps) -> Steps:
        try:
            return (yield from steps)
        except ShellExit:
            self._close()
            return 0

    def _print(self) -> None:
        text, self._stdout[:] = "".join(self._stdout), []
        faults = self.device.session_faults
        if text and faults.garbage:
            text = garbage(text)
        self._output.append(to_wire(text[: len(text) // 2] if faults.truncated else text))

    def _finished(self) -> None:
        self._busy = False
        if self._closed:
            return
        self._print()
        self._prompt()
        self._resume()
