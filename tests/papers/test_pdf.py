"""The PDF: A4, our fonts only, pages numbered by part, and no warning of the layout engine let through."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace

import pypdf
import pytest

from eventready.drawing.svg import width
from eventready.papers.document.renderers import pdf
from eventready.papers.document.renderers.pdf import LayoutError, to_pdf
from eventready.papers.kinds.incident import incident_report
from tests.papers.papers import incident, material, papers, profile
from tests.papers.reading import pdf_pages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def weekly() -> bytes:
    return to_pdf(papers(material())["weekly"])


def test_pages_are_a4_and_the_fonts_our_own(weekly: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(weekly))
    sizes = {tuple(round(float(side) * 25.4 / 72) for side in page.mediabox[2:]) for page in reader.pages}
    assert sizes == {(210, 297), (297, 210)}
    fonts = {str(name) for page in reader.pages for name in page._get_fonts()[0]}
    assert fonts
    assert all("LiberationSerif" in font for font in fonts), fonts


def test_it_has_a_title_and_a_language(weekly: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(weekly))
    assert reader.metadata is not None
    assert str(reader.metadata.title).startswith("Báo cáo - Kết quả triển khai")
    assert str(reader.root_object["/Lang"]) == "vi"


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not installed")
def test_poppler_reads_it_without_an_error(weekly: bytes) -> None:
    read = subprocess.run(["pdftotext", "-", "-"], input=weekly, capture_output=True, check=True)
    assert read.stderr.decode() == ""
    assert "BÁO CÁO" in read.stdout.decode()


def test_the_first_page_of_every_part_has_no_number_and_the_others_count_from_two(weekly: bytes) -> None:
    pages = pdf_pages(weekly)
    starts = [i for i, page in enumerate(pages) if page.lstrip().startswith(("DOANH NGHIỆP", "Phụ lục"))]
    assert len(starts) == 2
    for start, end in zip(starts, [*starts[1:], len(pages)], strict=True):
        heads = [page.strip().split("\n")[0].strip() for page in pages[start:end]]
        assert not heads[0].isdecimal()
        assert heads[1:] == [str(number) for number in range(2, end - start + 1)]


@pytest.mark.parametrize(
    ("source", "output"),
    [(b'#set text(font: "No Such Font")\nx', "not clean"), (b"#unknown-thing", "cannot be laid out")],
)
def test_a_warning_fails_like_an_error(source: bytes, output: str) -> None:
    for compiled in (pdf.compile_here, pdf.compile_in_child):
        with pytest.raises(LayoutError, match=output):
            compiled(source, "pdf", {})


ENDLESS = b"#let x = range(10000000).map(n => str(n) * 40)\n#x.join()"


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("MAX_MEMORY", 400 << 20, "memory limit 400 MB"), ("MAX_SECONDS", 0.05, "takes more than 0.05 s")],
)
def test_a_layout_beyond_its_limits_ends_as_a_sentence(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: float, words: str
) -> None:
    monkeypatch.setattr(pdf, limit, value)
    with pytest.raises(LayoutError, match=words) as ended:
        pdf.compile_in_child(ENDLESS, "pdf", {})
    assert "--format" in ended.value.do


def test_words_are_never_read_as_markup() -> None:
    of = material()
    evil = replace(incident(), id="#panic()", place='$x$ *a* _b_ @c <d> \\ #read("x")', summary="= Heading #text[x]")
    made = incident_report(evil, of, profile())
    text = "\n".join(pdf_pages(to_pdf(made)))
    assert '$x$ *a* _b_ @c <d> \\ #read("x")' in text.replace("\n", " ")
    assert "= Heading #text[x]" in text


@pytest.mark.parametrize(
    ("text", "size", "millimetres"),
    [("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, 87.69), ("Độc lập - Tự do - Hạnh phúc", 13, 56.06), ("", 13, 0)],
)
def test_widths_are_nearly_those_that_the_layout_engine_measures(text: str, size: float, millimetres: float) -> None:
    assert width(text, size, bold=True) == pytest.approx(millimetres, rel=0.01)  # kerning apart


def test_the_weekly_report_has_at_most_six_pages(weekly: bytes) -> None:
    assert len(pdf_pages(weekly)) <= 6
