"""Roster as a document: the form of stored versions and of the exchange between machines."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from eventready.core.records import JsonDocument
from eventready.core.redaction.masking import mask
from eventready.roster.roster import Person, Roster

ROSTER = JsonDocument("eventready.roster/1", Roster)


def masked(person: Person) -> Person:
    """A person with masked numbers."""
    return replace(person, phones=tuple(map(mask, person.phones)))


def bare(roster: Roster, *, phones: bool = False) -> Roster:
    """Content of a roster without its sources; numbers are masked unless `phones`."""
    return Roster(
        people=roster.people if phones else tuple(map(masked, roster.people)),
        shifts=tuple(replace(shift, cell="") for shift in roster.shifts),
        leave=tuple(replace(away, cell="") for away in roster.leave),
        version=roster.version,
    )


def digest(roster: Roster) -> str:
    """Return the SHA-256 of a roster's content, without the version, for any source and any order of people."""
    people = tuple(sorted(roster.people, key=lambda person: person.id))
    content = replace(bare(roster, phones=True), people=people, version="")
    return hashlib.sha256(ROSTER.encode(content)).hexdigest()
