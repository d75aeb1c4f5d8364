"""The run document `eventready.run/1`: one audit, immutable, of which every report is a pure function."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

SCHEMA = "eventready.run/1"
#: No document goes in a circle; looking out for one would take a fifth of the time.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def canonical(document: Any) -> bytes:
    """The bytes that are hashed: sorted keys, no spaces, UTF-8."""
    if isinstance(document, Parts):
        return b"".join(document.pieces())
    return _CANONICAL.encode(document).encode()


class Parts(Mapping[str, Any]):
    """A document as canonical JSON, key by key. A part is decoded when it is asked for, and kept from then on.

    A run of a thousand devices is 90 MB of JSON and five times as much in Python's objects, most of which nobody looks
    at. Each part is given in pieces, so that nothing needs to be joined to be hashed or stored.
    """

    def __init__(self, parts: Mapping[str, Sequence[bytes]]) -> None:
        self._parts = dict(parts)
        self._decoded: dict[str, Any] = {}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """From any document of plain JSON types."""
        if isinstance(document, cls):
            return document
        return cls({key: (canonical(value),) for key, value in document.items()})

    def having(self, **values: Any) -> Self:
        """A copy with other values under these keys."""
        return type(self)({**self._parts, **{key: (canonical(value),) for key, value in values.items()}})

    def and_pieces(self, **parts: Sequence[bytes]) -> Self:
        """A copy with these parts, given as pieces of canonical JSON."""
        return type(self)({**self._parts, **parts})

    def without(self, key: str) -> Self:
        """A copy without a key."""
        return type(self)({other: pieces for other, pieces in self._parts.items() if other != key})

    def pieces(self) -> Iterator[bytes]:
        """The canonical bytes, piece by piece."""
        before = b"{"
        for key in sorted(self._parts):
            yield before + canonical(key) + b":"
            yield from self._parts[key]
            before = b","
        yield b"}" if self._parts else b"{}"

    def each(self, key: str) -> Iterator[Any]:
        """The items of a list, of which only a few are decoded at a time."""
        pieces = self._parts[key]
        if key in self._decoded or len(pieces) < 3:
            yield from self[key]
            return
        for piece in pieces[1:-1:2]:  # as `listed` has put them together
            yield from json.loads(b"[" + piece + b"]")

    def __getitem__(self, key: str) -> Any:
        if key not in self._decoded:
            self._decoded[key] = json.loads(b"".join(self._parts[key]))
        return self._decoded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def listed(pieces: Sequence[bytes]) -> tuple[bytes, ...]:
    """The pieces of a JSON array, from those of its items (one or several in each, with commas between them)."""
    between = [piece for item in pieces for piece in (b",", item)]
    return (b"[", *between[1:], b"]")


@dataclass(frozen=True)
class Run:
    """A finished (or interrupted) audit as plain JSON types, in the shape of the design contract.

    Extra keys beside the contract's: `clock` (event time and whether it is a rehearsal), `event_info` (name, venues,
    services, titles: all that a report needs), `state` (`finished` or `interrupted`), and on findings `text`,
    `params`, `venues`, `services`, `blind`, `waiver`, `was`.
    """

    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The run's name."""
        return str(self.document["id"])

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """All findings, for whoever keeps only some of them."""
        document = self.document
        return document.each("findings") if isinstance(document, Parts) else iter(document["findings"])

    @classmethod
    def sealed(cls, document: Mapping[str, Any]) -> Run:
        """A run whose `sha256` covers everything else, the previous run's hash included."""
        body = Parts.of(document).without("sha256")
        digest = hashlib.sha256()
        for piece in body.pieces():
            digest.update(piece)
        return cls(body.having(sha256=digest.hexdigest()))

    def intact(self) -> bool:
        """True when the document still has the hash that it was sealed with."""
        return bool(self.sealed(self.document).document["sha256"] == self.document.get("sha256"))

    def json(self) -> str:
        """The document as indented JSON."""
        return json.dumps(dict(self.document), indent=1, ensure_ascii=False)


@dataclass(frozen=True)
class Summary:
    """What lists and trends need of a run, small enough to be kept beside it.

    `moment` is the event's time (ISO 8601); `counts` the number of findings by status; `verdicts` triples of venue,
    service and verdict.
    """

    id: str
    event: str
    moment: str
    rehearsal: bool
    needed: int
    measured: int
    counts: Mapping[str, int] = field(default_factory=dict)
    verdicts: tuple[tuple[str, str, str], ...] = ()

    @property
    def ratio(self) -> float:
        """Observations measured / observations needed; 0 when nothing was needed."""
        return self.measured / self.needed if self.needed else 0.0

    @classmethod
    def of(cls, document: Mapping[str, Any], counts: Mapping[str, int] | None = None) -> Summary:
        """The summary of a run document; `counts` spares it to look at all findings."""
        if counts is None:
            counts = Counter(str(finding["status"]) for finding in document.get("findings", ()))
        clock = document.get("clock", {})
        return cls(
            id=str(document["id"]),
            event=str(document.get("event", "")),
            moment=str(clock.get("event") or document.get("started", "")),
            rehearsal=bool(clock.get("rehearsal", False)),
            needed=int(document.get("coverage", {}).get("needed", 0)),
            measured=int(document.get("coverage", {}).get("measured", 0)),
            counts=dict(counts),
            verdicts=tuple(
                (str(v["venue"]), str(v["service"]), str(v["verdict"])) for v in document.get("verdicts", ())
            ),
        )

    def plain(self) -> dict[str, Any]:
        """The summary as plain JSON types; `load` takes it back."""
        return asdict(self)

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Summary:
        """A summary from what `plain` gave."""
        return cls(**{**plain, "verdicts": tuple((str(v), str(s), str(w)) for v, s, w in plain["verdicts"])})
