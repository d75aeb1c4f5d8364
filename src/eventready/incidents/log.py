"""Recording of incidents: each call is a single entry, checked against the record, and nothing is ever changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import at, required, tidy
from eventready.core.timezone import local_time
from eventready.core.validation_messages import suggest
from eventready.incidents.incident import (
    SERVICES,
    SPOKEN,
    STREAM,
    Action,
    Addressee,
    How,
    Incident,
    IncidentFacts,
    IncidentLogEntry,
    Notice,
    police_near,
    replay,
)
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from eventready.workspace.settings.event import Event, unknown_venue

#: Clocks of two machines differ by less.
_SKEW = timedelta(minutes=1)
_MOST_SUBSCRIBERS = 1_000_000_000

_Entries: TypeAlias = Sequence[JournalEntry[IncidentLogEntry]]


@dataclass(frozen=True)
class Given:
    """Given notice: the recipient (empty: as in event.yaml), the channel, and the time (None: now)."""

    to: Addressee
    how: How
    recipient: str = ""
    at: datetime | None = None
    final: bool = False


@dataclass(frozen=True)
class Report(IncidentFacts):
    """Report on an incident, new or known."""

    by: str
    actions: tuple[str, ...] = ()
    at: datetime | None = None
    notices: tuple[Given, ...] = ()


def open_incident(report: Report, event: Event, store: Store, clock: Clock) -> Incident:
    """Record a new incident under its own name: `SC-20330729-01`, by the day of its begin. Raises UsageError."""
    now = clock.now()
    summary = required(report.summary, "summary", "what happened")
    if report.venue is None and not report.place.strip():
        raise UsageError(message("incidents:log.where"))
    if not report.services:
        raise UsageError(message("incidents:log.service", services=SERVICES))
    began = report.began or report.noticed or now
    noticed = report.noticed or began
    entry = replace(
        _entry(report, event, now),
        began=began,
        noticed=noticed,
        kind=report.kind or "outage",
        summary=summary,
        rehearsal=clock.rehearsal,
    )

    def decide(entries: _Entries) -> tuple[str, IncidentLogEntry]:
        key = _new_name(began, {one.key for one in entries})
        _check(replay([_draft(key, entry)])[0])
        return key, entry

    return replay([store.journal(STREAM).append(decide, clock.real())])[0]


def update_incident(name: str, report: Report, event: Event, store: Store, clock: Clock) -> Incident:
    """Record new facts, actions and notices of an incident. Raises UsageError for an invalid entry."""
    now, journal = clock.now(), store.journal(STREAM)

    def decide(entries: _Entries) -> tuple[str, IncidentLogEntry]:
        before = find(name, replay(entries))
        key, entry = before.id, _entry(report, event, now, before.venue)
        if entry == IncidentLogEntry(entry.at, entry.by):
            raise UsageError(message("incidents:log.nothing"))
        _check(replay([*(one for one in entries if one.key == key), _draft(key, entry)])[0])
        return key, entry

    key = journal.append(decide, clock.real()).key
    return replay(journal.entries(key))[0]


def incidents(store: Store) -> tuple[Incident, ...]:
    """Return all incidents in the order of opening."""
    return replay(store.journal(STREAM).entries())


def find(name: str, known: Sequence[Incident]) -> Incident:
    """Return the incident of this name, `latest`, or the only incident with this ending (`01`). Raises UsageError."""
    wanted = name.strip().upper()
    if wanted == "LATEST" and known:
        return known[-1]
    exact = [incident for incident in known if incident.id == wanted]
    found = exact or [incident for incident in known if wanted and incident.id.endswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = [incident.id for incident in found[:5]]
        raise UsageError(message("incidents:log.several", name=name, number=len(found), ids=ids))
    if not known:
        raise UsageError(message("incidents:log.none"))
    raise UsageError(
        message("incidents:log.unknown", name=name), do=suggest(wanted, [i.id for i in known], noun="On record")
    )


def _draft(key: str, entry: IncidentLogEntry) -> JournalEntry[IncidentLogEntry]:
    """Return an unrecorded report as a journal entry."""
    return JournalEntry(STREAM.name, 0, key, "", entry, "")


def _new_name(began: datetime, taken: set[str]) -> str:
    stem = f"SC-{local_time(began):%Y%m%d}-"
    numbers = [int(name.removeprefix(stem)) for name in taken if re.fullmatch(re.escape(stem) + r"\d+", name)]
    return f"{stem}{max(numbers, default=0) + 1:02d}"


def _entry(report: Report, event: Event, now: datetime, venue: str | None = None) -> IncidentLogEntry:
    """Return a report as an entry. `venue` is the recorded venue of the incident."""
    _check_report(report, event, now)
    when, by = report.at or now, required(report.by, "by", "who reports it")
    words = {name: tidy(getattr(report, name), name) for name in ("place", "summary", "cause")}
    words["place"] = words["place"] or _place(report.venue, event)
    actions = tuple(Action(when, by, text) for action in report.actions if (text := tidy(action, "action")))
    entry = IncidentLogEntry(when, by, actions, **{**report.given, **words})
    where = (venue if report.venue is None else report.venue) or ""
    return replace(entry, notices=tuple(_notice(given, entry, event, where, now) for given in report.notices))


def _check_report(report: Report, event: Event, now: datetime) -> None:
    """Raises UsageError for an unknown venue, a number out of bounds and a time ahead."""
    if report.venue is not None and report.venue not in event.venue_ids:
        what, do = unknown_venue(report.venue, event)
        raise UsageError(what, do=do)
    if report.subscribers is not None and not 0 <= report.subscribers <= _MOST_SUBSCRIBERS:
        raise UsageError(message("incidents:log.subscribers", number=report.subscribers))
    for field in ("at", "began", "noticed", "restored"):
        _not_ahead(getattr(report, field) or now, now, f"--{field}")


def _notice(given: Given, entry: IncidentLogEntry, event: Event, venue: str, now: datetime) -> Notice:
    """Return a notice by the reporter, at the time of the report unless the notice has its own time."""
    moment = given.at or entry.at
    _not_ahead(moment, now, "--notice-at")
    if given.final and given.how in SPOKEN:
        raise UsageError(message("incidents:log.in_writing"))
    recipient = tidy(given.recipient, "recipient") or recipient_of(given.to, event, venue)
    if not recipient:
        raise UsageError(message("incidents:log.no_police"))
    return Notice(given.to, recipient, entry.by, moment, given.how, given.final)


def recipient_of(to: Addressee, event: Event, venue: str) -> str:
    """The recipient or police station of event.yaml, in the event's language; empty where none is named."""
    if to == "department":
        return event.recipient.title.render(event.lang)
    police = police_near(venue, event)
    return police.title.render(event.lang) if police else ""


def _place(venue: str | None, event: Event) -> str:
    if not venue:
        return ""
    return event.venue(venue).title.render(event.lang)


def _check(incident: Incident) -> None:
    """Raises UsageError when the times of an incident contradict each other."""
    began = at(incident.began)
    if incident.noticed < incident.began:
        raise UsageError(message("incidents:log.noticed_before", began=began))
    if incident.restored is not None and incident.restored < incident.began:
        raise UsageError(message("incidents:log.restored_before", began=began))
    if any(notice.at < incident.began for notice in incident.notices):
        raise UsageError(message("incidents:log.notice_before", began=began))


def _not_ahead(moment: datetime, now: datetime, option: str) -> None:
    if moment > now + _SKEW:
        raise UsageError(message("incidents:log.ahead", moment=at(moment), now=at(now), option=option))
