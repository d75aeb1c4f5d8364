"""Counters of an object in a period, as a performance file gives them, and problems of a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeAlias

from eventready.core.messages import Message

#: Words of equipment for the absence of a value, beside an empty one.
_ABSENT = frozenset({"", "null", "nil", "nan", "n/a", "na", "-", "/0"})


#: Years of a period; arithmetic overflows near the limits of Python's datetime.
_YEARS = range(1990, 2200)
#: Seconds of the longest period.
LONGEST_S = 7 * 86_400

#: Digits of a number that is finite.
_PLAIN = 300

#: Gives the name of a counter in the layout; None for one of no figure.
Known: TypeAlias = Callable[[str], str | None]


class PerformanceError(Exception):
    """Refusal of a whole file. `why`: the sentence with the reason."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.id)
        self.why = why


@dataclass(frozen=True, slots=True)
class Counters:
    """Values of an object by name of the counter, in its period; an absent value is no key.

    `begin`: aware time of the begin. `seconds`: length of the period. `suspect`: marked so by the equipment.
    """

    name: str
    begin: datetime
    seconds: int
    values: Mapping[str, float]
    suspect: bool = False


def number(text: str) -> float | None:
    """Return the value of a counter; None for the absence of a value and for another text."""
    if text.isdecimal() and len(text) <= _PLAIN:
        return float(text)
    word = text.strip()
    if word.casefold() in _ABSENT or "_" in word:
        return None
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def moment(text: str, zone: tzinfo | None) -> datetime | None:
    """Return an aware time of ISO 8601, in `zone` where the text names none; None for another text."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if found.year not in _YEARS:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone) if zone else None
