"""A roster as JSON, and back: what versions are kept as, and what machines exchange."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from eventready.clock import TZ
from eventready.duty.privacy import mask
from eventready.errors import UsageError
from eventready.roster.roster import Leave, Person, Roster, Shift

SCHEMA = "eventready.roster/1"

_PEOPLE = TypeAdapter(tuple[Person, ...])
_SHIFTS = TypeAdapter(tuple[Shift, ...])
_LEAVE = TypeAdapter(tuple[Leave, ...])


def person_plain(person: Person, *, phones: bool) -> dict[str, Any]:
    """A person; numbers are masked unless `phones`."""
    return {
        "id": person.id,
        "name": person.name,
        "title": person.title,
        "unit": person.unit,
        "phones": [number if phones else mask(number) for number in person.phones],
        "skills": list(person.skills),
        "reserve": list(person.reserve),
        "may_authorise": person.may_authorise,
        "note": person.note,
    }


def to_plain(roster: Roster, *, phones: bool = False) -> dict[str, Any]:
    """The whole roster, times in UTC; numbers are masked unless `phones`."""
    return {
        "schema": SCHEMA,
        "version": roster.version,
        "people": [person_plain(person, phones=phones) for person in roster.people],
        "shifts": [
            {
                "person": shift.person,
                "role": shift.role,
                "start": _utc(shift.start),
                "end": _utc(shift.end),
                "venue": shift.venue,
                "place": shift.place,
                "on_call": shift.on_call,
                "branch": shift.branch,
                "code": shift.code,
                "note": shift.note,
            }
            for shift in roster.shifts
        ],
        "leave": [
            {"person": away.person, "start": _utc(away.start), "end": _utc(away.end), "note": away.note}
            for away in roster.leave
        ],
    }


def from_plain(document: Any) -> Roster:
    """The roster of a document. Raises UsageError when it is none."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise UsageError(f"this is no roster of the form {SCHEMA}")
    try:
        people = _PEOPLE.validate_python(document["people"])
        shifts = _SHIFTS.validate_python(document["shifts"])
        leave = _LEAVE.validate_python(document["leave"])
    except (ValidationError, KeyError, TypeError) as error:
        raise UsageError(f"the roster does not hold ({str(error).splitlines()[0]})") from None
    shifts = tuple(replace(s, start=s.start.astimezone(TZ), end=s.end.astimezone(TZ)) for s in shifts)
    leave = tuple(replace(away, start=away.start.astimezone(TZ), end=away.end.astimezone(TZ)) for away in leave)
    return Roster.of(people, shifts, leave).called(str(document.get("version", "")))


def digest(roster: Roster) -> str:
    """SHA-256 of what the roster says, whatever its version, wherever it was written, in any order of people."""
    document = {**to_plain(roster, phones=True), "version": ""}
    document["people"].sort(key=lambda person: person["id"])
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
