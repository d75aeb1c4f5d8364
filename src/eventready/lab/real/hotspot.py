"""The WiFi of the province: the machine with the radios, at the venues that have WiFi, as a device of the workspace."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from eventready.errors import UsageError
from eventready.lab.copy import Answer
from eventready.lab.machine import Credentials
from eventready.lab.real import wifi
from eventready.lab.real.plan import AIR_HOST, air_of
from eventready.lab.real.wifi.air import AccessPoint
from eventready.lab.real.wifi.kernel import fetch
from eventready.workspace.event import Event

#: The machine knows no other user.
_USER = "netops"
#: Some twenty seconds on an idle machine; emulated as it is, it gets little of a busy one.
_READY_S = 300.0


def cache() -> Path:
    """Where Debian's kernel is kept between labs: EVENTREADY_CACHE, or the user's own folder for such things."""
    own = os.environ.get("EVENTREADY_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eventready"


def lacking(event: Event) -> str:
    """Why there is no WiFi in this province; empty when there is. Fetches the kernel when it is not here yet."""
    if not air_of(event):
        return "no venue of the event has WiFi"
    if reason := wifi.lacking():
        return reason
    try:
        fetch(cache())
    except UsageError as error:
        return error.what
    return ""


class Hotspot:
    """The running machine."""

    def __init__(self, folder: Path, air: tuple[AccessPoint, ...]) -> None:
        self.air = air
        self._order = wifi.Order(folder, cache(), AIR_HOST, air=air)
        self._record: wifi.Record | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""

    @property
    def record(self) -> wifi.Record:
        """What the machine is known by."""
        if self._record is None:
            raise UsageError("the WiFi machine has not been started")
        return self._record

    def start(self, password: str) -> None:
        """Boot it; it is not ready yet. Raises UsageError."""
        self._password = password
        self._record, self._process = wifi.start(self._order, password)

    def ready(self) -> None:
        """Wait until all stations have joined. Raises UsageError."""
        wifi.ready(self.record, _READY_S, lambda: self._process is not None and self._process.poll() is None)

    def answer(self) -> Answer:
        """Where it answers, and to whom."""
        return Answer(self.record.port, Credentials(_USER, self._password), self.record.host_key)

    def stations(self) -> dict[str, int]:
        """How many stations hold to each access point."""
        return wifi.stations(self.record, [ap.name for ap in self.air])

    def waiting_for(self) -> list[str]:
        """Access points whose stations are elsewhere, in words."""
        here = self.stations()
        return [f"{ap.name}: {here[ap.name]} stations" for ap in self.air if here[ap.name] != ap.stations]
