"""Attestations: signed statements about a clause, with files and the rows of a form. An attestation is never changed,
only withdrawn by another entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from eventready.core.strings.phrases import moment_of
from eventready.store.records.stream import Stream
from eventready.store.streams.journal import JournalEntry

STREAM: Stream[Any] = Stream("attestation", dict[str, Any])


@dataclass(frozen=True)
class Attachment:
    """File stored by its hash. `sound` is False for a lost or altered file."""

    name: str
    sha256: str
    size: int
    sound: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the file as plain JSON types."""
        return {"name": self.name, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True)
class Attestation:
    """Signed statement. `document` is the attested paper of the clause (empty: the clause itself).

    `at` is the event's time, `recorded` the real one in UTC; `rows` those of the clause's form, as plain JSON types;
    `withdrawn` says why and by whom it was taken back.
    """

    id: str
    clause: str
    document: str
    by: str
    note: str
    at: datetime
    recorded: datetime
    files: tuple[Attachment, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    rehearsal: bool = False
    withdrawn: str = ""

    @property
    def stands(self) -> bool:
        """Return True for a valid attestation: not withdrawn, and every file intact."""
        return not self.withdrawn and all(file.sound for file in self.files)

    def body(self) -> dict[str, Any]:
        """Return the recorded form of the attestation."""
        return {
            "kind": "attested",
            "document": self.document,
            "by": self.by,
            "note": self.note,
            "at": self.at.isoformat(timespec="seconds"),
            "files": [file.to_dict() for file in self.files],
            "rows": [dict(row) for row in self.rows],
            "rehearsal": self.rehearsal,
        }


def name(position: int) -> str:
    """Return the name of the attestation at a position of the journal."""
    return f"A-{position:04d}"


def replay(entries: Iterable[JournalEntry[Any]]) -> tuple[Attestation, ...]:
    """Return the attestations of the journal's entries, keyed by clause, in their order."""
    found: dict[str, Attestation] = {}
    for entry in entries:
        body, own = entry.body, name(entry.position)
        if body["kind"] == "withdrawn":
            reason = f"{body['by']}: {body['note']}"
            found[body["of"]] = replace(found[body["of"]], withdrawn=reason)
            continue
        found[own] = Attestation(
            id=own,
            clause=entry.key,
            document=body["document"],
            by=body["by"],
            note=body["note"],
            at=moment_of(body["at"]),
            recorded=datetime.fromisoformat(entry.recorded),
            files=tuple(Attachment(f["name"], f["sha256"], f["size"]) for f in body["files"]),
            rows=tuple(body["rows"]),
            rehearsal=body["rehearsal"],
        )
    return tuple(found.values())
