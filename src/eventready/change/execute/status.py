"""Describe a recorded change: each step, and the state of each device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventready.change.errors import abbreviate
from eventready.change.execute.device.assignment import HOLD_OVER, INTERRUPTIONS
from eventready.core.errors import Exit
from eventready.core.messages import Message, Param, Text, message
from eventready.store.change_steps import (
    AS_BEFORE,
    WITH_CHANGE,
    Apply,
    Arm,
    ChangeStep,
    Confirm,
    DeviceOutcome,
    Done,
    Drift,
    Drifted,
    Ended,
    GoBack,
    Release,
    Rollback,
    Verify,
    WayInRisks,
    absolute_state,
)
from eventready.store.changes import ChangeRecord, Step, last_of

#: State of a new device in a partial atomic change.
TO_TAKE_BACK = "to_take_back"
#: States that need a person, the most urgent first.
_URGENT = ("unproven", "open", TO_TAKE_BACK, "by_hand")
#: States of a device in a change, each with a description in the catalogue.
STATES = (WITH_CHANGE, AS_BEFORE, "by_hand", "unproven", "waiting", "open", TO_TAKE_BACK)


@dataclass(frozen=True)
class DeviceStatus:
    """State of a device: `with_change`, `as_before`, `unproven`, `by_hand`, `waiting` (not started), `open` (lines may
    be on the device) or `to_take_back`.

    In a way back the change is the change that it rolls back. `touched`: False if no line was sent. `why` is a sentence
    unless all went as planned, `verified` the verification's summary, `guard` the kind of guard armed, `drift` the
    drift since the plan, `risks` the risks of the way in that the plan does not state.
    """

    device: str
    state: str
    why: str | Message = ""
    verified: str | Message = ""
    guard: str = ""
    drift: Drift | None = None
    risks: tuple[str | Message, ...] = ()
    touched: bool = True

    @property
    def description(self) -> Message:
        """Return the state in words."""
        return describe_state(self.state, touched=self.touched)


def device_risks(steps: Iterable[ChangeStep]) -> tuple[str | Message, ...]:
    """Return the recorded risks of the way in, each once."""
    found = (step.risks for step in steps if isinstance(step, WayInRisks | Rollback))
    return tuple(dict.fromkeys(risk for risks in found for risk in risks))


def device_status(device: str, steps: Sequence[Step], *, goes_back: bool = False) -> DeviceStatus:
    """Return the state of a device from its recorded steps: the last end counts (a resumed change may have two).

    `goes_back`: the steps of a way back.
    """
    arm, confirm, drifted = last_of(steps, Arm), last_of(steps, Confirm), last_of(steps, Drifted)
    end = steps[-1].body if steps else None
    state = absolute_state(end.outcome, goes_back=goes_back) if isinstance(end, Done) else "open" if arm else "waiting"
    return DeviceStatus(
        device,
        state,
        end.why if isinstance(end, Done) else "",
        verified=confirm.verified if confirm else "",
        guard=arm.guard if arm else "",
        drift=drifted.drift if drifted else None,
        risks=device_risks(step.body for step in steps),
        touched=end.outcome is not DeviceOutcome.UNTOUCHED if isinstance(end, Done) else arm is not None,
    )


def device_statuses(record: ChangeRecord) -> tuple[DeviceStatus, ...]:
    """Return the states of all devices of a change, in the order of its waves."""
    planned = [name for wave in record.planned.plan.waves for name in wave]
    recorded = [step.device for step in record.steps if step.device]
    by_device: dict[str, list[Step]] = {name: [] for name in dict.fromkeys((*planned, *recorded))}
    for step in record.steps:
        if step.device:
            by_device[step.device].append(step)
    goes_back = bool(record.entry.header.rolls_back)
    statuses = [device_status(device, steps, goes_back=goes_back) for device, steps in by_device.items()]
    last = last_of(record.steps, Ended)
    if last is None or not last.partial:
        return tuple(statuses)
    kept = {device for device, steps in by_device.items() if steps and getattr(steps[-1].body, "released", False)}
    return tuple(
        replace(one, state=TO_TAKE_BACK) if one.state == WITH_CHANGE and one.device not in kept else one
        for one in statuses
    )


def describe_state(state: str, *, touched: bool = True) -> Message:
    """Return a state of a device in words."""
    untouched = not touched and state in (WITH_CHANGE, AS_BEFORE)
    return message(f"change:state_untouched.{state}" if untouched else f"change:state.{state}")


def describe_outcome(outcome: DeviceOutcome, *, goes_back: bool) -> Message:
    """Return the state of a device with an outcome in words."""
    touched = outcome is not DeviceOutcome.UNTOUCHED
    return describe_state(absolute_state(outcome, goes_back=goes_back), touched=touched)


def describe_step(step: Step, *, goes_back: bool = False) -> Text:
    """Return a step in words, with its recorded details. The text of a step is the action after its record.

    `goes_back`: a step of a way back.
    """
    if isinstance(step.body, Verify) and step.body.held:
        return message("change:step.held")
    action = message(f"change:step.{step.step}")
    if isinstance(step.body, Done):
        state = describe_outcome(step.body.outcome, goes_back=goes_back)
        if step.body.why:
            return message("change:step_detail.outcome_why", step=action, state=state, why=step.body.why)
        return message("change:step_detail.outcome", step=action, state=state)
    detail, params = _detail(step.body, goes_back=goes_back)
    return message(f"change:step_detail.{detail}", step=action, **params) if detail else action


def _detail(step: ChangeStep, *, goes_back: bool) -> tuple[str, dict[str, Param]]:
    """Return the kind of details of a step, empty without details, and the details."""
    found: tuple[str, dict[str, Param]] = ("", {})
    match step:
        case Drifted(drift=drift):
            found = "drift", {"drift": drift.summary}
        case WayInRisks(risks=risks):
            found = "way_in", {"risks": risks}
        case Arm(guard=guard, seconds=seconds, device_side=device_side):
            found = ("armed", {"guard": guard, "seconds": str(seconds)}) if device_side else ("guard", {"guard": guard})
        case Apply(lines=lines):
            found = "lines", {"lines": lines}
        case Rollback(lines=sent):
            found = "lines", {"lines": len(sent)}
        case Release(claim=claim, by=by, why=why):
            state = absolute_state(DeviceOutcome(claim.replace("-", "_")), goes_back=goes_back)
            found = "release", {"claim": message(f"change:claim.{state}"), "by": by, "why": why}
        case GoBack(why=why) if why:
            found = "why", {"why": why}
    return found


def next_step(change: str, states: Sequence[DeviceStatus], *, rolls_back: str = "") -> Message:
    """Return the operator's next action. `rolls_back`: the change behind a way back."""
    counts = {state: [one.device for one in states if one.state == state] for state in STATES}
    reached, missed = (AS_BEFORE, WITH_CHANGE) if rolls_back else (WITH_CHANGE, AS_BEFORE)
    urgent = next((state for state in _URGENT if counts[state]), None)
    if urgent:
        return message(f"change:next_step.{urgent}", change=change, devices=abbreviate(counts[urgent]))
    if states and all(one.why == HOLD_OVER for one in states):
        return message("change:next_step.drill")
    rest = [one for one in states if one.state in (missed, "waiting")]
    if rest:
        if all(map(_is_interrupted, rest)):
            return _interrupted(change, states, reached, rolls_back)
        return _not_taken(change, rest, rolls_back, any_reached=bool(counts[reached]))
    if rolls_back:
        return message("change:next_step.back", change=rolls_back)
    return message("change:next_step.done", change=change)


