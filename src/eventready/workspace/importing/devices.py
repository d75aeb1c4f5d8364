"""Imported devices: columns to keys of hosts.yaml, validated by cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import message
from eventready.workspace.files.validation_messages import describe_error, suggest
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.importing.table import Row, TableCell
from eventready.workspace.inventory import NAME_PATTERN
from eventready.workspace.inventory_schema import Element
from eventready.workspace.keys.secrets import is_reference

#: Columns and their path in an entry of hosts.yaml.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "hostname": ("hostname",),
    "port": ("port",),
    "username": ("username",),
    "password": ("password",),
    "platform": ("platform",),
    "groups": ("groups",),
    "role": ("data", "role"),
    "venues": ("data", "venues"),
    "services": ("data", "services"),
    "endpoint": ("data", "endpoint"),
    "element": ("data", "element"),
    "pair": ("data", "pair"),
    "allow_cleartext": ("data", "allow_cleartext"),
}
_LISTS = frozenset({"groups", "venues", "services"})
_YES, _NO = frozenset({"yes", "true", "1", "có", "x"}), frozenset({"no", "false", "0", "không"})


@dataclass(frozen=True)
class ImportedDevice:
    """Entry of hosts.yaml; `places` maps columns to their cells, `place` is the cell of the name."""

    name: str
    entry: Mapping[str, Any]
    place: str
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """Known names for references of an imported device."""

    platforms: Collection[str]
    venues: Collection[str]
    groups: Collection[str]


def devices_of(rows: Sequence[Row], known: Known) -> list[ImportedDevice]:
    """Devices of a table with its header. Raises WorkspaceError with every invalid cell."""
    columns = _columns(rows[0])
    problems: list[WorkspaceError] = []
    devices: dict[str, ImportedDevice] = {}
    for row in rows[1:]:
        cells = {column: row[index] for index, column in columns.items() if index < len(row) and row[index].text}
        name = cells.pop("name", None)
        if name is None:
            problems.append(WorkspaceError(message("workspace:import.no_name"), where=row[0].place))
        elif name.text in devices:
            what = message("workspace:import.device_twice", device=name.text, place=devices[name.text].place)
            problems.append(WorkspaceError(what, where=name.place))
        else:
            device = _device(name, cells)
            devices[name.text] = device
            problems += check_device(device, known)
    raise_errors(problems)
    return list(devices.values())


def _columns(header: Row) -> dict[int, str]:
    """Columns by index. Raises UsageError for unknown, missing and repeated ones."""
    names = ("name", *COLUMNS)
    found: dict[int, str] = {}
    for index, cell in enumerate(header):
        column = cell.text.casefold().replace(" ", "_")
        if not column:
            continue
        if column not in names:
            raise UsageError(
                message("workspace:import.unknown_column", column=cell.text),
                where=cell.place,
                do=suggest(column, names),
            )
        if column in found.values():
            raise UsageError(message("workspace:import.column_twice", column=column), where=cell.place)
        found[index] = column
    for needed in ("name", "hostname"):
        if needed not in found.values():
            raise UsageError(message("workspace:import.column_missing", column=needed), where=header[0].place)
    return found


def _device(name: TableCell, cells: Mapping[str, TableCell]) -> ImportedDevice:
    entry: dict[str, Any] = {}
    for column, path in COLUMNS.items():
        if column in cells:
            part = entry
            for key in path[:-1]:
                part = part.setdefault(key, {})
            part[path[-1]] = _value(column, cells[column].text)
    return ImportedDevice(name.text, entry, name.place, {column: cell.place for column, cell in cells.items()})


def _value(column: str, text: str) -> Any:
    if column in _LISTS:
        return [item.strip() for item in text.replace(",", ";").split(";") if item.strip()]
    if column == "port" and text.isdecimal():
        return int(text)
    if column == "allow_cleartext" and text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    return text


def check_device(device: ImportedDevice, known: Known) -> list[WorkspaceError]:
    """Return the errors of a device, each with the place of its cell."""
    problems = []
    if not NAME_PATTERN.fullmatch(device.name):
        problems.append(WorkspaceError(message("workspace:import.device_name", name=device.name), where=device.place))
    try:
        Element.model_validate(device.entry)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            what, do = describe_error(detail, Element)
            problems.append(WorkspaceError(what, where=_place(device, detail["loc"]), do=do))
    data = device.entry.get("data", {})
    for column, names, allowed in (
        ("platform", [device.entry.get("platform")], known.platforms),
        ("venues", data.get("venues", ()), known.venues),
        ("groups", device.entry.get("groups", ()), known.groups),
    ):
        for name in names:
            if name is not None and name not in allowed:
                place = device.places.get(column, device.place)
                what = message("workspace:import.unknown", column=column.removesuffix("s"), name=str(name))
                problems.append(WorkspaceError(what, where=place, do=suggest(str(name), allowed)))
    if "password" in device.entry and not is_reference(device.entry["password"]):
        place = device.places.get("password", device.place)
        problems.append(WorkspaceError(message("workspace:plain_secret"), where=place))
    return problems


def _place(device: ImportedDevice, location: Sequence[str | int]) -> str:
    names = [part for part in location if isinstance(part, str)]
    return next((device.places[name] for name in reversed(names) if name in device.places), device.place)
