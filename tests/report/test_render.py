"""The forms: safe whatever stands in the run, complete, and pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Literal

import pytest

from eventready.report.html import to_html
from eventready.report.language import Language
from eventready.report.readiness import SCHEMA, evidence_shown, render
from eventready.report.words import Lang
from tests.report.documents import HOSTILE, Scene, broken, fleet, healthy, hostile, scene

SCENES = {"broken": broken, "healthy": healthy, "hostile": hostile}


class Page(HTMLParser):
    """Tags, attributes and text of a page; tags must close in order."""

    VOID = frozenset({"meta", "use", "path", "circle", "rect", "line"})

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
    return render(made.run, lang=lang, texts=made.texts)


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("name", sorted(SCENES))
def test_the_page_is_whole_and_allows_nothing(name: str, lang: Lang) -> None:
    page = Page(html(SCENES[name](), lang))
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & set(page.tags)
    assert not [key for key, _ in page.attributes if key.startswith("on") or key in ("style", "src")]
    assert all(value.startswith("#") for key, value in page.attributes if key == "href")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert page.policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in page.style
    assert "@import" not in page.style


@pytest.mark.parametrize("name", sorted(SCENES))
def test_every_link_leads_somewhere_and_no_id_stands_twice(name: str) -> None:
    page = Page(html(SCENES[name]()))
    ids = [value for key, value in page.attributes if key == "id"]
    assert len(set(ids)) == len(ids)
    assert {value[1:] for key, value in page.attributes if key == "href"} <= set(ids)


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    page = Page(html(hostile()))
    said = "".join(page.words)
    for evil in HOSTILE[:3]:
        assert evil in said
    assert "Tên NFD ế" in said
    assert "\u202e" not in said
    assert "\x1b" not in said


def test_the_order_is_what_a_person_in_charge_needs() -> None:
    text = html(broken())
    heads = re.findall(r'<section id="(\w+)">', text)
    assert heads == ["matrix", "wrong", "unmeasured", "trend", "changed", "duties", "evidence", "waivers", "appendix"]


@pytest.mark.parametrize("form", ["html", "md"])
def test_rehearsal_interruption_and_nothing_measured_are_said_at_the_top(form: Literal["html", "md"]) -> None:
    def top(made: Scene) -> str:
        return render(made.run, lang="vi", form=form, texts=made.texts).partition("Kết luận theo địa điểm")[0]

    made = broken()
    assert "Đây là kết quả diễn tập" in top(made)
    assert "bị gián đoạn" not in top(made)
    assert "Chưa đo được gì" not in top(made)
    made.document["clock"]["rehearsal"] = False
    assert "diễn tập" not in top(made).lower()
    made.document["state"] = "interrupted"
    assert "bị gián đoạn" in top(made)
    assert "Chưa đo được gì" in top(scene().settle())


def test_status_is_never_by_colour_alone() -> None:
    text = html(broken())
    for badge in re.findall(r'<span class="badge [^"]*">(.*?)</span>', text):
        assert "<use href=" in badge
        assert re.sub(r"<[^>]*>", "", badge).strip()
    for square in re.findall(r'<td class="(?:READY|READY_WITH_RISK|NOT_READY|NOT_MEASURED)">(.*?)</td>', text):
        assert "<use href=" in square
        assert re.search(r"Sẵn sàng|Chưa", square)


def test_a_fleet_fits_into_one_usable_file() -> None:
    made = fleet()
    text = render(made.run, texts=made.texts)
    Page(text)
    assert len(text.encode()) < 5_000_000
    assert "Để trang dễ đọc, đã lược" in text


def test_the_same_run_gives_the_same_bytes() -> None:
    assert html(broken()) == html(broken())


def test_english_has_no_vietnamese_phrases() -> None:
    text = html(broken(), "en")
    for phrase in ("Không đạt", "Chưa đo được", "Địa điểm", "Kết luận"):
        assert phrase not in text
    assert '<html lang="en">' in text


def test_a_missing_value_in_the_template_is_an_error() -> None:
    from jinja2 import UndefinedError

    from eventready.report.html import environment

    with pytest.raises(UndefinedError):
        environment("eventready.report").from_string("{{ nobody }}").render()
    assert environment("eventready.report").from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    assert callable(to_html)


def test_json_is_english_keys_and_complete() -> None:
    made = broken()
    data = json.loads(render(made.run, form="json", texts=made.texts))
    assert (data["schema"], data["lang"], data["run"]) == (SCHEMA, "vi", made.run.id)
    assert data["matrix"][0]["squares"][0]["verdict"] == "NOT_READY"
    assert data["rehearsal"] is True


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_markdown_has_the_same_story(lang: Lang) -> None:
    made = broken()
    text = render(made.run, lang=lang, form="md", texts=made.texts)
    language = Language(lang)
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    keys = ("matrix", "wrong", "unmeasured", "trend", "changed", "duties", "waivers")
    assert heads == [language.phrase(key) for key in keys]
    assert f"`[x]` {language.status('fail')} **core\\-1**" in text
    assert "`[?]`" in text


def test_markdown_takes_hostile_text_as_text() -> None:
    text = render(hostile().run, form="md")
    assert "<script" not in text.replace("\\<script", "")
    assert "R&D \\<x\\>" in text.replace("\\&", "&")
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert tables
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables[2:5]}
    assert len(widths) == 1, "no name adds a column"


def test_only_evidence_under_what_did_not_pass_is_fetched() -> None:
    made = broken()
    wanted = evidence_shown(made.run)
    assert wanted
    assert wanted < set(made.texts)
    assert evidence_shown(healthy().run) == frozenset()


def test_charts_never_draw_a_problem_as_nothing() -> None:
    from eventready.report.charts import HEIGHT, chart_columns
    from eventready.report.model import Charted

    many = Charted("t", "fail", (1.0, 1000.0, 0.0), ("1", "1000", "0"), ("a", "b", "c"), 1000.0)
    small, tall, none = chart_columns(many)
    assert small.height >= 1.5
    assert tall.y > 0
    assert none.height == 0
    assert small.y + small.height == pytest.approx(HEIGHT)
    assert [column.last for column in (small, tall, none)] == [False, False, True]
