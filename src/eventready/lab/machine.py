"""A simulated device at run time: its state, its configuration, its counters, and what is wrong with its wire."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from eventready.clock import Clock
from eventready.lab.configuration import ConfigStore, Layout, parse_tree
from eventready.lab.dialect import Dialect
from eventready.lab.state import DeviceState


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


@dataclass(frozen=True)
class Credentials:
    """Who may log in. An empty `enable` asks nothing."""

    username: str
    password: str
    enable: str = ""


@dataclass
class Machine:
    """One device. `version` changes with everything that could change what it prints; `sessions` are open now."""

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
    _born: float = field(init=False)
    _grown: dict[str, tuple[float, float, float]] = field(default_factory=dict, init=False)
    _config: ConfigStore | None = field(default=None, init=False)
    _outdated: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._born = self.monotonic()

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

    def _reconfigured(self, config: ConfigStore) -> None:
        self.settle()
        mode = self.dialect.config
        if mode and mode.applied:
            mode.applied(self.state, config.running)
        self.state.saved = config.saved
        self.version += 1

    def recover(self, state: DeviceState) -> None:
        """Be healthy again: another state, a clean wire; what is configured and not saved stays so."""
        self.settle()
        self.state, self.wire = state, Wire()
        if self._config is not None:
            if self._outdated:
                self._config.save()
            self._reconfigured(self._config)
        self._outdated = False
        self.version += 1

    def forget_saving(self) -> None:
        """Be as after a change that nobody saved."""
        if self.dialect.config:
            self.config.outdate()
            self._outdated = True
        self.state.saved = False

    def now(self) -> datetime:
        """The event's time."""
        return self.clock.now()

    def elapsed(self) -> float:
        """Seconds since the lab started this device."""
        return self.monotonic() - self._born

    def grown(self, key: str, per_second: float) -> float:
        """How much the counter `key` has grown, now that it grows by `per_second`."""
        now = self.monotonic()
        value, since, _ = self._grown.get(key, (0.0, self._born, 0.0))
        value += max(0.0, per_second) * (now - since)
        self._grown[key] = (value, now, per_second)
        return value

    def settle(self) -> None:
        """Bring all counters up to now at their old rates; called before anything changes."""
        now = self.monotonic()
        for key, (value, since, rate) in self._grown.items():
            self._grown[key] = (value + max(0.0, rate) * (now - since), now, rate)
