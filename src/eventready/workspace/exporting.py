"""Export of the inventory: rows of the sheets, a workbook with drop-downs, CSV; `inventory import` takes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any, get_args

from eventready.core.groups import group_by
from eventready.core.messages import Lang, term, text
from eventready.workspace.devices.device import ROLES, SERVICES
from eventready.workspace.files.yaml_document import load_optional
from eventready.workspace.importing.cells import written_list
from eventready.workspace.importing.entries import Entry
from eventready.workspace.importing.known import WRITTEN_LINKS, ends_of
from eventready.workspace.settings.duties import Addressee
from eventready.workspace.settings.event import Event, WindowKind
from eventready.workspace.sheets.file import protected
from eventready.workspace.sheets.layout import (
    BASTIONS,
    DEVICES,
    DUTIES,
    LAYOUTS,
    LINKS,
    NOTES,
    PAIRS,
    WINDOWS,
    Column,
    Layout,
)
from eventready.workspace.sheets.spelling import fold
from eventready.workspace.sheets.workbook import new_workbook, write_head
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Words:
    """Values in a language: venues by name, roles, services, platforms."""

    event: Event
    platforms: Sequence[str]
    lang: str

    @cached_property
    def venues(self) -> Mapping[str, str]:
        """Names of the venues by identifier; the identifier where a name means several."""
        titles = {venue.id: venue.title.render(self.lang).strip() for venue in self.event.venues}
        folded = [fold(form) for venue in self.event.venues for form in {venue.id, venue.name, venue.name_vi} if form]
        return {name: title if folded.count(fold(title)) == 1 else name for name, title in titles.items()}

    def shown(self, kind: str, value: Any) -> str:
        """Value of a vocabulary in the language."""
        text = "" if value is None else str(value)
        if kind == "venue":
            return self.venues.get(text, text)
        if kind == "flag":
            return term("workspace:flag", "yes" if value else "no", self.lang) if value is not None else ""
        return term(_FAMILIES[kind], text, self.lang) if kind in _FAMILIES else text

    def choices(self, kind: str) -> list[str]:
        """Values of a drop-down."""
        return [self.shown(kind, name) for name in self._names().get(kind, ())]

    def _names(self) -> Mapping[str, Iterable[Any]]:
        return {
            "venue": self.event.venue_ids,
            "service": SERVICES,
            "platform": self.platforms,
            "role": ROLES,
            "kind": get_args(WindowKind),
            "addressee": get_args(Addressee),
            "flag": (True, False),
        }


#: Families of terms by vocabulary.
_FAMILIES = {
    "role": "terms:role",
    "service": "terms:service",
    "platform": "terms:platform",
    "kind": "workspace:window_kind",
    "addressee": "workspace:addressee",
}


@dataclass(frozen=True)
class SheetRows:
    """Sheet with headers and rows of text."""

    layout: Layout
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def template_sheets(words: Words) -> list[SheetRows]:
    """Sheets without rows."""
    return [_sheet(layout, (), words) for layout in LAYOUTS.values()]


def sheets_of_workspace(workspace: Workspace, words: Words) -> list[SheetRows]:
    """All sheets of a workspace. Raises WorkspaceError."""
    folder = workspace.path / "inventory"
    hosts = [Entry(name, host or {}) for name, host in load_optional(folder / "hosts.yaml").mapping().items()]
    jumps = load_optional(folder / "jump_hosts.yaml").mapping()
    windows = load_optional(folder / "event.yaml").mapping().get("windows") or ()
    duties = load_optional(folder / "duties.yaml").mapping().get("duties") or ()
    sources: dict[Layout, Iterable[Entry]] = {
        DEVICES: hosts,
        LINKS: _links(hosts),
        PAIRS: _pairs(hosts),
        BASTIONS: (Entry(name, jump or {}) for name, jump in jumps.items()),
        WINDOWS: (Entry("", window) for window in windows),
        DUTIES: (Entry("", duty) for duty in duties),
    }
    return [_sheet(layout, entries, words) for layout, entries in sources.items()]


def _sheet(layout: Layout, entries: Iterable[Entry], words: Words) -> SheetRows:
    listed = list(entries)
    notes = list(dict.fromkeys(str(key) for entry in listed for key in entry.of(*NOTES) or ()))
    rows = [
        [*_cells(layout, words, entry), *(str((entry.of(*NOTES) or {}).get(note, "")) for note in notes)]
        for entry in listed
    ]
    return SheetRows(layout, [*(column.header(words.lang) for column in layout.columns), *notes], rows)


def _cells(layout: Layout, words: Words, entry: Entry) -> Iterator[str]:
    for column in layout.columns:
        value = entry.of(*column.path) if column.path else entry.name
        if column.form == "list":
            yield written_list(words.shown(column.words, item) for item in value or ())
        else:
            yield words.shown(column.words, value).strip()


def _links(hosts: Iterable[Entry]) -> Iterator[Entry]:
    """Links written at either end, once."""
    links = ((host.name, link) for host in hosts for link in host.of(*WRITTEN_LINKS) or ())
    for name, link in (same[0] for same in group_by(links, lambda found: ends_of(*found)).values()):
        yield Entry("", {"device": name, "port": link["port"], "other": link["device"], "to_port": link["to_port"]})


def _pairs(hosts: Iterable[Entry]) -> Iterator[Entry]:
    """Members of each pair, two in a row."""
    paired = group_by((host for host in hosts if host.of("data", "pair")), lambda host: str(host.of("data", "pair")))
    for pair, members in paired.items():
        names = [member.name for member in members]
        for first, second in zip_longest(names[::2], names[1::2]):
            yield Entry("", {"pair": pair, "device": first, "other": second})


#: Rows with drop-downs in a template; columns of further notes.
_ROOM, _NOTE_WIDTH = 500, 20
_FONT = {"font_name": "Arial", "font_size": 10}
#: Vocabularies with a drop-down; those of names in other sheets have none.
_CHOICES = ("venue", "service", "platform", "role", "kind", "addressee", "flag")


def to_csv(sheet: SheetRows) -> bytes:
    """CSV of a sheet in UTF-8 with its mark, which spreadsheets need for Vietnamese."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([protected(cell) for cell in row] for row in (sheet.headers, *sheet.rows))
    return stream.getvalue().encode("utf-8-sig")


