"""A command line as a device has one: echo, line editing, modes, login, paging, dialogues, configuration.

It knows no transport: text is fed in as it arrives and written out through a function. What the dialect says and the
faults of the machine's wire decide what comes back.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from eventready.lab.configuration import Section
from eventready.lab.dialect import Action, ConfigMode, View
from eventready.lab.machine import Machine
from eventready.lab.pipes import filtered, split_pipe

_LONGEST = 4096  # characters of one typed line; what is typed beyond is not taken
_WHOLE = re.compile(r"[\s\S]*")


class Line(Protocol):
    """What a shell talks through."""

    def write(self, text: str) -> None:
        """Send text; bytes that are not text come as surrogates."""

    def close(self) -> None:
        """End the session when all is sent."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call back after a while."""


@dataclass(frozen=True)
class _Open:
    """A configuration section that is open."""

    line: str
    section: Section
    label: str


class Shell:
    """One session on one machine."""

    def __init__(self, machine: Machine, line: Line, *, ask_login: bool = False) -> None:
        self.machine = machine
        self.dialect = machine.dialect
        self._line = line
        self._ask_login = ask_login and machine.dialect.login is not None
        self._user = ""
        self._mode = machine.dialect.start
        self._configuring = False
        self._open: list[_Open] = []
        self._typed = ""
        self._text = ""
        self._carriage_return = False
        self._busy = False
        self._gone = False
        self._out: list[str] = []
        self._paged: list[str] = []
        self._page = machine.dialect.paging.lines if machine.dialect.paging else 0
        self._answer: Callable[[str], None] | None = None
        self._secret = False
        self._commands = 0
        self._attempts = 0
        machine.sessions += 1

    # --- life ---------------------------------------------------------------------------------------------------

    def greet(self) -> None:
        """Say what stands before the first question."""
        limit = self.dialect.sessions
        if limit and self.machine.sessions > limit:
            self._line.write(_wired(f"{self.dialect.errors.full}\n"))
            self._leave()
            return
        greeting = self.dialect.login.greeting if self._ask_login and self.dialect.login else ""
        self._line.write(_wired(self.dialect.banner + greeting))

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
        if not self._gone:
            self._gone = True
        self.machine.sessions -= 1

    def feed(self, text: str) -> None:
        """Take what was typed. While the device is busy it waits, as in a real input buffer."""
        if self._gone:
            return
        self._typed += text
        self._pump()

    def _pump(self) -> None:
        while self._typed and not self._busy and not self._gone:
            if self._paged:
                self._pager_key()
            else:
                self._take_line()
        self._flush()

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

    # --- typing -------------------------------------------------------------------------------------------------

    def _take_line(self) -> None:
        end = next((at for at, char in enumerate(self._typed) if char in "\r\n\x00"), len(self._typed))
        chunk, self._typed = self._typed[:end], self._typed[end:]
        if chunk:
            self._carriage_return = False
            self._edit(chunk)
        if not self._typed:
            return
        key, self._typed = self._typed[0], self._typed[1:]
        second = self._carriage_return and key in ("\x00" if self.dialect.double_newline else "\n\x00")
        self._carriage_return = key == "\r"
        if second or key == "\x00":
            return
        line, self._text = self._text, ""
        self._out.append("\r\n")
        self._entered(line)

    def _edit(self, chunk: str) -> None:
        if chunk.isprintable():
            self._insert(chunk)
            return
        for char in chunk:
            if char in "\x08\x7f" and self._text:
                self._erase(1)
            elif char == "\x15":
                self._erase(len(self._text))
            elif char == "\x03":
                self._text = ""
                self._out.append("\r\n")
                self._prompt()
            elif char.isprintable():
                self._insert(char)

    def _insert(self, text: str) -> None:
        text = text[: max(0, _LONGEST - len(self._text))]
        self._text += text
        if not self._secret:
            self._out.append(text)

    def _erase(self, count: int) -> None:
        self._text = self._text[: len(self._text) - count]
        if not self._secret:
            self._out.append("\x08" * count + " " * count + "\x08" * count)

    # --- saying -------------------------------------------------------------------------------------------------

    def prompt_text(self) -> str:
        """The prompt of the current mode."""
        config = self.dialect.config
        pending = bool(config and config.candidate and self._configuring and self.machine.config.pending)
        return self.dialect.prompts[self._mode_now()].format(
            host=self.machine.state.hostname or self.machine.state.name,
            section="-".join(opened.label for opened in self._open if opened.label),
            mark="*" if pending else "~",
        )

    def _mode_now(self) -> str:
        return self._mode_at(len(self._open)) if self._configuring else self._mode

    def _mode_at(self, depth: int) -> str:
        return self._open[depth - 1].section.mode if depth else "config"

    def _prompt(self) -> None:
        prompt = self.prompt_text()
        if self.machine.wire.log_in_prompt:
            line = self.dialect.log_line.format(host=self.machine.state.hostname, now=self.machine.now())
            prompt = f"{prompt}\r\n{_wired(line)}\r\n{prompt}"
        self._out.append(prompt)

    def _say(self, text: str) -> None:
        """An answer and the prompt after it, through the pager and the faults that spoil text."""
        wire = self.machine.wire
        if text and wire.garbage:
            text = garbage(text)
        if text and wire.truncated:
            self._out.append(_wired(text[: len(text) // 2]))
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
        self._out.append(_wired(text) + "\r\n")
        self._prompt()

    def _show_page(self, count: int) -> None:
        shown, self._paged = self._paged[:count], self._paged[count:]
        self._out.append("".join(line + "\r\n" for line in shown))
        if self._paged and self.dialect.paging:
            self._out.append(self.dialect.paging.mark)
        else:
            self._prompt()

    def _pager_key(self) -> None:
        key, self._typed = self._typed[0], self._typed[1:]
        second = self._carriage_return and key in "\n\x00"
        self._carriage_return = key == "\r"
        if second or not self.dialect.paging:
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
        self._out.append(_wired(question))
        self._answer, self._secret = answered, secret

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
            self._out.append(_wired(login.closing) + "\r\n" if login.closing else "")
            self._leave()
            return
        self._out.append(_wired(login.failed) + "\r\n" if login.failed else "")
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
            answered, self._answer, self._secret = self._answer, None, False
            answered(line)
            return
        command = " ".join(line.split())
        if not command:
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
            self._out.append(_wired(self._shown(command) or "")[: 2 * len(command)])
            self._leave()
        elif not (self._changes_mode(command) or self._sets_terminal(command) or self._acts(command)):
            self._shows_or_configures(command)

    def _changes_mode(self, command: str) -> bool:
        enable, config = self.dialect.enable, self.dialect.config
        if self._configuring and config:
            return self._leaves_config(command, config)
        if re.fullmatch(self.dialect.quits, command):
            self._leave()
        elif enable and command == enable.command:
            self._enable() if self._mode == "exec" else self._prompt()
        elif enable and command == enable.leave:
            self._mode = "exec"
            self._prompt()
        elif config and self._privileged() and re.fullmatch(config.enter, command):
            self._configuring = True
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
        mode = self._mode_now()
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
        text = action.run(View(self.machine, match))
        if action.progress_s:
            self._pause(action.progress_s, lambda: self._say(text))
        else:
            self._say(text)

    def _hidden(self, command: str) -> bool:
        return self._mode == "exec" and any(re.fullmatch(known, command) for known in self.dialect.enabled_only)

    def _shown(self, command: str) -> str | None:
        """The text of a show command; None when the device does not know it."""
        if self._hidden(command):
            return None
        found = self.dialect.rendering(command)
        piped = split_pipe(command) if found is None and self.dialect.pipes else None
        if piped:
            found = self.dialect.rendering(piped[0])
        if found is None:
            return None
        render, match = found
        text = render(View(self.machine, match))
        text = text if isinstance(text, str) else text.body
        return filtered(text, piped[1], piped[2]) if piped else text

    def _shows_or_configures(self, command: str) -> None:
        config = self.dialect.config
        prefix = config.show_prefix if config and self._configuring else ""
        if config and self._configuring and (not prefix or command.startswith(prefix)):
            text = self._shown(command.removeprefix(prefix))
            if text is not None:
                self._say(text)
                return
        if config and self._configuring:
            self._configure(command, config)
            return
        text = self._shown(command)
        self._say(self._not_known(command) if text is None else text)

    def _not_known(self, command: str) -> str:
        words = command.split(" ")
        known = 0
        if not self._hidden(command):
            phrases = [key.split(" ") for key in self.dialect.shows if not key.startswith("/")]
            known = max((_shared(words, phrase) for phrase in phrases), default=0)
        if known == len(words):
            return self.dialect.errors.incomplete
        column = len(self.prompt_text()) + len(" ".join(words[:known])) + bool(known)
        return self.dialect.errors.unknown.format(line=command, word=words[known], caret=" " * column + "^")

    # --- configuration ------------------------------------------------------------------------------------------

    def _leaves_config(self, command: str, config: ConfigMode) -> bool:
        store = self.machine.config
        if command == config.end or (command == config.up and not self._open):
            if store.pending:
                self._ask(config.leave_pending, lambda answer: self._pending_decided(answer, config))
            else:
                self._leave_config()
        elif command == config.up:
            self._open.pop()
            self._prompt()
        elif config.candidate and re.fullmatch(rf"{config.commit}(?: comment .*)?", command):
            store.commit()
            self._say(config.committed)
        elif config.candidate and re.fullmatch(config.discard, command):
            store.discard()
            self._prompt()
        else:
            return False
        return True

    def _pending_decided(self, answer: str, config: ConfigMode) -> None:
        letter = answer.strip().lower()[:1]
        if letter == "y":
            self.machine.config.commit()
        elif letter == "n":
            self.machine.config.discard()
        elif letter != "c":
            self._ask(config.leave_pending, lambda again: self._pending_decided(again, config))
            return
        if letter == "c":
            self._prompt()
        else:
            self._leave_config()

    def _leave_config(self) -> None:
        self._configuring, self._open = False, []
        self._prompt()

    def _configure(self, line: str, config: ConfigMode) -> None:
        grammar, store = config.grammar, self.machine.config
        for depth in range(len(self._open), -1, -1):
            opened = grammar.opened_by(line, self._mode_at(depth))
            if opened:
                store.edit([known.line for known in self._open[:depth]], line)
                self._open = [*self._open[:depth], _Open(line, *opened)]
                self._prompt()
                return
        known_at = self._depth_for(line, config)
        if known_at is None:
            self._say(self._not_known(line))
            return
        self._open = self._open[:known_at]
        store.edit([known.line for known in self._open], line)
        self._prompt()

    def _depth_for(self, line: str, config: ConfigMode) -> int | None:
        """How deep in the open sections the line belongs; None when no open mode knows it."""
        grammar = config.grammar
        bare, _ = grammar.bare(line)
        if any(re.fullmatch(pattern, bare) for pattern in grammar.top_level):
            return 0
        depths = range(len(self._open), -1, -1)
        return next((depth for depth in depths if grammar.known(line, self._mode_at(depth))), None)


def _wired(text: str) -> str:
    return text.replace("\n", "\r\n")


def _shared(words: list[str], phrase: list[str]) -> int:
    pairs = zip(words, phrase, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(words), len(phrase)))


def garbage(text: str) -> str:
    """Bytes that are no text, the same for the same answer; never a line end or a prompt's last character."""
    source = random.Random(text)  # noqa: S311  nothing here is secret
    noise = bytes(source.choice((*range(0x80, 0x100), 0x01, 0x02, 0x1A)) for _ in range(80))
    return "\n".join(noise[at : at + 20].decode("utf-8", "surrogateescape") for at in range(0, 80, 20))
