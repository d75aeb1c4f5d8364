"""Huawei MML as an element or its manager speaks it on a TCP port: commands end with ";", answers are framed reports.

Session: `LGI`, then `REG NE` behind a manager, commands, `UNREG NE`, `LGO`. A manager counts logins against its limit.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from eventready.lab.dialect import Report, View
from eventready.lab.machine import Machine
from eventready.lab.shell import Line, garbage

_COMMAND = re.compile(r'\s*((?:[^;"]|"[^"]*")*);')
_PARAMETER = re.compile(r'\s*([A-Z0-9_]+)\s*=\s*("[^"]*"|[^,]*)')
_OK = Report(0, "Operation succeeded.")
_AWAY = Report(1, "Ne is not connected.")
#: What only looks; every other command changes something.
_LOOKS = ("LST ", "DSP ")


@dataclass
class Manager:
    """Who answers at an address: one element itself, or a manager with several (`element` name to machine)."""

    name: str
    machines: list[Machine]
    limit: int = 0
    logins: int = 0
    elements: dict[str, Machine] = field(init=False)

    def __post_init__(self) -> None:
        self.elements = {machine.element: machine for machine in self.machines if machine.element}

    @property
    def direct(self) -> Machine | None:
        """The element that answers without being registered."""
        return None if self.elements else self.machines[0]


class MmlSession:
    """One TCP connection."""

    def __init__(self, manager: Manager, line: Line) -> None:
        self._manager = manager
        self._line = line
        self._machine = manager.direct
        self._logged_in = False
        self._typed = ""
        self._busy = False
        self._gone = False
        self._commands = 0
        self._serial = random.Random(manager.name).randrange(100, 9000)  # noqa: S311  a report number
        if self._machine:
            self._hold(self._machine)

    def feed(self, text: str) -> None:
        """Take what arrived; commands are carried out one after the other."""
        self._typed = (self._typed + text)[-65_536:]
        self._pump()

    def ended(self) -> None:
        """The connection is gone."""
        self._gone = True
        self._log_out()
        if self._manager.direct:
            self._let_go(self._manager.direct)

    def _hold(self, machine: Machine) -> None:
        """Hear of it when the element restarts."""
        number = next(number for number in itertools.count() if number not in machine.hang_ups)
        machine.hang_ups[number] = self._element_gone

    def _let_go(self, machine: Machine) -> None:
        for number in [number for number, call in machine.hang_ups.items() if call == self._element_gone]:
            del machine.hang_ups[number]

    def _element_gone(self) -> None:
        """The element restarts: its own connection ends; a manager stays, and has to be asked for it anew."""
        if self._manager.direct:
            self._close()
        else:
            self._leave_element()

    def _pump(self) -> None:
        while not self._busy and not self._gone:
            match = _COMMAND.match(self._typed)
            if not match:
                return
            self._typed = self._typed[match.end() :]
            command = " ".join(match[1].split())
            if command:
                self._entered(command)

    def _entered(self, command: str) -> None:
        name, _, rest = command.partition(":")
        name = name.strip().upper()
        params = {key: value.strip().strip('"') for key, value in _PARAMETER.findall(rest)}
        session: dict[str, Callable[[str, dict[str, str]], None]] = {
            "LGI": self._log_in,
            "LGO": self._say_goodbye,
            "REG NE": self._register,
            "UNREG NE": self._unregister,
        }
        direct = self._manager.direct
        if direct and direct.down:
            self._close()
        elif name in session:
            session[name](command, params)
        elif not self._logged_in:
            self._report(command, Report(1, "The user has not logged in."))
        elif self._machine is None:
            self._report(command, Report(1, "No NE is registered."))
        else:
            self._ask(self._machine, command, name, params)

    # --- session ------------------------------------------------------------------------------------------------

    def _log_in(self, command: str, params: dict[str, str]) -> None:
        shown = re.sub(r'(PWD\s*=\s*)("[^"]*"|[^,]*)', r'\1"*****"', command, flags=re.IGNORECASE)
        known = self._manager.machines[0].credentials
        refused = self._manager.direct is not None and self._manager.direct.wire.auth_refused
        given = {key.upper(): value for key, value in params.items()}
        if refused or (given.get("OP"), given.get("PWD")) != (known.username, known.password):
            self._report(shown, Report(1, "User name or password is wrong."))
        elif self._manager.limit and not self._logged_in and self._manager.logins >= self._manager.limit:
            self._report(shown, Report(1, f"Login User Count Must Less Than {self._manager.limit + 1}"))
        else:
            self._manager.logins += not self._logged_in
            self._logged_in = True
            self._report(shown, Report(0, "Success"))

    def _log_out(self) -> None:
        self._manager.logins -= self._logged_in
        self._logged_in = False
        self._leave_element()

    def _leave_element(self) -> None:
        if self._machine is not None and self._machine is not self._manager.direct:
            self._machine.sessions -= 1
            self._let_go(self._machine)
            self._machine = None

    def _say_goodbye(self, command: str, _params: dict[str, str]) -> None:
        self._report(command, Report(0, "Success"))
        self._log_out()
        self._close()

    def _register(self, command: str, params: dict[str, str]) -> None:
        machine = self._manager.elements.get(params.get("NAME", ""))
        if not self._logged_in:
            self._report(command, Report(1, "The user has not logged in."))
        elif machine is None:
            self._report(command, Report(1, "Cant Found NE"))
        elif machine.down:
            self._report(command, _AWAY)
        elif machine.wire.silent:
            self._busy = True
        elif machine.wire.auth_refused:
            self._report(command, Report(1, "No authority to operate the NE."))
        else:
            self._leave_element()
            self._machine = machine
            machine.sessions += 1
            self._hold(machine)
            self._report(command, Report(0, "Success"))

    def _unregister(self, command: str, _params: dict[str, str]) -> None:
        self._leave_element()
        self._report(command, Report(0, "Success"))

    # --- commands -----------------------------------------------------------------------------------------------

    def _ask(self, machine: Machine, command: str, name: str, params: dict[str, str]) -> None:
        wire = machine.wire
        self._commands += 1
        if machine.down:
            self._report(command, _AWAY)
            return
        answer = partial(self._struck_or_answered, machine, command, name, params)
        if wire.hang:
            self._busy = True
        elif wire.delay_s:
            self._busy = True
            self._line.later(wire.delay_s, lambda: self._resume(answer))
        else:
            answer()

    def _resume(self, answer: Callable[[], None]) -> None:
        self._busy = False
        if not self._gone:
            answer()
            self._pump()

    def _struck_or_answered(self, machine: Machine, command: str, name: str, params: dict[str, str]) -> None:
        """Answer, unless something happens at this command: it is refused, or the session drops or hangs."""
        struck = machine.wire.strikes(f"{command};", configuring=not name.startswith(_LOOKS))
        if struck is None:
            self._send(self._answer(machine, command, name, params))
        elif struck.kind == "refuse":
            self._send(self._framed(command, self._unknown(machine, command, name), ""))
        else:
            if struck.taken:
                self._answer(machine, command, name, params)
            self._busy = True
            if struck.kind == "drop":
                self._close()

    @staticmethod
    def _unknown(machine: Machine, command: str, name: str) -> str:
        return machine.dialect.errors.unknown.format(line=command, word=name, caret="")

    def _answer(self, machine: Machine, command: str, name: str, params: dict[str, str]) -> str:
        """The report; what the command does is done."""
        wire = machine.wire
        found = machine.dialect.rendering(name) or machine.dialect.rendering(command)
        if found is None:
            text = self._framed(command, self._unknown(machine, command, name), "")
        else:
            render, match = found
            said = render(View(machine, match, params))
            report = said if isinstance(said, Report) else Report(0, _OK.words, said)
            body = garbage(report.body) if wire.garbage else report.body
            text = self._framed(command, f"RETCODE = {report.retcode}  {report.words}", body)
        if wire.drop_after and self._commands >= wire.drop_after:
            self._send(text[: len(text) // 2])
            self._close()
        if wire.log_in_prompt:
            alarm = machine.dialect.log_line.format(host=machine.state.hostname, now=machine.now())
            self._send(f"{self._head()}\n{alarm}\n\n---    END\n\n")
        return text[: len(text) // 2] + "\n---    END\n\n" if wire.truncated else text

    def _report(self, command: str, report: Report) -> None:
        self._send(self._framed(command, f"RETCODE = {report.retcode}  {report.words}", report.body))

    def _framed(self, command: str, retcode: str, body: str) -> str:
        """The packets of one report; a form feed in the body starts a new packet."""
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
        machine = self._machine or self._manager.machines[0]
        name = machine.element or machine.state.hostname or machine.state.name
        name = name if self._machine else self._manager.name
        return f"+++    {name}        {machine.now():%Y-%m-%d %H:%M:%S}\nO&M    #{self._serial}"

    def _send(self, text: str) -> None:
        if not self._gone:
            self._line.write(text.replace("\n", "\r\n"))

    def _close(self) -> None:
        if not self._gone:
            self._gone = True
            self._line.close()
