"""Attestations: signed statements about a clause, with files and the rows of a form. An attestation is never changed,
only withdrawn by another entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from eventready.core.records import Kinds, Moment, Stream
from eventready.store.streams.journal import JournalEntry

#: Row of a form, as plain JSON types by field.
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Attachment:
    """File stored by its hash. `sound` is False for a lost or altered file."""

    name: str
    sha256: str
    size: int
    sound: bool = True


@dataclass(frozen=True)
class Attested:
    """Entry of a signed statement. `document` is the attested paper of the clause (empty: the clause itself).

    `at` is the event's time, `rows` those of the clause's form.
    """

    by: str
    note: str
    at: Moment
    document: str = ""
    files: tuple[Attachment, ...] = ()
    rows: tuple[Values, ...] = ()
    rehearsal: bool = False


@dataclass(frozen=True)
class Withdrawn:
    """Withdrawal of the attestation `of`."""

    of: str
    by: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Attestation(Attested):
    """Signed statement. `recorded` is the real time in UTC; `withdrawn`: reason and person of a withdrawal."""

    id: str
    clause: str
    recorded: datetime
    withdrawn: str = ""

    @property
    def stands(self) -> bool:
        """Return True for a valid attestation: not withdrawn, and every file intact."""
        return not self.withdrawn and all(file.sound for file in self.files)


STREAM: Stream[Attested | Withdrawn] = Stream(
    "attestation", Kinds("kind", {"attested": Attested, "withdrawn": Withdrawn})
)


def replay(entries: Iterable[JournalEntry[Attested | Withdrawn]]) -> tuple[Attestation, ...]:
    """Return the attestations of the journal's entries, keyed by clause, in their order."""
    found: dict[str, Attestation] = {}
    for entry in entries:
        body = entry.body
        if isinstance(body, Withdrawn):
            found[body.of] = replace(found[body.of], withdrawn=f"{body.by}: {body.note}")
        else:
            own, recorded = f"A-{entry.position:04d}", datetime.fromisoformat(entry.recorded)
            found[own] = Attestation(**vars(body), id=own, clause=entry.key, recorded=recorded)
    return tuple(found.values())
