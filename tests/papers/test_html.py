"""The page: safe whatever stands in the run, whole, and the same for the same run."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from eventready.core.messages import Lang
from eventready.papers.document.formats import render
from eventready.papers.document.model import Heading
from eventready.papers.document.renderers.html import _environment
from eventready.papers.kinds.readiness import Background, readiness
from tests.papers.documents import HOSTILE, Scene, broken, healthy, hostile
from tests.papers.papers import material, papers

SCENES = {"broken": broken, "healthy": healthy, "hostile": hostile}
PAPERS = ("weekly", "roster", "incident", "final", "plan")


class Page(HTMLParser):
    """Tags, attributes and text of a page; tags must close in order."""

    VOID = frozenset({"meta", "use", "path", "circle", "rect", "line", "hr", "br"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.style = ""
        self.policy = ""
        self.feed(text)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        values = dict(attrs)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)


def html(made: Scene, lang: Lang = "vi") -> str:
    return render(readiness(made.run, lang, Background(texts=lambda _: made.texts)), "html").decode()


def _pages() -> dict[str, str]:
    pages = {f"{name}-{lang}": html(made(), lang) for name, made in SCENES.items() for lang in ("vi", "en")}
    return pages | {kind: render(document, "html").decode() for kind, document in papers(material()).items()}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return _pages()


@pytest.mark.parametrize("name", [*(f"{name}-{lang}" for name in SCENES for lang in ("vi", "en")), *PAPERS])
def test_a_page_is_whole_and_allows_nothing(pages: dict[str, str], name: str) -> None:
    page = Page(pages[name])
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & set(page.tags)
    assert not [key for key, _ in page.attributes if key.startswith("on") or key in ("style", "src")]
    assert all(value.startswith("#") for key, value in page.attributes if key == "href")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert page.policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in page.style
    assert "@import" not in page.style
    ids = [value for key, value in page.attributes if key == "id"]
    assert len(set(ids)) == len(ids)
    assert {value[1:] for key, value in page.attributes if key == "href"} <= set(ids)


def test_hostile_text_is_text(pages: dict[str, str]) -> None:
    words = "".join(Page(pages["hostile-vi"]).words)
    assert all(evil in words for evil in (*HOSTILE[:3], "Tên NFD ế"))
    assert "\u202e" not in words
    assert "\x1b" not in words


def test_a_state_is_never_shown_by_colour_alone(pages: dict[str, str]) -> None:
    badges = re.findall(r'<span class="badge [^"]*">(.*?)</span>', pages["broken-vi"])
    cells = re.findall(
        r'<td class="(?:READY|READY_WITH_RISK|NOT_READY|NOT_MEASURED)"[^>]*>(.*?)</td>', pages["broken-vi"]
    )
    assert badges
    assert cells
    for shown in (*badges, *cells):
        assert "<use href=" in shown
        assert re.sub(r"<[^>]*>", "", shown).strip()


def test_english_has_no_vietnamese_phrases(pages: dict[str, str]) -> None:
    assert '<html lang="en">' in pages["broken-en"]
    assert not [p for p in ("Không đạt", "Chưa đo được", "Địa điểm", "Kết luận") if p in pages["broken-en"]]


def test_the_same_run_gives_the_same_bytes() -> None:
    assert html(broken()) == html(broken())


def test_a_missing_value_in_the_template_is_an_error_and_text_is_escaped() -> None:
    with pytest.raises(UndefinedError):
        _environment().from_string("{{ nobody }}").render()
    assert _environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_markdown_has_the_same_sections_and_signs(lang: Lang) -> None:
    made = broken()
    document = readiness(made.run, lang)
    text = render(document, "md").decode()
    heads = [line[3:].replace("\\", "") for line in text.splitlines() if line.startswith("## ")]
    assert heads == [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    assert re.search(r"`\[x\]` \w.* \*\*core\\-1\*\*", text)
    assert "`[?]`" in text


def test_markdown_takes_hostile_text_as_text() -> None:
    text = render(readiness(hostile().run), "md").decode()
    assert "<script" not in text.replace("\\<script", "")
    assert "R&D \\<x\\>" in text.replace("\\&", "&")
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert tables
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables[2:5]}
    assert len(widths) == 1, "no name adds a column"
