"""The document model: blocks of text, tables and figures, in reading order, with the numbers already in their text.

Every renderer (HTML, DOCX, PDF, XLSX, Markdown, JSON) shows these words. A block of text, figures or rows names its
`source` (see `sources`). Texts are clean (NFC, no control characters);
lengths are millimetres, type sizes points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from eventready.core.messages import Text
from eventready.drawing.svg import Figure, width
from eventready.workspace.model import WorkspaceModel

#: Words of up to so many letters (dates, states) are not broken in a cell; padding and rule take so many mm.
_SHORT, _PADDING = 11, 3.6

Align: TypeAlias = Literal["left", "center", "right"]
ColumnKind: TypeAlias = Literal["text", "number", "phone"]
ParagraphStyle: TypeAlias = Literal["body", "basis", "note", "notice", "alarm"]


class Page(WorkspaceModel):
    """A4: margins and first-line `indent` in mm; type sizes and spacing of paragraphs (`after`) in points."""

    WIDTH: ClassVar = 210.0
    HEIGHT: ClassVar = 297.0

    top: float = Field(default=20, ge=10, le=50)
    bottom: float = Field(default=20, ge=10, le=50)
    left: float = Field(default=30, ge=10, le=50)
    right: float = Field(default=15, ge=10, le=50)
    country: float = Field(default=12, ge=9, le=14)
    motto: float = Field(default=13, ge=9, le=14)
    body: float = Field(default=14, ge=9, le=14)
    table: float = Field(default=11, ge=9, le=14)
    recipients: float = Field(default=11, ge=10, le=12)
    number: float = Field(default=13, ge=9, le=14)
    indent: float = Field(default=10, ge=0, le=15)
    after: float = Field(default=6, ge=0, le=18)
    line: float = Field(default=1.15, ge=1, le=1.5)

    def measure(self, *, landscape: bool = False) -> float:
        """The width of the text, in mm."""
        return (self.HEIGHT - self.top - self.bottom) if landscape else (self.WIDTH - self.left - self.right)


class DecreePage(Page):
    """Page within Decree 30/2020/ND-CP of Viet Nam, annex I."""

    top: float = Field(ge=20, le=25)
    bottom: float = Field(ge=20, le=25)
    left: float = Field(ge=30, le=35)
    right: float = Field(ge=15, le=20)
    country: float = Field(ge=12, le=13)
    motto: float = Field(ge=13, le=14)
    body: float = Field(ge=13, le=14)
    number: float = Field(ge=13, le=14)


@dataclass(frozen=True)
class Span:
    """Piece of text in a single face."""

    text: str
    bold: bool = False
    italic: bool = False


Spans: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True)
class Letterhead:
    """The two columns at the top: issuer below its parent body; country and motto; number, place and date.

    `issuer` is broken into lines. `subject` is the "V/v" of a letter, empty for a document with a title; `urgency` a
    stamp of `stamp` mm, or empty.
    """

    parent: tuple[str, ...]
    issuer: tuple[str, ...]
    country: str
    motto: str
    number: str
    place_date: str
    subject: str = ""
    urgency: str = ""
    stamp: float = 0


@dataclass(frozen=True)
class Title:
    """The kind of document (empty for a letter) and its subject, line by line."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Addressee:
    """Addressees: a single name on the line of the label, several names below each other."""

    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """`level` 1 is a section, 2 a clause, 3 a point; a number is part of the text. `detail` stands beside, smaller.

    `anchor` is a target for links within the document; sections with an anchor make a table of contents.
    """

    level: Literal[1, 2, 3]
    text: str
    anchor: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `note` stands small under a table, `notice` and `alarm` in a frame."""

    spans: Spans
    style: ParagraphStyle = "body"
    source: str = ""


def paragraph(text: str, style: ParagraphStyle = "body", source: str = "") -> Paragraph:
    """Return a paragraph in a single face."""
    return Paragraph((Span(text),), style, source)


@dataclass(frozen=True)
class Bullets:
    """List with a hyphen before each item."""

    items: tuple[Spans, ...]
    source: str = ""


@dataclass(frozen=True)
class Facts:
    """Labels and values, side by side."""

    items: tuple[tuple[str, str], ...]
    source: str = ""


@dataclass(frozen=True)
class Count:
    """Number of things in a state, in the notation of the language."""

    status: str
    title: str
    number: str
    note: str = ""


@dataclass(frozen=True)
class Tally:
    """Counts by state, side by side."""

    items: tuple[Count, ...]
    source: str = ""


@dataclass(frozen=True)
class Link:
    """Reference to an anchor of the document; works only in HTML."""

    text: str
    anchor: str


@dataclass(frozen=True)
class Line:
    """A sentence of an item, with links."""

    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Item:
    """Finding, or several findings of a subject: state (key and word), subject, detail, tags, links, a line for each.

    `anchors` are the item's targets for links.
    """

    title: str = ""
    status: str = ""
    status_title: str = ""
    detail: str = ""
    tags: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    anchors: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class ItemList:
    """Items below each other. A page folds the lines of an item after the first `shown`."""

    items: tuple[Item, ...]
    shown: int = 6
    source: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell with a state, which a page shows as colour and sign, and a note in small type."""

    text: str
    status: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.note})" if self.note else self.text


