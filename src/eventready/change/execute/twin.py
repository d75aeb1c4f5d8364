"""Simulated twin of the devices of a plan, reached by entry point, with a copy of recorded changes."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from eventready.change.execute.recorded import Backups
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.store.change_steps import Backup, Ended, Read, Release, Save, StoredConfiguration
from eventready.store.changes import ChangeRecord, Step, StepEntry
from eventready.store.evidence import PackedEvidence
from eventready.workspace.workspace import Workspace

#: Entry points of functions that simulate the devices of a workspace; see `TwinFactory`.
GROUP = "eventready.twins"


@dataclass(frozen=True)
class TwinFault:
    """Fault of a device of the twin, with its arguments."""

    device: str
    fault: str
    arguments: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> TwinFault:
        """Parse `DEVICE FAULT [NAME=VALUE ...]`. Raises UsageError."""
        try:
            words = shlex.split(text)
        except ValueError:
            words = []
        pairs = [word.partition("=") for word in words[2:]]
        if len(words) < 2 or not all(name and equals for name, equals, _value in pairs):
            raise UsageError(message("change:rehearsal.fault", text=text))
        return cls(words[0], words[1], {name: value for name, _equals, value in pairs})


class Twin(Protocol):
    """Simulated devices; their addresses and logins are in the workspace copy."""

    @property
    def not_loaded(self) -> Mapping[str, Message]:
        """Devices without their configuration, each with the reason."""

    def inject(self, device: str, fault: str, arguments: Mapping[str, str]) -> None:
        """Inject a fault. Raises UsageError."""


class TwinFactory(Protocol):
    """An entry point of `GROUP`."""

    def __call__(
        self, workspace: Workspace, configurations: Mapping[str, str], folder: Path, clock: Clock
    ) -> AbstractContextManager[Twin]:
        """Simulate the devices for the block, with these configurations, and write a workspace copy to `folder`."""


def twin_factory() -> TwinFactory:
    """Return the installed simulation. Raises UsageError if there is none."""
    for point in entry_points(group=GROUP):
        try:
            factory: TwinFactory = point.load()
        except ImportError:
            continue
        return factory
    raise UsageError(message("change:rehearsal.no_lab"))


def copy_record(record: ChangeRecord, devices: Iterable[str], source: Backups, copy: Backups) -> None:
    """Record a finished change of these devices again: configurations and issues.

    The configurations are encrypted with the key of the copy. Raises BackupKeyError, StoreError.
    """
    change, entry, names = record.entry.id, record.entry, sorted(devices)
    changes = copy.store.changes
    changes.begin(change, event=entry.event, plan=record.plan, devices=names, header=entry.header)
    for name in names:
        changes.record(change, *_copied(record.of(name), source, copy))
    outcomes = {name: outcome for name, outcome in entry.outcomes.items() if name in names}
    changes.finish(change, Ended("", 0, True, outcomes))


def _copied(steps: Iterable[Step], source: Backups, copy: Backups) -> Iterator[StepEntry]:
    """Steps read by a rollback: configurations with their hash, and the issues before the change."""
    for step in steps:
        match step.body:
            case Read() as read:
                yield StepEntry(read)
            case (Backup(kept=kept) | Save(kept=kept) | Release(kept=kept)) as body if kept is not None:
                again, texts = _encrypted(kept, source, copy)
                yield StepEntry(replace(body, kept=again), texts)


def _encrypted(
    kept: StoredConfiguration, source: Backups, copy: Backups
) -> tuple[StoredConfiguration, tuple[PackedEvidence, ...]]:
    stored = source.store.texts(name for _command, name in kept.answers)
    printed = {
        command: PackedEvidence.of(source.cipher.decrypt(stored[name]))
        for command, name in kept.answers
        if name in stored
    }
    answers = tuple((command, text.name) for command, text in printed.items())
    return copy.cipher.encrypt_answers(replace(kept, answers=answers), tuple(printed.values()))
