"""Findings of the roster's rules, and the gaps: intervals without enough people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from eventready.core.messages import Message, in_both
from eventready.roster.intervals import Interval
from eventready.roster.roster import Branch, Role

#: `error`: a rule is broken; `warn`: a person must decide; `info`: an improvement.
Severity: TypeAlias = Literal["error", "warn", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warn", "info")

#: The rules of a roster; the catalogue has their names under `roster:rule`.
RULES = range(1, 10)


class Spanned(Protocol):
    """Record with a begin and an end."""

    @property
    def start(self) -> datetime | None:
        """Begin, if known."""

    @property
    def end(self) -> datetime | None:
        """End, if known."""


def plain_times(one: Spanned) -> dict[str, str | None]:
    """Begin and end of a record as plain JSON types, to the minute."""
    times = {"start": one.start, "end": one.end}
    return {name: at.isoformat(timespec="minutes") if at else None for name, at in times.items()}


@dataclass(frozen=True)
class Gap:
    """Interval [start, end) with `have` of the `need` people; `venue` and `branch`, if set, narrow the gap."""

    role: Role
    start: datetime
    end: datetime
    have: int
    need: int
    venue: str = ""
    branch: Branch = ""

    @property
    def minutes(self) -> int:
        """Length in minutes, rounded up."""
        return -(-int((self.end - self.start).total_seconds()) // 60)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        narrowed = {"venue": self.venue or None, "branch": self.branch or None}
        return {**vars(self), **plain_times(self), "minutes": self.minutes, **narrowed}


@dataclass(frozen=True)
class RosterFinding:
    """Breach of a rule. `where` is a cell of the file or a venue; telephone numbers are masked."""

    rule: int
    severity: Severity
    message: Message
    who: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    where: str = ""

    @classmethod
    def over(
        cls,
        rule: int,
        severity: Severity,
        content: Message,
        spans: Sequence[Interval],
        *,
        who: tuple[str, ...] = (),
        where: str = "",
    ) -> RosterFinding:
        """A breach in intervals, from the beginning of the first to the end of the last."""
        return cls(rule, severity, content, who, spans[0][0], spans[-1][1], where)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "who": list(self.who),
            **plain_times(self),
            "where": self.where or None,
            "message_id": self.message.id,
            **in_both(self.message),
        }


@dataclass(frozen=True)
class RosterReport:
    """Result of a check over [start, end). `unchecked` has the rules without application, with the reason.

    `unmanned`: roles of which nobody is required, and at times nobody is on duty.
    """

    start: datetime
    end: datetime
    findings: tuple[RosterFinding, ...]
    gaps: tuple[Gap, ...]
    unchecked: Mapping[int, Message]
    unmanned: tuple[Role, ...] = ()

    @property
    def holds(self) -> bool:
        """Return True for a report without an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def of(self, rule: int) -> tuple[RosterFinding, ...]:
        """Return the findings of a rule."""
        return tuple(finding for finding in self.findings if finding.rule == rule)

    def gap_minutes(self, role: Role | None = None) -> int:
        """Return the minutes without enough people, of a role or of all; gaps at a venue count as well."""
        return sum(gap.minutes for gap in self.gaps if role in (None, gap.role))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        counts = Counter(finding.severity for finding in self.findings)
        return {
            **plain_times(self),
            "holds": self.holds,
            "counts": {severity: counts[severity] for severity in SEVERITIES},
            "gaps": [gap.to_dict() for gap in self.gaps],
            "findings": [finding.to_dict() for finding in self.findings],
            "unchecked": [{"rule": rule, **in_both(reason)} for rule, reason in sorted(self.unchecked.items())],
        }
