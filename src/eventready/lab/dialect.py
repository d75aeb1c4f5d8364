"""The contract of a dialect: how one platform talks. `lab/dialects/<platform>.py` exports `DIALECT`.

A dialect is data and small functions from a View to text; the shared shell (`shell.py`) does the rest: echo, line
editing, modes, paging, login, enable, configuration, faults of the wire. Commands and patterns are matched against
the typed line with its blanks reduced to one. Text uses "\n"; the wire gets CR LF. Texts end without a newline: the
shell puts the prompt on a line of its own.

    DIALECT = Dialect(
        platform="cisco_xe",
        prompts={"exec": "{host}>", "enabled": "{host}#", "config": "{host}(config)#", ...},
        start="enabled",
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
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from eventready.errors import UsageError
from eventready.lab.configuration import Grammar, Layout, Tree
from eventready.lab.state import DeviceState, Port

if TYPE_CHECKING:
    from eventready.lab.configuration import ConfigStore
    from eventready.lab.host.run import Program
    from eventready.lab.host.system import Live, Reads
    from eventready.lab.machine import Machine
    from eventready.lab.timers import Timers
    from eventready.lab.way_back import WayBack

Transport = Literal["ssh", "telnet", "mml"]


class View:
    """What a rendering sees of its device: `state`, `config`, the matched command, and time.

    `match` is the match of the command's pattern (group 0 is the whole command); `params` are the parameters of an
    MML command. `session` is the number of the line on which somebody typed it, -1 for nobody's.
    """

    def __init__(
        self, machine: Machine, match: re.Match[str], params: Mapping[str, str] | None = None, *, session: int = -1
    ) -> None:
        self._machine = machine
        self.session = session
        self.state: DeviceState = machine.state
        self.match = match
        self.params = params or {}

    @property
    def config(self) -> ConfigStore:
        """Running, startup and candidate configuration."""
        return self._machine.config

    @property
    def configured(self) -> Tree | None:
        """The running configuration, or None while nobody has asked for it: it follows from the state then."""
        return self._machine.configured

    @property
    def user(self) -> str:
        """Who is logged in."""
        return self._machine.credentials.username

    @property
    def way_back(self) -> WayBack:
        """The way back that the device keeps for itself."""
        return self._machine.way_back

    @property
    def machine(self) -> Machine:
        """The device itself, for what changes it."""
        return self._machine

    @property
    def timers(self) -> Timers:
        """What the device will do by itself."""
        return self._machine.timers

    def save(self) -> bool:
        """Make what runs what a restart brings back; False when the device cannot write it."""
        if self._machine.wire.save_fails:
            return False
        self.config.save()
        return True

    @property
    def running_text(self) -> str:
        """The running configuration as the platform prints it."""
        return self._machine.layout.text(self.config.running)

    @property
    def startup_text(self) -> str:
        """The startup configuration as the platform prints it."""
        return self._machine.layout.text(self.config.startup)

    @property
    def now(self) -> datetime:
        """The device's clock: the event's time, aware, in Asia/Ho_Chi_Minh."""
        return self._machine.now()

    @property
    def uptime_s(self) -> int:
        """Seconds since the device started."""
        before = 0 if self._machine.restarts else self.state.uptime_s
        return before + int(self._machine.elapsed())

    def counter(self, key: str, base: float, per_second: float) -> int:
        """A counter that stood at `base` when the lab started and grows by `per_second`; it never runs backwards."""
        return int(base + self._machine.grown(key, per_second))

    def octets(self, port: Port) -> tuple[int, int]:
        """Octets received and sent on a port; they stand still while it is down."""
        moving = port.admin_up and port.link_up
        start = sum(map(ord, port.name)) * 1_000_003
        received = self.counter(f"{port.name} in", start * 7, port.in_bps / 8 * moving)
        return received, self.counter(f"{port.name} out", start * 11, port.out_bps / 8 * moving)

    def packets(self, port: Port) -> tuple[int, int]:
        """Packets received and sent on a port, of 800 octets each."""
        received, sent = self.octets(port)
        return received // 800, sent // 800

    def errors(self, port: Port) -> tuple[int, int]:
        """Input errors and, among them, CRC errors of a port."""
        rate = port.error_rate * (port.admin_up and port.link_up)
        return (
            self.counter(f"{port.name} errors", port.in_errors, rate),
            self.counter(f"{port.name} crc", port.crc_errors, rate),
        )


@dataclass(frozen=True)
class Report:
    """An MML answer that is not a plain success: its return code, the words after it, and the text beneath."""

    retcode: int
    words: str
    body: str = ""


Render: TypeAlias = Callable[[View], "str | Report"]


@dataclass(frozen=True)
class Errors:
    """The device's sentences. `{line}` is the typed line, `{word}` its first unknown word; `{caret}` a line with `^`
    under it. For MML `unknown` is the whole line with the return code: `RETCODE = 1  Unknown command`."""

    unknown: str
    incomplete: str = "% Incomplete command."
    full: str = ""  # said before a connection is closed because all lines are taken


@dataclass(frozen=True)
class Paging:
    """`length` maps the commands that set the page length to what they answer: group 1 is the number of lines (0 off);
    a pattern without a group switches paging off. Space shows a page, Enter a line, `q` ends."""

    lines: int = 24
    mark: str = " --More-- "
    erase: str = "\r          \r"
    length: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Login:
    """How a clear-text login asks. An empty `user` asks for the password only. A bad one is asked again `attempts`
    times in all; then `closing` is said and the connection closed."""

    greeting: str = ""
    user: str = "Username: "
    password: str = "Password: "  # noqa: S105  the prompt, not a password
    failed: str = "% Login invalid"
    closing: str = "% Bad passwords, too many failures!"
    attempts: int = 3


@dataclass(frozen=True)
class Enable:
    """How `exec` becomes `enabled`; a password is asked for where the lab gave the device one."""

    command: str = "enable"
    leave: str = "disable"
    prompt: str = "Password: "
    denied: str = "% Bad secrets\n"
    attempts: int = 3


@dataclass(frozen=True)
class Action:
    r"""A command (full match of `command`) that does something, in `modes` (all when empty), after `question` if any.

    `run` does it (`view.config.save()`) and returns what is printed. An answer that matches `yes` carries on, any other
    prints `declined`. `progress_s` is how long the device is busy before it answers. `enters` configuration mode
    afterwards, unless `run` raises Refused.
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
    """Raised by what runs an action: the device says this, and does not do it."""


