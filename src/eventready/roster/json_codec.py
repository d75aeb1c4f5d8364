"""Roster as JSON, and back: the form of stored versions and of the exchange between machines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from eventready.core.clock import TZ
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.redaction.masking import mask
from eventready.core.strings.text_lines import lines_of
from eventready.roster.roster import Leave, Person, Roster, Shift

SCHEMA = "eventready.roster/1"

_PEOPLE = TypeAdapter(tuple[Person, ...])
_SHIFTS = TypeAdapter(tuple[Shift, ...])
_LEAVE = TypeAdapter(tuple[Leave, ...])


def person_plain(person: Person, *, phones: bool) -> dict[str, Any]:
    """A person; numbers are masked unless `phones`."""
    return {**asdict(person), "phones": [number if phones else mask(number) for number in person.phones]}


def to_plain(roster: Roster, *, phones: bool = False) -> dict[str, Any]:
    """The whole roster, times in UTC; numbers are masked unless `phones`."""
    return {
        "schema": SCHEMA,
        "version": roster.version,
        "people": [person_plain(person, phones=phones) for person in roster.people],
        "shifts": [_times_in_utc(shift) for shift in roster.shifts],
        "leave": [_times_in_utc(away) for away in roster.leave],
    }


def _times_in_utc(entry: Shift | Leave) -> dict[str, Any]:
    plain = {**asdict(entry), "start": _utc(entry.start), "end": _utc(entry.end)}
    del plain["cell"]
    return plain


def from_plain(document: Any) -> Roster:
    """Return the roster of a document. Raises UsageError for any other document."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise UsageError(message("roster:file.schema", schema=SCHEMA))
    try:
        people = _PEOPLE.validate_python(document["people"])
        shifts = _SHIFTS.validate_python(document["shifts"])
        leave = _LEAVE.validate_python(document["leave"])
    except (ValidationError, KeyError, TypeError) as error:
        raise UsageError(message("roster:file.invalid", reason=lines_of(str(error))[0])) from None
    shifts = tuple(replace(s, start=s.start.astimezone(TZ), end=s.end.astimezone(TZ)) for s in shifts)
    leave = tuple(replace(away, start=away.start.astimezone(TZ), end=away.end.astimezone(TZ)) for away in leave)
    return Roster.of(people, shifts, leave).called(str(document.get("version", "")))


def digest(roster: Roster) -> str:
    """Return the SHA-256 of a roster's content, without the version, for any source and any order of people."""
    document = {**to_plain(roster, phones=True), "version": ""}
    document["people"].sort(key=lambda person: person["id"])
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
