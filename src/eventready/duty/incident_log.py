"""Recording incidents: each call is one entry, checked against what is on record, and nothing is ever changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from eventready.clock import TZ, Clock
from eventready.duty.attesting import required
from eventready.duty.incident import BY_MOUTH, STREAM, Addressee, How, Incident, Kind, replay
from eventready.duty.words import at, moment_of, tidy
from eventready.errors import UsageError
from eventready.store.journal import JournalEntry
from eventready.store.store import Store
from eventready.workspace.complaints import suggest
from eventready.workspace.event import Event, unknown_venue

#: What people can be touched by; `postal` beside the services of a venue.
SERVICES = ("fixed", "internet", "mobile", "wifi", "postal")

#: Clocks of two machines differ by less.
_SKEW = timedelta(minutes=1)
_MOST_SUBSCRIBERS = 1_000_000_000


@dataclass(frozen=True)
class Given:
    """A notice that was given: `to` whom (None: as event.yaml names them), how, and when (None: now)."""

    to: Addressee
    how: How
    recipient: str = ""
    at: datetime | None = None
    final: bool = False


@dataclass(frozen=True)
class Report:
    """What somebody reports of an incident, new or known. None and empty leave what is on record."""

    by: str
    summary: str = ""
    began: datetime | None = None
    noticed: datetime | None = None
    venue: str | None = None
    place: str = ""
    services: tuple[str, ...] = ()
    kind: Kind | None = None
    subscribers: int | None = None
    cause: str = ""
    actions: tuple[str, ...] = ()
    at: datetime | None = None
    restored: datetime | None = None
    notices: tuple[Given, ...] = ()


def open_incident(report: Report, event: Event, store: Store, clock: Clock) -> Incident:
    """Record a new one under a name of its own: `SC-20220429-01`, by the day on which it began. Raises UsageError."""
    now = clock.now()
    summary = required(report.summary, "summary", "what happened")
    if report.venue is None and not report.place.strip():
        raise UsageError("it must be said where it happened", do="Give --venue or --place.")
    if not report.services:
        raise UsageError("it must be said which service is touched", do=f"Give --service: {', '.join(SERVICES)}.")
    began = report.began or report.noticed or now
    noticed = report.noticed or began
    body = {
        **_told(report, event, now),
        "began": _plain(began),
        "noticed": _plain(noticed),
        "venue": report.venue or "",
        "place": tidy(report.place, "place") or _place(report.venue, event),
        "services": list(report.services),
        "kind": report.kind or "outage",
        "summary": summary,
        "rehearsal": clock.rehearsal,
    }

    def decide(entries: Sequence[JournalEntry]) -> tuple[str, Mapping[str, Any]]:
        key = _new_name(began, {entry.key for entry in entries})
        _check(replay([(key, clock.real().isoformat(), body)])[0])
        return key, body

    entry = store.journal(STREAM).append(decide, clock.real())
    return replay([(entry.key, entry.recorded, entry.body)])[0]


def update_incident(name: str, report: Report, event: Event, store: Store, clock: Clock) -> Incident:
    """Record what has become known, was done, or was told to whom. Raises UsageError when it does not hold."""
    now = clock.now()
    journal = store.journal(STREAM)

    def decide(entries: Sequence[JournalEntry]) -> tuple[str, Mapping[str, Any]]:
        known = _replayed(entries)
        key = find(name, known).id
        before = next(incident for incident in known if incident.id == key)
        body = _told(report, event, now, before.venue)
        if len(body) == 2:
            raise UsageError("nothing is said that could be recorded", do="`eventready incident update --help`.")
        told = [(entry.key, entry.recorded, entry.body) for entry in entries if entry.key == key]
        _check(replay([*told, (key, clock.real().isoformat(), body)])[0])
        return key, body

    key = journal.append(decide, clock.real()).key
    return next(incident for incident in _replayed(journal.entries(key)) if incident.id == key)


def incidents(store: Store) -> tuple[Incident, ...]:
    """All of them, in the order in which they were opened."""
    return _replayed(store.journal(STREAM).entries())


class Named(Protocol):
    """Whatever tells of an incident, in the log or in a report."""

    @property
    def id(self) -> str:
        """SC-20220429-01"""


N = TypeVar("N", bound=Named)


def find(name: str, known: Sequence[N]) -> N:
    """The incident of that name, `latest`, or the only one that ends so (`01`). Raises UsageError."""
    wanted = name.strip().upper()
    if wanted == "LATEST" and known:
        return known[-1]
    exact = [incident for incident in known if incident.id == wanted]
    found = exact or [incident for incident in known if wanted and incident.id.endswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{name!r} is the end of {len(found)} names", do=f"Say {' or '.join(i.id for i in found[:5])}."
        )
    if not known:
        raise UsageError("no incident is on record", do="Record one with `eventready incident new`.")
    raise UsageError(f"there is no incident {name!r}", do=suggest(wanted, [i.id for i in known], noun="On record"))


def _replayed(entries: Sequence[JournalEntry]) -> tuple[Incident, ...]:
    return replay((entry.key, entry.recorded, entry.body) for entry in entries)


def _new_name(began: datetime, taken: set[str]) -> str:
    stem = f"SC-{began.astimezone(TZ):%Y%m%d}-"
    numbers = [int(name.removeprefix(stem)) for name in taken if re.fullmatch(re.escape(stem) + r"\d+", name)]
    return f"{stem}{max(numbers, default=0) + 1:02d}"


def _told(report: Report, event: Event, now: datetime, venue: str | None = None) -> dict[str, Any]:
    """What a report says, as plain JSON types. `venue` is where the incident is on record."""
    if report.venue is not None and report.venue not in event.venue_ids:
        what, do = unknown_venue(report.venue, event)
        raise UsageError(what, do=do)
    if report.subscribers is not None and not 0 <= report.subscribers <= _MOST_SUBSCRIBERS:
        raise UsageError(
            f"{report.subscribers} subscribers cannot be", do="Give how many are touched, or leave it out."
        )
    when = report.at or now
    _not_ahead(when, now, "--at")
    by = required(report.by, "by", "who reports it")
    body: dict[str, Any] = {"at": _plain(when), "by": by}
    for field in ("began", "noticed", "restored"):
        moment: datetime | None = getattr(report, field)
        if moment is not None:
            _not_ahead(moment, now, f"--{field}")
            body[field] = _plain(moment)
    texts = {field: tidy(getattr(report, field), field) for field in ("summary", "place", "cause")}
    body |= {field: text for field, text in texts.items() if text}
    if report.venue is not None:
        body["venue"] = report.venue
        body.setdefault("place", _place(report.venue, event))
    body |= {"services": list(report.services)} if report.services else {}
    body |= {"kind": report.kind} if report.kind else {}
    body |= {"subscribers": report.subscribers} if report.subscribers is not None else {}
    actions = [text for action in report.actions if (text := tidy(action, "action"))]
    if actions:
        body["actions"] = [{"at": _plain(when), "by": by, "text": text} for text in actions]
    if report.notices:
        where = report.venue if report.venue is not None else venue

        body["notices"] = [_notice(given, body, event, where or "", now) for given in report.notices]

    return body


def _notice(given: Given, body: Mapping[str, Any], event: Event, venue: str, now: datetime) -> dict[str, Any]:
    """A notice by whoever reports, when that was said to be unless it has a time of its own."""
    moment = given.at or moment_of(body["at"])
    _not_ahead(moment, now, "--notice-at")
    if given.final and given.how in BY_MOUTH:
        raise UsageError("a final report is given in writing", do="Say --how email, letter or fax.")
    recipient = tidy(given.recipient, "recipient") or recipient_of(given.to, event, venue)
    if not recipient:
        raise UsageError(
            "event.yaml names no police station for the place of this incident",
            do="Say who was told with --to, and put `police:` under the venue in event.yaml.",
        )
    return {
        "to": given.to,
        "recipient": recipient,
        "by": body["by"],
        "at": _plain(moment),
        "how": given.how,
        "final": given.final,
    }


def recipient_of(to: Addressee, event: Event, venue: str) -> str:
    """Who is told, as event.yaml names them; nothing when it does not."""
    if to == "department":
        return event.recipient.name_vi or event.recipient.name
    police = event.venue(venue).police if venue in event.venue_ids else None
    return police.said if police else ""


def _place(venue: str | None, event: Event) -> str:
    if not venue:
        return ""
    return event.venue(venue).name_vi or event.venue(venue).name


def _check(incident: Incident) -> None:
    """Raises UsageError when the times of an incident contradict each other."""

    began = f"it began {at(incident.began)}"
    if incident.noticed < incident.began:
        raise UsageError(f"{began} and was noticed before that", do="Check --began and --noticed.")
    if incident.restored is not None and incident.restored < incident.began:
        raise UsageError(f"{began} and was restored before that", do="Check --restored.")
    if any(notice.at < incident.began for notice in incident.notices):
        raise UsageError(f"{began} and notice was given before that", do="Check --notice-at and --at.")


def _not_ahead(moment: datetime, now: datetime, option: str) -> None:
    if moment > now + _SKEW:
        raise UsageError(
            f"{at(moment)} lies ahead: now is {at(now)} on the event's clock", do=f"Check {option}, or set --now."
        )


def _plain(moment: datetime) -> str:
    return moment.astimezone(TZ).isoformat(timespec="seconds")
