"""Progress of a change at a moment, from its record alone: wave, devices at work, soak, guard, expected end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventready.change.document import Plan, recorded_plan
from eventready.change.execute.status import advice
from eventready.change.times import ARMING, CHOSEN
from eventready.core.errors import EventreadyError, UnreadableStore, UsageError
from eventready.core.messages import Message, known, message
from eventready.core.timezone import local_time
from eventready.store.change_steps import Arm, AskWord, Confirm, DeviceOutcome, Done, Verify
from eventready.store.changes import ChangeRecord, Changes, LockHolder, Step, last_of

#: Steps of a way back.
BACK = frozenset({"revert", "rollback"})


@dataclass(frozen=True)
class DeviceProgress:
    """Progress of a device between its first step and its end.

    `step`: the last with an activity. `soak_left_s`: least seconds until the end of the soak, None outside of a soak.
    `guard_left_s`: seconds until the guard on the device reverts, 0 after that, None without an armed guard.
    """

    device: str
    step: str = ""
    soak_left_s: int | None = None
    guard_left_s: int | None = None

    def describe(self, *, active: bool) -> Message:
        """Return the progress as a sentence; `active`: a process works on the change."""
        own = {"": "change:progress.begun", "word": "change:progress.word"}
        activity = message(own.get(self.step, f"change:activity.{self.step}"))
        parts = [activity if active else message("change:progress.interrupted", activity=activity)]
        if self.soak_left_s and active:
            parts.append(message("change:progress.soak", seconds=self.soak_left_s))
        if self.guard_left_s is not None:
            left = message("change:progress.guard", seconds=self.guard_left_s)
            parts.append(left if self.guard_left_s else message("change:progress.guard_over"))
        return message("change:progress.device", device=self.device, parts=parts)


@dataclass(frozen=True)
class RecordedProgress:
    """Progress of a change.

    `active`: a process works on the change. `wave`: the last begun of `waves`, from 1; 0 with an unreadable plan.
    `to_go`: devices without an end; `devices`: those of them at work. `awaiting`: those that wait for the word of `by`.
    `ends`: expected end (real time), None where it is unknown; `overdue`: the time of the plan has passed. `action`:
    next action, without a process. `readable`: False for a damaged record, of which only the locks are known.
    """

    change: str
    by: str
    since: str
    active: bool = False
    wave: int = 0
    waves: int = 0
    to_go: tuple[str, ...] = ()
    devices: tuple[DeviceProgress, ...] = ()
    awaiting: tuple[str, ...] = ()
    ends: datetime | None = None
    overdue: bool = False
    action: Message | None = None
    readable: bool = True

    @property
    def waiting(self) -> tuple[str, ...]:
        """Return the devices without a step."""
        begun = {one.device for one in self.devices}
        return tuple(name for name in self.to_go if name not in begun)

    @property
    def head(self) -> Message:
        """Return wave, number of devices to go, and expected end by the clock, or the reason for none."""
        if not self.readable:
            return message("change:progress.unreadable")
        devices = len(self.to_go)
        to_go = message("change:progress.to_go", devices=devices)
        if self.waves:
            to_go = message(
                "change:to_go", head=message("change:wave", number=self.wave, of=self.waves), devices=devices
            )
        if not self.active:
            return message("change:progress.parts", parts=[message("change:progress.no_process"), to_go])
        if self.awaiting:
            return message("change:progress.parts", parts=[to_go, message("change:progress.asked", by=self.by)])
        if self.overdue:
            return message("change:progress.parts", parts=[to_go, message("change:progress.overdue")])
        if self.ends:
            begun, ends = map(local_time, (datetime.fromisoformat(self.since), self.ends))
            clock = f"{ends:%H:%M}" if begun.date() == ends.date() else f"{ends:%H:%M %d/%m}"
            return message("change:progress.parts", parts=[to_go, message("change:progress.ends", at=clock)])
        return to_go

    @property
    def in_order(self) -> Sequence[DeviceProgress]:
        """Return the devices at work: those on their way back first, then those awaiting a word."""
        return sorted(self.devices, key=lambda one: (one.step not in BACK, one.step != "word"))


def progress_of(
    record: ChangeRecord, plan: Plan | None, at: datetime, *, active: bool, locked: Sequence[str] = ()
) -> RecordedProgress:
    """Return the progress of a recorded change at a real time.

    `plan`: of the record, None if it is unreadable; then `locked` are its devices. `active`: a process works on it.
    """
    steps: dict[str, list[Step]] = {}
    for step in record.steps:
        if step.device:
            steps.setdefault(step.device, []).append(step)
    waves = plan.waves if plan else record.planned.plan.waves
    names = [name for wave in waves for name in wave] or dict.fromkeys([*steps, *locked])
    to_go = tuple(name for name in names if not _has_ended(steps.get(name, ())))
    at_work = tuple(_device(name, steps[name], at) for name in to_go if name in steps)
    awaiting = tuple(one.device for one in at_work if one.step == "word") if active else ()
    begun = [number for number, wave in enumerate(waves, 1) if not steps.keys().isdisjoint(wave)]
    header = record.entry.header
    left = _left_s(record, plan, steps, at) if plan and active and not awaiting else None
    return RecordedProgress(
        record.entry.id, header.by, record.entry.begun, active, max(begun, default=min(1, len(waves))), len(waves),
        to_go, at_work, awaiting,
        ends=None if left is None or left < 0 else at + timedelta(seconds=left),
        overdue=left is not None and left < 0,
        action=None if active else advice(record),
    )  # fmt: skip


def _has_ended(steps: Sequence[Step]) -> bool:
    return bool(steps) and isinstance(steps[-1].body, Done)


def _device(name: str, steps: Sequence[Step], at: datetime) -> DeviceProgress:
    step = next((one.step for one in reversed(steps) if known(f"change:activity.{one.step}")), "")
    verify = steps[-1] if isinstance(steps[-1].body, Verify) else None
    soak_left = _seconds(verify, verify.body.soak_s, at) if verify and isinstance(verify.body, Verify) else None
    return DeviceProgress(name, step, soak_left, _guard_left(steps, at))


def _guard_left(steps: Sequence[Step], at: datetime) -> int | None:
    """Return the seconds until a guard on the device reverts: armed again by inverse lines, over with the
    confirmation.
    """
    guard = last_of(steps, Arm)
    if guard is None or not guard.device_side:
        return None
    armed = max(index for index, step in enumerate(steps) if isinstance(step.body, ARMING))
    if last_of(steps[armed:], Confirm):
        return None
    return _seconds(steps[armed], guard.seconds, at)


def _seconds(begin: Step, seconds: float, at: datetime) -> int:
    """Return the whole seconds left of a time since a step; at most all of them, also after a turned clock."""
    return round(min(seconds, max(0.0, seconds - (at - begin.moment).total_seconds())))


def _left_s(record: ChangeRecord, plan: Plan, steps: Mapping[str, Sequence[Step]], at: datetime) -> float | None:
    """Return the expected seconds until the end, negative if a wave takes longer than planned.

    None for a drill. After a device that did not take the change, no further wave begins.
    """
    if plan.drill is not None:
        return None
    bodies = [step.body for step in record.steps]
    soaks = [one.soak_s for one in bodies if isinstance(one, Verify) and one.soak_reason == CHOSEN]
    overlap = not any(isinstance(one, AskWord) for one in bodies)  # the word is about a single wave
    stops = not record.entry.header.rolls_back and any(
        isinstance(one, Done) and one.outcome is not DeviceOutcome.NEW for one in bodies
    )
    moments = [[steps[name][0].moment for name in wave if name in steps] for wave in plan.waves]
    begun = {number: (min(own) - at).total_seconds() for number, own in enumerate(moments) if own}
    begun = {number: min(0.0, seconds) for number, seconds in begun.items()}
    ended = {name for name in plan.order if _has_ended(steps.get(name, ()))}
    times = plan.timetable(soaks[-1] if soaks else None, overlap=overlap, begun=begun, ended=ended)
    left = 0.0
    for number, (wave, (_begin, end)) in enumerate(zip(plan.waves, times, strict=True)):
        if ended.issuperset(wave) or (stops and number not in begun):
            continue
        if end < 0:
            return end
        left = max(left, end)
    return left


class ProgressReader:
    """Reader of the changes with locks. Known steps and plans are not read again."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._known: Mapping[str, tuple[ChangeRecord, Plan | None]] = {}

    def read(self, locks: Iterable[LockHolder], at: datetime) -> tuple[RecordedProgress, ...]:
        """Return the progress of the changes of locks at a real time, oldest first. Raises StoreError.

        A damaged record is no error: of its change only the locks are known.
        """
        known, found = dict[str, tuple[ChangeRecord, Plan | None]](), list[RecordedProgress]()
        held: dict[str, list[LockHolder]] = {}
        for lock in locks:
            held.setdefault(lock.change, []).append(lock)
        for change, own in held.items():
            active, names = self._changes.is_active(change), tuple(one.device for one in own)
            try:
                known[change] = self._record(change)
            except (UnreadableStore, UsageError):
                found.append(RecordedProgress(change, own[0].by, own[0].since, active, to_go=names, readable=False))
            else:
                found.append(progress_of(*known[change], at, active=active, locked=names))
        self._known = known
        return tuple(sorted(found, key=lambda one: one.since))

    def _record(self, change: str) -> tuple[ChangeRecord, Plan | None]:
        if change in self._known:
            record, plan = self._known[change]
            return self._changes.later(record), plan
        record = self._changes.get(change)
        try:
            return record, recorded_plan(record.plan, change)
        except (EventreadyError, ValueError):
            return record, None
