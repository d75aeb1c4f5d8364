"""Material: the complete input of a paper, frozen. A paper is a pure function of its material and profile.

What is missing is None or empty, and the paper names it; absence never counts as good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from eventready.clauses.attestations.attestation import Values
from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.proof import ClauseState
from eventready.core.clock import Clock
from eventready.core.records import Moment, Stream
from eventready.core.strings.texts import required
from eventready.drill.record import DrillRun
from eventready.incidents.incident import Incident
from eventready.network.graph.export import NetworkGraph
from eventready.papers.words import NoteSection
from eventready.roster.exports.table import Row
from eventready.store.integrity import Checkpoint
from eventready.store.run import Run, Summary
from eventready.store.store import Store
from eventready.store.watch_log import WatchLog
from eventready.watch.alerts.acts import Act
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.waivers import Waiver


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


@dataclass(frozen=True)
class Week:
    """The seven days before the day `due`."""

    due: date

    @classmethod
    def at(cls, moment: datetime | date, weekday: int = 0) -> Week:
        """Return the week of the report due on the latest such weekday, `moment` included."""
        day = moment.date() if isinstance(moment, datetime) else moment
        return cls(day - timedelta(days=(day.weekday() - weekday) % 7))

    @property
    def first(self) -> date:
        """First day of the reported week."""
        return self.due - timedelta(days=7)

    @property
    def last(self) -> date:
        """Last day of the reported week."""
        return self.due - timedelta(days=1)

    @property
    def next_last(self) -> date:
        """Last day of the next week, which begins on `due`."""
        return self.due + timedelta(days=6)


@dataclass(frozen=True)
class AttestedForm:
    """Valid rows of a form, the event's time of the latest attestation, and the words of choices by field."""

    at: datetime
    rows: tuple[Values, ...]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class DutyPerson:
    """A person of the duty list: codes of duties by day; phone numbers are whole."""

    name: str
    title: str
    unit: str
    phones: str
    codes: Mapping[date, tuple[str, ...]]


@dataclass(frozen=True)
class DutyList:
    """The roster: people by days, shifts, minutes without enough people by role, and broken rules as sentences.

    `legend` explains the codes; `since` names the changes after the version that was sent last.
    """

    version: str
    rows: tuple[Row, ...]
    people: tuple[DutyPerson, ...] = ()
    days: tuple[date, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    gaps: Mapping[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    since: str = ""


@dataclass(frozen=True)
class Material:
    """`moment` is the event's time; `baseline` the last run of the week before, for comparison.

    `duties` are the clauses of this operator; `forms` the attested forms by document name.
    `waivers` are those of the workspace, `silences` those of the watch. `checkpoint` is the latest signed head of the
    record of runs. `topology`: network of the run, and
    `drills`: runs on record, for papers that need them.
    """

    event: Event
    moment: datetime
    week: Week
    rehearsal: bool = False
    devices: tuple[Device, ...] = ()
    duties: tuple[Duty, ...] = ()
    run: Run | None = None
    baseline: Run | None = None
    earlier: tuple[Summary, ...] = ()
    clauses: tuple[ClauseState, ...] | None = None
    duty_list: DutyList | None = None
    incidents: tuple[Incident, ...] | None = None
    changes: tuple[ChangeOnRecord, ...] | None = None
    forms: Mapping[str, AttestedForm] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    checkpoint: Checkpoint | None = None
    topology: NetworkGraph | None = None
    watch: WatchLog | None = None
    drills: tuple[DrillRun, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    silences: tuple[Act, ...] = ()

    @property
    def event_start(self) -> datetime | None:
        """The start of the event's first window; None without windows."""
        return min((w.start for w in self.event.windows if w.kind == "event"), default=None)

    @property
    def event_end(self) -> datetime | None:
        """The end of the event's last window; None without windows."""
        return max((w.end for w in self.event.windows if w.kind == "event"), default=None)
