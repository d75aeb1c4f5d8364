"""What the record of a change says, in plain words: each step, and the state that each device is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventready.change.case import CALLED_BACK, Outcome
from eventready.change.errors import some
from eventready.errors import Exit
from eventready.store.changes import ChangeRecord, Step

#: A step is recorded before it is taken: the sentences say what was about to be done.
_STEPS: Mapping[str, str] = {
    "look": "look at it with the audit's checks, before anything is changed",
    "read": "read the running configuration, to see that it is the one the plan was made for",
    "backup": "the running configuration is backed up",
    "arm": "arm the guard",
    "apply": "send the lines",
    "compare": "read it again and compare with what was predicted",
    "verify": "look at it again with the same checks, until nothing is worse than before",
    "confirm": "confirm the change",
    "prove": "read it once more, now that nothing is armed on it",
    "save": "save the configuration for a restart",
    "revert": "go back to the old configuration",
    "lead_back": "send our own lines of the way back",
    "done": "its end",
}

#: The guards, as people are told of them.
GUARDS: Mapping[str, str] = {
    "revert_timer": "revert timer",
    "commit_trial": "trial commit",
    "dead_man": "timer on its host",
    "inverse": "NO way back by itself",
}

#: What a device's state means, and what the journal calls it.
STATES: Mapping[str, str] = {
    Outcome.NEW: "in the new state, verified and confirmed",
    Outcome.OLD: "back in the old state, and proven to be",
    Outcome.UNTOUCHED: "untouched: no line was sent to it",
    Outcome.UNPROVEN: "NOT PROVEN to be in the old or the new state: look at it now",
    "waiting": "not begun: no line was sent to it",
    "open": "cut off under way: resume the change to finish it or to take it back",
}


@dataclass(frozen=True)
class Standing:
    """Where one device is: `state` is an outcome, `waiting` (nothing begun) or `open` (lines may be on it).

    `why` is a sentence unless all went as planned, `verified` what its verification said, `guard` the kind of guard
    that was armed.
    """

    device: str
    state: str
    why: str = ""
    verified: str = ""
    guard: str = ""

    @property
    def said(self) -> str:
        """The state in words."""
        return STATES[self.state]

    def plain(self) -> dict[str, str]:
        """As plain JSON types."""
        return {
            "device": self.device,
            "state": self.state,
            "why": self.why,
            "verified": self.verified,
            "guard": self.guard,
        }


def standing(device: str, steps: Sequence[Step]) -> Standing:
    """Where a device is, from its steps on record: the last end counts, for a resumed change may have two."""
    taken = [step.step for step in steps]
    guard = next((str(step.body.get("guard", "")) for step in reversed(steps) if step.step == "arm"), "")
    verified = next((str(step.body["verified"]) for step in reversed(steps) if step.body.get("verified")), "")
    if steps and steps[-1].step == "done":
        end = steps[-1].body
        return Standing(device, str(end.get("outcome", "open")), str(end.get("why", "")), verified, guard)
    return Standing(device, "open" if "arm" in taken else "waiting", "", verified, guard)


def standings(record: ChangeRecord) -> tuple[Standing, ...]:
    """Where every device of a change is, in the order of its waves."""
    waves = record.plan["plan"].get("waves", ())
    planned = [str(name) for wave in waves for name in wave]
    told = [step.device for step in record.steps if step.device]
    by_device: dict[str, list[Step]] = {name: [] for name in dict.fromkeys((*planned, *told))}
    for step in record.steps:
        if step.device:
            by_device[step.device].append(step)
    return tuple(standing(device, steps) for device, steps in by_device.items())


def told(step: Step) -> str:
    """One step in plain words, with what the record has of it."""
    return _STEPS.get(step.step, step.step.replace("_", " ")) + _more(step.step, step.body)


def _more(step: str, body: Mapping[str, Any]) -> str:
    match step:
        case "arm":
            kind = GUARDS.get(str(body.get("guard", "")), str(body.get("guard", "")))
            return f": {kind}, {body.get('seconds', 0)} s" if body.get("by_itself") else f": {kind}, so it is up to us"
        case "apply" | "lead_back":
            lines = body.get("lines", 0)
            count = len(lines) if isinstance(lines, list) else int(lines)
            return f": {count} line{'' if count == 1 else 's'}"
        case "revert":
            return f": {body['why']}" if body.get("why") else ""
        case "done":
            outcome = STATES.get(str(body.get("outcome", "")), str(body.get("outcome", "")))
            return f": {outcome}" + (f". {body['why']}" if body.get("why") else "")
        case _:
            return ""


def next_step(change: str, states: Sequence[Standing], *, rolls_back: str = "") -> str:
    """One sentence: what whoever applied the change does next."""
    counts = {state: [one.device for one in states if one.state == state] for state in STATES}
    if counts[Outcome.UNPROVEN]:
        return (
            f"Look at {some(counts[Outcome.UNPROVEN])} on the console NOW: nobody knows its state; when it can be "
            f"reached again, `eventready apply --resume {change}` finishes or takes back what is left."
        )
    if counts["open"]:
        return f"Run `eventready apply --resume {change}`: {some(counts['open'])} was cut off under way."
    if counts[Outcome.OLD] or counts[Outcome.UNTOUCHED] or counts["waiting"]:
        called_back = any(one.why.startswith(CALLED_BACK) for one in states) and all(map(_nobody_to_blame, states))
        return (_called_back if called_back else _not_taken)(change, counts, rolls_back)
    if rolls_back:
        return f"All is as it was before {rolls_back}: run `eventready audit` to see how the event stands now."
    return f"Run `eventready audit`; `eventready rollback {change}` takes it all back."


def _not_taken(change: str, counts: Mapping[str, Sequence[str]], rolls_back: str) -> str:
    if counts[Outcome.NEW]:
        why = f"Find out why {some(counts[Outcome.OLD] or counts[Outcome.UNTOUCHED] or counts['waiting'])} did not"
        return (
            f"{why} go back, then take back the rest with `eventready rollback {rolls_back}`."
            if rolls_back
            else f"{why} take it, then plan the rest anew, or take all back with `eventready rollback {change}`."
        )
    return (
        "Nothing has changed: find out why and correct it, then apply the plan again, or make a new one with "
        "`eventready plan` where a device has moved."
    )


def _nobody_to_blame(one: Standing) -> bool:
    """True for a device that is new, or is not because a person called the change back."""
    return one.state == Outcome.NEW or one.why.startswith(CALLED_BACK)


def _called_back(change: str, counts: Mapping[str, Sequence[str]], rolls_back: str) -> str:
    """Nobody is to blame: where each device is, and both ways to go on."""
    are = [(Outcome.NEW, "new and stays so"), (Outcome.OLD, "back in the old state"), (Outcome.UNTOUCHED, "untouched")]
    told = "; ".join(f"{some(counts[state])} {_is(counts[state])} {said}" for state, said in are if counts[state])
    if not counts[Outcome.NEW]:
        again = f"`eventready rollback {rolls_back}`" if rolls_back else "`eventready apply` with the same plan"
        return f"The change was called back, and nothing has changed: {told}. To carry it out after all: {again}."
    if rolls_back:
        return f"The change was called back: {told}. To go on with the rest: `eventready rollback {rolls_back}`."
    return (
        f"The change was called back: {told}. To take all of it back: `eventready rollback {change}`; to go on with "
        "the rest: a new plan with `eventready plan`."
    )


def _is(devices: Sequence[str]) -> str:
    return "is" if len(devices) == 1 else "are"


def person_needed(states: Sequence[Standing]) -> bool:
    """True while somewhere nobody knows, or lines may be on a device that are neither confirmed nor taken back."""
    return any(one.state in (Outcome.UNPROVEN, "open") for one in states)


def exit_on_record(record: ChangeRecord) -> Exit | None:
    """The exit code with which the change was last left; None while it is under way, or after a crash."""
    last = next((step for step in reversed(record.steps) if not step.device), None)
    return Exit(int(last.body["exit"])) if last is not None and "exit" in last.body else None
