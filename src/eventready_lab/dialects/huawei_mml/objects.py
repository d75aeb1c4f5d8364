"""Configuration objects of an MML element: `LST` lists an object, `MOD` or `SET` changes an object for good.

Each object belongs to a cell. Defaults differ a little from cell to cell, as in a real network. An element stores a
change
at once: there is no separate startup configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventready_lab.device.configuration.grammar import Grammar
from eventready_lab.device.dialect import ConfigMode, MmlReport, Render
from eventready_lab.device.state import CellState
from eventready_lab.device.topology import stable_number
from eventready_lab.device.view import View
from eventready_lab.dialects.huawei_mml.reports import table

_YES = {"NO": "No", "YES": "Yes"}
_ON = {"OFF": "Off", "ON": "On"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an object, with its column in listings.

    defaults: the possible defaults, as entered.
    words: printed values by entered value.
    low, high: the range of a number.
    flags: the switches of a parameter in the form `A-1&B-0`; switches that are not named stay.
    """

    column: str
    defaults: tuple[str, ...]
    words: Mapping[str, str] | None = None
    low: int = 0
    high: int = 0
    flags: tuple[str, ...] = ()

    def refuses(self, value: str) -> bool:
        """True for an invalid value."""
        if self.flags:
            return not all(re.fullmatch(rf"(?:{'|'.join(self.flags)})-[01]", one) for one in value.split("&"))
        if self.words is not None:
            return value not in self.words
        return not re.fullmatch(r"-?\d{1,9}", value) or not self.low <= int(value) <= self.high

    def changed(self, old: str, new: str) -> str:
        """The value after setting `new` over `old`."""
        if not self.flags:
            return new
        switches = dict(one.rsplit("-", 1) for one in (*old.split("&"), *new.split("&")) if one)
        return "&".join(f"{flag}-{switches.get(flag, '0')}" for flag in self.flags)

    @property
    def allowed(self) -> str:
        """The valid values, for messages."""
        names = self.flags or tuple(self.words or ())
        return ", ".join(names) if names else f"{self.low}~{self.high}"


def number(column: str, low: int, high: int, *defaults: int) -> Parameter:
    """A numeric parameter."""
    return Parameter(column, tuple(map(str, defaults)), low=low, high=high)


def yes_or_no(column: str, *defaults: str) -> Parameter:
    """A YES or NO parameter."""
    return Parameter(column, defaults or ("NO",), words=_YES)


def on_or_off(column: str, *defaults: str) -> Parameter:
    """An ON or OFF parameter."""
    return Parameter(column, defaults or ("OFF",), words=_ON)


def flags(column: str, names: str, *on: str) -> Parameter:
    """A parameter of switches, of which `on` are on."""
    all_names = tuple(names.split())
    default = "&".join(f"{name}-{int(name in on)}" for name in all_names)
    return Parameter(column, (default,), flags=all_names)


