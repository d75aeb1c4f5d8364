"""Versions of the roster, as write-once files: a delivered version can be shown again, and compared.

`.eventready/rosters/0003.json` is version 3; `0003-sent-001.json` says when it went to whom. A file appears whole or
not at all, so that a process may be killed at any moment; nothing is ever changed or removed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from eventready.core.errors import StoreError, UsageError, os_reason
from eventready.core.files import create_atomic
from eventready.core.messages import Message, message
from eventready.core.records import JsonDocument, Moment, ShapeError
from eventready.core.redaction.masking import mask
from eventready.core.strings.json_text import canonical, parse_json
from eventready.roster.changes import RosterChange, changes
from eventready.roster.roster import Person, Roster
from eventready.roster.rulebook.case import Submission

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
    return _digest(ROSTER.plain(replace(bare(roster, phones=True), version="")))


def _digest(plain: dict[str, Any]) -> str:
    """Return the SHA-256 of a roster as written: times keep the zone of their writing."""
    if people := plain.get("people"):
        plain = {**plain, "people": sorted(people, key=lambda person: str(person["id"]))}
    return hashlib.sha256(canonical(plain)).hexdigest()


T = TypeVar("T")

_VERSION = re.compile(r"(\d{4,})\.json")
_SENDING = re.compile(r"(\d{4,})-sent-(\d{3,})\.json")


@dataclass(frozen=True)
class Version:
    """Stored roster: its number from 1, the SHA-256 of its content, the time of storage (event's clock).

    `previous`: SHA-256 of the version before, empty for the first.
    """

    number: int
    sha256: str
    kept: Moment
    roster: Roster
    previous: str = ""


@dataclass(frozen=True)
class Sending:
    """Sent version."""

    number: int
    at: Moment
    to: tuple[str, ...]
    message_id: str = ""


VERSION = JsonDocument("eventready.roster-version/1", Version)
SENDING = JsonDocument("eventready.roster-sent/1", Sending)


class Shelf:
    """Versions of a workspace. Safe for several processes."""

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / ".eventready" / "rosters"

    def versions(self) -> tuple[Version, ...]:
        """Return all versions, oldest first. Raises StoreError for an altered version."""
        return tuple(self._load(number) for number in self._numbers())

    def latest(self) -> Version | None:
        """The last version; None when there is none yet."""
        numbers = self._numbers()
        return self._load(numbers[-1]) if numbers else None

    def get(self, name: str) -> Version:
        """Return the version `latest`, `sent` (the last sent version), or a version by number. Raises UsageError."""
        numbers = self._numbers()
        if name == "latest" and numbers:
            return self._load(numbers[-1])
        sendings = self.sendings()
        if name == "sent" and sendings:
            return self._load(sendings[-1].number)
        if name.isdecimal() and int(name) in numbers:
            return self._load(int(name))
        if not numbers:
            raise UsageError(message("roster:version.none"))
        raise UsageError(message("roster:version.unknown", name=name, known=list(map(str, numbers))))

    def keep(self, roster: Roster, moment: datetime) -> Version:
        """Store a roster as a new version; return the latest version if the content is equal."""
        sha256 = digest(roster)
        while True:
            latest = self.latest()
            if latest and latest.sha256 == sha256:
                return latest
            number = latest.number + 1 if latest else 1
            made = Version(number, sha256, moment, roster.called(str(number)), latest.sha256 if latest else "")
            written = replace(made, roster=bare(made.roster, phones=True))
            if self._write_once(f"{number:04}.json", VERSION.encode(written)):
                return made

    def mark_sent(self, number: int, moment: datetime, to: tuple[str, ...], message_id: str = "") -> Sending:
        """Record the sending of a version."""
        self.get(str(number))
        while True:
            count = sum(sending.number == number for sending in self.sendings()) + 1
            made = Sending(number, moment, to, message_id)
            if self._write_once(f"{number:04}-sent-{count:03}.json", SENDING.encode(made)):
                return made

    def sendings(self) -> tuple[Sending, ...]:
        """Return every sending, in order of time."""
        found = (self._read(path, SENDING) for path in self._files(_SENDING))
        return tuple(sorted(found, key=lambda sending: (sending.at, sending.number)))

    def submission(self, roster: Roster) -> Submission:
        """Return the record of sending, compared with this roster."""
        sendings = self.sendings()
        if not sendings:
            return Submission()
        last = sendings[-1]
        return Submission(sendings[0].at, last.at, self._load(last.number).sha256 == digest(roster))

    def changes(self, roster: Roster) -> tuple[RosterChange, ...] | None:
        """Return the differences from the last sent version, or else from the latest; None without any version."""
        sendings = self.sendings()
        before = self._load(sendings[-1].number) if sendings else self.latest()
        return None if before is None else changes(before.roster, roster)

    # Files

    def _files(self, pattern: re.Pattern[str]) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if pattern.fullmatch(path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                message("roster:version.unread", reason=os_reason(error)), where=str(self._folder)
            ) from None

    def _numbers(self) -> list[int]:
        return sorted(int(path.name.split(".")[0]) for path in self._files(_VERSION))

    @staticmethod
    def _read(path: Path, document: JsonDocument[T]) -> T:
        try:
            return document.read(path.read_bytes())
        except OSError as error:
            raise _damaged(path, os_reason(error)) from None
        except ShapeError as error:
            raise _damaged(path, error.sentence) from None

    def _load(self, number: int) -> Version:
        path = self._folder / f"{number:04}.json"
        found = self._read(path, VERSION)
        roster = Roster.of(found.roster.people, found.roster.shifts, found.roster.leave).called(str(number))
        if found.number != number or self._written(path) != found.sha256:
            raise _damaged(path, message("roster:version.hash"))
        return replace(found, roster=roster)

    @staticmethod
    def _written(path: Path) -> str:
        """SHA-256 of the roster in a version."""
        plain = {**parse_json(path.read_bytes())["roster"], "schema": ROSTER.schema}
        plain.pop("version", None)
        return _digest(plain)

    def _write_once(self, name: str, data: bytes) -> bool:
        """Write the whole file under a free name; False if another process has just taken the name."""
        try:
            return create_atomic(self._folder / name, data)
        except UsageError as error:
            raise StoreError(
                message("roster:version.not_kept", reason=error.cause), where=str(self._folder / name)
            ) from None


def _damaged(path: Path, what: str | Message) -> StoreError:
    return StoreError(message("roster:version.altered", what=what), where=str(path))
