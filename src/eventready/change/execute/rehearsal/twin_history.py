"""Copy of a recorded change in the store of a twin, for the rehearsal of its rollback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from eventready.change.execute.recorded.backups import Backups
from eventready.store.change_steps import Backup, Ended, Read, Release, Save, StoredConfiguration
from eventready.store.changes import ChangeRecord, Step, StepEntry
from eventready.store.evidence import PackedEvidence


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
