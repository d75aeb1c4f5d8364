"""Sheets found in tables: by title, else by headers; columns by index, others as notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventready.core.messages import message
from eventready.workspace.importing.cells import Cells, Mend
from eventready.workspace.importing.table import Row, Table, TableCell
from eventready.workspace.sheets.layout import BASTIONS, DEVICES, LAYOUTS, UNREAD, Layout, titles
from eventready.workspace.sheets.sheet import DEEPEST
from eventready.workspace.sheets.spelling import fold, listed

#: Headers that may say the name of a device or its address.
_HOSTNAME = ("hostname", "host")
#: Vocabularies whose words tell a column, and cells that are looked at.
_TELLING = ("venue", "role", "platform", "service")
_SAMPLE = 200
#: Columns that people write in several: vendor, model, system.
_JOINED = ("platform",)


@dataclass(frozen=True)
class FoundSheet:
    """Table with its layout: `columns` and `notes` by index, and the rows below the headers."""

    title: str
    layout: Layout
    columns: Mapping[int, str]
    notes: Mapping[int, str]
    rows: Sequence[Row]


def sheets_of(tables: Sequence[Table], cells: Cells) -> tuple[list[FoundSheet], list[str]]:
    """Sheets in the order of the layouts, and titles of unread tables. Problems of headers are recorded in `cells`."""
    chosen = [(table, layout) for table in tables if not table.hidden and (layout := _layout(table)) is not None]
    if not chosen:
        chosen = [(next(table for table in tables if not table.hidden), DEVICES)]
    read = [table for table, _ in chosen]
    silent = {name for table in tables for name in UNREAD if name in titles().meant(table.title)}
    unread = [table.title for table in tables if table not in read and not {*titles().meant(table.title)} & silent]
    order = [*LAYOUTS]
    sheets = [_sheet(table, layout, cells) for table, layout in chosen]
    return sorted(sheets, key=lambda sheet: order.index(sheet.layout.name)), unread


def _layout(table: Table) -> Layout | None:
    """Layout of a table: by its title, else by the most headers."""
    meant = titles().meant(table.title)
    if meant:
        return next((LAYOUTS[name] for name in meant if name in LAYOUTS), None)
    fitting = [(len(found), layout) for layout in LAYOUTS.values() if (found := _fitting(table, layout))]
    return max(fitting, key=lambda found: found[0], default=(0, None))[1]


def _fitting(table: Table, layout: Layout) -> Mapping[int, str]:
    """Columns of a table; empty for a table without the needed headers, also misspelt ones."""
    top = _header_row(table, layout)
    row = table.rows[top]
    columns = _columns(row, layout)
    misspelt = {_misspelt(cell.text, layout, columns) for index, cell in enumerate(row) if index not in columns}
    if not columns or not {*layout.needed} <= {*columns.values(), *misspelt}:
        return {}
    return columns if layout is not BASTIONS or _names_bastions(table.rows[top:], columns) else {}


def _names_bastions(rows: Sequence[Row], columns: Mapping[int, str]) -> bool:
    """True unless the names may be those of the ways to devices: behind other names, or several times the same."""
    index = next((index for index, name in columns.items() if name == "bastion_name"), None)
    if index is None or "jump_host" not in DEVICES.headers.meant(rows[0][index].text):
        return True
    before = [cell.text for cell in rows[0][:index] if cell.text and not _is_ignored(cell.text)]
    names = [row[index].text for row in rows if index < len(row) and row[index].text]
    return not before and len(names) == len({*names})


def _is_ignored(header: str) -> bool:
    return (fold(header) or header) in listed("ignored")


def _header_row(table: Table, layout: Layout) -> int:
    """Row with the most headers of a layout, among the first rows."""
    counts = [len(_columns(row, layout)) for row in table.rows[:DEEPEST]]
    return counts.index(max(counts))


def _columns(row: Row, layout: Layout) -> dict[int, str]:
    """Columns of a layout by index: the first header of each, and every header of a platform."""
    found: dict[int, str] = {}
    for index, cell in enumerate(row):
        names = [name for name in layout.headers.meant(cell.text) if name not in found.values() or name in _JOINED]
        if cell.text and names:
            found[index] = names[0]
    return _addresses(row, found) if layout is DEVICES else found


def _addresses(row: Row, found: dict[int, str]) -> dict[int, str]:
    """Columns with "Hostname" as the name of the device, beside another header for addresses."""
    meant = [index for index, cell in enumerate(row) if "hostname" in DEVICES.headers.meant(cell.text)]
    called = [index for index in meant if fold(row[index].text) in _HOSTNAME]
    others = [index for index in meant if index not in called]
    if not (called and others) or found.get(called[0]) != "hostname":
        return found
    changed = {index: name for index, name in found.items() if index != called[0]} | {others[0]: "hostname"}
    return changed if "name" in changed.values() else changed | {called[0]: "name"}


def _sheet(table: Table, layout: Layout, cells: Cells) -> FoundSheet:
    top = _header_row(table, layout)
    row = table.rows[top]
    columns = _columns(row, layout)
    notes: dict[int, str] = {}
    for index, cell in enumerate(row):
        if index in columns or not cell.text or _is_ignored(cell.text):
            continue
        if cell.text in (row[other].text for other in columns):
            cells.problem(message("workspace:import.column_twice", name=cell.text), cell, cell.text)
        elif shown := _shown_by_values(table.rows[top + 1 :], index, layout, columns, cells):
            columns[index] = shown
            cells.mends.append(Mend(cell.place, cell.text, message(f"workspace:column.{shown}")))
        elif nearest := _misspelt(cell.text, layout, columns):
            columns |= _corrected(cell, index, nearest, cells)
        else:
            notes[index] = cell.text
    for needed in layout.needed:
        if needed not in columns.values():
            cause = message("workspace:import.column_missing", column=message(f"workspace:column.{needed}"))
            cells.problem(cause, row[0])
    first = top + 2 if any(map(_numbers_columns, table.rows[top + 1 : top + 2])) else top + 1
    rows = [one for one in table.rows[first:] if not _repeats(one, row)]
    return FoundSheet(table.title, layout, columns, notes, rows)


def _numbers_columns(row: Row) -> bool:
    """True for the numbers of the columns, from 1, which forms have below the headers."""
    numbers = [cell.text.strip("() ") for cell in row if cell.text]
    return len(numbers) > 2 and numbers == [str(number) for number in range(1, len(numbers) + 1)]


def _repeats(row: Row, header: Row) -> bool:
    """True for a row with the headers again."""
    again = sum(cell.text == head.text != "" for cell, head in zip(row, header, strict=False))
    return again > 1 and again * 2 > sum(bool(cell.text) for cell in row)


def _misspelt(text: str, layout: Layout, columns: Mapping[int, str]) -> str:
    """Column meant by a misspelt header; empty for a note, and for a present column."""
    nearest = "" if layout.headers.meant(text) else layout.headers.nearest(text)
    return "" if nearest in columns.values() else nearest


def _shown_by_values(rows: Sequence[Row], index: int, layout: Layout, columns: Mapping[int, str], cells: Cells) -> str:
    """Absent column with the words of most cells below a strange header; empty for a note.

    Kept as a note, a column of venues would leave every device without its venues.
    """
    texts = [row[index].text for row in rows[:_SAMPLE] if index < len(row) and row[index].text]
    for column in layout.columns:
        if column.name not in columns.values() and column.words in _TELLING:
            understood = sum(cells.understands(column, text) for text in texts)
            if understood > 1 and understood * 3 >= len(texts) * 2:
                return column.name
    return ""


def _corrected(cell: TableCell, index: int, nearest: str, cells: Cells) -> dict[int, str]:
    """Column of a misspelt header, also after a problem."""
    if cells.fix:
        cells.mend(cell, cell.text, nearest)
    else:
        do = message("workspace:suggest.meant", name=nearest)
        cells.problem(message("workspace:import.unknown_column", name=cell.text), cell, cell.text, do, nearest)
    return {index: nearest}
