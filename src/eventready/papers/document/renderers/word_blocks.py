"""The blocks of a document as paragraphs, tables and pictures of python-docx."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import singledispatchmethod
from itertools import pairwise
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT as VERTICAL
from docx.enum.text import WD_LINE_SPACING
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.shared import Mm, Pt
from docx.table import Table as WordTable
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph as WordParagraph

from eventready.drawing.svg import Figure, width
from eventready.papers.document.model import (
    Addressee,
    Block,
    Bullets,
    Closing,
    Facts,
    Heading,
    Item,
    ItemList,
    Letterhead,
    Page,
    Paragraph,
    Preformatted,
    Span,
    Spans,
    Table,
    Tally,
    Title,
)
from eventready.papers.document.renderers.pdf import to_png
from eventready.papers.document.renderers.word_styles import COLUMNS, GRID

#: The left column of the letterhead, in mm; the country's name fills the right one.
_LEFT = 69.0

#: A rule under a name is a third to a half as long as the name.
_SHARE = 0.4

#: Rows of a table that stay together with the last one, so that no page has a single row.
_LAST_ROWS = 3
#: Rows of a table that stays on one page.
_SMALL_TABLE = 4

_PARAGRAPHS = {"body": "Body Text", "basis": "VB Basis", "note": "VB Note", "notice": "VB Notice", "alarm": "VB Notice"}
_CELLS = {"left": "VB Table Text", "center": "VB Table Text Centred", "right": "VB Table Text Right"}
#: What follows borders in a paragraph's properties (ECMA-376 part 1, annex A).
_AFTER_BORDERS = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:outlineLvl", "w:sectPr")


class BlockWriter:
    """Write blocks at the end of a Word document; `measure` is the width of the text in mm."""

    def __init__(self, word: WordDocument, page: Page, measure: float) -> None:
        self._word, self._page, self._measure = word, page, measure

    def write(self, blocks: Sequence[Block]) -> None:
        """Write the blocks. A paragraph stays on the page of the table, figure, list or signature after the
        paragraph."""
        for block, follower in pairwise((*blocks, None)):
            if block is not None:
                paragraph = self._write(block)
                if paragraph is not None and isinstance(follower, Table | Figure | Bullets | Closing):
                    paragraph.paragraph_format.keep_with_next = True

    @singledispatchmethod
    def _write(self, _on_screen: Block) -> WordParagraph | None:
        """Write a block; return the paragraph of a paragraph block. Blocks for a screen are left out."""
        return None

    def _add(self, style: str, text: str = "") -> WordParagraph:
        return self._word.add_paragraph(text, style)

    @_write.register
    def _paragraph(self, block: Paragraph) -> WordParagraph:
        paragraph = _runs(self._add(_PARAGRAPHS[block.style]), block.spans)
        if block.style in ("notice", "alarm"):
            _set_borders(paragraph, ("top", "left", "bottom", "right"), size=12, space=4)
        return paragraph

    @_write.register
    def _heading(self, block: Heading) -> None:
        detail = f" ({block.detail})" if block.detail else ""
        self._add(f"Heading {block.level}", block.text + detail)

    @_write.register
    def _bullets(self, block: Bullets) -> None:
        for spans in block.items:
            _runs(self._add("VB Bullet", "- "), spans)

    @_write.register
    def _facts(self, block: Facts) -> None:
        for label, value in block.items:
            self._add("VB Bullet", f"- {label}: {value}")

    @_write.register
    def _tally(self, block: Tally) -> None:
        for count in block.items:
            self._add("VB Bullet", f"- {count.title}: {count.number}")

    @_write.register
    def _preformatted(self, block: Preformatted) -> None:
        self._add("VB Preformatted", block.text)

    @_write.register
    def _listing(self, block: ItemList) -> None:
        for item in block.items:
            self._item(item)

    def _item(self, item: Item) -> None:
        """An item; a single line stands behind its head."""
        lines = [line.text for line in item.lines]
        if len(lines) == 1:
            _runs(self._add("VB Item Line"), (Span(f"{item_head(item)}: ", bold=True), Span(lines[0])))
            return
        self._add("VB Item", item_head(item))
        for line in lines:
            self._add("VB Item Line", f"- {line}")

    @_write.register
    def _letterhead(self, head: Letterhead) -> None:
        page, right = self._page, self._measure - _LEFT
        table = self._columns((_LEFT, right), rows=2)
        issued, nation = table.rows[0].cells
        _fill(issued, "VB Parent Body", head.parent)
        _fill(issued, "VB Issuing Body", head.issuer)
        longest = max((width(line, page.country, bold=True) for line in head.issuer), default=0)
        _rule(issued.add_paragraph(), _SHARE * min(longest, _LEFT), _LEFT)
        _fill(nation, "VB Country", filter(None, (head.country,)))
        _fill(nation, "VB Motto", filter(None, (head.motto,)))
        if head.motto:
            _rule(nation.add_paragraph(), width(head.motto, page.motto, bold=True), right)
        number, dated = table.rows[1].cells
        _fill(number, "VB Number", (head.number,))
        _fill(number, "VB Subject", (head.subject,) if head.subject else ())
        _fill(dated, "VB Place and Date", (head.place_date,))
        if head.urgency:
            stamp = number.add_paragraph(head.urgency, "VB Urgency")
            side = Mm((_LEFT - head.stamp) / 2)
            stamp.paragraph_format.left_indent = stamp.paragraph_format.right_indent = side
            stamp.paragraph_format.first_line_indent = Mm(0)
            _set_borders(stamp, ("top", "left", "bottom", "right"), size=8, space=3, colour="FF0000")

    @_write.register
    def _title(self, title: Title) -> None:
        if title.kind:
            self._add("VB Kind", title.kind)
        for line in title.lines:
            self._add("Title", line)
        longest = width(title.lines[-1], self._page.body, bold=True) if title.lines else 0
        _rule(self._add("VB Rule"), _SHARE * min(longest, self._measure), self._measure, after=8)

    @_write.register
    def _addressee(self, block: Addressee) -> None:
        if len(block.names) == 1:
            self._add("VB Addressee", f"{block.label} {block.names[0]}")
            return
        for text in (block.label, *block.names):
            self._add("VB Addressees", text)
        self._add("VB Rule").paragraph_format.space_after = Pt(5)

    @_write.register
    def _table(self, table: Table) -> None:
        if table.caption:
            self._add("Caption", table.caption)
        widths = table.widths(self._measure, self._page.table)
        made = self._word.add_table(0, len(widths), GRID)
        made.autofit = False
        _set_grid(made, widths)
        styles = [_CELLS[column.align] for column in table.columns]
        head = _new_row(made)
        _write_row(head, widths, ["VB Table Head"] * len(widths), [column.title for column in table.columns])
        head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        bound = len(table.rows) if table.note else len(table.rows) - 1
        for index, row in enumerate(table.rows):
            keep = (len(table.rows) <= _SMALL_TABLE or len(table.rows) - _LAST_ROWS <= index) and index < bound
            _write_row(_new_row(made), widths, styles, list(map(str, row)), keep=keep)
        if table.note:
            self._add("VB Note", table.note)
        else:
            self._add("VB Rule").paragraph_format.space_after = Pt(5)

    @_write.register
    def _figure(self, figure: Figure) -> None:
        paragraph = self._add("VB Figure")
        for number, chart in enumerate(figure.charts):
            run = paragraph.add_run(" " if number else "")
            picture = run.add_picture(io.BytesIO(to_png(chart, figure.chart_width)), width=Mm(figure.chart_width))
            properties: Any = picture._inline.docPr
            properties.set("descr", chart.alt)
        self._add("VB Figure Caption", figure.caption)

    @_write.register
    def _closing(self, closing: Closing) -> None:
        self._add("VB Rule").paragraph_format.keep_with_next = True
        half = self._measure / 2
        minutes = bool(closing.secretary)
        rows = self._columns((half, self._measure - half), rows=2 if minutes else 1).rows
        left, right = rows[0].cells
        if minutes:
            _sign(left, closing.secretary, closing.secretary_name)
        _sign(right, closing.authority, closing.name)
        below = rows[-1].cells[0]
        _fill(below, "VB Recipients Label", (closing.label,) if closing.label else ())
        _fill(below, "VB Recipients", closing.recipients)

    def _columns(self, widths: tuple[float, float], *, rows: int) -> WordTable:
        """A table without borders, for text in two columns."""
        made: WordTable = self._word.add_table(0, 2, COLUMNS)
        made.autofit = False
        _set_grid(made, widths)
        for _ in range(rows):
            row = _new_row(made)
            _keep_whole(row)
            for cell, wide in zip(row.cells, widths, strict=True):
                cell.width = Mm(wide)
        return made


def item_head(item: Item) -> str:
    """The first line of an item in forms without signs: state, subject, detail and tags."""
    subject = ", ".join(part for part in (item.title, item.detail) if part)
    head = ": ".join(part for part in (item.status_title, subject) if part)
    return f"{head} ({', '.join(item.tags)})" if item.tags else head


def _runs(paragraph: WordParagraph, spans: Spans) -> WordParagraph:
    for span in spans:
        run = paragraph.add_run(span.text)
        if span.bold:
            run.bold = True
        if span.italic:
            run.italic = True
    return paragraph


def _sign(cell: _Cell, authority: Iterable[str], name: str) -> None:
    """Authority, room for a signature, and the name below."""
    _fill(cell, "VB Signer", authority)
    cell.add_paragraph(name, "VB Signer").paragraph_format.space_before = Mm(24)


def _fill(cell: _Cell, style: str, texts: Iterable[str]) -> None:
    """Add a paragraph per text; the empty paragraph of a new cell is used first."""
    for text in texts:
        first = cell.paragraphs[0]
        fresh = len(cell.paragraphs) == 1 and not first.runs
        paragraph = first if fresh else cell.add_paragraph()
        paragraph.style = style
        paragraph.add_run(text)


def _write_row(
    row: _Row, widths: Sequence[float], styles: Sequence[str], texts: Sequence[str], *, keep: bool = False
) -> None:
    """Fill a row. `keep`: the next row, or the note, stays on its page."""
    _keep_whole(row)
    for cell, wide, style, text in zip(row.cells, widths, styles, texts, strict=True):
        cell.width = Mm(wide)
        cell.vertical_alignment = VERTICAL.CENTER
        paragraph = cell.paragraphs[0]
        paragraph._p.style = style.replace(" ", "")  # by its id: a look-up by name costs more than the rest of the cell
        paragraph.add_run(text)
        if keep:
            paragraph.paragraph_format.keep_with_next = True


def _new_row(table: WordTable) -> _Row:
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]  # python-docx leaves it untyped
    return row


def _keep_whole(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _set_grid(table: WordTable, widths: Sequence[float]) -> None:
    """Fixed column widths and the width of the whole table."""
    grid: Any = table._tbl.tblGrid
    twips = [Mm(wide).twips for wide in widths]
    for column, wide in zip(grid.gridCol_lst, twips, strict=True):
        column.set(qn("w:w"), str(wide))
    whole: Any = table._tbl.tblPr.find(qn("w:tblW"))
    whole.set(qn("w:w"), str(sum(twips)))
    whole.set(qn("w:type"), "dxa")


def _rule(paragraph: WordParagraph, length: float, room: float, after: float = 0) -> None:
    """Turn an empty paragraph into a rule of this length in the middle of the room, both in mm."""
    paragraph.style = "VB Rule"
    form, side = paragraph.paragraph_format, Mm(max(room - length, 0) / 2)
    form.left_indent = form.right_indent = side
    form.space_before, form.space_after = Pt(3), Pt(after)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(3)
    _set_borders(paragraph, ("top",), size=6, space=1)


def _set_borders(
    paragraph: WordParagraph, sides: Iterable[str], *, size: int, space: int, colour: str = "000000"
) -> None:
    """Draw borders around a paragraph; `size` in eighths of a point, `space` in points."""
    lines = "".join(f'<w:{side} w:val="single" w:sz="{size}" w:space="{space}" w:color="{colour}"/>' for side in sides)
    properties: Any = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(parse_xml(f"<w:pBdr {nsdecls('w')}>{lines}</w:pBdr>"), *_AFTER_BORDERS)
