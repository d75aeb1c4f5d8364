"""Each thing that may be wrong with a YAML file, and the sentence that says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eventready.core.errors import Exit, WorkspaceError
from eventready.workspace.files import yaml_document as ours
from eventready.workspace.files.yaml_document import load_yaml

CASES = {
    "tab": (b"a:\n\tb: 1\n", ":2: a tab stands where only spaces may. Use spaces."),
    "tab after spaces": (b"a:\n  b: 1\n  \tc: 2\n", ":3: a tab stands where only spaces may. Use spaces."),
    "tab in a list": (b"a:\n  - c: d\n\t- e\n", ":3: a tab stands where only spaces may. Use spaces."),
    "duplicate key": (
        b"r1: {}\nr2: {}\nr1: {}\n",
        ":3: 'r1' is defined a second time; the first is in line 1. Remove or rename one.",
    ),
    "duplicate in a nested mapping": (
        b"a:\n  b: 1\n  b: 2\n",
        ":3: 'b' is defined a second time; the first is in line 2. Remove or rename one.",
    ),
    "colon in text": (
        b"name: The fair: day one\n",
        ":1: a `: ` stands where none may be. Put text that holds `: ` in quotes.",
    ),
    "unknown alias": (
        b"password: *hunter2\n",
        ":1: an unquoted * refers to something that is not there. Put text that begins with * in quotes.",
    ),
    "unknown tag": (
        b"password: !hunter2 x\n",
        ":1: an unquoted ! begins a tag that is not known. Put text that begins with ! in quotes.",
    ),
    "python tag": (
        b"a: !!python/object/apply:os.system [ls]\n",
        ":1: an unquoted ! begins a tag that is not known. Put text that begins with ! in quotes.",
    ),
    "a star alone": (
        b"words: {/^[RS]*U/: up, *: down}\n",
        ":1: an unquoted * is not followed by a name. Put text that begins with * in quotes.",
    ),
    "a list in a line": (b"a: - b\n", ":1: a `- ` stands where none may be. Put each entry on a line of its own."),
    "a percent sign": (b"%a: b\n", ":1: an unquoted % begins a directive. Put text that begins with % in quotes."),
    "an at sign": (b"a: @b\n", ":1: a character stands where a value begins. Put the text in quotes."),
    "a bar": (b"a: | b\n", ":1: text stands behind an unquoted | or >. Put it on the next line, or in quotes."),
    "open list": (b"a: [1, 2\nb: 3\n", ":2: a list in [ ] is not closed. Add the missing , or ]."),
    "open quote": (b'a: "b\n', ":2: a quoted text is not closed. Add the missing quotation mark."),
    "indentation": (b"a:\n  b: 1\n c: 2\n", ":3: the line does not fit under the one above. Check its indentation."),
    "two documents": (b"a: 1\n---\nb: 2\n", ":2: the file holds more than one document. Remove the line `---`."),
    "bad escape": (
        b'a: "\\q"\n',
        ":1: a backslash in double quotes is not a known escape. Use single quotes, or double it.",
    ),
    "NUL": (b"a: 1\nb: \x00\n", ":2: the file holds a control character. Remove it."),
    "Latin-1": (
        "name: Trung tâm\nx: Hội\n".encode() + b"y: caf\xe9\n",
        ":3: the file is not UTF-8 (byte 0xe9). Save it as UTF-8.",
    ),
    "UTF-16": ("a: 1\n".encode("utf-16"), ":1: the file is not UTF-8 (byte 0xff). Save it as UTF-8."),
    "empty": (b"", ": the file is empty. See `eventready doctor schema` for its content."),
    "comments only": (b"# nothing\n", ": the file is empty. See `eventready doctor schema` for its content."),
    "deep brackets": (
        b"x: [[], []]\na:\n" + b"[" * 5000,
        ":3: the file is nested more than 100 levels deep. Look for brackets that are not closed.",
    ),
    "deep dashes": (
        b"- a\n" + b"- " * 50_000,
        ":2: the file is nested more than 100 levels deep. Look for brackets that are not closed.",
    ),
    "recursion": (b"a: &a [*a]\n", ":1: the alias refers to its own part."),
    "anchor twice": (
        b"a: &x 1\nb: &x 2\n",
        ":2: an unquoted & is not followed by a new name. Put text that begins with & in quotes.",
    ),
    "syntax before values": (b"a: !x 1\nb: [1\n", ":3: a list in [ ] is not closed. Add the missing , or ]."),
    "a list as a key": (b"? [a, b]\n: c\n", ":1: a key must be text. Write `key: value`."),
}  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), CASES.values(), ids=CASES)
def test_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "event.yaml"
    path.write_bytes(content)
    with pytest.raises(WorkspaceError) as raised:
        load_yaml(path)
    assert str(raised.value) == f"{path}{sentence}"
    assert raised.value.exit is Exit.USAGE
    assert "hunter2" not in str(raised.value)


def test_huge_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "MAX_BYTES", 2 * 1024 * 1024)
    path = tmp_path / "hosts.yaml"
    path.write_bytes(b"# " + b"x" * 3 * 1024 * 1024)
    with pytest.raises(WorkspaceError, match=r"the file has 3 MB, more than the 2 MB that a workspace file may have"):
        load_yaml(path)


def test_nested_aliases_do_not_blow_up(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(WorkspaceError, match=r"bomb.yaml:8: the aliases of the file expand to too much data"):
        load_yaml(path)


def test_a_folder_and_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="the file cannot be read"):
        load_yaml(tmp_path)
    with pytest.raises(WorkspaceError, match="the file does not exist"):
        load_yaml(tmp_path / "none.yaml")


def test_no_other_module_reads_yaml() -> None:
    source = Path(ours.__file__).parents[3]
    loads = re.compile(r"\b(yaml|pyyaml)\.(load|safe_load|compose|parse|scan)(_all)?\(|\bC?(Safe|Base|Full)Loader\b")
    found = {str(file.relative_to(source)) for file in source.rglob("*.py") if loads.search(file.read_text())}
    # The round-trip parser keeps comments where files are written.
    assert {name for name in found if not name.endswith("yaml_document.py")} <= {
        "eventready/workspace/importing/merge.py",
        "eventready/workspace/settings/learning.py",
    }