@dataclass(frozen=True)
class Naming:
    """The naming of cells in commands: key and column.

    verb: MOD, or SET on a BSC6900, whose objects begin with G.
    by: the parameter that selects number or name, where both are possible.
    """

    verb: str
    key: str
    column: str
    by: tuple[str, str, str] | None = None  # (parameter, value for the number, value for the name)
    prefix: str = ""

    def find(self, params: Mapping[str, str], cells: Sequence[CellState]) -> CellState | MmlReport:
        """The cell of the parameters, or the element's error."""
        how = params.get(self.by[0], self.by[1]) if self.by else ""
        key = "CELLNAME" if self.by and how == self.by[2] else self.key
        if self.by and how not in self.by[1:]:
            return MmlReport(10_013, f"The value of parameter {self.by[0]} is invalid: {how}.")
        if key not in params:
            return MmlReport(10_005, f"The mandatory parameter {key} is missing.")
        wanted = params[key]
        found = next((cell for cell in cells if wanted == (cell.name if key == "CELLNAME" else str(cell.number))), None)
        return found or MmlReport(20_311, f"The cell does not exist: {key}={wanted}.")

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the parameters for selecting the cell."""
        return (self.by[0], self.key, "CELLNAME") if self.by else (self.key,)


BSC6000 = Naming("MOD", "CELLIDX", "Cell Index", ("IDXTYPE", "BYIDX", "BYNAME"))
BSC6900 = Naming("SET", "CELLID", "Cell Index", ("IDTYPE", "BYID", "BYNAME"), prefix="G")
ENODEB = Naming("MOD", "LOCALCELLID", "Local Cell ID")


@dataclass(frozen=True)
class ConfigurationObject:
    """An object of every cell: its name in commands, its title in reports, its parameters."""

    name: str
    title: str
    parameters: Mapping[str, Parameter]

    def values(self, view: View, cell: CellState) -> dict[str, str]:
        """The current values, as entered."""
        set_ = view.config.running.get(self._section(cell), {})
        known = dict(line.split("=", 1) for line in set_)
        return {name: known.get(name) or self._default(cell, name) for name in self.parameters}

    def _section(self, cell: CellState) -> str:
        return f"{self.name} {cell.number}"

    def _default(self, cell: CellState, name: str) -> str:
        choices = self.parameters[name].defaults
        return choices[stable_number(f"{cell.name} {name}", 0, len(choices) - 1)]

    def list(self, naming: Naming) -> Render:
        """`LST`: an object as `Column = value`, or all as a table."""
        columns = (naming.column, "Cell Name", *(one.column for one in self.parameters.values()))

        def render(view: View) -> str | MmlReport:
            unknown = _unknown(view, naming.keys)
            if unknown:
                return unknown
            cells: Sequence[CellState] = view.state.cells
            if view.params:
                found = naming.find(view.params, cells)
                if isinstance(found, MmlReport):
                    return found
                cells = [found]
            return table(f"List {self.title}", columns, [list(self._row(view, cell)) for cell in cells])

        return render

    def _row(self, view: View, cell: CellState) -> Iterator[str]:
        yield from (str(cell.number), cell.name)
        for name, value in self.values(view, cell).items():
            yield (self.parameters[name].words or {}).get(value, value)

    def modify(self, naming: Naming) -> Render:
        """`MOD` or `SET`: all parameters are valid, or nothing changes."""

        def render(view: View) -> str | MmlReport:
            unknown = _unknown(view, (*naming.keys, *self.parameters))
            if unknown:
                return unknown
            cell = naming.find(view.params, view.state.cells)
            if isinstance(cell, MmlReport):
                return cell
            given = {name: value for name, value in view.params.items() if name in self.parameters}
            return self._error(given) or self._store(view, cell, given)

        return render

    def _error(self, given: Mapping[str, str]) -> MmlReport | None:
        if not given:
            return MmlReport(10_008, "At least one optional parameter must be specified.")
        for name, value in given.items():
            known = self.parameters[name]
            if known.refuses(value):
                words = f"The value of parameter {name} is out of range: {value}. Allowed: {known.allowed}."
                return MmlReport(10_010, words)
        return None

    def _store(self, view: View, cell: CellState, given: Mapping[str, str]) -> MmlReport:
        if view.save_fails:
            return MmlReport(30_002, "Writing the database failed. Nothing was changed.")
        old = self.values(view, cell)
        for name, value in given.items():
            view.config.edit([self._section(cell)], f"{name}={self.parameters[name].changed(old[name], value)}")
        view.save()
        return MmlReport(0, "Execution succeeded.")


def _unknown(view: View, known: Sequence[str]) -> MmlReport | None:
    unknown = next((name for name in view.params if name not in known), None)
    return MmlReport(10_002, f"The parameter does not exist: {unknown}.") if unknown else None


def commands(objects: Sequence[ConfigurationObject], *namings: Naming) -> dict[str, Render]:
    """The commands of the objects, for each naming of cells."""
    found: dict[str, Render] = {}
    for naming in namings:
        for one in objects:
            found[f"LST {naming.prefix}{one.name}"] = one.list(naming)
            found[f"{naming.verb} {naming.prefix}{one.name}"] = one.modify(naming)
    return found


def _empty(_state: object) -> str:
    return ""


#: The changed parameters: a section for each object of a cell, with lines `NAME=value`.
CONFIG = ConfigMode(initial=_empty, grammar=Grammar(single=(r"[A-Z0-9_]+=",)))
