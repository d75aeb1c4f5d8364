"""Admission of a change: every reason against a change before the first device is contacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eventready.change.document.plan_file import PlanFile
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.mode import ChangeMode
from eventready.change.execute.rollback import rolled_back_devices
from eventready.change.plan.restated import refuse_restated
from eventready.change.safety.approval import refuse_unapproved, refuse_unsendable, refuse_unsigned, sign_change
from eventready.change.safety.freeze import refuse_in_freeze, refuse_shifted_clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message
from eventready.store.change_header import ChangeHeader, Emergency
from eventready.store.store import Store


@dataclass(frozen=True)
class Admission:
    """Admitted plan: its mode, its approvers, and the emergency if a window is closed."""

    context: ExecutionContext
    file: PlanFile
    mode: ChangeMode
    approved_by: tuple[str, ...]
    emergency: Emergency | None

    def header(self, change: str) -> ChangeHeader:
        """Return the header of the change. Raises RefusedError without the key of an applier."""
        plan, options, clock = self.file.plan, self.context.options, self.context.clock
        settings, now = self.context.workspace.event.changes, clock.real()
        signed = self.mode is not ChangeMode.TAKE_BACK
        return ChangeHeader(
            by=options.by,
            host=options.host,
            plan=plan.id,
            mode=self.mode.value,
            approved_by=self.approved_by,
            rolls_back=plan.rolls_back or "",
            event_time=clock.now().isoformat(timespec="seconds"),
            rehearsal=clock.rehearsal,
            emergency=self.emergency,
            applied=sign_change(plan, change, settings, by=options.by, key=options.key, now=now) if signed else None,
        )

    def confirm(self, used: Mapping[str, str]) -> None:
        """Raise RefusedError for approvals used up since they were counted."""
        plan = self.file.plan
        if not self.mode.goes_back and _approvers(self.context, self.file, used) != self.approved_by:
            others = ", ".join(sorted(set(used.values())))
            raise RefusedError(message("change:approval.used", plan=plan.id, change=others))


def admit(context: ExecutionContext, file: PlanFile, mode: ChangeMode) -> Admission:
    """Admit a plan. Raises RefusedError and UsageError.

    Refused are a closed window, missing approvals, a forbidden line, and the plan of a drill in another mode.
    A way back was approved together with the plan that it rolls back; a closed window does not stop a take-back.
    """
    workspace, plan = context.workspace, file.plan
    if plan.drill is not None and mode is not ChangeMode.DRILL:
        raise RefusedError(message("change:apply.of_drill", plan=plan.id, drill=plan.drill.name))
    if plan.drill is None and mode is ChangeMode.DRILL:
        raise RefusedError(message("change:apply.no_drill", plan=plan.id))
    if plan.empty:
        raise UsageError(message("change:apply.nothing", plan=plan.id))
    emergency, event, clock = context.options.emergency, workspace.event, context.clock
    refuse_shifted_clock(event, clock)
    closed = mode is not ChangeMode.TAKE_BACK and refuse_in_freeze(event, clock.now(), emergency)
    approved: tuple[str, ...] = ()
    if not mode.goes_back:
        refuse_unsigned(file, event.changes)
        approved = _approvers(context, file, context.store.changes.used_approvals(plan.id))
        refuse_unsendable(plan, context.equipment, workspace.writable)
        refuse_restated(plan, context.equipment, workspace.writable)
    return Admission(context, file, mode, approved, emergency if closed else None)


def _approvers(context: ExecutionContext, file: PlanFile, used: Mapping[str, str]) -> tuple[str, ...]:
    return refuse_unapproved(file, context.workspace.event.changes, context.clock.real(), used)


def refuse_rolled_back(store: Store, change: str, devices: Iterable[str]) -> None:
    """Raise RefusedError for a second rollback of a change on a device; two may have been planned concurrently."""
    gone = rolled_back_devices(store, change)
    for device in devices:
        if device in gone:
            raise RefusedError(message("change:rollback.device_done", change=change, device=device, by=gone[device]))
