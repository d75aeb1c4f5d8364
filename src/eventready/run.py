"""The run document `eventready.run/1`: one audit, immutable, of which every report is a pure function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    `params`, `venues`, `blind`, `waiver`.
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