TableCell: TypeAlias = str | Cell


@dataclass(frozen=True)
class Column:
    """A column of a table; `weight` is its share of the width. In XLSX phones stay text and numbers become numbers."""

    title: str
    weight: float = 1
    align: Align = "left"
    kind: ColumnKind = "text"


@dataclass(frozen=True)
class Table:
    """Table with a first row repeated on every page. `name` is the sheet in XLSX; a row has a cell per column.

    `matrix`: a page shows the states of cells as large fields. `note` stands under the table, on its last page.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    caption: str = ""
    note: str = ""
    matrix: bool = False
    source: str = ""

    def widths(self, measure: float, size: float) -> tuple[float, ...]:
        """The columns' widths in mm, which fill the measure; no short word of `size` points is broken."""
        least = [self._least(index, size) for index in range(len(self.columns))]
        room = max(measure - sum(least), 0.0)
        wanted = [
            max(measure * column.weight / sum(c.weight for c in self.columns) - floor, 0.0)
            for column, floor in zip(self.columns, least, strict=True)
        ]
        scale = room / sum(wanted) if any(wanted) else 0.0
        fitting = measure / sum(least) if sum(least) > measure else 1.0
        return tuple(round(floor * fitting + more * scale, 2) for floor, more in zip(least, wanted, strict=True))

    def _least(self, index: int, size: float) -> float:
        words = {word for row in self.rows for word in str(row[index]).split() if len(word) <= _SHORT}
        longest = max((width(word, size) for word in words), default=0.0)
        title = max((width(word, size, bold=True) for word in self.columns[index].title.split()), default=0.0)
        return max(longest, title) + _PADDING


@dataclass(frozen=True)
class Closing:
    """The end of the document, in two columns: recipients, and authority over the signature; the name may be blank.

    With a `secretary` (minutes) two signatures stand side by side over the recipients.
    """

    label: str
    recipients: tuple[str, ...]
    authority: tuple[str, ...]
    name: str = ""
    secretary: tuple[str, ...] = ()
    secretary_name: str = ""


@dataclass(frozen=True)
class Preformatted:
    """Raw text, line by line."""

    text: str
    source: str = ""


@dataclass(frozen=True)
class Fold:
    """Blocks behind a summary, opened by a click: only in HTML and JSON."""

    summary: str
    blocks: tuple[Block, ...]
    anchor: str = ""
    opened: bool = False


@dataclass(frozen=True)
class OnScreen:
    """Blocks for reading on a screen: only in HTML and JSON."""

    blocks: tuple[Block, ...]


#: Frame of a document: headings, addresses, signatures.
Frame: TypeAlias = Letterhead | Title | Addressee | Heading | Closing
Block: TypeAlias = (
    Frame | Paragraph | Bullets | Facts | Tally | ItemList | Table | Figure | Preformatted | Fold | OnScreen
)


@dataclass(frozen=True)
class Annex:
    """Begins on a page of its own, with pages numbered from 1."""

    label: str
    title: str
    reference: str
    blocks: tuple[Block, ...]
    landscape: bool = False


@dataclass(frozen=True)
class MailReference:
    """Words of a mail about its paper: day, version, a further name; and addresses with names beside the event's
    recipient.
    """

    due: date | None = None
    version: str = ""
    detail: str = ""
    copies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Document:
    """`kind`: a name of the registry, or `readiness`; `stem`: file name without the suffix, in ASCII.
    `landscape` turns the document itself.

    `sheets` are tables, with their headings, that only XLSX and JSON carry. `mark` (rehearsal, draft) stands at the
    head of every page and sheet. `notices` are for the person who writes it.
    """

    kind: str
    lang: Literal["vi", "en"]
    title: str
    stem: str
    blocks: tuple[Block, ...]
    annexes: tuple[Annex, ...] = ()
    page: Page = field(default_factory=Page)
    landscape: bool = False
    sheets: tuple[tuple[str, Table], ...] = ()
    mark: str = ""
    mail: MailReference = MailReference()
    notices: tuple[Text, ...] = ()

    def tables(self) -> tuple[tuple[str, Table], ...]:
        """Every table with its heading: the document's own, the annexes', the sheets."""
        own = tuple((block.caption or self.title, block) for block in self.blocks if isinstance(block, Table))
        annexed = tuple(
            (block.caption or annex.title, block)
            for annex in self.annexes
            for block in annex.blocks
            if isinstance(block, Table)
        )
        return own + annexed + self.sheets