def to_xlsx(sheets: Sequence[SheetRows], words: Words) -> bytes:
    """Workbook of the sheets, a guide and the values of the drop-downs."""
    workbook, stream = new_workbook(words.event.title.render(words.lang))
    head = {**_FONT, "bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#DDEBF7"}
    formats = {
        "head": workbook.add_format(head),
        "needed": workbook.add_format({**head, "bg_color": "#FFE699"}),
        "cell": workbook.add_format({**_FONT, "text_wrap": True, "valign": "top", "num_format": "@"}),
    }
    made = [(sheet, workbook.add_worksheet(sheet.layout.title(words.lang))) for sheet in sheets]
    _guide(workbook.add_worksheet(text("workspace:sheet.guide", words.lang)), formats, words.lang)
    ranges = _lists(workbook.add_worksheet(text("workspace:sheet.lists", words.lang)), formats, words)
    for sheet, page in made:
        _page(page, sheet, formats)
        _drop_downs(page, sheet, ranges, words.lang)
    workbook.close()
    return stream.getvalue()


def _page(page: Any, sheet: SheetRows, formats: dict[str, Any]) -> None:
    forms = [(one.width, "needed" if one.name in sheet.layout.needed else "head") for one in sheet.layout.columns]
    forms += [(_NOTE_WIDTH, "head")] * (len(sheet.headers) - len(forms))
    columns = ((title, width, formats[form]) for title, (width, form) in zip(sheet.headers, forms, strict=True))
    write_head(page, columns, frozen=1, cell=formats["cell"])
    for number, row in enumerate(sheet.rows, 1):
        for index, cell in enumerate(row):
            if cell:
                page.write_string(number, index, cell, formats["cell"])
    page.set_row(0, 32)
    page.autofilter(0, 0, max(1, len(sheet.rows)), len(sheet.headers) - 1)


def _lists(page: Any, formats: dict[str, Any], words: Words) -> dict[str, str]:
    """Write the values of the drop-downs. Return their ranges by vocabulary."""
    ranges = {}
    for index, kind in enumerate(_CHOICES):
        choices = words.choices(kind)
        page.set_column(index, index, 30)
        page.write_string(0, index, text(f"workspace:choices.{kind}", words.lang), formats["head"])
        for row, choice in enumerate(choices, 1):
            page.write_string(row, index, choice, formats["cell"])
        letter = chr(ord("A") + index)
        ranges[kind] = f"='{page.get_name()}'!${letter}$2:${letter}${len(choices) + 1}"
    page.freeze_panes(1, 0)
    return ranges


def _drop_downs(page: Any, sheet: SheetRows, ranges: dict[str, str], lang: Lang | str) -> None:
    last = len(sheet.rows) + _ROOM
    for index, column in enumerate(sheet.layout.columns):
        if column.words in ranges:
            page.data_validation(1, index, last, index, _validation(column, ranges[column.words], lang))


def _validation(column: Column, values: str, lang: Lang | str) -> dict[str, Any]:
    """Drop-down of a column; a list takes any text, for several values."""
    several = column.form == "list"
    message = {"input_title": column.header(lang)[:32], "input_message": text("workspace:choices.several", lang)}
    return {
        "validate": "list",
        "source": values,
        "ignore_blank": True,
        "show_error": not several,
        "error_type": "warning",
        "error_title": column.header(lang)[:32],
        "error_message": text("workspace:choices.other", lang),
        **(message if several else {}),
    }


def _guide(page: Any, formats: dict[str, Any], lang: Lang | str) -> None:
    page.set_column(0, 0, 110)
    for number, line in enumerate(text("workspace:sheet_guide", lang).split("\n")):
        page.write_string(number, 0, line, formats["cell"])
