"""Files, processes and daemons of a host. A process is a generator of the seconds of its sleeps."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Cancel the call."""


class Scheduler(Protocol):
    """The timers of the device."""

    def after(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Schedule a call."""


#: The steps of a process: yields the seconds of each sleep, returns the exit status.
Steps: TypeAlias = "Generator[float, None, int]"

#: Folders that are empty after a restart.
_VOLATILE = ("/tmp/", "/run/", "/var/run/", "/dev/shm/")  # noqa: S108  names on the simulated host
_DISK_SIZE = 1_000_000  # characters of all files together


@dataclass(frozen=True)
class LiveFile:
    """A file with functions for reading and writing, such as the startup configuration."""

    read: Callable[[], str | None]
    write: Callable[[str], None]


#: The settings that a daemon reads when it starts and on SIGHUP, from the host's files and its previous settings.
ReadSettings: TypeAlias = "Callable[[HostSystem, Mapping[str, str]], Mapping[str, str]]"


@dataclass
class Process:
    """A process, with its POSIX process group and session.

    nohup: the process survives the end of its session.
    on_hangup: the action on SIGHUP instead of its end.
    """

    pid: int
    group: int
    session: int
    command: str
    steps: Steps
    nohup: bool = False
    alive: bool = True
    status: int = 0
    timer: Timer | None = None
    ended: list[Callable[[], None]] = field(default_factory=list)
    on_hangup: Callable[[], None] | None = None


class DiskFull(Exception):
    """No space left on the host's disk."""


class HostSystem:
    """The host of a device. `daemons` run from the start, by the name of their program."""

    def __init__(
        self,
        timers: Scheduler,
        files: Mapping[str, str],
        live: Mapping[str, LiveFile],
        daemons: Mapping[str, ReadSettings] | None = None,
    ) -> None:
        self._timers = timers
        self._files = dict(files)
        self._live = live
        self._next = 1000
        self.full = False
        self.processes: dict[int, Process] = {}
        self._daemons = daemons or {}
        self._settings: dict[str, Mapping[str, str]] = {}
        self._start_daemons()

    # --- files ------------------------------------------------------------------------------------------------------

    def read(self, path: str) -> str | None:
        """The content of a file; None for an absent file."""
        path = posixpath.normpath(path)
        return self._live[path].read() if path in self._live else self._files.get(path)

    def write(self, path: str, text: str) -> None:
        """Write a file. Raises DiskFull."""
        path = posixpath.normpath(path)
        used = sum(len(known) for name, known in self._files.items() if name != path)
        if self.full or used + len(text) > _DISK_SIZE:
            raise DiskFull
        if path in self._live:
            self._live[path].write(text)
        else:
            self._files[path] = text

    def remove(self, path: str) -> bool:
        """Remove a file; False for an absent file."""
        return self._files.pop(posixpath.normpath(path), None) is not None

    def names(self) -> Iterator[str]:
        """The paths of all files."""
        yield from sorted({*self._files, *(path for path, live in self._live.items() if live.read() is not None)})

    def matching(self, pattern: str) -> list[str]:
        """Return the files of a shell pattern, in order."""
        depth = pattern.count("/")
        return [name for name in self.names() if name.count("/") == depth and fnmatch.fnmatchcase(name, pattern)]

    # --- processes --------------------------------------------------------------------------------------------------

    def number(self) -> int:
        """A new pid."""
        self._next += 1
        return self._next

    def start(self, process: Process) -> Process:
        """Run a process until its first sleep; timers continue the process."""
        self.processes[process.pid] = process
        self._step(process)
        return process

    def _step(self, process: Process) -> None:
        if not process.alive:
            return
        try:
            seconds = next(process.steps)
        except StopIteration as end:
            if process.alive:
                self._end(process, end.value or 0)
            return
        if process.alive:
            process.timer = self._timers.after(max(0.0, seconds), lambda: self._step(process))

    def _end(self, process: Process, status: int) -> None:
        process.alive, process.status = False, status
        if process.timer:
            process.timer.cancel()
        self.processes.pop(process.pid, None)
        if not getattr(process.steps, "gi_running", False):  # a process that kills itself cannot be closed
            process.steps.close()
        for call in process.ended:
            call()

    def kill(self, number: int, *, signal: int = 15) -> bool:
        """Signal a process, or the process group of a negative number; False otherwise."""
        signalled = [process for process in self.processes.values() if number in (process.pid, -process.group)]
        for process in signalled:
            if signal == 1 and process.on_hangup:
                process.on_hangup()
            elif signal and not (signal == 1 and process.nohup):
                self._end(process, 128 + signal)
        return bool(signalled)

    def hang_up(self, session: int) -> None:
        """End the processes of a closed session."""
        for process in [
            process for process in self.processes.values() if process.session == session and not process.nohup
        ]:
            self._end(process, 129)

    def restart(self) -> None:
        """Restart: processes and volatile files are lost."""
        for process in self.processes.values():
            process.alive = False
        self.processes.clear()
        self._settings.clear()
        self._files = {name: text for name, text in self._files.items() if not name.startswith(_VOLATILE)}
        self._start_daemons()

    # --- daemons ----------------------------------------------------------------------------------------------------

    def _start_daemons(self) -> None:
        for name in self._daemons:
            pid = self.number()
            process = Process(pid, pid, pid, name, _idle(), nohup=True, on_hangup=partial(self.reread, name))
            process.ended.append(partial(self._forget, name))
            self.processes[pid] = process
            self.reread(name)

    def _forget(self, daemon: str) -> None:
        self._settings.pop(daemon, None)

    def reread(self, daemon: str) -> None:
        """Have a daemon read its settings again."""
        self._settings[daemon] = self._daemons[daemon](self, self._settings.get(daemon, {}))

    def daemon_settings(self, daemon: str) -> Mapping[str, str] | None:
        """The settings of a running daemon; None for a stopped daemon."""
        return self._settings.get(daemon)


def _idle() -> Steps:
    return 0
    yield 0.0
