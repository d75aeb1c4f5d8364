"""Carrying out a plan: in waves, each device guarded, verified and on record; at the first failure the rest is left.

Read `apply_plan` first, then `begun`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from eventready.change.approval import refuse_unapproved, refuse_unsendable
from eventready.change.case import Ending, Hand, Outcome
from eventready.change.crew import Crew, Options, Watch, called_back
from eventready.change.freeze import refuse_in_freeze
from eventready.change.plan import PlanFile, PlannedDevice
from eventready.change.rollback import taken_back
from eventready.clock import Clock
from eventready.collector import calm
from eventready.errors import Exit, RefusedError, StoreError, UsageError, most_severe
from eventready.session.hostkeys import known_hosts
from eventready.store.names import new_id
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

__all__ = ["Done", "Options", "UnderWay", "Watch", "apply_plan", "begun"]


@dataclass(frozen=True)
class Done:
    """What came of it: the change's name, every device's ending in the order of the waves, and the exit code.

    `trouble` is empty, or says what of it could not be put on record: the change stays open then.
    """

    change: str
    endings: tuple[Ending, ...]
    exit: Exit
    trouble: str = ""


class UnderWay:
    """A change that is on record and has its devices in hand. `done` is there when the block of `begun` has ended."""

    def __init__(self, crew: Crew, waves: tuple[tuple[str, ...], ...]) -> None:
        self.waves, self.done = waves, Done("", (), Exit.OK)
        self._crew = crew
        self._endings: dict[str, Ending] = {}
        self._begun: set[str] = set()

    @property
    def stopped(self) -> str:
        """Why no further device may begin; empty while all is well."""
        return self._crew.orders.no_more

    def carry_out(self, device: str) -> Ending:
        """One device, once, in the caller's thread. Raises RefusedError for one of no plan, or that had its turn."""
        if not any(device in wave for wave in self.waves):
            raise RefusedError(f"{device} is not in the plan", do="Carry out the devices of `waves`, in their order.")
        if device in self._begun:
            raise RefusedError(f"{device} has had its turn in this change", do="Make a new plan.")
        self._begun.add(device)
        self._endings[device] = ending = self._crew.carry_out(device)
        return ending

    def carry_out_wave(self, number: int) -> None:
        """The devices of a wave side by side; numbers count from 0."""
        self._begun |= set(self.waves[number])
        self._endings |= self._crew.run(self.waves[number])

    def endings(self) -> dict[str, Ending]:
        """Every device's; those that had no turn are left alone, on record."""
        order = [device for wave in self.waves for device in wave]
        rest = [device for device in order if device not in self._begun]
        lost = [device for device in order if device in self._begun and device not in self._endings]
        return {
            **self._endings,
            **(self._crew.leave_alone(rest, self.stopped or "Its turn did not come.") if rest else {}),
            **{device: Ending(device, Outcome.UNPROVEN, "It was cut off.", recorded=False) for device in lost},
        }


@contextmanager
def begun(
    workspace: Workspace,
    file: PlanFile,
    *,
    store: Store,
    clock: Clock,
    options: Options,
    watch: Watch,
    hand_of: Callable[[PlannedDevice], Hand] | None = None,
) -> Iterator[UnderWay]:
    """For the block, a change with all its devices in hand; at its end it is on record where each of them is.

    Raises RefusedError (closed window, approvals missing, a device in somebody's hands, a plan that no longer fits) and
    what else is wrong before the first device is asked; from then on everything is an ending. `hand_of` is for tests.
    """
    plan = file.plan
    if plan.empty:
        raise UsageError(f"the plan {plan.id} changes nothing", do="There is nothing to carry out.")
    closed = refuse_in_freeze(workspace.event, clock.now(), options.emergency)
    # what a rollback does was approved with the plan that it takes back, and can be nothing else
    approved = () if plan.rolls_back else refuse_unapproved(file, workspace.event.changes)
    if not plan.rolls_back:
        refuse_unsendable(plan, workspace)
    change = f"c-{new_id(clock.now())}"
    before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
    crew = Crew(
        workspace, plan, change, store=store, clock=clock, options=options, watch=watch, before=before, hand_of=hand_of
    )
    workspace.check_secrets(device.name for device in plan.devices)
    known_hosts(workspace.known_hosts)
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
    with calm(), store.changes.carrying(change), called_back(crew.orders):
        if before is not None:
            _refuse_taken_back(store, before.entry.id, names)
        store.changes.begin(change, event=workspace.event.id, plan=file.document, devices=names, opening=opening)
        with suppress(Exception):
            watch.begun(change, len(names))
        under_way = UnderWay(crew, plan.waves)
        order = tuple(name for wave in plan.waves for name in wave)
        try:
            yield under_way
        except Exception:  # the caller's; whoever ends the process leaves a change that can be resumed
            leave(store, change, under_way.endings(), order)
            raise
        under_way.done = leave(store, change, under_way.endings(), order)


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
    """Carry out a plan, wave after wave, until a device does not end as new. Raises as `begun` does."""
    if file.plan.empty:
        return Done("", (), Exit.OK)
    with begun(workspace, file, store=store, clock=clock, options=options, watch=watch, hand_of=hand_of) as change:
        for number, wave in enumerate(change.waves):
            if change.stopped:
                break
            with suppress(Exception):
                watch.wave(number + 1, len(change.waves), wave)
            change.carry_out_wave(number)
    return change.done


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


def _refuse_taken_back(store: Store, change: str, devices: Iterable[str]) -> None:
    """A change is taken back once on each device; two rollbacks may have been made of it at the same time."""
    gone = taken_back(store, change)
    for device in devices:
        if device in gone:
            raise RefusedError(
                f"The change {change} was taken back already on {device}, by {gone[device]}",
                do=f"What is left of it: `eventready rollback {change}`.",
            )
