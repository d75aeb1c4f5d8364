"""Forms of a workspace are validated when they are loaded, each error with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.workspace.settings.forms import BUILT_IN, load_forms

FORM = """\
title: {vi: Sổ, en: Log}
key: [site]
fields:
  site: {vi: Nơi, en: site}
  found: {type: date, vi: Ngày, en: day}
  removed: {type: date, vi: Xong, en: removed, required: false}
  size: {type: number, vi: Cỡ, en: size, min: 1, unit: m}
  kind: {type: choice, vi: Loại, en: kind, choices: {a: {vi: A, en: A}}}
refuse:
  - {when: removed and removed < found, vi: x, en: "Wrong. Check it."}
open:
  - {rows: not removed, vi: "{{ n }}: {{ some }}", en: "{{ n }}/{{ total }}"}
"""


def write(folder: Path, content: str, name: str = "log") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


def test_a_form_belongs_to_the_document_of_its_file_or_to_a_clause(tmp_path: Path) -> None:
    write(tmp_path, FORM)
    write(tmp_path, FORM + 'clause: "7"\n', "other")
    assert sorted(load_forms(tmp_path)) == ["7", "log"]
    assert load_forms(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("key: [site]", "key: [sit]", 2, "the key 'sit' is no field. Did you mean 'site'?"),
        ("type: date, vi: Ngày", "type: day, vi: Ngày", 5, "'type' cannot be 'day'"),
        ("  site: {vi", "  1a: {vi", 3, "the field '1a' is no identifier"),
        ("choices: {a: {vi: A, en: A}}", "choices: {}", 8, "`choices` belong to the type `choice`"),
        ("vi: Nơi, en: site}", "vi: Nơi, en: site, min: 2}", 4, "`min` and `max` belong to the types"),
        ("removed and removed < found", "removed < found", 10, "the condition fails on a row with empty fields"),
        ("removed and removed < found", "remove", 10, "the condition names the unknown field 'remove'. Did you mean"),
        ("removed and removed < found", "removed and", 10, "the condition cannot be read"),
        ("rows: not removed", "rows: not gone", 12, "the condition names the unknown field 'gone'"),
        ("{rows: not removed", "{rows: not removed, total: size > 1", 12, "a condition has exactly one of"),
        ("{rows: not removed", "{every: site", 12, "`every` needs a field of type venue or choice, not 'site'"),
        ("{rows: not removed", "{every: kind, values: [b]", 12, "'b' is no choice of kind"),
        ('"{{ n }}/{{ total }}"', '"{{ m }}"', 12, "the text names the unknown variable 'm'"),
        ('"{{ n }}/{{ total }}"', '"{{ n "', 12, "the text cannot be read"),
        ("title: {vi: Sổ, en: Log}", "titel: {vi: Sổ, en: Log}", 1, "unknown key 'titel'. Did you mean 'title'?"),
    ],
)
def test_what_is_wrong_with_a_form_is_named_by_line(
    tmp_path: Path, old: str, new: str, line: int, sentence: str
) -> None:
    assert old in FORM
    with pytest.raises(WorkspaceError) as caught:
        load_forms(write(tmp_path, FORM.replace(old, new, 1)))
    assert f"log.yaml:{line}: " in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("content", ["", "- a\n", "a: [\n", "title: x\n"])
def test_a_file_that_is_no_form(tmp_path: Path, content: str) -> None:
    with pytest.raises(WorkspaceError, match=r"log\.yaml"):
        load_forms(write(tmp_path, content))


def test_a_document_has_one_form(tmp_path: Path) -> None:
    write(tmp_path, FORM)
    write(tmp_path, FORM + "document: log\n", "second")
    with pytest.raises(WorkspaceError, match="the document 'log' has another form"):
        load_forms(tmp_path)
    write(tmp_path / "own", FORM, "duty-list")
    with pytest.raises(WorkspaceError, match="the document 'duty-list' has another form"):
        load_forms(tmp_path / "own", reserved=BUILT_IN)


def test_a_condition_reaches_no_internals(tmp_path: Path) -> None:
    evil = FORM.replace("not removed", "site.__class__.__mro__")
    with pytest.raises(WorkspaceError, match="the condition fails"):
        load_forms(write(tmp_path, evil))
