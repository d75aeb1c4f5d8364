"""Capture: save the answers to the commands of an audit, as `audit --from` reads them.

DIR/<device>/<command>.txt has a headline with the command, the redacted answer, and END_OF_ANSWER. DIR/<device>/2/ has
the second reading of counters, DIR/capture.json the devices with the seconds between their two readings. A command
without a complete answer has no file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from nornir.core import Nornir
from nornir.core.task import Result, Task

from eventready.audit.audit import network_setting, pause
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.reader import open_reader
from eventready.audit.runner import AdaptiveThreadedRunner, ReadProgress
from eventready.audit.saved_outputs import INDEX_FILE, INDEX_SCHEMA, file_name
from eventready.audit.tasks import read_replies
from eventready.core.clock import Clock
from eventready.core.errors import UsageError, raise_defect
from eventready.core.files import write_atomic
from eventready.core.messages import Message, as_data, message
from eventready.evaluation.matrix import Matrix, build_matrix
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Status
from eventready.facts.observe import commands_for, observe, reduced_replies
from eventready.facts.platform import Platform
from eventready.facts.saved import output_text
from eventready.session.hostkeys import known_hosts
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.workspace.workspace import Workspace

_WHAT_DEVICE_PRINTED = frozenset({ReplyStatus.ANSWERED, ReplyStatus.REFUSED, ReplyStatus.DENIED})


@dataclass(frozen=True)
class CaptureOptions:
    """Options of a capture. `interval_s`: seconds between the two readings of counters; 0 reads once.

    `time_limit_s`: seconds after which the remaining devices are not contacted. `replace`: overwrite an
    earlier capture. `cluster`: scheduler whose workers read the devices.
    """

    workers: int = 32
    interval_s: float = 10.0
    time_limit_s: float = 7200.0
    replace: bool = False
    cluster: SchedulerAddress | None = None


@dataclass
class DeviceCapture:
    """Files of a device; `missing`: reason by command without a complete answer.

    `unparsed`: file by fact whose answer the platform refuses to interpret. `interval_s`: 0 for a single reading.
    """

    device: str
    platform: str
    files: int = 0
    missing: dict[str, str | Message] = field(default_factory=dict)
    unparsed: dict[str, str] = field(default_factory=dict)
    interval_s: float = 0.0


def capture(
    workspace: Workspace,
    equipment: Equipment,
    folder: Path,
    *,
    clock: Clock,
    options: CaptureOptions,
    progress: ReadProgress,
) -> tuple[DeviceCapture, ...]:
    """Read the devices and save the answers in `folder`. Raises EventreadyError before the first connection."""
    ends_at = time.monotonic() + options.time_limit_s
    network = network_setting(workspace)  # of an audit of all devices, which may follow
    matrix = build_matrix(equipment.devices, equipment.platforms, wide=True, network=network)
    writer = _Writer(folder, equipment.asking, matrix)
    if options.cluster is None:
        workspace.check_secrets(writer.captures)
    known_hosts(workspace.known_hosts)
    _require_place(folder, replace=options.replace)
    write_index = partial(_write_index, folder, workspace.event.id, clock)

    nornir = workspace.nornir(options.workers, not_after=ends_at)
    chosen = nornir.filter(filter_func=lambda host: host.name in writer.captures)
    chosen = chosen.with_runner(AdaptiveThreadedRunner(options.workers))
    with ExitStack() as stack:
        if options.cluster is not None:
            reader = stack.enter_context(open_reader(workspace, equipment, options.cluster, ends_at))
            writer.ask = lambda task, facts: reader.replies(task.host.name, facts)
        writer.clear()
        write_index(())  # a capture that is interrupted can be replaced
        _read(chosen, writer, progress, options.interval_s, ends_at)
    captures = tuple(writer.captures.values())
    write_index(captures)
    return captures


def _write_index(folder: Path, event: str, clock: Clock, captures: Sequence[DeviceCapture]) -> None:
    index = {
        "schema": INDEX_SCHEMA,
        "event": event,
        "captured": clock.real().isoformat(timespec="seconds"),
        "rehearsal": clock.rehearsal,
        "devices": as_data(captures),
    }
    write_atomic(folder / INDEX_FILE, json.dumps(index, ensure_ascii=False, indent=1).encode(), private=True)


def _require_place(folder: Path, *, replace: bool) -> None:
    """Raise UsageError for a path without a folder, or a folder with files, unless they are to be replaced."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(message("audit:capture.not_folder"), where=str(folder))
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not replace:
        raise UsageError(message("audit:capture.not_empty"), where=str(folder))
    if not (folder / INDEX_FILE).is_file():
        raise UsageError(message("audit:capture.no_index", file=INDEX_FILE), where=str(folder))


