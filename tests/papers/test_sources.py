"""Every block of every paper has a source, or is a blank to fill in."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from eventready.cli.main import cli
from eventready.core.messages import LANGS, Bilingual, Lang, ids, in_language, parameters, text
from eventready.papers.document.formats import render
from eventready.papers.document.model import Block, Document, Heading, Paragraph, Span
from eventready.papers.document.sources import BLANK, OUTLINE, sources
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.material.material import Note
from tests.papers.documents import WAIVER, broken, healthy, history
from tests.papers.papers import MONDAY, ROOT, drills, duty_list, forms, incident, material, papers, profile
from tests.papers.papers import changes as change_records

KINDS = re.compile(
    r"(run|change|drill|watch|clause|roster|incident|form|inventory|event\.yaml|note|outline|command line|clock|blank)"
    r"\b"
)


def whole(lang: Lang) -> Iterator[Document]:
    """Every paper, with everything on record and with nothing."""
    bare = material(full=False)
    for of in (
        material(lang=lang),
        replace(bare, duty_list=duty_list(lang)),
        replace(bare, run=healthy().run, duty_list=duty_list(lang)),
    ):
        yield from papers(of, lang).values()
    runs = [scene.run for scene in history()]
    yield readiness(broken().run, lang, Background(previous=runs[-1], changes=change_records(), drills=drills()))
    yield readiness(healthy().run, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_every_block_has_a_source(lang: Lang) -> None:
    for document in whole(lang):
        found = list(sources(document))
        assert found
        assert not [text for source, text in found if not KINDS.match(source)], document.kind


@pytest.mark.parametrize("lang", LANGS)
def test_sentences_without_a_source_are_gone(lang: Lang) -> None:
    gone = ("không có đề xuất", "has no proposals", "Duy trì trực 24/24", "24 hours a day and report", "service works",
            "trực vận hành 24/24", "00:00-00:00", "So với tuần trước", "week before", ".: ")  # fmt: skip
    for document in whole(lang):
        text = render(document, "md").decode()
        assert not [words for words in gone if words in text], document.kind


#: Constant sentences on the state of a record, or at the head of a list of it.
STATES = frozenset(
    [
        "after_none",
        "after_unknown",
        "changed_unknown",
        "changes.new",
        "changes_unknown",
        "clauses_unknown",
        "drill_rehearsal",
        "form_missing",
        "incidents_unknown",
        "no_run",
        "open_none",
        "plan_first_run",
        "redundancy",
        "roster_gaps",
        "services",
        "today_note",
        "unmeasured_none",
        "wifi",
        "windows",
    ]
)


def test_a_constant_sentence_without_a_record_is_the_offices_text() -> None:
    """A sentence of the catalogue with nothing to fill in is of the outline, or named here as the state of a record."""
    constant = {text(f"papers:{key}", "en"): key for key in ids("papers") if not parameters(f"papers:{key}", "en")}
    found = {
        constant.get(sentence.replace("\xa0", " "), "")
        for document in whole("en")
        for source, sentence in sources(document)
        if source not in (OUTLINE, BLANK)
    }
    assert {key for key in found if not key.startswith(("sheet_", "caption_", "head_", "figure_", "col."))} - {
        ""
    } <= STATES


#: Letters that only Vietnamese has, and English words that no name here has.
VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)
ENGLISH = re.compile(
    r"\b(the|is|are|was|of|and|no|not|none|with|within|from|for|at|until|by|its?|has|board|ports?|warnings?|fail(ed|ures?)?|"
    r"pass(ed)?|days?|hours?|minutes?|devices?|changes?|runs?|each|unknown|down|items?|lines?|venues?|mon|tue|apr)\b"
)


def leaves(value: object) -> Iterator[str]:
    """Texts of people and their names, and no text with an English form."""
    match value:
        case Bilingual():
            return
        case str():
            yield value
        case dict():
            yield from (text for one in value.values() for text in leaves(one))
        case list() | tuple():
            yield from (text for one in value for text in leaves(one))
        case BaseModel():
            yield from (text for name in type(value).model_fields for text in leaves(getattr(value, name)))
        case _ if is_dataclass(value):
            yield from (text for field in fields(value) for text in leaves(getattr(value, field.name)))


def names() -> list[str]:
    """Names and quotations of people, the longest first."""
    of, office = material(), profile("en").office
    owners = [duty.owner for duty in of.duties]
    rows = duty_list("en")
    people = [*leaves([rows.rows, rows.people]), "Trà Vinh", "Hồ Chí Minh", "Nguyễn Văn A"]
    found = [
        *owners,
        *people,
        *leaves([of.event, office, incident(), forms(), change_records()]),
        in_language(WAIVER.params["reason"], "en"),
    ]
    return sorted({text for text in found if VIETNAMESE.search(text)}, key=len, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_no_paper_has_words_of_the_other_language(lang: Lang) -> None:
    pages = [render(document, "md").decode().replace("\\", "").replace("\xa0", " ") for document in whole(lang)]
    lines = {line for page in pages for line in page.split("\n")}
    assert not [line for line in lines if re.search(r"\b([2-9]|\d\d+) warning\b|\b1 (devices|items|incidents)\b", line)]
    known = names()
    if lang == "vi":
        assert not [line for line in lines if ENGLISH.search(line)]
        return
    for name in known:
        lines = {re.sub(re.escape(name), "", line, flags=re.IGNORECASE) for line in lines}
    assert not [line for line in lines if VIETNAMESE.search(line)]


def after(document: Document, head: str) -> Block:
    """The block behind a heading."""
    at = next(index for index, one in enumerate(document.blocks) if isinstance(one, Heading) and head in one.text)
    return document.blocks[at + 1]


def test_a_note_fills_the_blank_of_its_week() -> None:
    of = material()
    blank = after(papers(of)["weekly"], "ĐỀ XUẤT")
    assert isinstance(blank, Paragraph)
    assert blank.source == BLANK
    note = Note(of.week.due, "proposals", "Đề nghị <cấp> điện ưu tiên", "An", MONDAY, number=7)
    filled = after(papers(replace(of, notes=(note,)))["weekly"], "ĐỀ XUẤT")
    assert filled == Paragraph((Span(note.text),), source="note 7 by An")
    other = replace(note, week=of.week.due + timedelta(days=7))
    assert after(papers(replace(of, notes=(other,)))["weekly"], "ĐỀ XUẤT") == blank


def test_a_note_is_recorded_and_checked(tmp_path: Path) -> None:
    workspace = tmp_path / "event"
    for folder in ("inventory", "templates", "playbooks"):
        shutil.copytree(ROOT / folder, workspace / folder)

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["-w", str(workspace), "--now", "2022-04-25 07:00", *words])
        return done.exit_code, done.stdout + done.stderr * ("vi" in words)

    assert run("duties", "note", "Hai luồng mới", "--section", "capacity", "--week", "2022-04-25")[0] != 0
    assert run("duties", "note", "Hai luồng mới", "--section", "capacity", "--week", "2022-04-25", "--by", "An")[0] == 0
    assert (
        "mục dung lượng bổ sung"
        in run("--lang", "vi", "duties", "note", "Ba", "--section", "capacity", "--week", "2022-05-02", "--by", "An")[1]
    )
    code, listed = run("-o", "json", "report", "weekly", "--week", "2022-04-25", "--check", "--rehearsal")
    assert code == 0
    parts = json.loads(listed)
    assert {"source": "note 1 by An", "text": "Hai luồng mới"} in parts
    assert all(part["source"] for part in parts)
    assert not (workspace / "reports").exists()
