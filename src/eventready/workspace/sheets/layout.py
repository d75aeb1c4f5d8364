"""Layout of the sheets: columns with the path of their key in an entry, and titles in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from eventready.core.messages import LANGS, text
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.sheets.spelling import Vocabulary, spellings

#: Form of a value: text, whole number, yes or no, list.
Form = Literal["text", "whole", "flag", "list"]


@dataclass(frozen=True)
class Column:
    """Column of a sheet. `path`: keys in an entry; `words`: vocabulary of its values; `width` in characters."""

    name: str
    path: tuple[str, ...]
    form: Form = "text"
    words: str = ""
    width: int = 18

    def header(self, lang: str) -> str:
        """Header in a language."""
        return text(f"workspace:column.{self.name}", lang)


@dataclass(frozen=True)
class Layout:
    """Sheet with its columns; `needed` ones must have a header and a value in every row."""

    name: str
    columns: tuple[Column, ...]
    needed: tuple[str, ...]

    def title(self, lang: str) -> str:
        """Title in a language."""
        return text(f"workspace:sheet.{self.name}", lang)

    def column(self, name: str) -> Column:
        """Column by name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def headers(self) -> Vocabulary:
        """Vocabulary of the headers."""
        return _headers(self.name)


#: Notes of a device by header: columns that the layout lacks.
NOTES = ("data", "x_notes")


def _column(name: str, path: str | None = None, form: Form = "text", words: str = "", width: int = 18) -> Column:
    keys = name if path is None else path
    return Column(name, tuple(filter(None, keys.split("."))), form, words, width)


#: Layouts by name, in the order of a workbook.
LAYOUTS: Mapping[str, Layout] = {
    name: Layout(
        name, tuple(_column(column, **given) for column, given in sheet["columns"].items()), tuple(sheet["needed"])
    )
    for name, sheet in load_yaml(Path(__file__).with_name("layouts.yaml")).mapping().items()
}
DEVICES, LINKS, PAIRS, BASTIONS, WINDOWS, DUTIES = LAYOUTS.values()
#: Further sheets of a workbook, which are not read.
UNREAD = ("lists", "guide")


@cache
def _headers(layout: str) -> Vocabulary:
    columns = LAYOUTS[layout].columns
    further = spellings("columns")
    return Vocabulary({one.name: (*(one.header(lang) for lang in LANGS), *further[one.name]) for one in columns})


@cache
def titles() -> Vocabulary:
    """Vocabulary of the titles of sheets."""
    return Vocabulary({
        name: (*(text(f"workspace:sheet.{name}", lang) for lang in LANGS), *spellings("sheets")[name])
        for name in (*LAYOUTS, *UNREAD)
    })  # fmt: skip
