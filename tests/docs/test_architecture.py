"""The page of the architecture: ten types where it says, every package, ten minutes of reading."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.docs.words import SOURCE, text_of, tree_of

PAGE = (SOURCE.parent / "docs/architecture.md").read_text(encoding="utf-8")
HOME = SOURCE / "eventready"
#: Words that a reader whose English is a second language reads in a minute.
WORDS_A_MINUTE = 180
_ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| `([\w/.]+)` \| `(\w+)` in `([\w/.]+)`", re.M)
ROWS = _ROW.findall(PAGE)


def _defined(file: str) -> set[str]:
    """Names of classes, functions and values defined at the top of a module."""
    found = set()
    for node in tree_of(HOME / file).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


@pytest.mark.parametrize(("kind", "name", "file", "maker", "made_in"), ROWS, ids=[row[0] for row in ROWS])
def test_a_type_of_the_page_is_frozen_and_made_where_it_says(
    kind: str, name: str, file: str, maker: str, made_in: str
) -> None:
    assert name in _defined(file)
    assert maker in _defined(made_in)
    assert re.search(rf"\b{name}\b", text_of(HOME / made_in))
    cls = getattr(import_module("eventready." + file.removesuffix(".py").replace("/", ".")), name)
    assert cls.model_config["frozen"] if hasattr(cls, "model_config") else cls.__dataclass_params__.frozen
    assert f"### {kind}\n" in PAGE
    assert f"`{name}`" in PAGE.split(f"### {kind}\n")[1].split("\n##")[0]


def test_the_page_walks_through_ten_types_in_ten_minutes() -> None:
    assert [row[0] for row in ROWS] == re.findall(r"^### (\w+)$", PAGE, re.M)
    assert len(ROWS) == 10
    assert 8 <= len(PAGE.split()) / WORDS_A_MINUTE <= 11


def test_the_page_has_every_package() -> None:
    table = PAGE.split("## The packages")[1].split("\n## ")[0]
    named = {
        name
        for line in table.split("\n")
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    packages = {Path(one).parent.name for one in HOME.glob("*/__init__.py")}
    assert named == packages - {"locales"}
