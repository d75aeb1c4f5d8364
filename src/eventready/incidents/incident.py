"""Incident: replayed from the entries of its log, with the required notices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

from eventready.core.messages import Text, message
from eventready.core.records import Moment, Stream
from eventready.store.streams.journal import JournalEntry, unfit
from eventready.workspace.settings.event import Event, NoticeLimits, Police

#: Notices of incidents.
Addressee: TypeAlias = Literal["department", "police"]
How: TypeAlias = Literal["phone", "in_person", "email", "letter", "fax"]
Kind: TypeAlias = Literal["outage", "congestion", "security", "illegal_content", "postal", "accident", "other"]

ADDRESSEES: tuple[Addressee, ...] = get_args(Addressee)
HOWS: tuple[How, ...] = get_args(How)
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What people can be touched by; `postal` beside the services of a venue.
SERVICES = ("fixed", "internet", "mobile", "wifi", "postal")

Stage: TypeAlias = Literal["first", "written", "final"]
NoticeStatus: TypeAlias = Literal["given", "late", "waiting", "overdue"]

STAGES: tuple[Stage, ...] = get_args(Stage)

#: Ways of giving a first notice; a report is written.
SPOKEN: tuple[How, ...] = ("phone", "in_person")


@dataclass(frozen=True)
class Notice:
    """A notice given `by` a person to a `recipient` (a person or an office); `final` marks the final report."""

    to: Addressee
    recipient: str
    by: str
    at: Moment
    how: How
    final: bool = False

    def serves(self, stage: Stage) -> bool:
        """True when the notice fulfils a stage: spoken for `first`, in writing for the others, `final` for the last."""
        if stage == "first":
            return self.how in SPOKEN
        return self.how not in SPOKEN and (stage == "written" or self.final)


@dataclass(frozen=True)
class Action:
    """An action taken."""

    at: Moment
    by: str
    text: str


@dataclass(frozen=True, kw_only=True)
class IncidentFacts:
    """Facts of an incident. None and empty fields keep the recorded values."""

    began: Moment | None = None
    noticed: Moment | None = None
    venue: str | None = None
    place: str = ""
    services: tuple[str, ...] = ()
    kind: Kind | None = None
    summary: str = ""
    subscribers: int | None = None
    cause: str = ""
    restored: Moment | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Facts except None and empty ones."""
        found = {one.name: getattr(self, one.name) for one in fields(IncidentFacts)}
        return {name: value for name, value in found.items() if value not in (None, "", ())}


@dataclass(frozen=True)
class IncidentLogEntry(IncidentFacts):
    """Entry of the log at `at`."""

    at: Moment
    by: str
    actions: tuple[Action, ...] = ()
    notices: tuple[Notice, ...] = ()
    rehearsal: bool = False


STREAM = Stream("incident", IncidentLogEntry)
#: Fields of the first entry of an incident.
_OPENING = ("began", "noticed", "services", "kind", "summary")


@dataclass(frozen=True)
class Demand:
    """Required notice, its time limit, and its status."""

    to: Addressee
    stage: Stage
    due: datetime
    status: NoticeStatus
    notice: Notice | None = None


@dataclass(frozen=True)
class Incident:
    """`began` and `noticed` in local time; limits run from `noticed`. `subscribers` None: not known yet.

    `entries` counts the entries of the log about the incident.
    """

    id: str
    began: datetime
    noticed: datetime
    venue: str
    place: str
    services: tuple[str, ...]
    kind: Kind
    summary: str
    by: str
    subscribers: int | None = None
    cause: str = ""
    actions: tuple[Action, ...] = ()
    restored: datetime | None = None
    notices: tuple[Notice, ...] = ()
    entries: int = 0
    rehearsal: bool = False

    def demands(self, limits: NoticeLimits, moment: datetime) -> tuple[Demand, ...]:
        """Return every notice required by the incident, with the status at a moment, in the order of the limits."""
        minutes = {"first": limits.first, "written": limits.written, "final": limits.final}
        return tuple(
            self._demand(to, stage, self.noticed + timedelta(minutes=minutes[stage]), moment)
            for stage in STAGES
            for to in ADDRESSEES
        )

    def overdue(self, limits: NoticeLimits, moment: datetime) -> tuple[Demand, ...]:
        """Return the notices past their limit."""
        return tuple(demand for demand in self.demands(limits, moment) if demand.status == "overdue")

    def pending(self, limits: NoticeLimits, moment: datetime) -> bool:
        """True until the restoration, and until the last notice."""
        due = (demand.status in ("waiting", "overdue") for demand in self.demands(limits, moment))
        return self.restored is None or any(due)

    def _demand(self, to: Addressee, stage: Stage, due: datetime, moment: datetime) -> Demand:
        given = [n for n in self.notices if n.to == to and n.serves(stage)]
        notice = min(given, key=lambda n: n.at, default=None)
        if notice is None:
            return Demand(to, stage, due, "overdue" if moment > due else "waiting")
        return Demand(to, stage, due, "late" if notice.at > due else "given", notice)


def police_near(venue: str, event: Event) -> Police | None:
    """The police station nearest to a venue; None for another place and where event.yaml names none."""
    return event.venue(venue).police if venue in event.venue_ids else None


def addressee_name(to: Addressee, event: Event) -> Text:
    """The recipient of event.yaml, or the nearest police station."""
    return event.recipient.title if to == "department" else message("incidents:police")


def replay(entries: Iterable[JournalEntry[IncidentLogEntry]]) -> tuple[Incident, ...]:
    """Build the incidents from the log's entries, keyed by name, in the order of their opening.

    The first entry of a name opens an incident; a later one replaces some fields, and adds actions and notices. Raises
    StoreError for a first entry without the fields of an incident.
    """
    known: dict[str, Incident] = {}
    for one in entries:
        key, entry = one.key, one.body
        changed = entry.given
        if (before := known.get(key)) is None:
            if lacking := ", ".join(name for name in _OPENING if name not in changed):
                raise unfit(one, lacking)
            first = {"id": key, "by": entry.by, "venue": "", "place": "", "rehearsal": entry.rehearsal}
            before = Incident(**{**first, **changed})
        actions, notices = before.actions + entry.actions, before.notices + entry.notices
        known[key] = replace(before, **changed, actions=actions, notices=notices, entries=before.entries + 1)
    return tuple(known.values())
