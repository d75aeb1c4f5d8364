"""English by number. Vietnamese needs none of it: its nouns and verbs stay as they are."""

from __future__ import annotations


def number_of(number: int, one: str, more: str = "") -> str:
    """`1 shift`, `2 shifts`; with `more` where more than a letter changes: `1 hazard is open`, `2 hazards are open`."""
    return f"{number} {one if number == 1 else more or f'{one}s'}"