@dataclass(frozen=True)
class ConfigMode:
    r"""How the configuration is changed. Patterns are full matches.

    initial: the configuration text of a healthy state, indented by section as the platform prints it; parsed when
        first needed.
    applied: writes into the state what the running configuration says (a port that is shut); called after each change.
    adopted: the other way round: the running configuration as a fault of the state (a route that is gone) makes it.
        Where it is missing such a fault is one of the state alone.
    show_prefix: what precedes a show in configuration mode ("do "); empty: shows are known there as they are.
    candidate: changes wait for `commit` (VRPv8). `{mark}` in prompts is then "*" while something waits, else "~"; it is
        empty where changes act at once.
    commits: carries out a line that matches `commit`, and returns what is printed, or raises Refused; without it the
        candidate is committed and `committed` printed.
    leave_pending: asked when configuration mode is left with something waiting; answers y, n, c.
    """

    initial: Callable[[DeviceState], str]
    grammar: Grammar = field(default_factory=Grammar)
    layout: Layout = field(default_factory=Layout)
    enter: str = r"conf(?:igure)? t(?:erm(?:inal)?)?"
    entered: str = "Enter configuration commands, one per line.  End with CNTL/Z."
    end: str = "end"
    up: str = "exit"
    show_prefix: str = "do "
    applied: Callable[[DeviceState, Tree], None] | None = None
    adopted: Callable[[DeviceState, Tree], Tree] | None = None
    candidate: bool = False
    commit: str = "commit(?: comment .*)?"
    commits: Callable[[View], str] | None = None
    committed: str = ""
    discard: str = r"clear configuration candidate"
    leave_pending: str = (
        "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? "
        "[Y(yes)/N(no)/C(cancel)]:"
    )


