"""The DOCX, by python-docx: named styles, sections, a page number in the top margin."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.section import Section
from docx.shared import Mm

from eventready.papers.document.model import Document, Page
from eventready.papers.document.renderers.word_blocks import BlockWriter
from eventready.papers.document.renderers.word_styles import define_styles

#: mm from the edge of the paper to the page number, in the middle of the top margin.
_FROM_EDGE = 10.0

#: Files have no time of creation: the same document gives the same bytes.
_TIMELESS = datetime(2000, 1, 1, tzinfo=UTC)

#: What follows a page number's start in a section's properties (ECMA-376 part 1, annex A).
_AFTER_NUMBERING = ("w:cols", "w:formProt", "w:vAlign", "w:noEndnote", "w:titlePg", "w:textDirection", "w:docGrid")

#: Parts of python-docx's template that no document needs: a second copy of all styles, numbering, a thumbnail.
_SUPERFLUOUS = ("stylesWithEffects", "customXml", "numbering", "thumbnail", "webSettings")


def to_docx(document: Document) -> bytes:
    """The document as DOCX; the same document gives the same bytes. Raises LayoutError for a figure."""
    word = docx.Document()
    language = "vi-VN" if document.lang == "vi" else "en-GB"
    _strip(word)
    define_styles(word, document.page, language)
    _set_properties(word, document.title, language)
    _set_page(word.sections[0], document.page, landscape=document.landscape)
    _write_headers(word.sections[0], document.mark)
    page = document.page
    BlockWriter(word, page, page.measure(landscape=document.landscape)).write(document.blocks)
    for annex in document.annexes:
        _set_page(_next_section(word), page, landscape=annex.landscape)
        word.add_paragraph(annex.label, "VB Annex")
        word.add_paragraph(annex.title, "VB Annex Title")
        word.add_paragraph(annex.reference, "VB Annex Reference")
        BlockWriter(word, page, page.measure(landscape=annex.landscape)).write(annex.blocks)
    return _timeless(word)


def _strip(word: WordDocument) -> None:
    for relations in (word.part.rels, word.part.package.rels):
        for name in [name for name, relation in relations.items() if relation.reltype.endswith(_SUPERFLUOUS)]:
            del relations[name]


def _set_properties(word: WordDocument, title: str, language: str) -> None:
    properties = word.core_properties
    properties.title, properties.author, properties.language = title[:255], "eventready", language
    properties.comments, properties.created, properties.modified = "", _TIMELESS, _TIMELESS
    settings = word.settings.element
    settings.clear()
    settings.extend(
        parse_xml(
            f'<w:settings {nsdecls("w")}><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/>'
            '<w:characterSpacingControl w:val="doNotCompress"/><w:compat><w:compatSetting w:name="compatibilityMode" '
            'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
            f'<w:themeFontLang w:val="{language}"/></w:settings>'
        )
    )


def _next_section(word: WordDocument) -> Section:
    """A section on a new page; the paragraph with the properties of the section before is nearly invisible."""
    section: Section = word.add_section(WD_SECTION.NEW_PAGE)
    last: Any = word.element.body.p_lst[-1]
    last.style = "VBRule"
    return section


def _set_page(section: Section, page: Page, *, landscape: bool) -> None:
    """Set A4, margins, and page numbers from 1, hidden on the first page."""
    wide, high = (page.HEIGHT, page.WIDTH) if landscape else (page.WIDTH, page.HEIGHT)
    margins = (page.top, page.bottom, page.left, page.right)
    top, bottom, left, right = (*margins[2:], *margins[:2]) if landscape else margins
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(wide), Mm(high)
    section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
    section.left_margin, section.right_margin = Mm(left), Mm(right)
    section.header_distance = section.footer_distance = Mm(_FROM_EDGE)
    section.different_first_page_header_footer = True
    properties: Any = section._sectPr
    if properties.find(qn("w:pgNumType")) is None:
        number = OxmlElement("w:pgNumType", {qn("w:start"): "1"})
        properties.insert_element_before(number, *_AFTER_NUMBERING)


def _write_headers(section: Section, mark: str) -> None:
    """The mark on every page and the number on every page but the first; later sections inherit both headers."""
    other: Any = section.header.paragraphs[0]
    first: Any = section.first_page_header.paragraphs[0]
    for paragraph in (other, first):
        paragraph.style = "Header"
        if mark:
            paragraph.add_run(mark).bold = True
    if mark:
        other.add_run("  ")
    other._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>2</w:t></w:r></w:fldSimple>'))


def _timeless(word: WordDocument) -> bytes:
    """The file, with a fixed time on every part of the archive."""
    saved, made = io.BytesIO(), io.BytesIO()
    word.save(saved)
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for info in parts.infolist():
            entry = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts.read(info))
    return made.getvalue()
