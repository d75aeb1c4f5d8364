"""A host's files and processes. Processes are generators that yield the seconds they sleep."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from eventready.lab.timers import Timer, Timers

#: What a running process does: it yields how long it sleeps, and ends with its exit status.
Steps: TypeAlias = "Generator[float, None, int]"

#: What a restart does not bring back.
_VOLATILE = ("/tmp/", "/run/", "/var/run/", "/dev/shm/")  # noqa: S108  names on the simulated host
_BIGGEST = 1_000_000  # characters of all files together


@dataclass(frozen=True)
class Live:
    """A file that is something else: reading and writing it does what it stands for."""

    read: Callable[[], str | None]
    write: Callable[[str], None]


#: What a daemon takes in when it starts and when it gets a SIGHUP, from the host's files and what it knew before.
Reads: TypeAlias = "Callable[[System, Mapping[str, str]], Mapping[str, str]]"


@dataclass
class Process:
    """A process. `group` and `session` are those of POSIX; `hardened` ignores the end of its session."""

    pid: int
    group: int
    session: int
    command: str
    steps: Steps
    hardened: bool = False
    alive: bool = True
    status: int = 0
    timer: Timer | None = None
    ended: list[Callable[[], None]] = field(default_factory=list)
    hung_up: Callable[[], None] | None = None  # what it does on SIGHUP, where that does not end it


class Full(Exception):
    """No space is left on the host."""


class System:
    """The host of one device. `daemons` run from the beginning, by the name of their program."""

    def __init__(
        self,
        timers: Timers,
        files: Mapping[str, str],
        live: Mapping[str, Live],
        daemons: Mapping[str, Reads] | None = None,
    ) -> None:
        self._timers = timers
        self._files = dict(files)
        self._live = live
        self._next = 1000
        self.full = False
        self.processes: dict[int, Process] = {}
        self._daemons = daemons or {}
        self._memory: dict[str, Mapping[str, str]] = {}
        self._begin()

    # --- files ------------------------------------------------------------------------------------------------------

    def read(self, path: str) -> str | None:
        """What is in a file; None when there is none."""
        path = posixpath.normpath(path)
        return self._live[path].read() if path in self._live else self._files.get(path)

    def write(self, path: str, text: str) -> None:
        """Write a file whole. Raises Full."""
        path = posixpath.normpath(path)
        used = sum(len(known) for name, known in self._files.items() if name != path)
        if self.full or used + len(text) > _BIGGEST:
            raise Full
        if path in self._live:
            self._live[path].write(text)
        else:
            self._files[path] = text

    def remove(self, path: str) -> bool:
        """Remove a file; False when there is none."""
        return self._files.pop(posixpath.normpath(path), None) is not None

    def names(self) -> Iterator[str]:
        """All files."""
        yield from sorted({*self._files, *(path for path, live in self._live.items() if live.read() is not None)})

    def matching(self, pattern: str) -> list[str]:
        """The files that a shell's pattern matches, in order."""
        depth = pattern.count("/")
        return [name for name in self.names() if name.count("/") == depth and fnmatch.fnmatchcase(name, pattern)]

    # --- processes --------------------------------------------------------------------------------------------------

    def number(self) -> int:
        """A process number that was not used before."""
        self._next += 1
        return self._next

    def start(self, process: Process) -> Process:
        """Let a process run until it first sleeps, and on from there by itself."""
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
        if not getattr(process.steps, "gi_running", False):  # one that kills itself cannot be closed
            process.steps.close()
        for call in process.ended:
            call()

    def kill(self, number: int, *, signal: int = 15) -> bool:
        """Send a signal to a process, or to a group where the number is negative; False when there is none."""
        hit = [one for one in self.processes.values() if number in (one.pid, -one.group)]
        for process in hit:
            if signal == 1 and process.hung_up:
                process.hung_up()
            elif signal and not (signal == 1 and process.hardened):
                self._end(process, 128 + signal)
        return bool(hit)

    def hang_up(self, session: int) -> None:
        """End what belongs to a session that is over."""
        for process in [one for one in self.processes.values() if one.session == session and not one.hardened]:
            self._end(process, 129)

    def restart(self) -> None:
        """Begin anew: no process, and of the files those on disk."""
        for process in self.processes.values():
            process.alive = False
        self.processes.clear()
        self._memory.clear()
        self._files = {name: text for name, text in self._files.items() if not name.startswith(_VOLATILE)}
        self._begin()

    # --- daemons ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        for name in self._daemons:
            pid = self.number()
            process = Process(pid, pid, pid, name, _waits(), hardened=True, hung_up=partial(self.reread, name))
            process.ended.append(partial(self._forget, name))
            self.processes[pid] = process
            self.reread(name)

    def _forget(self, daemon: str) -> None:
        self._memory.pop(daemon, None)

    def reread(self, daemon: str) -> None:
        """Let a daemon take in its files anew."""
        self._memory[daemon] = self._daemons[daemon](self, self._memory.get(daemon, {}))

    def memory(self, daemon: str) -> Mapping[str, str] | None:
        """What a daemon works with; None when it does not run."""
        return self._memory.get(daemon)


def _waits() -> Steps:
    return 0
    yield 0.0
