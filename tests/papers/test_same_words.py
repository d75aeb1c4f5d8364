"""DOCX and PDF say the same words in the same order, and nothing else: those of the model."""

from __future__ import annotations

import html
import io
import re
import unicodedata
from typing import get_args

import docx
import openpyxl
import pytest

from eventready.core.messages import Lang
from eventready.drawing.svg import Figure
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document, Table
from eventready.papers.document.registry import PAPERS
from eventready.papers.document.renderers.pdf import to_pdf
from eventready.papers.document.renderers.word import to_docx
from eventready.papers.words import FORMS
from tests.papers.documents import scene
from tests.papers.papers import LETTERS, material, papers
from tests.papers.reading import docx_text, left_over, pdf_text, spoken, squashed

pytestmark = pytest.mark.slow

CASES = [(kind, lang) for kind in PAPERS for lang in get_args(Lang)]


def _heads(document: Document) -> list[str]:
    """What may stand in a PDF once more: the heads of tables that run over pages."""
    blocks = [*document.blocks, *(block for annex in document.annexes for block in annex.blocks)]
    return [squashed("".join(c.title for c in block.columns)) for block in blocks if isinstance(block, Table)]


def _without_heads(text: str, heads: list[str]) -> str:
    for head in sorted(heads, key=len, reverse=True):
        text = text.replace(head, "")
    return text


@pytest.mark.parametrize(("kind", "lang"), CASES)
def test_both_say_the_words_of_the_model(kind: str, lang: Lang) -> None:
    document = papers(material(), lang)[kind]
    pieces = list(spoken(document))
    assert left_over(docx_text(to_docx(document)), pieces) == ("", [])
    beside, missing = left_over(
        pdf_text(to_pdf(_no_figures(document)), document.mark), list(spoken(_no_figures(document)))
    )
    assert missing == []
    assert re.sub(r"\d", "", _without_heads(beside, _heads(document))) == ""


def _no_figures(document: Document) -> Document:
    """Without pictures, whose letters are words in a PDF and dots in a DOCX."""
    kept = tuple(block for block in document.blocks if not isinstance(block, Figure))
    return Document(**{**document.__dict__, "blocks": kept})


def test_a_picture_says_in_words_what_is_drawn_in_it() -> None:
    document = papers(material())["weekly"]
    figures = [block for block in document.blocks if isinstance(block, Figure)]
    assert len(figures) == 2
    for figure in figures:
        for chart in figure.charts:
            numbers = re.findall(r">(\d+)<", chart.svg)
            assert numbers
            assert all(number in chart.alt for number in numbers)
            assert chart.alt in docx_descriptions(to_docx(document))


def docx_descriptions(data: bytes) -> list[str]:
    return [shape._inline.docPr.get("descr") for shape in docx.Document(io.BytesIO(data)).inline_shapes]


@pytest.fixture(scope="module")
def crowded() -> dict[str, bytes]:
    """A weekly report on 500 findings, each with mark-up in it and every Vietnamese letter, composed or not."""
    made = scene()
    for number in range(500):
        form = ("NFC", "NFD")[number % 2]
        text = unicodedata.normalize(form, LETTERS)  # type: ignore[arg-type]  # one of the two names
        subject = f"R&D <x> {number:03} {text}"
        made.found("core-1", "uplink", "fail", "checks:subject.down", subject=subject)
    document = papers(material(made.settle().run))["weekly"]
    return {form: render(document, form) for form in FORMS}


def test_500_findings_with_every_letter_are_in_every_format(crowded: dict[str, bytes]) -> None:
    """One by one in the workbook and in JSON; as one row with their number in the others."""
    workbook = openpyxl.load_workbook(io.BytesIO(crowded["xlsx"]))
    cells = "\n".join(str(cell.value) for sheet in workbook for row in sheet for cell in row)
    texts = {
        "docx": docx_text(crowded["docx"]),
        "pdf": pdf_text(crowded["pdf"]),
        "xlsx": cells,
        "md": crowded["md"].decode().replace("\\", ""),
        "json": crowded["json"].decode(),
        "html": html.unescape(re.sub(r"<[^>]*>", "", crowded["html"].decode())),
    }
    for form, text in texts.items():
        assert unicodedata.is_normalized("NFC", text) or form == "pdf", form
        shown = squashed(unicodedata.normalize("NFC", text))
        whole = form in ("xlsx", "json")
        missing = [n for n in range(500 if whole else 1) if squashed(f"R&D <x> {n:03} {LETTERS}") not in shown]
        assert not missing, f"{form}: {len(missing)} findings are not there, such as {missing[:3]}"
        assert whole or squashed("và 487 mục khác") in shown, form


@pytest.mark.parametrize("form", FORMS)
def test_the_same_paper_gives_the_same_bytes(form: str) -> None:
    first, second = (papers(material())["weekly"] for _ in range(2))
    assert render(first, form) == render(second, form)  # type: ignore[arg-type]  # one of FORMS
