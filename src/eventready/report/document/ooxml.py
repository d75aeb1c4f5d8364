"""WordprocessingML as text: elements whose children stand in the schema's order, whoever names them in which order."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

#: The parts of each property element that we use, in the order that ECMA-376 (part 1, annex A) demands.
ORDER: dict[str, tuple[str, ...]] = {
    "w:pPr": ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "pBdr", "spacing", "ind", "jc",
              "outlineLvl", "rPr", "sectPr"),
    "w:rPr": ("rFonts", "b", "bCs", "i", "iCs", "color", "sz", "szCs", "lang"),
    "w:tblPr": ("tblStyle", "tblW", "jc", "tblInd", "tblBorders", "tblLayout", "tblCellMar", "tblLook",
                "tblDescription"),
    "w:trPr": ("cantSplit", "tblHeader"),
    "w:tcPr": ("tcW", "tcBorders", "vAlign"),
    "w:sectPr": ("headerReference", "type", "pgSz", "pgMar", "pgNumType", "cols", "titlePg", "docGrid"),
}  # fmt: skip

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def twips(mm: float) -> int:
    """Millimetres in twentieths of a point."""
    return round(mm * 1440 / 25.4)


def element(name: str, *inside: str, **attributes: object) -> str:
    """An element; attributes are `w:` ones. `element("jc", val="center")` is `<w:jc w:val="center"/>`."""
    said = "".join(f" w:{key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<w:{name}{said}>{''.join(inside)}</w:{name}>" if inside else f"<w:{name}{said}/>"


def properties(name: str, parts: dict[str, str | None]) -> str:
    """A property element, its parts (each already an element, or None) in the schema's order; empty without parts."""
    order = ORDER[name]
    stray = set(parts) - set(order)
    if stray:
        raise ValueError(f"{name} has no place for {sorted(stray)}")
    inside = "".join(parts.get(key) or "" for key in order)
    return f"<{name}>{inside}</{name}>" if inside else ""


def run(text: str, *, bold: bool = False, italic: bool = False) -> str:
    """Text in one face; without a face of its own it has the style's."""
    face = properties(
        "w:rPr",
        {
            "b": element("b") if bold else None,
            "bCs": element("bCs") if bold else None,
            "i": element("i") if italic else None,
            "iCs": element("iCs") if italic else None,
        },
    )
    return f'<w:r>{face}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(style: str, *runs: str, **parts: str | None) -> str:
    """A paragraph in a style; `parts` are more of its properties."""
    return f"<w:p>{properties('w:pPr', {'pStyle': element('pStyle', val=style), **parts})}{''.join(runs)}</w:p>"
