"""A command line as a device has one: echo, line editing, modes, login, paging, dialogues, configuration.

It knows no transport: text is fed in as it arrives and written out through a function. What the dialect says and the
faults of the machine's wire decide what comes back.
"""

from __future__ import annotations

import itertools
import logging
import random
import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

from eventready.lab.configuring import Configuring
from eventready.lab.dialect import Action, ConfigMode, Refused, View
from eventready.lab.keyboard import Keyboard
from eventready.lab.machine import LineFault, Machine
from eventready.lab.shows import not_known, shown

_log = logging.getLogger(__name__)


class Line(Protocol):
    """What a shell talks through."""

    def write(self, text: str) -> None:
        """Send text; bytes that are not text come as surrogates."""

    def close(self) -> None:
        """End the session when all is sent."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call back after a while."""


class Shell:
    """One session on one machine."""

    def __init__(self, machine: Machine, line: Line, *, ask_login: bool = False) -> None:
        self.machine = machine
        self.dialect = machine.dialect
        self._line = line
        self._ask_login = ask_login and machine.dialect.login is not None
        self._user = ""
        self._mode = machine.dialect.start
        self._configuring: Configuring | None = None
        self._keys = Keyboard(self._put, self._prompt, double_newline=machine.dialect.double_newline)
        self._busy = False
        self._taking = False
        self._gone = False
        self._out: list[str] = []
        self._paged: list[str] = []
        self._page = machine.dialect.paging.lines if machine.dialect.paging else 0
        self._answer: Callable[[str], None] | None = None
        self._commands = 0
        self._attempts = 0
        machine.sessions += 1
        self.number = next(number for number in itertools.count() if number not in machine.hang_ups)
        machine.hang_ups[self.number] = self._hang_up
        machine.voices[self.number] = self._interject

    # --- life ---------------------------------------------------------------------------------------------------

    def greet(self) -> None:
        """Say what stands before the first question."""
        if self.machine.down:
            self._leave()
            return
        limit = self.dialect.sessions
        if limit and self.machine.sessions > limit:
            self._line.write(wired(f"{self.dialect.errors.full}\n"))
            self._leave()
            return
        greeting = self.dialect.login.greeting if self._ask_login and self.dialect.login else ""
        self._line.write(wired(self.dialect.banner + greeting))

    def begin(self) -> None:
        """Ask for the login, or show the first prompt."""
        if self._gone:
            return
        if self._ask_login:
            self._ask_user()
        else:
            self._prompt()
        self._flush()

    def ended(self) -> None:
        """The transport is gone; nothing more is said."""
        self._gone = True
        self.machine.sessions -= 1
        if self.machine.hang_ups.get(self.number) == self._hang_up:
            del self.machine.hang_ups[self.number], self.machine.voices[self.number]
        if self._configuring and self.machine.config.has_candidate:
            self.machine.config.discard()
        waiting = self.machine.way_back.waiting
        if waiting and waiting.session == self.number:
            self.machine.way_back.take()

    def _interject(self, text: str) -> None:
        """Write where nobody has asked anything; no prompt follows."""
        if not self._gone and not self._busy:
            self._out.append(wired(text) + "\r\n")
            self._flush()

    def _hang_up(self) -> None:
        self._out.clear()
        self._configuring = None
        self._leave()

    def feed(self, text: str) -> None:
        """Take what was typed. While the device is busy it waits, as in a real input buffer."""
        if self._gone:
            return
        self.machine.timers.tick()
        self._keys.feed(text)
        self._pump()
        self.machine.timers.tick()  # what is due at once is said behind the prompt

    def _resume(self) -> None:
        """Go on with what was typed while the device was busy; not while its input is being taken anyway."""
        if not self._taking:
            self._pump()

    def _pump(self) -> None:
        self._taking = True
        try:
            self._take_all()
        except Exception:  # a rendering's defect: asyncssh would end the session without a word
            _log.exception("%s (%s) cannot answer", self.machine.state.name, self.dialect.platform)
            self._leave()
        finally:
            self._taking = False

    def _take_all(self) -> None:
        while self._keys and not self._busy and not self._gone:
            if self._paged:
                self._pager_key(self._keys.key())
                continue
            line = self._keys.line()
            if line is not None:
                self._entered(line)
        self._flush()

    def _put(self, text: str) -> None:
        self._out.append(text)

    def _flush(self) -> None:
        if self._out and not self._gone:
            self._line.write("".join(self._out))
        self._out.clear()

    def _leave(self) -> None:
        self._flush()
        if not self._gone:
            self._gone = True
            self._line.close()

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self._busy = True
        self._flush()

        def resume() -> None:
            self._busy = False
            if not self._gone:
                then()
                self._pump()

        self._line.later(seconds, resume)

    # --- saying -------------------------------------------------------------------------------------------------

    def prompt_text(self) -> str:
        """The prompt of the current mode."""
        here = self._configuring
        return self.dialect.prompts[here.mode if here else self._mode].format(
            host=self.machine.state.hostname or self.machine.state.name,
            section=here.section if here else "",
            mark=self._mark() if here else "",
        )

    def _mark(self) -> str:
        config = self.machine.config
        return ("*" if config.pending else "~") if config.has_candidate else ""

    def _prompt(self) -> None:
        prompt = self.prompt_text()
        if self.machine.wire.log_in_prompt:
            line = self.dialect.log_line.format(host=self.machine.state.hostname, now=self.machine.now())
            prompt = f"{prompt}\r\n{wired(line)}\r\n{prompt}"
        self._out.append(prompt)

    def _say(self, text: str) -> None:
        """An answer and the prompt after it, through the pager and the faults that spoil text."""
        wire = self.machine.wire
        if text and wire.garbage:
            text = garbage(text)
        if text and wire.truncated:
            self._out.append(wired(text[: len(text) // 2]))
            self._prompt()
            return
        if not text:
            self._prompt()
            return
        lines = text.split("\n")
        if self._page and len(lines) >= self._page:
            self._paged = lines
            self._show_page(self._page - 1)
            return
        self._out.append(wired(text) + "\r\n")
        self._prompt()

    def _show_page(self, count: int) -> None:
        shown, self._paged = self._paged[:count], self._paged[count:]
        self._out.append("".join(line + "\r\n" for line in shown))
        if self._paged and self.dialect.paging:
            self._out.append(self.dialect.paging.mark)
        else:
            self._prompt()

    def _pager_key(self, key: str) -> None:
        if not key or not self.dialect.paging:
            return
        self._out.append(self.dialect.paging.erase)
        if key == " ":
            self._show_page(self._page - 1)
        elif key in "\r\n":
            self._show_page(1)
        else:
            self._paged = []
            self._prompt()

    def _ask(self, question: str, answered: Callable[[str], None], *, secret: bool = False) -> None:
        self._out.append(wired(question))
        self._answer, self._keys.secret = answered, secret

    # --- login and enable ---------------------------------------------------------------------------------------

    def _ask_user(self) -> None:
        login = self.dialect.login
        if login and login.user:
            self._ask(login.user, self._user_given)
        elif login:
            self._ask(login.password, self._password_given, secret=True)

    def _user_given(self, user: str) -> None:
        self._user = user.strip()
        login = self.dialect.login
        if login:
            self._ask(login.password, self._password_given, secret=True)

    def _password_given(self, password: str) -> None:
        login, known = self.dialect.login, self.machine.credentials
        if login is None:
            return
        good = password == known.password and (not login.user or self._user == known.username)
        if good and not self.machine.wire.auth_refused:
            self._prompt()
            return
        self._attempts += 1
        if self._attempts >= login.attempts:
            self._out.append(wired(login.closing) + "\r\n" if login.closing else "")
            self._leave()
            return
        self._out.append(wired(login.failed) + "\r\n" if login.failed else "")
        self._ask_user()

    def _enable(self) -> None:
        self._attempts = 0
        if self.machine.credentials.enable and self.dialect.enable:
            self._ask(self.dialect.enable.prompt, self._enable_given, secret=True)
        else:
            self._mode = "enabled"
            self._prompt()

    def _enable_given(self, password: str) -> None:
        enable = self.dialect.enable
        if enable is None or password == self.machine.credentials.enable:
            self._mode = "enabled"
            self._prompt()
            return
        self._attempts += 1
        if self._attempts < enable.attempts:
            self._ask(enable.prompt, self._enable_given, secret=True)
        else:
            self._say(enable.denied)

    # --- commands -----------------------------------------------------------------------------------------------

    def _entered(self, line: str) -> None:
        if self._answer:
            answered, self._answer, self._keys.secret = self._answer, None, False
            answered(line)
            return
        command = self._command_in(line)
        if not command.strip():
            self._prompt()
            return
        wire = self.machine.wire
        self._commands += 1
        if wire.hang:
            self._busy = True
        elif wire.delay_s:
            self._pause(wire.delay_s, lambda: self._command(command))
        else:
            self._command(command)

    def _command(self, command: str) -> None:
        wire = self.machine.wire
        if wire.drop_after and self._commands >= wire.drop_after:
            self._out.append(wired(self._shown(command) or "")[: 2 * len(command)])
            self._leave()
            return
        struck = wire.strikes(command, configuring=self._changes_configuration(command))
        if struck:
            self._struck(struck, command)
        else:
            self._carry_on(command)

    def _struck(self, fault: LineFault, command: str) -> None:
        """A line is refused, or taken or not before the session drops or hangs without another word."""
        if fault.kind == "refuse":
            self._refuse(command)
            return
        if fault.taken:
            self._flush()
            self._carry_on(command)
            self._out.clear()
        if fault.kind == "drop":
            self._leave()
        else:
            self._busy = True

    def _command_in(self, line: str) -> str:
        return " ".join(line.split())

    def _changes_configuration(self, command: str) -> bool:  # noqa: ARG002  a host's shell tells by the command
        return self._configuring is not None

    def _refuse(self, command: str) -> None:
        self._say(self._not_known(command))

    def _carry_on(self, command: str) -> None:
        if not (self._changes_mode(command) or self._sets_terminal(command) or self._acts(command)):
            self._shows_or_configures(command)

    def _changes_mode(self, command: str) -> bool:
        enable, config = self.dialect.enable, self.dialect.config
        if self._configuring and config:
            return self._leaves_config(command, self._configuring, config)
        if re.fullmatch(self.dialect.quits, command):
            self._leave()
        elif enable and command == enable.command:
            self._enable() if self._mode == "exec" else self._prompt()
        elif enable and command == enable.leave:
            self._mode = "exec"
            self._prompt()
        elif config and self._privileged() and re.fullmatch(config.enter, command):
            self._configuring = Configuring(self.machine.config)
            self._say(config.entered)
        else:
            return False
        return True

    def _privileged(self) -> bool:
        return self._mode == "enabled" or self.dialect.enable is None

    def _sets_terminal(self, command: str) -> bool:
        paging = self.dialect.paging
        for pattern, answer in (paging.length if paging else {}).items():
            match = re.fullmatch(pattern, command)
            if match:
                if not self.machine.wire.pager_stuck:
                    self._page = int(match[1]) if match.re.groups and match[1] else 0
                self._say(answer)
                return True
        for pattern, answer in self.dialect.settings.items():
            if re.fullmatch(pattern, command):
                self._say(answer)
                return True
        return False

    def _acts(self, command: str) -> bool:
        mode = self._configuring.mode if self._configuring else self._mode
        for action in self.dialect.actions:
            match = re.fullmatch(action.command, command)
            if not match or (action.modes and mode not in action.modes) or self._hidden(command):
                continue
            if action.question:
                self._ask(action.question, partial(self._decided, action, match))
            else:
                self._carry_out(action, match)
            return True
        return False

    def _decided(self, action: Action, match: re.Match[str], answer: str) -> None:
        if re.fullmatch(action.yes, answer):
            self._carry_out(action, match)
        else:
            self._say(action.declined)

    def _carry_out(self, action: Action, match: re.Match[str]) -> None:
        try:
            text = action.run(View(self.machine, match, session=self.number))
        except Refused as refused:
            self._say(str(refused))
            return
        if action.enters:
            self._configuring = Configuring(self.machine.config)
        if action.progress_s:
            self._pause(action.progress_s, lambda: self._say(text))
        else:
            self._say(text)

    def _hidden(self, command: str) -> bool:
        return self._mode == "exec" and any(re.fullmatch(known, command) for known in self.dialect.enabled_only)

    def _shown(self, command: str) -> str | None:
        return None if self._hidden(command) else shown(self.machine, command)

    def _shows_or_configures(self, command: str) -> None:
        config, here = self.dialect.config, self._configuring
        prefix = config.show_prefix if config and here else ""
        text = self._shown(command.removeprefix(prefix)) if command.startswith(prefix) else None
        if text is not None:
            self._say(text)
        elif here is None or not here.take(command):
            self._say(self._not_known(command))
        else:
            self._say(here.answer)

    def _not_known(self, command: str) -> str:
        return not_known(self.dialect, command, self.prompt_text(), hidden=self._hidden(command))

    # --- configuration ------------------------------------------------------------------------------------------

    def _leaves_config(self, command: str, here: Configuring, config: ConfigMode) -> bool:
        store = self.machine.config
        if command == config.up and here.up():
            self._prompt()
        elif command in (config.end, config.up):
            if store.pending:
                self._ask(config.leave_pending, partial(self._pending_decided, config))
            else:
                self._leave_config()
        elif store.has_candidate and (match := re.fullmatch(config.commit, command)):
            self._say(self._committed(config, match))
        elif store.has_candidate and re.fullmatch(config.discard, command):
            store.discard()
            self._prompt()
        else:
            return False
        return True

    def _committed(self, config: ConfigMode, match: re.Match[str]) -> str:
        """Commit, and what is said of it."""
        if config.commits is None:
            self.machine.config.commit()
            return config.committed
        try:
            return config.commits(View(self.machine, match, session=self.number))
        except Refused as refused:
            return str(refused)

    def _pending_decided(self, config: ConfigMode, answer: str) -> None:
        letter = answer.strip().lower()[:1]
        if letter == "c":
            self._prompt()
            return
        if letter not in ("y", "n"):
            self._ask(config.leave_pending, partial(self._pending_decided, config))
            return
        if letter == "n":
            self.machine.config.discard()
        elif match := re.match("commit", "commit"):
            said = self._committed(config, match)
            if self.machine.config.pending:
                self._say(said)
                return
        self._leave_config()

    def _leave_config(self) -> None:
        self._configuring = None
        self._prompt()


def wired(text: str) -> str:
    """Text as it goes over the wire: each line ends in CR LF."""
    return text.replace("\n", "\r\n")


def garbage(text: str) -> str:
    """Bytes that are no text, the same for the same answer; never a line end or a prompt's last character."""
    source = random.Random(text)  # noqa: S311  nothing here is secret
    noise = bytes(source.choice((*range(0x80, 0x100), 0x01, 0x02, 0x1A)) for _ in range(80))
    return "\n".join(noise[at : at + 20].decode("utf-8", "surrogateescape") for at in range(0, 80, 20))
