"""Observation: outcome of reading a fact of a device, with the reason for a missing answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from eventready.core.messages import Text
from eventready.facts.records import Fact


class Status(StrEnum):
    """The outcome of reading a fact. Only PARSED and EMPTY are measurements."""

    PARSED = "parsed"
    EMPTY = "empty"
    UNPARSED = "unparsed"
    UNSUPPORTED = "unsupported"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"

    @property
    def measured(self) -> bool:
        """True for a parsed or an honestly empty answer."""
        return self in (Status.PARSED, Status.EMPTY)


@dataclass(frozen=True)
class Unread:
    """Unreadable record among readable ones: its subject as printed, the reason, and its text if known.

    The text says whose record it may be; it is neither stored nor shown.
    """

    subject: str
    message: Text
    text: str = field(default="", compare=False, repr=False)

    @property
    def reason(self) -> str:
        """The reason in English."""
        return self.message.render("en")


class MovedFigures(NamedTuple):
    """Difference from an observation with the rows `since`: its moved fields, as `Fact.moved` has them."""

    since: tuple[Fact, ...]
    fields: frozenset[str]


@dataclass(frozen=True)
class Observation:
    """Outcome of a fact. `rows`: records of a measurement; `unmatched`: lines without a matching rule, and the
    reasons why rows were rejected.

    `complete` is False for a saved output that nothing proves to be whole: rows may be missing at its end. `raw` is the
    redacted text the rows came from (moved to the evidence store, which leaves `evidence`, a hash); `reading` is 1, or
    2 for the second reading of a counter. `reason` is an English sentence wherever status is not PARSED, `message` the
    same for other languages. `unconfirmed`: no public source confirms the form of the answer. `unread`: records
    that are missing in `rows` because each is strange by itself; an observation with any is partial. `moved`: known
    difference from an earlier observation, where only figures moved.
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
    complete: bool = True
    message: Text | None = None
    unconfirmed: bool = False
    unread: tuple[Unread, ...] = ()
    moved: MovedFigures | None = field(default=None, compare=False, repr=False)

    def alike(self, other: Observation) -> bool:
        """True for a later observation with the same outcome and the same records but for figures in `moving`."""
        if self.rows and (moved := other.moved_since(self)) is not None:
            return moved <= self.rows[0].moving
        if (self.status, self.reason, self.unread) != (other.status, other.reason, other.unread):
            return False
        return self is other or (len(self.rows) == len(other.rows) and all(map(Fact.alike, self.rows, other.rows)))

    def moved_fields(self, earlier: Observation) -> frozenset[str] | None:
        """Fields moved since an earlier observation in any record; None for other records."""
        if (moved := self.moved_since(earlier)) is not None:
            return moved
        if (earlier.status, earlier.unread, len(earlier.rows)) != (self.status, self.unread, len(self.rows)):
            return None
        return frozenset().union(*(one.moved(now) for one, now in zip(earlier.rows, self.rows, strict=True)))

    def moved_since(self, earlier: Observation) -> frozenset[str] | None:
        """Fields moved since an earlier observation; None where they are not known without a comparison."""
        if self is earlier:
            return frozenset()
        return self.moved.fields if self.moved and self.moved.since is earlier.rows else None
