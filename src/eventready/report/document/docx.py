"""The DOCX, which the office opens and edits in Word: named styles, sections, a page number in the top margin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from eventready.report.document.docx_blocks import Blocks
from eventready.report.document.docx_styles import language_tag, styles_xml
from eventready.report.document.model import Block, Document, Figure, Page
from eventready.report.document.ooxml import NAMESPACES, element, paragraph, properties, run, twips
from eventready.report.document.opc import FIRST_HEADER, HEADER, Package, drawing
from eventready.report.document.pdf import to_png

#: From the edge of the paper to the page number, in mm: it stands in the middle of the top margin.
_FROM_EDGE = 10.0

_PAGE_FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
)


def to_docx(document: Document) -> bytes:
    """The document as DOCX; the same document gives the same bytes. Raises LayoutError for a figure."""
    package = Package()
    body = "".join(_parts(document, _pictures(package)))
    return package.save(
        body=f"<w:body>{body}</w:body>",
        styles=styles_xml(document.page, document.lang),
        header=f"<w:hdr {NAMESPACES}>{paragraph('Header', _PAGE_FIELD)}</w:hdr>",
        first_header=f"<w:hdr {NAMESPACES}>{paragraph('Header')}</w:hdr>",
        title=document.title,
        lang=language_tag(document.lang),
    )


def _pictures(package: Package) -> Callable[[Figure], str]:
    numbers = count(1)

    def show(figure: Figure) -> str:
        return drawing(package.picture(to_png(figure)), next(numbers), figure.width, figure.height, figure.alt)

    return show


def _parts(document: Document, picture: Callable[[Figure], str]) -> Iterator[str]:
    """The body and the annexes, each a section; a section's properties stand in its last paragraph."""
    page, last = document.page, len(document.annexes)

    def blocks(inside: tuple[Block, ...], *, landscape: bool) -> str:
        return Blocks(page, page.measure(landscape=landscape), picture).xml(inside)

    yield blocks(document.blocks, landscape=document.landscape)
    yield _section(page, landscape=document.landscape, last=last == 0)
    for number, annex in enumerate(document.annexes, 1):
        yield paragraph("VbAnnex", run(annex.label))
        yield paragraph("VbAnnexTitle", run(annex.title))
        yield paragraph("VbAnnexReference", run(annex.reference))
        yield blocks(annex.blocks, landscape=annex.landscape)
        yield _section(page, landscape=annex.landscape, last=number == last)


def _section(page: Page, *, landscape: bool, last: bool) -> str:
    """A4, margins, and a page number that starts at 1 and is not shown on the first page."""
    wide, high = (page.HEIGHT, page.WIDTH) if landscape else (page.WIDTH, page.HEIGHT)
    turned = {"orient": "landscape"} if landscape else {}
    top, bottom, left, right = (
        (page.left, page.right, page.top, page.bottom) if landscape else (page.top, page.bottom, page.left, page.right)
    )
    made = properties(
        "w:sectPr",
        {
            "headerReference": f'<w:headerReference w:type="default" r:id="{HEADER}"/>'
            f'<w:headerReference w:type="first" r:id="{FIRST_HEADER}"/>',
            "type": element("type", val="nextPage"),
            "pgSz": element("pgSz", w=twips(wide), h=twips(high), **turned),
            "pgMar": element(
                "pgMar", top=twips(top), right=twips(right), bottom=twips(bottom), left=twips(left),
                header=twips(_FROM_EDGE), footer=twips(_FROM_EDGE), gutter=0,
            ),
            "pgNumType": element("pgNumType", start=1),
            "cols": element("cols", space=720),
            "titlePg": element("titlePg"),
        },
    )  # fmt: skip
    return made if last else paragraph("VbRule", sectPr=made)
