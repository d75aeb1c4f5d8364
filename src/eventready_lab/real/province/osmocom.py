"""The base-station network: OsmoBSC and its core in a network namespace, with a process per base station."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready_lab.real.machinery.commands import in_namespace, run, spawn
from eventready_lab.real.machinery.vty import send_commands
from eventready_lab.real.province import osmocom_files as files
from eventready_lab.real.province.layout import BSS, STATIONS, BaseStation

#: OsmoBSC's OML listener has a short backlog: started at once, twenty base stations need half a minute to connect.
_STATION_INTERVAL_S = 0.03
_STOP_S = 3.0
_ENABLED = re.compile(r"^  NM State: Oper 'Enabled'", re.MULTILINE)
_RSL_UP = re.compile(r"where RSL is up: +[1-9]")
_HAS_CHANNELS = re.compile(r"Number of TCH/F channels total: +[1-9]")
#: Channels of a crowd are released some seconds after its end.
_IN_USE = re.compile(r" \([1-9]\d*/\d+\)")
#: The command that connects to the controller's VTY.
VTY_COMMAND = in_namespace(BSS, "socat", "STDIO", "TCP:127.0.0.1:4242")


def sctp_missing() -> bool:
    """True when this kernel has no SCTP."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, getattr(socket, "IPPROTO_SCTP", 132)).close()
    except OSError:
        return True
    return False


