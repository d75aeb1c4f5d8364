"""Names as typed in a cell: form of address and academic title before, position after, telephone numbers beside."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventready.roster.reading import phones
from eventready.roster.reading.text import WORDS, tidy, without_address

#: Degrees before a name, each with its full stop: `KS.`, `ThS.`, `PGS.TS.`.
_DEGREES = re.compile(r"^((?:(?:KS|Th?S|C(?:N|KII?)|BS|GS|PGS)\s*\.\s*)+)(?=\S)", re.IGNORECASE)
_SIR = re.compile(r"^(?:ông|bà)\s*:?\s+(?=\S+\s+\S)", re.IGNORECASE)
_POSITIONS = tuple(WORDS.data["positions"])
_TAIL = re.compile(r"^(?P<name>[^(\n]+?)\s*(?:\((?P<inner>[^()]+)\)|(?:\s[-\u2013]\s*|\n\s*)(?P<after>[^\n]+))\s*$")
_PHONE = re.compile(r"(?:\+?84|0)[\d .\u00a0-]{8,13}\d")
_BETWEEN = re.compile(r"[,;\n+&]|\s/\s|\s(?:và|va|and)\s", re.IGNORECASE)


@dataclass(frozen=True)
class TypedName:
    """A name with the title and the telephone numbers typed in the same cell."""

    name: str
    title: str = ""
    numbers: tuple[str, ...] = ()


def split_name(text: str) -> TypedName:
    """Return name and title of a cell with a single person; other text is kept in the name."""
    left = _SIR.sub("", without_address(text))
    degrees = _DEGREES.match(left)
    left = left[degrees.end() :] if degrees else left
    found = _TAIL.match(left)
    after = tidy(found["inner"] or found["after"]) if found else ""
    if found and _is_position(after):
        return TypedName(found["name"].strip(), after)
    return TypedName(left, tidy(degrees[1]) if degrees else "")


def _is_position(text: str) -> bool:
    return f"{tidy(text).casefold()} ".startswith(_POSITIONS)


def split_names(text: str) -> tuple[TypedName, ...]:
    """The people of a cell with several, each with the telephone numbers typed behind the name."""
    found: list[TypedName] = []
    for part in _BETWEEN.split(text):
        numbers = tuple(number for typed in _PHONE.findall(part) if (number := phones.normal(typed)))
        words = _PHONE.sub(" ", part).strip(" \t()-:/.")
        if not words and numbers and found:
            found[-1] = TypedName(found[-1].name, found[-1].title, (*found[-1].numbers, *numbers))
        elif words and _is_position(words) and found:
            found[-1] = TypedName(found[-1].name, tidy(words), found[-1].numbers)
        elif words:
            one = split_name(words)
            found.append(TypedName(tidy(one.name), one.title, numbers))
    return tuple(found)
