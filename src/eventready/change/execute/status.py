"""Describe a recorded change: each step, and the state of each device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eventready.change.errors import abbreviate
from eventready.change.execute.device.assignment import HOLD_OVER, INTERRUPTIONS
from eventready.core.errors import Exit
from eventready.core.messages import Message, Param, Text, message
from eventready.store.change_steps import (
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
)
from eventready.store.changes import ChangeRecord, Step, last_of

#: State of a new device in a partial atomic change.
TO_TAKE_BACK = "to_take_back"
#: States that need a person, the most urgent first.
_URGENT = (DeviceOutcome.UNPROVEN, "open", TO_TAKE_BACK, DeviceOutcome.BY_HAND)
#: States of a device in a change, each with a description in the catalogue.
STATES = (*DeviceOutcome, "waiting", "open", TO_TAKE_BACK)


@dataclass(frozen=True)
class DeviceStatus:
    """State of a device: an outcome, `waiting` (not started), `open` (lines may be on the device) or `to_take_back`.

    `why` is a sentence unless all went as planned, `verified` the verification's summary, `guard` the kind of guard
    armed, `drift` the drift since the plan, `risks` the risks of the way in that the plan does not state.
    """

    device: str
    state: str
    why: str | Message = ""
    verified: str | Message = ""
    guard: str = ""
    drift: Drift | None = None
    risks: tuple[str | Message, ...] = ()

    @property
    def description(self) -> Message:
        """Return the state in words."""
        return describe_state(self.state)


def device_risks(steps: Iterable[ChangeStep]) -> tuple[str | Message, ...]:
    """Return the recorded risks of the way in, each once."""
    found = (step.risks for step in steps if isinstance(step, WayInRisks | Rollback))
    return tuple(dict.fromkeys(risk for risks in found for risk in risks))


def device_status(device: str, steps: Sequence[Step]) -> DeviceStatus:
    """Return the state of a device from its recorded steps: the last end counts (a resumed change may have two)."""
    arm, confirm, drifted = last_of(steps, Arm), last_of(steps, Confirm), last_of(steps, Drifted)
    end = steps[-1].body if steps else None
    state, why = ("open" if arm else "waiting", "") if not isinstance(end, Done) else (end.outcome.value, end.why)
    return DeviceStatus(
        device,
        state,
        why,
        verified=confirm.verified if confirm else "",
        guard=arm.guard if arm else "",
        drift=drifted.drift if drifted else None,
        risks=device_risks(step.body for step in steps),
    )


def device_statuses(record: ChangeRecord) -> tuple[DeviceStatus, ...]:
    """Return the states of all devices of a change, in the order of its waves."""
    planned = [name for wave in record.planned.plan.waves for name in wave]
    recorded = [step.device for step in record.steps if step.device]
    by_device: dict[str, list[Step]] = {name: [] for name in dict.fromkeys((*planned, *recorded))}
    for step in record.steps:
        if step.device:
            by_device[step.device].append(step)
    statuses = [device_status(device, steps) for device, steps in by_device.items()]
    last = last_of(record.steps, Ended)
    if last is None or not last.partial:
        return tuple(statuses)
    kept = {device for device, steps in by_device.items() if steps and getattr(steps[-1].body, "released", False)}
    return tuple(
        replace(one, state=TO_TAKE_BACK) if one.state == DeviceOutcome.NEW and one.device not in kept else one
        for one in statuses
    )


def describe_state(state: str) -> Message:
    """Return a state of a device in words."""
    return message(f"change:state.{state}")


def describe_step(step: Step) -> Text:
    """Return a step in words, with its recorded details. The text of a step is the action after its record."""
    if isinstance(step.body, Verify) and step.body.held:
        return message("change:step.held")
    action = message(f"change:step.{step.step}")
    detail, params = _detail(step.body)
    return message(f"change:step_detail.{detail}", step=action, **params) if detail else action


def _detail(step: ChangeStep) -> tuple[str, dict[str, Param]]:
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
            found = "release", {"claim": claim, "by": by, "why": why}
        case GoBack(why=why) if why:
            found = "why", {"why": why}
        case Done(outcome=outcome, why=why):
            found = "outcome_why" if why else "outcome", {"outcome": str(outcome), **({"why": why} if why else {})}
    return found


def next_step(change: str, states: Sequence[DeviceStatus], *, rolls_back: str = "") -> Message:
    """Return the operator's next action."""
    counts = {state: [one.device for one in states if one.state == state] for state in STATES}
    urgent = next((state for state in _URGENT if counts[state]), None)
    if urgent:
        return message(f"change:next_step.{urgent}", change=change, devices=abbreviate(counts[urgent]))
    if states and all(one.why == HOLD_OVER for one in states):
        return message("change:next_step.drill")
    if counts[DeviceOutcome.OLD] or counts[DeviceOutcome.UNTOUCHED] or counts["waiting"]:
        interrupted = any(_is_interrupted(one) for one in states) and all(map(_new_or_interrupted, states))
        return (_interrupted if interrupted else _not_taken)(change, counts, rolls_back)
    if rolls_back:
        return message("change:next_step.back", change=rolls_back)
    return message("change:next_step.done", change=change)


