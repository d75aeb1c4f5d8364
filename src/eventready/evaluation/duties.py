"""Clauses of a finding, by the checks and venues of duties.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from eventready.workspace.settings.duties import Duty


class DutyIndex:
    """Ids of clauses by check and venues. A run has few pairs of these, and a hundred findings per device."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = tuple(duty for duty in duties if duty.proof.checks)
        self._found: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}

    def of(self, check: str, venues: tuple[str, ...]) -> tuple[str, ...]:
        """Return the clauses proved by the check; a clause with venues needs a venue of the finding."""
        key = (check, venues)
        if key not in self._found:
            self._found[key] = tuple(duty.id for duty in self._duties if _concerns(duty, check, venues))
        return self._found[key]


def _concerns(duty: Duty, check: str, venues: tuple[str, ...]) -> bool:
    if not any(fnmatchcase(check, glob) for glob in duty.proof.checks):
        return False
    return not duty.proof.venues or not set(venues).isdisjoint(duty.proof.venues)
