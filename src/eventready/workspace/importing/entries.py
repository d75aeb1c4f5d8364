"""Entries of a workspace in the tables of a file, with all problems of their cells at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from eventready.core.errors import WorkspaceError
from eventready.core.groups import group_by
from eventready.core.messages import message
from eventready.core.redaction.redaction import redactor
from eventready.core.validation_messages import describe_error, suggest
from eventready.workspace.devices.access import JumpHost
from eventready.workspace.importing.cells import Cells, Mend, is_empty
from eventready.workspace.importing.headers import FoundSheet, sheets_of
from eventready.workspace.importing.known import Known, value_at
from eventready.workspace.importing.table import CellPlace, Problem, Row, Table, TableCell, errors_by_kind
from eventready.workspace.inventory import NAME_PATTERN
from eventready.workspace.inventory_schema import Element
from eventready.workspace.keys.secrets import is_reference
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Window
from eventready.workspace.sheets.layout import DEVICES, NOTES, Column, Layout
from eventready.workspace.sheets.spelling import Vocabulary

#: Model of the entries of a sheet.
MODELS: Mapping[str, type[BaseModel]] = {"devices": Element, "bastions": JumpHost, "windows": Window, "duties": Duty}


#: Words of a remark that stands alone in its row, more than a name has; and the number of a heading.
_SENTENCE, _NUMERAL = 4, re.compile(r"(?:[IVX]{1,5}|[A-D])[.)]?")
#: Place of an entry that comes from no table.
_NOWHERE = CellPlace("", "")
#: Columns of devices whose values hosts.yaml, a group or the defaults may give, with their paths.
_INHERITED = {"hostname": ("hostname",), "platform": ("platform",), "role": ("data", "role")}


@dataclass(frozen=True)
class Entry:
    """Entry of a file by name; `place` is the cell of the name, `places` the cells by column."""

    name: str
    entry: Mapping[str, JsonValue]
    place: CellPlace = _NOWHERE
    places: Mapping[str, CellPlace] = field(default_factory=dict)

    def of(self, *path: str) -> Any:
        """Value under a path, or None."""
        return value_at(self.entry, path)

    def with_data(self, **values: JsonValue) -> Entry:
        """Entry with other values under `data`."""
        return replace(self, entry={**self.entry, "data": {**(self.of("data") or {}), **values}})


def entries_of(sheets: Iterable[FoundSheet], cells: Cells) -> list[Entry]:
    """Entries of all sheets of a layout; problems are recorded in `cells`."""
    found: dict[str, Entry] = {}
    for sheet, row in ((one, row) for one in sheets for row in one.rows):
        by_column = _by_column(sheet, row)
        entry = _entry(sheet, row, by_column, cells) if by_column else None
        if entry is None:
            continue
        key = entry.name if _naming(sheet.layout) else str(len(found))
        if key in found:
            _repeated(found[key], entry, cells)
        else:
            found[key] = entry
            cells.problems += problems_of(sheet.layout, entry, cells.known)
    return list(found.values())


def _naming(layout: Layout) -> str:
    """Column of the names; empty for a sheet without names."""
    return next((column.name for column in layout.columns if not column.path), "")


def _by_column(sheet: FoundSheet, row: Row) -> dict[str, TableCell]:
    """Cells with a value by column; several cells of a column are joined in the first of them."""
    found: dict[str, TableCell] = {}
    for index, column in sheet.columns.items():
        text = _text(row, index)
        if text and (sheet.layout.column(column).form == "flag" or not is_empty(text)):
            first = found.get(column)
            found[column] = replace(first, text=f"{first.text} {text}") if first else row[index]
    return found


def _text(row: Row, index: int) -> str:
    return row[index].text if index < len(row) else ""


def _entry(sheet: FoundSheet, row: Row, by_column: Mapping[str, TableCell], cells: Cells) -> Entry | None:
    """Entry of a row; None without a name or with a fault. Problems are recorded in `cells`."""
    naming = _naming(sheet.layout)
    if _is_unread(sheet, row, by_column, cells):
        return None
    first = next(cell for cell in row if cell.text)
    for name in sheet.layout.needed:
        if name not in by_column and name in sheet.columns.values() and not _may_lack(sheet, name):
            cells.problem(message("workspace:import.no_value", column=message(f"workspace:column.{name}")), first)
    if naming and naming not in by_column:
        return None
    entry: dict[str, Any] = {}
    role = str(cells.value(DEVICES.column("role"), by_column["role"]) or "") if "role" in by_column else ""
    for column in sheet.layout.columns:
        if column.path and column.name in by_column:
            _put(entry, column, role if column.name == "role" else _value(column, by_column, cells, role, entry))
    notes = {header: row[index].text for index, header in sheet.notes.items() if _text(row, index)}
    if notes and sheet.layout is DEVICES:
        entry.setdefault(NOTES[0], {})[NOTES[1]] = notes
    place = by_column[naming] if naming else first
    places = {column: cell.place for column, cell in by_column.items()}
    return Entry(cells.name(place) if naming else first.text, entry, place.place, places)


def _is_unread(sheet: FoundSheet, row: Row, by_column: Mapping[str, TableCell], cells: Cells) -> bool:
    """Record the faults of a row without an entry, or the text of a heading or remark."""
    faults = [cell for cell in by_column.values() if cell.fault]
    for cell in faults:
        cells.problem(cell.fault or "", cell)
    remark = bool(_naming(sheet.layout)) and _is_remark(sheet.layout, row, by_column)
    if remark:
        cells.unread.append(" ".join(cell.text for cell in row if cell.text))
    return remark or bool(faults)


def _is_remark(layout: Layout, row: Row, by_column: Mapping[str, TableCell]) -> bool:
    """True for a single value outside the needed columns, and for a sentence or a numbered heading among the names."""
    (name, cell), *others = by_column.items()
    if others or (name in layout.needed and name != _naming(layout)):
        return False
    return name != _naming(layout) or len(cell.text.split()) >= _SENTENCE or bool(_NUMERAL.fullmatch(row[0].text))


def _may_lack(sheet: FoundSheet, column: str) -> bool:
    return sheet.layout is DEVICES and column in _INHERITED


def _repeated(first: Entry, second: Entry, cells: Cells) -> None:
    """Record a repeated entry; an equal entry is mended."""
    equal = first.entry == second.entry
    if equal and cells.fix:
        cells.mends.append(Mend(second.place, second.name, message("workspace:import.same", cell=first.place.cell)))
        return
    cause = message("workspace:import.device_twice", name=second.name)
    do = message("workspace:import.first", place=str(first.place))
    cells.problems.append(Problem(cause, second.place, do, second.name, first.place.cell if equal else ""))


def _value(column: Column, by_column: Mapping[str, TableCell], cells: Cells, role: str, entry: dict[str, Any]) -> Any:
    cell = by_column[column.name]
    if column.name != "hostname":
        return cells.value(column, cell, role)
    address, port = cells.address(cell)
    if port is not None and "port" not in by_column:
        entry["port"] = port
    return address


def _put(values: dict[str, Any], column: Column, value: Any) -> None:
    if value is None or value == "":
        return
    part = values
    for key in column.path[:-1]:
        part = part.setdefault(key, {})
    part[column.path[-1]] = value


def problems_of(layout: Layout, entry: Entry, known: Known) -> Iterator[Problem]:
    """Problems of an entry beyond the spelling of its cells."""
    model = MODELS.get(layout.name)
    if model is not None:
        yield from _invalid(layout, entry, model, known)
    password = entry.of("password")
    if password is not None and not is_reference(password):
        yield Problem(message("workspace:plain_secret"), entry.places.get("password", entry.place))


def _invalid(layout: Layout, entry: Entry, model: type[BaseModel], known: Known) -> Iterator[Problem]:
    """Errors of the model but for empty columns, which have their own problem."""
    needed = [column.path for column in layout.columns if column.name in layout.needed]
    try:
        model.model_validate(entry.entry, context={"windows": known.windows})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            location = tuple(part for part in detail["loc"] if isinstance(part, str))
            if detail["type"] != "missing" or location not in needed:
                what, do = describe_error(detail, model)
                yield Problem(what, _place(layout, entry, location), do)


def _place(layout: Layout, entry: Entry, location: Sequence[str]) -> CellPlace:
    columns = (one for one in layout.columns if one.path and one.path == tuple(location)[: len(one.path)])
    return next((entry.places[one.name] for one in columns if one.name in entry.places), entry.place)


def server_entry(
    url: str, kind: str, name: str, *, hostname: str, platform: str, role: str, venues: list[str]
) -> Entry:
    """Entry of a device of a server, without empty values."""
    data: dict[str, JsonValue] = {"role": role, "venues": [*dict.fromkeys(venues)]}
    values: dict[str, JsonValue] = {"hostname": hostname, "platform": platform, "data": _filled(data)}
    return Entry(name, _filled(values), CellPlace(url, f"{kind} {name}", ", "))


def _filled(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: value for key, value in values.items() if value}


def entry_problems(entry: Entry, known: Known) -> list[Problem]:
    """Problems of a device of a server."""
    return [*problems_of(DEVICES, entry, known), *device_problems(entry, known)]


def device_problems(entry: Entry, known: Known) -> Iterator[Problem]:
    """Problems of a device against the workspace: unknown names, and values missing in all groups."""
    if not entry.places:  # of a server
        if not NAME_PATTERN.fullmatch(entry.name):
            yield Problem(message("workspace:import.device_name", name=entry.name), entry.place, value=entry.name)
        texts = (entry.name, *_texts(entry.entry))
        for value in filter(is_reference, texts):
            yield Problem(message("workspace:import.reference", name=value), entry.place, value=value)
        if any(redactor.without_long(value) != value for value in texts):
            yield Problem(message("workspace:import.secret"), entry.place)
    named: tuple[tuple[str, Sequence[str], Collection[str]], ...] = (
        ("platform", [entry.of("platform")] if "platform" in entry.entry else [], known.platforms),
        ("venue", entry.of("data", "venues") or (), known.venues),
        ("group", entry.of("groups") or (), known.groups),
    )
    for column, names, allowed in named:
        for name in names:
            if name not in allowed:
                cause = message("workspace:import.unknown", column=column, name=name)
                yield Problem(cause, entry.place, suggest(name, allowed), str(name))
    yield from _absent(entry, known)


def _texts(part: object) -> Iterator[str]:
    """Keys and texts of an entry at any depth."""
    if isinstance(part, Mapping):
        yield from (one for key, value in part.items() for one in (str(key), *_texts(value)))
    elif isinstance(part, list):
        yield from (one for value in part for one in _texts(value))
    elif isinstance(part, str):
        yield part


def _absent(entry: Entry, known: Known) -> Iterator[Problem]:
    """Address, role and platform given neither by the entry, nor by hosts.yaml, nor by a group."""
    groups = tuple(name for name in entry.of("groups") or () if name in known.groups)
    for column, path in _INHERITED.items():
        given = column in entry.places or entry.of(*path) or known.inherits(entry.name, groups, *path)
        if not given:
            yield Problem(message(f"workspace:import.absent.{column}"), entry.place)


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
        address = device.of("hostname")
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
            name = pair.of(member)
            if name is None:
                continue
            device = found.get(name, Entry(name, {}, pair.place))
            earlier = device.of("data", "pair")
            if earlier not in (None, pair.of("pair")):
                place = pair.places.get(member, pair.place)
                cells.problems.append(Problem(message("workspace:import.pair_twice", name=name), place, value=name))
            found[name] = device.with_data(pair=pair.of("pair"))
    return list(found.values())
