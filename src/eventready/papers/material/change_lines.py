"""The changes on record as lines of a report; an emergency names its approvers and ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eventready.clauses.changes import ChangeOnRecord
from eventready.core.language import Language, clean
from eventready.core.messages import term

#: The states of devices that a line counts.
_STATES = ("with_change", "as_before", "by_hand", "unproven")
_STATE = "page:change_devices"


@dataclass(frozen=True)
class ChangeLine:
    """A change. `state` is its key, `status` the word; `emergency` is empty, or approvers and ticket; `eyes`
    empty, or that four eyes are not proven.
    """

    id: str
    moment: str
    title: str
    status: str
    state: str
    devices: str
    by: str
    emergency: str
    eyes: str

    @property
    def sentence(self) -> str:
        """The line as a sentence, an emergency first; without the id, which reads like a telephone number."""
        mark = f"{self.emergency}. " if self.emergency else ""
        return f"{mark}{self.title} ({self.moment}): {self.status}; {self.devices}{self.eyes and '; '}{self.eyes}"


def change_lines(
    changes: Iterable[ChangeOnRecord], language: Language, among: Iterable[ChangeOnRecord] = ()
) -> tuple[ChangeLine, ...]:
    """Return the lines, in the order given. `among`: further changes, as targets of a rollback."""
    listed = tuple(changes)
    began = {change.id: language.moment(change.began.isoformat()) for change in (*among, *listed)}
    return tuple(_line(change, language, began.get(change.rolls_back, change.rolls_back)) for change in listed)


def _line(change: ChangeOnRecord, language: Language, rolled_back: str) -> ChangeLine:
    intents = ", ".join(language.intent(intent) for intent in change.intents)
    title = language.phrase("page:change_back", change=rolled_back, what=intents) if change.rolls_back else intents
    title = language.phrase("page:change_removed", what=intents) if change.removes else title
    counts = change.counted
    devices = (language.phrase(f"{_STATE}.{key}", count=counts[key]) for key in _STATES if counts.get(key))
    return ChangeLine(
        id=clean(change.id),
        moment=language.moment(change.began.isoformat()),
        title=title[:1].upper() + title[1:],
        status=clean(term("clauses:change_status", change.status, language.code)),
        state=change.status,
        devices=", ".join(devices) or language.phrase("page:change_devices_none"),
        by=clean(change.by),
        emergency=clean(change.emergency_note.render(language.code) if change.emergency_note else ""),
        eyes=language.phrase("page:change_eyes") if change.one_person else "",
    )
