"""A simulated device: state, configuration, counters, timers, host and session faults."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eventready.core.clock import Clock
from eventready_lab.device.configuration.difference import Difference, difference
from eventready_lab.device.configuration.store import ConfigStore
from eventready_lab.device.configuration.tree import Layout, Tree, parse_tree
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.dialect import Dialect, HostProfile
from eventready_lab.device.latency import Latency
from eventready_lab.device.output_filters import apply_filter, split_pipe
from eventready_lab.device.revert_timer import RevertTimer
from eventready_lab.device.session_faults import SessionFaults
from eventready_lab.device.state import DeviceState
from eventready_lab.device.timers import Timers
from eventready_lab.device.view import View
from eventready_lab.host.interpreter import Program
from eventready_lab.host.system import HostSystem


@dataclass
class SimulatedDevice:
    """Simulated device.

    version: incremented by every change that can alter the device's output.
    sessions: open sessions. `session_closers` ends each of them by its line number, `session_writers` writes to it
        outside an answer.
    shell_credentials: the login to the host's shell, where the dialect has one beside its command line.
    """

    state: DeviceState
    dialect: Dialect
    credentials: Credentials
    clock: Clock = field(default_factory=Clock)
    element: str = ""
    endpoint: str = ""
    monotonic: Callable[[], float] = time.monotonic
    session_faults: SessionFaults = field(default_factory=SessionFaults)
    sessions: int = 0
    version: int = 0
    shell_credentials: Credentials | None = None
    latency: Latency = field(default_factory=Latency)
    session_closers: dict[int, Callable[[], None]] = field(default_factory=dict)
    session_writers: dict[int, Callable[[str], None]] = field(default_factory=dict)
    timers: Timers = field(init=False)
    revert_timer: RevertTimer = field(init=False)
    restarts: int = field(default=0, init=False)
    _skipped: float = field(default=0.0, init=False)
    _down_until: float = field(default=0.0, init=False)
    _started: float = field(init=False)
    _growth: dict[str, tuple[float, float, float]] = field(default_factory=dict, init=False)
    _host: HostSystem | None = field(default=None, init=False)
    _config: ConfigStore | None = field(default=None, init=False)
    _connected: Tree = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.dialect.variant:
            self.dialect = self.dialect.variant(self.state)
        self._started = self.seconds()
        self.timers = Timers(self.seconds)
        self.revert_timer = RevertTimer(self.timers, self._restore)

    def view(self, command: str = "", *, session: int = -1) -> View:
        """The view for a command."""
        match = re.match(r"[\s\S]*", command)
        if match is None:
            raise ValueError(command)
        return View(self, match, session=session)

    def show(self, command: str) -> str | None:
        """The answer to a show command, filters applied; None for an unknown command."""
        found = self.dialect.find_show(command)
        piped = split_pipe(command) if found is None and self.dialect.output_filters else None
        if piped:
            found = self.dialect.find_show(piped[0])
        if found is None:
            return None
        render, match = found
        answer = render(View(self, match))
        text = answer if isinstance(answer, str) else answer.body
        return apply_filter(text, piped[1], piped[2]) if piped else text

    def echo_delay_s(self) -> float:
        """Seconds before the echo of the next line."""
        return self.session_faults.echo_s or self.latency.echo.seconds()

    def answer_delay_s(self) -> float:
        """Seconds before the answer to the next command."""
        return self.session_faults.delay_s or self.latency.command.seconds()

    # --- time ---------------------------------------------------------------------------------------------------

    def seconds(self) -> float:
        """The device's monotonic clock."""
        return self.monotonic() + self._skipped

    def now(self) -> datetime:
        """The event's time."""
        return self.clock.now() + timedelta(seconds=self._skipped)

    def advance_clock(self, seconds: float) -> None:
        """Advance the device's clock, and fire its timers."""
        self._skipped += seconds
        self.timers.tick()

    def elapsed(self) -> float:
        """Seconds since the lab, or a restart, started the device."""
        return self.seconds() - self._started

    @property
    def down(self) -> bool:
        """True while the device restarts and refuses logins."""
        return self.seconds() < self._down_until

    def restart(self, down_s: float = 0.0) -> None:
        """Restart: sessions, timers and unsaved configuration are lost; logins are refused for `down_s` seconds."""
        self.settle_counters()
        self.timers.clear()
        if self._host is not None:
            self._host.restart()
        self.revert_timer.confirm()
        for close in list(self.session_closers.values()):
            close()
        self.restarts += 1
        self._started = self.seconds()
        self._down_until = self.seconds() + down_s
        if self.dialect.config:
            self.config.restart()
            self._all_connect(self.config)
        self.version += 1

    # --- counters -----------------------------------------------------------------------------------------------

    def counter_growth(self, key: str, per_second: float) -> float:
        """Growth of the counter `key`, which grows by `per_second` from now on."""
        now = self.seconds()
        value, since, _ = self._growth.get(key, (0.0, self._started, 0.0))
        value += max(0.0, per_second) * (now - since)
        self._growth[key] = (value, now, per_second)
        return value

    def settle_counters(self) -> None:
        """Bring all counters up to date at their old rates, before a change of the state."""
        now = self.seconds()
        for key, (value, since, rate) in self._growth.items():
            self._growth[key] = (value + max(0.0, rate) * (now - since), now, rate)

    # --- host ---------------------------------------------------------------------------------------------------

    @property
    def host_profile(self) -> HostProfile:
        """The dialect's host. Raises TypeError for other platforms."""
        if self.dialect.host is None:
            raise TypeError(f"{self.dialect.platform} has no host with a shell")
        return self.dialect.host

    @property
    def host(self) -> HostSystem:
        """The host's files and processes, made at first use."""
        if self._host is None:
            view, profile = self.view(), self.host_profile
            self._host = HostSystem(self.timers, profile.files(view), profile.live_files(view), profile.daemons)
        return self._host

    def daemon_settings(self, daemon: str) -> Mapping[str, str] | None:
        """Return the settings of a running daemon of the host; None for a stopped daemon, or before the first login."""
        return self._host.daemon_settings(daemon) if self._host else None

    @property
    def programs(self) -> Mapping[str, Program]:
        """The host's own programs."""
        return self.host_profile.programs(self.view())

    # --- configuration ------------------------------------------------------------------------------------------

    @property
    def layout(self) -> Layout:
        """The printed form of the configuration."""
        return self.dialect.config.layout if self.dialect.config else Layout()

    @property
    def config(self) -> ConfigStore:
        """The configuration, made from the healthy state at first use."""
        if self._config is None:
            mode = self.dialect.config
            if mode is None:
                raise TypeError(f"{self.dialect.platform} has no configuration mode")
            tree = parse_tree(mode.initial(self.state))
            self._config = ConfigStore(
                tree, mode.grammar, candidate=mode.candidate, changed=self._config_changed, stored=mode.stored
            )
            self._all_connect(self._config)
        return self._config

    def load(self, text: str) -> None:
        """Replace running and startup configuration from printed text. Raises TypeError if there is none."""
        mode = self.dialect.config
        if mode is None:
            raise TypeError(f"{self.dialect.platform} has no configuration mode")
        tree = mode.read(text)
        self.config.rewrite(tree, tree)
        self._all_connect(self.config)

    @property
    def configured(self) -> Tree | None:
        """Return the running configuration; None before its first use, while still derived from the state."""
        return self._config.running if self._config else None

    @property
    def connected(self) -> Tree:
        """Return the configuration of the last restart; the dialect keeps parts read at other events."""
        return self._connected

    def _all_connect(self, config: ConfigStore) -> None:
        if self.dialect.config and self.dialect.config.connected:
            self._connected = copy.deepcopy(config.running)

    def _restore(self, tree: Tree) -> None:
        self.config.replace(tree)

    def _config_changed(self, config: ConfigStore) -> None:
        self.settle_counters()
        mode = self.dialect.config
        if mode and mode.apply_to_state:
            mode.apply_to_state(self.state, config.running)
        self.state.saved = config.saved
        self.version += 1

    def adopt_state(self) -> tuple[Difference, Difference]:
        """Update the configuration after a fault of the state; the changes of running and startup configuration."""
        mode = self.dialect.config
        if mode is None:
            return Difference(), Difference()
        config = self.config
        before = copy.deepcopy(config.running), copy.deepcopy(config.startup)
        unsaved = config.saved and not self.state.saved
        if mode.adopt_state:
            running = mode.adopt_state(self.state, copy.deepcopy(config.running))
            startup = difference(running, config.running).undo(config.startup)
            if running != config.running:
                config.rewrite(running, startup)
        if unsaved:
            config.mark_unsaved()
            self.state.saved = False
        return difference(before[0], config.running), difference(before[1], config.startup)

    def undo_configuration(self, running: Difference, startup: Difference) -> None:
        """Undo the changes of a fault to running and startup configuration."""
        if running or startup:
            self.config.rewrite(running.undo(self.config.running), startup.undo(self.config.startup))

    def reset_state(self, state: DeviceState) -> None:
        """Replace the state and end all session faults; the configuration stays."""
        self.settle_counters()
        self.state, self.session_faults = state, SessionFaults()
        mode = self.dialect.config
        if self._config is not None and mode and not mode.adopt_state:
            self._config_changed(self._config)
        self.version += 1

    def apply_configuration(self) -> None:
        """Bring the state in line with the configuration."""
        mode = self.dialect.config
        if self._config is None or mode is None:
            return
        if mode.adopt_state:
            self._config_changed(self._config)
        self.state.saved = self._config.saved