class OsmocomNetwork:
    """The controller, its core, the base stations, and crowds of phones.

    modes: per base station `virtual` (on air), `dummy` (managed only) or `off`.
    core: an MSC runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.modes = {station.name: "virtual" if station.on_air else "dummy" for station in STATIONS}
        self.core = True
        self._shim = ""

    def start(self) -> None:
        """Make the namespace and start all programs. Sets `core` to False where no MSC can run."""
        run("ip", "netns", "add", BSS)
        for words in (
            "link set lo up", "link set lo multicast on", "route add 224.0.0.0/4 dev lo", "route add default dev lo"
        ):  # fmt: skip
            run("ip", "-n", BSS, *words.split())
        self._build_shim()
        for name, text in (("stp", files.STP), ("hlr", files.HLR), ("mgw", files.MGW), ("msc", files.MSC)):
            (self.folder / f"{name}.cfg").write_text(text, encoding="utf-8")
        (self.folder / "bsc.cfg").write_text(files.bsc(STATIONS), encoding="utf-8")
        self._begin("stp", "osmo-stp", "-c", "stp.cfg")
        self._begin("hlr", "osmo-hlr", "-c", "hlr.cfg", "-l", str(self.folder / "hlr.db"))
        self._begin("mgw", "osmo-mgw", "-c", "mgw.cfg")
        self._begin("bsc", "osmo-bsc", "-c", "bsc.cfg")
        if self.core:
            self.start_msc()
        self._await_vty()
        self.send("write")  # rewrites the file in the form of the running configuration, so that both can be compared
        for station in STATIONS:
            self._start_station(station)
            time.sleep(_STATION_INTERVAL_S)

    def _build_shim(self) -> None:
        if not sctp_missing():
            return
        compiler = shutil.which("cc")
        self.core = compiler is not None
        if compiler:
            source, shim = self.folder / "nosctp.c", self.folder / "nosctp.so"
            source.write_text(files.NO_SCTP, encoding="utf-8")
            run(compiler, "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl")
            self._shim = str(shim)

    def _begin(self, name: str, *command: str, shim: str = "") -> None:
        env = {**os.environ, "LD_PRELOAD": shim} if shim else None
        self._running[name] = spawn(in_namespace(BSS, *command), self.folder / f"{name}.log", env=env)

    def start_msc(self) -> None:
        """Start the switching centre."""
        self._begin("msc", "osmo-msc", "-c", "msc.cfg", shim=self._shim)

    def stop_msc(self) -> None:
        """Stop the switching centre."""
        self.end("msc")

    def _start_station(self, station: BaseStation) -> None:
        mode = self.modes[station.name]
        if mode == "virtual":
            config = self.folder / f"{station.name}.cfg"
            config.write_text(files.virtual_bts(station), encoding="utf-8")
            self._begin(station.name, "osmo-bts-virtual", "-c", str(config))
        elif mode == "dummy":
            self._begin(station.name, "osmo-bts-omldummy", "127.0.0.1", str(files.unit(station)), "1")

    def set_mode(self, station: BaseStation, mode: str) -> None:
        """Restart a base station in another mode."""
        self.modes[station.name] = mode
        self.end(station.name)
        self._start_station(station)

    def restart_ended(self) -> None:
        """Restart base stations ended after the loss of their controller, like a service manager."""
        for station in STATIONS:
            process = self._running.get(station.name)
            if self.modes[station.name] != "off" and process is not None and process.poll() is not None:
                self._start_station(station)

    def start_crowd(self, station: BaseStation, per_second: float, seconds: float) -> None:
        """Send channel requests of many phones to a cell, for a bounded time."""
        self._begin(
            f"crowd {station.name}", sys.executable, "-m", "eventready_lab.real.province.crowd",
            str(station.channel), str(per_second), str(seconds),
        )  # fmt: skip

    def stop_crowd(self, station: BaseStation) -> None:
        """Stop the channel requests to a cell."""
        self.end(f"crowd {station.name}")

    def end(self, name: str) -> None:
        """Stop a process and wait for its end."""
        process = self._running.pop(name, None)
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            process.send_signal(number)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                continue
            return

    def restart_controller(self, *, speed: int = 1) -> None:
        """Restart the controller, with a clock running `speed` times faster (libfaketime)."""
        self.end("bsc")
        faster = ("faketime", "-f", f"+0 x{speed}") if speed > 1 else ()
        self._begin("bsc", *faster, "osmo-bsc", "-c", "bsc.cfg")
        self._await_vty()

    def make_calls(self, station: BaseStation) -> bool:
        """Activate the traffic channels of a base station once connected; return True while channels are in use."""
        if self.links()[station.name] != "connected":
            return False
        if not _IN_USE.search(self.send(f"show bts {station.bts}")[0]):
            self.send(*(f"bts {station.bts} trx 0 timeslot {slot} sub-slot 0 activate fr" for slot in (2, 3, 4)))
        return True

    def has_hourly_statistics(self, station: BaseStation) -> bool:
        """True once the controller prints the call statistics of the last hour."""
        return "in last hour" in self.send(f"show bts {station.bts}")[0]

    def send(self, *lines: str) -> list[str]:
        """The answers of the controller's VTY to the lines. Raises UsageError."""
        return send_commands(VTY_COMMAND, ("enable", "terminal length 0", *lines))[2:]

    def configure(self, line: str, station: BaseStation | None = None, *, save: bool = True) -> None:
        """Change a setting of the controller's network or of a base station."""
        section = [f"bts {station.bts}"] if station else []
        self.send("configure terminal", "network", *section, line, "end", *(["write"] if save else []))

    def requests(self, station: BaseStation) -> tuple[int, int]:
        """Return the channel requests at a base station: in all, and refused for lack of a channel."""
        found = re.search(r"(\d+) total, (\d+) no channel", self.send(f"show bts {station.bts}")[0])
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def _await_vty(self) -> None:
        end = time.monotonic() + 10
        while not self._vty_answers() and time.monotonic() < end:
            time.sleep(0.1)

    def _vty_answers(self) -> bool:
        try:
            return bool(self.send("show version"))
        except UsageError:
            return False

    def links(self) -> dict[str, str]:
        """The state of every base station's link at the controller: connected, degraded or disconnected."""
        output = self.send("show bts brief")[0]
        by_number = {
            int(found["number"]): found["link"]
            for found in re.finditer(r"BTS (?P<number>\d+):? .*?\b(?P<link>connected|degraded|disconnected)\b", output)
        }
        return {station.name: by_number.get(station.bts, "") for station in STATIONS}

    def signalling_up(self, station: BaseStation) -> bool:
        """True while the controller counts a base station's signalling link (RSL) as up; the count lags a moment."""
        return bool(_RSL_UP.search(self.send(f"show bts {station.bts}")[0]))

    def core_link(self) -> bool:
        """True when the controller's link to the switching centre is up."""
        return bool(re.search(r"\bCONNECTED", self.send("show mscs")[0]))

    def waiting_for(self) -> list[str | Message]:
        """Return the base stations and links not yet up, for messages."""
        wanted = {"virtual": "connected", "dummy": "degraded", "off": "disconnected"}
        links = self.links()
        waiting: list[str | Message] = [
            message("lab:waiting.link", name=station.name, state=links[station.name] or "unknown")
            for station in STATIONS
            if links[station.name] != wanted[self.modes[station.name]]
        ]
        on_air = [station for station in STATIONS if self.modes[station.name] == "virtual"]
        answers = self.send(*(f"show bts {station.bts}" for station in on_air))
        for station, answer in zip(on_air, answers, strict=True):
            complete = all(pattern.search(answer) for pattern in (_ENABLED, _RSL_UP, _HAS_CHANNELS))
            if not complete or _IN_USE.search(answer):
                waiting.append(message("lab:waiting.channels", name=station.name))
        if "msc" in self._running and not self.core_link():
            waiting.append("MSC")
        return waiting
