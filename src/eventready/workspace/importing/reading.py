"""Devices, links, pairs, bastions, windows and duties in the tables of a file, with all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eventready.core.errors import WorkspaceError
from eventready.core.groups import group_by
from eventready.core.messages import message
from eventready.workspace.importing.cells import Cells, Mend
from eventready.workspace.importing.entries import Entry, device_problems, entries_of
from eventready.workspace.importing.headers import FoundSheet, sheets_of
from eventready.workspace.importing.known import Known
from eventready.workspace.importing.problems import Problem, errors_by_kind
from eventready.workspace.importing.table import Table
from eventready.workspace.sheets.spelling import Vocabulary


@dataclass(frozen=True)
class Imported:
    """Entries by sheet. `notes`: headers kept as notes of devices; `unread`: other titles, headers and remarks."""

    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    mends: tuple[Mend, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of(self, sheet: str) -> Sequence[Entry]:
        """Entries of a sheet."""
        return self.entries.get(sheet, ())

    @property
    def errors(self) -> list[WorkspaceError]:
        """Errors by kind of problem."""
        return errors_by_kind(self.problems)

    @property
    def mendable(self) -> int:
        """Number of problems mended by `--fix`."""
        return sum(bool(problem.mend) for problem in self.problems)


def read_entries(tables: Sequence[Table], known: Known, *, fix: bool = False) -> Imported:
    """Entries of all tables, without an exception for their problems."""
    cells = Cells(known, fix)
    sheets, unread = sheets_of(tables, cells)
    cells.devices = Vocabulary(dict.fromkeys((*_names(sheets, "devices", "name"), *known.files.hosts), ()))
    cells.bastions = Vocabulary(dict.fromkeys((*_names(sheets, "bastions", "bastion_name"), *known.bastions), ()))
    by_layout = group_by(sheets, lambda sheet: sheet.layout.name)
    entries = {name: entries_of(found, cells) for name, found in by_layout.items()}
    entries["devices"] = _paired(entries.get("devices", []), entries.get("pairs", ()), cells)
    for device in entries["devices"]:
        if device.places:
            cells.problems += device_problems(device, known)
    cells.problems += _same_address(entries["devices"])
    return Imported(
        entries,
        tuple(
            dict.fromkeys(note for sheet in sheets if sheet.layout.name == "devices" for note in sheet.notes.values())
        ),
        (
            *unread,
            *cells.unread,
            *(note for sheet in sheets if sheet.layout.name != "devices" for note in sheet.notes.values()),
        ),
        tuple(cells.mends),
        tuple(cells.problems),
    )


def _same_address(devices: Iterable[Entry]) -> Iterator[Problem]:
    """Equipment under two names: a device with the address, port and element of an earlier row."""
    found: dict[tuple[object, ...], Entry] = {}
    for device in devices:
        address = device.entry.get("hostname")
        key = (
            address,
            *(device.of(*path) for path in (("port",), ("data", "element"), ("data", "access", "jump_host"))),
        )
        first = found.setdefault(key, device)
        if address and first is not device and device.places and device.of("data", "role") != "vantage":
            cause = message("workspace:import.same_address", name=device.name, address=address, other=first.name)
            do = message("workspace:import.same_address.do")
            yield Problem(cause, device.places.get("hostname", device.place), do)


def _names(sheets: Iterable[FoundSheet], layout: str, column: str) -> Iterable[str]:
    for sheet in sheets:
        if sheet.layout.name == layout:
            indexes = [index for index, name in sheet.columns.items() if name == column]
            yield from (
                row[index].text for row in sheet.rows for index in indexes if index < len(row) and row[index].text
            )


def _paired(devices: Sequence[Entry], pairs: Iterable[Entry], cells: Cells) -> list[Entry]:
    """Devices with their pairs; a device outside the sheets of devices has its pair alone."""
    found = {device.name: device for device in devices}
    for pair in pairs:
        for member in ("device", "other"):
            name = pair.entry.get(member)
            if name is None:
                continue
            device = found.get(name, Entry(name, {}, pair.place))
            earlier = device.of("data", "pair")
            if earlier not in (None, pair.entry.get("pair")):
                place = pair.places.get(member, pair.place)
                cells.problems.append(Problem(message("workspace:import.pair_twice", name=name), place, value=name))
            data: dict[str, Any] = {**(device.entry.get("data") or {}), "pair": pair.entry.get("pair")}
            found[name] = replace(device, entry={**device.entry, "data": data})
    return list(found.values())
