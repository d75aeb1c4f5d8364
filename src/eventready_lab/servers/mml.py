"""Huawei MML on a TCP port of an element or its manager: commands end with ";", answers are framed reports.

A session is `LGI`, then `REG NE` behind a manager, commands, `UNREG NE`, `LGO`. A manager limits its logins.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import MmlReport
from eventready_lab.device.view import View
from eventready_lab.terminal.channel import Channel, garbage, to_wire

_COMMAND = re.compile(r'\s*((?:[^;"]|"[^"]*")*);')
_PARAMETER = re.compile(r'\s*([A-Z0-9_]+)\s*=\s*("[^"]*"|[^,]*)')
_OK = MmlReport(0, "Operation succeeded.")
_DISCONNECTED = MmlReport(1, "Ne is not connected.")
_NOT_LOGGED_IN = MmlReport(1, "The user has not logged in.")
#: Query commands; every other command changes the configuration.
_QUERIES = ("LST ", "DSP ")


def read_parameters(command: str) -> tuple[str, dict[str, str]]:
    """Return the name of a command, without its `;`, and its parameters."""
    name, _, rest = command.partition(":")
    return name.strip().upper(), {key: value.strip().strip('"') for key, value in _PARAMETER.findall(rest)}


@dataclass
class ElementManager:
    """MML server of an address: a single element, or a manager of several (`elements` by name)."""

    name: str
    devices: list[SimulatedDevice]
    limit: int = 0
    logins: int = 0
    elements: dict[str, SimulatedDevice] = field(init=False)

    def __post_init__(self) -> None:
        self.elements = {device.element: device for device in self.devices if device.element}

    @property
    def direct(self) -> SimulatedDevice | None:
        """Return the element with answers without registration; None behind a manager."""
        return None if self.elements else self.devices[0]


class MmlSession:
    """TCP connection."""

    def __init__(self, manager: ElementManager, channel: Channel) -> None:
        self._manager = manager
        self._channel = channel
        self._device = manager.direct
        self._logged_in = False
        self._input = ""
        self._busy = False
        self._closed = False
        self._commands = 0
        self._serial = random.Random(manager.name).randrange(100, 9000)  # noqa: S311  a report number
        if self._device:
            self._register_closer(self._device)

    def feed(self, text: str) -> None:
        """Take received text; commands are executed in order."""
        self._input = (self._input + text)[-65_536:]
        self._process()

    def ended(self) -> None:
        """Release the session after the loss of its connection."""
        self._closed = True
        self._log_out()
        if self._manager.direct:
            self._unregister_closer(self._manager.direct)

    def _register_closer(self, device: SimulatedDevice) -> None:
        number = next(number for number in itertools.count() if number not in device.session_closers)
        device.session_closers[number] = self._element_restarted

    def _unregister_closer(self, device: SimulatedDevice) -> None:
        for number in [number for number, call in device.session_closers.items() if call == self._element_restarted]:
            del device.session_closers[number]

    def _element_restarted(self) -> None:
        """Close the connection of a direct element; behind a manager only the registration is lost."""
        if self._manager.direct:
            self._close()
        else:
            self._leave_element()

    def _process(self) -> None:
        while not self._busy and not self._closed:
            match = _COMMAND.match(self._input)
            if not match:
                return
            self._input = self._input[match.end() :]
            command = " ".join(match[1].split())
            if command:
                self._entered(command)

    def _entered(self, command: str) -> None:
        name, params = read_parameters(command)
        session: dict[str, Callable[[str, dict[str, str]], None]] = {
            "LGI": self._log_in,
            "LGO": self._end_session,
            "REG NE": self._register,
            "UNREG NE": self._unregister,
        }
        direct = self._manager.direct
        if direct and direct.down:
            self._close()
        elif name in session:
            session[name](command, params)
        elif not self._logged_in:
            self._report(command, _NOT_LOGGED_IN)
        elif self._device is None:
            self._report(command, MmlReport(1, "No NE is registered."))
        else:
            self._execute(self._device, command, name, params)

    # --- session ------------------------------------------------------------------------------------------------

    def _log_in(self, command: str, params: dict[str, str]) -> None:
        masked = re.sub(r'(PWD\s*=\s*)("[^"]*"|[^,]*)', r'\1"*****"', command, flags=re.IGNORECASE)
        credentials = self._manager.devices[0].credentials
        refused = self._manager.direct is not None and self._manager.direct.session_faults.auth_refused
        given = {key.upper(): value for key, value in params.items()}
        if refused or (given.get("OP"), given.get("PWD")) != (credentials.username, credentials.password):
            self._report(masked, MmlReport(1, "User name or password is wrong."))
        elif self._manager.limit and not self._logged_in and self._manager.logins >= self._manager.limit:
            self._report(masked, MmlReport(1, f"Login User Count Must Less Than {self._manager.limit + 1}"))
        else:
            self._manager.logins += not self._logged_in
            self._logged_in = True
            self._report(masked, MmlReport(0, "Success"))

    def _log_out(self) -> None:
        self._manager.logins -= self._logged_in
        self._logged_in = False
        self._leave_element()

    def _leave_element(self) -> None:
        if self._device is not None and self._device is not self._manager.direct:
            self._device.sessions -= 1
            self._unregister_closer(self._device)
            self._device = None

    def _end_session(self, command: str, _params: dict[str, str]) -> None:
        self._report(command, MmlReport(0, "Success"))
        self._log_out()
        self._close()

    def _register(self, command: str, params: dict[str, str]) -> None:
        device = self._manager.elements.get(params.get("NAME", ""))
        if not self._logged_in:
            self._report(command, _NOT_LOGGED_IN)
        elif device is None:
            self._report(command, MmlReport(1, "Cant Found NE"))
        elif device.down:
            self._report(command, _DISCONNECTED)
        elif device.session_faults.silent:
            self._busy = True
        elif device.session_faults.auth_refused:
            self._report(command, MmlReport(1, "No authority to operate the NE."))
        else:
            self._leave_element()
            self._device = device
            device.sessions += 1
            self._register_closer(device)
            self._report(command, MmlReport(0, "Success"))

    def _unregister(self, command: str, _params: dict[str, str]) -> None:
        self._leave_element()
        self._report(command, MmlReport(0, "Success"))

    # --- commands -----------------------------------------------------------------------------------------------

    def _execute(self, device: SimulatedDevice, command: str, name: str, params: dict[str, str]) -> None:
        faults = device.session_faults
        self._commands += 1
        if device.down:
            self._report(command, _DISCONNECTED)
            return
        answer = partial(self._answer_or_fail, device, command, name, params)
        if faults.hang:
            self._busy = True
        elif delay := device.answer_delay_s():
            self._busy = True
            self._channel.later(delay, lambda: self._resume(answer))
        else:
            answer()

    def _resume(self, answer: Callable[[], None]) -> None:
        self._busy = False
        if not self._closed:
            answer()
            self._process()

    def _answer_or_fail(self, device: SimulatedDevice, command: str, name: str, params: dict[str, str]) -> None:
        """Answer a command, unless a fault at this line refuses the command, or drops or hangs the session."""
        fault = device.session_faults.at_line(f"{command};", configuring=not name.startswith(_QUERIES))
        if fault is None:
            self._send(self._answer(device, command, name, params))
        elif fault.kind == "refuse":
            self._send(self._framed(command, self._unknown(device, command, name), ""))
        else:
            if fault.executed:
                self._answer(device, command, name, params)
            self._busy = True
            if fault.kind == "drop":
                self._close()

    @staticmethod
    def _unknown(device: SimulatedDevice, command: str, name: str) -> str:
        return device.dialect.errors.unknown.format(line=command, word=name, caret="")

    def _answer(self, device: SimulatedDevice, command: str, name: str, params: dict[str, str]) -> str:
        """Execute a command; its report."""
        faults = device.session_faults
        found = device.dialect.find_show(name) or device.dialect.find_show(command)
        if found is None:
            text = self._framed(command, self._unknown(device, command, name), "")
        else:
            render, match = found
            answer = render(View(device, match, params))
            report = answer if isinstance(answer, MmlReport) else MmlReport(0, _OK.result, answer)
            body = garbage(report.body) if faults.garbage else report.body
            text = self._framed(command, f"RETCODE = {report.retcode}  {report.result}", body)
        if faults.drop_after and self._commands >= faults.drop_after:
            self._send(text[: len(text) // 2])
            self._close()
        if faults.log_in_prompt:
            alarm = device.dialect.log_line.format(host=device.state.hostname, now=device.now())
            self._send(f"{self._head()}\n{alarm}\n\n---    END\n\n")
        return text[: len(text) // 2] + "\n---    END\n\n" if faults.truncated else text

    def _report(self, command: str, report: MmlReport) -> None:
        self._send(self._framed(command, f"RETCODE = {report.retcode}  {report.result}", report.body))

    def _framed(self, command: str, retcode: str, body: str) -> str:
        """The packets of a report; a form feed in the body starts a new packet."""
        parts = body.split("\f")
        packets = []
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            beneath = f"{part}\n\n" if part else "\n"
            more = "" if last else "To be continued...\n\n"
            total = f"{len(parts)} reports in total\n" if last and len(parts) > 1 else ""
            echo = f"%%/*{self._serial}*/{command};%%"
            packets.append(f"{self._head()}\n{echo}\n{retcode}\n\n{beneath}{more}{total}---    END\n\n")
        return "".join(packets)

    def _head(self) -> str:
        self._serial += 1
        device = self._device or self._manager.devices[0]
        name = device.element or device.state.hostname or device.state.name
        name = name if self._device else self._manager.name
        return f"+++    {name}        {device.now():%Y-%m-%d %H:%M:%S}\nO&M    #{self._serial}"

    def _send(self, text: str) -> None:
        if not self._closed:
            self._channel.write(to_wire(text))

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._channel.close()