def advice(record: ChangeRecord) -> Message:
    """Return the operator's next action after a recorded change. Without an end its devices are still locked."""
    states = device_statuses(record)
    if last_of(record.steps, Ended) is None and not needs_person(states):
        return message("change:progress.resume", change=record.entry.id)
    return next_step(record.entry.id, states, rolls_back=record.entry.header.rolls_back)


def _not_taken(change: str, rest: Sequence[DeviceStatus], rolls_back: str, *, any_reached: bool) -> Message:
    if not any_reached and not rolls_back:
        return message("change:next_step.unchanged")
    devices = abbreviate([one.device for one in rest if one.touched] or [one.device for one in rest])
    if rolls_back:
        return message("change:next_step.rest_back", devices=devices, change=rolls_back)
    return message("change:next_step.rest", devices=devices, change=change)


def _is_interrupted(one: DeviceStatus) -> bool:
    return isinstance(one.why, Message) and _cause(one.why).id in INTERRUPTIONS


def _cause(reason: Message) -> Message:
    while isinstance(inner := reason.params.get("error", reason.params.get("cause")), Message):
        reason = inner
    return reason


def _interrupted(change: str, states: Sequence[DeviceStatus], reached: str, rolls_back: str) -> Message:
    """Return the states of the devices of an interrupted change, and the possible next actions."""
    summary: list[str | Text] = []
    for state in (WITH_CHANGE, AS_BEFORE):
        names = [one.device for one in states if one.state == state]
        if len(names) == 1:
            summary.append(message(f"change:interrupted_one.{state}", devices=abbreviate(names)))
        elif names:
            summary.append(message(f"change:interrupted_many.{state}", devices=abbreviate(names)))
    if any(one.state == reached for one in states):
        way = "change:interrupted.back" if rolls_back else "change:interrupted.forward"
        return message(way, summary=summary, change=rolls_back or change)
    if rolls_back:
        return message("change:interrupted.again_rollback", summary=summary, change=rolls_back)
    return message("change:interrupted.again_apply", summary=summary)


def needs_person(states: Sequence[DeviceStatus]) -> bool:
    """Return True while a device is unproven, has lines neither confirmed nor reverted, or is to be taken back."""
    return any(one.state in ("unproven", "open", TO_TAKE_BACK) for one in states)


def exit_on_record(record: ChangeRecord) -> Exit | None:
    """Return the recorded exit code; None while the change is running or after a crash."""
    last = next((step.body for step in reversed(record.steps) if not step.device), None)
    return Exit(last.exit) if isinstance(last, Ended) else None
