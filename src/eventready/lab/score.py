"""How well an audit did in a lab: every seeded fault found, and nothing found that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Find = tuple[str, str, str, str]
_TROUBLE = frozenset({"warn", "fail", "not_measured"})


@dataclass(frozen=True)
class Score:
    """Findings as (check, device, subject, status), sorted. `surplus` is what the scene does not account for."""

    found: tuple[Find, ...]
    missed: tuple[Find, ...]
    surplus: tuple[Find, ...]

    @property
    def perfect(self) -> bool:
        """True when everything seeded was found and nothing else."""
        return not self.missed and not self.surplus


def score(findings: Iterable[Mapping[str, Any]], expected: Iterable[Sequence[str]]) -> Score:
    """Hold a run's findings against what a scene must cause. Blind spots are no findings of the network's state."""
    told = {
        (str(f["check"]), str(f["device"]), str(f["subject"]), str(f["status"]))
        for f in findings
        if f["status"] in _TROUBLE and not f["blind"]
    }
    wanted = {(check, device, subject, status) for check, device, subject, status in expected}
    return Score(tuple(sorted(wanted & told)), tuple(sorted(wanted - told)), tuple(sorted(told - wanted)))
