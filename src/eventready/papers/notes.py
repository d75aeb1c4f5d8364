"""Notes: a person's words for a section of a paper. A note proves no clause; `attest` does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from eventready.core.clock import Clock
from eventready.core.records import Moment, Stream
from eventready.core.strings.texts import required
from eventready.papers.words import NoteSection
from eventready.store.store import Store


@dataclass(frozen=True)
class Note:
    """Text for a section of the paper due on the day `week`; `at` is the event's time. `number`: in the stream."""

    week: date
    section: NoteSection
    text: str
    by: str
    at: Moment
    rehearsal: bool = False
    number: int = 0

    @property
    def source(self) -> str:
        """Source of the text in a paper."""
        return f"note {self.number} by {self.by}"


NOTES = Stream("note", Note)


def add_note(store: Store, clock: Clock, week: date, section: NoteSection, *, text: str, by: str) -> Note:
    """Record a note. Raises UsageError without a text or a name."""
    words, author = required(text, "TEXT", "the text of the note"), required(by, "by", "who writes it")
    note = Note(week, section, words, author, clock.now(), clock.rehearsal)
    entry = store.journal(NOTES).append(lambda _: (section, note), clock.real())
    return replace(entry.body, number=entry.position)


def notes(store: Store, *, rehearsal: bool) -> tuple[Note, ...]:
    """Return the notes in order of recording; those of rehearsals in a rehearsal only."""
    entries = store.journal(NOTES).entries()
    return tuple(replace(e.body, number=e.position) for e in entries if rehearsal or not e.body.rehearsal)
