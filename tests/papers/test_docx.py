"""The DOCX as Word demands it: the schema's order, styles, sections, page numbers, repeated heads."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest
from docx.enum.section import WD_ORIENT

from eventready.papers.document.renderers.word import to_docx
from tests.papers.papers import material, papers
from tests.papers.reading import W, docx_text, part

pytestmark = pytest.mark.slow

#: ECMA-376 part 1, annex A: every child of these elements in the order that the schema demands.
SCHEMA = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
    "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
    "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid "
    "vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em "
    "lang eastAsianLayout specVanish oMath",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark",
    "sectPr": "headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType "
    "pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings",
    "pBdr": "top left bottom right between bar",
    "tblBorders": "top left start bottom right end insideH insideV",
    "tbl": "tblPr tblGrid tr",
    "tc": "tcPr p",
    "style": "name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat locked "
    "personal personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr",
    "settings": "writeProtection view zoom removePersonalInformation defaultTabStop characterSpacingControl compat "
    "rsids mathPr themeFontLang clrSchemeMapping",
}
KINDS = ("weekly", "roster", "incident", "final", "plan")


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return {kind: to_docx(document) for kind, document in papers(material()).items()}


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml", "word/settings.xml", "word/header1.xml"])
@pytest.mark.parametrize("kind", KINDS)
def test_children_stand_in_the_order_of_the_schema(made: dict[str, bytes], kind: str, name: str) -> None:
    root = part(made[kind], name)
    seen = 0
    for element in root.iter(*(f"{W}{parent}" for parent in SCHEMA)):
        order = SCHEMA[_local(element)].split()
        places = [order.index(_local(child)) for child in element]
        assert places == sorted(places), f"<{_local(element)}> has {[_local(child) for child in element]}"
        seen += 1
    assert seen


@pytest.mark.parametrize("kind", KINDS)
def test_every_style_used_is_defined_and_in_times_new_roman(made: dict[str, bytes], kind: str) -> None:
    package = docx.Document(io.BytesIO(made[kind]))
    defined = {style.style_id for style in package.styles}
    body = part(made[kind])
    used = {e.get(f"{W}val") for tag in ("pStyle", "tblStyle") for e in body.iter(f"{W}{tag}")}
    assert used <= defined
    assert {"VBCountry", "VBMotto", "VBIssuingBody", "Title", "VBRecipients", "VBSigner"} <= used
    for fonts in part(made[kind], "word/styles.xml").iter(f"{W}rFonts"):
        assert {fonts.get(f"{W}{script}") for script in ("ascii", "hAnsi", "eastAsia", "cs")} == {"Times New Roman"}
    assert package.styles["Normal"].font.name == "Times New Roman"


def test_the_page_is_a4_with_the_margins_of_the_decree(made: dict[str, bytes]) -> None:
    first, *annexes = docx.Document(io.BytesIO(made["weekly"])).sections
    shown = (first.page_width, first.page_height, first.top_margin, first.bottom_margin, first.left_margin,
             first.right_margin)  # fmt: skip
    assert [round(length.mm) for length in shown if length is not None] == [210, 297, 20, 20, 30, 15]
    assert len(annexes) == 1
    turned = [s for s in annexes if s.orientation == WD_ORIENT.LANDSCAPE]
    assert turned
    assert all(s.page_width and round(s.page_width.mm) == 297 for s in turned)


def test_pages_are_numbered_in_the_top_margin_from_the_second_and_annexes_by_themselves(made: dict[str, bytes]) -> None:
    sections = docx.Document(io.BytesIO(made["weekly"])).sections
    assert all(section.different_first_page_header_footer for section in sections)
    assert all(not section.first_page_header.paragraphs[0].runs for section in sections)
    numbers = [e.get(f"{W}start") for e in part(made["weekly"]).iter(f"{W}pgNumType")]
    assert numbers == ["1"] * len(sections)
    header = part(made["weekly"], "word/header1.xml")
    assert [e.get(f"{W}instr") for e in header.iter(f"{W}fldSimple")] == ["PAGE"]
    distance = sections[0].header_distance
    assert distance is not None
    assert 8 <= distance.mm <= 14


def test_the_head_of_every_table_repeats_and_no_row_is_torn(made: dict[str, bytes]) -> None:
    tables = [
        t for t in part(made["weekly"]).iter(f"{W}tbl") if t.find(f"{W}tblPr/{W}tblStyle").get(f"{W}val") == "VBGrid"
    ]
    assert tables
    for table in tables:
        rows = table.findall(f"{W}tr")
        assert rows[0].find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
        widths = [int(column.get(f"{W}w")) for column in table.findall(f"{W}tblGrid/{W}gridCol")]
        for row in rows:
            assert [int(w.get(f"{W}w")) for w in row.iter(f"{W}tcW")] == widths


def test_the_letterhead_has_two_columns_and_a_rule_as_long_as_the_motto(made: dict[str, bytes]) -> None:
    head = next(part(made["weekly"]).iter(f"{W}tbl"))
    left, right = head.find(f"{W}tr").findall(f"{W}tc")
    width = int(right.find(f"{W}tcPr/{W}tcW").get(f"{W}w"))
    rule = next(e for e in right.iter(f"{W}pPr") if e.find(f"{W}pBdr") is not None)
    side = int(rule.find(f"{W}ind").get(f"{W}left"))
    millimetres = (width - 2 * side) * 25.4 / 1440
    assert millimetres == pytest.approx(56.06, abs=0.3)  # measured with Typst: the motto in 13 pt bold
    assert "".join(left.itertext(f"{W}t")).startswith("DOANH NGHIỆP")


def test_every_picture_is_in_the_file_and_is_its_own(made: dict[str, bytes]) -> None:
    opened = docx.Document(io.BytesIO(made["weekly"]))
    named = opened.element.body.xpath(".//a:blip/@r:embed")
    pictures = [opened.part.related_parts[name].blob for name in named]
    assert len(pictures) == len(set(pictures)) == 4
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_number_day_and_name_are_left_to_the_office(made: dict[str, bytes]) -> None:
    text = docx_text(made["weekly"])
    assert "Số:            /BC-DNVT" in text
    assert "Trà Vinh, ngày\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0tháng\u00a04\u00a0năm\u00a02022" in text


@pytest.mark.parametrize("kind", KINDS)
def test_word_can_open_it_as_a_document_of_today(made: dict[str, bytes], kind: str) -> None:
    compatible = next(part(made[kind], "word/settings.xml").iter(f"{W}compatSetting"))
    assert compatible.get(f"{W}val") == "15"
    package = docx.Document(io.BytesIO(made[kind]))
    assert package.core_properties.title
    assert package.core_properties.language == "vi-VN"
