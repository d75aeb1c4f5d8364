"""Data of the shipped example, and placeholders of `init --event`, known by their hashes until edited; not evidence.

`example_data.txt` holds the hashes of this and earlier releases.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

from eventready.core.messages import Bilingual
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event

ExampleKind: TypeAlias = Literal["enterprise", "recipient", "sender", "contact", "police", "owner", "person"]

#: Values that `init --event` writes where none is given.
PLACEHOLDER_ENTERPRISE, PLACEHOLDER_EMAIL = "Enterprise", "recipient@example.invalid"

HASHES = Path(__file__).with_name("example_data.txt")


@dataclass(frozen=True)
class Datum:
    """Content of a workspace with a possible origin in an example: kind, name for people, content."""

    kind: ExampleKind
    name: Bilingual
    content: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of kind and content."""
        return sha256(json.dumps([self.kind, *self.content], ensure_ascii=False).encode()).hexdigest()

    @property
    def is_example(self) -> bool:
        """True for content of the shipped example."""
        return self.digest in known_hashes()


@cache
def known_hashes() -> frozenset[str]:
    """Hashes of the content of the examples shipped so far."""
    return frozenset(HASHES.read_text(encoding="ascii").split())


def event_data(event: Event) -> Iterator[Datum]:
    """Enterprise, sender, contact, police stations, and a recipient without an address, of event.yaml."""
    yield _datum("enterprise", event.enterprise, event.enterprise)
    if event.recipient.email == PLACEHOLDER_EMAIL:
        yield _datum("recipient", event.recipient.name, PLACEHOLDER_EMAIL)
    if event.mail is not None:
        yield _datum("sender", event.mail.sender, event.mail.sender)
        if (contact := event.mail.contact) is not None:
            yield _datum("contact", contact.name, contact.name, contact.title, contact.phone)
    for venue in event.venues:
        if (police := venue.police) is not None:
            content = (police.name, police.name_vi, police.phone, police.email)
            yield Datum("police", Bilingual(police.name_vi, police.name), content)


def owner_data(duties: Sequence[Duty]) -> Iterator[Datum]:
    """Owner of each clause of duties.yaml."""
    return (_datum("owner", duty.id, duty.id, duty.owner) for duty in duties)


def person_datum(name: str, phones: Sequence[str]) -> Datum:
    """Person of a roster."""
    return _datum("person", name, name, *phones)


def _datum(kind: ExampleKind, name: str, *content: str) -> Datum:
    return Datum(kind, Bilingual(name, name), content)