@dataclass(frozen=True)
class HostSystem:
    """The host beneath a device, with a shell of its own.

    main: everybody who logs in gets it; else only the second login (`Machine.host`) does.
    programs: what it can run beside every host's programs, by name or path.
    files: what is on its disk from the beginning. live: files that are something else, the startup configuration.
    daemons: programs that run from the beginning, and what they take in when they start and on SIGHUP.
    """

    prompt: str = "{user}@{host}:~$ "
    main: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin"})
    programs: Callable[[View], Mapping[str, Program]] = lambda _view: {}
    files: Callable[[View], Mapping[str, str]] = lambda _view: {}
    live: Callable[[View], Mapping[str, Live]] = lambda _view: {}
    daemons: Mapping[str, Reads] = field(default_factory=dict)


@dataclass(frozen=True)
class Dialect:
    r"""One platform's way of talking.

    prompts: per mode, with `{host}`, `{section}` (labels of the open sections, joined by "-") and `{mark}`. Modes are
        `exec`, `enabled`, `config` and those the grammar's sections open. Keep a prompt's trailing blank.
    start: the mode after login.
    banner: shown before the first prompt.
    shows: command to rendering. A key between slashes is a regular expression (full match), any other is the exact
        command. For MML the key is the command without parameters (`DSP CELL`), or a pattern of the whole line.
    enabled_only: patterns (full match) of commands that `exec` does not know.
    settings: patterns (full match) of commands with a fixed answer and no effect: `terminal width 511`.
    pipes: `| include|exclude|begin|section|count X` after a show is carried out here.
    quits: words (full match) that end the session from `exec` and `enabled`.
    sessions: how many may be open at once; 0 is no limit.
    log_line: a log line of this platform, for the fault that puts one into the prompt, with `{host}` and `{now}` (a
        datetime: `{now:%b %d %H:%M:%S}`). For MML: the body of an unsolicited alarm report.
    double_newline: CR and LF each count as Enter, as on OsmoBSC.
    host: the host beneath, where somebody may log in to it.
    on: what this is on a device of that state, where one platform has several systems: VRP 5 and VRP 8.
    """

    platform: str
    prompts: Mapping[str, str]
    shows: Mapping[str, Render]
    errors: Errors
    transport: Transport = "ssh"
    start: str = "exec"
    banner: str = ""
    login: Login | None = None
    enable: Enable | None = None
    paging: Paging | None = None
    config: ConfigMode | None = None
    actions: tuple[Action, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    enabled_only: tuple[str, ...] = ()
    pipes: bool = True
    quits: str = r"exit|quit|logout"
    sessions: int = 0
    log_line: str = "%SYS-5-CONFIG_I: Configured from console by netops on vty0"
    double_newline: bool = False
    host: HostSystem | None = None
    on: Callable[[DeviceState], Dialect] | None = None

    def __post_init__(self) -> None:
        """Every mode that can be reached has a prompt; ValueError otherwise."""
        modes = {self.start} | ({"enabled"} if self.enable else set())
        if self.config:
            modes |= {"config"} | {section.mode for section in self.config.grammar.sections}
        missing = modes - set(self.prompts)
        if missing and self.transport != "mml":
            raise ValueError(f"the dialect {self.platform} has no prompt for {', '.join(sorted(missing))}")

    def rendering(self, command: str) -> tuple[Render, re.Match[str]] | None:
        """The rendering of a command and the match of its pattern; None when the device does not know it."""
        exact = self.shows.get(command)
        if exact is not None:
            whole = re.fullmatch(r"[\s\S]*", command)
            return (exact, whole) if whole else None
        for key, render in self.shows.items():
            match = re.fullmatch(key[1:-1], command) if key.startswith("/") and key.endswith("/") else None
            if match:
                return render, match
        return None


def load_dialect(platform: str) -> Dialect:
    """The dialect of a platform. Raises UsageError where the lab has none."""
    name = f"eventready.lab.dialects.{platform}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("eventready.lab.dialects."):
            raise
        raise UsageError(
            f"the lab cannot play the platform {platform!r}", do=f"Write lab/dialects/{platform}.py, or leave it out."
        ) from None
    dialect: Dialect = module.DIALECT
    return dialect
