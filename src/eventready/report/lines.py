"""Findings as lines: said in the report's language, in order of urgency, each with an anchor of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eventready.report.language import clean
from eventready.report.model import ORDER, Document, Line, Place

_DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts `port 9` before `port 10`."""
    parts = (part for part in _DIGITS.split(text) if part)
    return tuple((0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts)


def lines_of(document: Document, place: Place) -> tuple[Line, ...]:
    """All findings, the most urgent first; blind spots after failed readings."""
    findings: Sequence[Document] = document.get("findings", ())
    ranked = sorted(findings, key=_urgency)
    return tuple(_line(f"f{number}", finding, place) for number, finding in enumerate(ranked, 1))


def _urgency(finding: Document) -> tuple[object, ...]:
    status = str(finding["status"])
    rank = ORDER.index(status) if status in ORDER else 0
    device, check, subject = (str(finding.get(key, "")) for key in ("device", "check", "subject"))
    return rank, bool(finding.get("blind")), natural(device), check, natural(subject), str(finding.get("text", ""))


def _line(anchor: str, finding: Document, place: Place) -> Line:
    language, check = place.language, str(finding.get("check", ""))
    return Line(
        anchor=anchor,
        status=str(finding["status"]),
        check=check,
        check_title=language.check(check),
        device=clean(finding.get("device", "")),
        subject=language.subject(str(finding.get("subject", ""))),
        message=language.sentence(finding),
        blind=bool(finding.get("blind")),
        venues=place.venues_of(finding),
        duties=tuple(clean(duty) for duty in finding.get("duties", ())),
        evidence=tuple(str(name) for name in finding.get("evidence", ())),
        waiver=clean(finding.get("waiver") or ""),
    )
