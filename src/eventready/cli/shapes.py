"""Devices of a plan that change alike but for their addresses and numbers: read once, with each one's values beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from eventready.change.plan import PlannedDevice

#: Fewer are read one by one; with more values apart than that nobody would hold them together.
_FEWEST, _MOST_VALUES = 3, 6

_MARK = re.compile(r"<[A-Z]>")
#: Platform, venues, intents, and the lines.
_Key = tuple[object, ...]


@dataclass(frozen=True)
class Shape:
    """Devices and what changes on each of them. A `<A>` in a line stands for what `rows` say of each: names and values.

    Without rows the lines are the same for all. Nothing is left out: rows and lines give every device's own lines back.
    """

    devices: tuple[PlannedDevice, ...]
    diff: tuple[str, ...]
    forward: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = ()


def shapes(devices: Sequence[PlannedDevice], *, sent: bool) -> list[Shape]:
    """The plan's devices, put together; with the lines that are sent where `sent`."""
    equal: dict[_Key, list[PlannedDevice]] = {}
    for device in devices:
        key = (device.platform, device.venues, device.intents, device.diff, device.forward if sent else ())
        equal.setdefault(key, []).append(device)
    alike: dict[_Key, list[list[PlannedDevice]]] = {}
    for same in equal.values():
        one = same[0]
        lines = tuple(tuple(map(_constant, _words(line))) for line in _lines(one, sent=sent))
        alike.setdefault((one.platform, one.venues, one.intents, len(one.diff), lines), []).append(same)
    return [shape for groups in alike.values() for shape in _shapes(groups, sent=sent)]


def _shapes(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> list[Shape]:
    """One shape for groups of equal devices, or one for each group."""
    letters = _letters(groups, sent=sent) if len(groups) >= _FEWEST else None
    if letters is None:
        return [Shape(tuple(same), same[0].diff, same[0].forward if sent else ()) for same in groups]
    rows = tuple(
        (tuple(device.name for device in same), {letter: values[number] for values, letter in letters.items()})
        for number, same in enumerate(groups)
    )
    first = groups[0][0]
    lines = ["".join(_marked(at, letters)) for at in _side_by_side(groups, sent=sent)]
    split = len(first.diff)
    return [
        Shape(tuple(device for same in groups for device in same), tuple(lines[:split]), tuple(lines[split:]), rows)
    ]


def _letters(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> dict[tuple[str, ...], str] | None:
    """A letter for every word that is not the same everywhere, by what it is on each; None where these are too many."""
    apart = [values for at in _side_by_side(groups, sent=sent) for values in at if len(set(values)) > 1]
    found = list(dict.fromkeys(apart))
    if any(_MARK.search(line) for same in groups for line in _lines(same[0], sent=sent)):
        return None  # a line that looks like ours would be read as another one
    return dict(zip(found, ascii_uppercase, strict=False)) if len(found) <= _MOST_VALUES else None


def _marked(at: Sequence[tuple[str, ...]], letters: Mapping[tuple[str, ...], str]) -> list[str]:
    return [f"<{letters[values]}>" if values in letters else values[0] for values in at]


def _side_by_side(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> list[list[tuple[str, ...]]]:
    """For every line its words, each as it is in every group."""
    told = [[_words(line) for line in _lines(same[0], sent=sent)] for same in groups]
    return [list(zip(*line, strict=True)) for line in zip(*told, strict=True)]


def _lines(device: PlannedDevice, *, sent: bool) -> tuple[str, ...]:
    return (*device.diff, *(device.forward if sent else ()))


def _words(line: str) -> list[str]:
    """Words and what stands between them."""
    return re.split(r"([\s,=;\"]+)", line)


def _constant(word: str) -> str:
    """What may be another on a device alike: what holds a digit (addresses, numbers, names of ports)."""
    return "#" if any(letter.isdigit() for letter in word) else word
