"""Describe a recorded change: each step, and the state of each device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eventready.change.errors import abbreviate
from eventready.change.execute.device.assignment import HOLD_OVER, INTERRUPTIONS
from eventready.change.execute.result import DeviceOutcome
from eventready.change.plan.scope import Drift
from eventready.core.errors import Exit
from eventready.core.messages import Bilingual, Message, Rendered, Text, from_record, from_stored, known, message
from eventready.store.changes import ENDED, ChangeRecord, Step

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
    why: str = ""
    verified: str = ""
    guard: str = ""
    drift: Drift | None = None
    risks: tuple[str, ...] = ()

    @property
    def description(self) -> Message:
        """Return the state in words."""
        return describe_state(self.state)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain = {key: value for key, value in vars(self).items() if key not in ("drift", "risks")}
        if self.drift is not None:
            plain["drift"] = self.drift.to_dict()
        return {**plain, "risks": list(self.risks)} if self.risks else plain


def device_risks(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the recorded risks of the way in, each once."""
    return tuple(dict.fromkeys(from_stored(risk) for step in steps for risk in step.body.get("risks", ())))


def device_status(device: str, steps: Sequence[Step]) -> DeviceStatus:
    """Return the state of a device from its recorded steps: the last end counts (a resumed change may have two)."""
    taken = [step.step for step in steps]
    guard = next((str(step.body.get("guard", "")) for step in reversed(steps) if step.step == "arm"), "")
    verified = next((from_record(step.body, "verified") for step in reversed(steps) if step.body.get("verified")), "")
    drift = next((Drift.load(step.body) for step in steps if step.step == "drift"), None)
    risks = device_risks(steps)
    if steps and steps[-1].step == "done":
        end = steps[-1].body
        outcome, why = str(end.get("outcome", "open")), from_record(end, "why")
        return DeviceStatus(device, outcome, why, verified, guard, drift, risks)
    return DeviceStatus(device, "open" if "arm" in taken else "waiting", "", verified, guard, drift, risks)


def device_statuses(record: ChangeRecord) -> tuple[DeviceStatus, ...]:
    """Return the states of all devices of a change, in the order of its waves."""
    planned = [name for wave in record.summary.waves for name in wave]
    recorded = [step.device for step in record.steps if step.device]
    by_device: dict[str, list[Step]] = {name: [] for name in dict.fromkeys((*planned, *recorded))}
    for step in record.steps:
        if step.device:
            by_device[step.device].append(step)
    statuses = [device_status(device, steps) for device, steps in by_device.items()]
    ends = [step.body for step in record.steps if not step.device and step.step == ENDED]
    if not ends or not ends[-1].get("partial"):
        return tuple(statuses)
    kept = {device for device, steps in by_device.items() if steps and steps[-1].body.get("released")}
    return tuple(
        replace(one, state=TO_TAKE_BACK) if one.state == DeviceOutcome.NEW and one.device not in kept else one
        for one in statuses
    )


def describe_state(state: str) -> Message:
    """Return a state of a device in words."""
    return message(f"change:state.{state}")


def describe_step(step: Step) -> Text:
    """Return a step in words, with its recorded details. The text of a step is the action after its record."""
    if step.body.get("held"):
        return message("change:step.held")
    name = step.step.replace("_", " ")
    action = message(f"change:step.{step.step}") if known(f"change:step.{step.step}") else Bilingual(name, name)
    if step.step == "drift":
        return message("change:step_detail.drift", step=action, drift=Drift.load(step.body).summary)
    if step.step == "way_in":
        return message("change:step_detail.way_in", step=action, risks=device_risks([step]))
    return _detailed(step.step, action, step.body)


def _detailed(step: str, action: Text, body: Mapping[str, Any]) -> Text:
    why = from_record(body, "why")
    match step:
        case "arm":
            return _armed(action, body)
        case "apply" | "rollback":
            lines = body.get("lines", 0)
            count = len(lines) if isinstance(lines, list) else int(lines)
            return message("change:step_detail.lines", step=action, lines=count)
        case "release":
            claim, by = str(body.get("as")), str(body.get("by"))
            return message("change:step_detail.release", step=action, claim=claim, by=by, why=why)
        case "revert" if why:
            return message("change:step_detail.why", step=action, why=why)
        case "done":
            detail = "change:step_detail.outcome_why" if why else "change:step_detail.outcome"
            return message(detail, step=action, outcome=str(body.get("outcome", "")), **({"why": why} if why else {}))
        case _:
            return action


def _armed(action: Text, body: Mapping[str, Any]) -> Message:
    guard = str(body.get("guard", ""))
    if not body.get("device_side"):
        return message("change:step_detail.guard", step=action, guard=guard)
    return message("change:step_detail.armed", step=action, guard=guard, seconds=str(body.get("seconds", 0)))


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
    return isinstance(one.why, Rendered) and _cause(one.why.message).id in INTERRUPTIONS


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
    last = next((step for step in reversed(record.steps) if not step.device), None)
    return Exit(int(last.body["exit"])) if last is not None and "exit" in last.body else None
