"""Walk of a service in a run document: its users, the ways they have, and the witness of each hop."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import JsonValue

from eventready.core.messages import Message, from_json, to_json

#: State of users: without a proven way, with a single one where two are promised, or with what is promised.
WalkState = Literal["lost", "unmeasured", "one_way_left", "served"]
#: The states of users, the worst first.
WORST_FIRST: tuple[WalkState, ...] = ("lost", "unmeasured", "one_way_left", "served")
#: Proof of a hop; `declared` and `none` are no proof.
HopWitness = Literal["adjacency", "bfd", "port", "attached", "declared", "none"]


class WalkHop(NamedTuple):
    """Hop of a way: its ends as `device port`, or a device alone, and its witness in the run."""

    near: str
    far: str
    witness: HopWitness


@dataclass(frozen=True)
class WalkUsers:
    """Users alike: with the same state, ways and dangers. `people`: expected number, 0 if unknown.

    `server`: device that serves them. `next`: elements whose loss takes the service. `missing`: parts of the promised
    ways that are not in use, or without a witness.
    """

    state: WalkState
    users: tuple[str, ...]
    people: int = 0
    server: str = ""
    first: tuple[WalkHop, ...] = ()
    second: tuple[WalkHop, ...] = ()
    next: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredSentence:
    """Sentence of the catalogue: id, and parameters as JSON."""

    id: str
    params: Mapping[str, JsonValue]

    @classmethod
    def of(cls, sentence: Message) -> StoredSentence:
        """Sentence as stored."""
        return cls(sentence.id, {name: to_json(param) for name, param in sentence.params.items()})

    def render(self, lang: str) -> str:
        """Sentence in a language; empty for an id unknown to the catalogue."""
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # a document may come from anywhere
            return Message(self.id, {name: from_json(param) for name, param in self.params.items()}).render(lang)
        return ""


@dataclass(frozen=True)
class ServiceWalk:
    """Walk of a service at a venue. `state`: the worst of its users; `sentence`: the walk with its proof."""

    state: WalkState
    sentence: StoredSentence
    groups: tuple[WalkUsers, ...] = ()
