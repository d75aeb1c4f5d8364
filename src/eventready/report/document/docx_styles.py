"""The named styles of the DOCX, which is what somebody who edits it in Word works with."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from eventready.report.document.model import Page
from eventready.report.document.ooxml import NAMESPACES, element, properties, twips

FONT = "Times New Roman"


class Style(NamedTuple):
    """A paragraph style; sizes in points, `first` the first line's indent and `left` the left one in mm."""

    name: str
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


def styles(page: Page) -> dict[str, Style]:
    """Style id to style, as the office's page wants them."""
    body = Style("Body Text", page.body, align="both", after=page.after, line=page.line, first=page.indent)
    heading = body._replace(bold=True, keep=True)
    cell = partial(Style, before=2, after=2)
    return {
        "BodyText": body,
        "VbBasis": body._replace(name="VB Basis", italic=True),
        "VbBullet": body._replace(name="VB Bullet"),
        "Heading1": heading._replace(name="heading 1", level=0),
        "Heading2": heading._replace(name="heading 2", level=1),
        "Heading3": heading._replace(name="heading 3", level=2, italic=True),
        "VbParent": Style("VB Parent Body", page.country),
        "VbIssuer": Style("VB Issuing Body", page.country, bold=True),
        "VbCountry": Style("VB Country", page.country, bold=True),
        "VbMotto": Style("VB Motto", page.motto, bold=True),
        "VbNumber": Style("VB Number", page.number, before=6),
        "VbPlaceDate": Style("VB Place and Date", page.motto, italic=True, before=6),
        "VbSubject": Style("VB Subject", page.country, before=6),
        "VbUrgency": Style("VB Urgency", page.number, bold=True, before=6, colour="FF0000"),
        "VbRule": Style("VB Rule", 2),
        "VbKind": Style("VB Kind", page.body, bold=True, before=12),
        "Title": Style("Title", page.body, bold=True, before=3),
        "VbAddressee": Style("VB Addressee", page.body, after=6, before=6),
        "VbAddressees": Style("VB Addressees", page.body, after=3, align="left", left=30),
        "Caption": Style("caption", page.table, bold=True, before=6, after=4, keep=True),
        "VbFigure": Style("VB Figure", page.table, before=6, keep=True),
        "VbFigureCaption": Style("VB Figure Caption", page.table, italic=True, after=6),
        "VbNote": Style("VB Note", page.table, italic=True, align="both", before=3, after=6),
        "VbTableHead": cell("VB Table Head", page.table, bold=True, keep=True),
        "VbTableText": cell("VB Table Text", page.table, align="left"),
        "VbTableCentre": cell("VB Table Text Centred", page.table),
        "VbTableRight": cell("VB Table Text Right", page.table, align="right"),
        "VbRecipientsLabel": Style("VB Recipients Label", 12, bold=True, italic=True, align="left"),
        "VbRecipients": Style("VB Recipients", page.recipients, align="left"),
        "VbSigner": Style("VB Signer", page.body, bold=True),
        "VbAnnex": Style("VB Annex", 14, bold=True, level=0),
        "VbAnnexTitle": Style("VB Annex Title", page.body, bold=True, before=3),
        "VbAnnexReference": Style("VB Annex Reference", page.body, italic=True, before=3, after=8),
        "Header": Style("header", page.number),
    }


def language_tag(lang: str) -> str:
    """The language as Word names it."""
    return "vi-VN" if lang == "vi" else "en-GB"


def styles_xml(page: Page, lang: str) -> str:
    """The whole of word/styles.xml."""
    language = language_tag(lang)
    fonts = element("rFonts", ascii=FONT, hAnsi=FONT, eastAsia=FONT, cs=FONT)
    size = round(page.body * 2)
    defaults = properties(
        "w:rPr",
        {
            "rFonts": fonts,
            "sz": element("sz", val=size),
            "szCs": element("szCs", val=size),
            "lang": element("lang", val=language, eastAsia=language, bidi="ar-SA"),
        },
    )
    made = [
        element("docDefaults", element("rPrDefault", defaults), element("pPrDefault")),
        f'<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f"<w:rPr>{fonts}</w:rPr></w:style>",
        *(_style(key, style) for key, style in styles(page).items()),
        _table_style("TableNormal", "Normal Table", "", default=True),
        _table_style("VbGrid", "VB Grid", _borders("single")),
        _table_style("VbColumns", "VB Columns", _borders("nil")),
    ]
    return f"<w:styles {NAMESPACES}>{''.join(made)}</w:styles>"


def _style(key: str, style: Style) -> str:
    spacing = element(
        "spacing",
        before=round(style.before * 20),
        after=round(style.after * 20),
        line=round(style.line * 240),
        lineRule="auto",
    )
    indents = {"left": twips(style.left), "firstLine": twips(style.first)}
    paragraph = properties(
        "w:pPr",
        {
            "keepNext": element("keepNext") if style.keep else None,
            "widowControl": element("widowControl"),
            "spacing": spacing,
            "ind": element("ind", **indents) if any(indents.values()) else None,
            "jc": element("jc", val=style.align),
            "outlineLvl": element("outlineLvl", val=style.level) if style.level is not None else None,
        },
    )
    size = round(style.size * 2)
    face = properties(
        "w:rPr",
        {
            "b": element("b") if style.bold else None,
            "bCs": element("bCs") if style.bold else None,
            "i": element("i") if style.italic else None,
            "iCs": element("iCs") if style.italic else None,
            "color": element("color", val=style.colour) if style.colour else None,
            "sz": element("sz", val=size),
            "szCs": element("szCs", val=size),
        },
    )
    named = element("name", val=style.name) + element("basedOn", val="Normal") + element("qFormat")
    return f'<w:style w:type="paragraph" w:styleId="{key}">{named}{paragraph}{face}</w:style>'


def _borders(kind: str) -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    return element("tblBorders", *(element(side, val=kind, sz=4, space=0, color="000000") for side in sides))


def _table_style(key: str, name: str, borders: str, *, default: bool = False) -> str:
    margin = twips(1.5)
    grid = bool(borders) and "single" in borders
    sides = (("left", margin), ("right", margin)) if grid else (("left", 0), ("right", 0))
    cells = element("tblCellMar", *(element(side, w=wide, type="dxa") for side, wide in sides))
    inside = properties("w:tblPr", {"tblInd": element("tblInd", w=0, type="dxa"), "tblBorders": borders,
                                    "tblCellMar": cells})  # fmt: skip
    based = "" if default else element("basedOn", val="TableNormal")
    mark = ' w:default="1"' if default else ""
    return f'<w:style w:type="table"{mark} w:styleId="{key}"><w:name w:val="{name}"/>{based}{inside}</w:style>'
