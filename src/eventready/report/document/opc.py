"""A DOCX file as a package of parts (ECMA-376 part 2), written without a clock: the same parts give the same bytes."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

from eventready.report.document.ooxml import NAMESPACES

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_TIMELESS = (1980, 1, 1, 0, 0, 0)

#: Word 2013 and later; without it Word opens a document in compatibility mode.
_SETTINGS = (
    f'<w:settings {NAMESPACES}><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/>'
    '<w:characterSpacingControl w:val="doNotCompress"/><w:compat><w:compatSetting w:name="compatibilityMode" '
    'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>{language}</w:settings>'
)
_FONTS = (
    f'<w:fonts {NAMESPACES}><w:font w:name="Times New Roman"><w:altName w:val="Liberation Serif"/>'
    '<w:panose1 w:val="02020603050405020304"/><w:charset w:val="00"/><w:family w:val="roman"/>'
    '<w:pitch w:val="variable"/></w:font></w:fonts>'
)

#: The ids under which the document refers to its other parts.
HEADER, FIRST_HEADER, _STYLES, _SETTINGS_ID, _FONTS_ID = "rId1", "rId2", "rId3", "rId4", "rId5"


class Package:
    """The parts of one document. Pictures are added as the body is written, and the whole saved at the end."""

    def __init__(self) -> None:
        self._pictures: list[bytes] = []

    def picture(self, png: bytes) -> str:
        """Keep a picture; the id by which the body shows it."""
        self._pictures.append(png)
        return f"rIdImage{len(self._pictures)}"

    def save(self, *, body: str, styles: str, header: str, first_header: str, title: str, lang: str) -> bytes:
        """The file. The arguments are whole XML elements, without declaration; `lang` is a BCP 47 tag."""
        language = f'<w:themeFontLang w:val="{lang}"/>'
        parts: dict[str, bytes | str] = {
            "[Content_Types].xml": _content_types(),
            "_rels/.rels": _relations(
                ("rId1", f"{_OFFICE}/officeDocument", "word/document.xml"),
                ("rId2", f"{_RELATIONS}/metadata/core-properties", "docProps/core.xml"),
            ),
            "docProps/core.xml": _core(title, lang),
            "word/document.xml": f"<w:document {NAMESPACES}>{body}</w:document>",
            "word/_rels/document.xml.rels": _relations(
                (HEADER, f"{_OFFICE}/header", "header1.xml"),
                (FIRST_HEADER, f"{_OFFICE}/header", "header2.xml"),
                (_STYLES, f"{_OFFICE}/styles", "styles.xml"),
                (_SETTINGS_ID, f"{_OFFICE}/settings", "settings.xml"),
                (_FONTS_ID, f"{_OFFICE}/fontTable", "fontTable.xml"),
                *(
                    (f"rIdImage{number}", f"{_OFFICE}/image", f"media/image{number}.png")
                    for number in range(1, len(self._pictures) + 1)
                ),
            ),
            "word/styles.xml": styles,
            "word/settings.xml": _SETTINGS.replace("{language}", language),
            "word/fontTable.xml": _FONTS,
            "word/header1.xml": header,
            "word/header2.xml": first_header,
            **{f"word/media/image{number}.png": png for number, png in enumerate(self._pictures, 1)},
        }
        return _zip(parts)


def _zip(parts: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            data = content if isinstance(content, bytes) else (_XML + content).encode()
            entry = zipfile.ZipInfo(name, _TIMELESS)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, data)
    return buffer.getvalue()


def _relations(*relations: tuple[str, str, str]) -> str:
    made = "".join(f'<Relationship Id="{key}" Type="{kind}" Target="{target}"/>' for key, kind, target in relations)
    return f'<Relationships xmlns="{_RELATIONS}">{made}</Relationships>'


def _content_types() -> str:
    overrides = {
        "/word/document.xml": f"{_WORD}.document.main+xml",
        "/word/styles.xml": f"{_WORD}.styles+xml",
        "/word/settings.xml": f"{_WORD}.settings+xml",
        "/word/fontTable.xml": f"{_WORD}.fontTable+xml",
        "/word/header1.xml": f"{_WORD}.header+xml",
        "/word/header2.xml": f"{_WORD}.header+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    made = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides.items())
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="png" ContentType="image/png"/>{made}</Types>'
    )


def _core(title: str, lang: str) -> str:
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        f"<dc:creator>eventready</dc:creator><dc:language>{escape(lang)}</dc:language></cp:coreProperties>"
    )


def drawing(picture: str, number: int, width: float, height: float, alt: str) -> str:
    """A run that shows a picture in the line, with mm for its size and `alt` for people who cannot see it."""
    size = f'cx="{round(width * 36000)}" cy="{round(height * 36000)}"'
    main = "http://schemas.openxmlformats.org/drawingml/2006"
    return (
        f'<w:r><w:drawing><wp:inline xmlns:wp="{main}/wordprocessingDrawing" distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent {size}/><wp:docPr id="{number}" name="Figure {number}" descr={quoteattr(alt)}/>'
        f'<a:graphic xmlns:a="{main}/main"><a:graphicData uri="{main}/picture">'
        f'<pic:pic xmlns:pic="{main}/picture"><pic:nvPicPr><pic:cNvPr id="{number}" name="Figure {number}"/>'
        f'<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{picture}"/><a:stretch><a:fillRect/></a:stretch>'
        f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm><a:prstGeom prst="rect">'
        "<a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
