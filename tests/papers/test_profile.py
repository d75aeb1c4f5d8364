"""The office's profile: laid over ours, and every mistake in it named with its line and a suggestion."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.core.errors import Exit, WorkspaceError
from eventready.core.messages import LANGS, Lang, ids
from eventready.papers.document.model import Paragraph
from eventready.papers.document.profile import (
    GENERAL,
    NAMESPACE,
    base_profile,
    check_profile,
    filled,
    load_profile,
)
from eventready.papers.document.registry import KINDS, PAPERS
from eventready.papers.sections.writer import PaperWriter
from tests.papers.papers import ROOT, material, papers, profile


def _written(folder: Path, text: str) -> Path:
    path = folder / "vi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", LANGS)
def test_the_profiles_of_package_and_example_are_valid(lang: Lang) -> None:
    assert check_profile(base_profile(lang), lang, "").sections
    assert check_profile(base_profile(lang, "VN"), lang).sections
    example = profile(lang)
    assert [part.clauses for part in example.sections] == [part.clauses for part in profile("vi").sections]


def test_every_clause_of_the_example_is_in_its_outline() -> None:
    parts = [part for section in profile().sections for part in (section, *section.parts)]
    for clause in material().clauses or ():
        assert sum(part.names(clause.duty.id) for part in parts) == 1, clause.duty.id


@pytest.mark.parametrize("lang", LANGS)
def test_the_package_s_profile_names_no_event(lang: Lang) -> None:
    text = base_profile(lang).read_text(encoding="utf-8")
    assert not re.search(r"Trà Vinh|\b\d\.\d?[a-z]\b|Covid|Thông tin và Truyền thông|30 năm", text)


@pytest.mark.parametrize("kind", PAPERS)
def test_what_may_be_written_is_what_is_filled_in(kind: str) -> None:
    assert set(PaperWriter(kind, material(), profile(), "vi").values) == GENERAL
    own = KINDS[kind].variables
    assert papers(material())[kind].title
    assert not own & GENERAL


@pytest.mark.parametrize(
    ("text", "output"),
    [
        (
            "papers:\n  weekly:\n    titles:\n      - Tuần {{ week_fist }}\n",
            "{path}:4: unknown variable 'week_fist'. Did you mean 'week_first'?",
        ),
        (
            "papers:\n  weekly:\n    opening:\n      - >-\n        Dòng một {{ event }}\n        dòng hai {{ evnt }}\n",
            "{path}:6: unknown variable 'evnt'. Did you mean 'event'?",
        ),
        (
            "papers:\n  weekly:\n    titles: ['{{ version }}']\n",
            "{path}:3: unknown variable 'version'.",
        ),
        ("wording:\n  covrage: abc\n", "{path}:2: unknown sentence 'covrage'. Did you mean 'coverage'?"),
        (
            "wording:\n  coverage: '{{ reached }} {{ annex }}'\n",
            "{path}:2: unknown variable 'annex'.",
        ),
        (
            "standing:\n  proposals: ['{% if x %}y{% endif %}']\n",
            "{path}:2: braces without a variable. Write {{ name }}: one word between two pairs of braces.",
        ),
        ("office:\n  issuer: '{{ enterprise '\n", "{path}:2: braces without a variable."),
        ("page:\n  left: 12\n", "{path}:2:"),
        ("page:\n  lefft: 30\n", "'left'"),
        ("papers:\n  weekly:\n    signers: []\n", "{path}:3:"),
        ("- a\n- b\n", "must hold `key: value` lines"),
        ("page: [\n", "{path}:"),
        ("", "the file is empty"),
    ],
)
def test_what_does_not_hold_is_named_by_line(tmp_path: Path, text: str, output: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(WorkspaceError) as caught:
        check_profile(path, "vi")
    assert output.replace("{path}", str(path)) in str(caught.value)
    assert caught.value.exit == Exit.USAGE


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    path = _written(tmp_path, "page:\n  left: 1\nwording:\n  nope: x\n  number: '{{ x }}'\n")
    with pytest.raises(WorkspaceError) as caught:
        check_profile(path, "vi")
    assert [f"{path}:{line}:" in str(caught.value) for line in (2, 4, 5)] == [True] * 3


def test_an_office_writes_only_what_it_wants_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "reports"
    folder.mkdir(parents=True)
    _written(
        folder, "page:\n  body: 13\noffice:\n  motto: M\nstanding:\n  proposals: [Đề nghị cấp điện lưới ưu tiên.]\n"
    )
    own, ours = load_profile(tmp_path, "vi"), profile()
    assert (own.page.body, own.office.motto, own.page.left) == (13, "M", ours.page.left)
    assert [one.text for one in own.standing.proposals] == ["Đề nghị cấp điện lưới ưu tiên."]
    assert own.wording == ours.wording
    assert load_profile(tmp_path / "nowhere", "vi") == check_profile(base_profile("vi", "VN"), "vi")


def test_an_own_sentence_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "reports"
    folder.mkdir(parents=True)
    _written(folder, "wording:\n  incidents_none: '{{ enterprise }} chưa ghi nhận sự cố nào.'\n")
    draft = PaperWriter("weekly", material(), load_profile(tmp_path, "vi"), "vi")
    assert draft.text("papers:incidents_none") == "Doanh nghiệp viễn thông (ví dụ) chưa ghi nhận sự cố nào."


def test_a_value_is_never_filled_in_again() -> None:
    assert filled("{{ a }} {{b}}", {"a": "{{ b }}", "b": "x"}) == "{{ b }} x"


@pytest.mark.parametrize("lang", LANGS)
def test_the_example_s_file_names_every_variable(lang: Lang) -> None:
    head = (ROOT / "templates" / "reports" / f"{lang}.yaml").read_text(encoding="utf-8").split("\n\n")[0]
    assert all(f" {name}" in head for name in GENERAL)


def test_an_unknown_clause_condition_keeps_a_text_out(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "reports"
    folder.mkdir(parents=True)
    _written(folder, "standing:\n  directing:\n    - {text: Đã quán triệt., when: ['3.g']}\n    - Luôn có.\n")
    own = load_profile(tmp_path, "vi")
    done = tuple(replace(c, state="done") for c in material().clauses or () if c.duty.id == "3.g")
    for clauses, texts in (((), ["Luôn có."]), (done, ["Đã quán triệt.", "Luôn có."])):
        writer = PaperWriter("weekly", replace(material(), clauses=clauses), own, "vi")
        blocks = writer.standing(own.standing.directing)
        assert [span.text for block in blocks if isinstance(block, Paragraph) for span in block.spans] == texts


def test_sentences_of_the_catalogue_can_be_replaced() -> None:
    assert "coverage" in ids(NAMESPACE)
    assert "role.LD" in ids(NAMESPACE)
