"""A command-line session on a simulated device: echo, editing, modes, login, paging, questions, configuration.

The session is independent of the transport: `feed` takes received text, and a Channel sends. The dialect and the
device's session faults decide the answers.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable
from functools import partial

from eventready_lab.device.configuration.mode import ConfigurationSession
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import Action, ConfigMode, Refused
from eventready_lab.device.session_faults import LineFault
from eventready_lab.device.view import View
from eventready_lab.device.zone import abbreviation, offset
from eventready_lab.terminal.channel import Channel, garbage, to_wire
from eventready_lab.terminal.line_editor import LineEditor

_log = logging.getLogger(__name__)


class CliSession:
    """Session on a device."""

    def __init__(self, device: SimulatedDevice, channel: Channel, *, ask_login: bool = False) -> None:
        self.device = device
        self.dialect = device.dialect
        self._channel = channel
        self._ask_login = ask_login and device.dialect.login is not None
        self._user = ""
        self._mode = device.dialect.initial_mode
        self._configuration: ConfigurationSession | None = None
        self._editor = LineEditor(
            self._put,
            self._prompt,
            double_newline=device.dialect.double_newline,
            keys=device.dialect.keys,
            pressed=self._key_pressed,
        )
        self._busy = False
        self._echoing = False  # the delay before the echo of the current line has passed
        self._processing = False
        self._closed = False
        self._output: list[str] = []
        self._paged: list[str] = []
        self._page = device.dialect.paging.lines if device.dialect.paging else 0
        self._on_answer: Callable[[str], None] | None = None
        self._commands = 0
        self._attempts = 0
        device.sessions += 1
        self.number = next(number for number in itertools.count() if number not in device.session_closers)
        device.session_closers[self.number] = self._hang_up
        device.session_writers[self.number] = self._interject

    # --- lifecycle ----------------------------------------------------------------------------------------------

    def greet(self) -> None:
        """Send the banner, or refuse the session."""
        if self.device.down:
            self._close()
            return
        limit = self.dialect.sessions
        if limit and self.device.sessions > limit:
            self._channel.write(to_wire(f"{self.dialect.errors.lines_in_use}\n"))
            self._close()
            return
        greeting = self.dialect.login.greeting if self._ask_login and self.dialect.login else ""
        self._channel.write(to_wire(self.dialect.banner + greeting))

    def begin(self) -> None:
        """Ask for the login, or show the first prompt."""
        if self._closed:
            return
        if self._ask_login:
            self._ask_user()
        else:
            self._prompt()
        self._flush()

    def ended(self) -> None:
        """Release the session after the loss of its transport."""
        self._closed = True
        self.device.sessions -= 1
        if self.device.session_closers.get(self.number) == self._hang_up:
            del self.device.session_closers[self.number], self.device.session_writers[self.number]
        if self._configuration and self.device.config.has_candidate:
            self.device.config.discard()
        pending = self.device.revert_timer.pending
        if pending and pending.session == self.number:
            self.device.revert_timer.revert()

    def _interject(self, text: str) -> None:
        """Write a message outside an answer; no prompt follows."""
        if not self._closed and not self._busy:
            self._output.append(to_wire(text) + "\r\n")
            self._flush()

    def _hang_up(self) -> None:
        self._output.clear()
        self._configuration = None
        self._close()

    def feed(self, text: str) -> None:
        """Take received text. Input waits in the buffer while the device is busy."""
        if self._closed:
            return
        self.device.timers.tick()
        self._editor.feed(text)
        self._process()
        self.device.timers.tick()  # a timer that is due at once writes behind the prompt

    def _resume(self) -> None:
        """Process the buffered input, unless a caller up the stack does."""
        if not self._processing:
            self._process()

    def _process(self) -> None:
        self._processing = True
        try:
            self._process_input()
        except Exception:  # a defect of a rendering: asyncssh would end the session silently
            _log.exception("%s (%s) cannot answer", self.device.state.name, self.dialect.platform)
            self._close()
        finally:
            self._processing = False

    def _process_input(self) -> None:
        while self._editor and not self._busy and not self._closed:
            if self._paged:
                self._pager_key(self._editor.key())
                continue
            if not self._echoing and (delay := self.device.echo_delay_s()):
                self._echoing = True
                self._pause(delay, lambda: None)
                return
            line = self._editor.line()
            if line is not None:
                self._echoing = False
                self._entered(line)
        self._flush()

    def _put(self, text: str) -> None:
        self._output.append(text)

    def _flush(self) -> None:
        if self._output and not self._closed:
            self._channel.write("".join(self._output))
        self._output.clear()

    def _close(self) -> None:
        self._flush()
        if not self._closed:
            self._closed = True
            self._channel.close()

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self._busy = True
        self._flush()

        def resume() -> None:
            self._busy = False
            if not self._closed:
                then()
                self._process()

        self._channel.later(seconds, resume)

    # --- output -------------------------------------------------------------------------------------------------

    def prompt_text(self) -> str:
        """The prompt of the current mode."""
        configuration, pending = self._configuration, self.device.revert_timer.pending
        return self.dialect.prompts[configuration.mode if configuration else self._mode].format(
            host=self.device.state.hostname or self.device.state.name,
            user=self.device.credentials.username,
            section=configuration.section if configuration else "",
            mark=self._candidate_mark() if configuration else "",
            safe="<SAFE>" if pending and pending.session == self.number else ">",
        )

    def _candidate_mark(self) -> str:
        config = self.device.config
        return ("*" if config.pending else "~") if config.has_candidate else ""

    def _prompt(self) -> None:
        prompt = self.prompt_text()
        if self.device.session_faults.log_in_prompt:
            now, host = self.device.now(), self.device.state.hostname
            line = self.dialect.log_line.format(host=host, now=now, zone=abbreviation(now), offset=offset(now))
            prompt = f"{prompt}\r\n{to_wire(line)}\r\n{prompt}"
        self._output.append(prompt)

    def _reply(self, text: str) -> None:
        """Send an answer and the next prompt, through the pager and the text faults."""
        faults = self.device.session_faults
        if text and faults.garbage:
            text = garbage(text)
        if text and faults.truncated:
            self._output.append(to_wire(text[: len(text) // 2]))
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
        self._output.append(to_wire(text) + "\r\n")
        self._prompt()

    def _show_page(self, count: int) -> None:
        page, self._paged = self._paged[:count], self._paged[count:]
        self._output.append("".join(line + "\r\n" for line in page))
        if self._paged and self.dialect.paging:
            self._output.append(self.dialect.paging.mark)
        else:
            self._prompt()

    def _pager_key(self, key: str) -> None:
        if not key or not self.dialect.paging:
            return
        self._output.append(self.dialect.paging.erase)
        if key == " ":
            self._show_page(self._page - 1)
        elif key in "\r\n":
            self._show_page(1)
        else:
            self._paged = []
            self._prompt()

    def _question(self, question: str, on_answer: Callable[[str], None], *, secret: bool = False) -> None:
        self._output.append(to_wire(question))
        self._on_answer, self._editor.secret = on_answer, secret

    # --- login and enable ---------------------------------------------------------------------------------------

    def _ask_user(self) -> None:
        login = self.dialect.login
        if login and login.user:
            self._question(login.user, self._user_entered)
        elif login:
            self._question(login.password, self._password_entered, secret=True)

    def _user_entered(self, user: str) -> None:
        self._user = user.strip()
        login = self.dialect.login
        if login:
            self._question(login.password, self._password_entered, secret=True)

    def _password_entered(self, password: str) -> None:
        login, credentials = self.dialect.login, self.device.credentials
        if login is None:
            return
        valid = password == credentials.password and (not login.user or self._user == credentials.username)
        if valid and not self.device.session_faults.auth_refused:
            self._prompt()
            return
        self._attempts += 1
        if self._attempts >= login.attempts:
            self._output.append(to_wire(login.closing) + "\r\n" if login.closing else "")
            self._close()
            return
        self._output.append(to_wire(login.failed) + "\r\n" if login.failed else "")
        self._ask_user()

    def _enable(self) -> None:
        self._attempts = 0
        if self.device.credentials.enable and self.dialect.enable:
            self._question(self.dialect.enable.prompt, self._enable_entered, secret=True)
        else:
            self._mode = "enabled"
            self._prompt()

    def _enable_entered(self, password: str) -> None:
        enable = self.dialect.enable
        if enable is None or password == self.device.credentials.enable:
            self._mode = "enabled"
            self._prompt()
            return
        self._attempts += 1
        if self._attempts < enable.attempts:
            self._question(enable.prompt, self._enable_entered, secret=True)
        else:
            self._reply(enable.denied)

    # --- commands -----------------------------------------------------------------------------------------------

    def _entered(self, line: str) -> None:
        if self._on_answer:
            on_answer, self._on_answer, self._editor.secret = self._on_answer, None, False
            on_answer(line)
            return
        command = self._normalise(line)
        if not command.strip():
            self._prompt()
            return
        faults = self.device.session_faults
        self._commands += 1
        if faults.hang:
            self._busy = True
        elif delay := self.device.answer_delay_s():
            self._pause(delay, lambda: self._command(command))
        else:
            self._command(command)

    def _command(self, command: str) -> None:
        faults = self.device.session_faults
        if faults.drop_after and self._commands >= faults.drop_after:
            self._output.append(to_wire(self._show(command) or "")[: 2 * len(command)])
            self._close()
            return
        fault = faults.at_line(command, configuring=self._changes_configuration(command))
        if fault:
            self._fail_at(fault, command)
        else:
            self._execute(command)

    def _fail_at(self, fault: LineFault, command: str) -> None:
        """Refuse a line, or drop or hang the session with the line executed or not."""
        if fault.kind == "refuse":
            self._refuse(command)
            return
        if fault.executed:
            self._flush()
            self._execute(command)
            self._output.clear()
        if fault.kind == "drop":
            self._close()
        else:
            self._busy = True

    def _normalise(self, line: str) -> str:
        return " ".join(line.split())

    def _changes_configuration(self, command: str) -> bool:
        config = self.dialect.config
        return self._configuration is not None or bool(
            config and config.direct and re.fullmatch(config.direct, command)
        )

    def _refuse(self, command: str) -> None:
        self._reply(self._error_for(command))

    def _execute(self, command: str) -> None:
        if not (self._changes_mode(command) or self._sets_terminal(command) or self._runs_action(command)):
            self._show_or_configure(command)

    def _changes_mode(self, command: str) -> bool:
        enable, config = self.dialect.enable, self.dialect.config
        if self._configuration and config:
            return self._leaves_section(command, self._configuration, config)
        if re.fullmatch(self.dialect.quit_commands, command):
            self._close()
        elif enable and command == enable.command:
            self._enable() if self._mode == "exec" else self._prompt()
        elif enable and command == enable.leave:
            self._mode = "exec"
            self._prompt()
        elif config and self._privileged() and re.fullmatch(config.enter, command):
            self._configuration = ConfigurationSession(self.device.config)
            self._reply(config.entered)
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
                if not self.device.session_faults.pager_stuck:
                    self._page = int(match[1]) if match.re.groups and match[1] else 0
                self._reply(answer)
                return True
        for pattern, answer in self.dialect.settings.items():
            if re.fullmatch(pattern, command):
                self._reply(answer)
                return True
        return False

    def _runs_action(self, command: str) -> bool:
        mode = self._configuration.mode if self._configuration else self._mode
        for action in self.dialect.actions:
            match = re.fullmatch(action.command, command)
            if not match or (action.modes and mode not in action.modes) or self._hidden(command):
                continue
            if action.question:
                self._question(action.question, partial(self._decided, action, match))
            else:
                self._run_action(action, match)
            return True
        return False

    def _decided(self, action: Action, match: re.Match[str], answer: str) -> None:
        if re.fullmatch(action.yes, answer):
            self._run_action(action, match)
        else:
            self._reply(action.declined)

    def _run_action(self, action: Action, match: re.Match[str]) -> None:
        try:
            text = action.run(View(self.device, match, session=self.number))
        except Refused as refused:
            self._reply(str(refused))
            return
        if action.enters:
            self._configuration = ConfigurationSession(self.device.config)
        if action.progress_s:
            self._pause(action.progress_s, lambda: self._reply(text))
        else:
            self._reply(text)

    def _key_pressed(self, key: str) -> None:
        """Run the action of a control character; a refusal is a question, and any answer aborts."""
        self._put("\r\n")
        try:
            self._reply(self.dialect.keys[key](self.device.view(session=self.number)))
        except Refused as refused:
            self._question(f"{refused} ", lambda _answer: self._reply("Action aborted."))

    def _hidden(self, command: str) -> bool:
        return self._mode == "exec" and any(re.fullmatch(known, command) for known in self.dialect.enabled_only)

    def _show(self, command: str) -> str | None:
        return None if self._hidden(command) else self.device.show(command)

    def _show_or_configure(self, command: str) -> None:
        config, configuration = self.dialect.config, self._configuration
        prefix = config.show_prefix if config and configuration else ""
        text = self._show(command.removeprefix(prefix)) if command.startswith(prefix) else None
        if text is not None:
            self._reply(text)
        elif configuration is None or not configuration.execute(command):
            self._reply(self._error_for(command))
        else:
            self._reply(configuration.answer)

    def _error_for(self, command: str) -> str:
        return self.dialect.error_for(command, self.prompt_text(), hidden=self._hidden(command))

    # --- configuration ------------------------------------------------------------------------------------------

    def _leaves_section(self, command: str, configuration: ConfigurationSession, config: ConfigMode) -> bool:
        store = self.device.config
        if command == config.up and configuration.close_section():
            self._prompt()
        elif command in (config.end, config.up):
            trial = self.device.revert_timer.pending
            if store.pending:
                self._question(config.leave_pending, partial(self._pending_decided, config))
            elif config.leave_trial and trial and trial.session == self.number:
                self._question(config.leave_trial, self._trial_decided)
            else:
                self._leave_configuration()
        elif store.has_candidate and (match := re.fullmatch(config.commit, command)):
            self._reply(self._commit(config, match))
        elif store.has_candidate and re.fullmatch(config.discard, command):
            store.discard()
            if config.discard_leaves:
                self._leave_configuration()
            else:
                self._prompt()
        else:
            return False
        return True

    def _commit(self, config: ConfigMode, match: re.Match[str]) -> str:
        """Commit the candidate; the device's answer."""
        if config.commit_command is None:
            self.device.config.commit()
            return config.committed
        try:
            return config.commit_command(View(self.device, match, session=self.number))
        except Refused as refused:
            return str(refused)

    def _pending_decided(self, config: ConfigMode, answer: str) -> None:
        letter = answer.strip().lower()[:1]
        if config.leave_discards:
            letter = {"y": "n", "": "n", "n": "c"}.get(letter, letter)
        if letter == "c":
            self._prompt()
            return
        if letter not in ("y", "n"):
            self._question(config.leave_pending, partial(self._pending_decided, config))
            return
        if letter == "n":
            self.device.config.discard()
        elif match := re.match("commit", "commit"):
            text = self._commit(config, match)
            if self.device.config.pending:
                self._reply(text)
                return
        self._leave_configuration()

    def _trial_decided(self, answer: str) -> None:
        """Revert the trial of this session and leave configuration mode, or stay."""
        if answer.strip().lower()[:1] == "y":
            self.device.revert_timer.revert()
            self._leave_configuration()
        else:
            self._prompt()

    def _leave_configuration(self) -> None:
        self._configuration = None
        self._reply(self.dialect.config.left if self.dialect.config else "")
