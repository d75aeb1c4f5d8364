"""Named styles of the DOCX, for edits of an office in Word."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.shared import Mm, Pt, RGBColor

from eventready.papers.document.model import Page

FONT = "Times New Roman"
GRID, COLUMNS = "VB Grid", "VB Columns"

#: Styles that Word knows by these names.
_BUILT_IN = frozenset({"Body Text", "Heading 1", "Heading 2", "Heading 3", "Title", "Caption", "Header"})

#: mm beside the text of a cell with borders.
_PADDING = 1.5
_SCRIPTS = ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs")
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "both": WD_ALIGN_PARAGRAPH.JUSTIFY,
}
#: What follows an outline level in a paragraph's properties (ECMA-376 part 1, annex A).
_AFTER_OUTLINE = ("w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange")


class Look(NamedTuple):
    """Paragraph style; sizes in points, `first` is the first line's indent and `left` the left indent in mm."""

    size: float
    bold: bool = False
    italic: bool = False
    align: str = "center"
    before: float = 0
    after: float = 0
    line: float = 1
    first: float = 0
    left: float = 0
    keep: bool = False
    level: int | None = None
    colour: str = ""


def looks(page: Page) -> dict[str, Look]:
    """Style name to look, with the sizes of the office's page."""
    body = Look(page.body, align="both", after=page.after, line=page.line, first=page.indent)
    heading = body._replace(bold=True, keep=True)
    cell = partial(Look, page.table, before=2, after=2)
    return {
        "Body Text": body,
        "Heading 1": heading._replace(level=0),
        "Heading 2": heading._replace(level=1),
        "Heading 3": heading._replace(level=2, italic=True),
        "Title": Look(page.body, bold=True, before=3),
        "Caption": Look(page.table, bold=True, before=6, after=4, keep=True),
        "Header": Look(page.number),
        "VB Basis": body._replace(italic=True),
        "VB Bullet": body,
        "VB Item": Look(page.table, bold=True, align="both", keep=True, after=2),
        "VB Item Line": Look(page.table, align="both", after=3),
        "VB Notice": body._replace(bold=True, align="center", first=0),
        "VB Parent Body": Look(page.country),
        "VB Issuing Body": Look(page.country, bold=True),
        "VB Country": Look(page.country, bold=True),
        "VB Motto": Look(page.motto, bold=True),
        "VB Number": Look(page.number, before=6),
        "VB Place and Date": Look(page.motto, italic=True, before=6),
        "VB Subject": Look(page.country, before=6),
        "VB Urgency": Look(page.number, bold=True, before=6, colour="FF0000"),
        "VB Rule": Look(2),
        "VB Kind": Look(page.body, bold=True, before=12),
        "VB Addressee": Look(page.body, before=6, after=6),
        "VB Addressees": Look(page.body, after=3, align="left", left=30),
        "VB Figure": Look(page.table, before=6, keep=True),
        "VB Figure Caption": Look(page.table, italic=True, after=6),
        "VB Note": Look(page.table, italic=True, align="both", before=3, after=6),
        "VB Preformatted": Look(page.table - 2, align="left"),
        "VB Table Head": cell(bold=True, keep=True),
        "VB Table Text": cell(align="left"),
        "VB Table Text Centred": cell(),
        "VB Table Text Right": cell(align="right"),
        "VB Recipients Label": Look(12, bold=True, italic=True, align="left"),
        "VB Recipients": Look(page.recipients, align="left"),
        "VB Signer": Look(page.body, bold=True),
        "VB Annex": Look(14, bold=True, level=0),
        "VB Annex Title": Look(page.body, bold=True, before=3),
        "VB Annex Reference": Look(page.body, italic=True, before=3, after=8),
    }


def define_styles(document: WordDocument, page: Page, language: str) -> None:
    """Put our styles in place of those of python-docx's template; `language` is a BCP 47 tag."""
    for style in list(document.styles):
        if style.name in _BUILT_IN or not style.element.get(qn("w:default")):
            style.delete()
    _set_defaults(document, page, language)
    for name, look in looks(page).items():
        _add_style(document, name, look)
    _add_table_style(document, GRID, "single", _PADDING)
    _add_table_style(document, COLUMNS, "nil", 0)


def _set_defaults(document: WordDocument, page: Page, language: str) -> None:
    defaults: Any = document.styles.element.find(qn("w:docDefaults"))
    fonts = " ".join(f'{script}="{FONT}"' for script in _SCRIPTS)
    size = round(page.body * 2)
    defaults.getparent().replace(
        defaults,
        parse_xml(
            f'<w:docDefaults {nsdecls("w")}><w:rPrDefault><w:rPr><w:rFonts {fonts}/><w:sz w:val="{size}"/>'
            f'<w:szCs w:val="{size}"/><w:lang w:val="{language}" w:eastAsia="{language}" w:bidi="ar-SA"/></w:rPr>'
            "</w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        ),
    )
    _set_font(document.styles["Normal"])


def _add_style(document: WordDocument, name: str, look: Look) -> None:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=name in _BUILT_IN)
    style.base_style = document.styles["Normal"]
    style.quick_style = True
    _set_font(style)
    font, form = style.font, style.paragraph_format
    font.size, font.bold, font.italic = Pt(look.size), look.bold or None, look.italic or None
    if look.colour:
        font.color.rgb = RGBColor.from_string(look.colour)
    form.alignment, form.line_spacing, form.widow_control = _ALIGN[look.align], look.line, True
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.keep_with_next = look.keep or None
    if look.left or look.first:
        form.left_indent, form.first_line_indent = Mm(look.left), Mm(look.first)
    if look.level is not None:
        outline = OxmlElement("w:outlineLvl", {qn("w:val"): str(look.level)})
        style.element.get_or_add_pPr().insert_element_before(outline, *_AFTER_OUTLINE)


def _set_font(style: Any) -> None:
    """Name the font for every script: Word takes the theme's font otherwise."""
    style.font.name = FONT
    for script in _SCRIPTS:
        style.element.rPr.rFonts.set(qn(script), FONT)


def _add_table_style(document: WordDocument, name: str, border: str, padding: float) -> None:
    style = document.styles.add_style(name, WD_STYLE_TYPE.TABLE)
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{side} w:val="{border}" w:sz="4" w:space="0" w:color="000000"/>' for side in sides)
    wide = Mm(padding).twips
    margins = "".join(f'<w:{side} w:w="{wide}" w:type="dxa"/>' for side in ("left", "right"))
    style.element.append(
        parse_xml(
            f'<w:tblPr {nsdecls("w")}><w:tblInd w:w="0" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
            f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        )
    )
