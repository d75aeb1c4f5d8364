"""The base stations: OsmoBSC with its core in one network namespace, and every station a process that is kept alive."""

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

from eventready.errors import UsageError
from eventready.lab.real import osmo_files as files
from eventready.lab.real.plan import BSS, STATIONS, Station
from eventready.lab.real.shell import inside, run, spawn
from eventready.lab.real.terminal import converse

#: OsmoBSC's listener for stations has a short backlog: at once, twenty take half a minute to get through.
_BETWEEN_STATIONS_S = 0.03
_STOP_S = 3.0
_ENABLED = re.compile(r"^  NM State: Oper 'Enabled'", re.MULTILINE)
_SIGNALS = re.compile(r"where RSL is up: +[1-9]")
_HAS_CHANNELS = re.compile(r"Number of TCH/F channels total: +[1-9]")
#: Channels that a crowd had are given back some seconds after it is gone.
_TAKEN = re.compile(r" \([1-9]\d*/\d+\)")
#: What leads to the controller's terminal.
TERMINAL = inside(BSS, "socat", "STDIO", "TCP:127.0.0.1:4242")


def sctp_missing() -> bool:
    """True when this kernel has no SCTP."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, getattr(socket, "IPPROTO_SCTP", 132)).close()
    except OSError:
        return True
    return False


class Stations:
    """The controller, its core, the stations, and a crowd when one is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        #: How each station runs: `virtual` (on air), `dummy` (managed only), or `off`.
        self.how = {one.name: "virtual" if one.whole else "dummy" for one in STATIONS}
        self.core = True
        self._shim = ""

    def start(self) -> None:
        """Make the namespace and start everything. `core` is False afterwards where no MSC can run."""
        run("ip", "netns", "add", BSS)
        for words in (
            "link set lo up", "link set lo multicast on", "route add 224.0.0.0/4 dev lo", "route add default dev lo"
        ):  # fmt: skip
            run("ip", "-n", BSS, *words.split())
        self._shim_or_nothing()
        for name, text in (("stp", files.STP), ("hlr", files.HLR), ("mgw", files.MGW), ("msc", files.MSC)):
            (self.folder / f"{name}.cfg").write_text(text, encoding="utf-8")
        (self.folder / "bsc.cfg").write_text(files.bsc(STATIONS), encoding="utf-8")
        self._begin("stp", "osmo-stp", "-c", "stp.cfg")
        self._begin("hlr", "osmo-hlr", "-c", "hlr.cfg", "-l", str(self.folder / "hlr.db"))
        self._begin("mgw", "osmo-mgw", "-c", "mgw.cfg")
        self._begin("bsc", "osmo-bsc", "-c", "bsc.cfg")
        if self.core:
            self.start_msc()
        self._await_terminal()
        self.say("write")  # the file in the controller's own form, which can be compared with what runs
        for one in STATIONS:
            self._start_station(one)
            time.sleep(_BETWEEN_STATIONS_S)

    def _shim_or_nothing(self) -> None:
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
        self._running[name] = spawn(inside(BSS, *command), self.folder / f"{name}.log", env=env)

    def start_msc(self) -> None:
        """Start the switching centre."""
        self._begin("msc", "osmo-msc", "-c", "msc.cfg", shim=self._shim)

    def stop_msc(self) -> None:
        """Stop the switching centre."""
        self.end("msc")

    def _start_station(self, station: Station) -> None:
        how = self.how[station.name]
        if how == "virtual":
            config = self.folder / f"{station.name}.cfg"
            config.write_text(files.virtual_bts(station), encoding="utf-8")
            self._begin(station.name, "osmo-bts-virtual", "-c", str(config))
        elif how == "dummy":
            self._begin(station.name, "osmo-bts-omldummy", "127.0.0.1", str(files.unit(station)), "1")

    def set(self, station: Station, how: str) -> None:
        """Let a station run in another way from now on."""
        self.how[station.name] = how
        self.end(station.name)
        self._start_station(station)

    def tend(self) -> None:
        """Start again what has ended by itself, as its service manager would: a station that lost its controller."""
        for one in STATIONS:
            process = self._running.get(one.name)
            if self.how[one.name] != "off" and process is not None and process.poll() is not None:
                self._start_station(one)

    def call_crowd(self, station: Station, per_second: float, seconds: float) -> None:
        """Let many phones ask a cell for a channel, for a bounded time."""
        self._begin(
            f"crowd {station.name}", sys.executable, "-m", "eventready.lab.real.crowd",
            str(station.channel), str(per_second), str(seconds),
        )  # fmt: skip

    def send_crowd_away(self, station: Station) -> None:
        """End the crowd at a cell."""
        self.end(f"crowd {station.name}")

    def end(self, name: str) -> None:
        """Stop one process and wait for its end."""
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

    def say(self, *lines: str) -> list[str]:
        """What the controller's terminal answers to each of these lines. Raises UsageError."""
        return converse(TERMINAL, ("enable", "terminal length 0", *lines))[2:]

    def configure(self, line: str, station: Station | None = None, *, save: bool = True) -> None:
        """Change one setting at the controller, of its network or of a station."""
        where = [f"bts {station.bts}"] if station else []
        self.say("configure terminal", "network", *where, line, "end", *(["write"] if save else []))

    def refused(self, station: Station) -> int:
        """How many requests for a channel the controller has refused at a station, for want of one."""
        found = re.search(r"(\d+) no channel", self.say(f"show bts {station.bts}")[0])
        return int(found[1]) if found else 0

    def _await_terminal(self) -> None:
        end = time.monotonic() + 10
        while not self._answers() and time.monotonic() < end:
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return bool(self.say("show version"))
        except UsageError:
            return False

    def links(self) -> dict[str, str]:
        """The state of every station's link, as the controller tells it: connected, degraded or disconnected."""
        said = self.say("show bts brief")[0]
        by_number = {
            int(found["number"]): found["link"]
            for found in re.finditer(r"BTS (?P<number>\d+):? .*?\b(?P<link>connected|degraded|disconnected)\b", said)
        }
        return {one.name: by_number.get(one.bts, "") for one in STATIONS}

    def signals(self, station: Station) -> bool:
        """True while the controller counts a station's signalling link as up. It counts a moment late."""
        return bool(_SIGNALS.search(self.say(f"show bts {station.bts}")[0]))

    def core_link(self) -> bool:
        """True when the link to the switching centre is up, as the controller tells it."""
        return bool(re.search(r"\bCONNECTED", self.say("show mscs")[0]))

    def waiting_for(self) -> list[str]:
        """What is not yet as it should be, in words."""
        wanted = {"virtual": "connected", "dummy": "degraded", "off": "disconnected"}
        links = self.links()
        waiting = [
            f"{one.name}: {links[one.name] or 'unknown'}"
            for one in STATIONS
            if links[one.name] != wanted[self.how[one.name]]
        ]
        on_air = [one for one in STATIONS if self.how[one.name] == "virtual"]
        for one, said in zip(on_air, self.say(*(f"show bts {one.bts}" for one in on_air)), strict=True):
            whole = all(sign.search(said) for sign in (_ENABLED, _SIGNALS, _HAS_CHANNELS))
            if not whole or _TAKEN.search(said):
                waiting.append(f"{one.name}: its channels")
        if "msc" in self._running and not self.core_link():
            waiting.append("MSC")
        return waiting
