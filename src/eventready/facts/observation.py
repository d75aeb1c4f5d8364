"""An observation: the outcome of asking one device for one fact. Never silent about why there is no answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eventready.facts.records import Fact


class Status(StrEnum):
    """What came of a question. Only PARSED and EMPTY are measurements."""

    PARSED = "parsed"
    EMPTY = "empty"
    UNPARSED = "unparsed"
    UNSUPPORTED = "unsupported"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"

    @property
    def measured(self) -> bool:
        """True when the device answered and the answer was understood."""
        return self in (Status.PARSED, Status.EMPTY)


@dataclass(frozen=True)
class Observation:
    """`rows` are the records; `unmatched` the lines no template knew, or the reasons why a row was rejected.

    `raw` is the redacted text the rows came from (moved to the evidence store, which leaves `evidence`, a hash);
    `reading` is 1, or 2 for the second reading of a counter. `reason` is a sentence wherever status is not PARSED.
    """

    device: str
    fact: str
    status: Status
    command: str = ""
    rows: tuple[Fact, ...] = ()
    unmatched: tuple[str, ...] = ()
    reason: str = ""
    raw: str = ""
    evidence: str = ""
    reading: int = 1
