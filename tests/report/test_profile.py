"""The office's profile: laid over ours, and every mistake in it named with its line and a suggestion."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from eventready.errors import Exit, WorkspaceError
from eventready.report.document.model import PaperKind
from eventready.report.document.profile import check_profile, filled, load_profile, shipped
from eventready.report.document.variables import GENERAL, OF_PAPER
from eventready.report.draft import Draft
from eventready.report.words import Lang
from eventready.workspace.yaml import load_yaml
from tests.report.papers import material, papers, profile


def _written(folder: Path, text: str) -> Path:
    path = folder / "vi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", get_args(Lang))
def test_the_shipped_profiles_hold_and_say_the_same_sentences(lang: Lang) -> None:
    profile = check_profile(shipped(lang), lang)
    assert set(profile.wording) == set(check_profile(shipped("vi"), "vi").wording)
    assert all(text.strip() for text in profile.wording.values())


@pytest.mark.parametrize("lang", get_args(Lang))
def test_every_sentence_is_said_somewhere(lang: Lang) -> None:
    """A sentence that no code asks for would be edited in vain."""
    source = "".join(path.read_text() for path in (Path(__file__).parents[2] / "src/eventready/report").glob("*.py"))
    built = ("role_", "topic_", "clause_", "state_", "col_", "file_", "changes_", "notice_")
    unused = [k for k in profile(lang).wording if f'"{k}"' not in source and not k.startswith(built)]
    assert unused == []


@pytest.mark.parametrize("kind", get_args(PaperKind))
def test_what_may_be_written_is_what_is_filled_in(kind: PaperKind) -> None:
    assert set(Draft(kind, material(), profile(), "vi").values) == GENERAL
    own = OF_PAPER.get(kind, frozenset())
    assert papers(material())[kind].title
    assert not own & GENERAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "papers:\n  weekly:\n    titles:\n      - Tuần {{ week_fist }}\n",
            "{path}:4: the variable 'week_fist' is unknown here. Did you mean 'week_first'?",
        ),
        (
            "papers:\n  weekly:\n    opening:\n      - >-\n        Dòng một {{ event }}\n        dòng hai {{ evnt }}\n",
            "{path}:6: the variable 'evnt' is unknown here. Did you mean 'event'?",
        ),
        (
            "papers:\n  weekly:\n    titles: ['{{ version }}']\n",
            "{path}:3: the variable 'version' is unknown here.",
        ),
        ("wording:\n  covrage: abc\n", "{path}:2: no paper says the sentence 'covrage'. Did you mean 'coverage'?"),
        (
            "wording:\n  coverage: '{{ reached }} {{ annex }}'\n",
            "{path}:2: the variable 'annex' is unknown here.",
        ),
        (
            "standing:\n  proposals: ['{% if x %}y{% endif %}']\n",
            "{path}:2: braces that are no variable. Write {{ name }}: one word between two pairs of braces.",
        ),
        ("office:\n  issuer: '{{ enterprise '\n", "{path}:2: braces that are no variable."),
        ("page:\n  left: 12\n", "{path}:2:"),
        ("page:\n  lefft: 30\n", "'left'"),
        ("papers:\n  weekly:\n    signers: []\n", "{path}:3:"),
        ("office:\n  short: '../x'\n", "{path}:2:"),
        ("- a\n- b\n", "must hold `key: value` lines"),
        ("page: [\n", "{path}:"),
        ("", "the file is empty"),
    ],
)
def test_what_does_not_hold_is_named_by_line(tmp_path: Path, text: str, said: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(WorkspaceError) as caught:
        check_profile(path, "vi")
    assert said.replace("{path}", str(path)) in str(caught.value)
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
        folder, "page:\n  body: 13\noffice:\n  short: VNPT\nstanding:\n  proposals: [Đề nghị cấp điện lưới ưu tiên.]\n"
    )
    own, ours = load_profile(tmp_path, "vi"), profile()
    assert (own.page.body, own.office.short, own.page.left) == (13, "VNPT", ours.page.left)
    assert own.standing.proposals == ("Đề nghị cấp điện lưới ưu tiên.",)
    assert own.wording == ours.wording
    assert load_profile(tmp_path / "nowhere", "vi") == ours


def test_an_own_sentence_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "reports"
    folder.mkdir(parents=True)
    _written(folder, "wording:\n  proposals_none: '{{ enterprise }} chưa có kiến nghị gì thêm.'\n")
    draft = Draft("weekly", material(), load_profile(tmp_path, "vi"), "vi")
    assert draft.say("proposals_none") == "Doanh nghiệp viễn thông (ví dụ) chưa có kiến nghị gì thêm."


def test_a_value_is_never_filled_in_again() -> None:
    assert filled("{{ a }} {{b}}", {"a": "{{ b }}", "b": "x"}) == "{{ b }} x"


def test_the_shipped_file_says_which_variables_there_are() -> None:
    for lang in get_args(Lang):
        head = shipped(lang).read_text(encoding="utf-8").split("\npage:")[0]
        assert all(f" {name}" in head or f"{name} " in head for name in GENERAL)
        assert load_yaml(shipped(lang)).data["page"]["left"] >= 30
