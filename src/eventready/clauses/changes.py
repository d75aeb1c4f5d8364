"""The changes of an event for clauses and papers: intents, result, and whether a later change rolled them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from eventready.core.messages import Message, message
from eventready.core.strings.texts import natural
from eventready.store.change_steps import PlanSummary, PlanUntil, absolute_state
from eventready.store.changes import ChangeEntry, Changes
from eventready.store.standing import MAYBE, standing_devices

#: `open`: under way, or a device is in an unproven state and needs a person; `not_back`: a way back of no device.
ChangeStatus: TypeAlias = Literal["applied", "partly", "not_applied", "rolled_back", "open", "not_back"]


@dataclass(frozen=True)
class ChangeOnRecord:
    """A change. `began` and `ended` are times of the event's clock; `states` has each device's (with_change, ...).

    `rolls_back` is the id of the change that this one rolled back, `plan` that of its plan, `removes` that of the plan
    of which it removed the lines. `until`: the lines are to be off the devices then; `left`: devices with these lines,
    or in an unknown state. `emergency` is empty, or the ticket and the two people responsible for a change in a closed
    window. `one_person`: approved, but no key proves that its planner is another person than the approver.
    """

    id: str
    intents: tuple[str, ...]
    began: datetime
    ended: datetime | None
    status: ChangeStatus
    states: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    rolls_back: str = ""
    emergency: tuple[str, ...] = ()
    rehearsal: bool = False
    one_person: bool = False
    plan: str = ""
    removes: str = ""
    until: PlanUntil | None = None
    left: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        """True for a change applied on every device of its plan and not rolled back."""
        return self.status == "applied" and not self.rolls_back and not self.removes

    @property
    def done_at(self) -> datetime:
        """The end of the change; the begin of a change under way."""
        return self.ended or self.began

    @property
    def counted(self) -> Mapping[str, int]:
        """Number of devices per state."""
        return Counter(self.states.values())

    @property
    def emergency_note(self) -> Message | None:
        """The people responsible for an emergency, and its ticket; None for an ordinary change."""
        if not self.emergency:
            return None
        ticket, first, second = self.emergency
        return message("clauses:change.emergency", ticket=ticket, first=first, second=second)


def changes_on_record(changes: Changes, event: str) -> tuple[ChangeOnRecord, ...]:
    """Return the changes of an event, oldest first, without drills. Raises StoreError for an altered plan."""
    mine = changes.plans(event)
    entries = [entry for entry, _plan in mine]
    standing, left = standing_devices(entries), standing_devices(entries, MAYBE)
    return tuple(
        _on_record(entry, plan, standing.get(entry.id, ()), left.get(entry.id, ()))
        for entry, plan in mine
        if plan.intents
    )


def _on_record(entry: ChangeEntry, plan: PlanSummary, standing: Collection[str], left: Iterable[str]) -> ChangeOnRecord:
    header = entry.header
    begun = datetime.fromisoformat(entry.begun)
    began = datetime.fromisoformat(header.event_time) if header.event_time else begun
    lasted = datetime.fromisoformat(entry.ended) - begun if entry.ended else timedelta()
    return ChangeOnRecord(
        id=entry.id,
        intents=plan.intents,
        began=began,
        ended=began + lasted if entry.ended else None,
        status=_status(entry, standing),
        states={
            device: absolute_state(outcome, goes_back=bool(header.rolls_back))
            for device, outcome in entry.outcomes.items()
        },
        by=header.by,
        rolls_back=header.rolls_back,
        emergency=astuple(header.emergency) if header.emergency else (),
        rehearsal=header.rehearsal,
        one_person=bool(header.approved_by) and not header.planner_signed,
        plan=plan.id,
        removes=header.removes,
        until=plan.until,
        left=tuple(sorted(left, key=natural)),
    )


def _status(entry: ChangeEntry, standing: Collection[str]) -> ChangeStatus:
    if entry.ended is None:
        return "open"
    outcomes = set(entry.outcomes.values())
    if "new" not in outcomes:
        return "not_back" if entry.header.rolls_back else "not_applied"
    reached = {device for device, outcome in entry.outcomes.items() if outcome == "new"}
    if not (entry.header.rolls_back or entry.header.removes) and reached != standing:
        return "partly" if standing else "rolled_back"
    return "applied" if outcomes == {"new"} else "partly"
