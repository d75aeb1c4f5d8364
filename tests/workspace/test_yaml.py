"""Values by YAML 1.2, exactly as Nornir's ruamel.yaml reads them, and lines."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.errors import WorkspaceError
from eventready.workspace.files.yaml_document import load_yaml

VALUES = [
    "on", "yes", "True", "false", "~", "null", "", "12:30", "0123", "0o17", "0x1F", "1_000", "1_0.5", "0b11", "-0x1f",
    "-0o7", "12e03", "1e-2", "+.5", "0.0.0", "1__2", "1.5", "1e3", ".5", "-3", "+4", ".inf", "-.INF", "192.0.2.1",
    "0050.56a1.0001", "'12'", '"on"', "a b", "65000:1", "[a, 1]", "{a: 1}", "|\n  text\n  more", "10.0.0.0/8", "Gi0/0",
    "+84 294", "1e", "--", ".", "_1",
]  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_as_nornir_reads_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(f"key: {text}\n", encoding="utf-8")
    theirs = ruamel.yaml.YAML(typ="safe", pure=True).load(io.StringIO(path.read_text(encoding="utf-8")))
    ours = load_yaml(path).data
    assert ours == theirs
    assert type(ours["key"]) is type(theirs["key"])


#: A plain "?x" or ":x" in a flow is text in YAML 1.2, and a mark of its own to libyaml (1.1).
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"])).filter(lambda text: text[:1] not in ("?", ":"))
SCALARS = st.none() | st.booleans() | st.integers() | TEXTS
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcé ", min_size=1), inner, max_size=3),
)


@given(tree=TREES.filter(lambda tree: tree is not None))
def test_what_ruamel_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, tree: Any) -> None:
    path = tmp_path_factory.mktemp("round") / "f.yaml"
    theirs = ruamel.yaml.YAML(typ="safe", pure=True)
    theirs.width = 10_000  # a flow mapping broken over lines is YAML 1.2 that libyaml (1.1) reads otherwise
    with path.open("w", encoding="utf-8") as file:
        theirs.dump({"tree": tree}, file)
    assert load_yaml(path).data == {"tree": tree}


def test_values_and_lines_need_no_nodes(tmp_path: Path) -> None:
    """A file with an alias is read by its nodes, any other without: to the same values and lines."""
    plain, aliased = tmp_path / "plain.yaml", tmp_path / "aliased.yaml"
    text = "".join(f"k{number}:\n  - {value}\n" for number, value in enumerate(VALUES[:-8])) + "1: a\n"
    plain.write_text(f"{text}last: 1\n", encoding="utf-8")
    aliased.write_text(f"{text}last: &name 1\n", encoding="utf-8")
    events, nodes = load_yaml(plain), load_yaml(aliased)
    assert list(map(repr, events.data.items())) == list(map(repr, nodes.data.items()))
    assert {where.rpartition(":")[2] for where in events.origins().values()} == {
        where.rpartition(":")[2] for where in nodes.origins().values()
    }
    assert events.origins().keys() == nodes.origins().keys()
    assert "root" not in vars(events)
    assert events.line("k1", 0) == nodes.line("k1", 0) == 4


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("# comment\na:\n  b:\n    - x\n    - {c: 1,\n       d: 2}\n22: z\n", encoding="utf-8")
    document = load_yaml(path)
    assert document.line() == 1
    assert document.line("a") == 2
    assert document.line("a", "b", 1) == 5
    assert document.line("a", "b", 1, "d") == 6
    assert document.line("a", "b", 1, "nobody") == 5, "the nearest parent that is there"
    assert document.line("a", "b", 7) == 3
    assert document.line(22) == 7
    assert document.where("a", "b", 0) == f"{path}:4"
    assert document.origins() == {"a": f"{path}:2", "22": f"{path}:7"}


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("\ufefftên: Hội nghị\r\nb: 2\r\n".encode())
    document = load_yaml(path)
    assert document.data == {"tên": "Hội nghị", "b": 2}
    assert document.line("b") == 2


@given(content=st.binary(max_size=60) | st.text("a:-[]{}&*!|>'\"\n\t #%@`?,~0.x_", max_size=40).map(str.encode))
def test_anything_is_read_or_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "f.yaml"
    path.write_bytes(content)
    output = str(path)
    try:
        load_yaml(path, may_be_empty=True)
    except WorkspaceError as error:
        output = str(error)
    assert output.startswith(str(path))
    assert "\n" not in output
