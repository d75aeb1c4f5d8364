"""The blocks of a document as WordprocessingML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from eventready.report.document.metrics import width
from eventready.report.document.model import (
    Addressee,
    Block,
    Bullets,
    Closing,
    Figure,
    Heading,
    Letterhead,
    Page,
    Paragraph,
    Spans,
    Table,
    Title,
)
from eventready.report.document.ooxml import element, paragraph, properties, run, twips

#: The left column of the letterhead, in mm: the country's name fills the right one.
LEFT = 69.0

#: A rule under a name is a third to a half as long as the name.
SHARE = 0.4

Picture = Callable[[Figure], str]


class Blocks:
    """Blocks on a page; `picture` puts a figure into the package and gives the run that shows it."""

    def __init__(self, page: Page, measure: float, picture: Picture) -> None:
        self._page = page
        self._measure = measure
        self._picture = picture

    def xml(self, blocks: Sequence[Block]) -> str:
        """The blocks in their order; the last words stay on the page of the signature."""
        followers = (*blocks[1:], None)
        return "".join(
            self._before_closing(block) if isinstance(block, Paragraph) and isinstance(follower, Closing)
            else "".join(self._parts(block))
            for block, follower in zip(blocks, followers, strict=True)
        )  # fmt: skip

    def _before_closing(self, block: Paragraph) -> str:
        return paragraph("BodyText", *_runs(block.spans), keepNext=element("keepNext"))

    def _parts(self, block: Block) -> Iterator[str]:
        match block:
            case Letterhead():
                yield self._letterhead(block)
            case Title():
                yield from self._title(block)
            case Addressee():
                yield from _addressee(block)
            case Heading():
                yield paragraph(f"Heading{block.level}", run(block.text))
            case Paragraph():
                style = {"body": "BodyText", "basis": "VbBasis", "note": "VbNote"}[block.style]
                yield paragraph(style, *_runs(block.spans))
            case Bullets():
                yield from (paragraph("VbBullet", run("- "), *_runs(item)) for item in block.items)
            case Table():
                yield from self._table(block)
            case Figure():
                yield paragraph("VbFigure", self._picture(block))
                yield paragraph("VbFigureCaption", run(block.caption))
            case Closing():
                yield self._closing(block)

    def _letterhead(self, head: Letterhead) -> str:
        page, right = self._page, self._measure - LEFT
        issued = [paragraph("VbParent", run(line)) for line in head.parent]
        issued += [paragraph("VbIssuer", run(line)) for line in head.issuer]
        longest = max((width(line, page.country, bold=True) for line in head.issuer), default=0)
        issued.append(_rule(SHARE * min(longest, LEFT), LEFT))
        nation = [
            paragraph("VbCountry", run(head.country)),
            paragraph("VbMotto", run(head.motto)),
            _rule(width(head.motto, page.motto, bold=True), right),
        ]
        number = [paragraph("VbNumber", run(head.number))]
        if head.subject:
            number.append(paragraph("VbSubject", run(head.subject)))
        if head.urgency:
            number.append(_stamp(head.urgency, head.stamp))
        dated = [paragraph("VbPlaceDate", run(head.place_date))]
        return _columns((LEFT, right), ((issued, nation), (number, dated)))

    def _title(self, title: Title) -> Iterator[str]:
        if title.kind:
            yield paragraph("VbKind", run(title.kind))
        yield from (paragraph("Title", run(line)) for line in title.lines)
        longest = width(title.lines[-1], self._page.body, bold=True) if title.lines else 0
        yield _rule(SHARE * min(longest, self._measure), self._measure, after=8)

    def _table(self, table: Table) -> Iterator[str]:
        if table.caption:
            yield paragraph("Caption", run(table.caption))
        widths = [twips(mm) for mm in table.widths(self._measure, self._page.table)]
        aligned = [_CELL[column.align] for column in table.columns]
        shape = properties(
            "w:tblPr",
            {
                "tblStyle": element("tblStyle", val="VbGrid"),
                "tblW": element("tblW", w=sum(widths), type="dxa"),
                "tblLayout": element("tblLayout", type="fixed"),
                "tblLook": element("tblLook", val="0020", firstRow=1, lastRow=0, firstColumn=0, lastColumn=0,
                                   noHBand=1, noVBand=1),
            },
        )  # fmt: skip
        grid = element("tblGrid", *(element("gridCol", w=wide) for wide in widths))
        head = [_cell(wide, paragraph("VbTableHead", run(column.title))) for wide, column in zip(
            widths, table.columns, strict=True)]  # fmt: skip
        rows = [_row(head, header=True)]
        for row in table.rows:
            cells = zip(widths, aligned, row, strict=True)
            rows.append(_row([_cell(wide, paragraph(style, run(text))) for wide, style, text in cells]))
        yield f"<w:tbl>{shape}{grid}{''.join(rows)}</w:tbl>"
        yield paragraph("VbRule", spacing=element("spacing", after=100))

    def _closing(self, closing: Closing) -> str:
        half = self._measure / 2
        left = [paragraph("VbRecipientsLabel", run(closing.label))] if closing.label else []
        left += [paragraph("VbRecipients", run(line)) for line in closing.recipients]
        right = [paragraph("VbSigner", run(line)) for line in closing.authority]
        right.append(paragraph("VbSigner", run(closing.name), spacing=element("spacing", before=twips(24))))
        return paragraph("VbRule", keepNext=element("keepNext")) + _columns(
            (half, self._measure - half), ((left or [paragraph("VbRule")], right),)
        )


_CELL = {"left": "VbTableText", "center": "VbTableCentre", "right": "VbTableRight"}


def _runs(spans: Spans) -> tuple[str, ...]:
    return tuple(run(span.text, bold=span.bold, italic=span.italic) for span in spans)


def _addressee(block: Addressee) -> Iterator[str]:
    if len(block.names) == 1:
        yield paragraph("VbAddressee", run(f"{block.label} {block.names[0]}"))
        return
    yield paragraph("VbAddressees", run(block.label))
    yield from (paragraph("VbAddressees", run(name)) for name in block.names)
    yield paragraph("VbRule", spacing=element("spacing", after=100))


def _rule(length: float, room: float, after: float = 0) -> str:
    """An empty paragraph whose upper border is a rule of that length in the middle of the room, both in mm."""
    side = twips(max(room - length, 0) / 2)
    border = element("pBdr", element("top", val="single", sz=6, space=1, color="000000"))
    spacing = element("spacing", before=60, after=round(after * 20), line=60, lineRule="exact")
    return paragraph("VbRule", pBdr=border, spacing=spacing, ind=element("ind", left=side, right=side))


def _stamp(text: str, wide: float) -> str:
    """An urgency stamp in the middle of the left column."""
    side = twips((LEFT - wide) / 2)
    sides = (element(name, val="single", sz=8, space=3, color="FF0000") for name in ("top", "left", "bottom", "right"))
    return paragraph(
        "VbUrgency", run(text), pBdr=element("pBdr", *sides), ind=element("ind", left=side, right=side, firstLine=0)
    )


def _columns(widths: tuple[float, float], rows: tuple[tuple[list[str], list[str]], ...]) -> str:
    """A table without borders: how text stands in two columns side by side."""
    wide = [twips(mm) for mm in widths]
    shape = properties(
        "w:tblPr",
        {
            "tblStyle": element("tblStyle", val="VbColumns"),
            "tblW": element("tblW", w=sum(wide), type="dxa"),
            "tblLayout": element("tblLayout", type="fixed"),
        },
    )
    grid = element("tblGrid", *(element("gridCol", w=each) for each in wide))
    made = (_row([_cell(wide[0], *left, centred=False), _cell(wide[1], *right, centred=False)]) for left, right in rows)
    return f"<w:tbl>{shape}{grid}{''.join(made)}</w:tbl>"


def _cell(wide: int, *inside: str, centred: bool = True) -> str:
    shape = properties(
        "w:tcPr",
        {
            "tcW": element("tcW", w=wide, type="dxa"),
            "vAlign": element("vAlign", val="center") if centred else None,
        },
    )
    return f"<w:tc>{shape}{''.join(inside)}</w:tc>"


def _row(cells: list[str], *, header: bool = False) -> str:
    shape = properties(
        "w:trPr", {"cantSplit": element("cantSplit"), "tblHeader": element("tblHeader") if header else None}
    )
    return f"<w:tr>{shape}{''.join(cells)}</w:tr>"
