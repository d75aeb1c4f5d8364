"""Runbook of a check: its meaning for the visitors, and the first three steps, from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from eventready.core.messages import term
from eventready.core.strings.texts import lines_of


@dataclass(frozen=True)
class Runbook:
    """Meaning of a failed or unmeasured check, and the first steps."""

    meaning: str
    steps: tuple[str, ...]


def runbook(check: str, lang: str) -> Runbook | None:
    """Return the runbook of a check in a language; None where the catalogue lacks the check."""
    found = term("runbooks:check", check, lang)
    if found == check:
        return None
    meaning, *steps = lines_of(found)
    return Runbook(meaning, tuple(steps))
