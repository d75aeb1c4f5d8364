"""The document model: blocks of text, tables and figures, in reading order, with the numbers already in their text.

Every renderer (DOCX, PDF, XLSX, Markdown, JSON) shows exactly these words. Texts are clean (NFC, nothing invisible);
lengths are millimetres, type sizes points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from eventready.report.document.metrics import width

#: A word of so many letters (a date, a state) is not broken in a cell; padding and rule take so many mm of a column.
_SHORT, _PADDING = 11, 3.6

PaperKind: TypeAlias = Literal["weekly", "roster", "incident", "final", "plan"]
Align: TypeAlias = Literal["left", "center", "right"]
Kind: TypeAlias = Literal["text", "number", "phone"]


@dataclass(frozen=True)
class Page:
    """A4 and its margins, the type sizes, and the spacing of paragraphs (`indent` in mm, `after` in points)."""

    top: float = 20
    bottom: float = 20
    left: float = 30
    right: float = 15
    country: float = 12
    motto: float = 13
    body: float = 14
    table: float = 11
    recipients: float = 11
    number: float = 13
    indent: float = 10
    after: float = 6
    line: float = 1.15

    WIDTH = 210.0
    HEIGHT = 297.0

    def measure(self, *, landscape: bool = False) -> float:
        """The width of the text, in mm."""
        return (self.HEIGHT - self.top - self.bottom) if landscape else (self.WIDTH - self.left - self.right)


@dataclass(frozen=True)
class Span:
    """A piece of text in one face."""

    text: str
    bold: bool = False
    italic: bool = False


Spans: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True)
class Letterhead:
    """The two columns at the top: who issues it, under whom; the country's name and motto; number, place and date.

    `subject` is the "V/v" of a letter, empty where the document has a title of its own; `urgency` a stamp
    of `stamp` mm, or empty.
    `issuer` is broken into the lines that it takes in its column.
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
    """The kind of document in capitals (empty for a letter) and what it is about, line by line."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Addressee:
    """Kính gửi: one name on the same line, several below each other."""

    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """`level` 1 is a section (I.), 2 a clause (1.), 3 a point (a)); the number is part of the text."""

    level: Literal[1, 2, 3]
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the body; `basis` is what the document rests on (italic), `note` stands small under a table."""

    spans: Spans
    style: Literal["body", "basis", "note"] = "body"


@dataclass(frozen=True)
class Bullets:
    """Points that begin with a hyphen."""

    items: tuple[Spans, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table; `weight` is its share of the width. Phones stay text and numbers become numbers in XLSX."""

    title: str
    weight: float = 1
    align: Align = "left"
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table whose first row repeats on every page. `name` is its sheet in XLSX; the rows are as long as columns."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

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
        words = {word for row in self.rows for word in row[index].split() if len(word) <= _SHORT}
        longest = max((width(word, size) for word in words), default=0.0)
        title = max((width(word, size, bold=True) for word in self.columns[index].title.split()), default=0.0)
        return max(longest, title) + _PADDING


@dataclass(frozen=True)
class Figure:
    """A picture as SVG; `alt` says everything that is written in it, `width` and `height` are mm."""

    svg: str
    alt: str
    caption: str
    width: float
    height: float


@dataclass(frozen=True)
class Closing:
    """The end of the document, in two columns: who receives it, and who signs; the name may be blank."""

    label: str
    recipients: tuple[str, ...]
    authority: tuple[str, ...]
    name: str = ""


Block: TypeAlias = Letterhead | Title | Addressee | Heading | Paragraph | Bullets | Table | Figure | Closing


@dataclass(frozen=True)
class Annex:
    """Begins on a page of its own, and its pages are numbered from 1."""

    label: str
    title: str
    reference: str
    blocks: tuple[Block, ...]
    landscape: bool = False


@dataclass(frozen=True)
class Document:
    """`kind` is the paper's name (weekly, roster, ...), `stem` its file name without the suffix, in ASCII.

    `landscape` turns the document itself, for a list that is one wide table.
    """

    kind: PaperKind | Literal["province"]
    lang: Literal["vi", "en"]
    title: str
    stem: str
    blocks: tuple[Block, ...]
    annexes: tuple[Annex, ...] = ()
    page: Page = field(default_factory=Page)
    landscape: bool = False

    def tables(self) -> tuple[tuple[str, Table], ...]:
        """Every table with the heading it stands under: the document's own first, then the annexes'."""
        own = tuple((block.caption or self.title, block) for block in self.blocks if isinstance(block, Table))
        return own + tuple(
            (block.caption or annex.title, block)
            for annex in self.annexes
            for block in annex.blocks
            if isinstance(block, Table)
        )
