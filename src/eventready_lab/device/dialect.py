"""The dialect of a platform: commands, answers, prompts, configuration; `DIALECT` of `dialects/PLATFORM/dialect.py`.

A dialect is data and small functions from a View to text; the session adds echo, line editing, modes, paging, login,
enable, configuration and session faults. Commands and patterns are matched against the typed line with runs of blanks
reduced to one. Text uses "\n", sent as CR LF, and ends without a newline: the prompt follows on a line of its own.

    DIALECT = Dialect(
        platform="cisco_xe",
        prompts={"exec": "{host}>", "enabled": "{host}#", "config": "{host}(config)#", ...},
        initial_mode="enabled",
        shows={"show version": version, r"/show interfaces(?: (\\S+))?/": interfaces},
        errors=Errors(unknown="{caret}\n% Invalid input detected at '^' marker.\n"),
        paging=Paging(length={r"terminal length (\\d+)": ""}),
        config=ConfigMode(...),
        actions=(Action(r"write(?: mem\\w*)?", save),),
    )
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.device.configuration.grammar import Grammar
from eventready_lab.device.configuration.tree import Layout, Tree, parse_tree
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.host.interpreter import Program
from eventready_lab.host.system import LiveFile, ReadSettings

Transport = Literal["ssh", "telnet", "mml"]


@dataclass(frozen=True)
class MmlReport:
    """An MML answer other than plain success: return code, result text, report body."""

    retcode: int
    result: str
    body: str = ""


Render: TypeAlias = Callable[[View], "str | MmlReport"]


@dataclass(frozen=True)
class Errors:
    """The device's error messages: `{line}` the typed line, `{word}` its first unknown word, `{caret}` a line with `^`
    under that word. The `unknown` of an MML platform is the line with the return code: `RETCODE = 1  Unknown command`.
    """

    unknown: str
    incomplete: str = "% Incomplete command."
    lines_in_use: str = ""  # sent before a connection is closed because all lines are in use


@dataclass(frozen=True)
class Paging:
    """Paging of answers. Space shows a page, Enter a line, `q` ends.

    length: commands that set the page length, and their answers. Group 1 is the number of lines, 0 for none; a pattern
        without a group switches paging off.
    """

    lines: int = 24
    mark: str = " --More-- "
    erase: str = "\r          \r"
    length: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Login:
    """A clear-text login. Without a `user` prompt only the password is requested. After `attempts` failures `closing`
    is sent and the connection closed."""

    greeting: str = ""
    user: str = "Username: "
    password: str = "Password: "  # noqa: S105  the prompt, not a password
    failed: str = "% Login invalid"
    closing: str = "% Bad passwords, too many failures!"
    attempts: int = 3


@dataclass(frozen=True)
class Enable:
    """Command from mode `exec` to `enabled`, with the enable password of the device's credentials if present."""

    command: str = "enable"
    leave: str = "disable"
    prompt: str = "Password: "
    denied: str = "% Bad secrets\n"
    attempts: int = 3


@dataclass(frozen=True)
class Action:
    r"""A command with an effect.

    command: pattern (full match).
    run: executes the command (`view.config.save()`) and returns its output; raises Refused with the device's error.
    question: a confirmation; an answer that matches `yes` executes the command, any other prints `declined`.
    modes: the modes that know the command; empty: all.
    progress_s: seconds until the answer.
    enters: the command enters configuration mode.
    """

    command: str
    run: Callable[[View], str]
    question: str = ""
    yes: str = r"(?i)\s*(y|yes)\s*"
    declined: str = ""
    modes: tuple[str, ...] = ()
    progress_s: float = 0.0
    enters: bool = False


class Refused(Exception):
    """The refusal of a command, with the device's error message."""


@dataclass(frozen=True)
class ConfigMode:
    r"""Configuration mode. Patterns are full matches.

    initial: the configuration text of a healthy state, indented by section as the platform prints it; parsed at first
        use.
    apply_to_state: updates the state from the running configuration (a port that is shut) after each change.
    adopt_state: returns the running configuration that a fault of the state implies (a route that is gone). None: the
        faults of this platform change the state only.
    show_prefix: the prefix of a show in configuration mode ("do "); empty: shows need none.
    candidate: changes wait for `commit` (VRP 8). `{mark}` in prompts is then "*" while changes wait, else "~"; the mark
        is empty where changes take effect at once.
    commit_command: executes a line that matches `commit` and returns its output, or raises Refused; None: the candidate
        is committed and `committed` printed.
    discard_leaves: discarding the candidate leaves configuration mode too, as `abort` on IOS XR.
    leave_pending: the question on leaving configuration mode with uncommitted changes; answers y, n, c.
    leave_discards: the answer `y` discards the changes, and `n` stays, as on Junos; else `y` commits and `n` discards.
    direct: lines that change the configuration without a mode for it, as on RouterOS.
    leave_trial: the question on leaving while a trial of this session is pending; the answer `y` reverts it.
    left: printed on leaving configuration mode.
    stored: the running configuration is kept over a restart; there is no other startup configuration.
    read: parses a configuration as the device prints it.
    connected: parts take effect at a later event only: what a base station reads when it connects, or a restart.
    """

    initial: Callable[[DeviceState], str]
    grammar: Grammar = field(default_factory=Grammar)
    layout: Layout = field(default_factory=Layout)
    enter: str = r"conf(?:igure)? t(?:erm(?:inal)?)?"
    direct: str = ""
    entered: str = "Enter configuration commands, one per line.  End with CNTL/Z."
    end: str = "end"
    up: str = "exit"
    show_prefix: str = "do "
    apply_to_state: Callable[[DeviceState, Tree], None] | None = None
    adopt_state: Callable[[DeviceState, Tree], Tree] | None = None
    candidate: bool = False
    commit: str = "commit(?: comment .*)?"
    commit_command: Callable[[View], str] | None = None
    committed: str = ""
    discard: str = r"clear configuration candidate"
    discard_leaves: bool = False
    leave_pending: str = (
        "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? "
        "[Y(yes)/N(no)/C(cancel)]:"
    )
    leave_discards: bool = False
    leave_trial: str = ""
    stored: bool = False
    left: str = ""
    read: Callable[[str], Tree] = parse_tree
    connected: bool = False


