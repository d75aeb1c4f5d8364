"""Carrying out a plan: in waves, each device guarded, verified and on record; at the first failure the rest is left.

Read `apply_plan` from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from eventready.change.approval import refuse_unapproved
from eventready.change.case import Ending, Hand, Outcome
from eventready.change.crew import Crew, Options, Watch, called_back
from eventready.change.freeze import refuse_in_freeze
from eventready.change.plan import PlanFile, PlannedDevice
from eventready.clock import Clock
from eventready.collector import calm
from eventready.errors import Exit, RefusedError, StoreError, most_severe
from eventready.store.names import new_id
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

__all__ = ["Done", "Options", "Watch", "apply_plan"]


@dataclass(frozen=True)
class Done:
    """What came of it: the change's name, every device's ending in the order of the waves, and the exit code.

    `trouble` is empty, or says what of it could not be put on record: the change stays open then.
    """

    change: str
    endings: tuple[Ending, ...]
    exit: Exit
    trouble: str = ""


def apply_plan(
    workspace: Workspace,
    file: PlanFile,
    *,
    store: Store,
    clock: Clock,
    options: Options,
    watch: Watch,
    hand_of: Callable[[PlannedDevice], Hand] | None = None,
) -> Done:
    """Carry out a plan.

    Raises RefusedError (closed window, approvals missing, a device in somebody's hands, a plan that no longer fits) and
    what else is wrong before the first device is asked; from then on everything is an ending. `hand_of` is for tests.
    """
    plan = file.plan
    if plan.empty:
        return Done("", (), Exit.OK)
    closed = refuse_in_freeze(workspace.event, clock.now(), options.emergency)
    # what a rollback does was approved with the plan that it takes back, and can be nothing else
    approved = () if plan.rolls_back else refuse_unapproved(file, workspace.event.changes)
    workspace.check_secrets(device.name for device in plan.devices)
    change = f"c-{new_id(clock.now())}"
    before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
    crew = Crew(
        workspace, plan, change, store=store, clock=clock, options=options, watch=watch, before=before, hand_of=hand_of
    )
    opening = {
        "by": options.by,
        "host": options.host,
        "plan": plan.id,
        "approved_by": list(approved),
        "rolls_back": plan.rolls_back,
        "emergency": options.emergency.plain() if options.emergency and closed else None,
        "clock": {"event": clock.now().isoformat(timespec="seconds"), "rehearsal": clock.rehearsal},
    }
    names = [device.name for device in plan.devices]
    with calm(), store.changes.carrying(change):
        if before is not None:
            _refuse_taken_back(store, before.entry.id)
        store.changes.begin(change, event=workspace.event.id, plan=file.document, devices=names, opening=opening)
        with suppress(Exception):
            watch.begun(change, len(names))
        with called_back(crew.orders):
            endings = _in_waves(crew, plan.waves, watch)
        return leave(store, change, endings, (name for wave in plan.waves for name in wave))


def _in_waves(crew: Crew, waves: tuple[tuple[str, ...], ...], watch: Watch) -> dict[str, Ending]:
    """One wave after the other, until a device does not end as new."""
    endings: dict[str, Ending] = {}
    for number, wave in enumerate(waves, 1):
        if crew.orders.no_more:
            rest = [name for later in waves[number - 1 :] for name in later]
            endings |= crew.leave_alone(rest, crew.orders.no_more)
            break
        with suppress(Exception):
            watch.wave(number, len(waves), wave)
        endings |= crew.run(wave)
    return endings


def leave(store: Store, change: str, endings: Mapping[str, Ending], order: Iterable[str]) -> Done:
    """Put on record how the change stands; it is at its end when every device's ending is proven and recorded."""
    in_order = tuple(endings[name] for name in order)
    code = exit_of(in_order)
    ended = all(ending.recorded and ending.outcome is not Outcome.UNPROVEN for ending in in_order)
    outcomes = {ending.device: ending.outcome.value for ending in in_order}
    trouble = "" if all(ending.recorded for ending in in_order) else "Not everything could be put on record."
    try:
        store.changes.leave(change, outcomes, {"exit": int(code)}, ended=ended)
    except StoreError as error:
        trouble = str(error)
    if trouble:
        code = most_severe({code, Exit.INTERNAL})
    return Done(change, in_order, code, trouble)


def exit_of(endings: Iterable[Ending]) -> Exit:
    """6 where a device's state is not proven, 5 where the change failed, 7 where a rule forbade it."""
    codes = set()
    held_back = False
    for ending in endings:
        if ending.outcome is Outcome.UNPROVEN:
            codes.add(Exit.REVERT_FAILED)
        elif ending.outcome is Outcome.OLD or (ending.outcome is Outcome.UNTOUCHED and not _excused(ending)):
            codes.add(Exit.CHANGE_REVERTED)
        elif ending.refused:
            codes.add(Exit.REFUSED)
        held_back = held_back or ending.held_back
    return most_severe(codes or ({Exit.CHANGE_REVERTED} if held_back else set()))


def _excused(ending: Ending) -> bool:
    return ending.refused or ending.held_back


def _refuse_taken_back(store: Store, change: str) -> None:
    """A change is taken back once."""
    for entry in store.changes.entries():
        if entry.opening.get("rolls_back") == change and "new" in entry.outcomes.values():
            raise RefusedError(f"The change {change} was taken back already, by {entry.id}", do="Make a new plan.")
