"""The WiFi host of the real lab: the virtual machine with the radios, as a device of the workspace."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.workspace.settings.event import Event
from eventready_lab.control.workspace_copy import DeviceAccess
from eventready_lab.device.credentials import Credentials
from eventready_lab.real.province import wifi
from eventready_lab.real.province.layout import AIR_HOST, air_of
from eventready_lab.real.province.wifi.kernel import fetch
from eventready_lab.real.province.wifi.radio import AccessPoint

#: The only user of the machine.
_USER = "netops"
#: About 20 s on an idle machine; emulation is slow on a busy one.
_READY_S = 300.0


def cache() -> Path:
    """The folder of downloaded kernels: EVENTREADY_CACHE, or the user's cache folder."""
    own = os.environ.get("EVENTREADY_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eventready"


def unmet_requirement(event: Event) -> str | Message:
    """The reason for a lab without WiFi; empty for a lab with WiFi. Downloads the kernel at first use."""
    if not air_of(event):
        return message("lab:wifi.no_venue")
    if reason := wifi.unmet_requirement():
        return reason
    try:
        fetch(cache())
    except UsageError as error:
        return error.message if error.message else error.what
    return ""


class WifiHost:
    """The running virtual machine."""

    def __init__(self, folder: Path, air: tuple[AccessPoint, ...]) -> None:
        self.air = air
        self._options = wifi.MachineOptions(folder, cache(), AIR_HOST, air=air)
        self._record: wifi.MachineRecord | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""

    @property
    def record(self) -> wifi.MachineRecord:
        """The record of the machine."""
        if self._record is None:
            raise UsageError(message("lab:wifi.not_started"))
        return self._record

    def start(self, password: str) -> None:
        """Boot the machine, without waiting. Raises UsageError."""
        self._password = password
        self._record, self._process = wifi.start(self._options, password)

    def ready(self) -> None:
        """Wait until all stations are associated. Raises UsageError."""
        wifi.ready(self.record, _READY_S, lambda: self._process is not None and self._process.poll() is None)

    def access(self) -> DeviceAccess:
        """Port and credentials."""
        return DeviceAccess(self.record.port, Credentials(_USER, self._password), self.record.host_key)

    def stations(self) -> dict[str, int]:
        """Associated stations per access point."""
        return wifi.stations(self.record, [ap.name for ap in self.air])

    def waiting_for(self) -> list[Message]:
        """Access points with stations elsewhere, for messages."""
        counts = self.stations()
        return [
            message("lab:waiting.stations", name=ap.name, n=counts[ap.name])
            for ap in self.air
            if counts[ap.name] != ap.stations
        ]
