"""The view of a device from which a dialect renders answers and executes commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from eventready_lab.device.configuration.store import ConfigStore
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.revert_timer import RevertTimer
from eventready_lab.device.session_faults import SessionFaults
from eventready_lab.device.state import DeviceState, Port
from eventready_lab.device.timers import Timers
from eventready_lab.device.zone import abbreviation, offset

#: Address of the operators' station, as simulated devices see it.
STATION = "198.51.100.250"


class ViewedDevice(Protocol):
    """Parts of a simulated device for a view."""

    state: DeviceState
    credentials: Credentials
    session_faults: SessionFaults
    session_writers: dict[int, Callable[[str], None]]
    restarts: int

    @property
    def config(self) -> ConfigStore:
        """Running, startup and candidate configuration."""

    @property
    def configured(self) -> Tree | None:
        """The running configuration; None before its first use."""

    @property
    def connected(self) -> Tree:
        """Configuration of the last restart, with parts read at other events."""

    @property
    def layout(self) -> Layout:
        """The printed form of the configuration."""

    @property
    def timers(self) -> Timers:
        """Timers of the device."""

    @property
    def revert_timer(self) -> RevertTimer:
        """The device's revert timer."""

    def now(self) -> datetime:
        """The device's clock."""

    def elapsed(self) -> float:
        """Seconds since the lab, or a restart, started the device."""

    def counter_growth(self, key: str, per_second: float) -> float:
        """Growth of a counter since the start of the device."""

    def show(self, command: str) -> str | None:
        """The answer to a show command; None for an unknown command."""

    def daemon_settings(self, daemon: str) -> Mapping[str, str] | None:
        """Return the settings of a running daemon of the host; None for a stopped daemon."""


class View:
    """Device in a rendering's view, with the matched command.

    match: the match of the command's pattern; group 0 is the whole command.
    params: the parameters of an MML command.
    session: the number of the line of the session, -1 without a session.
    """

    def __init__(
        self, device: ViewedDevice, match: re.Match[str], params: Mapping[str, str] | None = None, *, session: int = -1
    ) -> None:
        self._device = device
        self.session = session
        self.state: DeviceState = device.state
        self.match = match
        self.params = params or {}

    @property
    def config(self) -> ConfigStore:
        """Running, startup and candidate configuration."""
        return self._device.config

    @property
    def configured(self) -> Tree | None:
        """Return the running configuration; None before its first use, while still derived from the state."""
        return self._device.configured

    @property
    def connected(self) -> Tree:
        """See SimulatedDevice."""
        return self._device.connected

    @property
    def user(self) -> str:
        """The user of the session."""
        return self._device.credentials.username

    @property
    def revert_timer(self) -> RevertTimer:
        """The device's revert timer."""
        return self._device.revert_timer

    @property
    def timers(self) -> Timers:
        """Timers of the device."""
        return self._device.timers

    @property
    def save_fails(self) -> bool:
        """True while the configuration cannot be saved."""
        return self._device.session_faults.save_fails

    def save(self) -> bool:
        """Copy the running to the startup configuration; return False for a failed write."""
        if self.save_fails:
            return False
        self.config.save()
        return True

    @property
    def running_text(self) -> str:
        """Return the running configuration in the platform's print form."""
        return self._device.layout.text(self.config.running)

    @property
    def startup_text(self) -> str:
        """Return the startup configuration in the platform's print form."""
        return self._device.layout.text(self.config.startup)

    @property
    def now(self) -> datetime:
        """The device's clock: the event's time, aware, in the event's zone."""
        return self._device.now()

    @property
    def zone(self) -> str:
        """Abbreviation of the device's zone."""
        return abbreviation(self.now)

    @property
    def offset(self) -> str:
        """Offset of the device's zone, such as +07:00."""
        return offset(self.now)

    @property
    def uptime_s(self) -> int:
        """Seconds since the device started."""
        before = 0 if self._device.restarts else self.state.uptime_s
        return before + int(self._device.elapsed())

    def show(self, command: str) -> str | None:
        """The answer to a show command; None for an unknown command."""
        return self._device.show(command)

    def daemon_settings(self, daemon: str) -> Mapping[str, str] | None:
        """Return the settings of a running daemon of the host; None for a stopped daemon."""
        return self._device.daemon_settings(daemon)

    def session_writer(self) -> Callable[[str], None] | None:
        """Return the function for writing to this session outside an answer; None once the session is closed."""
        return self._device.session_writers.get(self.session)

    def counter(self, key: str, base: float, per_second: float) -> int:
        """A monotonic counter: `base` at the start of the lab, growing by `per_second`."""
        return int(base + self._device.counter_growth(key, per_second))

    def octets(self, port: Port) -> tuple[int, int]:
        """Octets received and sent on a port; constant while the port is down."""
        moving = port.admin_up and port.link_up
        start = sum(map(ord, port.name)) * 1_000_003
        received = self.counter(f"{port.name} in", start * 7, port.in_bps / 8 * moving)
        return received, self.counter(f"{port.name} out", start * 11, port.out_bps / 8 * moving)

    def packets(self, port: Port) -> tuple[int, int]:
        """Packets received and sent on a port, of 800 octets each."""
        received, sent = self.octets(port)
        return received // 800, sent // 800

    def flaps(self, port: Port) -> int:
        """Changes of the carrier of a flapping port."""
        seconds = port.impairment.flap_s if port.impairment else 0.0
        return self.counter(f"{port.name} flaps", 0, 1 / seconds if seconds else 0.0)

    def errors(self, port: Port) -> tuple[int, int]:
        """Input errors and, among them, CRC errors of a port."""
        rate = port.error_rate * (port.admin_up and port.link_up)
        return (
            self.counter(f"{port.name} errors", port.in_errors, rate),
            self.counter(f"{port.name} crc", port.crc_errors, rate),
        )
