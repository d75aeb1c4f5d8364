"""What a roster's check finds: sentences by rule, and the stretches of time without enough people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from eventready.roster.roster import Branch, Role

#: `error`: the roster does not do; `warn`: somebody must decide; `info`: better done otherwise.
Severity: TypeAlias = Literal["error", "warn", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warn", "info")

#: The rules of a roster by number.
RULES: Mapping[int, tuple[str, str]] = {
    1: ("Đủ người 24/24, không có khoảng trống", "Coverage without a gap"),
    2: ("Không ai trực hai nơi cùng lúc", "Nobody in two places"),
    3: ("Thời giờ làm việc, nghỉ ngơi", "Hours and rest"),
    4: ("Số điện thoại", "Telephone numbers"),
    5: ("Giao nhận ca", "Handover"),
    6: ("Lực lượng tại địa điểm, người duyệt thay đổi khẩn", "Teams at the venues, and who may authorise"),
    7: ("Hạn gửi danh sách trực", "Submission"),
    8: ("Lực lượng dự bị", "Reserve"),
    9: ("Chuyên môn trong ca", "Skills in each shift"),
}


@dataclass(frozen=True)
class Gap:
    """[start, end) with `have` people where `need` are wanted; at a venue, of a branch, where those are meant."""

    role: Role
    start: datetime
    end: datetime
    have: int
    need: int
    venue: str = ""
    branch: Branch = ""

    @property
    def minutes(self) -> int:
        """Its length in minutes, begun ones counted."""
        return -(-int((self.end - self.start).total_seconds()) // 60)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "role": self.role,
            "venue": self.venue or None,
            "branch": self.branch or None,
            "start": self.start.isoformat(timespec="minutes"),
            "end": self.end.isoformat(timespec="minutes"),
            "minutes": self.minutes,
            "have": self.have,
            "need": self.need,
        }


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a rule. `who` are names, `where` a cell of the file or a venue; no number stands in it."""

    rule: int
    severity: Severity
    vi: str
    en: str
    who: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    where: str = ""

    def said(self, lang: str) -> str:
        """The sentence in a language."""
        return self.vi if lang == "vi" else self.en

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "who": list(self.who),
            "start": self.start.isoformat(timespec="minutes") if self.start else None,
            "end": self.end.isoformat(timespec="minutes") if self.end else None,
            "where": self.where or None,
            "vi": self.vi,
            "en": self.en,
        }


@dataclass(frozen=True)
class RosterReport:
    """The outcome of a check over [start, end). `unchecked` says which rules were not held against it, and why."""

    start: datetime
    end: datetime
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    unchecked: Mapping[int, tuple[str, str]]

    @property
    def holds(self) -> bool:
        """True when nothing in it is an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def of(self, rule: int) -> tuple[Finding, ...]:
        """The findings of one rule."""
        return tuple(finding for finding in self.findings if finding.rule == rule)

    def gap_minutes(self, role: Role | None = None) -> int:
        """Minutes without enough people, of one role or of all; gaps at a venue are its own and count too."""
        return sum(gap.minutes for gap in self.gaps if role in (None, gap.role))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        counts = Counter(finding.severity for finding in self.findings)
        return {
            "start": self.start.isoformat(timespec="minutes"),
            "end": self.end.isoformat(timespec="minutes"),
            "holds": self.holds,
            "counts": {severity: counts[severity] for severity in SEVERITIES},
            "gaps": [gap.plain() for gap in self.gaps],
            "findings": [finding.plain() for finding in self.findings],
            "unchecked": [{"rule": rule, "vi": vi, "en": en} for rule, (vi, en) in sorted(self.unchecked.items())],
        }
