"""Copy of a recorded change in the store of a twin, for the rehearsal of its rollback."""

from __future__ import annotations

from collections.abc import Iterable

from eventready.change.execute.recorded.backups import Backups
from eventready.store.changes import ChangeRecord, Step, StepEntry
from eventready.store.evidence import PackedEvidence

#: Keys of the steps that a rollback reads: configurations with their hash, and the issues before the change.
_KEYS = ("sha256", "issues")


def copy_record(record: ChangeRecord, devices: Iterable[str], source: Backups, copy: Backups) -> None:
    """Record a finished change of these devices again: configurations and issues.

    The configurations are encrypted with the key of the copy. Raises BackupKeyError, StoreError.
    """
    change, entry, names = record.entry.id, record.entry, sorted(devices)
    changes = copy.store.changes
    changes.begin(change, event=entry.event, plan=record.plan, devices=names, header=entry.header)
    for name in names:
        changes.record(change, *(_copied(step, source, copy) for step in record.of(name) if _is_read(step)))
    outcomes = {name: outcome for name, outcome in entry.outcomes.items() if name in names}
    changes.finish(change, outcomes, {"exit": 0}, ended=True)


def _is_read(step: Step) -> bool:
    return "answers" in step.body or "issues" in step.body


def _copied(step: Step, source: Backups, copy: Backups) -> StepEntry:
    body = {key: step.body[key] for key in _KEYS if key in step.body}
    if "answers" not in step.body:
        return StepEntry(step.device, step.step, body)
    stored = source.store.texts(str(name) for _command, name in step.body["answers"])
    printed = {
        str(command): PackedEvidence.of(source.cipher.decrypt(stored[name]))
        for command, name in step.body["answers"]
        if name in stored
    }
    body["answers"] = [[command, text.name] for command, text in printed.items()]
    return StepEntry(step.device, step.step, *copy.cipher.encrypt_answers(body, tuple(printed.values())))
