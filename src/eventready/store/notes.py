"""Notes: a person's words for a section of a paper. A note proves no clause; `attest` does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from eventready.core.clock import Clock
from eventready.core.strings.phrases import moment_of, required
from eventready.core.words import NoteSection
from eventready.store.store import Store

STREAM = "note"


@dataclass(frozen=True)
class Note:
    """Text for a section of the paper due on the day `week`; `at` is the event's time."""

    number: int
    week: date
    section: NoteSection
    text: str
    by: str
    at: datetime

    @property
    def source(self) -> str:
        """Source of the text in a paper."""
        return f"note {self.number} by {self.by}"


def add_note(store: Store, clock: Clock, week: date, section: NoteSection, *, text: str, by: str) -> Note:
    """Record a note. Raises UsageError without a text or a name."""
    body = {
        "week": week.isoformat(),
        "section": section,
        "text": required(text, "TEXT", "the text of the note"),
        "by": required(by, "by", "who writes it"),
        "at": clock.now().isoformat(),
        "rehearsal": clock.rehearsal,
    }
    store.journal(STREAM).append(lambda _: (section, body), clock.real())
    return notes(store, rehearsal=True)[-1]


def notes(store: Store, *, rehearsal: bool) -> tuple[Note, ...]:
    """Return the notes in order of recording; those of rehearsals in a rehearsal only."""
    return tuple(
        Note(
            entry.position,
            date.fromisoformat(body["week"]),
            body["section"],
            body["text"],
            body["by"],
            moment_of(body["at"]),
        )
        for entry in store.journal(STREAM).entries()
        if (body := entry.body) and (rehearsal or not body["rehearsal"])
    )
