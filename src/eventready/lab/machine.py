"""A simulated device at run time: its state, its configuration, its counters, and what is wrong with its wire."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from eventready.clock import Clock
from eventready.lab.configuration import ConfigStore, Layout, Tree, parse_tree
from eventready.lab.dialect import Dialect, HostSystem, View
from eventready.lab.difference import Difference, difference
from eventready.lab.host.run import Program
from eventready.lab.host.system import System
from eventready.lab.state import DeviceState
from eventready.lab.timers import Timers
from eventready.lab.way_back import WayBack


@dataclass
class LineFault:
    """What happens at a line that is typed: it is refused, or the session drops or hangs.

    pattern: found in the line; empty: any line of configuration.
    number: at which of the lines that match, counted from 1; 0: at each of them.
    taken: the line takes effect all the same, and nobody is told.
    """

    kind: Literal["refuse", "drop", "hang"]
    pattern: str = ""
    number: int = 0
    taken: bool = False
    seen: int = 0

    def strikes(self, line: str, *, configuring: bool) -> bool:
        """True when it happens at this line, which is counted."""
        if not (re.search(self.pattern, line) if self.pattern else configuring):
            return False
        self.seen += 1
        return self.number in (0, self.seen)


@dataclass
class Wire:
    """How the device misbehaves on the wire. All off: a healthy session."""

    delay_s: float = 0.0  # before each answer
    hang: bool = False  # takes commands and never answers
    silent: bool = False  # takes the connection and never says a word
    drop_after: int = 0  # ends the session at this command, counted from 1
    garbage: bool = False  # answers are not text
    other_key: bool = False  # shows another host key than the recorded one
    truncated: bool = False  # answers end in the middle, and the prompt follows
    auth_refused: bool = False  # no password is good
    pager_stuck: bool = False  # paging cannot be switched off
    log_in_prompt: bool = False  # a log line appears within the prompt
    save_fails: bool = False  # the configuration cannot be saved
    lines: tuple[LineFault, ...] = ()  # what happens at lines that are typed

    def strikes(self, line: str, *, configuring: bool) -> LineFault | None:
        """What happens at a typed line; `configuring` is true for one that changes the configuration."""
        return next((one for one in self.lines if one.strikes(line, configuring=configuring)), None)


@dataclass(frozen=True)
class Credentials:
    """Who may log in. An empty `enable` asks nothing."""

    username: str
    password: str
    enable: str = ""


@dataclass
class Machine:
    """One device. `version` changes with everything that could change what it prints; `sessions` are open now.

    `hang_ups` ends each of them, by the number of its line; `voices` writes to it unasked. `host` are the credentials
    of the login that gets the host's own shell, where the dialect has one beside its command line.
    """

    state: DeviceState
    dialect: Dialect
    credentials: Credentials
    clock: Clock = field(default_factory=Clock)
    element: str = ""
    endpoint: str = ""
    monotonic: Callable[[], float] = time.monotonic
    wire: Wire = field(default_factory=Wire)
    sessions: int = 0
    version: int = 0
    host: Credentials | None = None
    hang_ups: dict[int, Callable[[], None]] = field(default_factory=dict)
    voices: dict[int, Callable[[str], None]] = field(default_factory=dict)
    timers: Timers = field(init=False)
    way_back: WayBack = field(init=False)
    restarts: int = field(default=0, init=False)
    _skipped: float = field(default=0.0, init=False)
    _down_until: float = field(default=0.0, init=False)
    _born: float = field(init=False)
    _grown: dict[str, tuple[float, float, float]] = field(default_factory=dict, init=False)
    _system: System | None = field(default=None, init=False)
    _config: ConfigStore | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.dialect.on:
            self.dialect = self.dialect.on(self.state)
        self._born = self.seconds()
        self.timers = Timers(self.seconds)
        self.way_back = WayBack(self.timers, self._go_back)

    # --- time ---------------------------------------------------------------------------------------------------

    def seconds(self) -> float:
        """The device's own clock."""
        return self.monotonic() + self._skipped

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass at once, with all that happens in them."""
        self._skipped += seconds
        self.timers.tick()

    @property
    def down(self) -> bool:
        """True while the device starts and lets nobody in."""
        return self.seconds() < self._down_until

    def restart(self, down_s: float = 0.0) -> None:
        """Lose power: sessions, timers and what was not saved are gone; nobody is let in for `down_s`."""
        self.settle()
        self.timers.clear()
        if self._system is not None:
            self._system.restart()
        self.way_back.confirm()
        for hang_up in list(self.hang_ups.values()):
            hang_up()
        self.restarts += 1
        self._born = self.seconds()
        self._down_until = self.seconds() + down_s
        if self.dialect.config:
            self.config.restart()
        self.version += 1

    # --- the host beneath -----------------------------------------------------------------------------------------

    @property
    def host_system(self) -> HostSystem:
        """The host beneath the device, as its dialect has it."""
        if self.dialect.host is None:
            raise TypeError(f"{self.dialect.platform} has no host to log in to")
        return self.dialect.host

    @property
    def system(self) -> System:
        """The host's files and processes, made when they are first asked for."""
        if self._system is None:
            view = self.view()
            self._system = System(
                self.timers, self.host_system.files(view), self.host_system.live(view), self.host_system.daemons
            )
        return self._system

    def memory(self, daemon: str) -> Mapping[str, str] | None:
        """What a daemon of the host works with; None where it does not run, or nobody has been on the host yet."""
        return self._system.memory(daemon) if self._system else None

    def view(self, command: str = "") -> View:
        """What a rendering of a command sees."""
        match = re.match(r"[\s\S]*", command)
        if match is None:
            raise ValueError(command)
        return View(self, match)

    @property
    def programs(self) -> Mapping[str, Program]:
        """What the host can run beside what every host can."""
        return self.host_system.programs(self.view())

    # --- configuration ------------------------------------------------------------------------------------------

    @property
    def layout(self) -> Layout:
        """How this platform prints its configuration."""
        return self.dialect.config.layout if self.dialect.config else Layout()

    @property
    def config(self) -> ConfigStore:
        """Made from the healthy state when it is first asked for: a fleet that nobody configures costs nothing."""
        if self._config is None:
            mode = self.dialect.config
            if mode is None:
                raise TypeError(f"{self.dialect.platform} has no configuration mode")
            tree = parse_tree(mode.initial(self.state))
            self._config = ConfigStore(tree, mode.grammar, candidate=mode.candidate, changed=self._reconfigured)
        return self._config

    @property
    def configured(self) -> Tree | None:
        """What runs, where anybody has asked for the configuration yet; before that it is what the state says."""
        return self._config.running if self._config else None

    def _go_back(self, tree: Tree) -> None:
        self.config.replace(tree)

    def _reconfigured(self, config: ConfigStore) -> None:
        self.settle()
        mode = self.dialect.config
        if mode and mode.applied:
            mode.applied(self.state, config.running)
        self.state.saved = config.saved
        self.version += 1

    def adopt(self) -> tuple[Difference, Difference]:
        """Let the configuration say what a fault has made of the state; what that did to the running and the startup
        configuration."""
        mode = self.dialect.config
        if mode is None:
            return Difference(), Difference()
        config = self.config
        before = copy.deepcopy(config.running), copy.deepcopy(config.startup)
        unsaved = config.saved and not self.state.saved
        if mode.adopted:
            running = mode.adopted(self.state, copy.deepcopy(config.running))
            startup = difference(running, config.running).undo(config.startup)
            if running != config.running:
                config.rewrite(running, startup)
        if unsaved:
            config.outdate()
            self.state.saved = False
        return difference(before[0], config.running), difference(before[1], config.startup)

    def recover(self, state: DeviceState) -> None:
        """Be healthy again: another state, a clean wire; what is configured stays so (`obey`)."""
        self.settle()
        self.state, self.wire = state, Wire()
        mode = self.dialect.config
        if self._config is not None and mode and not mode.adopted:
            self._reconfigured(self._config)
        self.version += 1

    def undo(self, running: Difference, startup: Difference) -> None:
        """Take back what a fault did to the configuration."""
        if running or startup:
            self.config.rewrite(running.undo(self.config.running), startup.undo(self.config.startup))

    def obey(self) -> None:
        """Be in the state that the configuration says, where the two speak of the same."""
        mode = self.dialect.config
        if self._config is None or mode is None:
            return
        if mode.adopted:
            self._reconfigured(self._config)
        self.state.saved = self._config.saved

    def now(self) -> datetime:
        """The event's time."""
        return self.clock.now() + timedelta(seconds=self._skipped)

    def elapsed(self) -> float:
        """Seconds since the lab, or a restart, started this device."""
        return self.seconds() - self._born

    def grown(self, key: str, per_second: float) -> float:
        """How much the counter `key` has grown, now that it grows by `per_second`."""
        now = self.seconds()
        value, since, _ = self._grown.get(key, (0.0, self._born, 0.0))
        value += max(0.0, per_second) * (now - since)
        self._grown[key] = (value, now, per_second)
        return value

    def settle(self) -> None:
        """Bring all counters up to now at their old rates; called before anything changes."""
        now = self.seconds()
        for key, (value, since, rate) in self._grown.items():
            self._grown[key] = (value + max(0.0, rate) * (now - since), now, rate)