@dataclass(frozen=True)
class HostProfile:
    """The host of a device, with a shell.

    main: every login gets the host's shell; otherwise the second login only (`SimulatedDevice.shell_credentials`).
    programs: programs by name or path, beside those of every host.
    files: the initial content of the disk.
    live_files: files with a content of their own, such as the startup configuration.
    daemons: programs that run from the start, and the settings that each reads when it starts and on SIGHUP.
    """

    prompt: str = "{user}@{host}:~$ "
    main: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin"})
    programs: Callable[[View], Mapping[str, Program]] = lambda _view: {}
    files: Callable[[View], Mapping[str, str]] = lambda _view: {}
    live_files: Callable[[View], Mapping[str, LiveFile]] = lambda _view: {}
    daemons: Mapping[str, ReadSettings] = field(default_factory=dict)


@dataclass(frozen=True)
class Dialect:
    r"""The dialect of a platform.

    prompts: per mode, with `{host}`, `{user}`, `{section}` (labels of the open sections, joined by "-"), `{mark}` and
        `{safe}` (`<SAFE>` while a revert is bound to the session, else `>`).
        Modes are `exec`, `enabled`, `config` and those that the grammar's sections open. A trailing blank belongs to
        the prompt.
    initial_mode: the mode after login.
    banner: text before the first prompt.
    shows: renderings by command. A key between slashes is a regular expression (full match), any other key is the exact
        command. Keys of an MML platform are commands without parameters (`DSP CELL`), or patterns of the whole line.
    enabled_only: patterns (full match) of commands that mode `exec` does not know.
    keys: control characters that act without Enter: their effect and answer; Refused is a question.
    settings: patterns (full match) of commands with a fixed answer and no effect: `terminal width 511`.
    output_filters: shows accept `| include|exclude|begin|section|count X`.
    quit_commands: pattern (full match) of the commands that end the session in `exec` and `enabled`.
    sessions: the most sessions at a time; 0 for no limit.
    log_line: a log line of the platform for fault `prompt-log-line`, with `{host}`, `{zone}`, `{offset}` and `{now}`, a
        datetime (`{now:%b %d %H:%M:%S}`); of an MML platform the body of an unsolicited alarm report.
    double_newline: CR and LF are one Enter each, as on OsmoBSC.
    host: the host of the device, where a login to it exists.
    variant: selects the dialect by the device's state, where a platform has several systems: VRP 5 and VRP 8.
    """

    platform: str
    prompts: Mapping[str, str]
    shows: Mapping[str, Render]
    errors: Errors
    transport: Transport = "ssh"
    initial_mode: str = "exec"
    banner: str = ""
    login: Login | None = None
    enable: Enable | None = None
    paging: Paging | None = None
    config: ConfigMode | None = None
    actions: tuple[Action, ...] = ()
    keys: Mapping[str, Callable[[View], str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    enabled_only: tuple[str, ...] = ()
    output_filters: bool = True
    quit_commands: str = r"exit|quit|logout"
    sessions: int = 0
    log_line: str = "%SYS-5-CONFIG_I: Configured from console by netops on vty0"
    double_newline: bool = False
    host: HostProfile | None = None
    variant: Callable[[DeviceState], Dialect] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a mode without a prompt."""
        modes = {self.initial_mode} | ({"enabled"} if self.enable else set())
        if self.config:
            modes |= {"config"} | {section.mode for section in self.config.grammar.sections}
        missing = modes - set(self.prompts)
        if missing and self.transport != "mml":
            raise ValueError(f"the dialect {self.platform} has no prompt for {', '.join(sorted(missing))}")

    def find_show(self, command: str) -> tuple[Render, re.Match[str]] | None:
        """The rendering of a command and the match of its pattern; None for an unknown command."""
        exact = self.shows.get(command)
        if exact is not None:
            whole = re.fullmatch(r"[\s\S]*", command)
            return (exact, whole) if whole else None
        for key, render in self.shows.items():
            match = re.fullmatch(key[1:-1], command) if key.startswith("/") and key.endswith("/") else None
            if match:
                return render, match
        return None

    def error_for(self, command: str, prompt: str, *, hidden: bool) -> str:
        """The error for an incomplete or unknown command; a hidden command is unknown from its first word on."""
        words = command.split(" ")
        known = 0
        if not hidden:
            phrases = [key.split(" ") for key in self.shows if not key.startswith("/")]
            known = max((_shared_words(words, phrase) for phrase in phrases), default=0)
        if known == len(words):
            return self.errors.incomplete
        column = len(prompt) + len(" ".join(words[:known])) + bool(known)
        return self.errors.unknown.format(line=command, word=words[known], caret=" " * column + "^")


def _shared_words(words: list[str], phrase: list[str]) -> int:
    pairs = zip(words, phrase, strict=False)
    return next((at for at, (word, other) in enumerate(pairs) if word != other), min(len(words), len(phrase)))


def load_dialect(platform: str) -> Dialect:
    """The dialect of a platform. Raises UsageError for an unknown platform."""
    name = f"eventready_lab.dialects.{platform}.dialect"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("eventready_lab.dialects."):
            raise
        raise UsageError(message("lab:no_dialect", platform=platform)) from None
    dialect: Dialect = module.DIALECT
    return dialect
