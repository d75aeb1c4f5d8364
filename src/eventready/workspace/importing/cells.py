"""Values of cells as people write them: words of either language, lists, addresses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventready.core.messages import message
from eventready.core.validation_messages import Sentence, suggest
from eventready.workspace.importing.known import Known
from eventready.workspace.importing.table import CellPlace, Problem, TableCell
from eventready.workspace.inventory import NAME_PATTERN
from eventready.workspace.sheets.layout import Column
from eventready.workspace.sheets.spelling import Vocabulary, fold, listed

_ADDRESS = re.compile(
    r"(?:\w{1,20}://)?(?:[^@/\s]{0,200}@)?"
    r"(?P<host>\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z][\w.-]{0,252}|\[?[0-9a-fA-F:]{0,39}:[0-9a-fA-F:]{1,39}\]?)"
    r"(?::(?P<port>\d{1,5}))?(?:/\S*)?"
)
#: Words in front of a list's last item.
_AND = re.compile(r"\s+(?:và|va|and|&)\s+", re.I)


@dataclass(frozen=True)
class Mend:
    """Value taken instead of a written value."""

    place: CellPlace
    written: str
    taken: Sentence


@dataclass
class Cells:
    """Reader of cells: values by the vocabularies of the workspace, problems and mends. `fix`: mend misspelt values.

    `unread`: remarks between the entries.
    """

    known: Known
    fix: bool = False
    devices: Vocabulary = field(default_factory=Vocabulary)
    bastions: Vocabulary = field(default_factory=Vocabulary)
    problems: list[Problem] = field(default_factory=list)
    mends: list[Mend] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def value(self, column: Column, cell: TableCell, role: str = "") -> Any:
        """Value of a cell; None after a problem. `role` of the device decides between platforms."""
        text = cell.text
        if column.form == "list":
            return self._list(column, cell)
        if column.form == "flag":
            word = self._word("flag", text, cell)
            return None if word is None else word == "yes"
        if column.form == "whole":
            return int(text) if text.isdecimal() else text
        return self._word(column.words, text, cell, role) if column.words else text

    def understands(self, column: Column, text: str) -> bool:
        """True if a text is made of words of a column's vocabulary."""
        pieces = self._pieces(column, text) if column.form == "list" else [text]
        every = column.words == "venue" and _is_every(text)
        return every or all(len(self._meant(column.words, piece, "")) == 1 for piece in pieces)

    def _list(self, column: Column, cell: TableCell) -> list[str] | None:
        if column.words == "venue" and _is_every(cell.text):
            return list(self.known.venues)
        pieces = self._pieces(column, cell.text)
        found = [self._word(column.words, piece, cell) if column.words else piece for piece in pieces]
        return None if None in found else list(dict.fromkeys(str(word) for word in found))

    def _pieces(self, column: Column, text: str) -> list[str]:
        """Items of a list; a comma or an "and" inside a name separates nothing."""
        words = self.known.vocabularies.get(column.words, Vocabulary())
        pieces = items(text, ";") if len(items(text, ";")) > 1 or words.meant(text) else items(text, ",")
        return [
            part for piece in pieces for part in ([piece] if words.meant(piece) or not column.words else _parts(piece))
        ]

    def _word(self, kind: str, text: str, cell: TableCell, role: str = "") -> str | None:
        """Name of a vocabulary; None after a problem."""
        names = self._meant(kind, text, role)
        if len(names) == 1:
            return names[0]
        if len(names) > 1:
            self.problem(message("workspace:import.ambiguous", column=kind, name=text, names=[*names]), cell, text)
            return None
        if kind == "bastion":
            return self._bastion(text, cell)
        vocabulary = self._vocabulary(kind)
        nearest = vocabulary.nearest_or_part(text)
        if nearest and self.fix:
            return self.mend(cell, text, nearest)
        do = message("workspace:suggest.meant", name=nearest) if nearest else suggest(text, vocabulary.words)
        self.problem(message("workspace:import.unknown", column=kind, name=text), cell, text, do, nearest)
        return None

    def _meant(self, kind: str, text: str, role: str) -> Sequence[str]:
        return self.known.platforms_of(text, role) if kind == "platform" else self._vocabulary(kind).meant(text)

    def _vocabulary(self, kind: str) -> Vocabulary:
        own = {"device": self.devices, "bastion": self.bastions}
        return own.get(kind) or self.known.vocabularies[kind]

    def _bastion(self, text: str, cell: TableCell) -> str:
        """Text itself, which may be a name of ssh_config or an address; a misspelt bastion is mended."""
        nearest = self.bastions.nearest(text)
        return self.mend(cell, text, nearest) if nearest and self.fix else text

    def name(self, cell: TableCell) -> str:
        """Name of a device or bastion, mended where characters are not possible."""
        text = cell.text
        if NAME_PATTERN.fullmatch(text):
            return text
        better = re.sub(r"[^\w.: -]+", "-", " ".join(text.split())).strip("-. ")
        fits = bool(NAME_PATTERN.fullmatch(better))
        if fits and self.fix:
            return self.mend(cell, text, better)
        cause = message("workspace:import.device_name", name=text)
        self.problem(cause, cell, text, mend=better if fits else "")
        return text

    def address(self, cell: TableCell) -> tuple[str, int | None]:
        """Address and port: `ssh://192.0.2.1:22`, `192.0.2.1/24` and `192.0.2.1:22` have more than an address."""
        text = cell.text
        match = _ADDRESS.fullmatch(text.replace(" ", ""))
        host = match["host"].strip("[]") if match else text
        if not match or host == text:
            return text, None
        port = int(match["port"]) if match["port"] and int(match["port"]) < 65536 else None
        shown = f"{host}, {port}" if port else host
        if "@" not in text and self.fix:
            return self.mend(cell, text, shown, host), port
        if "@" not in text:
            self.problem(message("workspace:import.address", name=text), cell, text, mend=shown)
            return host, port
        return text, None

    def problem(
        self, cause: Sentence, cell: TableCell, value: str | None = None, do: Sentence = "", mend: str = ""
    ) -> None:
        """Record a problem of a cell."""
        self.problems.append(Problem(cause, cell.place, do, value, mend))

    def mend(self, cell: TableCell, written: str, taken: str, value: str = "") -> str:
        """Record a mend. Return the value."""
        self.mends.append(Mend(cell.place, written, taken))
        return value or taken


def items(text: str, separator: str) -> list[str]:
    """Items of a list in a cell; an item in quotes may contain separators."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        return [item.strip() for line in lines for item in line if item.strip()]
    except csv.Error:
        return [text]


def written_list(values: Iterable[str]) -> str:
    """Cell of a list; the inverse of `items` for the separator `;`."""
    return "; ".join(_quoted(str(value)) for value in values)


def _quoted(item: str) -> str:
    special = any(character in item for character in ';,"\n') or bool(_AND.search(item)) or item != item.strip()
    return '"' + item.replace('"', '""') + '"' if special else item


def _parts(piece: str) -> list[str]:
    return [part.strip() for half in items(piece, ",") for part in _AND.split(half) if part.strip()]


def _is_every(text: str) -> bool:
    return fold(text) in listed("values", "every")


def is_empty(text: str) -> bool:
    """True for the mark of a cell without a value: `x`, `-`."""
    return text.casefold() in listed("values", "empty")
