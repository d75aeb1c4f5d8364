"""The run document `eventready.run/1`: one audit, immutable, of which every report is a pure function."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "eventready.run/1"


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


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

    @classmethod
    def sealed(cls, document: Mapping[str, Any]) -> Run:
        """A run whose `sha256` covers everything else, the previous run's hash included."""
        body = {key: value for key, value in document.items() if key != "sha256"}
        return cls({**body, "sha256": hashlib.sha256(canonical(body)).hexdigest()})

    def intact(self) -> bool:
        """True when the document still has the hash that it was sealed with."""
        return bool(self.sealed(self.document).document["sha256"] == self.document.get("sha256"))

    def json(self) -> str:
        """The document as indented JSON."""
        return json.dumps(self.document, indent=1, ensure_ascii=False)


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
    def of(cls, document: Mapping[str, Any]) -> Summary:
        """The summary of a run document."""
        clock = document.get("clock", {})
        return cls(
            id=str(document["id"]),
            event=str(document.get("event", "")),
            moment=str(clock.get("event") or document.get("started", "")),
            rehearsal=bool(clock.get("rehearsal", False)),
            needed=int(document.get("coverage", {}).get("needed", 0)),
            measured=int(document.get("coverage", {}).get("measured", 0)),
            counts=dict(Counter(str(finding["status"]) for finding in document.get("findings", ()))),
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
