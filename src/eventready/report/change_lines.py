"""The changes on record as reports tell them: what, when, how it stands, and emergencies with who answers for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eventready.duty.carried import STANDING_WORDS, ChangeOnRecord
from eventready.report.language import Language, clean

#: A device's outcome: the phrase that counts such devices. What is not known needs a person.
_OUTCOMES = ("new", "old", "untouched", "unproven")


@dataclass(frozen=True)
class ChangeLine:
    """A change. `emergency` is empty, or who answers for a change in a closed window, and the ticket."""

    id: str
    moment: str
    what: str
    standing: str
    state: str
    devices: str
    by: str
    emergency: str

    @property
    def said(self) -> str:
        """All of it in one sentence; an emergency comes first. No name: it reads like a telephone number."""
        mark = f"{self.emergency}. " if self.emergency else ""
        return f"{mark}{self.what} ({self.moment}): {self.standing}; {self.devices}"


def change_lines(
    changes: Iterable[ChangeOnRecord], language: Language, among: Iterable[ChangeOnRecord] = ()
) -> tuple[ChangeLine, ...]:
    """The lines, in the order given. `among`: where else a change that was taken back may be found."""
    listed = tuple(changes)
    began = {change.id: language.moment(change.began.isoformat()) for change in (*among, *listed)}
    return tuple(_line(change, language, began.get(change.rolls_back, change.rolls_back)) for change in listed)


def _line(change: ChangeOnRecord, language: Language, taken_back: str) -> ChangeLine:
    named = ", ".join(language.intent(intent) for intent in change.intents)
    what = language.phrase("change_back", change=taken_back, what=named) if change.rolls_back else named
    counts = change.counted
    told = (language.phrase(f"change_devices_{key}", count=counts[key]) for key in _OUTCOMES if counts.get(key))
    return ChangeLine(
        id=clean(change.id),
        moment=language.moment(change.began.isoformat()),
        what=what[:1].upper() + what[1:],
        standing=clean(STANDING_WORDS[change.standing].said(language.code)),
        state=change.standing,
        devices=", ".join(told) or language.phrase("change_devices_none"),
        by=clean(change.by),
        emergency=clean(change.answered_for.said(language.code)),
    )
