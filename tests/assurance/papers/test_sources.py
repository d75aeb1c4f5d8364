"""Every block of every paper has a source, or is a blank to fill in."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventready.assurance.notes import Note
from eventready.assurance.papers.document.formats import render
from eventready.assurance.papers.document.model import Block, Document, Heading, Paragraph, Span
from eventready.assurance.papers.document.sources import BLANK, sources
from eventready.assurance.papers.kinds.readiness import Background, readiness
from eventready.cli.main import cli
from eventready.core.messages import LANGS, Lang
from tests.assurance.papers.documents import broken, healthy, history
from tests.assurance.papers.papers import MONDAY, ROOT, drills, duty_list, material, papers
from tests.assurance.papers.papers import changes as change_records

KINDS = re.compile(
    r"(run|change|drill|clause|roster|incident|form|inventory|event\.yaml|note|outline|command line|clock|blank)\b"
)


def whole(lang: Lang) -> Iterator[Document]:
    """Every paper, with everything on record and with nothing."""
    bare = material(full=False)
    for of in (
        material(),
        replace(bare, duty_list=duty_list()),
        replace(bare, run=healthy().run, duty_list=duty_list()),
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


def after(document: Document, head: str) -> Block:
    """The block behind a heading."""
    at = next(index for index, one in enumerate(document.blocks) if isinstance(one, Heading) and head in one.text)
    return document.blocks[at + 1]


def test_a_note_fills_the_blank_of_its_week() -> None:
    of = material()
    blank = after(papers(of)["weekly"], "ĐỀ XUẤT")
    assert isinstance(blank, Paragraph)
    assert blank.source == BLANK
    note = Note(7, of.week.due, "proposals", "Đề nghị <cấp> điện ưu tiên", "An", MONDAY)
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
        return done.exit_code, done.stdout

    assert run("note", "Hai luồng mới", "--section", "capacity", "--week", "2022-04-25")[0] != 0
    assert run("note", "Hai luồng mới", "--section", "capacity", "--week", "2022-04-25", "--by", "An")[0] == 0
    code, listed = run("-o", "json", "report", "weekly", "--week", "2022-04-25", "--check", "--rehearsal")
    assert code == 0
    parts = json.loads(listed)
    assert {"source": "note 1 by An", "text": "Hai luồng mới"} in parts
    assert all(part["source"] for part in parts)
    assert not (workspace / "reports").exists()
