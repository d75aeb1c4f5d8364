"""What somebody signs for: a word about a clause, with files and the rows of a form. It is never changed, only taken
back by another entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from eventready.duty.words import moment_of

STREAM = "attestation"


@dataclass(frozen=True)
class Attachment:
    """A file kept by its hash. `sound` is False when it is lost or is no longer what its hash says."""

    name: str
    sha256: str
    size: int
    sound: bool = True

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {"name": self.name, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True)
class Attestation:
    """`document` is the paper of the clause that it stands for (empty: the clause's signed word itself).

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
        """True when it counts: not taken back, and every file still what it was."""
        return not self.withdrawn and all(file.sound for file in self.files)

    def body(self) -> dict[str, Any]:
        """What is recorded of it."""
        return {
            "kind": "attested",
            "document": self.document,
            "by": self.by,
            "note": self.note,
            "at": self.at.isoformat(timespec="seconds"),
            "files": [file.plain() for file in self.files],
            "rows": [dict(row) for row in self.rows],
            "rehearsal": self.rehearsal,
        }


def name(position: int) -> str:
    """How the attestation at a position of the journal is called."""
    return f"A-{position:04d}"


def replay(entries: Iterable[tuple[int, str, str, Mapping[str, Any]]]) -> tuple[Attestation, ...]:
    """The attestations that the journal's entries (position, clause, real time, body) tell, in their order."""
    told: dict[str, Attestation] = {}
    for position, clause, recorded, body in entries:
        if body["kind"] == "withdrawn":
            reason = f"{body['by']}: {body['note']}"
            told[body["of"]] = replace(told[body["of"]], withdrawn=reason)
            continue
        told[name(position)] = Attestation(
            id=name(position),
            clause=clause,
            document=body["document"],
            by=body["by"],
            note=body["note"],
            at=moment_of(body["at"]),
            recorded=datetime.fromisoformat(recorded),
            files=tuple(Attachment(f["name"], f["sha256"], f["size"]) for f in body["files"]),
            rows=tuple(body["rows"]),
            rehearsal=body["rehearsal"],
        )
    return tuple(told.values())
