"""Plan of an interrupted change: recorded, or, where unreadable, from the journal and the backups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from eventready.change.document import Plan, PlannedDevice, plan_head, seal
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.executor import ChangeExecutor
from eventready.change.execute.journalled import UNREAD, interrupted_part
from eventready.change.execute.result import AssignmentResult, recorded_result
from eventready.change.execute.rollback import begun_devices, readable_plan, rollback_plan
from eventready.core.errors import EventreadyError
from eventready.core.messages import Message, message
from eventready.store.backup_cipher import BackupKeyError
from eventready.store.change_steps import Arm, DeviceOutcome, Done
from eventready.store.changes import ChangeRecord, StepEntry, last_of


@dataclass(frozen=True)
class InterruptedPlan:
    """Plan of an interrupted change, and all its devices in order.

    `journal`: the record of the change, if the plan was made from it; then the plan has the devices whose guard was
    armed, and each leads back. `lost`: devices that cannot be resumed, with the reason.
    """

    plan: Plan
    order: tuple[str, ...]
    journal: ChangeRecord | None = None
    lost: Mapping[str, Message] = field(default_factory=dict)

    @classmethod
    def of(cls, context: ExecutionContext, record: ChangeRecord) -> Self:
        """Return the plan of a change. Raises BackupKeyError without the key of the backups, and StoreError."""
        if plan := readable_plan(record):
            return cls(plan, plan.order)
        locked = (lock.device for lock in context.store.changes.locks() if lock.change == record.entry.id)
        order = tuple(dict.fromkeys((*begun_devices(record), *record.entry.outcomes, *locked)))
        unfinished = [name for name in order if recorded_result(record, name) is None]
        if record.entry.header.rolls_back:
            return cls._back(context, record, order, unfinished)
        armed = [name for name in unfinished if last_of(record.of(name), Arm) is not None]
        parts: dict[str, PlannedDevice] = {}
        lost: dict[str, Message] = {}
        for name in armed:
            try:
                parts[name] = interrupted_part(context, record, name)
            except BackupKeyError:
                raise
            except EventreadyError as error:
                lost[name] = message("change:why.error", error=error.whole)
        return cls(_plan(context, record, parts.values()), order, record, lost)

    @classmethod
    def _back(
        cls, context: ExecutionContext, record: ChangeRecord, order: tuple[str, ...], unfinished: Iterable[str]
    ) -> Self:
        """Return the plan of a way back, made again from the change to be rolled back."""
        before = context.store.changes.get(record.entry.header.rolls_back)
        lost: dict[str, Message] = {}
        for name in unfinished:
            try:
                rollback_plan(context, before, [name])
            except BackupKeyError:
                raise
            except EventreadyError as error:
                lost[name] = message("change:why.error", error=error.whole)
        return cls(rollback_plan(context, before, [n for n in unfinished if n not in lost]), order, None, lost)

    def end_others(self, executor: ChangeExecutor, left: Collection[str]) -> dict[str, AssignmentResult]:
        """Return the results of the unfinished devices outside of the plan: untouched and unlocked, or unproven."""
        untouched = [name for name in self.order if name in left and name not in {*self.plan.order, *self.lost}]
        results = executor.skip(untouched, message("change:why.unread_plan")) if untouched else {}
        unproven = {name: why for name, why in self.lost.items() if name in left}
        ends = [StepEntry(Done(name, DeviceOutcome.UNPROVEN, why)) for name, why in unproven.items()]
        executor.store.changes.record(executor.change, *ends)
        for name, why in unproven.items():
            results[name] = AssignmentResult(name, DeviceOutcome.UNPROVEN, why)
        return results


def _plan(context: ExecutionContext, record: ChangeRecord, parts: Iterable[PlannedDevice]) -> Plan:
    """Return a plan of devices, each in a wave of its own."""
    devices, options = tuple(parts), context.options
    return seal(
        {
            **plan_head(record.entry.event, context.clock, by=options.by, host=options.host),
            "intents": (UNREAD,),
            "approvals_needed": 0,
            "waves": tuple((one.name,) for one in devices),
            "devices": [one.model_dump(mode="json") for one in devices],
            "unchanged": [],
            "left_out": [],
        }
    )