def _read(nornir: Nornir, writer: _Writer, progress: ReadProgress, interval_s: float, ends_at: float) -> None:
    """Read all devices, and the counters of answering devices a second time."""
    _stage(progress, "reading", len(writer.captures))
    _run(nornir, writer, 1, progress)
    counters = [name for name, one in writer.captures.items() if one.files and writer.commands(name, 2)]
    if not counters or interval_s <= 0:
        return
    pause(min(writer.latest + interval_s, ends_at) - time.monotonic(), progress)
    _stage(progress, "counters", len(counters))
    _run(nornir.filter(filter_func=lambda host: host.name in counters), writer, 2, progress)


def _run(nornir: Nornir, writer: _Writer, reading: int, progress: ReadProgress) -> None:
    def save(task: Task) -> Result:
        trouble = writer.save(task, reading)
        with suppress(Exception):
            progress.done(task.host.name, trouble)
        return Result(host=task.host)

    for name, results in sorted(nornir.run(task=save).items()):
        if isinstance(results.exception, UsageError):
            raise results.exception
        raise_defect(results.exception, f"the capture of {name} failed")


def _stage(progress: ReadProgress, name: str, total: int) -> None:
    with suppress(Exception):
        progress.stage(name, total)


class _Writer:
    """Folder of a capture; the thread of a device writes to a folder of its own."""

    def __init__(self, folder: Path, platforms: Mapping[str, Platform], matrix: Matrix) -> None:
        self._folder, self._platforms, self._matrix = folder, platforms, matrix
        self._read_at: dict[str, float] = {}
        self.captures = {name: DeviceCapture(name, platform.name) for name, platform in platforms.items()}
        self.ask: Callable[[Task, Sequence[str]], Sequence[Reply]] = self._ask

    @property
    def latest(self) -> float:
        """Monotonic time of the latest first reading."""
        return max(self._read_at.values())

    def clear(self) -> None:
        """Remove the files of these devices from an earlier capture. Raises UsageError for a link to another place."""
        for name in self.captures:
            if link := next((home for home in (self._home(name, 1), self._home(name, 2)) if home.is_symlink()), None):
                raise UsageError(message("audit:capture.link"), where=str(link))
            for path in (*self._home(name, 2).glob("*.txt"), *self._home(name, 1).glob("*.txt")):
                path.unlink()

    def facts(self, name: str, reading: int) -> tuple[str, ...]:
        """Facts of a wide audit for a device: in the second reading the counters."""
        facts = self._matrix.requested(name)
        return tuple(facts if reading == 1 else filter(_is_counter, facts))

    def commands(self, name: str, reading: int) -> tuple[str, ...]:
        """Commands of these facts."""
        return commands_for(self._platforms[name], self.facts(name, reading))

    def _ask(self, task: Task, facts: Sequence[str]) -> Sequence[Reply]:
        return read_replies(task, commands_for(self._platforms[task.host.name], facts))

    def save(self, task: Task, reading: int) -> str | Message:
        """Read a device and save its answers. Returns the first reason for a missing answer, or nothing."""
        name = task.host.name
        commands, now = self.commands(name, reading), time.monotonic()
        one = self.captures[name]
        try:
            replies = self.ask(task, self.facts(name, reading)) if commands else ()
        except SessionError as error:
            reason = error.whole
            if reading == 1:
                one.missing = dict.fromkeys(commands, reason)
            return reason
        printed = [reply for reply in replies if reply.status in _WHAT_DEVICE_PRINTED]
        saved = reduced_replies(name, self._platforms[name], self._matrix.requested(name), printed)
        for reply in saved:
            write_atomic(self._home(name, reading) / file_name(reply.command), _content(reply), private=True)
        one.files += len(saved)
        missing = {reply.command: _reason(reply) for reply in replies if reply.status not in _WHAT_DEVICE_PRINTED}
        if reading == 1:
            self._read_at[name] = now
            one.missing = missing
            one.unparsed = self._unparsed(name, replies)
        else:
            one.interval_s = round(now - self._read_at[name], 3)
        return next(iter(missing.values()), "")

    def _unparsed(self, name: str, replies: Sequence[Reply]) -> dict[str, str]:
        facts = self._matrix.requested(name)
        observed = observe(name, self._platforms[name], facts, lambda _commands: replies)
        judged = self._matrix.facts_for(name)
        strange = (o for o in observed if o.status is Status.UNPARSED and (o.raw.strip() or o.fact in judged))
        return {one.fact: str(Path(name) / file_name(one.command)) for one in strange}

    def _home(self, name: str, reading: int) -> Path:
        return self._folder / name if reading == 1 else self._folder / name / str(reading)


def _reason(reply: Reply) -> str | Message:
    return reply.message if reply.message else reply.reason


def _is_counter(fact: str) -> bool:
    return CATALOGUE[fact].counter


def _content(reply: Reply) -> bytes:
    return output_text(replace(reply, prompt="", complete=True)).encode("utf-8", "backslashreplace")
