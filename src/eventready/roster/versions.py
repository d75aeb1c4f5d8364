"""Versions of the roster, as write-once files: a delivered version can be shown again, and compared.

`.eventready/rosters/0003.json` is version 3; `0003-sent-001.json` says when it went to whom. A file appears whole or
not at all, so that a process may be killed at any moment; nothing is ever changed or removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventready.core.errors import StoreError, UsageError, os_reason
from eventready.core.file_system.atomic_files import create_atomic
from eventready.core.messages import message
from eventready.core.strings.json_text import parse_json
from eventready.roster.changes import RosterChange, changes
from eventready.roster.json_codec import digest, from_plain, to_plain
from eventready.roster.roster import Roster
from eventready.roster.rulebook.case import Submission

_VERSION = re.compile(r"(\d{4,})\.json")
_SENDING = re.compile(r"(\d{4,})-sent-(\d{3,})\.json")
_SCHEMA, _SENT_SCHEMA = "eventready.roster-version/1", "eventready.roster-sent/1"


@dataclass(frozen=True)
class Version:
    """Stored roster: its number from 1, the SHA-256 of its content, the time of storage (event's clock)."""

    number: int
    sha256: str
    kept: datetime
    roster: Roster


@dataclass(frozen=True)
class Sending:
    """Sent version."""

    number: int
    at: datetime
    to: tuple[str, ...]
    message_id: str = ""


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
            called = roster.called(str(number))
            document = {
                "schema": _SCHEMA,
                "number": number,
                "sha256": sha256,
                "previous": latest.sha256 if latest else None,
                "kept": _utc(moment),
                "roster": to_plain(called, phones=True),
            }
            if self._write_once(f"{number:04}.json", document):
                return Version(number, sha256, moment, called)

    def mark_sent(self, number: int, moment: datetime, to: tuple[str, ...], message_id: str = "") -> Sending:
        """Record the sending of a version."""
        self.get(str(number))
        while True:
            count = sum(sending.number == number for sending in self.sendings()) + 1
            document = {
                "schema": _SENT_SCHEMA,
                "number": number,
                "at": _utc(moment),
                "to": list(to),
                "message_id": message_id,
            }
            if self._write_once(f"{number:04}-sent-{count:03}.json", document):
                return Sending(number, moment, to, message_id)

    def sendings(self) -> tuple[Sending, ...]:
        """Return every sending, in order of time."""
        found = []
        for path in self._files(_SENDING):
            document = self._document(path, _SENT_SCHEMA)
            with _intact(path):
                at = datetime.fromisoformat(document["at"])
                to = tuple(map(str, document["to"]))
                found.append(Sending(int(document["number"]), at, to, str(document["message_id"])))
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

    def _document(self, path: Path, schema: str) -> Mapping[str, Any]:
        try:
            document = parse_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise _damaged(path) from error
        if not isinstance(document, dict) or document.get("schema") != schema:
            raise _damaged(path)
        return document

    def _load(self, number: int) -> Version:
        path = self._folder / f"{number:04}.json"
        document = self._document(path, _SCHEMA)
        with _intact(path):
            roster = from_plain(document["roster"]).called(str(number))
            version = Version(number, str(document["sha256"]), datetime.fromisoformat(document["kept"]), roster)
            if digest(roster) != version.sha256:
                raise ValueError("altered")
        return version

    def _write_once(self, name: str, document: Mapping[str, Any]) -> bool:
        """Write the whole file under a free name; False if another process has just taken the name."""
        try:
            return create_atomic(self._folder / name, json.dumps(document, ensure_ascii=False, indent=1).encode())
        except UsageError as error:
            raise StoreError(
                message("roster:version.not_kept", reason=error.cause), where=str(self._folder / name)
            ) from None


@contextmanager
def _intact(path: Path) -> Iterator[None]:
    """Turn the exceptions of reading a damaged file into a sentence."""
    try:
        yield
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> StoreError:
    return StoreError(message("roster:version.altered"), where=str(path))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