def advice(record: ChangeRecord) -> Message:
    """Return the operator's next action after a recorded change."""
    return next_step(record.entry.id, device_statuses(record), rolls_back=record.entry.header.rolls_back)


def _not_taken(change: str, counts: Mapping[str, Sequence[str]], rolls_back: str) -> Message:
    if not counts[DeviceOutcome.NEW] and not rolls_back:
        return message("change:next_step.unchanged")
    refused = abbreviate(counts[DeviceOutcome.OLD] or counts[DeviceOutcome.UNTOUCHED] or counts["waiting"])
    if rolls_back:
        return message("change:next_step.rest_back", devices=refused, change=rolls_back)
    return message("change:next_step.rest", devices=refused, change=change)


def _new_or_interrupted(one: DeviceStatus) -> bool:
    return one.state == DeviceOutcome.NEW or _is_interrupted(one)


def _is_interrupted(one: DeviceStatus) -> bool:
    return isinstance(one.why, Message) and _cause(one.why).id in INTERRUPTIONS


def _cause(reason: Message) -> Message:
    while isinstance(inner := reason.params.get("error", reason.params.get("cause")), Message):
        reason = inner
    return reason


def _interrupted(change: str, counts: Mapping[str, Sequence[str]], rolls_back: str) -> Message:
    """Return the states of the devices of an interrupted change, and the possible next actions."""
    summary: list[str | Text] = []
    for state in (DeviceOutcome.NEW, DeviceOutcome.OLD, DeviceOutcome.UNTOUCHED):
        if len(counts[state]) == 1:
            summary.append(message(f"change:interrupted_one.{state}", devices=abbreviate(counts[state])))
        elif counts[state]:
            summary.append(message(f"change:interrupted_many.{state}", devices=abbreviate(counts[state])))
    if counts[DeviceOutcome.NEW]:
        way = "change:interrupted.back" if rolls_back else "change:interrupted.forward"
        return message(way, summary=summary, change=rolls_back or change)
    if rolls_back:
        return message("change:interrupted.again_rollback", summary=summary, change=rolls_back)
    return message("change:interrupted.again_apply", summary=summary)


def needs_person(states: Sequence[DeviceStatus]) -> bool:
    """Return True while a device is unproven, has lines neither confirmed nor reverted, or is to be taken back."""
    return any(one.state in (DeviceOutcome.UNPROVEN, "open", TO_TAKE_BACK) for one in states)


def exit_on_record(record: ChangeRecord) -> Exit | None:
    """Return the recorded exit code; None while the change is running or after a crash."""
    last = next((step.body for step in reversed(record.steps) if not step.device), None)
    return Exit(last.exit) if isinstance(last, Ended) else None
