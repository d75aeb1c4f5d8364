"""Runbook of a check: its meaning for the visitors, and the first three steps, from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from eventready.checks.registry import all_checks
from eventready.core.messages import term
from eventready.core.text_lines import lines_of


@dataclass(frozen=True)
class Runbook:
    """Meaning of a failed or unmeasured check, and the first steps."""

    meaning: str
    steps: tuple[str, ...]


def is_check(name: str) -> bool:
    """True for a check of the product, with its runbook, or of another package."""
    return runbook(name, "en") is not None or name in {one.name for one in all_checks()}


def runbook(check: str, lang: str) -> Runbook | None:
    """Return the runbook of a check in a language; None where the catalogue lacks the check."""
    found = term("runbooks:check", check, lang)
    if found == check:
        return None
    meaning, *steps = lines_of(found)
    return Runbook(meaning, tuple(steps))
