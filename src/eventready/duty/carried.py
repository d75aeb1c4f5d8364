"""The changes on record as clauses and papers see them: what was carried out, by whom, and what of it still stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from eventready.duty.proof import Carried
from eventready.duty.words import Words
from eventready.store.changes import ChangeEntry, Changes

#: `open`: something of it is not proven, so that a person is needed, or it is under way.
Standing: TypeAlias = Literal["carried_out", "partly", "not_carried_out", "taken_back", "open"]

STANDING_WORDS: Mapping[Standing, Words] = {
    "carried_out": Words("đã thực hiện", "carried out"),
    "partly": Words("thực hiện một phần", "carried out in part"),
    "not_carried_out": Words("không thực hiện, cấu hình như cũ", "not carried out: all is as it was"),
    "taken_back": Words("đã hoàn nguyên", "taken back"),
    "open": Words("chưa kết thúc, cần người xử lý", "not at its end: a person is needed"),
}


@dataclass(frozen=True)
class ChangeOnRecord:
    """A change. `began` and `ended` are the event's times; `outcomes` tells each device's (new, old, untouched, ...).

    `rolls_back` names the change that this one took back. `emergency` is empty, or the ticket and the two people who
    answer for a change in a closed window.
    """

    id: str
    intents: tuple[str, ...]
    began: datetime
    ended: datetime | None
    standing: Standing
    outcomes: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    rolls_back: str = ""
    emergency: tuple[str, ...] = ()
    rehearsal: bool = False

    @property
    def counted(self) -> Mapping[str, int]:
        """How many devices ended in each state."""
        return Counter(self.outcomes.values())

    @property
    def answered_for(self) -> Words:
        """Who answers for an emergency, and its ticket; empty words where it was none."""
        if not self.emergency:
            return Words("", "")
        ticket, first, second = self.emergency
        return Words(
            f"KHẨN CẤP: {first} và {second}, phiếu {ticket}", f"EMERGENCY: {first} and {second}, ticket {ticket}"
        )


def changes_on_record(changes: Changes, event: str) -> tuple[ChangeOnRecord, ...]:
    """The changes of one event, oldest first. Raises StoreError for a plan that was altered."""
    mine = [entry for entry in changes.entries() if entry.event == event]
    back = {
        str(entry.opening["rolls_back"]): entry
        for entry in mine
        if entry.opening.get("rolls_back") and "new" in entry.outcomes.values()
    }
    return tuple(_on_record(entry, _intents(changes, entry), back.get(entry.id)) for entry in mine)


def carried(changes: Sequence[ChangeOnRecord]) -> tuple[Carried, ...]:
    """What speaks for clauses: changes that reached every device of their plan, and that nobody has taken back."""
    return tuple(
        Carried(intent, change.id, change.ended or change.began)
        for change in changes
        if change.standing == "carried_out" and not change.rolls_back
        for intent in change.intents
    )


def _intents(changes: Changes, entry: ChangeEntry) -> tuple[str, ...]:
    plan = changes.get(entry.id).plan.get("plan", {})
    return tuple(str(intent) for intent in plan.get("intents", ()))


def _on_record(entry: ChangeEntry, intents: tuple[str, ...], back: ChangeEntry | None) -> ChangeOnRecord:
    opening = entry.opening
    clock: Mapping[str, Any] = opening.get("clock") or {}
    begun = datetime.fromisoformat(entry.begun)
    began = datetime.fromisoformat(str(clock["event"])) if clock.get("event") else begun
    lasted = datetime.fromisoformat(entry.ended) - begun if entry.ended else timedelta()
    emergency = opening.get("emergency") or {}
    return ChangeOnRecord(
        id=entry.id,
        intents=intents,
        began=began,
        ended=began + lasted if entry.ended else None,
        standing=_standing(entry, back),
        outcomes=dict(entry.outcomes),
        by=str(opening.get("by", "")),
        rolls_back=str(opening.get("rolls_back") or ""),
        emergency=tuple(str(emergency[key]) for key in ("ticket", "asked_by", "answered_by")) if emergency else (),
        rehearsal=bool(clock.get("rehearsal", False)),
    )


def _standing(entry: ChangeEntry, back: ChangeEntry | None) -> Standing:
    if entry.ended is None:
        return "open"
    outcomes = set(entry.outcomes.values())
    if "new" not in outcomes:
        return "not_carried_out"
    if back is not None:
        reached = {device for device, outcome in entry.outcomes.items() if outcome == "new"}
        gone = {device for device, outcome in back.outcomes.items() if outcome == "new"}
        return "taken_back" if reached <= gone else "partly"
    return "carried_out" if outcomes == {"new"} else "partly"
