"""Group the devices of a plan with changes equal up to addresses and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from eventready.change.document import PlannedDevice

#: Largest number of differing values in a group.
_MOST_VALUES = 6

_MARK = re.compile(r"<[A-Z]>")
#: Platform, venues, intents, and the lines.
_Key = tuple[object, ...]


@dataclass(frozen=True)
class DeviceGroup:
    """Devices with a common diff. `<A>` in a line stands for a value in `rows`: (device names, value by letter).

    Without rows the lines are the same for all devices. Lines and rows together give every device's own lines.
    """

    devices: tuple[PlannedDevice, ...]
    diff: tuple[str, ...]
    forward: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = ()


def group_devices(devices: Sequence[PlannedDevice], *, sent: bool) -> list[DeviceGroup]:
    """Group the plan's devices; with the commands if `sent`."""
    equal: dict[_Key, list[PlannedDevice]] = {}
    for device in devices:
        key = (device.platform, device.venues, device.intents, device.diff, device.forward if sent else ())
        equal.setdefault(key, []).append(device)
    alike: dict[_Key, list[list[PlannedDevice]]] = {}
    for same in equal.values():
        one = same[0]
        lines = tuple(tuple(map(_constant, _words(line))) for line in _lines(one, sent=sent))
        alike.setdefault((one.platform, one.venues, one.intents, len(one.diff), lines), []).append(same)
    return [group for groups in alike.values() for group in _merge(groups, sent=sent)]


def _merge(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> list[DeviceGroup]:
    """Merge sets of equal devices into a group, or return a group per set."""
    letters = _letters(groups, sent=sent) if len(groups) > 1 else None
    if letters is None:
        return [DeviceGroup(tuple(same), same[0].diff, same[0].forward if sent else ()) for same in groups]
    rows = tuple(
        (tuple(device.name for device in same), {letter: values[number] for values, letter in letters.items()})
        for number, same in enumerate(groups)
    )
    first = groups[0][0]
    lines = ["".join(_marked(at, letters)) for at in _side_by_side(groups, sent=sent)]
    split = len(first.diff)
    return [
        DeviceGroup(
            tuple(device for same in groups for device in same), tuple(lines[:split]), tuple(lines[split:]), rows
        )
    ]


def _letters(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> dict[tuple[str, ...], str] | None:
    """Return a letter for every differing word, by its values; None for too many of them."""
    apart = [values for at in _side_by_side(groups, sent=sent) for values in at if len(set(values)) > 1]
    found = list(dict.fromkeys(apart))
    if any(_MARK.search(line) for same in groups for line in _lines(same[0], sent=sent)):
        return None  # the device's own text would be ambiguous
    return dict(zip(found, ascii_uppercase, strict=False)) if len(found) <= _MOST_VALUES else None


def _marked(at: Sequence[tuple[str, ...]], letters: Mapping[tuple[str, ...], str]) -> list[str]:
    return [f"<{letters[values]}>" if values in letters else values[0] for values in at]


def _side_by_side(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> list[list[tuple[str, ...]]]:
    """Return the words of every line, each with its value in every group."""
    words = [[_words(line) for line in _lines(same[0], sent=sent)] for same in groups]
    return [list(zip(*line, strict=True)) for line in zip(*words, strict=True)]


def _lines(device: PlannedDevice, *, sent: bool) -> tuple[str, ...]:
    return (*device.diff, *(device.forward if sent else ()))


def _words(line: str) -> list[str]:
    """Split into words and separators."""
    return re.split(r"([\s,=;\"]+)", line)


def _constant(word: str) -> str:
    """Return `#` for a word with a digit (addresses, numbers, port names), which may differ within a group."""
    return "#" if any(letter.isdigit() for letter in word) else word
