"""Lines of findings, with a question to several venues as a single line with their names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
#: Fields of a finding that are the same for every venue.
_SAME = ("device", "check", "status", "message_id", "value", "limit", "waiver", "was", "blind")


def joined_venues(findings: Iterable[Entry]) -> list[tuple[Entry, Sequence[Entry]]]:
    """Return each line in the order of its first finding, with its findings.

    A line is the first of them, with the names of all their venues in its sentence.
    """
    together: dict[str, list[Entry]] = {}
    for number, finding in enumerate(findings):
        together.setdefault(_question(finding) or str(number), []).append(finding)
    return [(_line(found), found) for found in together.values()]


def is_answer(finding: Entry) -> bool:
    """Return True for a finding about an answer to a question."""
    return str(finding["check"]).startswith("answer_")


def _question(finding: Entry) -> str:
    """Return the common part of the findings of a question; empty for another finding."""
    if not is_answer(finding) or len(finding.get("venues", ())) != 1:
        return ""
    fields = {name: finding.get(name) for name in _SAME}
    params = {**finding.get("params", {}), "subject": _without_venue(finding)}
    return json.dumps([fields, params], sort_keys=True, default=str)


def _without_venue(finding: Entry) -> str:
    return str(finding["subject"]).replace(f" ({finding['venues'][0]})", "", 1)


def _line(findings: Sequence[Entry]) -> Entry:
    first = findings[0]
    if len(findings) == 1:
        return first
    venue = first["venues"][0]
    names = ", ".join(str(finding["venues"][0]) for finding in findings)
    subject = str(first["subject"]).replace(f" ({venue})", f" ({names})", 1)
    return {**first, "params": {**first["params"], "subject": subject}}
