"""Sentence of a finding in a record: English text, id and parameters in the catalogue, and its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True)
class FrequentChanges:
    """Frequent changes of a finding: their number, the minutes between the first and the last, and its state now."""

    changes: int
    minutes: int
    now: str


@dataclass(frozen=True)
class FindingSentence:
    """Sentence of a finding. `status`: its state, empty as of a change; `often`: of a state that changes often."""

    message: str
    message_id: str
    params: Mapping[str, JsonValue]
    status: str = ""
    often: FrequentChanges | None = None
